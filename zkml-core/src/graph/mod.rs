//! The network: nodes in order, their shapes, and where each came from.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fmt,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    digest::Digest,
    error::{GraphError, LayerError, Origin},
    layer::{AnyLayer, Args, Kind, Param},
    shape::Shape,
};

/// A node of a [`Graph`]; the input is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NodeId(pub usize);

/// The values that the input may take.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Range {
    /// Whole numbers, both ends included: pixels. They are taken as they are.
    Whole(i64, i64),
    /// Reals, both ends included: the plan chooses how finely they are taken.
    Real(f64, f64),
}

impl Range {
    /// The ends as numbers.
    pub fn ends(&self) -> (f64, f64) {
        match *self {
            Self::Whole(lo, hi) => (lo as f64, hi as f64),
            Self::Real(lo, hi) => (lo, hi),
        }
    }
}

/// Who sees a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visible {
    /// Everyone: a public input of the proof (or, for weights, a constant of the circuit).
    Public,
    /// The prover alone.
    Private,
    /// The prover alone, bound to a public, salted commitment.
    Committed,
}

/// Who sees the input, the weights and the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visibility {
    /// The input.
    pub input: Visible,
    /// The weights.
    pub weights: Visible,
    /// The output.
    pub output: Visible,
}

impl Visibility {
    /// The same, with what is committed to kept private instead.
    pub fn without_commitments(self) -> Self {
        let plain = |visible| match visible {
            Visible::Committed | Visible::Private => Visible::Private,
            Visible::Public => Visible::Public,
        };
        Self { input: plain(self.input), weights: plain(self.weights), output: plain(self.output) }
    }
}

impl Default for Visibility {
    /// A private input, public weights, a public answer.
    fn default() -> Self {
        Self { input: Visible::Private, weights: Visible::Public, output: Visible::Public }
    }
}

/// A node: a layer and what it is applied to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// The name, which its parameters carry in front of theirs.
    pub name: String,
    /// The layer, `None` for the input.
    pub layer: Option<AnyLayer>,
    /// The nodes that it takes.
    pub inputs: Vec<NodeId>,
    /// The shape of its output.
    pub shape: Shape,
    /// Where it was described.
    pub origin: Origin,
}

/// A network with one input and one output.
///
/// The only way to add a node is [`Graph::push`], which checks shapes; so a graph that exists is consistent.
#[derive(Clone, Debug)]
pub struct Graph {
    name: String,
    range: Option<Range>,
    nodes: Vec<Node>,
    output: NodeId,
    /// For every kind of layer, how many numbers were tried for its unnamed nodes.
    numbers: BTreeMap<&'static str, usize>,
    /// The names of all nodes, to be looked up.
    names: HashSet<String>,
}

impl PartialEq for Graph {
    /// Which numbers were tried for names is no part of the network, and the names are in the nodes.
    fn eq(&self, other: &Self) -> bool {
        let Self { name, range, nodes, output, numbers: _, names: _ } = self;
        (name, range, nodes, output) == (&other.name, &other.range, &other.nodes, &other.output)
    }
}

impl Graph {
    /// A graph with nothing but an input of this shape.
    pub fn new(name: &str, input: Shape) -> Self {
        let node =
            Node { name: "input".to_owned(), layer: None, inputs: vec![], shape: input, origin: Origin::Unknown };
        let names = HashSet::from([node.name.clone()]);
        Self {
            name: name.to_owned(),
            range: None,
            nodes: vec![node],
            output: NodeId(0),
            numbers: BTreeMap::new(),
            names,
        }
    }

    /// The same graph with the values that its input may take. Without, calibration chooses.
    ///
    /// # Errors
    /// If the range is empty, not finite or wider than `2^32`.
    pub fn with_range(mut self, range: Range) -> Result<Self, GraphError> {
        let (lo, hi) = range.ends();
        if !(lo.is_finite() && hi.is_finite() && lo < hi && hi - lo <= 4294967296.0 && lo.abs().max(hi.abs()) < 1e15) {
            return Err(GraphError::Malformed(format!(
                "the input range {lo} to {hi} is not a range; expected two finite numbers, the smaller first, at most 2^32 apart"
            )));
        }
        self.range = Some(range);
        Ok(self)
    }

    /// The input's node.
    pub fn input(&self) -> NodeId {
        NodeId(0)
    }

    /// Adds a layer and makes it the output.
    ///
    /// An empty `name` is replaced by the layer's name and a number.
    ///
    /// # Errors
    /// If an input does not exist, the layer refuses the shapes, or the name of a layer with parameters is taken.
    pub fn push(
        &mut self,
        layer: AnyLayer,
        inputs: &[NodeId],
        name: &str,
        origin: Origin,
    ) -> Result<NodeId, GraphError> {
        if let Some(missing) = inputs.iter().find(|i| i.0 >= self.nodes.len()) {
            return Err(GraphError::Dangling { origin, found: missing.0, nodes: self.nodes.len() });
        }
        let shapes: Vec<&Shape> = inputs.iter().map(|i| &self.nodes[i.0].shape).collect();
        let shape = layer.shape(&shapes).map_err(|error| GraphError::Layer { origin: origin.clone(), error })?;
        if let Some(large) = layer.params(&shapes).iter().find(|p| p.shape.len() > Shape::MAX_LEN) {
            let message = format!(
                "parameter `{}` of shape {} has more than {} elements",
                large.name,
                large.shape,
                Shape::MAX_LEN
            );
            return Err(GraphError::Layer { origin, error: LayerError::call(message) });
        }
        let name = if name.is_empty() {
            let kind = layer.card().name;
            loop {
                let number = self.numbers.entry(kind).or_default();
                *number += 1;
                let candidate = format!("{kind}{number}");
                if !self.names.contains(&candidate) {
                    break candidate;
                }
            }
        } else if self.names.contains(name) {
            return Err(GraphError::Name { origin, name: name.to_owned() });
        } else {
            name.to_owned()
        };
        self.names.insert(name.clone());
        self.nodes.push(Node { name, layer: Some(layer), inputs: inputs.to_vec(), shape, origin });
        self.output = NodeId(self.nodes.len() - 1);
        Ok(self.output)
    }

    /// Adds a layer by its name in the DSL, without a name or an origin of its own.
    ///
    /// # Errors
    /// As [`Graph::push`], and if the layer is unknown or its arguments are refused.
    pub fn add(&mut self, layer: &str, args: Args, inputs: &[NodeId]) -> Result<NodeId, GraphError> {
        let layer =
            AnyLayer::parse(layer, args).map_err(|error| GraphError::Layer { origin: Origin::Unknown, error })?;
        self.push(layer, inputs, "", Origin::Unknown)
    }

    /// Makes another node the output.
    ///
    /// # Errors
    /// If it does not exist.
    pub fn set_output(&mut self, node: NodeId) -> Result<(), GraphError> {
        if node.0 >= self.nodes.len() {
            return Err(GraphError::Dangling { origin: Origin::Unknown, found: node.0, nodes: self.nodes.len() });
        }
        self.output = node;
        Ok(())
    }

    /// The graph's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The declared range of the input.
    pub fn range(&self) -> Option<Range> {
        self.range
    }

    /// The nodes, each after all that it takes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// One node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// The output's node.
    pub fn output(&self) -> NodeId {
        self.output
    }

    /// The shape of a node's output.
    pub fn shape(&self, id: NodeId) -> &Shape {
        &self.nodes[id.0].shape
    }

    /// The shapes that a node takes.
    pub fn input_shapes(&self, id: NodeId) -> Vec<&Shape> {
        self.nodes[id.0].inputs.iter().map(|i| self.shape(*i)).collect()
    }

    /// The number of classes, if the graph ends in the `argmax` of a vector, the first among equals.
    pub fn classes(&self) -> Option<usize> {
        self.classified().map(|scores| self.shape(scores).len())
    }

    /// The node whose values are the model's scores: what `argmax` takes, or else the output.
    pub fn scores(&self) -> NodeId {
        self.classified().unwrap_or(self.output)
    }

    /// What the `argmax` takes that the graph ends in, if it does.
    fn classified(&self) -> Option<NodeId> {
        let node = self.node(self.output);
        let class = node.layer.as_ref().is_some_and(|layer| layer.kind() == Kind::Argmax { class: true });
        node.inputs.first().copied().filter(|scores| class && self.shape(*scores).rank() == 1)
    }

    /// A node's parameters, with their full names.
    pub fn params(&self, id: NodeId) -> Vec<(String, Param)> {
        let node = self.node(id);
        let Some(layer) = &node.layer else { return vec![] };
        layer.params(&self.input_shapes(id)).into_iter().map(|p| (format!("{}.{}", node.name, p.name), p)).collect()
    }

    /// All parameters, in the order of the nodes.
    pub fn all_params(&self) -> Vec<(String, Param)> {
        (0..self.nodes.len()).flat_map(|i| self.params(NodeId(i))).collect()
    }

    /// The number of trained numbers.
    pub fn parameter_count(&self) -> usize {
        self.all_params().iter().map(|(_, p)| p.shape.len()).sum()
    }

    /// For every node, the nodes that take it.
    pub fn users(&self) -> Vec<Vec<NodeId>> {
        let mut users = vec![vec![]; self.nodes.len()];
        for (i, node) in self.nodes.iter().enumerate() {
            for input in &node.inputs {
                users[input.0].push(NodeId(i));
            }
        }
        users
    }

    /// SHA-256 of the network: layers, arguments, wiring, shapes and range; not names and not origins.
    pub fn digest(&self) -> Digest {
        let nodes: Vec<_> = self.nodes.iter().map(|n| (&n.layer, &n.inputs, &n.shape)).collect();
        let canonical = (("zkml graph 1"), &self.range, nodes, self.output);
        let bytes = serde_json::to_vec(&canonical).unwrap_or_default();
        Digest(Sha256::digest(bytes).into())
    }
}

/// The places that can be reached from `starts`, themselves included, where one leads on to all of `next`.
///
/// With the inputs of a node as `next`, the other nodes are dead: readers and passes leave them out.
///
/// ```
/// # use zkml_core::graph::reachable;
/// let inputs = [vec![], vec![0], vec![0], vec![2, 0]];
/// assert_eq!(Vec::from_iter(reachable([3], |node: usize| inputs[node].clone())), [0, 2, 3]);
/// ```
pub fn reachable<T: Copy + Ord, I: IntoIterator<Item = T>>(
    starts: impl IntoIterator<Item = T>,
    mut next: impl FnMut(T) -> I,
) -> BTreeSet<T> {
    let mut open: Vec<T> = starts.into_iter().collect();
    let mut seen = BTreeSet::new();
    while let Some(place) = open.pop() {
        if seen.insert(place) {
            open.extend(next(place));
        }
    }
    seen
}

/// A stored graph is pushed anew when it is read, so that no check is passed by.
#[derive(Serialize, Deserialize)]
struct Stored {
    name: String,
    range: Option<Range>,
    nodes: Vec<Node>,
    output: NodeId,
}

impl Serialize for Graph {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Stored { name: self.name.clone(), range: self.range, nodes: self.nodes.clone(), output: self.output }
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Graph {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let stored = Stored::deserialize(deserializer)?;
        let mut nodes = stored.nodes.into_iter();
        let input = nodes.next().ok_or_else(|| D::Error::custom("a graph without nodes"))?;
        if input.layer.is_some() || input.shape.is_empty() || input.shape.len() > Shape::MAX_LEN {
            return Err(D::Error::custom("the first node of a graph must be an input"));
        }
        if input.shape.rank() > Shape::MAX_RANK {
            let (found, most) = (input.shape.rank(), Shape::MAX_RANK);
            return Err(D::Error::custom(format!("the input has {found} axes, more than {most}")));
        }
        let mut graph = Self::new(&stored.name, input.shape);
        if let Some(range) = stored.range {
            graph = graph.with_range(range).map_err(D::Error::custom)?;
        }
        for node in nodes {
            let layer = node.layer.ok_or_else(|| D::Error::custom("a second input in a graph"))?;
            let id = graph.push(layer, &node.inputs, &node.name, node.origin).map_err(D::Error::custom)?;
            if *graph.shape(id) != node.shape {
                return Err(D::Error::custom(format!(
                    "node `{}` has shape {}, stored as {}",
                    node.name,
                    graph.shape(id),
                    node.shape
                )));
            }
        }
        graph.set_output(stored.output).map_err(D::Error::custom)?;
        Ok(graph)
    }
}

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({} parameters)", self.name, self.parameter_count())?;
        for (i, node) in self.nodes.iter().enumerate() {
            let kind = node.layer.as_ref().map_or("input", |l| l.card().name);
            let inputs: Vec<&str> = node.inputs.iter().map(|n| self.node(*n).name.as_str()).collect();
            let params: usize = self.params(NodeId(i)).iter().map(|(_, p)| p.shape.len()).sum();
            writeln!(
                f,
                "  {:<18} {:<14} {:<18} {:>9}  {}",
                node.name,
                kind,
                node.shape.to_string(),
                params,
                inputs.join(", ")
            )?;
        }
        Ok(())
    }
}
