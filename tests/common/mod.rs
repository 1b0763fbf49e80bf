//! What the tests of layers and of whole graphs share: seeded models and samples, the values of every node, and two
//! independent readings of a graph.

pub mod bound;
pub mod oracle;
pub mod oracle_compare;
mod seeded;

use zkml::{
    arith::{Int, counts::Cost, ints::Ints},
    graph::{NodeId, Visibility, Visible},
    plan::{Quantized, walk},
    tensor::Tensor,
};

pub use self::seeded::{model, samples};

/// The exact values of every node.
pub fn exact(quantized: &Quantized, input: &Tensor<Int>) -> Vec<Tensor<Int>> {
    let graph = quantized.graph();
    let mut values = vec![Tensor::vector(vec![]); graph.nodes().len()];
    let mut see = |id: NodeId, value: &Tensor<Int>| values[id.0] = value.clone();
    let (plan, params) = (quantized.plan(), quantized.params());
    walk::walk(graph, plan, &mut Ints::<Int>::new(), input.clone(), params, 0, &mut see).unwrap();
    values
}

/// The sum of a budget.
pub fn total(quantized: &Quantized, visibility: Visibility) -> Cost {
    quantized.budget(visibility, 1).unwrap().values().copied().sum()
}

/// A public input and a public output, with these weights.
pub fn open(weights: Visible) -> Visibility {
    Visibility { input: Visible::Public, weights, output: Visible::Public }
}
