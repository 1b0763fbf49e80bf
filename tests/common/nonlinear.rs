//! The formulas of tables, quotients, roots and norms, and how far they may be from floats.

use zkml::{
    gadget::{Piecewise, table::segments::Sides},
    graph::NodeId,
    layer::{AnyLayer, Literal, Step},
    plan::Quantized,
    tensor::Tensor,
};

use super::oracle::Grid;

/// A table's value, from the definition of tables.
pub fn lookup(table: &Piecewise, q: i128) -> i128 {
    let (negative, tail) = (q < 0, table.tail());
    let u = if negative { -1 - q } else { q };
    let slope = match tail.drop {
        0 => u,
        d => 2 * (u / (1 << d)) + 1,
    };
    let y =
        if negative { i128::from(tail.negative) } else { i128::from(tail.positive) + i128::from(tail.slope) * slope };
    let cell = u / (1 << table.drop());
    let served = match table.sides() {
        Sides::Negative => negative,
        Sides::Positive => !negative,
        Sides::Even | Sides::Odd | Sides::Both => true,
    };
    if !served || cell >= 1 << table.bits() {
        return y;
    }
    let halves = if table.sides() == Sides::Both { 2 } else { 1 };
    let pieces = table.pieces().len() / halves;
    let width = (1i128 << table.bits()) / pieces as i128;
    let t = match table.drop() {
        0 => cell % width + i128::from(negative) - width / 2,
        _ => 2 * (cell % width) + 1 - width,
    };
    let first = if halves == 2 && negative { pieces } else { 0 };
    let polynomial = &table.pieces()[first + (cell / width) as usize];
    let value: i128 = polynomial.iter().enumerate().map(|(i, c)| i128::from(*c) * t.pow(i as u32)).sum();
    if negative && table.sides() == Sides::Odd { y - value } else { y + value }
}

/// `round(a * 2^e / b)`, with `b` of any sign, zero counting as one.
fn nearest(a: i128, b: i128, e: i32) -> i128 {
    let (a, b) = if b < 0 { (-a, -b) } else { (a, b.max(1)) };
    let (top, bottom) = if e < 0 { (a, b << -e) } else { (a << e, b) };
    (2 * top + bottom).div_euclid(2 * bottom)
}

/// `floor(sqrt(a))`, by halving.
fn root(a: i128) -> i128 {
    let (mut lo, mut hi) = (0i128, 1i128 << 63);
    while hi - lo > 1 {
        let middle = (lo + hi) / 2;
        if middle * middle <= a { lo = middle } else { hi = middle }
    }
    lo
}

fn number(layer: &AnyLayer, name: &str) -> f64 {
    match layer.args().iter().find(|(n, _)| *n == name) {
        Some((_, Literal::Float(x))) => *x,
        Some((_, Literal::Int(x))) => *x as f64,
        other => panic!("`{name}` is {other:?}"),
    }
}

/// The axes that a layer reduces, of a tensor of that rank.
fn axes(layer: &AnyLayer, rank: usize) -> Vec<usize> {
    let front = |a: i64| if a < 0 { (a + rank as i64) as usize } else { a as usize };
    match layer.args().first() {
        Some(("axes", Literal::List(l))) => l.iter().map(|a| front(*a)).collect(),
        Some(("axis", Literal::Int(a))) => vec![front(*a)],
        _ => (1..rank).collect(),
    }
}

/// The group of every element and its place there: coordinates outside and inside of the axes.
fn split(dims: &[usize], axes: &[usize], mut index: usize) -> (usize, usize) {
    let (mut group, mut place, mut groups, mut places) = (0, 0, 1, 1);
    for axis in (0..dims.len()).rev() {
        let at = index % dims[axis];
        index /= dims[axis];
        if axes.contains(&axis) {
            place += at * places;
            places *= dims[axis];
        } else {
            group += at * groups;
            groups *= dims[axis];
        }
    }
    (group, place)
}

/// What the elements of each group give, put back in place: `f(values, parameter indices)`.
fn grouped(layer: &AnyLayer, a: &Grid, f: impl Fn(&[i128], &[usize]) -> Vec<i128>) -> Vec<i128> {
    let axes = axes(layer, a.dims.len());
    let mut groups: std::collections::BTreeMap<usize, Vec<(usize, usize)>> = Default::default();
    for i in 0..a.data.len() {
        let (group, place) = split(&a.dims, &axes, i);
        groups.entry(group).or_default().push((i, if layer.card().name == "instance_norm" { group } else { place }));
    }
    let mut y = vec![0; a.data.len()];
    for members in groups.values() {
        let values: Vec<i128> = members.iter().map(|(i, _)| a.data[*i]).collect();
        let places: Vec<usize> = members.iter().map(|(_, p)| *p).collect();
        members.iter().zip(f(&values, &places)).for_each(|((i, _), v)| y[*i] = v);
    }
    y
}

fn norm(layer: &AnyLayer, a: &Grid, p: &[Vec<i128>], step: &Step) -> (Vec<i128>, i32) {
    let centred = layer.card().name != "rms_norm";
    let f = (step.weight_scale + 2).clamp(2, 60);
    let y = grouped(layer, a, |q, places| {
        let n = q.len() as i128;
        let (log, epsilon) = ((n as f64).log2(), number(layer, "epsilon"));
        let known = 0.5 * epsilon.log2() + f64::from(a.scale) + log;
        let g = (f + 4 - known.max(0.0).floor() as i32).max(2) + (log / 2.0).ceil() as i32;
        let sum: i128 = if centred { q.iter().sum() } else { 0 };
        let spread = n * q.iter().map(|x| x * x).sum::<i128>() - sum * sum;
        let e = (epsilon * (n * n) as f64 * 2f64.powi(2 * (a.scale + g))).round().max(1.0) as i128;
        let root = root((spread << (2 * g)) + e);
        let h = (step.reach + a.scale + 3 + log.ceil() as i32).max(1);
        let reciprocal = (1i128 << (f + g + h)) / root;
        let z = q.iter().map(|x| nearest((n * x - sum) * reciprocal, 1 << h, 0));
        z.zip(places).map(|(z, i)| p[0][*i] * z + p.get(1).map_or(0, |beta| beta[*i])).collect()
    });
    (y, f + step.weight_scale)
}

/// A shape, its integers and their scale.
type Scaled = ((Vec<usize>, Vec<i128>), i32);

/// The integers of a layer, if it is one of these.
pub fn node(layer: &AnyLayer, x: &[&Grid], p: &[Vec<i128>], step: &Step) -> Option<Scaled> {
    let a = x[0];
    let each = |f: &dyn Fn(i128) -> i128| a.data.iter().map(|q| f(*q)).collect::<Vec<_>>();
    let (data, scale) = match layer.card().name {
        "tanh" | "sigmoid" | "erf" | "softplus" | "silu" | "mish" | "elu" | "celu" | "selu" | "gelu" | "exp" => {
            (each(&|q| lookup(&step.tables[0], q)), step.tables[0].scale())
        }
        "log" => {
            let table = &step.tables[0];
            let (n, scale) = (table.input(), table.scale() + 6);
            let unit = (std::f64::consts::LN_2 * 2f64.powi(scale)).round() as i128;
            let log = |q: i128| {
                let q = q.clamp(1, 1 << n);
                let e = q.ilog2() as i32;
                (lookup(table, (q << (n - e)) - (1 << n)) << 6) + unit * i128::from(e - a.scale)
            };
            (each(&log), scale)
        }
        "sqrt" => (each(&|q| root(q.max(0) << (2 * step.weight_scale - a.scale))), step.weight_scale),
        "reciprocal" => (each(&|q| nearest(1, q, step.weight_scale + a.scale)), step.weight_scale),
        "softsign" => (each(&|q| nearest(q, (1 << a.scale) + q.abs(), step.weight_scale)), step.weight_scale),
        "pow" => match number(layer, "exponent") {
            0.5 => (each(&|q| root(q.max(0) << (2 * step.weight_scale - a.scale))), step.weight_scale),
            -1.0 => (each(&|q| nearest(1, q, step.weight_scale + a.scale)), step.weight_scale),
            n => (each(&|q| q.pow(n as u32)), n as i32 * a.scale),
        },
        "div" => {
            let b = x[1];
            // Alike, or one row for all.
            let e = step.weight_scale + b.scale - a.scale;
            let y = a.data.iter().enumerate().map(|(i, q)| nearest(*q, b.data[i % b.data.len()], e)).collect();
            (y, step.weight_scale)
        }
        "softmax" => {
            let y = grouped(layer, a, |q, _| {
                let max = q.iter().max().unwrap();
                let parts: Vec<i128> = q.iter().map(|x| lookup(&step.tables[0], max - x)).collect();
                let h = step.tables[0].scale() + 3;
                let reciprocal = (1i128 << (step.weight_scale + h)) / parts.iter().sum::<i128>();
                parts.iter().map(|t| nearest(t * reciprocal, 1 << h, 0)).collect()
            });
            (y, step.weight_scale)
        }
        "log_softmax" => {
            let (first, second) = (&step.tables[0], &step.tables[1]);
            let scale = second.scale().max(a.scale);
            let y = grouped(layer, a, |q, _| {
                let max = q.iter().max().unwrap();
                let sum: i128 = q.iter().map(|x| lookup(first, max - x)).sum();
                let log = lookup(second, sum - (1 << first.scale())) << (scale - second.scale());
                q.iter().map(|x| ((x - max) << (scale - a.scale)) - log).collect()
            });
            (y, scale)
        }
        "layer_norm" | "rms_norm" | "instance_norm" => norm(layer, a, p, step),
        _ => return None,
    };
    Some(((a.dims.clone(), data), scale))
}

/// How far a layer's values may be from floats, given how far its inputs are, if it is one of these.
pub fn bound(quantized: &Quantized, i: usize, floats: &[Tensor], errors: &[f64]) -> Option<f64> {
    let (graph, plan) = (quantized.graph(), quantized.plan());
    let node = graph.node(NodeId(i));
    let (layer, step) = (node.layer.as_ref()?, &plan.steps[i]);
    let e = errors[node.inputs[0].0];
    let x = &floats[node.inputs[0].0];
    let unit = 2f64.powi(-step.weight_scale);
    let table = || quantized.table_error(NodeId(i)).unwrap();
    let least = |t: &Tensor| t.data().iter().fold(f64::INFINITY, |m, v| m.min(v.abs()));
    let quotient = |top: f64, e_top: f64, bottom: &Tensor, e_bottom: f64| {
        let b = least(bottom);
        (e_top + top * e_bottom / b) / (b - e_bottom).max(0.0) + unit / 2.0
    };
    Some(match layer.card().name {
        "sigmoid" => 0.25 * e + table(),
        "tanh" | "softplus" | "celu" => e + table(),
        "erf" | "gelu" | "silu" | "mish" => 1.13 * e + table(),
        "elu" => number(layer, "alpha").abs().max(1.0) * e + table(),
        "selu" => 1.76 * e + table(),
        "exp" => (x.max_abs() + e).exp() * e + table(),
        "log" => e / (least(x) - e).max(0.0) + table(),
        "sqrt" => e.sqrt() + 2.0 * unit,
        "reciprocal" => quotient(1.0, 0.0, x, e),
        "softsign" => e + unit / 2.0,
        "pow" => match number(layer, "exponent") {
            0.5 => e.sqrt() + 2.0 * unit,
            -1.0 => quotient(1.0, 0.0, x, e),
            n => n * (x.max_abs() + e).powi((n as i32 - 1).max(0)) * e,
        },
        "div" => quotient(x.max_abs(), e, &floats[node.inputs[1].0], errors[node.inputs[1].0]),
        name @ ("softmax" | "log_softmax") => {
            let n = x.shape().dims()[axes(layer, x.shape().rank())[0]] as f64;
            let t = table();
            if name == "softmax" {
                e + unit * (0.5 + (1.0 + t) / 8.0) + t * (1.0 + n) / (1.0 - n * t)
            } else {
                2.0 * e + t + n * t / (1.0 - n * t)
            }
        }
        "layer_norm" | "rms_norm" | "instance_norm" => {
            // A change of all x by e changes x - mean by 2 * e and the deviation by as much, whatever the rest.
            let p = &quantized.params()[i];
            let held = |k: usize| {
                let scale = 2f64.powi(-plan.params[i][k].scale);
                (p[k].data().iter().map(|q| q.as_f64().abs()).fold(0.0, f64::max) * scale, scale)
            };
            let ((gamma, e_gamma), e_beta) = (held(0), if p.len() > 1 { held(1).1 } else { 0.0 });
            let n = (x.len() as f64).sqrt();
            let z = 2.0 * e * (1.0 + n) / number(layer, "epsilon").sqrt()
                + 2f64.powi(-(step.weight_scale + 2).clamp(2, 60));
            gamma * z + e_gamma * (n + z) + e_beta
        }
        _ => return None,
    })
}
