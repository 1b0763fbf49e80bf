//! Rewrites of a graph and its weights that save constraints and keep what the model computes. One file a pass.
//!
//! The rewritten graph is public. Where weights are hidden, it depends on their shapes alone: two sets of weights of one
//! graph give the same graph. What looks at values, such as a bias that is left out because it is zero, is only done where
//! they are public, and is told by [`Applied::values`].

pub mod absorb_parameters;
pub mod common_subexpressions;
pub mod fold_average;
pub mod fold_batch_norm;
pub mod fold_constants;
pub mod fold_norm_forward;
pub mod fold_pad;
pub mod fold_scale;
pub mod identities;
pub mod literals;
pub mod merge_clips;
pub mod order_before_argmax;
pub mod pool_first;
pub mod select_first;
mod weighted;

use serde::Serialize;

use crate::{
    error::ModelError,
    graph::{Node, NodeId, Visible},
    layer::Kind,
    model::{Model, Weights, prune},
    tensor::Tensor,
};

/// A pass: rewrites the draft, and says how many places it changed.
type Pass = (&'static str, fn(&mut Draft) -> usize);

/// The passes, in order; they are repeated until none finds anything.
const PASSES: &[Pass] = &[
    ("literals", literals::run),
    ("identities", identities::run),
    ("fold_constants", fold_constants::run),
    ("absorb_parameters", absorb_parameters::run),
    ("common_subexpressions", common_subexpressions::run),
    ("merge_clips", merge_clips::run),
    ("select_first", select_first::run),
    ("order_before_argmax", order_before_argmax::run),
    ("fold_pad", fold_pad::run),
    ("fold_batch_norm", fold_batch_norm::run),
    ("fold_norm_forward", fold_norm_forward::run),
    ("fold_scale", fold_scale::run),
    ("fold_average", fold_average::run),
    ("pool_first", pool_first::run),
];

/// What a pass did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// The pass.
    pub pass: &'static str,
    /// In how many places it changed the graph.
    pub times: usize,
    /// The constraints that it saved, with 8 bits for every weight and every rescaled value; known if samples were given.
    pub saved: Option<i64>,
    /// Whether what it did depends on the values of weights, as it may where they are public: a circuit that hides them would
    /// show something of them.
    pub values: bool,
}

/// A graph while it is rewritten: nodes that may be changed, bypassed or dropped.
pub struct Draft {
    nodes: Vec<Node>,
    weights: Weights,
    output: NodeId,
    /// Whether weights are hidden: then no pass may look at their values.
    hidden: bool,
    /// Whether a pass did.
    values: bool,
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
    fn weight(&self, node: NodeId, name: &str) -> Option<&Tensor> {
        self.weights.get(&format!("{}.{name}", self.nodes[node.0].name))
    }

    /// The value of a node that is a parameter.
    fn parameter(&self, id: NodeId) -> Option<&Tensor> {
        if self.kind(id)? == Kind::Parameter { self.weight(id, "value") } else { None }
    }

    /// The algebra of a node's layer; nothing for the input and for what is dead.
    fn kind(&self, id: NodeId) -> Option<Kind> {
        self.nodes[id.0].layer.as_ref().map(|l| l.kind())
    }

    /// Whether a node has parameters.
    fn has_params(&self, id: NodeId) -> bool {
        !self.param_names(id).is_empty()
    }

    /// The names of a node's parameters.
    fn param_names(&self, id: NodeId) -> Vec<&'static str> {
        let node = &self.nodes[id.0];
        let shapes: Vec<_> = node.inputs.iter().map(|n| &self.nodes[n.0].shape).collect();
        node.layer.as_ref().map(|l| l.params(&shapes).iter().map(|p| p.name).collect()).unwrap_or_default()
    }

    /// Lets a node and its only user change places: the layers move, with their names and origins.
    fn swap(&mut self, id: NodeId, user: NodeId) {
        let (first, second) = (id.0.min(user.0), id.0.max(user.0));
        let (head, tail) = self.nodes.split_at_mut(second);
        let (a, b) = (&mut head[first], &mut tail[0]);
        std::mem::swap(&mut a.layer, &mut b.layer);
        std::mem::swap(&mut a.name, &mut b.name);
        std::mem::swap(&mut a.origin, &mut b.origin);
        let input = self.nodes[self.nodes[id.0].inputs[0].0].shape.clone();
        if let Some(Ok(shape)) = self.nodes[id.0].layer.as_ref().map(|l| l.shape(&[&input])) {
            self.nodes[id.0].shape = shape;
        }
    }

    /// Lets every user of `node` take what it takes instead; the node is then dead.
    fn bypass(&mut self, node: NodeId) {
        self.replace(node, self.nodes[node.0].inputs[0]);
    }

    /// Lets every user of `node` take `input` instead; the node is then dead.
    fn replace(&mut self, node: NodeId, input: NodeId) {
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

/// The rewritten model, and for each pass how often it applied. The model's visibility says whether weights are hidden.
///
/// # Errors
/// Never for a valid model: the rewritten graph passes the same checks.
pub fn optimize(model: &Model) -> Result<(Model, Vec<Applied>), ModelError> {
    optimize_with(model, model.visibility().weights, &mut |_| None)
}

/// As [`optimize`], for weights that are seen so, asking after each pass what the model costs now.
///
/// # Errors
/// As there.
pub(crate) fn optimize_with(
    model: &Model,
    weights: Visible,
    cost: &mut dyn FnMut(&Model) -> Option<usize>,
) -> Result<(Model, Vec<Applied>), ModelError> {
    let nothing = |pass: &Pass| Applied { pass: pass.0, times: 0, saved: None, values: false };
    let mut applied: Vec<Applied> = PASSES.iter().map(nothing).collect();
    let mut model = model.clone();
    let mut price = None;
    loop {
        let mut changed = 0;
        for ((_, pass), record) in PASSES.iter().zip(&mut applied) {
            let graph = model.graph();
            let mut draft = Draft {
                nodes: graph.nodes().to_vec(),
                weights: model.weights().clone(),
                output: graph.output(),
                hidden: weights != Visible::Public,
                values: false,
            };
            let times = pass(&mut draft);
            // What a pass leaves as it is, may tell as much as what it does.
            record.values |= draft.values;
            if times == 0 {
                continue;
            }
            let before = price.unwrap_or_else(|| cost(&model));
            let (rewritten, tensors) = prune(graph, &draft.nodes, draft.output, draft.weights)?;
            model = Model::new(rewritten, model.visibility(), tensors)?;
            let after = cost(&model);
            price = Some(after);
            if let (Some(before), Some(after)) = (before, after) {
                *record.saved.get_or_insert(0) += before as i64 - after as i64;
            }
            record.times += times;
            changed += times;
        }
        if changed == 0 {
            return Ok((model, applied));
        }
    }
}
