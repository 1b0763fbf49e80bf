//! Every layer once more, from its formula: loops over `i128`, with nothing of the library's arithmetic.

mod shapes;

pub use self::shapes::reduced;

use zkml::{
    layer::{AnyLayer, Literal, Step},
    plan::Quantized,
    tensor::Tensor,
};

use super::nonlinear;

/// Integers under a shape, and their scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    pub dims: Vec<usize>,
    pub data: Vec<i128>,
    pub scale: i32,
}

/// The shape of an output and its elements.
type Values = (Vec<usize>, Vec<i128>);

/// The arguments of a layer, by name.
struct Named(Vec<(&'static str, Literal)>);

impl Named {
    fn get(&self, name: &str) -> Option<&Literal> {
        self.0.iter().find(|(n, _)| *n == name).map(|(_, v)| v)
    }

    fn pair(&self, name: &str) -> [usize; 2] {
        match self.get(name) {
            Some(Literal::List(l)) => [l[0] as usize, l[1] as usize],
            None => [1, 1],
            other => panic!("`{name}` is {other:?}"),
        }
    }

    fn whole(&self, name: &str) -> usize {
        match self.get(name) {
            Some(Literal::Int(i)) => *i as usize,
            other => panic!("`{name}` is {other:?}"),
        }
    }

    fn flag(&self, name: &str) -> bool {
        match self.get(name) {
            Some(Literal::Bool(b)) => *b,
            None => false,
            other => panic!("`{name}` is {other:?}"),
        }
    }

    fn float(&self, name: &str) -> f64 {
        match self.get(name) {
            Some(Literal::Float(x)) => *x,
            other => panic!("`{name}` is {other:?}"),
        }
    }
}

/// A constant of a formula: rounded to the nearest, half away from zero.
fn constant(x: f64, scale: i32) -> i128 {
    let scaled = x * 2f64.powi(scale);
    (scaled.abs() + 0.5).floor().copysign(scaled) as i128
}

/// The exponent of `+-2^e`, if it is one.
pub fn power(x: f64) -> Option<i32> {
    (-60..60).find(|e| 2f64.powi(*e) == x.abs())
}

/// `clamp(floor(q / 2^shift + 1/2))`.
fn rescale(q: i128, shift: u32, saturate: Option<u32>) -> i128 {
    let unit = 1i128 << shift;
    let y = if shift == 0 { q } else { (q + unit / 2).div_euclid(unit) };
    saturate.map_or(y, |b| y.clamp(-(1 << b), (1 << b) - 1))
}

/// What a step does to a layer's values. Those of finer channels stay so where nothing is cut.
fn finish(data: Vec<i128>, step: &Step, cuts: bool) -> Vec<i128> {
    if !cuts && step.shift == 0 && step.saturate.is_none() && step.bits.is_none() {
        return data;
    }
    let per = data.len() / step.channels.len().max(1);
    let finer = |i: usize| step.channels.get(i / per).copied().unwrap_or(0);
    data.into_iter().enumerate().map(|(i, q)| rescale(q, step.shift + finer(i), step.saturate)).collect()
}

/// The windows of a kernel over `[_, height, width]`: per window, the taps as (kernel row, kernel column, row, column).
struct Windows {
    output: [usize; 2],
    taps: Vec<Vec<[usize; 4]>>,
}

fn windows(args: &Named, kernel: &str, input: &[usize]) -> Windows {
    let (kernel, stride, dilation) = (args.pair(kernel), args.pair("stride"), args.pair("dilation"));
    let mut output = [0; 2];
    let mut before = [0i64; 2];
    for axis in 0..2 {
        let size = input[1 + axis];
        let reach = (kernel[axis] - 1) * dilation[axis] + 1;
        match args.get("padding") {
            Some(Literal::Word(w)) if w == "same" => {
                output[axis] = size.div_ceil(stride[axis]);
                before[axis] = ((output[axis] - 1) * stride[axis] + reach).saturating_sub(size) as i64 / 2;
            }
            Some(Literal::List(p)) => {
                output[axis] = (size + (p[axis] + p[axis + 2]) as usize - reach) / stride[axis] + 1;
                before[axis] = p[axis];
            }
            _ => output[axis] = (size - reach) / stride[axis] + 1,
        }
    }
    let mut taps = Vec::new();
    for oy in 0..output[0] {
        for ox in 0..output[1] {
            let mut window = Vec::new();
            for ky in 0..kernel[0] {
                for kx in 0..kernel[1] {
                    let y = (oy * stride[0] + ky * dilation[0]) as i64 - before[0];
                    let x = (ox * stride[1] + kx * dilation[1]) as i64 - before[1];
                    if (0..input[1] as i64).contains(&y) && (0..input[2] as i64).contains(&x) {
                        window.push([ky, kx, y as usize, x as usize]);
                    }
                }
            }
            taps.push(window);
        }
    }
    Windows { output, taps }
}

fn conv2d(args: &Named, x: &Grid, p: &[Vec<i128>]) -> Values {
    let (filters, groups, [kh, kw]) = (args.whole("filters"), args.whole("groups"), args.pair("kernel"));
    let w = windows(args, "kernel", &x.dims);
    let (channels, height, width) = (x.dims[0] / groups, x.dims[1], x.dims[2]);
    let mut y = Vec::new();
    for o in 0..filters {
        let group = o / (filters / groups);
        for window in &w.taps {
            let mut sum = p.get(1).map_or(0, |bias| bias[o]);
            for c in 0..channels {
                for [ky, kx, iy, ix] in window {
                    let weight = p[0][((o * channels + c) * kh + ky) * kw + kx];
                    sum += weight * x.data[((group * channels + c) * height + iy) * width + ix];
                }
            }
            y.push(sum);
        }
    }
    (vec![filters, w.output[0], w.output[1]], y)
}

/// What the windows of each channel reduce to.
fn pool(args: &Named, x: &Grid, reduce: impl Fn(&[i128]) -> i128) -> Values {
    let w = windows(args, "size", &x.dims);
    let mut y = Vec::new();
    for channel in x.data.chunks(x.dims[1] * x.dims[2]) {
        for window in &w.taps {
            let values: Vec<i128> = window.iter().map(|[_, _, iy, ix]| channel[iy * x.dims[2] + ix]).collect();
            y.push(reduce(&values));
        }
    }
    (vec![x.dims[0], w.output[0], w.output[1]], y)
}

fn global(x: &Grid, reduce: impl Fn(&[i128]) -> i128) -> Values {
    (vec![x.dims[0]], x.data.chunks(x.dims[1] * x.dims[2]).map(reduce).collect())
}

fn largest(values: &[i128]) -> i128 {
    *values.iter().max().unwrap()
}

fn total(values: &[i128]) -> i128 {
    values.iter().sum()
}

fn mean(values: &[i128], factor: i32) -> i128 {
    constant(1.0 / values.len() as f64, factor) * total(values)
}

/// `log2` of the window's size, where a mean is a sum under another scale.
pub fn whole_mean(args: &[(&'static str, Literal)]) -> Option<i32> {
    let args = Named(args.to_vec());
    let whole = args.flag("include_pad")
        || match args.get("padding") {
            Some(Literal::Word(w)) => w == "valid",
            Some(Literal::List(p)) => p.iter().all(|n| *n == 0),
            _ => true,
        };
    let [height, width] = args.pair("size").map(|n| power(n as f64).filter(|e| *e >= 0));
    height.zip(width).map(|(h, w)| h + w).filter(|_| whole)
}

/// How many bits finer than `x` the sum `x + n` of a polynomial is held: none for a whole `n`.
pub fn finer(args: &[(&'static str, Literal)], step: &Step) -> i32 {
    if Named(args.to_vec()).float("n").fract() == 0.0 { 0 } else { step.weight_scale }
}

/// Both tensors at the finer of their scales, extents of one repeated.
fn aligned(x: &[&Grid], f: impl Fn(i128, i128) -> i128) -> Values {
    let up = |i: usize| 1i128 << (x[0].scale.max(x[1].scale) - x[i].scale);
    shapes::pairs(x, |a, b| f(a * up(0), b * up(1)))
}

/// One node.
fn node(layer: &AnyLayer, x: &[&Grid], p: &[Vec<i128>], step: &Step) -> Grid {
    let nothing = Grid { dims: vec![], data: vec![], scale: 0 };
    let (args, a) = (Named(layer.args()), x.first().copied().unwrap_or(&nothing));
    let each = |f: &dyn Fn(i128) -> i128| (a.dims.clone(), a.data.iter().map(|q| f(*q)).collect::<Vec<_>>());
    let same = a.scale;
    let ((dims, data), scale) = match layer.card().name {
        "dense" => (shapes::dense(args.whole("units"), a, p), same + step.weight_scale),
        "conv2d" => (conv2d(&args, a, p), same + step.weight_scale),
        "batch_norm" => {
            let per = a.data.len() / a.dims[0];
            let y = a.data.iter().enumerate().map(|(i, q)| p[0][i / per] * q + p[1][i / per]).collect();
            ((a.dims.clone(), y), same + step.weight_scale)
        }
        "relu" => (each(&|q| q.max(0)), same),
        "max_pool2d" => (pool(&args, a, largest), same),
        "sum_pool2d" => (pool(&args, a, total), same),
        "avg_pool2d" => match whole_mean(&layer.args()) {
            Some(log) => (pool(&args, a, total), same + log),
            None => (shapes::mean_pool(&args, a, step.weight_scale), same + step.weight_scale),
        },
        "global_max_pool2d" => (global(a, largest), same),
        "global_sum_pool2d" => (global(a, total), same),
        "global_avg_pool2d" => (global(a, |v| mean(v, step.weight_scale)), same + step.weight_scale),
        "flatten" => ((vec![a.data.len()], a.data.clone()), same),
        "reshape" => match args.get("shape") {
            Some(Literal::List(l)) => ((l.iter().map(|d| *d as usize).collect(), a.data.clone()), same),
            other => panic!("`shape` is {other:?}"),
        },
        "add" => (aligned(x, |a, b| a + b), same.max(x[1].scale)),
        "sub" => (aligned(x, |a, b| a - b), same.max(x[1].scale)),
        "mul" => (shapes::pairs(x, |a, b| a * b), same + x[1].scale),
        "scale" => {
            let factor = args.float("factor");
            match power(factor) {
                Some(e) => (each(&|q| q * factor.signum() as i128), same - e),
                None => (each(&|q| q * constant(factor, step.weight_scale)), same + step.weight_scale),
            }
        }
        "poly" => {
            let (n, finer) = (args.float("n"), finer(&layer.args(), step));
            (each(&|q| q * ((q << finer) + constant(n, same + finer))), 2 * same + finer)
        }
        "argmax" if layer.args().is_empty() => {
            let best = largest(&a.data);
            let first = a.data.iter().position(|q| *q == best).unwrap();
            return Grid { dims: vec![1], data: vec![first as i128], scale: 0 };
        }
        "offset" => shapes::offset(args.float("value"), a, step.weight_scale),
        "parameter" => (shapes::parameter(&args, p), step.weight_scale),
        "concat" => shapes::concat(&args, x),
        "permute" => (shapes::permute(&args, a), same),
        "transpose" => (shapes::transpose(a), same),
        "slice" => (shapes::slice(&args, a), same),
        "gather" => (shapes::gather(&args, a), same),
        "pad" => (shapes::pad(&args, a), same),
        "crop" => (shapes::crop(&args, a), same),
        "broadcast_to" => (shapes::broadcast_to(&args, a), same),
        "upsample2d" | "upsample1d" => (shapes::upsample(&args, a), same),
        "depth_to_space" => (shapes::depth_to_space(&args, a), same),
        "space_to_depth" => (shapes::space_to_depth(&args, a), same),
        "matmul" => (shapes::matmul(x[0], x[1]), same + x[1].scale),
        "reduce_sum" => (shapes::reduce(&args, a, total), same),
        "reduce_mean" => (shapes::reduce(&args, a, |v| mean(v, step.weight_scale)), same + step.weight_scale),
        "conv1d" => (shapes::conv1d(&args, a, p), same + step.weight_scale),
        "depthwise_conv2d" => (shapes::depthwise(&args, a, p), same + step.weight_scale),
        "pointwise_conv2d" => (shapes::pointwise(a, p), same + step.weight_scale),
        "separable_conv2d" => (shapes::separable(&args, a, p), same + 2 * step.weight_scale),
        "conv2d_transpose" => (shapes::transposed(&args, a, p), same + step.weight_scale),
        "conv1d_transpose" => {
            (shapes::line(&args, a, |args, a| shapes::transposed(args, a, p)), same + step.weight_scale)
        }
        "max_pool1d" => (shapes::line(&args, a, |args, a| pool(args, a, largest)), same),
        "sum_pool1d" => (shapes::line(&args, a, |args, a| pool(args, a, total)), same),
        "avg_pool1d" => match shapes::whole_mean_of_line(&args) {
            Some(log) => (shapes::line(&args, a, |args, a| pool(args, a, total)), same + log),
            None => (
                shapes::line(&args, a, |args, a| shapes::mean_pool(args, a, step.weight_scale)),
                same + step.weight_scale,
            ),
        },
        "global_max_pool1d" => (shapes::channels(a, largest), same),
        "global_sum_pool1d" => (shapes::channels(a, total), same),
        "global_avg_pool1d" => (shapes::channels(a, |v| mean(v, step.weight_scale)), same + step.weight_scale),
        name if super::oracle_compare::knows(name) => super::oracle_compare::node(name, &layer.args(), x, p, step),
        other => nonlinear::node(layer, x, p, step).unwrap_or_else(|| panic!("no oracle for `{other}`")),
    };
    let data = finish(data, step, layer.card().name == "relu");
    Grid { dims, data, scale: scale - step.shift as i32 }
}

/// The values of all nodes.
pub fn run(quantized: &Quantized, input: &Tensor) -> Vec<Grid> {
    let (graph, plan) = (quantized.graph(), quantized.plan());
    let mut values: Vec<Grid> = Vec::new();
    for (i, at) in graph.nodes().iter().enumerate() {
        let value = match &at.layer {
            None => {
                let unit = 2f64.powi(plan.input.scale);
                let (lo, hi) = (plan.input.interval.lo.as_i128(), plan.input.interval.hi.as_i128());
                let data = input.data().iter().map(|x| ((x * unit).round_ties_even() as i128).clamp(lo, hi)).collect();
                let step = &plan.steps[i];
                let scale = plan.input.scale - step.shift as i32;
                Grid { dims: at.shape.dims().to_vec(), data: finish(data, step, false), scale }
            }
            Some(layer) => {
                let x: Vec<&Grid> = at.inputs.iter().map(|n| &values[n.0]).collect();
                let p: Vec<Vec<i128>> =
                    quantized.params()[i].iter().map(|t| t.data().iter().map(|q| q.as_i128()).collect()).collect();
                node(layer, &x, &p, &plan.steps[i])
            }
        };
        values.push(value);
    }
    values
}
