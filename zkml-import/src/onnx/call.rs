//! One node of the file while it is translated: its inputs, its attributes, and where its batch axis is.

use zkml_core::{error::Origin, tensor::Tensor};

use super::{
    attributes::Attributes,
    proto::Node,
    reader::Reader,
    traced::{Kind, Traced, broadcast, count, stored},
};
use crate::{
    builder::Value,
    constants::whole,
    error::ImportError,
    ops::{Op, lower},
};

/// A node under translation.
pub(super) struct Call<'r, 'm, 'a> {
    pub reader: &'r mut Reader<'m, 'a>,
    /// Its place among the nodes of the file.
    pub index: usize,
    pub node: &'m Node<'a>,
    pub origin: Origin,
    /// `None` where an input is left out.
    pub inputs: Vec<Option<Traced>>,
    pub attributes: Attributes<'m, 'a>,
}

impl<'r, 'm, 'a> Call<'r, 'm, 'a> {
    pub(super) fn new(
        reader: &'r mut Reader<'m, 'a>,
        index: usize,
        node: &'m Node<'a>,
        origin: Origin,
        inputs: Vec<Option<Traced>>,
    ) -> Self {
        let attributes = Attributes::new(node, &origin);
        Self { reader, index, node, origin, inputs, attributes }
    }

    pub(super) fn opset(&self) -> i64 {
        self.reader.opset
    }

    /// Something that no layer does.
    pub(super) fn unsupported(&self, found: impl Into<String>, expected: impl Into<String>) -> ImportError {
        ImportError::unsupported(&self.origin, found, expected)
    }

    /// Something that the operator does not allow.
    pub(super) fn malformed(&self, found: impl Into<String>, expected: impl Into<String>) -> ImportError {
        ImportError::malformed(&self.origin, found, expected)
    }

    /// The shapes of the inputs, for messages.
    pub(super) fn shapes(&self) -> String {
        let shapes: Vec<String> =
            self.inputs.iter().map(|i| i.as_ref().map_or("none".to_owned(), |i| format!("{:?}", i.dims))).collect();
        if shapes.is_empty() { "no inputs".to_owned() } else { format!("inputs of shape {}", shapes.join(", ")) }
    }

    /// An input that must be there.
    pub(super) fn input(&self, index: usize) -> Result<Traced, ImportError> {
        match self.inputs.get(index) {
            Some(Some(input)) => Ok(input.clone()),
            _ => Err(self.malformed(format!("no input {}", index + 1), "one")),
        }
    }

    /// An input that may be left out.
    pub(super) fn optional(&self, index: usize) -> Option<Traced> {
        self.inputs.get(index).cloned().flatten()
    }

    /// No more inputs than this.
    pub(super) fn at_most(&self, count: usize) -> Result<(), ImportError> {
        if self.inputs.len() > count && self.inputs[count..].iter().any(Option::is_some) {
            return Err(self.malformed(format!("{} inputs", self.inputs.len()), format!("at most {count}")));
        }
        Ok(())
    }

    /// An input that must be constant.
    pub(super) fn constant(&self, index: usize, what: &str) -> Result<Tensor, ImportError> {
        match self.input(index)?.tensor() {
            Some(tensor) => Ok(tensor.clone()),
            None => Err(self
                .unsupported(format!("{what} computed by the network"), format!("constant {what}"))
                .help("simplify the file before (for instance with onnxsim), or store it as an initializer")),
        }
    }

    /// Constant whole numbers, if the input is there.
    pub(super) fn whole(&self, index: usize, what: &str) -> Result<Option<Vec<i64>>, ImportError> {
        if self.optional(index).is_none() {
            return Ok(None);
        }
        let tensor = self.constant(index, what)?;
        let numbers: Option<Vec<i64>> = tensor.data().iter().map(|v| whole(*v)).collect();
        match numbers.filter(|numbers| numbers.len() <= 1 << 20) {
            Some(numbers) => Ok(Some(numbers)),
            None => Err(self.malformed(format!("{what} {}", tensor.shape()), "at most 2^20 whole numbers")),
        }
    }

    /// A constant number, if the input is there.
    pub(super) fn number(&self, index: usize, what: &str) -> Result<Option<f64>, ImportError> {
        if self.optional(index).is_none() {
            return Ok(None);
        }
        let tensor = self.constant(index, what)?;
        match tensor.data() {
            [value] if !value.is_nan() => Ok(Some(*value)),
            _ => Err(self.malformed(format!("{what} of shape {}", tensor.shape()), "one number")),
        }
    }

    /// A constant whole number, if the input is there.
    pub(super) fn integer(&self, index: usize, what: &str) -> Result<Option<i64>, ImportError> {
        let Some(number) = self.number(index, what)? else { return Ok(None) };
        let refused = || self.malformed(format!("{what} of {number}"), "a whole number");
        whole(number).map(Some).ok_or_else(refused)
    }

    /// An axis counted from the outermost.
    pub(super) fn axis(&self, axis: i64, rank: usize) -> Result<usize, ImportError> {
        let counted = if axis < 0 { axis.checked_add(rank as i64) } else { Some(axis) };
        match counted.and_then(|a| usize::try_from(a).ok()).filter(|a| *a < rank) {
            Some(axis) => Ok(axis),
            None => Err(self.malformed(format!("axis {axis}"), format!("an axis of {rank}"))),
        }
    }

    /// Axes counted from the outermost, sorted, each once.
    pub(super) fn axes(&self, axes: &[i64], rank: usize) -> Result<Vec<usize>, ImportError> {
        let mut all: Vec<usize> = axes.iter().map(|a| self.axis(*a, rank)).collect::<Result<_, _>>()?;
        all.sort_unstable();
        match all.windows(2).find(|w| w[0] == w[1]) {
            Some(twice) => Err(self.malformed(format!("axis {} twice", twice[0]), "each axis once")),
            None => Ok(all),
        }
    }

    /// The layers of an operator.
    pub(super) fn lower(&mut self, op: &Op, inputs: &[Value]) -> Result<Value, ImportError> {
        lower(&mut self.reader.builder, op, inputs, self.node.name, &self.origin)
    }

    /// The layers of an operator beside the node's own.
    pub(super) fn beside(&mut self, suffix: &str, op: &Op, inputs: &[Value]) -> Result<Value, ImportError> {
        let name = if self.node.name.is_empty() { String::new() } else { format!("{}_{suffix}", self.node.name) };
        lower(&mut self.reader.builder, op, inputs, &name, &self.origin)
    }

    /// A value of these extents in the file.
    pub(super) fn settle(
        &mut self,
        value: Value,
        dims: Vec<usize>,
        batched: bool,
        kind: Kind,
    ) -> Result<Traced, ImportError> {
        let found = self.reader.builder.shape(&value);
        if let Some(tensor) = value.tensor() {
            let tensor = tensor.clone().reshape(dims.as_slice()).map_err(|e| self.malformed(e.to_string(), ""))?;
            return Ok(Traced { value: value.computed(tensor), dims, batched: false, kind });
        }
        let expected = stored(&dims, batched);
        let value = if found.dims() == expected {
            value
        } else if count(&expected) == Some(found.len()) {
            self.beside("reshape", &Op::Reshape { shape: expected }, &[value])?
        } else {
            return Err(self.malformed(format!("a result of shape {found}"), format!("{expected:?}")));
        };
        Ok(Traced { value, dims, batched, kind })
    }

    /// A value whose extents are those in the graph, and a batch axis if it has one.
    pub(super) fn as_stored(&self, value: Value, batched: bool) -> Traced {
        let shape = self.reader.builder.shape(&value);
        let dims = [1].into_iter().filter(|_| batched).chain(shape.dims().iter().copied()).collect();
        Traced { value, dims, batched, kind: Kind::Real }
    }

    /// The operator mixes samples.
    pub(super) fn mixes(&self, x: &Traced) -> ImportError {
        ImportError::shape(
            &self.origin,
            format!("an operator that mixes the {} samples of a batch (shape {:?} for one)", self.reader.batch, x.dims),
            "samples that stay apart",
        )
        .help("export with a batch of one, or, if the first axis is no batch, read with `Batch::None`")
    }

    /// The value with all its axes in the graph.
    pub(super) fn unbatched(&mut self, x: Traced) -> Result<Traced, ImportError> {
        if !x.batched {
            return Ok(x);
        }
        if self.reader.batch > 1 {
            return Err(self.mixes(&x));
        }
        let value = self.beside("batch", &Op::Reshape { shape: stored(&x.dims, false) }, &[x.value])?;
        Ok(Traced { value, batched: false, ..x })
    }

    /// The value without its first axis, which must be a batch of one.
    pub(super) fn sample(&mut self, x: Traced) -> Result<Traced, ImportError> {
        if x.batched {
            return Ok(x);
        }
        match x.dims.first() {
            Some(1) => {
                let value = self.beside("sample", &Op::Reshape { shape: stored(&x.dims, true) }, &[x.value])?;
                Ok(Traced { value, batched: true, ..x })
            }
            _ => Err(ImportError::shape(
                &self.origin,
                format!("an input of shape {:?}", x.dims),
                "a batch of one in front",
            )
            .help("if the first axis is a batch, read with `Batch::Leading`; otherwise add an axis of extent one")),
        }
    }

    /// The value and these axes, as they are in the graph.
    pub(super) fn along(&mut self, x: Traced, axes: &[usize]) -> Result<(Traced, Vec<usize>), ImportError> {
        if x.batched && !axes.contains(&0) {
            Ok((x, axes.iter().map(|a| a - 1).collect()))
        } else {
            Ok((self.unbatched(x)?, axes.to_vec()))
        }
    }

    /// Values that are broadcast together: what they are in the graph, the extents of the result in the file, and whether
    /// it has a batch axis.
    pub(super) fn together(&mut self, inputs: &[Traced]) -> Result<(Vec<Value>, Vec<usize>, bool), ImportError> {
        let dims = broadcast(inputs.iter().map(|i| i.dims.as_slice())).filter(|d| count(d).is_some());
        let Some(dims) = dims else {
            return Err(self.malformed(self.shapes(), "shapes that broadcast"));
        };
        let rank = dims.len();
        let one = self.reader.batch == 1;
        // A batch stays left out if all have one, or are the same for each sample.
        let apart = dims.first() == Some(&1)
            && inputs.iter().all(|i| match &i.value {
                Value::Node(_) => i.batched && (i.rank() == rank || one),
                Value::Constant(_) | Value::Weight(_) => i.rank() < rank || i.dims.first() == Some(&1),
            })
            && inputs.iter().any(|i| i.batched);
        let mut values = Vec::new();
        for input in inputs {
            let value = match &input.value {
                Value::Constant(tensor) | Value::Weight(tensor) if apart && input.rank() == rank => {
                    let inner = stored(&input.dims, true);
                    let inner = if input.rank() == 1 { vec![] } else { inner };
                    let tensor =
                        (**tensor).clone().reshape(inner.as_slice()).map_err(|e| self.malformed(e.to_string(), ""))?;
                    input.value.computed(tensor)
                }
                Value::Constant(_) | Value::Weight(_) => input.value.clone(),
                Value::Node(_) if apart => input.value.clone(),
                Value::Node(_) => self.unbatched(input.clone())?.value,
            };
            values.push(value);
        }
        Ok((values, dims, apart))
    }

    /// The same elements with other extents; `keeps` says whether a batch axis is still the first.
    pub(super) fn reshaped(&mut self, x: Traced, dims: Vec<usize>, keeps: bool) -> Result<Traced, ImportError> {
        let batched = x.batched && keeps && dims.first() == Some(&1);
        if x.batched && !batched && self.reader.batch > 1 {
            return Err(self.mixes(&x));
        }
        if count(&dims) != count(&x.dims) {
            return Err(self.malformed(format!("shape {dims:?} for {:?}", x.dims), "as many elements"));
        }
        let value = match &x.value {
            Value::Constant(tensor) | Value::Weight(tensor) => {
                let tensor =
                    (**tensor).clone().reshape(dims.as_slice()).map_err(|e| self.malformed(e.to_string(), ""))?;
                return Ok(x.computed(tensor, x.kind));
            }
            Value::Node(_) => self.lower(&Op::Reshape { shape: stored(&dims, batched) }, &[x.value])?,
        };
        Ok(Traced { value, dims, batched, kind: x.kind })
    }
}
