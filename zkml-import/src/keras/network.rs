//! Traversal of a model from its outputs: each call of a layer once, models in models included.

use std::collections::BTreeMap;

use serde::Deserialize;
use zkml_core::shape::Shape;

use super::{
    config::{Call, Entry, Network, Operand, Options, Tap, is_model, network},
    fault::{malformed, misuse},
    layers::{Input, Job, describe, is_idle, unknown},
    lower::{Lowering, Value},
    weights::Shelf,
};
use crate::error::ImportError;

/// How deep models may be in models.
const MAX_DEPTH: usize = 8;

/// A model being walked.
pub(super) struct Walk<'n, 'a, 's> {
    network: &'n Network<'a>,
    shelf: Shelf<'s>,
    /// What stands in front of the names of its nodes.
    prefix: String,
    keras2: bool,
    depth: usize,
    index: BTreeMap<&'n str, usize>,
    /// The values computed so far, `None` while they are being computed.
    values: BTreeMap<(usize, usize), Option<Value>>,
}

impl<'n, 'a, 's> Walk<'n, 'a, 's> {
    /// The outermost model.
    pub(super) fn new(network: &'n Network<'a>, shelf: Shelf<'s>, keras2: bool) -> Result<Self, ImportError> {
        Self::within(network, shelf, keras2, String::new(), 0)
    }

    fn within(
        network: &'n Network<'a>,
        shelf: Shelf<'s>,
        keras2: bool,
        prefix: String,
        depth: usize,
    ) -> Result<Self, ImportError> {
        if depth > MAX_DEPTH {
            return Err(malformed(format!("more than {MAX_DEPTH} models in models")));
        }
        let mut index = BTreeMap::new();
        for (i, entry) in network.layers.iter().enumerate() {
            if index.insert(entry.layer.name.as_str(), i).is_some() {
                return Err(malformed(format!("two layers are called `{}`", entry.layer.name)));
            }
        }
        Ok(Self { network, shelf, prefix, keras2, depth, index, values: BTreeMap::new() })
    }

    /// The value of the model's one output, from that of its one input.
    pub(super) fn run(mut self, lowering: &mut Lowering, input: Value) -> Result<Value, ImportError> {
        let [output] = self.network.outputs.as_slice() else {
            let names: Vec<&str> = self.network.outputs.iter().map(|tap| tap.layer.as_str()).collect();
            return Err(malformed(format!(
                "model `{}` has {} outputs ({}), expected one; save `keras.Model(inputs, output)` with the one to prove",
                self.network.name,
                names.len(),
                names.join(", ")
            )));
        };
        if self.network.inputs.len() > 1 {
            let names: Vec<&str> = self.network.inputs.iter().map(|tap| tap.layer.as_str()).collect();
            return Err(malformed(format!(
                "model `{}` has {} inputs ({}), expected one; join them before the model and split them in it",
                self.network.name,
                names.len(),
                names.join(", ")
            )));
        }
        let target = self.find(output)?;
        // Depth first, without recursion: files are not trusted to be shallow.
        let mut stack = vec![target];
        while let Some(&at) = stack.last() {
            if matches!(self.values.get(&at), Some(Some(_))) {
                stack.pop();
                continue;
            }
            match self.missing(at)? {
                Some(next) => {
                    self.values.insert(at, None);
                    if self.values.get(&next).is_some_and(Option::is_none) {
                        let entry = &self.network.layers[next.0];
                        return Err(misuse(&entry.layer, "it depends on its own output"));
                    }
                    stack.push(next);
                }
                None => {
                    let value = self.evaluate(lowering, at, &input)?;
                    self.values.insert(at, Some(value));
                    stack.pop();
                }
            }
        }
        self.value(target)
    }

    /// Where a tensor is computed.
    fn find(&self, tap: &Tap) -> Result<(usize, usize), ImportError> {
        match self.index.get(tap.layer.as_str()) {
            Some(layer) => Ok((*layer, tap.call)),
            None => Err(malformed(format!("layer `{}` is used and not described", tap.layer))),
        }
    }

    /// What a call takes; nothing for an input.
    fn call(&self, at: (usize, usize)) -> Result<Option<&'n Call>, ImportError> {
        let entry: &Entry<'a> = &self.network.layers[at.0];
        if entry.layer.class == "InputLayer" {
            return Ok(None);
        }
        let found = entry.calls.get(at.1).map(Some);
        found.ok_or_else(|| {
            misuse(&entry.layer, format!("its call {} is used, it has {} (from 0)", at.1, entry.calls.len()))
        })
    }

    /// An operand of a call that is yet to be computed.
    fn missing(&self, at: (usize, usize)) -> Result<Option<(usize, usize)>, ImportError> {
        for operand in self.call(at)?.map_or(&[][..], |call| &call.inputs) {
            if let Operand::Tap(tap) = operand {
                let found = self.find(tap)?;
                if !matches!(self.values.get(&found), Some(Some(_))) {
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    }

    fn value(&self, at: (usize, usize)) -> Result<Value, ImportError> {
        let value = self.values.get(&at).cloned().flatten();
        value.ok_or_else(|| misuse(&self.network.layers[at.0].layer, "it has no value"))
    }

    fn evaluate(&self, lowering: &mut Lowering, at: (usize, usize), input: &Value) -> Result<Value, ImportError> {
        let entry = &self.network.layers[at.0];
        let Some(call) = self.call(at)? else {
            return Ok(input.clone());
        };
        if let Some(named) = call.named.first() {
            return Err(misuse(
                &entry.layer,
                format!("it is called with the argument `{named}`, expected tensors alone"),
            )
            .help("call it without that argument"));
        }
        let mut inputs = vec![];
        for operand in &call.inputs {
            inputs.push(match operand {
                Operand::Number(n) => Input::Number(*n),
                Operand::Tap(tap) => Input::Tensor(self.value(self.find(tap)?)?),
            });
        }
        if call.inputs.is_empty() {
            inputs.push(Input::Tensor(input.clone()));
        }
        if is_idle(&entry.layer.class) {
            return match <[Input; 1]>::try_from(inputs) {
                Ok([Input::Tensor(value)]) => Ok(value),
                _ => {
                    let found: Vec<String> = call.inputs.iter().map(describe).collect();
                    Err(misuse(&entry.layer, format!("it is applied to {}, expected one tensor", found.join(", "))))
                }
            };
        }
        lowering.start(&self.prefix, &entry.layer);
        for input in &mut inputs {
            if let Input::Tensor(value) = input {
                *value = lowering.settle(value)?;
            }
        }
        if is_model(&entry.layer.class) {
            let [Input::Tensor(value)] = inputs.as_slice() else {
                return Err(misuse(&entry.layer, format!("it has {} inputs, expected one tensor", inputs.len())));
            };
            let inner = network(&entry.layer.class, entry.config)?;
            let shelf = self.shelf.inner(&entry.layer, &inner)?;
            let prefix = format!("{}{}/", self.prefix, entry.layer.name);
            return Walk::within(&inner, shelf, self.keras2, prefix, self.depth + 1)?.run(lowering, value.clone());
        }
        let options = Options::read(&entry.layer, entry.config)?;
        let job = Job { lowering, options, shelf: &self.shelf, keras2: self.keras2, layer: entry.layer.clone() };
        job.run(inputs)
    }
}

/// The errors of all layers whose class is not read, models in models included.
pub(super) fn unsupported(model: &Network<'_>, depth: usize) -> Result<Vec<ImportError>, ImportError> {
    let mut found = vec![];
    for entry in &model.layers {
        if is_model(&entry.layer.class) {
            if depth >= MAX_DEPTH {
                return Err(malformed(format!("more than {MAX_DEPTH} models in models")));
            }
            found.extend(unsupported(&network(&entry.layer.class, entry.config)?, depth + 1)?);
        } else {
            found.extend(unknown(&entry.layer));
        }
    }
    Ok(found)
}

/// The shape that a layer declares for the model's input, without the batch.
fn input_shape(entry: &Entry<'_>) -> Result<Option<Shape>, ImportError> {
    #[derive(Deserialize)]
    struct Declared {
        #[serde(default)]
        batch_shape: Option<Vec<Option<i64>>>,
        #[serde(default)]
        batch_input_shape: Option<Vec<Option<i64>>>,
    }
    let declared: Declared = serde_json::from_str(entry.config.get())
        .map_err(|e| misuse(&entry.layer, format!("its input shape is not understood: {e}")))?;
    declared.batch_shape.or(declared.batch_input_shape).map(|dims| sample(&entry.layer.name, &dims)).transpose()
}

/// A shape with the batch, without it.
fn sample(layer: &str, dims: &[Option<i64>]) -> Result<Shape, ImportError> {
    let known: Option<Vec<usize>> =
        dims.iter().skip(1).map(|d| d.filter(|d| *d > 0).and_then(|d| usize::try_from(d).ok())).collect();
    match known {
        Some(known) if Shape::new(known.clone()).len() <= Shape::MAX_LEN => Ok(Shape::new(known)),
        _ => {
            let text: Vec<String> = dims.iter().map(|d| d.map_or("None".to_owned(), |d| d.to_string())).collect();
            Err(malformed(format!(
                "the input `{layer}` has shape ({}), expected fixed sizes of at most {} elements after the batch",
                text.join(", "),
                Shape::MAX_LEN
            ))
            .help("build the model with `keras.Input(shape)` of fixed sizes, set its weights, and save it again"))
        }
    }
}

/// The shape of a model's input, from its input layer, its first layer, or its own description.
pub(super) fn declared(model: &Network<'_>, depth: usize) -> Result<Shape, ImportError> {
    let tap = model.inputs.first();
    let entry = match tap {
        Some(tap) => model.layers.iter().find(|entry| entry.layer.name == tap.layer),
        None => model.layers.first(),
    };
    if let Some(entry) = entry {
        if let Some(shape) = input_shape(entry)? {
            return Ok(shape);
        }
        if is_model(&entry.layer.class) && depth < MAX_DEPTH {
            return declared(&network(&entry.layer.class, entry.config)?, depth + 1);
        }
    }
    match &model.input_shape {
        Some(dims) => sample(&model.name, dims),
        None => Err(malformed(format!("model `{}` declares no input shape", model.name))
            .help("build the model with `keras.Input(shape)` and save it again")),
    }
}
