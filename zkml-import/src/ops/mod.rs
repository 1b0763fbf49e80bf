//! Operators that all readers share, and their lowering to layers.
//!
//! A reader says what its file says as [`Op`]s: channels first, no batch axis, axes counted from the outermost, weights in the
//! layouts that each [`Op`] states. [`lower`] makes layers of them; it is the only place that knows which layer does what.
//!
//! Which layers these are depends on the shape of a [`Value::Weight`], never on its elements: whoever sees the graph learns
//! nothing of weights. A number that an operator needs to know (an exponent, a fill) is not a weight wherever it is stored.

mod elementwise;
mod linear;
mod norm;
mod pool;
mod shapes;

use zkml_core::{
    error::Origin,
    graph::NodeId,
    layer::{Args, Literal},
    shape::Shape,
    tensor::Tensor,
};

pub use self::{
    elementwise::{Binary, Unary},
    pool::{PoolKind, ReduceKind},
    shapes::{PadMode, Place},
};
use crate::{
    builder::{Builder, Value},
    error::ImportError,
};

/// The border of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Padding {
    /// None.
    Valid,
    /// As many outputs as `input / stride`, rounded up; the odd element goes last.
    Same,
    /// The same, but the odd element goes first.
    SameLower,
    /// Everything before the first element (one axis only).
    Causal,
    /// So many elements before and after each spatial axis.
    Explicit {
        /// Before each axis.
        before: Vec<usize>,
        /// After each axis.
        after: Vec<usize>,
    },
}

/// A window over the spatial axes: one number an axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its extents.
    pub kernel: Vec<usize>,
    /// Steps between windows.
    pub stride: Vec<usize>,
    /// Steps within a window.
    pub dilation: Vec<usize>,
    /// The border.
    pub padding: Padding,
}

/// A foreign operator. `x` is its first input, channels first and without a batch axis; axes count from the outermost.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Op {
    /// `x`, weight `[filters, channels / groups, kernel..]`, optionally bias `[filters]`; both constant.
    Conv {
        /// Its `kernel` must be that of the weight.
        window: Window,
        /// In how many groups channels and filters are split.
        groups: usize,
    },
    /// `x`, weight `[channels, filters / groups, kernel..]`, optionally bias `[filters]`; both constant.
    ConvTranspose {
        /// Its `kernel` must be that of the weight.
        window: Window,
        /// How many elements are added after each axis of the output.
        output_padding: Vec<usize>,
        /// In how many groups channels and filters are split.
        groups: usize,
    },
    /// `x [.., in]`, weight `[out, in]`, optionally bias `[out]`; both constant.
    Dense,
    /// `a @ b`, as numpy.
    MatMul,
    /// One input, element by element.
    Unary(Unary),
    /// Two inputs, element by element, broadcast from the last axis.
    Binary(Binary),
    /// `x`, constant slope: of one element, `[channels]`, or what broadcasts to `x`.
    Prelu,
    /// `condition` (0 or 1), `a`, `b`: `a` where the condition holds.
    Select,
    /// A window's largest element, mean or sum.
    Pool {
        /// Which.
        kind: PoolKind,
        /// The window.
        window: Window,
        /// Whether a last window that reaches past the border counts.
        ceil: bool,
    },
    /// The same over all that follows the channel axis.
    GlobalPool {
        /// Which.
        kind: PoolKind,
        /// Whether the spatial axes stay, with extent one.
        keepdims: bool,
    },
    /// One number of all elements along the axes.
    Reduce {
        /// Which.
        kind: ReduceKind,
        /// The axes.
        axes: Vec<usize>,
        /// Whether the axes stay, with extent one.
        keepdims: bool,
    },
    /// Where the largest (or smallest) element is.
    Arg {
        /// Largest or smallest.
        max: bool,
        /// The axis.
        axis: usize,
        /// Whether the axis stays, with extent one.
        keepdims: bool,
        /// Whether the last one wins among equals.
        last: bool,
    },
    /// `exp(x) / sum exp(x)` along an axis.
    Softmax {
        /// The axis.
        axis: usize,
    },
    /// Its logarithm.
    LogSoftmax {
        /// The axis.
        axis: usize,
    },
    /// `x [channels, ..]`, constant gamma, beta, mean, variance `[channels]`.
    BatchNorm {
        /// Added to the variance.
        epsilon: f64,
    },
    /// `x [channels, ..]`, constant gamma, beta `[channels]`: normalised over what follows the channel axis.
    InstanceNorm {
        /// Added to the variance.
        epsilon: f64,
    },
    /// `x`, optionally constant gamma, beta of the axes' extents: normalised over the axes.
    LayerNorm {
        /// The axes, the last ones.
        axes: Vec<usize>,
        /// Added to the variance.
        epsilon: f64,
    },
    /// `x`, optionally constant gamma of the axes' extents: divided by the root of the mean square over the axes.
    RmsNorm {
        /// The axes, the last ones.
        axes: Vec<usize>,
        /// Added to the mean square.
        epsilon: f64,
    },
    /// Another shape of as many elements.
    Reshape {
        /// The shape.
        shape: Vec<usize>,
    },
    /// One axis.
    Flatten,
    /// Axis `i` of the result is axis `axes[i]` of `x`.
    Permute {
        /// The axes.
        axes: Vec<usize>,
    },
    /// Every `step`th element from `start` to before `end` along an axis, with the rules of ONNX for both.
    Slice {
        /// The axis.
        axis: usize,
        /// The first index; negative ones count from the end.
        start: i64,
        /// The index before which it stops; negative ones count from the end.
        end: i64,
        /// The step, other than zero.
        step: i64,
    },
    /// The slices of these indices along an axis.
    Gather {
        /// The axis.
        axis: usize,
        /// The indices.
        indices: Vec<usize>,
    },
    /// All inputs one after the other along an axis.
    Concat {
        /// The axis.
        axis: usize,
    },
    /// A border around `x`.
    Pad {
        /// Elements before each axis, and after each axis; negative ones are cut off.
        before: Vec<i64>,
        /// See `before`.
        after: Vec<i64>,
        /// What it is filled with.
        mode: PadMode,
    },
    /// Repeated along axes of extent one, and along new outer axes.
    Broadcast {
        /// The shape.
        shape: Vec<usize>,
    },
    /// Repeated as a whole along each axis.
    Tile {
        /// How often, one number an axis.
        repeats: Vec<usize>,
    },
    /// The nearest element, for an output that many times as large along each spatial axis.
    Upsample {
        /// The factors, one a spatial axis.
        factors: Vec<usize>,
    },
    /// Nearest neighbours at these indices along each axis that has some.
    Sample {
        /// For each axis, the indices taken, or nothing where the axis stays.
        indices: Vec<Option<Vec<usize>>>,
    },
    /// Channels to blocks of pixels.
    DepthToSpace {
        /// The block's extent.
        block: usize,
        /// Where a pixel of a block comes from.
        place: Place,
    },
    /// Blocks of pixels to channels.
    SpaceToDepth {
        /// The block's extent.
        block: usize,
    },
}

/// Adds the layers of an operator, and returns its value.
///
/// The layer that holds the parameters gets the name; helpers beside it get the name and a suffix.
///
/// # Errors
/// If no layer does what the operator asks for, or a layer refuses its arguments or inputs.
///
/// ```
/// # use zkml_import::{builder::{Builder, Value}, ops::{Op, Unary, lower}};
/// # use zkml_core::{error::Origin, shape::Shape};
/// let mut builder = Builder::new("model", Shape::new([4]))?;
/// let x = Value::Node(builder.input());
/// let y = lower(&mut builder, &Op::Unary(Unary::Relu), &[x], "act", &Origin::Unknown)?;
/// assert_eq!(builder.finish(&y)?.graph.nodes()[1].name, "act");
/// # Ok::<(), zkml_import::ImportError>(())
/// ```
pub fn lower(
    builder: &mut Builder,
    op: &Op,
    inputs: &[Value],
    name: &str,
    origin: &Origin,
) -> Result<Value, ImportError> {
    let mut at = At { builder, name, origin };
    let first = at.input(inputs, 0)?;
    match op {
        Op::Conv { window, groups } => linear::conv(&mut at, inputs, window, *groups),
        Op::ConvTranspose { window, output_padding, groups } => {
            linear::conv_transpose(&mut at, inputs, window, output_padding, *groups)
        }
        Op::Dense => linear::dense(&mut at, inputs),
        Op::MatMul => linear::matmul(&mut at, inputs),
        Op::Unary(unary) => elementwise::unary(&mut at, unary, &first),
        Op::Binary(binary) => elementwise::binary(&mut at, *binary, &first, &at_second(inputs, origin)?),
        Op::Prelu => elementwise::prelu(&mut at, &first, &at_second(inputs, origin)?),
        Op::Select => elementwise::select(&mut at, inputs),
        Op::Pool { kind, window, ceil } => pool::pool(&mut at, *kind, window, *ceil, &first),
        Op::GlobalPool { kind, keepdims } => pool::global(&mut at, *kind, *keepdims, &first),
        Op::Reduce { kind, axes, keepdims } => pool::reduce(&mut at, *kind, axes, *keepdims, &first),
        Op::Arg { max, axis, keepdims, last } => pool::arg(&mut at, *max, *axis, *keepdims, *last, &first),
        Op::Softmax { axis } => norm::softmax(&mut at, "softmax", *axis, &first),
        Op::LogSoftmax { axis } => norm::softmax(&mut at, "log_softmax", *axis, &first),
        Op::BatchNorm { epsilon } => norm::batch(&mut at, inputs, *epsilon),
        Op::InstanceNorm { epsilon } => norm::instance(&mut at, inputs, *epsilon),
        Op::LayerNorm { axes, epsilon } => norm::layer(&mut at, "layer_norm", inputs, axes, *epsilon),
        Op::RmsNorm { axes, epsilon } => norm::layer(&mut at, "rms_norm", inputs, axes, *epsilon),
        Op::Reshape { shape } => shapes::reshape(&mut at, &first, shape),
        Op::Flatten => shapes::flatten(&mut at, &first),
        Op::Permute { axes } => shapes::permute(&mut at, &first, axes),
        Op::Slice { axis, start, end, step } => shapes::slice(&mut at, &first, *axis, [*start, *end, *step]),
        Op::Gather { axis, indices } => shapes::gather(&mut at, &first, *axis, indices),
        Op::Concat { axis } => shapes::concat(&mut at, inputs, *axis),
        Op::Pad { before, after, mode } => shapes::pad(&mut at, &first, before, after, *mode),
        Op::Broadcast { shape } => shapes::broadcast(&mut at, &first, shape),
        Op::Tile { repeats } => shapes::tile(&mut at, &first, repeats),
        Op::Upsample { factors } => shapes::upsample(&mut at, &first, factors),
        Op::Sample { indices } => shapes::sample(&mut at, &first, indices),
        Op::DepthToSpace { block, place } => {
            at.layer("depth_to_space", Args::new().with("block", *block).with("mode", place.word()), &[first])
        }
        Op::SpaceToDepth { block } => at.layer("space_to_depth", Args::new().with("block", *block), &[first]),
    }
}

/// `gamma_c * x_c + beta_c` for each channel `c`, the first axis.
///
/// # Errors
/// As [`lower`].
pub fn affine(
    builder: &mut Builder,
    x: &Value,
    gamma: Tensor,
    beta: Tensor,
    name: &str,
    origin: &Origin,
) -> Result<Value, ImportError> {
    norm::affine(&mut At { builder, name, origin }, x, gamma, beta)
}

/// The second input.
fn at_second(inputs: &[Value], origin: &Origin) -> Result<Value, ImportError> {
    inputs.get(1).cloned().ok_or_else(|| ImportError::malformed(origin, "one input", "two"))
}

/// Where an operator is lowered: the builder, and what its layers are called.
struct At<'a> {
    builder: &'a mut Builder,
    name: &'a str,
    origin: &'a Origin,
}

impl At<'_> {
    /// An input that must be there.
    fn input(&self, inputs: &[Value], index: usize) -> Result<Value, ImportError> {
        let missing =
            || ImportError::malformed(self.origin, format!("{} inputs", inputs.len()), format!("{}", index + 1));
        inputs.get(index).cloned().ok_or_else(missing)
    }

    /// An input that must be constant.
    fn constant(&self, inputs: &[Value], index: usize, what: &str) -> Result<Tensor, ImportError> {
        match self.input(inputs, index)? {
            Value::Constant(tensor) | Value::Weight(tensor) => Ok((*tensor).clone()),
            Value::Node(_) => Err(ImportError::unsupported(
                self.origin,
                format!("{what} computed by the network"),
                format!("a constant {what}"),
            )
            .help("store it in the file as an initializer or weight")),
        }
    }

    /// A constant vector that must have this length, if it is there. A single axis is enough: others have extent one.
    fn vector(&self, inputs: &[Value], index: usize, what: &str, length: usize) -> Result<Option<Tensor>, ImportError> {
        if inputs.len() <= index {
            return Ok(None);
        }
        let tensor = self.constant(inputs, index, what)?;
        if tensor.len() != length {
            return Err(ImportError::malformed(
                self.origin,
                format!("{what} of shape {}", tensor.shape()),
                format!("{length} elements"),
            ));
        }
        Ok(Some(Tensor::vector(tensor.into_data())))
    }

    /// The shape of a value.
    fn dims(&self, value: &Value) -> Vec<usize> {
        self.builder.shape(value).dims().to_vec()
    }

    /// The operator's own layer.
    fn layer(&mut self, layer: &str, args: Args, inputs: &[Value]) -> Result<Value, ImportError> {
        self.layer_with(layer, args, inputs, vec![])
    }

    /// The operator's own layer, with parameters.
    fn layer_with(
        &mut self,
        layer: &str,
        args: Args,
        inputs: &[Value],
        params: Vec<(&str, Tensor)>,
    ) -> Result<Value, ImportError> {
        let nodes = self.nodes(inputs)?;
        self.builder.push_with(layer, args, &nodes, params, self.name, self.origin).map(Value::Node)
    }

    /// A helper beside the operator's own layer.
    fn helper(&mut self, suffix: &str, layer: &str, args: Args, inputs: &[Value]) -> Result<Value, ImportError> {
        let nodes = self.nodes(inputs)?;
        let name = if self.name.is_empty() { String::new() } else { format!("{}_{suffix}", self.name) };
        self.builder.push(layer, args, &nodes, &name, self.origin).map(Value::Node)
    }

    /// The same operator with a suffix on its name.
    fn beside<T>(
        &mut self,
        suffix: &str,
        f: impl FnOnce(&mut At<'_>) -> Result<T, ImportError>,
    ) -> Result<T, ImportError> {
        let name = if self.name.is_empty() { String::new() } else { format!("{}_{suffix}", self.name) };
        f(&mut At { builder: self.builder, name: &name, origin: self.origin })
    }

    /// Values as nodes.
    fn nodes(&mut self, inputs: &[Value]) -> Result<Vec<NodeId>, ImportError> {
        let name = if self.name.is_empty() { String::new() } else { format!("{}_constant", self.name) };
        inputs.iter().map(|value| self.builder.node(value, &name, self.origin)).collect()
    }

    /// The value under another shape, if it has not that shape already.
    fn reshaped(&mut self, value: &Value, shape: &[usize]) -> Result<Value, ImportError> {
        if self.dims(value) == shape {
            return Ok(value.clone());
        }
        match value {
            Value::Constant(tensor) | Value::Weight(tensor) => (**tensor)
                .clone()
                .reshape(Shape::from(shape))
                .map(|tensor| value.computed(tensor))
                .map_err(|error| ImportError::malformed(self.origin, error.to_string(), "")),
            Value::Node(_) => {
                let shape = if shape.is_empty() { &[1] } else { shape };
                self.helper(
                    "reshape",
                    "reshape",
                    Args::new().with("shape", crate::builder::list(shape)),
                    std::slice::from_ref(value),
                )
            }
        }
    }

    /// An error about something no layer does.
    fn unsupported(&self, found: impl Into<String>, expected: impl Into<String>) -> ImportError {
        ImportError::unsupported(self.origin, found, expected)
    }
}

/// Whole numbers as an argument.
fn ints(numbers: &[i64]) -> Literal {
    Literal::List(numbers.to_vec())
}
