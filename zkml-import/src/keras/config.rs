//! `config.json`: the layers of a model, their calls, and their options read one by one.
//!
//! Every option must be read or known to say nothing about inference; one that is neither is an error.

use std::collections::BTreeMap;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use super::fault::{self, LayerRef, malformed};
use crate::error::ImportError;

/// A layer as Keras stores it: a class and its options. Keras 3 adds the module, Keras 2 and functional models calls.
#[derive(Deserialize)]
struct Stored<'a> {
    class_name: String,
    #[serde(default)]
    module: Option<String>,
    #[serde(borrow)]
    config: &'a RawValue,
    #[serde(default)]
    name: Option<String>,
    #[serde(borrow, default)]
    inbound_nodes: Option<Vec<&'a RawValue>>,
}

/// A model: its layers in the order of the file, and what its input and outputs are.
pub(super) struct Network<'a> {
    /// Its name.
    pub(super) name: String,
    /// Its layers.
    pub(super) layers: Vec<Entry<'a>>,
    /// The layers that are its inputs, empty where the first layer's shape is the only hint (old sequential models).
    pub(super) inputs: Vec<Tap>,
    /// What it returns.
    pub(super) outputs: Vec<Tap>,
    /// The input's shape with the batch, where no layer says it.
    pub(super) input_shape: Option<Vec<Option<i64>>>,
}

/// A layer of a model.
pub(super) struct Entry<'a> {
    /// Its name and class.
    pub(super) layer: LayerRef,
    /// Whether it is an operation such as `x + y`, which holds no weights.
    pub(super) operation: bool,
    /// Its options, unread.
    pub(super) config: &'a RawValue,
    /// What it is applied to, once for each use.
    pub(super) calls: Vec<Call>,
}

/// One application of a layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Call {
    /// The tensors and numbers that it takes.
    pub(super) inputs: Vec<Operand>,
    /// Further named arguments that are neither unset nor `training = false`.
    pub(super) named: Vec<String>,
}

/// A tensor or a number that a layer takes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    /// The output of a layer.
    Tap(Tap),
    /// A constant.
    Number(f64),
}

/// An output of a call of a layer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tap {
    /// The layer's name.
    pub(super) layer: String,
    /// Which of its calls.
    pub(super) call: usize,
}

/// Whether a class is a model in a model.
pub(super) fn is_model(class: &str) -> bool {
    matches!(class, "Sequential" | "Functional" | "Model")
}

/// What `config.json` or `model_config` holds.
pub(super) fn root(text: &str) -> Result<(String, &RawValue), ImportError> {
    let stored: Stored = parse("the model's description", text)?;
    if !is_model(&stored.class_name) {
        return Err(malformed(format!(
            "the model's class is `{}`, expected Sequential or Functional; a subclassed model has no description of its \
             layers: rebuild it as `keras.Model(inputs, outputs)`",
            stored.class_name
        )));
    }
    Ok((stored.class_name, stored.config))
}

/// The description of a model of that class.
pub(super) fn network<'a>(class: &str, config: &'a RawValue) -> Result<Network<'a>, ImportError> {
    match class {
        "Sequential" => sequential(config),
        _ => functional(config),
    }
}

#[derive(Deserialize)]
struct SequentialConfig<'a> {
    #[serde(default)]
    name: Option<String>,
    #[serde(borrow)]
    layers: Vec<Stored<'a>>,
    #[serde(default)]
    build_input_shape: Option<Vec<Option<i64>>>,
}

fn sequential(config: &RawValue) -> Result<Network<'_>, ImportError> {
    // The oldest files hold the list of layers alone.
    let stored = if config.get().starts_with('[') {
        let layers = parse("the model's layers", config.get())?;
        SequentialConfig { name: None, layers, build_input_shape: None }
    } else {
        parse("the sequential model", config.get())?
    };
    let mut network = Network {
        name: stored.name.unwrap_or_else(|| "sequential".to_owned()),
        layers: vec![],
        inputs: vec![],
        outputs: vec![],
        input_shape: stored.build_input_shape,
    };
    let mut previous: Option<Tap> = None;
    for layer in stored.layers {
        let mut entry = Entry::new(layer)?;
        let tap = Tap { layer: entry.layer.name.clone(), call: 0 };
        match previous.take() {
            Some(input) => entry.calls.push(Call { inputs: vec![Operand::Tap(input)], named: vec![] }),
            None if entry.layer.class == "InputLayer" => network.inputs.push(tap.clone()),
            // The model's input itself.
            None => entry.calls.push(Call::default()),
        }
        previous = Some(tap);
        network.layers.push(entry);
    }
    network.outputs.extend(previous);
    Ok(network)
}

#[derive(Deserialize)]
struct FunctionalConfig<'a> {
    #[serde(default)]
    name: Option<String>,
    #[serde(borrow)]
    layers: Vec<Stored<'a>>,
    #[serde(borrow)]
    input_layers: &'a RawValue,
    #[serde(borrow)]
    output_layers: &'a RawValue,
}

fn functional(config: &RawValue) -> Result<Network<'_>, ImportError> {
    let stored: FunctionalConfig = parse("the functional model", config.get())?;
    let mut layers = Vec::with_capacity(stored.layers.len());
    for layer in stored.layers {
        let nodes = layer.inbound_nodes.clone().unwrap_or_default();
        let mut entry = Entry::new(layer)?;
        for node in nodes {
            entry.calls.push(call(&entry.layer, node)?);
        }
        layers.push(entry);
    }
    let mut network = Network {
        name: stored.name.unwrap_or_else(|| "model".to_owned()),
        layers,
        inputs: taps("input_layers", stored.input_layers)?,
        outputs: taps("output_layers", stored.output_layers)?,
        input_shape: None,
    };
    renumber(&mut network);
    Ok(network)
}

/// Keras 2 counts the calls of a model in a model from 1, as building it was the first: count them from 0.
fn renumber(network: &mut Network<'_>) {
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    let operands = network.layers.iter().flat_map(|l| &l.calls).flat_map(|c| &c.inputs);
    let used = operands.filter_map(|o| if let Operand::Tap(t) = o { Some(t) } else { None });
    for tap in used.chain(&network.outputs) {
        let n = last.entry(&tap.layer).or_default();
        *n = (*n).max(tap.call);
    }
    let models = network.layers.iter().filter(|l| is_model(&l.layer.class) && !l.calls.is_empty());
    let shifted: Vec<String> = models
        .filter(|l| last.get(l.layer.name.as_str()) == Some(&l.calls.len()))
        .map(|l| l.layer.name.clone())
        .collect();
    let shift = |tap: &mut Tap| {
        if shifted.contains(&tap.layer) {
            tap.call = tap.call.saturating_sub(1);
        }
    };
    for operand in network.layers.iter_mut().flat_map(|l| &mut l.calls).flat_map(|c| &mut c.inputs) {
        if let Operand::Tap(tap) = operand {
            shift(tap);
        }
    }
    network.outputs.iter_mut().for_each(shift);
}

impl<'a> Entry<'a> {
    fn new(stored: Stored<'a>) -> Result<Self, ImportError> {
        #[derive(Deserialize)]
        struct Named {
            #[serde(default)]
            name: Option<String>,
        }
        let class = stored.class_name.rsplit('>').next().unwrap_or_default().to_owned();
        let name = match stored.name {
            Some(name) => name,
            None => {
                let named: Named = parse(&format!("a layer of class `{class}`"), stored.config.get())?;
                named.name.ok_or_else(|| malformed(format!("a layer of class `{class}` has no name")))?
            }
        };
        let operation = stored.module.is_some_and(|m| m.contains(".ops"));
        Ok(Self { layer: LayerRef { name, class }, operation, config: stored.config, calls: vec![] })
    }
}

fn call(layer: &LayerRef, node: &RawValue) -> Result<Call, ImportError> {
    let value: Value = parse(&format!("the calls of {layer}"), node.get())?;
    let bad = || malformed(format!("{layer} has a call that is not understood: {}", excerpt(node.get())));
    let mut call = Call::default();
    match &value {
        Value::Object(fields) => {
            let args = fields.get("args").and_then(Value::as_array).ok_or_else(bad)?;
            for arg in args {
                operand(arg, &mut call).ok_or_else(bad)?;
            }
            if let Some(kwargs) = fields.get("kwargs") {
                named(kwargs, &mut call).ok_or_else(bad)?;
            }
        }
        Value::Array(tensors) => {
            // A single tensor may stand without the list around it.
            let single = tensors.first().is_some_and(Value::is_string);
            let tensors = if single { std::slice::from_ref(&value) } else { tensors.as_slice() };
            for tensor in tensors {
                call.inputs.push(older(tensor).ok_or_else(bad)?);
                let Some(kwargs) = tensor.get(3) else { continue };
                // The right side of an operator, such as `x + y`.
                if let Some(right) = kwargs.get("y") {
                    call.inputs.push(older(right).ok_or_else(bad)?);
                }
                named(kwargs, &mut call).ok_or_else(bad)?;
            }
        }
        _ => return Err(bad()),
    }
    Ok(call)
}

/// An argument of a call as Keras 3 writes it: a tensor, a list of tensors, or a number.
fn operand(value: &Value, call: &mut Call) -> Option<()> {
    match value {
        Value::Array(list) => list.iter().try_for_each(|v| operand(v, call)),
        Value::Number(n) => {
            call.inputs.push(Operand::Number(n.as_f64()?));
            Some(())
        }
        Value::Object(fields) if fields.get("class_name")?.as_str()? == "__keras_tensor__" => {
            let history = fields.get("config")?.get("keras_history")?;
            call.inputs.push(Operand::Tap(listed(history)?));
            Some(())
        }
        _ => None,
    }
}

/// The named arguments of a call that may change its result.
fn named(value: &Value, call: &mut Call) -> Option<()> {
    for (name, value) in value.as_object()? {
        if !(value.is_null() || name == "y" || (name == "training" && value == &Value::Bool(false))) {
            call.named.push(name.clone());
        }
    }
    Some(())
}

/// An operand as Keras 2 writes it: a tensor, a number, or a number in the place of a tensor.
fn older(value: &Value) -> Option<Operand> {
    match value {
        Value::Number(n) => n.as_f64().map(Operand::Number),
        Value::Array(list) if list.first().and_then(Value::as_str) == Some("_CONSTANT_VALUE") => {
            list.get(2)?.as_f64().map(Operand::Number)
        }
        other => listed(other).map(Operand::Tap),
    }
}

/// `["name", call, tensor, ..]`: a tensor, which must be the first of its call.
fn listed(value: &Value) -> Option<Tap> {
    let layer = value.get(0)?.as_str()?.to_owned();
    let call = usize::try_from(value.get(1)?.as_u64()?).ok()?;
    (value.get(2)?.as_u64()? == 0).then_some(Tap { layer, call })
}

/// `[["name", 0, 0], ..]`, or one alone.
fn taps(what: &str, raw: &RawValue) -> Result<Vec<Tap>, ImportError> {
    let value: Value = parse(what, raw.get())?;
    let list = match &value {
        Value::Array(l) if !l.first().is_some_and(Value::is_string) => l.as_slice(),
        single => std::slice::from_ref(single),
    };
    let taps: Option<Vec<Tap>> = list.iter().map(listed).collect();
    taps.ok_or_else(|| malformed(format!("`{what}` is not understood: {}", excerpt(raw.get()))))
}

/// The options of a layer, taken one by one.
pub(super) struct Options<'a> {
    layer: LayerRef,
    entries: BTreeMap<String, &'a RawValue>,
}

/// Options that say nothing about inference.
const SILENT: &[&str] = &[
    "name",
    "trainable",
    "dtype",
    "batch_input_shape",
    "batch_shape",
    "input_dtype",
    "sparse",
    "ragged",
    "optional",
    "seed",
    "momentum",
    "synchronized",
    "noise_shape",
];

impl<'a> Options<'a> {
    /// The options of a layer's `config`.
    pub(super) fn read(layer: &LayerRef, config: &'a RawValue) -> Result<Self, ImportError> {
        let entries = parse(&format!("the options of {layer}"), config.get())?;
        let options = Self { layer: layer.clone(), entries };
        match options.entries.get("dtype") {
            Some(raw) if raw.get().contains("_from_") => {
                Err(options.refuse("dtype", raw, "a model that is not quantised"))
            }
            _ => Ok(options),
        }
    }

    /// An option, `None` where it is missing or `null`.
    pub(super) fn take<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>, ImportError> {
        match self.entries.remove(key) {
            None => Ok(None),
            Some(raw) if raw.get() == "null" => Ok(None),
            Some(raw) => serde_json::from_str(raw.get()).map(Some).map_err(|_| self.refuse(key, raw, "another value")),
        }
    }

    /// An option that must be there.
    pub(super) fn need<T: DeserializeOwned>(&mut self, key: &str) -> Result<T, ImportError> {
        let layer = self.layer.clone();
        self.take(key)?.ok_or_else(|| malformed(format!("{layer} has no option `{key}`")))
    }

    /// A whole number above zero, or one for each of `axes`; `default` where it is missing or `null`.
    pub(super) fn sizes(&mut self, key: &str, axes: usize, default: &[usize]) -> Result<Vec<usize>, ImportError> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum OneOrMany {
            One(usize),
            Many(Vec<usize>),
        }
        let Some(raw) = self.raw(key) else { return Ok(default.to_vec()) };
        let sizes = match serde_json::from_str(raw.get()) {
            Ok(OneOrMany::One(n)) => vec![n; axes],
            Ok(OneOrMany::Many(many)) => many,
            Err(_) => vec![],
        };
        if sizes.len() != axes || !sizes.iter().all(|n| (1..=1 << 28).contains(n)) {
            return Err(self.refuse(key, raw, &format!("{axes} whole numbers above zero")));
        }
        Ok(sizes)
    }

    /// One of a few words, the first of which is the default.
    pub(super) fn word(&mut self, key: &str, words: &[&'static str]) -> Result<&'static str, ImportError> {
        let raw = self.entries.get(key).copied();
        let found: Option<String> = self.take(key)?;
        match (found, raw) {
            (Some(found), Some(raw)) => {
                let word = words.iter().find(|w| **w == found).copied();
                word.ok_or_else(|| self.refuse(key, raw, &words.join(" or ")))
            }
            _ => Ok(words[0]),
        }
    }

    /// Refuses an option unless it is missing, `null`, or as given.
    pub(super) fn only(&mut self, key: &str, accepted: &[&str]) -> Result<(), ImportError> {
        match self.entries.remove(key) {
            Some(raw) if raw.get() != "null" && !accepted.contains(&raw.get()) => {
                Err(self.refuse(key, raw, &accepted.join(" or ")))
            }
            _ => Ok(()),
        }
    }

    /// An option as it stands.
    pub(super) fn raw(&mut self, key: &str) -> Option<&'a RawValue> {
        self.entries.remove(key).filter(|raw| raw.get() != "null")
    }

    /// Refuses what was not taken, unless it says nothing about inference or is unset.
    pub(super) fn finish(self) -> Result<(), ImportError> {
        let silent = |key: &str| {
            SILENT.contains(&key)
                || ["_initializer", "_regularizer", "_constraint"].iter().any(|end| key.ends_with(end))
                || key.starts_with("renorm_")
        };
        let mut rest = self.entries.iter().filter(|(key, raw)| !silent(key) && !matches!(raw.get(), "null" | "false"));
        match rest.next() {
            Some((key, raw)) => {
                let help = "set it to its default, or replace the layer";
                Err(fault::option(&self.layer, key, &excerpt(raw.get()), help))
            }
            None => Ok(()),
        }
    }

    /// The error of an option that is something else than expected.
    pub(super) fn refuse(&self, key: &str, raw: &RawValue, expected: &str) -> ImportError {
        fault::option(&self.layer, key, &excerpt(raw.get()), format!("expected {expected}"))
    }
}

/// The start of a text, for messages.
pub(super) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text.to_owned(),
    }
}

fn parse<'a, T: Deserialize<'a>>(what: &str, text: &'a str) -> Result<T, ImportError> {
    serde_json::from_str(text).map_err(|e| malformed(format!("{what}: {e}")))
}
