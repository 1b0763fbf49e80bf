//! Lowering: values with channels first or last, and the nodes made from them.

use std::collections::BTreeMap;

use zkml_core::{graph::NodeId, shape::Shape, tensor::Tensor};

use super::fault::{LayerRef, misuse};
use crate::{
    builder::{Builder, Value as Held},
    error::ImportError,
    ops::{Op, Unary, lower},
};

/// A tensor of the Keras model.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Value {
    /// Its shape in Keras, without the batch.
    pub(super) shape: Shape,
    /// How the node holds it.
    pub(super) layout: Layout,
    /// The node that holds it.
    pub(super) node: NodeId,
    /// A softmax that is yet to be applied along the last axis: at the end of the model it may be dropped.
    pub(super) softmax: Option<Softmax>,
}

/// The layout in which a node holds a tensor of the Keras model.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Layout {
    /// As Keras does.
    Keras,
    /// Channels first, the last axis of Keras: `[channels, ..]`.
    ChannelsFirst,
    /// A vector, flattened with the channels first from a tensor that has this shape in Keras.
    Flat(Shape),
}

/// The scores' normalisation at the end of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Softmax {
    /// `softmax`.
    Plain,
    /// `log_softmax`.
    Log,
}

impl Softmax {
    /// The operator, along an axis.
    pub(super) fn op(self, axis: usize) -> Op {
        match self {
            Self::Plain => Op::Softmax { axis },
            Self::Log => Op::LogSoftmax { axis },
        }
    }
}

/// The graph and the weights as they grow.
pub(super) struct Lowering {
    pub(super) builder: Builder,
    /// The layer that is being translated.
    pub(super) layer: LayerRef,
    /// The name of its first node, as long as that is to come.
    name: Option<String>,
    /// Layout changes made so far, so that none is made twice.
    changed: BTreeMap<(NodeId, Vec<usize>), NodeId>,
    /// Reshapes made so far, by what they give.
    reshaped: BTreeMap<(NodeId, Shape), NodeId>,
    /// How many elements of weights may still be made: a layer used many times repeats its own.
    budget: usize,
}

impl Lowering {
    pub(super) fn new(builder: Builder, budget: usize) -> Self {
        let layer = LayerRef { name: "input".to_owned(), class: "InputLayer".to_owned() };
        Self { builder, layer, name: None, changed: BTreeMap::new(), reshaped: BTreeMap::new(), budget }
    }

    /// Starts a layer: its first node is called `prefix` and the layer's name, with a number where that is taken.
    pub(super) fn start(&mut self, prefix: &str, layer: &LayerRef) {
        self.layer = layer.clone();
        self.name = Some(format!("{prefix}{}", layer.name));
    }

    /// The node of an operator, applied to nodes and then weights.
    pub(super) fn op(&mut self, op: Op, nodes: &[NodeId], weights: Vec<Tensor>) -> Result<NodeId, ImportError> {
        let elements: usize = weights.iter().map(Tensor::len).sum();
        match self.budget.checked_sub(elements) {
            Some(left) => self.budget = left,
            None => return Err(misuse(&self.layer, "a layer with weights is used more often than its file suggests")),
        }
        let name = match self.name.take() {
            Some(name) => name,
            None if weights.is_empty() => String::new(),
            None => self.layer.name.clone(),
        };
        let nodes = nodes.iter().map(|node| Held::Node(*node));
        let inputs: Vec<Held> = nodes.chain(weights.into_iter().map(Held::weight)).collect();
        let origin = self.layer.origin();
        let value = lower(&mut self.builder, &op, &inputs, &name, &origin)?;
        self.builder.node(&value, &name, &origin)
    }

    /// A node without a name of its own: one that changes the layout, or a step of a composition.
    pub(super) fn quiet(&mut self, op: Op, nodes: &[NodeId]) -> Result<NodeId, ImportError> {
        let name = self.name.take();
        let node = self.op(op, nodes, vec![]);
        self.name = name;
        node
    }

    /// The shape of a node's tensor.
    pub(super) fn shape(&self, node: NodeId) -> Shape {
        self.builder.graph().shape(node).clone()
    }

    /// A node with its axes in another order; the node itself where that is the order it has.
    pub(super) fn permute(&mut self, node: NodeId, axes: &[usize]) -> Result<NodeId, ImportError> {
        if axes.iter().enumerate().all(|(i, axis)| i == *axis) {
            return Ok(node);
        }
        if let Some(known) = self.changed.get(&(node, axes.to_vec())) {
            return Ok(*known);
        }
        let permuted = self.quiet(Op::Permute { axes: axes.to_vec() }, &[node])?;
        self.changed.insert((node, axes.to_vec()), permuted);
        let mut back = vec![0; axes.len()];
        for (i, axis) in axes.iter().enumerate() {
            back[*axis] = i;
        }
        self.changed.insert((permuted, back), node);
        Ok(permuted)
    }

    /// A node under another shape; the node itself where that is the shape it has.
    pub(super) fn reshape(&mut self, node: NodeId, shape: &Shape) -> Result<NodeId, ImportError> {
        if self.builder.graph().shape(node) == shape {
            return Ok(node);
        }
        if let Some(known) = self.reshaped.get(&(node, shape.clone())) {
            return Ok(*known);
        }
        let reshaped = self.quiet(Op::Reshape { shape: shape.dims().to_vec() }, &[node])?;
        self.reshaped.insert((node, shape.clone()), reshaped);
        Ok(reshaped)
    }

    /// The node that holds a value as Keras does.
    pub(super) fn keras(&mut self, value: &Value) -> Result<NodeId, ImportError> {
        match &value.layout {
            Layout::Keras => Ok(value.node),
            Layout::ChannelsFirst => {
                let rank = value.shape.rank();
                let axes: Vec<usize> = (1..rank).chain([0]).collect();
                self.permute(value.node, &axes)
            }
            Layout::Flat(image) => {
                let image =
                    Value { shape: image.clone(), layout: Layout::ChannelsFirst, node: value.node, softmax: None };
                let node = self.reshape(value.node, &first(&image.shape))?;
                let node = self.keras(&Value { node, ..image })?;
                self.reshape(node, &value.shape)
            }
        }
    }

    /// The node that holds a value with its last axis first.
    pub(super) fn first(&mut self, value: &Value) -> Result<NodeId, ImportError> {
        match &value.layout {
            Layout::ChannelsFirst => Ok(value.node),
            _ if value.shape.rank() <= 1 => self.keras(value),
            _ => {
                let node = self.keras(value)?;
                let last = value.shape.rank() - 1;
                let axes: Vec<usize> = [last].into_iter().chain(0..last).collect();
                self.permute(node, &axes)
            }
        }
    }

    /// A value that a node holds as Keras does.
    pub(super) fn as_keras(&self, node: NodeId) -> Value {
        Value { shape: self.shape(node), layout: Layout::Keras, node, softmax: None }
    }

    /// A value that a node holds with its last axis first.
    pub(super) fn as_first(&self, node: NodeId) -> Value {
        let held = self.shape(node);
        if held.rank() <= 1 {
            return self.as_keras(node);
        }
        let dims = held.dims();
        let shape = Shape::new(dims[1..].iter().chain(&dims[..1]).copied().collect::<Vec<_>>());
        Value { shape, layout: Layout::ChannelsFirst, node, softmax: None }
    }

    /// An image or a sequence as convolutions take it: channels first, from either `data_format`.
    pub(super) fn image(&mut self, value: &Value, rank: usize, channels_first: bool) -> Result<NodeId, ImportError> {
        if value.shape.rank() != rank {
            return Err(misuse(
                &self.layer,
                format!("its input has shape {} without the batch, expected {rank} axes", value.shape),
            ));
        }
        if channels_first { self.keras(value) } else { self.first(value) }
    }

    /// What a convolution gives, as a value.
    pub(super) fn as_image(&self, node: NodeId, channels_first: bool) -> Value {
        if channels_first { self.as_keras(node) } else { self.as_first(node) }
    }

    /// A layer that changes each element alone, and so keeps the layout.
    pub(super) fn each(&mut self, op: Unary, value: &Value) -> Result<Value, ImportError> {
        let node = self.op(Op::Unary(op), &[value.node], vec![])?;
        Ok(Value { node, ..value.clone() })
    }

    /// Applies the softmax that was left for the end.
    pub(super) fn settle(&mut self, value: &Value) -> Result<Value, ImportError> {
        let Some(softmax) = value.softmax else { return Ok(value.clone()) };
        let plain = Value { softmax: None, ..value.clone() };
        let node = self.keras(&plain)?;
        let node = self.quiet(softmax.op(0), &[node])?;
        Ok(self.as_keras(node))
    }
}

/// The shape of a tensor with its last axis first.
pub(super) fn first(shape: &Shape) -> Shape {
    match shape.dims().split_last() {
        Some((last, rest)) => Shape::new([last].into_iter().chain(rest).copied().collect::<Vec<_>>()),
        None => shape.clone(),
    }
}
