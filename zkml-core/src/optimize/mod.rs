//! Rewrites of a graph and its weights that save constraints and keep what the model computes. One file a pass.

pub mod fold_batch_norm;
pub mod fold_scale;
pub mod pool_first;

use std::collections::BTreeSet;

use crate::{
    error::{GraphError, ModelError},
    graph::{Graph, Node, NodeId},
    model::{Model, Weights},
};

/// A pass: rewrites the draft, and says how many places it changed.
type Pass = (&'static str, fn(&mut Draft) -> usize);

/// The passes, in order; they are repeated until none finds anything.
const PASSES: &[Pass] =
    &[("fold_batch_norm", fold_batch_norm::run), ("fold_scale", fold_scale::run), ("pool_first", pool_first::run)];

/// A pass's name, and how often it applied.
pub type Applied = (&'static str, usize);

/// A graph while it is rewritten: nodes that may be changed, bypassed or dropped.
pub struct Draft {
    nodes: Vec<Node>,
    weights: Weights,
    output: NodeId,
}

impl Draft {
    /// The only user of a node, if there is just one and the node is not the output.
    fn only_user(&self, id: NodeId) -> Option<NodeId> {
        let mut users = (0..self.nodes.len()).filter(|i| self.nodes[*i].inputs.contains(&id));
        match (users.next(), users.next()) {
            (Some(user), None) if id != self.output => Some(NodeId(user)),
            _ => None,
        }
    }

    /// The value of a parameter.
    fn weight(&self, node: NodeId, name: &str) -> Option<&crate::tensor::Tensor> {
        self.weights.get(&format!("{}.{name}", self.nodes[node.0].name))
    }

    /// Lets every user of `node` take what it takes instead; the node is then dead.
    fn bypass(&mut self, node: NodeId) {
        let input = self.nodes[node.0].inputs[0];
        for user in &mut self.nodes {
            for i in &mut user.inputs {
                if *i == node {
                    *i = input;
                }
            }
        }
        if self.output == node {
            self.output = input;
        }
        self.nodes[node.0].inputs.clear();
        self.nodes[node.0].layer = None;
    }
}

/// The rewritten model, and for each pass how often it applied.
///
/// # Errors
/// Never for a valid model: the rewritten graph passes the same checks.
pub fn optimize(model: &Model) -> Result<(Model, Vec<Applied>), ModelError> {
    let graph = model.graph();
    let mut draft = Draft { nodes: graph.nodes().to_vec(), weights: model.weights().clone(), output: graph.output() };
    let mut applied: Vec<Applied> = PASSES.iter().map(|p| (p.0, 0)).collect();
    loop {
        let mut changed = 0;
        for ((_, pass), (_, count)) in PASSES.iter().zip(&mut applied) {
            let n = pass(&mut draft);
            *count += n;
            changed += n;
        }
        if changed == 0 {
            break;
        }
    }
    let (rewritten, weights) = rebuild(graph, draft)?;
    Ok((Model::new(rewritten, model.visibility(), weights)?, applied))
}

/// Pushes the live nodes of a draft anew, with the weights that they use.
fn rebuild(original: &Graph, draft: Draft) -> Result<(Graph, Weights), GraphError> {
    let mut live = BTreeSet::from([0, draft.output.0]);
    for i in (0..draft.nodes.len()).rev() {
        if live.contains(&i) {
            live.extend(draft.nodes[i].inputs.iter().map(|n| n.0));
        }
    }
    let mut graph = Graph::new(original.name(), original.shape(original.input()).clone());
    if let Some(range) = original.range() {
        graph = graph.with_range(range)?;
    }
    let mut ids = vec![NodeId(0); draft.nodes.len()];
    for i in live {
        let node = &draft.nodes[i];
        if let Some(layer) = &node.layer {
            let inputs: Vec<NodeId> = node.inputs.iter().map(|n| ids[n.0]).collect();
            ids[i] = graph.push(layer.clone(), &inputs, &node.name, node.origin.clone())?;
        }
    }
    graph.set_output(ids[draft.output.0])?;
    let mut weights = Weights::new();
    for (name, _) in graph.all_params() {
        if let Some(tensor) = draft.weights.get(&name) {
            weights.insert(name, tensor.clone());
        }
    }
    Ok((graph, weights))
}
