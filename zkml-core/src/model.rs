//! A model: a graph and its float weights.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::Path,
};

use rand::{Rng, RngCore};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use crate::{
    bounded,
    error::{GraphError, InputError, ModelError, WeightsError},
    graph::{Graph, Node, NodeId, Range, Visibility, reachable},
    layer::{Init, nearest},
    number::float::exp2,
    shape::Shape,
    tensor::Tensor,
};

/// Named float tensors: the parameters of a model.
#[derive(Clone, Default, PartialEq)]
pub struct Weights {
    tensors: BTreeMap<String, Tensor>,
}

/// Names and shapes, without the values: what a program prints ends up in logs.
impl fmt::Debug for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.tensors.iter().map(|(name, tensor)| (name, tensor.shape()))).finish()
    }
}

/// The largest weights file that is read (2 GiB).
const MAX_FILE: u64 = 1 << 31;

impl Weights {
    /// No tensors.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a tensor.
    pub fn insert(&mut self, name: impl Into<String>, tensor: Tensor) {
        self.tensors.insert(name.into(), tensor);
    }

    /// The tensor of that name.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// Names and tensors, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.tensors.iter().map(|(n, t)| (n.as_str(), t))
    }

    /// The tensors by name.
    pub fn into_tensors(self) -> BTreeMap<String, Tensor> {
        self.tensors
    }

    /// Reads the bytes of a safetensors file.
    ///
    /// # Errors
    /// If it is malformed, or holds a tensor whose elements are not floats.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, WeightsError> {
        let file = |reason: String| WeightsError::File { path: "safetensors data".to_owned(), action: "read", reason };
        let parsed = SafeTensors::deserialize(bytes).map_err(|e| file(e.to_string()))?;
        let mut weights = Self::new();
        for (name, view) in parsed.tensors() {
            let data = elements(&name, &view)?;
            let tensor = Tensor::new(view.shape(), data).map_err(|e| file(format!("tensor `{name}`: {e}")))?;
            weights.insert(name, tensor);
        }
        Ok(weights)
    }

    /// Writes a safetensors file that reads back as the same numbers: each tensor as 32-bit floats, or as 64-bit floats if
    /// it holds a number that they don't.
    ///
    /// # Errors
    /// If the format refuses a tensor.
    pub fn to_safetensors(&self) -> Result<Vec<u8>, WeightsError> {
        let file = |reason: String| WeightsError::File { path: "safetensors data".to_owned(), action: "write", reason };
        let bytes: Vec<(String, Vec<usize>, Dtype, Vec<u8>)> = self
            .iter()
            .map(|(name, t)| {
                let short = t.data().iter().all(|x| x.is_nan() || f64::from(*x as f32) == *x);
                let (dtype, data) = match short {
                    true => (Dtype::F32, t.data().iter().flat_map(|x| (*x as f32).to_le_bytes()).collect()),
                    false => (Dtype::F64, t.data().iter().flat_map(|x| x.to_le_bytes()).collect()),
                };
                (name.to_owned(), t.shape().dims().to_vec(), dtype, data)
            })
            .collect();
        let views = bytes
            .iter()
            .map(|(name, shape, dtype, data)| {
                TensorView::new(*dtype, shape.clone(), data).map(|v| (name.clone(), v)).map_err(|e| file(e.to_string()))
            })
            .collect::<Result<Vec<_>, _>>()?;
        safetensors::serialize(views, None).map_err(|e| file(e.to_string()))
    }

    /// Reads a safetensors file.
    ///
    /// # Errors
    /// If it can't be read, is larger than 2 GiB, or as [`Weights::from_safetensors`] says.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, WeightsError> {
        let path = path.as_ref();
        let file = |reason: String| WeightsError::File { path: path.display().to_string(), action: "read", reason };
        let bytes = bounded::read(path, MAX_FILE).map_err(|e| file(e.to_string()))?;
        Self::from_safetensors(&bytes).map_err(|error| match error {
            WeightsError::File { reason, .. } => file(reason),
            other => other,
        })
    }

    /// Checks that these are exactly the graph's parameters, all finite.
    ///
    /// # Errors
    /// If a parameter is missing, unknown, of another shape, not finite, or negative where it can't be.
    pub fn check(&self, graph: &Graph) -> Result<(), WeightsError> {
        let params = graph.all_params();
        let names: Vec<&str> = params.iter().map(|(n, _)| n.as_str()).collect();
        let known: BTreeSet<&str> = names.iter().copied().collect();
        let extra: Vec<&str> = self.tensors.keys().map(String::as_str).filter(|n| !known.contains(n)).collect();
        for (name, param) in &params {
            let Some(tensor) = self.get(name) else {
                let near = nearest(name, &extra).map(str::to_owned);
                return Err(WeightsError::Missing { name: name.clone(), expected: param.shape.clone(), near });
            };
            if *tensor.shape() != param.shape {
                return Err(WeightsError::Shape {
                    name: name.clone(),
                    expected: param.shape.clone(),
                    found: tensor.shape().clone(),
                });
            }
            for (index, value) in tensor.data().iter().enumerate() {
                if !value.is_finite() {
                    return Err(WeightsError::NotFinite { name: name.clone(), index, value: value.to_string() });
                }
                if param.non_negative && *value < 0.0 {
                    return Err(WeightsError::Negative { name: name.clone(), index, value: value.to_string() });
                }
            }
        }
        match extra.first() {
            Some(name) => Err(WeightsError::Extra { name: (*name).to_owned(), parameters: names.join(", ") }),
            None => Ok(()),
        }
    }
}

/// The elements of a stored tensor as `f64`.
fn elements(name: &str, view: &TensorView<'_>) -> Result<Vec<f64>, WeightsError> {
    fn chunks<const N: usize>(data: &[u8], f: impl Fn([u8; N]) -> f64) -> Vec<f64> {
        data.chunks_exact(N).map(|c| f(std::array::from_fn(|i| c[i]))).collect()
    }
    let data = view.data();
    Ok(match view.dtype() {
        Dtype::F64 => chunks(data, f64::from_le_bytes),
        Dtype::F32 => chunks(data, |b| f64::from(f32::from_le_bytes(b))),
        Dtype::BF16 => chunks(data, |b: [u8; 2]| f64::from(f32::from_bits(u32::from(u16::from_le_bytes(b)) << 16))),
        Dtype::F16 => chunks(data, |b: [u8; 2]| half_to_f64(u16::from_le_bytes(b))),
        other => return Err(WeightsError::Type { name: name.to_owned(), found: format!("{other:?}") }),
    })
}

/// IEEE 754 binary16.
fn half_to_f64(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from((bits >> 10) & 31), f64::from(bits & 1023));
    sign * match exponent {
        0 => fraction * exp2(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        e => (1024.0 + fraction) * exp2(e - 25),
    }
}

/// A network with its float weights.
#[derive(Clone, Debug)]
pub struct Model {
    graph: Graph,
    visibility: Visibility,
    weights: Weights,
}

/// Dead-node elimination: the nodes that `output` needs, pushed anew after the input of `graph`, and their weights.
///
/// `nodes` are those of `graph`, or what a rewrite made of them; each stands after all that it takes.
///
/// # Errors
/// As [`Graph::push`], for the first node that it refuses.
pub fn prune(graph: &Graph, nodes: &[Node], output: NodeId, weights: Weights) -> Result<(Graph, Weights), GraphError> {
    let live = reachable([output.0], |i: usize| nodes.get(i).into_iter().flat_map(|n| n.inputs.iter().map(|n| n.0)));
    let mut pruned = Graph::new(graph.name(), graph.shape(graph.input()).clone());
    if let Some(range) = graph.range() {
        pruned = pruned.with_range(range)?;
    }
    let mut ids = vec![pruned.input(); nodes.len()];
    for i in live {
        if let Some(Node { layer: Some(layer), inputs, name, origin, .. }) = nodes.get(i) {
            let inputs: Vec<NodeId> = inputs.iter().map(|n| ids[n.0]).collect();
            ids[i] = pruned.push(layer.clone(), &inputs, name, origin.clone())?;
        }
    }
    pruned.set_output(ids.get(output.0).copied().unwrap_or(output))?;
    let mut all = weights.into_tensors();
    let names = pruned.all_params().into_iter().map(|(name, _)| name);
    let tensors = names.filter_map(|name| all.remove(&name).map(|tensor| (name, tensor))).collect();
    Ok((pruned, Weights { tensors }))
}

impl Model {
    /// A model from its graph and weights.
    ///
    /// # Errors
    /// If the weights are not exactly the graph's parameters.
    pub fn new(graph: Graph, visibility: Visibility, weights: Weights) -> Result<Self, ModelError> {
        weights.check(&graph)?;
        Ok(Self { graph, visibility, weights })
    }

    /// A model whose weights are in a safetensors file.
    ///
    /// # Errors
    /// If the file can't be read, or the weights are not exactly the graph's parameters.
    pub fn load(graph: Graph, visibility: Visibility, path: impl AsRef<Path>) -> Result<Self, ModelError> {
        Self::new(graph, visibility, Weights::load(path)?)
    }

    /// A model with fresh weights.
    ///
    /// # Errors
    /// Never for a graph that exists.
    pub fn init<R: RngCore>(graph: Graph, visibility: Visibility, rng: &mut R) -> Result<Self, ModelError> {
        let mut weights = Weights::new();
        for (name, param) in graph.all_params() {
            let tensor = match param.init {
                Init::Constant(c) => Tensor::from_fn(param.shape, |_| c),
                Init::Glorot { fan_in, fan_out } => {
                    let limit = (6.0 / (fan_in + fan_out) as f64).sqrt();
                    // Weights are stored as 32-bit floats; starting there makes saving lossless.
                    Tensor::from_fn(param.shape, |_| f64::from(rng.gen_range(-limit..limit) as f32))
                }
            };
            weights.insert(name, tensor);
        }
        Self::new(graph, visibility, weights)
    }

    /// The network.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Who is to see what.
    pub fn visibility(&self) -> Visibility {
        self.visibility
    }

    /// The same model with another visibility.
    #[must_use]
    pub fn with_visibility(mut self, visibility: Visibility) -> Self {
        self.visibility = visibility;
        self
    }

    /// The float weights.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Writes the weights as a safetensors file.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), WeightsError> {
        let path = path.as_ref();
        let file = |reason: String| WeightsError::File { path: path.display().to_string(), action: "write", reason };
        bounded::save(path, &self.weights.to_safetensors()?).map_err(|e| file(e.to_string()))
    }

    /// Checks an input against the graph.
    ///
    /// # Errors
    /// If the shape is another, or a value is out of the declared range or not finite.
    pub fn check_input(&self, input: &Tensor) -> Result<(), InputError> {
        check_input(&self.graph, input)
    }

    /// The float outputs of every node.
    ///
    /// # Errors
    /// If the input is not one of the model's.
    pub fn trace(&self, input: &Tensor) -> Result<Vec<Tensor>, InputError> {
        self.check_input(input)?;
        let mut values: Vec<Tensor> = Vec::with_capacity(self.graph.nodes().len());
        for (i, node) in self.graph.nodes().iter().enumerate() {
            let Some(layer) = &node.layer else {
                values.push(input.clone());
                continue;
            };
            let names = self.graph.params(NodeId(i));
            let params: Vec<&Tensor> = names.iter().filter_map(|(n, _)| self.weights.get(n)).collect();
            let inputs: Vec<&Tensor> = node.inputs.iter().map(|n| &values[n.0]).collect();
            values.push(layer.float(&inputs, &params));
        }
        Ok(values)
    }

    /// The float reference: the model's scores, that is its output or what its final `argmax` takes.
    ///
    /// # Errors
    /// If the input is not one of the model's.
    pub fn forward(&self, input: &Tensor) -> Result<Tensor, InputError> {
        Ok(self.trace(input)?.swap_remove(self.graph.scores().0))
    }

    /// The class that the float reference gives: the first of the largest scores. Where layers before an `argmax` keep the order
    /// of scores (`softmax`, `sigmoid`, ..), floats may saturate and be equal although the scores differ; the circuit compares the
    /// scores themselves, and proves the class of the larger one.
    ///
    /// # Errors
    /// If the input is not one of the model's, or the model does not end in `argmax`.
    pub fn classify(&self, input: &Tensor) -> Result<usize, InputError> {
        if self.graph.classes().is_none() {
            let found = self.graph.node(self.graph.output()).layer.as_ref().map_or("input", |l| l.card().name);
            return Err(InputError::NoClass { found: found.to_owned() });
        }
        Ok(self.forward(input)?.argmax())
    }
}

/// Checks an input against a graph.
///
/// # Errors
/// If the shape is another, or a value is out of the declared range, not whole where it must be, or not finite.
pub fn check_input(graph: &Graph, input: &Tensor) -> Result<(), InputError> {
    let expected: &Shape = graph.shape(graph.input());
    if input.shape() != expected {
        return Err(InputError::Shape { expected: expected.clone(), found: input.shape().clone() });
    }
    let (lo, hi) = graph.range().map_or((f64::MIN, f64::MAX), |r| r.ends());
    let whole = matches!(graph.range(), Some(Range::Whole(..)));
    match input.data().iter().position(|x| !(*x >= lo && *x <= hi) || (whole && x.fract() != 0.0)) {
        Some(index) if whole && input.data()[index].fract() != 0.0 => {
            Err(InputError::Whole { index, value: input.data()[index] })
        }
        Some(index) => Err(InputError::Range { index, value: input.data()[index], lo, hi }),
        None => Ok(()),
    }
}
