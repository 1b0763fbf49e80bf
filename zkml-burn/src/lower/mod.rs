//! Lowering: from the operations of a trace to those of the table. The batch is dropped, weights get their names.

mod norms;
mod operations;
mod rearrange;

use std::collections::{HashMap, HashSet};

use burn::backend::capture::TensorId;
use zkml_core::{error::Origin, graph::reachable, shape::Shape, tensor::Tensor};
use zkml_import::{
    builder::{Builder, Import, Value},
    error::{ErrorKind, ImportError},
    ops::{self, Op},
};

use crate::{
    dataflow::{Constant, Dataflow},
    fold,
    patterns::Pattern,
    primitive::{self, Operation, Primitive},
    trace::Trace,
};

/// A shape as layers see it: the first axis is the batch, if it has one element and others follow.
pub(crate) fn sample(dims: &[usize]) -> &[usize] {
    match dims {
        [1, rest @ ..] if !rest.is_empty() => rest,
        all => all,
    }
}

/// The origin of a module or weight: its path.
fn origin(path: &str) -> Origin {
    Origin::part("burn module", path, "")
}

/// The network of a trace.
///
/// # Errors
/// If the input has a batch other than one, or an operation that the output needs has no layer.
pub fn lower(trace: &Trace, name: &str) -> Result<Import, ImportError> {
    let mut operations = HashMap::new();
    let mut order = Vec::new();
    let mut uses: HashMap<TensorId, usize> = HashMap::from([(trace.output, 1)]);
    for operation in trace.operations.iter().flat_map(primitive::operations) {
        operation.inputs.iter().for_each(|input| *uses.entry(*input).or_default() += 1);
        order.push(operation.out);
        operations.insert(operation.out, operation);
    }
    let constants = constants(trace, &order, &operations)?;
    let flow = Dataflow { operations: &operations, constants: &constants, uses: &uses };
    let patterns = patterns(trace, &flow);

    let shape = operations.get(&trace.input).map(|s| s.shape.clone()).unwrap_or_default();
    if matches!(shape.as_slice(), [batch, _, ..] if *batch != 1) {
        let found = format!("an input of shape {}", Shape::new(shape));
        return Err(ImportError::shape(&Origin::Unknown, found, "a batch of 1 as its first extent")
            .help("a network is recorded on one input"));
    }
    let mut lowering = Lowering {
        builder: Builder::new(name, Shape::from(sample(&shape)))?,
        flow,
        values: HashMap::new(),
        shape_matters: patterns
            .iter()
            .filter(|(id, _)| operations.get(id).is_some_and(|s| s.primitive != Primitive::Reshape))
            .flat_map(|(id, pattern)| operations.get(id).map(|s| pattern.inputs(s)).unwrap_or_default())
            .chain([trace.output])
            .collect(),
        last_module: None,
    };
    lowering.values.insert(trace.input, Value::Node(lowering.builder.input()));
    for id in order {
        if let (Some(pattern), Some(operation)) = (patterns.get(&id), operations.get(&id)) {
            let value = lowering.operation(operation, pattern)?;
            lowering.values.insert(id, value);
        }
    }
    let output = lowering.value(trace.output)?;
    lowering.builder.finish(&output)
}

/// Constant folding of the whole trace: all that is known without the input.
fn constants(
    trace: &Trace,
    order: &[TensorId],
    operations: &HashMap<TensorId, Operation>,
) -> Result<HashMap<TensorId, Constant>, ImportError> {
    let mut constants: HashMap<TensorId, Constant> = HashMap::new();
    for (id, data) in trace.values.iter().filter(|(id, _)| **id != trace.input) {
        let dims: Vec<usize> = data.shape().iter().copied().collect();
        let value = Tensor::new(dims.as_slice(), data.iter::<f64>().collect()).map_err(|error| {
            ImportError::malformed(&Origin::Unknown, format!("a weight that does not fill its shape: {error}"), "")
        })?;
        let trained = data.dtype().is_float();
        constants.insert(*id, Constant { value, path: trace.paths.get(id).cloned(), trained });
    }
    for id in order.iter().filter(|id| **id != trace.input) {
        let Some(operation) = operations.get(id).filter(|s| s.primitive != Primitive::Value) else { continue };
        let Some(inputs) = operation.inputs.iter().map(|i| constants.get(i)).collect::<Option<Vec<_>>>() else {
            continue;
        };
        let values: Vec<&Tensor> = inputs.iter().map(|c| &c.value).collect();
        if let Some(value) = fold::fold(operation, &values) {
            // A weight whose axes move is still that weight.
            let moved = matches!(
                operation.primitive,
                Primitive::Reshape | Primitive::Permute(_) | Primitive::Expand | Primitive::Cast
            );
            let path = inputs.first().filter(|_| moved).and_then(|c| c.path.clone());
            let trained = inputs.iter().any(|c| c.trained);
            constants.insert(*id, Constant { value, path, trained });
        }
    }
    Ok(constants)
}

/// The pattern of every operation that the output needs; the others are dead.
fn patterns(trace: &Trace, flow: &Dataflow<'_>) -> HashMap<TensorId, Pattern> {
    let mut patterns = HashMap::new();
    reachable([trace.output], |id| {
        let Some(operation) = flow.operation(id).filter(|_| id != trace.input) else { return vec![] };
        let pattern = flow.pattern(operation);
        let inputs = pattern.inputs(operation);
        patterns.insert(id, pattern);
        inputs
    });
    patterns
}

/// A trace being lowered: the graph so far, and the value of every tensor.
pub(crate) struct Lowering<'a> {
    builder: Builder,
    /// The dataflow graph.
    pub flow: Dataflow<'a>,
    /// The value of every tensor so far. Its elements are the tensor's, its shape may be another until it matters.
    values: HashMap<TensorId, Value>,
    /// Tensors that something else than a reshape takes, and the output.
    shape_matters: HashSet<TensorId>,
    /// The last module with weights.
    last_module: Option<String>,
}

impl Lowering<'_> {
    /// The shape of a tensor, with the batch.
    pub fn dims(&self, id: TensorId) -> Vec<usize> {
        self.flow.shape(id).map(<[usize]>::to_vec).unwrap_or_default()
    }

    /// Whether only reshapes take a tensor, so that its own shape does not matter.
    pub fn only_reshaped(&self, id: TensorId) -> bool {
        !self.shape_matters.contains(&id)
    }

    /// A tensor without its batch.
    pub fn value(&mut self, id: TensorId) -> Result<Value, ImportError> {
        let dims = self.dims(id);
        let value = self.shaped(id, sample(&dims))?;
        if self.flow.constant(id).is_none() {
            self.values.insert(id, value.clone());
        }
        Ok(value)
    }

    /// A tensor under a shape of as many elements.
    pub fn shaped(&mut self, id: TensorId, shape: &[usize]) -> Result<Value, ImportError> {
        if let Some(Constant { value, trained, .. }) = self.flow.constants.get(&id) {
            let make = if *trained { Value::weight } else { Value::constant };
            return value.clone().reshape(shape).map(make).map_err(|error| self.malformed(&error.to_string()));
        }
        let Some(value) = self.values.get(&id).cloned() else {
            return Err(self.malformed("a tensor is used before it is made"));
        };
        self.reshaped(&value, shape)
    }

    /// A value under a shape of as many elements.
    pub fn reshaped(&mut self, value: &Value, shape: &[usize]) -> Result<Value, ImportError> {
        match shape {
            _ if self.builder.shape(value).dims() == shape => Ok(value.clone()),
            [_] => self.push(&Op::Flatten, std::slice::from_ref(value), ""),
            _ => self.push(&Op::Reshape { shape: shape.to_vec() }, std::slice::from_ref(value), ""),
        }
    }

    /// The same elements in the same order: the shape is changed when it matters.
    pub fn elements(&mut self, id: TensorId) -> Result<Value, ImportError> {
        match self.values.get(&id) {
            Some(value) => Ok(value.clone()),
            None => self.value(id),
        }
    }

    /// The number of axes of a value.
    pub fn rank(&self, value: &Value) -> usize {
        self.builder.shape(value).rank()
    }

    /// The error of a trace that contradicts itself.
    pub fn malformed(&self, reason: &str) -> ImportError {
        ImportError::new(
            ErrorKind::Malformed,
            &Origin::Unknown,
            format!("a recording that can't be read: {reason}"),
            "",
        )
    }

    /// The error of an operation that no layer does.
    pub fn unsupported(&self, operation: &Operation, name: &str, expected: &str) -> ImportError {
        let shapes: Vec<String> = operation.inputs.iter().map(|i| Shape::new(self.dims(*i)).to_string()).collect();
        let found = format!("operation `{name}` of {} to {}", shapes.join(", "), Shape::new(operation.shape.clone()));
        let error = ImportError::unsupported(&Origin::Unknown, found, expected);
        match &self.last_module {
            Some(path) => error.help(format!("it runs after module `{path}`")),
            None => error,
        }
    }

    /// Adds an operator.
    pub fn push(&mut self, op: &Op, inputs: &[Value], name: &str) -> Result<Value, ImportError> {
        let origin = if name.is_empty() { Origin::Unknown } else { origin(name) };
        ops::lower(&mut self.builder, op, inputs, name, &origin)
    }

    /// The path of the module that holds a weight, empty where it is not known.
    pub fn module(&mut self, weight: TensorId) -> String {
        let path = self.flow.constants.get(&weight).and_then(|c| c.path.clone()).unwrap_or_default();
        self.module_of(&path)
    }

    /// The module of a weight's path; it is remembered as the last one.
    pub fn module_of(&mut self, path: &str) -> String {
        let holder = path.rsplit_once('.').map_or("", |(holder, _)| holder).to_owned();
        if !holder.is_empty() {
            self.last_module = Some(holder.clone());
        }
        holder
    }

    /// A tensor as an operand: a weight becomes a parameter under its own path.
    pub fn operand(&mut self, id: TensorId, shape: &[usize]) -> Result<Value, ImportError> {
        let value = self.shaped(id, shape)?;
        let path = self.flow.constants.get(&id).and_then(|c| c.path.clone());
        match path {
            Some(path) => self.parameter(&value, &path),
            None => Ok(value),
        }
    }

    /// A constant as a parameter of that name, unless it is stated and the same everywhere: then layers take it as a number.
    pub fn parameter(&mut self, value: &Value, path: &str) -> Result<Value, ImportError> {
        match value.tensor() {
            Some(tensor) if value.is_weight() || tensor.data().windows(2).any(|w| w[0] != w[1]) => {
                self.last_module = Some(path.to_owned());
                let origin = origin(path);
                self.builder.node(value, path, &origin).map(Value::Node)
            }
            _ => Ok(value.clone()),
        }
    }
}
