//! The graph builder: a graph under construction, and its weights.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use zkml_core::{
    error::{ModelError, Origin},
    graph::{Graph, Node, NodeId, Range, Visibility},
    layer::{AnyLayer, Args, Literal},
    model::{Model, Weights, prune},
    shape::Shape,
    tensor::Tensor,
};

use crate::error::ImportError;

/// A value of a foreign model. What is no node is known while reading: by the description, or by training.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// What a node of the graph gives.
    Node(NodeId),
    /// Stated by the network's description: a shape, an index, a number such as the 0.5 of a written-out GELU. It may
    /// stand in the graph, which everyone sees.
    Constant(Arc<Tensor>),
    /// Trained: it only ever becomes parameters, so that the graph depends on its shape alone and a circuit can hide it.
    Weight(Arc<Tensor>),
}

impl Value {
    /// A constant.
    pub fn constant(tensor: Tensor) -> Self {
        Self::Constant(Arc::new(tensor))
    }

    /// A trained tensor.
    pub fn weight(tensor: Tensor) -> Self {
        Self::Weight(Arc::new(tensor))
    }

    /// The tensor of a constant or weight.
    pub fn tensor(&self) -> Option<&Tensor> {
        match self {
            Self::Node(_) => None,
            Self::Constant(tensor) | Self::Weight(tensor) => Some(tensor),
        }
    }

    /// Whether it is trained.
    pub fn is_weight(&self) -> bool {
        matches!(self, Self::Weight(_))
    }

    /// What was computed from this value: a weight if this is one.
    #[must_use]
    pub fn computed(&self, tensor: Tensor) -> Self {
        if self.is_weight() { Self::weight(tensor) } else { Self::constant(tensor) }
    }
}

/// What a reader gives: the network, and its weights by the names of its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// The network.
    pub graph: Graph,
    /// A tensor for each of its parameters.
    pub weights: Weights,
}

impl Import {
    /// The same network with the values that its input may take. Without, calibration chooses.
    ///
    /// # Errors
    /// If the range is not one, see [`Graph::with_range`].
    pub fn with_range(self, range: Range) -> Result<Self, ImportError> {
        Ok(Self { graph: self.graph.with_range(range)?, weights: self.weights })
    }

    /// The same network, answering the class: the position of the largest of its scores, the first of equal ones. A network that
    /// answers a class already stays as it is.
    ///
    /// # Errors
    /// If its output is no vector of at least two scores.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, model::Weights, shape::Shape};
    /// # use zkml_import::Import;
    /// let mut graph = Graph::new("scores", Shape::new([3]));
    /// graph.add("relu", Args::new(), &[graph.input()])?;
    /// let import = Import { graph, weights: Weights::new() }.classify()?;
    /// assert_eq!(import.graph.classes(), Some(3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn classify(mut self) -> Result<Self, ImportError> {
        if self.graph.classes().is_some() {
            return Ok(self);
        }
        let output = self.graph.output();
        let shape = self.graph.shape(output);
        if !matches!(shape.dims(), [classes] if *classes >= 2) {
            let found = format!("an output of shape {shape}");
            let expected = "a vector of at least two scores to take the class of";
            return Err(ImportError::shape(&self.graph.node(output).origin, found, expected)
                .help("take the output as it is, or end the network in one score a class"));
        }
        self.graph.add("argmax", Args::new(), &[output])?;
        Ok(self)
    }

    /// The same network for bytes, whole numbers from 0 to 255, which a first layer divides as in training: `x = byte / divide`.
    ///
    /// # Errors
    /// If the divisor is zero or not finite.
    ///
    /// ```
    /// # use zkml_core::{graph::{Graph, Range}, layer::Args, model::Weights, shape::Shape, tensor::Tensor};
    /// # use zkml_import::Import;
    /// # use zkml_core::graph::Visibility;
    /// let mut graph = Graph::new("halves", Shape::new([2]));
    /// graph.add("relu", Args::new(), &[graph.input()])?;
    /// let import = Import { graph, weights: Weights::new() }.bytes(255.0)?;
    /// assert_eq!(import.graph.range(), Some(Range::Whole(0, 255)));
    /// let model = import.model(Visibility::default())?;
    /// assert_eq!(model.forward(&Tensor::vector(vec![0.0, 51.0]))?.data(), [0.0, 0.2]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn bytes(self, divide: f64) -> Result<Self, ImportError> {
        let old = self.graph;
        let mut graph = Graph::new(old.name(), old.shape(old.input()).clone()).with_range(Range::Whole(0, 255))?;
        let mut ids = vec![graph.input()];
        if divide != 1.0 {
            let taken = |name: &String| old.nodes().iter().any(|node| node.name == *name);
            let name = (1..).map(|n| format!("bytes{n}")).find(|name| !taken(name)).unwrap_or_default();
            let layer = AnyLayer::parse("scale", Args::new().with("factor", 1.0 / divide))
                .map_err(|error| ImportError::layer(&Origin::Unknown, error))?;
            ids = vec![graph.push(layer, &ids, &name, Origin::Unknown)?];
        }
        for node in old.nodes() {
            if let Node { layer: Some(layer), inputs, name, origin, .. } = node {
                let inputs: Vec<NodeId> = inputs.iter().filter_map(|id| ids.get(id.0).copied()).collect();
                ids.push(graph.push(layer.clone(), &inputs, name, origin.clone())?);
            }
        }
        if let Some(output) = ids.get(old.output().0) {
            graph.set_output(*output)?;
        }
        Ok(Self { graph, weights: self.weights })
    }

    /// The model.
    ///
    /// # Errors
    /// Never for what a reader gave.
    pub fn model(self, visibility: Visibility) -> Result<Model, ModelError> {
        Model::new(self.graph, visibility, self.weights)
    }
}

/// A [`Graph`] under construction, with the weights that belong to it. Nothing in it has a batch axis.
///
/// ```
/// # use zkml_import::builder::{Builder, Value};
/// # use zkml_core::{error::Origin, layer::Args, shape::Shape, tensor::Tensor};
/// let mut builder = Builder::new("model", Shape::new([2]))?;
/// let weight = Tensor::of([1, 2], &[1.0, 2.0])?;
/// let args = Args::new().with("units", 1).with("bias", false);
/// let node = builder.push_with("dense", args, &[builder.input()], vec![("weight", weight)], "fc", &Origin::Unknown)?;
/// let import = builder.finish(&Value::Node(node))?;
/// assert!(import.weights.get("fc.weight").is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    graph: Graph,
    weights: Weights,
    names: BTreeSet<String>,
    /// For every name that was asked for again, the last number tried.
    numbers: BTreeMap<String, usize>,
    /// How many elements parameters may still have.
    room: usize,
}

impl Builder {
    /// The most nodes that a graph may get.
    pub const MAX_NODES: usize = 20_000;

    /// A graph with nothing but an input of this shape, a sample's.
    ///
    /// # Errors
    /// If the shape has no element, or more than a tensor may have.
    pub fn new(name: &str, input: Shape) -> Result<Self, ImportError> {
        if input.is_empty() || input.len() > Shape::MAX_LEN {
            let expected = format!("1 to {} elements", Shape::MAX_LEN);
            return Err(ImportError::shape(&Origin::Unknown, format!("an input of shape {input}"), expected));
        }
        let graph = Graph::new(name, input);
        let names = graph.nodes().iter().map(|n| n.name.clone()).collect();
        Ok(Self { graph, weights: Weights::new(), names, numbers: BTreeMap::new(), room: usize::MAX })
    }

    /// Lets parameters have so many elements together, and no more.
    pub fn limit_parameters(&mut self, elements: usize) {
        self.room = elements;
    }

    /// The input's node.
    pub fn input(&self) -> NodeId {
        self.graph.input()
    }

    /// The graph so far.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The shape of a value.
    pub fn shape(&self, value: &Value) -> Shape {
        match value {
            Value::Node(node) => self.graph.shape(*node).clone(),
            Value::Constant(tensor) | Value::Weight(tensor) => tensor.shape().clone(),
        }
    }

    /// Adds a layer without parameters.
    ///
    /// A name that is taken gets a number; an empty one becomes the layer's name and a number.
    ///
    /// # Errors
    /// If the layer is unknown, or refuses its arguments or inputs, or the graph is too large.
    pub fn push(
        &mut self,
        layer: &str,
        args: Args,
        inputs: &[NodeId],
        name: &str,
        origin: &Origin,
    ) -> Result<NodeId, ImportError> {
        self.push_with(layer, args, inputs, vec![], name, origin)
    }

    /// Adds a layer and its parameters, by their names within the layer.
    ///
    /// # Errors
    /// As [`Builder::push`]. Whether the parameters are the layer's is checked by [`Builder::finish`].
    pub fn push_with(
        &mut self,
        layer: &str,
        args: Args,
        inputs: &[NodeId],
        params: Vec<(&str, Tensor)>,
        name: &str,
        origin: &Origin,
    ) -> Result<NodeId, ImportError> {
        if self.graph.nodes().len() >= Self::MAX_NODES {
            let found = format!("more than {} layers", Self::MAX_NODES);
            return Err(ImportError::unsupported(origin, found, "a smaller network"));
        }
        let elements = params.iter().map(|(_, tensor)| tensor.len()).sum();
        self.room = self.room.checked_sub(elements).ok_or_else(|| {
            let found = "weights that are used again and again, each time as parameters of their own";
            ImportError::unsupported(origin, found, "weights used a few times")
        })?;
        let layer = AnyLayer::parse(layer, args).map_err(|error| ImportError::layer(origin, error))?;
        let name = self.unique(name);
        let node = self.graph.push(layer, inputs, &name, origin.clone())?;
        let name = self.graph.node(node).name.clone();
        for (param, tensor) in params {
            self.weights.insert(format!("{name}.{param}"), tensor);
        }
        self.names.insert(name);
        Ok(node)
    }

    /// The value as a node: a constant or weight becomes the layer `parameter`.
    ///
    /// # Errors
    /// As [`Builder::push`].
    pub fn node(&mut self, value: &Value, name: &str, origin: &Origin) -> Result<NodeId, ImportError> {
        let tensor = match value {
            Value::Node(node) => return Ok(*node),
            Value::Constant(tensor) | Value::Weight(tensor) => tensor,
        };
        // A single number has no axis abroad, and one here.
        let shape = match tensor.shape().dims() {
            [] => Shape::new([1]),
            dims => Shape::from(dims),
        };
        let args = Args::new().with("shape", list(shape.dims()));
        let tensor = Tensor::from_fn(shape, |i| tensor.data()[i]);
        self.push_with("parameter", args, &[], vec![("value", tensor)], name, origin)
    }

    /// The network up to this value. Layers that it does not need are left out.
    ///
    /// # Errors
    /// If the value does not depend on the input, or the weights are not exactly the parameters of the layers.
    pub fn finish(self, output: &Value) -> Result<Import, ImportError> {
        let constant = || {
            ImportError::malformed(
                &Origin::Unknown,
                "an output that is the same for every input",
                "one that depends on it",
            )
        };
        let Value::Node(output) = output else { return Err(constant()) };
        let (graph, weights) = prune(&self.graph, self.graph.nodes(), *output, self.weights)?;
        let used = graph.nodes().iter().any(|node| node.inputs.contains(&graph.input()));
        if !used && graph.output() != graph.input() {
            return Err(constant());
        }
        weights.check(&graph)?;
        Ok(Import { graph, weights })
    }

    /// `name`, or where that is taken, `name` with a number.
    fn unique(&mut self, name: &str) -> String {
        if name.is_empty() || !self.names.contains(name) {
            return name.to_owned();
        }
        let number = self.numbers.entry(name.to_owned()).or_insert(1);
        loop {
            *number += 1;
            let candidate = format!("{name}_{number}");
            if !self.names.contains(&candidate) {
                return candidate;
            }
        }
    }
}

/// Whole numbers as an argument.
pub fn list(numbers: &[usize]) -> Literal {
    Literal::List(numbers.iter().map(|n| *n as i64).collect())
}
