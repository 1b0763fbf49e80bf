//! The formulas and bounds of the layers that compare, for [`super::oracle`] and [`super::bound`].
//!
//! | | `e` |
//! |---|---|
//! | extremes, `abs` | that of the inputs |
//! | clips | and half a unit of the scale that the ends are rounded at |
//! | what jumps | the jump, and twice that of the input |
//! | `prelu`, `leaky_relu` | that of a product with a factor of at least one |
//! | polynomials | by Horner's scheme, a product and a sum at a time |

use zkml::layer::{Literal, Step};

use super::oracle::{Grid, power};

type Args = [(&'static str, Literal)];

const NAMES: [&str; 25] = [
    "argmax",
    "maximum",
    "minimum",
    "reduce_max",
    "reduce_min",
    "argmin",
    "abs",
    "sign",
    "square",
    "relu6",
    "clip",
    "hard_sigmoid",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "prelu",
    "thresholded_relu",
    "zanh",
    "zigmoid",
    "greater",
    "less",
    "greater_equal",
    "less_equal",
    "equal",
    "select",
];

/// Whether the formula of this layer is here.
pub fn knows(layer: &str) -> bool {
    NAMES.contains(&layer)
}

fn get<'a>(args: &'a Args, name: &str) -> Option<&'a Literal> {
    args.iter().find(|(n, _)| *n == name).map(|(_, v)| v)
}

fn number(args: &Args, name: &str) -> Option<f64> {
    match get(args, name) {
        Some(Literal::Float(x)) => Some(*x),
        None => None,
        other => panic!("`{name}` is {other:?}"),
    }
}

fn flag(args: &Args, name: &str) -> bool {
    matches!(get(args, name), Some(Literal::Bool(true)))
}

/// A constant, rounded to the nearest, half away from zero.
fn level(x: f64, scale: i32) -> i128 {
    let scaled = x * 2f64.powi(scale);
    (scaled.abs() + 0.5).floor().copysign(scaled) as i128
}

/// The scale of what meets these constants: its own, or a finer one where they are whole, if the plan is as fine.
fn meeting(own: i32, step: &Step, constants: &[f64]) -> i32 {
    let whole = |x: &&f64| **x != 0.0;
    let least = |x: &f64| (-60..60).find(|e| (x * 2f64.powi(*e)).fract() == 0.0).unwrap_or(60);
    constants.iter().filter(whole).map(|x| least(x).min(step.weight_scale)).fold(own, i32::max)
}

/// The ends of a clip.
fn ends(layer: &str, args: &Args) -> Vec<f64> {
    match layer {
        "relu6" => vec![0.0, 6.0],
        "hard_tanh" => vec![-1.0, 1.0],
        _ => ["min", "max"].iter().filter_map(|end| number(args, end)).collect(),
    }
}

/// The bits that a leaky slope is held in.
fn slope_bits(alpha: f64, step: &Step) -> i32 {
    (0..5).find(|e| (alpha * 2f64.powi(*e)).fract() == 0.0).unwrap_or(step.weight_scale)
}

/// The coefficients of `1`, `x`, `x^2` and `x^3`.
fn cubic(layer: &str) -> [f64; 4] {
    match layer {
        "zanh" => [0.006769816, 0.554670504, -0.009411195, -0.014187547],
        _ => [0.502073021, 0.198695283, -0.001570683, -0.004001354],
    }
}

/// The place of an element of a tensor with these extents, at these coordinates of a tensor that it grew to.
fn place(dims: &[usize], at: &[usize]) -> usize {
    let at = &at[at.len() - dims.len()..];
    dims.iter().zip(at).fold(0, |place, (extent, i)| place * extent + if *extent == 1 { 0 } else { *i })
}

/// All coordinates of these extents, in order.
fn coordinates(dims: &[usize]) -> Vec<Vec<usize>> {
    dims.iter().fold(vec![vec![]], |all, extent| {
        all.iter().flat_map(|at| (0..*extent).map(move |i| at.iter().copied().chain([i]).collect())).collect()
    })
}

/// `f` of the elements of all tensors that meet when they grow to one shape.
fn broadcast(x: &[&Grid], f: impl Fn(&[i128]) -> i128) -> (Vec<usize>, Vec<i128>) {
    let rank = x.iter().map(|g| g.dims.len()).max().unwrap();
    let extent = |axis: usize| {
        let of = |g: &&Grid| (axis + g.dims.len()).checked_sub(rank).map_or(1, |i| g.dims[i]);
        x.iter().map(of).max().unwrap()
    };
    let dims: Vec<usize> = (0..rank).map(extent).collect();
    let values = |at: &Vec<usize>| x.iter().map(|g| g.data[place(&g.dims, at)]).collect::<Vec<_>>();
    let data = coordinates(&dims).iter().map(|at| f(&values(at))).collect();
    (dims, data)
}

/// What the elements along some axes reduce to.
fn reduce(x: &Grid, axes: &[usize], keep: bool, f: impl Fn(&[i128]) -> i128) -> (Vec<usize>, Vec<i128>) {
    let kept: Vec<usize> = x.dims.iter().enumerate().map(|(i, d)| if axes.contains(&i) { 1 } else { *d }).collect();
    let mut groups = vec![vec![]; kept.iter().product()];
    for (i, at) in coordinates(&x.dims).iter().enumerate() {
        groups[place(&kept, at)].push(x.data[i]);
    }
    let left = kept.iter().enumerate().filter(|(i, _)| keep || !axes.contains(i)).map(|(_, d)| *d);
    let mut dims: Vec<usize> = left.collect();
    if dims.is_empty() {
        dims.push(1);
    }
    (dims, groups.iter().map(|g| f(g)).collect())
}

fn axis(axis: i64, rank: usize) -> usize {
    axis.rem_euclid(rank as i64) as usize
}

fn axes(args: &Args, rank: usize) -> Vec<usize> {
    match get(args, "axes") {
        Some(Literal::List(l)) => l.iter().map(|i| axis(*i, rank)).collect(),
        None => (0..rank).collect(),
        other => panic!("`axes` is {other:?}"),
    }
}

/// The values of a node before its cut, and their scale.
pub fn node(layer: &str, args: &Args, x: &[&Grid], p: &[Vec<i128>], step: &Step) -> ((Vec<usize>, Vec<i128>), i32) {
    let (a, s, f) = (x[0], x[0].scale, step.weight_scale);
    let each = |f: &dyn Fn(i128) -> i128| (a.dims.clone(), a.data.iter().map(|q| f(*q)).collect::<Vec<_>>());
    // The last two tensors at the finer of their scales.
    let finest = x.iter().rev().take(2).map(|g| g.scale).max().unwrap();
    let pair = |f: &dyn Fn(i128, i128) -> i128| {
        let (m, n) = (x[x.len() - 2], x[x.len() - 1]);
        broadcast(&[m, n], |v| f(v[0] << (finest - m.scale), v[1] << (finest - n.scale)))
    };
    match layer {
        "maximum" => (pair(&|a, b| a.max(b)), finest),
        "minimum" => (pair(&|a, b| a.min(b)), finest),
        "greater" => (pair(&|a, b| i128::from(a > b)), 0),
        "less" => (pair(&|a, b| i128::from(a < b)), 0),
        "greater_equal" => (pair(&|a, b| i128::from(a >= b)), 0),
        "less_equal" => (pair(&|a, b| i128::from(a <= b)), 0),
        "equal" => (pair(&|a, b| i128::from(a == b)), 0),
        "select" => {
            let up = |g: &Grid, v: i128| v << (finest - g.scale);
            (broadcast(x, |v| if v[0] == 1 { up(x[1], v[1]) } else { up(x[2], v[2]) }), finest)
        }
        "reduce_max" => (reduce(a, &axes(args, a.dims.len()), flag(args, "keepdims"), |v| *v.iter().max().unwrap()), s),
        "reduce_min" => (reduce(a, &axes(args, a.dims.len()), flag(args, "keepdims"), |v| *v.iter().min().unwrap()), s),
        "argmax" | "argmin" => {
            let along = match get(args, "axis") {
                Some(Literal::Int(i)) => axis(*i, a.dims.len()),
                _ => 0,
            };
            let index = |v: &[i128]| {
                let best = if layer == "argmax" { v.iter().max() } else { v.iter().min() }.unwrap();
                let last = v.iter().rposition(|q| q == best);
                let found = if flag(args, "last") { last } else { v.iter().position(|q| q == best) };
                found.unwrap() as i128
            };
            (reduce(a, &[along], false, index), 0)
        }
        "abs" => (each(&i128::abs), s),
        "sign" => (each(&i128::signum), 0),
        "square" => (each(&|q| q * q), 2 * s),
        "relu6" | "hard_tanh" | "clip" => {
            let (lo, hi) = match layer {
                "relu6" => (0.0, 6.0),
                "hard_tanh" => (-1.0, 1.0),
                _ => (number(args, "min").unwrap_or(-1e20), number(args, "max").unwrap_or(1e20)),
            };
            let to = meeting(s, step, &ends(layer, args));
            (each(&|q| (q << (to - s)).max(level(lo, to)).min(level(hi, to))), to)
        }
        "hard_sigmoid" => {
            let (alpha, beta) = (number(args, "alpha").unwrap(), number(args, "beta").unwrap());
            let (alpha, own) = match power(alpha) {
                Some(e) => (alpha.signum() as i128, s - e),
                None => (level(alpha, f), s + f),
            };
            let to = meeting(own, step, &[beta, 1.0]);
            let line = |q: i128| ((alpha * q) << (to - own)) + level(beta, to);
            (each(&|q| line(q).clamp(0, level(1.0, to))), to)
        }
        "hard_swish" => {
            let g = s.max(0);
            let gate = |q: i128| ((q << (g - s)) + (3 << g)).clamp(0, 6 << g);
            (each(&|q| q * gate(q) * level(1.0 / 6.0, f)), s + g + f)
        }
        "leaky_relu" => {
            let alpha = number(args, "alpha").unwrap();
            let bits = slope_bits(alpha, step);
            (each(&|q| if q < 0 { q * level(alpha, bits) } else { q << bits }), s + bits)
        }
        "prelu" => {
            let per = a.data.len() / p[0].len();
            let y = a.data.iter().enumerate().map(|(i, q)| {
                let slope = p[0][i / per] << (-f).max(0);
                if *q < 0 { q * slope } else { q << f.max(0) }
            });
            ((a.dims.clone(), y.collect()), s + f.max(0))
        }
        "thresholded_relu" => {
            let alpha = (number(args, "alpha").unwrap() * 2f64.powi(s)).floor() as i128;
            (each(&|q| if q > alpha { q } else { 0 }), s)
        }
        "zanh" | "zigmoid" => {
            let [c0, c1, c2, c3] = cubic(layer);
            let term = |c: f64, k: i32, q: i128| level(c, f + (3 - k) * s) * q.pow(k as u32);
            (each(&|q| term(c0, 0, q) + term(c1, 1, q) + term(c2, 2, q) + term(c3, 3, q)), 3 * s + f)
        }
        other => panic!("no oracle for `{other}`"),
    }
}

/// How far a node may be off before its cut, from the magnitudes and errors of its inputs.
pub fn bound(layer: &str, args: &Args, x: &[(f64, f64)], step: &Step, weight: &dyn Fn() -> (f64, f64)) -> f64 {
    let unit = |scale: i32| 2f64.powi(-scale);
    let product = |(m, e): (f64, f64), (n, d): (f64, f64)| m * d + n * e + e * d;
    let ((m, e), s) = (x[0], step.inputs[0]);
    let worst = x.iter().map(|x| x.1).fold(0.0, f64::max);
    match layer {
        "argmax" | "argmin" => f64::INFINITY,
        "greater" | "less" | "greater_equal" | "less_equal" | "equal" => 1.0,
        "sign" => 2.0,
        "select" => x[1].1.max(x[2].1) + e.min(1.0) * (x[1].0 + x[2].0),
        "square" => 2.0 * m * e + e * e,
        "relu6" | "hard_tanh" | "clip" => e + unit(meeting(s, step, &ends(layer, args))) / 2.0,
        "hard_sigmoid" => {
            let alpha = number(args, "alpha").unwrap();
            let beta = [number(args, "beta").unwrap(), 1.0];
            match power(alpha) {
                Some(exponent) => alpha.abs() * e + unit(meeting(s - exponent, step, &beta)),
                None => {
                    let factor = (alpha.abs(), unit(step.weight_scale) / 2.0);
                    product(factor, (m, e)) + unit(meeting(s + step.weight_scale, step, &beta))
                }
            }
        }
        "hard_swish" => {
            let gated = (6.0 * m, product((m, e), (6.0, e)));
            product((1.0 / 6.0, unit(step.weight_scale) / 2.0), gated)
        }
        "leaky_relu" => {
            let alpha = number(args, "alpha").unwrap();
            product((alpha.abs().max(1.0), unit(slope_bits(alpha, step)) / 2.0), (m, e))
        }
        "prelu" => {
            let (slope, off) = weight();
            product((slope.max(1.0), off), (m, e))
        }
        "thresholded_relu" => number(args, "alpha").unwrap().abs() + 2.0 * e + unit(s),
        "zanh" | "zigmoid" => {
            let c = cubic(layer);
            let half = |k: i32| unit(step.weight_scale + (3 - k) * s) / 2.0;
            (0..3)
                .rev()
                .fold((c[3].abs(), half(3)), |sum, k| (sum.0 * m + c[k as usize].abs(), product(sum, (m, e)) + half(k)))
                .1
        }
        _ => worst,
    }
}
