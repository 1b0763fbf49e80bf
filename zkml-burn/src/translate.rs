//! From recorded steps to operators of the table: the batch is dropped, weights get their names.

use std::collections::{HashMap, HashSet};

use burn::backend::capture::TensorId;
use zkml_core::{error::Origin, shape::Shape, tensor::Tensor};

use crate::{
    fold,
    form::{Constant, Form, View},
    prim::{self, Prim, Step},
    record::Recording,
};
use zkml_import::{
    builder::{Builder, Import, Value},
    error::{ErrorKind, ImportError},
    ops::{self, Op},
};

/// A shape as layers see it: the first axis is the batch, if it has one element and others follow.
pub(crate) fn sample(dims: &[usize]) -> &[usize] {
    match dims {
        [1, rest @ ..] if !rest.is_empty() => rest,
        all => all,
    }
}

/// Where a module or weight is, by its path.
fn origin(path: &str) -> Origin {
    Origin::part("burn module", path, "")
}

/// The network of a recording.
///
/// # Errors
/// If the input has a batch other than one, or an operation that the output needs has no layer.
pub fn translate(recording: &Recording, name: &str) -> Result<Import, ImportError> {
    let mut steps = HashMap::new();
    let mut order = Vec::new();
    let mut uses: HashMap<TensorId, usize> = HashMap::from([(recording.output, 1)]);
    for step in recording.ops.iter().flat_map(prim::steps) {
        step.inputs.iter().for_each(|input| *uses.entry(*input).or_default() += 1);
        order.push(step.out);
        steps.insert(step.out, step);
    }
    let constants = constants(recording, &order, &steps)?;
    let view = View { steps: &steps, constants: &constants, uses: &uses };
    let forms = forms(recording, &view);

    let shape = steps.get(&recording.input).map(|s| s.shape.clone()).unwrap_or_default();
    if matches!(shape.as_slice(), [batch, _, ..] if *batch != 1) {
        let found = format!("an input of shape {}", Shape::new(shape));
        return Err(ImportError::shape(&Origin::Unknown, found, "a batch of 1 as its first extent")
            .help("a network is recorded on one input"));
    }
    let mut reader = Reader {
        builder: Builder::new(name, Shape::from(sample(&shape)))?,
        view,
        values: HashMap::new(),
        wide: forms
            .iter()
            .filter(|(id, _)| steps.get(id).is_some_and(|s| s.prim != Prim::Reshape))
            .flat_map(|(id, form)| steps.get(id).map(|s| form.inputs(s)).unwrap_or_default())
            .chain([recording.output])
            .collect(),
        after: None,
    };
    reader.values.insert(recording.input, Value::Node(reader.builder.input()));
    for id in order {
        if let (Some(form), Some(step)) = (forms.get(&id), steps.get(&id)) {
            let value = reader.step(step, form)?;
            reader.values.insert(id, value);
        }
    }
    let output = reader.value(recording.output)?;
    reader.builder.finish(&output)
}

/// All that is known without the input.
fn constants(
    recording: &Recording,
    order: &[TensorId],
    steps: &HashMap<TensorId, Step>,
) -> Result<HashMap<TensorId, Constant>, ImportError> {
    let mut constants: HashMap<TensorId, Constant> = HashMap::new();
    for (id, data) in recording.values.iter().filter(|(id, _)| **id != recording.input) {
        let dims: Vec<usize> = data.shape().iter().copied().collect();
        let value = Tensor::new(dims.as_slice(), data.iter::<f64>().collect()).map_err(|error| {
            ImportError::malformed(&Origin::Unknown, format!("a weight that does not fill its shape: {error}"), "")
        })?;
        let trained = data.dtype().is_float();
        constants.insert(*id, Constant { value, path: recording.paths.get(id).cloned(), trained });
    }
    for id in order.iter().filter(|id| **id != recording.input) {
        let Some(step) = steps.get(id).filter(|s| s.prim != Prim::Value) else { continue };
        let Some(inputs) = step.inputs.iter().map(|i| constants.get(i)).collect::<Option<Vec<_>>>() else { continue };
        let values: Vec<&Tensor> = inputs.iter().map(|c| &c.value).collect();
        if let Some(value) = fold::fold(step, &values) {
            // A weight whose axes move is still that weight.
            let moved = matches!(step.prim, Prim::Reshape | Prim::Permute(_) | Prim::Expand | Prim::Cast);
            let path = inputs.first().filter(|_| moved).and_then(|c| c.path.clone());
            let trained = inputs.iter().any(|c| c.trained);
            constants.insert(*id, Constant { value, path, trained });
        }
    }
    Ok(constants)
}

/// What every step is that the output needs.
fn forms(recording: &Recording, view: &View<'_>) -> HashMap<TensorId, Form> {
    let mut forms = HashMap::new();
    let mut open = vec![recording.output];
    while let Some(id) = open.pop() {
        if id == recording.input || forms.contains_key(&id) {
            continue;
        }
        let Some(step) = view.step(id) else { continue };
        let form = view.form(step);
        open.extend(form.inputs(step));
        forms.insert(id, form);
    }
    forms
}

/// The graph under construction.
pub(crate) struct Reader<'a> {
    builder: Builder,
    /// What was recorded.
    pub view: View<'a>,
    /// The value of every tensor so far. Its elements are the tensor's, its shape may be another until it matters.
    values: HashMap<TensorId, Value>,
    /// Tensors that something else than a reshape takes, and the output.
    wide: HashSet<TensorId>,
    /// The last module with weights.
    after: Option<String>,
}

impl Reader<'_> {
    /// The shape of a tensor, with the batch.
    pub fn dims(&self, id: TensorId) -> Vec<usize> {
        self.view.shape(id).map(<[usize]>::to_vec).unwrap_or_default()
    }

    /// Whether all that takes a tensor gives it another shape anyway.
    pub fn shapeless(&self, id: TensorId) -> bool {
        !self.wide.contains(&id)
    }

    /// A tensor without its batch.
    pub fn value(&mut self, id: TensorId) -> Result<Value, ImportError> {
        let dims = self.dims(id);
        let value = self.shaped(id, sample(&dims))?;
        if self.view.constant(id).is_none() {
            self.values.insert(id, value.clone());
        }
        Ok(value)
    }

    /// A tensor under a shape of as many elements.
    pub fn shaped(&mut self, id: TensorId, shape: &[usize]) -> Result<Value, ImportError> {
        if let Some(Constant { value, trained, .. }) = self.view.constants.get(&id) {
            let make = if *trained { Value::weight } else { Value::constant };
            return value.clone().reshape(shape).map(make).map_err(|error| self.broken(&error.to_string()));
        }
        let Some(value) = self.values.get(&id).cloned() else {
            return Err(self.broken("a tensor is used before it is made"));
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
    pub fn unmoved(&mut self, id: TensorId) -> Result<Value, ImportError> {
        match self.values.get(&id) {
            Some(value) => Ok(value.clone()),
            None => self.value(id),
        }
    }

    /// The number of axes of a value.
    pub fn rank(&self, value: &Value) -> usize {
        self.builder.shape(value).rank()
    }

    /// A recording that contradicts itself.
    pub fn broken(&self, reason: &str) -> ImportError {
        ImportError::new(
            ErrorKind::Malformed,
            &Origin::Unknown,
            format!("a recording that can't be read: {reason}"),
            "",
        )
    }

    /// An operation that no layer does.
    pub fn unsupported(&self, step: &Step, operation: &str, expected: &str) -> ImportError {
        let shapes: Vec<String> = step.inputs.iter().map(|i| Shape::new(self.dims(*i)).to_string()).collect();
        let found = format!("operation `{operation}` of {} to {}", shapes.join(", "), Shape::new(step.shape.clone()));
        let error = ImportError::unsupported(&Origin::Unknown, found, expected);
        match &self.after {
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
        let path = self.view.constants.get(&weight).and_then(|c| c.path.clone()).unwrap_or_default();
        self.holder(&path)
    }

    /// The module of a weight's path; it is remembered as the last one.
    pub fn holder(&mut self, path: &str) -> String {
        let holder = path.rsplit_once('.').map_or("", |(holder, _)| holder).to_owned();
        if !holder.is_empty() {
            self.after = Some(holder.clone());
        }
        holder
    }

    /// A tensor as an operand: a weight becomes a parameter under its own path.
    pub fn operand(&mut self, id: TensorId, shape: &[usize]) -> Result<Value, ImportError> {
        let value = self.shaped(id, shape)?;
        let path = self.view.constants.get(&id).and_then(|c| c.path.clone());
        match path {
            Some(path) => self.named(&value, &path),
            None => Ok(value),
        }
    }

    /// A constant as a parameter of that name, unless it is stated and the same everywhere: then layers take it as a number.
    pub fn named(&mut self, value: &Value, path: &str) -> Result<Value, ImportError> {
        match value.tensor() {
            Some(tensor) if value.is_weight() || tensor.data().windows(2).any(|w| w[0] != w[1]) => {
                self.after = Some(path.to_owned());
                let origin = origin(path);
                self.builder.node(value, path, &origin).map(Value::Node)
            }
            _ => Ok(value.clone()),
        }
    }
}
