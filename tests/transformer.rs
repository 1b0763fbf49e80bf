//! The reference transformer: its float forward pass is that of the formulas, and no position sees a later one.
#![cfg(feature = "prove")]

#[path = "../examples/common/transformer.rs"]
mod transformer;

use transformer::{HIDDEN, TOKENS};
use zkml::{model::Model, tensor::Tensor};

const WIDTH: usize = 64;
const HEADS: usize = 4;

type Rows = Vec<Vec<f64>>;

/// The model's weight of that name.
fn weight<'a>(model: &'a Model, name: &str) -> &'a [f64] {
    model.weights().get(name).unwrap_or_else(|| panic!("no weight `{name}`")).data()
}

/// The names of the model's nodes with weights, in the order of its source: attention's and the feed-forward part's by layer.
fn nodes(model: &Model, layer: &str) -> Vec<String> {
    let nodes = model.graph().nodes().iter();
    nodes.filter(|n| n.layer.as_ref().is_some_and(|l| l.card().name == layer)).map(|n| n.name.clone()).collect()
}

fn dense(model: &Model, node: &str, x: &Rows) -> Rows {
    let w = weight(model, &format!("{node}.weight"));
    let row = |x: &Vec<f64>| w.chunks(x.len()).map(|w| w.iter().zip(x).map(|(w, x)| w * x).sum()).collect();
    x.iter().map(row).collect()
}

fn normalized(model: &Model, node: &str, x: &Rows) -> Rows {
    let (gamma, beta) = (weight(model, &format!("{node}.gamma")), weight(model, &format!("{node}.beta")));
    let row = |x: &Vec<f64>| {
        let mean = x.iter().sum::<f64>() / WIDTH as f64;
        let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / WIDTH as f64;
        x.iter().zip(gamma.iter().zip(beta)).map(|(x, (g, b))| g * (x - mean) / (variance + 1e-5).sqrt() + b).collect()
    };
    x.iter().map(row).collect()
}

/// The error function by its series, which converges for all arguments.
fn erf(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}

fn added(a: &Rows, b: &Rows) -> Rows {
    a.iter().zip(b).map(|(a, b)| a.iter().zip(b).map(|(a, b)| a + b).collect()).collect()
}

/// Each head's weighted means of the values seen, one head after the other.
fn attended(q: &Rows, k: &Rows, v: &Rows) -> Rows {
    let size = WIDTH / HEADS;
    let row = |i: usize| {
        let head = |h: usize| {
            let part = h * size..(h + 1) * size;
            let score = |j: usize| -> f64 {
                q[i][part.clone()].iter().zip(&k[j][part.clone()]).map(|(q, k)| q * k).sum::<f64>() / 4.0
            };
            let weights: Vec<f64> = (0..TOKENS).map(|j| (score(j) + if j > i { HIDDEN } else { 0.0 }).exp()).collect();
            let total: f64 = weights.iter().sum();
            let weights: Vec<f64> = weights.into_iter().map(|w| w / total).collect();
            let part = part.clone();
            part.map(|c| weights.iter().zip(v).map(|(w, v)| w * v[c]).sum::<f64>()).collect::<Vec<f64>>()
        };
        (0..HEADS).flat_map(head).collect()
    };
    (0..TOKENS).map(row).collect()
}

fn reference(model: &Model, x: &Tensor) -> Vec<f64> {
    let (dense_nodes, norms) = (nodes(model, "dense"), nodes(model, "layer_norm"));
    assert_eq!((dense_nodes.len(), norms.len()), (13, 5));
    let mut x: Rows = x.data().chunks(WIDTH).map(<[f64]>::to_vec).collect();
    for layer in 0..2 {
        let (d, n) = (&dense_nodes[6 * layer..], &norms[2 * layer..]);
        let y = normalized(model, &n[0], &x);
        let [q, k, v] = [0, 1, 2].map(|at| dense(model, &d[at], &y));
        x = added(&x, &dense(model, &d[3], &attended(&q, &k, &v)));
        let hidden = dense(model, &d[4], &normalized(model, &n[1], &x));
        let gelu = |x: &f64| x * (1.0 + erf(x / 2f64.sqrt())) / 2.0;
        let hidden = hidden.iter().map(|row| row.iter().map(gelu).collect()).collect();
        x = added(&x, &dense(model, &d[5], &hidden));
    }
    dense(model, &dense_nodes[12], &normalized(model, &norms[4], &x)[TOKENS - 1..].to_vec()).concat()
}

fn tokens(seed: usize) -> Tensor {
    Tensor::from_fn([TOKENS, WIDTH], |i| ((i * 7919 + seed * 104_729) % 2003) as f64 / 1001.0 - 1.0)
}

#[test]
fn the_float_reference_is_the_formula() {
    let model = transformer::seeded().unwrap();
    let parameters = model.graph().parameter_count();
    assert!((103_000..104_000).contains(&parameters), "{parameters}");
    for seed in 0..3 {
        let x = tokens(seed);
        let (found, expected) = (model.forward(&x).unwrap(), reference(&model, &x));
        assert_eq!((found.len(), expected.len()), (65, 65));
        for (found, expected) in found.data().iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
        let spread = expected.iter().fold(0.0f64, |m, y| m.max(y.abs()));
        assert!(spread > 0.1, "{spread}");
    }
}

#[test]
fn no_position_sees_a_later_one() {
    let model = transformer::seeded().unwrap();
    let (x, at) = (tokens(1), 9);
    let other = Tensor::from_fn(x.shape().clone(), |i| if i / WIDTH > at { -x.data()[i] } else { x.data()[i] });
    let (a, b) = (model.trace(&x).unwrap(), model.trace(&other).unwrap());
    let mut rows = 0;
    for (i, node) in model.graph().nodes().iter().enumerate() {
        if node.shape.dims() != [TOKENS, WIDTH] {
            continue;
        }
        let furthest = |rows: std::ops::Range<usize>| {
            let part = rows.start * WIDTH..rows.end * WIDTH;
            let pairs = a[i].data()[part.clone()].iter().zip(&b[i].data()[part]);
            pairs.fold(0.0f64, |m, (a, b)| m.max((a - b).abs()))
        };
        assert!(furthest(0..at + 1) < 1e-4, "{}", node.name);
        assert!(furthest(at + 1..TOKENS) > 1e-3, "{}", node.name);
        rows += 1;
    }
    assert!(rows > 10, "{rows}");
}
