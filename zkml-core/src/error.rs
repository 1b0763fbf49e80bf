//! Origins, and the errors of all stages before there is a circuit: one type a stage.

use std::{borrow::Cow, error::Error, fmt};

use serde::{Deserialize, Serialize};

use crate::{digest::Digest, shape::Shape};

/// The name of the innermost variant of an error, which says most: what bindings to other languages tell errors apart by.
///
/// ```
/// use zkml_core::{error::{InputError, variant}, shape::Shape};
///
/// let error = InputError::Shape { found: Shape::new([2]), expected: Shape::new([3]) };
/// assert_eq!(variant(&error), "Shape");
/// ```
pub fn variant(error: &dyn Error) -> String {
    let debug = format!("{error:?}");
    let names = debug.split(['(', '{', ' ']).map_while(|word| {
        let name = word.trim_end_matches([')', '}']);
        let is_name = name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(char::is_alphanumeric);
        is_name.then(|| name.to_owned())
    });
    names.last().unwrap_or_default()
}

/// The messages of what is behind an error, from the nearest cause to the first.
pub fn causes(error: &dyn Error) -> Vec<String> {
    std::iter::successors(error.source(), |&cause| cause.source()).map(ToString::to_string).collect()
}

/// Where a node of a graph was described.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// Built by hand, with no place to point at.
    #[default]
    Unknown,
    /// A line of Rust.
    Source {
        /// The file, as `file!()` names it.
        file: String,
        /// The line, from 1.
        line: u32,
        /// The column, from 1.
        column: u32,
    },
    /// A part of a model in another format; its reader makes it.
    Part(Box<Part>),
}

/// A part of a model in another format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What it is, in the words of its format.
    pub kind: Cow<'static, str>,
    /// Its name or path there.
    pub name: String,
    /// Its class or operator there; empty where the format has none.
    pub class: String,
}

impl Origin {
    /// A part of a model in another format.
    ///
    /// ```
    /// use zkml_core::error::Origin;
    ///
    /// assert_eq!(Origin::part("onnx node", "conv1", "Conv").to_string(), "onnx node `conv1` (Conv)");
    /// assert_eq!(Origin::part("burn module", "blocks.0", "").to_string(), "burn module `blocks.0`");
    /// ```
    pub fn part(kind: &'static str, name: impl Into<String>, class: impl Into<String>) -> Self {
        Self::Part(Box::new(Part { kind: Cow::Borrowed(kind), name: name.into(), class: class.into() }))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => write!(f, "an unnamed place"),
            Self::Source { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Self::Part(part) => match part.as_ref() {
                Part { kind, name, class } if class.is_empty() => write!(f, "{kind} `{name}`"),
                Part { kind, name, class } => write!(f, "{kind} `{name}` ({class})"),
            },
        }
    }
}

/// What part of a layer's description an error is about, so that it can be pointed at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Culprit {
    /// The layer's name.
    Layer,
    /// The whole description.
    Call,
    /// The `n`th tensor that the layer takes.
    Input(usize),
    /// The argument of that name.
    Argument(String),
}

/// A layer that can't be part of a graph: what was found, what was expected, and the repair.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct LayerError {
    /// What to point at.
    pub culprit: Culprit,
    /// What was found and what was expected.
    pub message: String,
    /// How to repair it, if that is known.
    pub help: Option<String>,
}

impl LayerError {
    /// An error about one of the tensors that the layer takes.
    pub fn input(index: usize, message: impl Into<String>) -> Self {
        Self { culprit: Culprit::Input(index), message: message.into(), help: None }
    }

    /// An error about an argument.
    pub fn argument(name: &str, message: impl Into<String>) -> Self {
        Self { culprit: Culprit::Argument(name.to_owned()), message: message.into(), help: None }
    }

    /// An error about the description as a whole.
    pub fn call(message: impl Into<String>) -> Self {
        Self { culprit: Culprit::Call, message: message.into(), help: None }
    }

    /// The same error with a repair.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The error of a layer that wants another rank.
    pub fn rank(index: usize, layer: &str, expected: &str, found: &Shape) -> Self {
        Self::input(index, format!("`{layer}` expects {expected}, found shape {found}"))
    }
}

/// A graph that can't be built: the layer's error, and where it stands.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GraphError {
    /// A layer refused its arguments or inputs.
    #[error("{origin}: {error}{}", .error.help.as_ref().map(|h| format!("; {h}")).unwrap_or_default())]
    Layer {
        /// Where the layer was described.
        origin: Origin,
        /// What it refused.
        #[source]
        error: LayerError,
    },
    /// A node that does not exist in this graph was used as an input.
    #[error("{origin}: node {found} does not exist, the graph has {nodes} nodes so far")]
    Dangling {
        /// Where the user stands.
        origin: Origin,
        /// The node asked for.
        found: usize,
        /// How many nodes there are.
        nodes: usize,
    },
    /// Two nodes with parameters have the same name.
    #[error("{origin}: the name `{name}` is taken by an earlier layer; give this one another name")]
    Name {
        /// Where the second one was described.
        origin: Origin,
        /// The name of both.
        name: String,
    },
    /// The graph has no input or no output, or its range is not a range.
    #[error("{0}")]
    Malformed(String),
}

/// Weights that are not those of the model.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// A parameter has no tensor.
    #[error("parameter `{name}` is missing, expected shape {expected}{}", .near.as_ref().map(|n| format!("; found `{n}`, which is not a parameter")).unwrap_or_default())]
    Missing {
        /// The parameter's name.
        name: String,
        /// Its shape.
        expected: Shape,
        /// A tensor of a similar name that no parameter uses.
        near: Option<String>,
    },
    /// A tensor belongs to no parameter.
    #[error("tensor `{name}` is not a parameter of this model; its parameters are {parameters}")]
    Extra {
        /// The tensor's name.
        name: String,
        /// The names of all parameters.
        parameters: String,
    },
    /// A tensor has another shape.
    #[error("parameter `{name}` has shape {found}, expected {expected}")]
    Shape {
        /// The parameter's name.
        name: String,
        /// The shape the graph gives it.
        expected: Shape,
        /// The shape found.
        found: Shape,
    },
    /// A value is infinite or not a number.
    #[error("parameter `{name}` has a value that is not finite ({value}) at index {index}")]
    NotFinite {
        /// The parameter's name.
        name: String,
        /// The flat index.
        index: usize,
        /// The value, as text.
        value: String,
    },
    /// A parameter that must be positive is not.
    #[error("parameter `{name}` must not be negative, found {value} at index {index}")]
    Negative {
        /// The parameter's name.
        name: String,
        /// The flat index.
        index: usize,
        /// The value, as text.
        value: String,
    },
    /// A tensor has elements of a type that is not read.
    #[error("tensor `{name}` has element type {found}, expected F32, F64, F16 or BF16")]
    Type {
        /// The tensor's name.
        name: String,
        /// The type found.
        found: String,
    },
    /// A file can't be read or written.
    #[error("cannot {action} {path}: {reason}")]
    File {
        /// Its path.
        path: String,
        /// `read` or `write`.
        action: &'static str,
        /// Why not.
        reason: String,
    },
}

/// An input that the model does not take.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// It has another shape.
    #[error("the model takes an input of shape {expected}, found {found}")]
    Shape {
        /// The shape of the model's input.
        expected: Shape,
        /// The shape found.
        found: Shape,
    },
    /// A value is out of the declared range or not a number.
    #[error("input element {index} is {value}, outside the declared range {lo} to {hi}")]
    Range {
        /// The flat index.
        index: usize,
        /// The value found.
        value: f64,
        /// The range's lower end.
        lo: f64,
        /// The range's upper end.
        hi: f64,
    },
    /// A value is not a whole number, but the declared range has whole ends.
    #[error("input element {index} is {value}, expected a whole number; declare a range with decimal points for reals")]
    Whole {
        /// The flat index.
        index: usize,
        /// The value found.
        value: f64,
    },
    /// A layer's value is beyond the width that calibration gave its decomposition: the input cannot be proved.
    #[error(
        "layer `{layer}` ({origin}) gets the value {value}, {bits} bit{} beyond the {lo} to {hi} of the calibration; \
         this input cannot be proved: calibrate with inputs like it, or with more `margin_bits`",
        if *.bits == 1 { "" } else { "s" }
    )]
    Beyond {
        /// The layer.
        layer: String,
        /// Where it was described.
        origin: Origin,
        /// The value.
        value: f64,
        /// The least value that can be proved.
        lo: f64,
        /// The greatest value that can be proved.
        hi: f64,
        /// How many bits more the decomposition would need.
        bits: u32,
    },
    /// The exact arithmetic refused the input.
    #[error("layer `{layer}` ({origin}): {error}")]
    Arith {
        /// The layer.
        layer: String,
        /// Where it was described.
        origin: Origin,
        /// The arithmetic's error.
        #[source]
        error: crate::number::ArithError,
    },
    /// Another number of inputs than the circuit proves at once.
    #[error("the circuit proves {expected} inputs at once, found {found}")]
    Batch {
        /// The circuit's batch.
        expected: usize,
        /// The number of inputs given.
        found: usize,
    },
    /// The graph does not end in `argmax`.
    #[error("the model has no class output: it ends in `{found}`, expected `argmax`")]
    NoClass {
        /// The last layer.
        found: String,
    },
}

/// A model that can't be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// Its graph can't be built.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// Its weights are not the graph's.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

/// A plan that can't be made, or that doesn't fit.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A sample is not an input of the model.
    #[error("calibration sample {index}: {error}")]
    Sample {
        /// Which sample.
        index: usize,
        /// Why not.
        #[source]
        error: InputError,
    },
    /// There is nothing to calibrate with.
    #[error("calibration needs at least one sample, found none; pass inputs like those that will be proven")]
    NoSamples,
    /// The float reference is not finite on a sample.
    #[error("layer `{layer}` ({origin}) gives {value} on calibration sample {index}, expected finite numbers")]
    NotFinite {
        /// The layer.
        layer: String,
        /// Where it was described.
        origin: Origin,
        /// Which sample.
        index: usize,
        /// The value, as text.
        value: String,
    },
    /// No plan within the search reaches the fidelity asked for.
    #[error(transparent)]
    Unreachable(#[from] Box<Unreachable>),
    /// The time was over before any plan reached the fidelity asked for.
    #[error(
        "no plan met the target within {limit:?}, {tried} were tried; give the search more time or lower the target, or \
         calibrate on fewer samples"
    )]
    TimeLimit {
        /// The time that the search had.
        limit: std::time::Duration,
        /// How many plans it tried.
        tried: usize,
    },
    /// A layer's values may outgrow the field.
    #[error("layer `{layer}` ({origin}): {error}")]
    Arith {
        /// The layer.
        layer: String,
        /// Where it was described.
        origin: Origin,
        /// The arithmetic's error.
        #[source]
        error: crate::number::ArithError,
    },
    /// Registered weights that anyone sees, or that the circuit itself commits to.
    #[error(
        "registered weights are {found}, expected Private: who may see them needs no registration, and what is registered is committed to there"
    )]
    Registers {
        /// Who sees them.
        found: String,
    },
    /// New weights don't fit an old plan.
    #[error(
        "parameter `{name}` has the value {value} at index {index}, the plan holds {lo} to {hi}; \
         train with a bound on it, or make a new plan (and new keys)"
    )]
    DoesNotFit {
        /// The parameter.
        name: String,
        /// The flat index.
        index: usize,
        /// The value.
        value: f64,
        /// The least value that fits.
        lo: f64,
        /// The greatest value that fits.
        hi: f64,
    },
    /// Weights of other shapes than the plan's.
    #[error("{found} weights, or of other shapes, expected the plan's {expected} in the shapes of its graph")]
    OtherShapes {
        /// How many there are.
        found: usize,
        /// How many the plan has.
        expected: usize,
    },
    /// A plan of another graph.
    #[error(
        "the plan belongs to another graph: it has {found} steps for graph {plan}, expected {expected} for graph {graph}"
    )]
    OtherGraph {
        /// The digest in the plan.
        plan: Digest,
        /// The digest of the graph.
        graph: Digest,
        /// Steps in the plan.
        found: usize,
        /// Nodes in the graph.
        expected: usize,
    },
    /// A table that is farther from its function than the plan states.
    #[error(
        "layer `{layer}` ({origin}): its tables are off by {} from the functions that they stand for, the plan states {}; \
         make the plan anew, or state what is proven with `Plan::stated`", table_error(&Some(*found)), table_error(stated)
    )]
    Table {
        /// The layer.
        layer: String,
        /// Where it was described.
        origin: Origin,
        /// What the plan states.
        stated: Option<crate::layer::TableError>,
        /// What was found.
        found: crate::layer::TableError,
    },
    /// A plan that states a smaller error than is proven.
    #[error(
        "the plan states that no score is off by more than {stated}, {}; state what is proven with `Plan::stated`",
        found.map_or("but no bound is known".to_owned(), |found| format!("but only {found} is proven"))
    )]
    Error {
        /// What the plan states.
        stated: f64,
        /// What is proven.
        found: Option<f64>,
    },
    /// The optimised model can't be made.
    #[error("the optimised model: {error}")]
    Optimized {
        /// Why not.
        #[source]
        error: Box<ModelError>,
    },
    /// The file of a plan can't be read or written.
    #[error("cannot {action} {path}: {reason}")]
    File {
        /// Its path.
        path: String,
        /// `read` or `write`.
        action: &'static str,
        /// Why not.
        reason: String,
    },
}

/// A table's error, for people.
fn table_error(error: &Option<crate::layer::TableError>) -> String {
    match error {
        None => "nothing".to_owned(),
        Some(e) if e.saturates => format!("{} and saturate", e.error),
        Some(e) => e.error.to_string(),
    }
}

/// What was asked of a plan, what was reached, and where precision is lost.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "no plan reaches the target: asked for {asked}, the finest plan tried reached {reached}; \
     the error grows most in layer `{layer}` ({origin}); {help}"
)]
pub struct Unreachable {
    /// What was asked for.
    pub asked: String,
    /// The best that was reached.
    pub reached: String,
    /// The layer where the error grows most.
    pub layer: String,
    /// Where it was described.
    pub origin: Origin,
    /// What would help.
    pub help: String,
}
