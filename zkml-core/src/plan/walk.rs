//! Forward pass of a graph, in any reading.

use super::{Plan, consumers::Consumers};
use crate::{
    arith::Arith,
    graph::{Graph, NodeId},
    number::{ArithError, Int},
    tensor::Tensor,
};

/// What a walk yields.
#[derive(Clone, Debug)]
pub struct Walked<W> {
    /// The output.
    pub output: Tensor<W>,
    /// The scores: what a final `argmax` takes, or else the output.
    pub scores: Tensor<W>,
}

/// The parameters of every node: wires, or known integers, which are made constants when their node is evaluated, and dropped after it.
#[derive(Debug)]
pub enum Parameters<'a, W> {
    /// Wires.
    Wires(&'a [Vec<Tensor<W>>]),
    /// Known integers.
    Known(&'a [Vec<Tensor<Int>>]),
}

/// Evaluates the graph in the reading `a`. `offset` is added to the nodes' numbers that the reading is told, and `see` is
/// shown every node's output.
///
/// # Errors
/// The node where the arithmetic refused, and why.
pub fn walk<A: Arith>(
    graph: &Graph,
    plan: &Plan,
    a: &mut A,
    input: Tensor<A::Wire>,
    params: Parameters<'_, A::Wire>,
    offset: usize,
    see: &mut dyn FnMut(NodeId, &Tensor<A::Wire>),
) -> Result<Walked<A::Wire>, (NodeId, ArithError)> {
    let consumers = Consumers::new(graph);
    let users = &consumers.users;
    let (output, scores) = (graph.output(), graph.scores());
    let mut left: Vec<usize> = users.iter().map(Vec::len).collect();
    left[output.0] += 1;
    left[scores.0] += 1;
    let mut values: Vec<Option<Tensor<A::Wire>>> = vec![None; graph.nodes().len()];
    let mut input = Some(input);
    for (i, node) in graph.nodes().iter().enumerate() {
        let id = NodeId(i);
        a.enter(offset + i);
        a.feeds(&|| consumers.of(graph, plan, id));
        let value = match &node.layer {
            None => input.take().map(|x| plan.steps[i].finish(a, x)).transpose().map_err(|e| (id, e))?,
            Some(layer) => {
                let inputs: Vec<&Tensor<A::Wire>> = node.inputs.iter().filter_map(|n| values[n.0].as_ref()).collect();
                let constants: Vec<Tensor<A::Wire>>;
                let params = match params {
                    Parameters::Wires(params) => &params[i],
                    Parameters::Known(params) => {
                        constants = params[i].iter().map(|t| t.map(|q| a.constant(*q))).collect();
                        &constants
                    }
                };
                Some(layer.exact(a, &inputs, params, &plan.steps[i]).map_err(|e| (id, e))?)
            }
        };
        let Some(value) = value else { continue };
        let fanout = users[i].iter().map(|u| fanout(graph, *u)).sum();
        let value = value.try_map(|w| a.settle(w, fanout)).map_err(|e| (id, e))?;
        see(id, &value);
        values[i] = Some(value);
        for n in &node.inputs {
            left[n.0] -= 1;
            if left[n.0] == 0 {
                values[n.0] = None;
            }
        }
    }
    let take = |id: NodeId| values[id.0].clone().ok_or((id, ArithError::Backend("a node has no value".to_owned())));
    Ok(Walked { output: take(output)?, scores: take(scores)? })
}

/// How often an element of a node's input enters a linear combination there.
fn fanout(graph: &Graph, user: NodeId) -> usize {
    graph.node(user).layer.as_ref().map_or(1, |l| l.fanout(&graph.input_shapes(user)))
}

/// How often an element of a node's parameter enters a product: once for each position that it slides over.
pub fn param_fanout(graph: &Graph, id: NodeId) -> usize {
    if graph.node(id).inputs.is_empty() {
        return 1;
    }
    // The first parameter has one row for each output that shares a position.
    let rows = graph.params(id).first().and_then(|(_, p)| p.shape.dims().first().copied());
    graph.shape(id).len() / rows.unwrap_or(1).max(1)
}
