//! What the tests of layers and of whole graphs share: seeded models and samples, the values of every node, and two
//! independent readings of a graph.

pub mod bound;
pub mod nonlinear;
pub mod oracle;
pub mod oracle_compare;
mod seeded;

use zkml::{
    arith::ints::Ints,
    graph::{NodeId, Visibility, Visible},
    number::{Cost, Int},
    plan::{
        Quantized,
        walk::{self, Parameters},
    },
    tensor::Tensor,
};

pub use self::seeded::{model, samples};

/// The exact values of every node.
pub fn exact(quantized: &Quantized, input: &Tensor<Int>) -> Vec<Tensor<Int>> {
    let graph = quantized.graph();
    let mut values = vec![Tensor::vector(vec![]); graph.nodes().len()];
    let mut see = |id: NodeId, value: &Tensor<Int>| values[id.0] = value.clone();
    let (plan, params) = (quantized.plan(), quantized.params());
    walk::walk(graph, plan, &mut Ints::<Int>::new(), input.clone(), Parameters::Wires(params), 0, &mut see).unwrap();
    values
}

/// The scale of one element of what a node hands on: finer than the node's where its channel is, and nothing was cut.
pub fn scale(quantized: &Quantized, node: usize, element: usize) -> i32 {
    let (step, scale) = (&quantized.plan().steps[node], quantized.plan().scales[node]);
    let layer = &quantized.graph().nodes()[node].layer;
    if step.channels.is_empty() || step.cuts() || layer.as_ref().is_some_and(|l| l.card().name == "relu") {
        return scale;
    }
    let per = quantized.graph().nodes()[node].shape.len() / step.channels.len();
    scale + step.channels[element / per] as i32
}

/// The sum of a budget.
pub fn total(quantized: &Quantized, visibility: Visibility) -> Cost {
    quantized.budget(visibility, 1).unwrap().values().copied().sum()
}

/// A public input and a public output, with these weights.
pub fn open(weights: Visible) -> Visibility {
    Visibility { input: Visible::Public, weights, output: Visible::Public }
}
