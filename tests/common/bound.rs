//! How far integers may be from floats under a plan.
//!
//! Every node has a bound `e` on `|q / 2^s - x|` over its elements, from those of its inputs. With `m` the largest
//! magnitude of a float, `u = 2^-s` the unit of a scale `s` and `K` the number of summands:
//!
//! | | `e` |
//! |---|---|
//! | input, parameter | `u`: half a unit, and as much again where the upper end is left out |
//! | linear layers | `K * (m_w * e_x + m_x * e_w + e_w * e_x) + e_b` |
//! | `mul` | `m_a * e_b + m_b * e_a + e_a * e_b` |
//! | `poly` | `2 * m * e + e^2 + abs(n) * e + (m + e) * u / 2`, with `u` of the constant |
//! | `offset`, `pad` | `e`, and half a unit of the constant |
//! | rescale | half a unit more, and what exceeds the end it saturates to |

use zkml::{
    layer::{Literal, Role},
    plan::Quantized,
    tensor::Tensor,
};

use super::{nonlinear, oracle, oracle_compare};

/// The unit of a scale.
fn unit(scale: i32) -> f64 {
    2f64.powi(-scale)
}

/// The error of `k` products of a factor (of at most `m_w`, off by `e_w`) and a value (of at most `m_x`, off by `e_x`).
fn products(k: usize, (m_w, e_w): (f64, f64), (m_x, e_x): (f64, f64)) -> f64 {
    k as f64 * (m_w * e_x + m_x * e_w + e_w * e_x)
}

/// The bounds of all nodes, given their floats on the same graph.
pub fn run(quantized: &Quantized, floats: &[Tensor]) -> Vec<f64> {
    let (graph, plan) = (quantized.graph(), quantized.plan());
    let mut bounds: Vec<f64> = Vec::new();
    for (i, node) in graph.nodes().iter().enumerate() {
        let Some(layer) = &node.layer else {
            let shifted = if plan.steps[i].shift > 0 { unit(plan.scales[i]) / 2.0 } else { 0.0 };
            bounds.push(unit(plan.input.scale) + shifted);
            continue;
        };
        let step = &plan.steps[i];
        let x: Vec<(f64, f64)> = node.inputs.iter().map(|n| (floats[n.0].max_abs(), bounds[n.0])).collect();
        let (m, e) = x.first().copied().unwrap_or((0.0, 0.0));
        let nothing = Vec::new();
        let taken = node.inputs.first().map_or(&nothing[..], |n| floats[n.0].shape().dims());
        let args = layer.args();
        let number = |name: &str| match args.iter().find(|(n, _)| *n == name) {
            Some((_, Literal::Float(x))) => *x,
            other => panic!("`{name}` is {other:?}"),
        };
        // Parameters as they are held: their integers, which are off by a unit at most.
        let weight_at = |j: usize| {
            let (p, t) = (&plan.params[i][j], &quantized.params()[i][j]);
            (t.data().iter().map(|q| q.as_f64().abs()).fold(0.0, f64::max) * unit(p.scale), unit(p.scale))
        };
        let weight = || weight_at(0);
        // The number of weights that make an output channel: those of one row.
        let row = |j: usize| quantized.params()[i][j].len() / quantized.params()[i][j].shape().dims()[0];
        let bias = plan.params[i].iter().find(|p| p.role == Role::Bias).map_or(0.0, |p| unit(p.scale));
        let constant = |c: f64| (c, unit(step.weight_scale) / 2.0);
        let area = || match args.iter().find(|(n, _)| *n == "size") {
            Some((_, Literal::List(l))) => (l[0] * l[1]) as usize,
            Some((_, Literal::Int(i))) => *i as usize,
            other => panic!("`size` is {other:?}"),
        };
        let pixels: usize = taken.iter().skip(1).product();
        let value = match layer.card().name {
            "dense" | "conv2d" | "conv1d" | "depthwise_conv2d" | "pointwise_conv2d" => {
                products(row(0), weight(), (m, e)) + bias
            }
            "conv2d_transpose" | "conv1d_transpose" => {
                products(quantized.params()[i][0].len(), weight(), (m, e)) + bias
            }
            "separable_conv2d" => {
                let between = products(row(0), weight(), (m, e));
                let most = row(0) as f64 * weight().0 * m;
                products(row(1), weight_at(1), (most, between)) + bias
            }
            "parameter" => weight().1,
            "offset" => e + unit(layer.scale(step)) / 2.0,
            "pad" => e.max(unit(step.inputs[0]) / 2.0),
            "concat" => x.iter().map(|(_, e)| *e).fold(0.0, f64::max),
            "matmul" => products(taken[taken.len() - 1], x[0], x[1]),
            "reduce_sum" => oracle::reduced(&args, taken) as f64 * e,
            "reduce_mean" => {
                let n = oracle::reduced(&args, taken);
                products(n, constant(1.0 / n as f64), (m, e))
            }
            "batch_norm" => products(1, weight(), (m, e)) + bias,
            "sum_pool2d" | "sum_pool1d" => area() as f64 * e,
            "global_sum_pool2d" | "global_sum_pool1d" => pixels as f64 * e,
            "avg_pool2d" if oracle::whole_mean(&args).is_none() => products(area(), constant(1.0), (m, e)),
            // The scale does the division, or a constant.
            "avg_pool1d" => products(area(), constant(1.0), (m, e)),
            "global_avg_pool2d" | "global_avg_pool1d" => products(pixels, constant(1.0 / pixels as f64), (m, e)),
            "add" | "sub" => e + x[1].1,
            "mul" => products(1, x[0], x[1]),
            "scale" if oracle::power(number("factor")).is_some() => number("factor").abs() * e,
            "scale" => products(1, constant(number("factor").abs()), (m, e)),
            "poly" => {
                let n = unit(step.inputs[0] + oracle::finer(&args, step)) / 2.0;
                2.0 * m * e + e * e + number("n").abs() * e + (m + e) * n
            }
            // Nothing is asked of an index.
            "argmax" => f64::INFINITY,
            name if oracle_compare::knows(name) => oracle_compare::bound(name, &args, &x, step, &weight),
            _ => nonlinear::bound(quantized, i, floats, &bounds).unwrap_or(e),
        };
        let out = unit(plan.scales[i]);
        let rounded = if step.shift > 0 { out / 2.0 } else { 0.0 };
        let top = floats[i].max_abs();
        let excess = step.saturate.map_or(0.0, |b| (top - (2f64.powi(b as i32) - 1.0) * out).max(0.0));
        bounds.push((value + rounded + excess) * (1.0 + 1e-9) + 1e-9 * (1.0 + top));
    }
    bounds
}
