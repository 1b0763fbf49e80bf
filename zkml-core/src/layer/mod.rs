//! Layers: one file for each, or for a family of twins, with formula, shape rule, float and exact semantics side by side.
//!
//! To add one: write its file in the folder of its family, and add `file: Type` to the list in [`layers!`](self). Everything
//! else, dispatch included, is made from that list. Passes, plan and circuit know of a layer what its [`Kind`] says; they name none.

mod args;
mod axes;
mod card;
mod formula;
#[allow(clippy::disallowed_methods, reason = "tables are fitted here, and in the plan before there is a circuit")]
pub mod function;
mod kind;
mod names;
mod quotient;
mod receptive_fields;
mod serialize;
mod tabulated;
#[cfg(test)]
mod testing;
pub mod window;

use std::fmt;

use serde::{Deserialize, Serialize};

use self::function::Function;
use self::names::unknown;
pub use self::{
    args::{Args, Literal},
    card::{Arg, Arity, Card},
    function::Request,
    kind::{Binary, Groups, Kind, Layout, Linear, Over},
    names::nearest,
};
use crate::{
    arith::Arith,
    error::LayerError,
    gadget::Piecewise,
    number::{ArithError, Cut, MAX_BITS},
    shape::Shape,
    tensor::Tensor,
};

/// Role of a parameter in its layer, which decides the scale that it is quantised with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Weight: multiplies the input. It is at the weight scale of the plan, `s_w`.
    Weight,
    /// Bias: is added to the values, at their scale before the rescale, [`Layer::scale`].
    Bias,
}

/// Initializer of a parameter, for a model that is not loaded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Glorot uniform, in `+-sqrt(6 / (fan_in + fan_out))` (Glorot and Bengio 2010; the default of Keras).
    Glorot {
        /// Number of inputs of an output.
        fan_in: usize,
        /// Number of outputs of an input.
        fan_out: usize,
    },
    /// A constant.
    Constant(f64),
}

/// A parameter of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name within the layer: `weight`, `bias`, ..
    pub name: &'static str,
    /// Its shape.
    pub shape: Shape,
    /// Its role in the layer.
    pub role: Role,
    /// Its initializer.
    pub init: Init,
    /// Whether it must not be negative (a variance).
    pub non_negative: bool,
}

/// Lowered parameter, as the exact semantics take it.
#[derive(Clone, Debug, PartialEq)]
pub struct Lowered {
    /// Its name within the layer.
    pub name: &'static str,
    /// Its role in the layer.
    pub role: Role,
    /// Its values.
    pub values: Tensor,
}

/// Quantised factors of a layer: whether it multiplies by weights or constants, which need a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factors {
    /// None.
    None,
    /// Its parameters.
    Weights,
    /// Constants of its own, such as a divisor or a literal.
    Constants,
}

/// Step of a plan: the scales, the rescale and the tables of one node.
///
/// The layer computes its formula on integers at scale [`Layer::scale`], then divides by `2^shift` (rounding half
/// up), then saturates to `saturate` bits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Scale of each input: a wire `q` stands for `q / 2^scale`.
    pub inputs: Vec<i32>,
    /// Weight scale: that of weights or constants, if the layer has any.
    #[serde(rename = "factor")]
    pub weight_scale: i32,
    /// Number of bits that the rescale drops.
    pub shift: u32,
    /// Saturation: values outside `-2^b ..= 2^b - 1` become the nearest end.
    pub saturate: Option<u32>,
    /// Bits of the rescale's decomposition, if fewer than the bounds say: no other value can be proved, see [`Cut::bits`].
    #[serde(default, rename = "width")]
    pub bits: Option<u32>,
    /// Extra bits of each channel (of the first axis), which the rescale drops as well; empty where all channels have one
    /// scale. See [`crate::plan::channels`].
    #[serde(default)]
    pub channels: Vec<u32>,
    /// Tables of the functions in the layer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<Piecewise>,
    /// Stated error of the tables: a plan that states less than is found is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated: Option<TableError>,
    /// Reach: the inputs are at most `2^reach` in magnitude, in the samples; for a layer whose precision depends on it
    /// ([`Layer::reaches`]).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reach: i32,
}

/// Error of the tables of a node against their functions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TableError {
    /// Largest error, over all inputs where the tables do not saturate.
    pub error: f64,
    /// Whether inputs occur where the tables saturate.
    pub saturates: bool,
}

fn is_zero(n: &i32) -> bool {
    *n == 0
}

impl Step {
    /// The rescale of this step.
    pub fn cut(&self) -> Cut {
        Cut { shift: self.shift, saturate: self.saturate, bits: self.bits }
    }

    /// The rescale of one channel.
    pub fn cut_at(&self, channel: usize) -> Cut {
        let finer = self.channels.get(channel).copied().unwrap_or(0);
        let bits = self.bits.map(|w| w.saturating_add(finer));
        Cut { shift: self.shift.saturating_add(finer), bits, ..self.cut() }
    }

    /// By how many bits each of `n` elements is held finer than the layer: as much as its channel, of which all have as many.
    pub(crate) fn finer(&self, n: usize) -> impl Fn(usize) -> i32 {
        let per = (n / self.channels.len().max(1)).max(1);
        move |i| self.channels.get(i / per).map_or(0, |finer| *finer as i32)
    }

    /// Whether there is a rescale, a saturation or a bound on the bits.
    pub fn cuts(&self) -> bool {
        self.shift > 0 || self.saturate.is_some() || self.bits.is_some()
    }

    /// `f` of every element and its rescale.
    ///
    /// # Errors
    /// As `f`.
    pub fn each<W>(
        &self,
        x: &Tensor<W>,
        mut f: impl FnMut(&W, Cut) -> Result<W, ArithError>,
    ) -> Result<Tensor<W>, ArithError> {
        let per = x.len() / self.channels.len().max(1);
        Tensor::from_fn(x.shape().clone(), |i| i).try_map(|i| f(&x.data()[*i], self.cut_at(*i / per.max(1))))
    }

    /// The rescale of this step, applied to every element.
    ///
    /// # Errors
    /// As [`Arith::rescale`].
    pub fn finish<A: Arith>(&self, a: &mut A, y: Tensor<A::Wire>) -> Result<Tensor<A::Wire>, ArithError> {
        if !self.cuts() {
            return Ok(y);
        }
        self.each(&y, |q, cut| a.rescale(q, cut))
    }
}

/// Parameters that the exact semantics takes as they are.
fn unchanged(params: Vec<Param>, values: &[&Tensor]) -> Vec<Lowered> {
    let params = params.into_iter().zip(values);
    params.map(|(p, values)| Lowered { name: p.name, role: p.role, values: (*values).clone() }).collect()
}

/// The shapes of parameters that the exact semantics takes as they are.
fn shapes(params: Vec<Param>) -> Vec<Shape> {
    params.into_iter().map(|p| p.shape).collect()
}

/// Layer: formula, shape rule, float reference and exact semantics.
pub trait Layer: Sized + Clone + fmt::Debug + PartialEq {
    /// Its card: what the documentation says of it, as data.
    const CARD: Card;

    /// The layer from its arguments.
    ///
    /// # Errors
    /// If an argument is missing, unknown, of another type or out of range.
    fn parse(args: &mut Args) -> Result<Self, LayerError>;

    /// The arguments back, such that `parse` gives this layer.
    fn args(&self) -> Vec<(&'static str, Literal)>;

    /// The shape of the output.
    ///
    /// # Errors
    /// If the inputs' shapes are not what the layer takes. The number of inputs is already checked.
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError>;

    /// The parameters, for inputs whose shapes are valid.
    fn params(&self, inputs: &[&Shape]) -> Vec<Param>;

    /// The float reference.
    fn float(&self, inputs: &[&Tensor], params: &[&Tensor]) -> Tensor;

    /// The parameters as the exact semantics take them, in the order of [`Layer::exact`]'s `p`.
    fn lower(&self, inputs: &[&Shape], params: &[&Tensor]) -> Vec<Lowered> {
        unchanged(self.params(inputs), params)
    }

    /// The shapes of [`Layer::lower`]'s values: known without any.
    fn lowered(&self, inputs: &[&Shape]) -> Vec<Shape> {
        shapes(self.params(inputs))
    }

    /// Whether it multiplies by weights or constants.
    fn factors(&self) -> Factors;

    /// Scale of the output, before the rescale.
    fn scale(&self, step: &Step) -> i32;

    /// Tables of its functions, for a plan to store; `None` if no table is near enough.
    fn tables(&self, _: &[&Shape], _: Request) -> Option<Vec<Piecewise>> {
        Some(vec![])
    }

    /// Functions of the tables of a step, in their order.
    fn functions(&self, _: &Step) -> Vec<Function> {
        vec![]
    }

    /// Whether its precision depends on how large its inputs are, which the step has to say ([`Step::reach`]).
    fn reaches(&self) -> bool {
        false
    }

    /// Whether the tables of a step are those that it needs.
    fn tabled(&self, step: &Step) -> bool {
        step.tables.is_empty()
    }

    /// Whether a step has the tables that it needs, and a reach that makes sense.
    fn holds(&self, step: &Step) -> bool {
        self.tabled(step) && if self.reaches() { step.reach.unsigned_abs() < MAX_BITS } else { step.reach == 0 }
    }

    /// The largest error of its table, over every input of at most `reach` in magnitude.
    fn max_error(&self, _: &Step, _: f64) -> Option<f64> {
        None
    }

    /// Fan-out: how often one element of the input enters a linear combination.
    fn fanout(&self, inputs: &[&Shape]) -> usize;

    /// Maxima: how many of two each element of the output is made by, at most, one of the result of the other; nothing for any other layer, and
    /// where an element of the input is part of no output.
    fn maxima(&self, _: &Shape) -> Option<u32> {
        None
    }

    /// Its kind, the algebra of its formula: all that passes, plan and circuit know of it.
    fn kind(&self) -> Kind;

    /// Whether a rescale is free, as it shares the bit decomposition of the layer.
    fn fuses_rescale(&self) -> bool;

    /// The exact semantics, over any reading.
    ///
    /// # Errors
    /// If a value may reach `2^250`.
    fn exact<A: Arith>(
        &self,
        a: &mut A,
        x: &[&Tensor<A::Wire>],
        p: &[Tensor<A::Wire>],
        step: &Step,
    ) -> Result<Tensor<A::Wire>, ArithError>;
}

/// List of all layers, from which the modules, the closed enum and all dispatch are made.
macro_rules! layers {
    ($(
        $(#[$doc:meta])*
        $room:ident($($shared:ident),*) { $($module:ident: $($name:ident)+),* $(,)? }
    )*) => {
        $(
            $(#[$doc])*
            pub mod $room {
                $(pub(super) mod $shared;)*
                $(pub mod $module;)*
            }
            $(pub use self::$room::$module::{$($name),+};)*
        )*

        /// Any layer.
        #[derive(Clone, Debug, PartialEq)]
        pub enum AnyLayer {
            $($($(
                #[doc = concat!("See [`", stringify!($room), "::", stringify!($module), "::", stringify!($name), "`].")]
                $name($name),
            )+)*)*
        }

        /// The cards of all layers, in the order of the list.
        pub const CARDS: &[Card] = &[$($($(<$name as Layer>::CARD,)+)*)*];

        impl AnyLayer {
            /// The layer of that name in the DSL.
            ///
            /// # Errors
            /// If no layer has that name, or as the layer's own [`Layer::parse`] says.
            pub fn parse(name: &str, mut args: Args) -> Result<Self, LayerError> {
                $($($(
                    if name == <$name as Layer>::CARD.name {
                        args.check(&<$name as Layer>::CARD)?;
                        return $name::parse(&mut args).map(Self::$name);
                    }
                )+)*)*
                Err(unknown(name))
            }

            /// Its card.
            pub fn card(&self) -> &'static Card {
                match self { $($($(Self::$name(_) => &<$name as Layer>::CARD,)+)*)* }
            }

            /// See [`Layer::args`].
            pub fn args(&self) -> Vec<(&'static str, Literal)> {
                match self { $($($(Self::$name(l) => l.args(),)+)*)* }
            }

            /// See [`Layer::shape`].
            ///
            /// # Errors
            /// As there, and if the number of inputs is not the layer's.
            pub fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
                let card = self.card();
                if !card.arity.admits(inputs.len()) {
                    return Err(LayerError::call(format!(
                        "`{}` takes {}, found {}", card.name, card.arity, inputs.len()
                    )));
                }
                let shape = match self { $($($(Self::$name(l) => l.shape(inputs),)+)*)* }?;
                if shape.is_empty() || shape.len() > Shape::MAX_LEN {
                    return Err(LayerError::call(format!(
                        "`{}` gives shape {shape}, expected 1 to {} elements", card.name, Shape::MAX_LEN
                    )));
                }
                if shape.rank() > Shape::MAX_RANK {
                    return Err(LayerError::call(format!(
                        "`{}` gives a shape with {} axes, expected at most {}", card.name, shape.rank(), Shape::MAX_RANK
                    )));
                }
                Ok(shape)
            }

            /// See [`Layer::params`].
            pub fn params(&self, inputs: &[&Shape]) -> Vec<Param> {
                match self { $($($(Self::$name(l) => l.params(inputs),)+)*)* }
            }

            /// See [`Layer::float`].
            pub fn float(&self, inputs: &[&Tensor], params: &[&Tensor]) -> Tensor {
                match self { $($($(Self::$name(l) => l.float(inputs, params),)+)*)* }
            }

            /// See [`Layer::lower`].
            pub fn lower(&self, inputs: &[&Shape], params: &[&Tensor]) -> Vec<Lowered> {
                match self { $($($(Self::$name(l) => l.lower(inputs, params),)+)*)* }
            }

            /// See [`Layer::lowered`].
            pub fn lowered(&self, inputs: &[&Shape]) -> Vec<Shape> {
                match self { $($($(Self::$name(l) => l.lowered(inputs),)+)*)* }
            }

            /// See [`Layer::factors`].
            pub fn factors(&self) -> Factors {
                match self { $($($(Self::$name(l) => l.factors(),)+)*)* }
            }

            /// See [`Layer::scale`].
            pub fn scale(&self, step: &Step) -> i32 {
                match self { $($($(Self::$name(l) => l.scale(step),)+)*)* }
            }

            /// See [`Layer::tables`].
            pub fn tables(&self, inputs: &[&Shape], request: Request) -> Option<Vec<Piecewise>> {
                match self { $($($(Self::$name(l) => l.tables(inputs, request),)+)*)* }
            }

            /// See [`Layer::functions`].
            pub fn functions(&self, step: &Step) -> Vec<Function> {
                match self { $($($(Self::$name(l) => l.functions(step),)+)*)* }
            }

            /// See [`Layer::reaches`].
            pub fn reaches(&self) -> bool {
                match self { $($($(Self::$name(l) => l.reaches(),)+)*)* }
            }

            /// See [`Layer::holds`].
            pub fn holds(&self, step: &Step) -> bool {
                match self { $($($(Self::$name(l) => l.holds(step),)+)*)* }
            }

            /// See [`Layer::max_error`].
            pub fn max_error(&self, step: &Step, reach: f64) -> Option<f64> {
                match self { $($($(Self::$name(l) => l.max_error(step, reach),)+)*)* }
            }

            /// See [`Layer::fanout`].
            pub fn fanout(&self, inputs: &[&Shape]) -> usize {
                match self { $($($(Self::$name(l) => l.fanout(inputs),)+)*)* }
            }

            /// See [`Layer::maxima`].
            pub fn maxima(&self, input: &Shape) -> Option<u32> {
                match self { $($($(Self::$name(l) => l.maxima(input),)+)*)* }
            }

            /// See [`Layer::kind`].
            pub fn kind(&self) -> Kind {
                match self { $($($(Self::$name(l) => l.kind(),)+)*)* }
            }

            /// See [`Layer::fuses_rescale`].
            pub fn fuses_rescale(&self) -> bool {
                match self { $($($(Self::$name(l) => l.fuses_rescale(),)+)*)* }
            }

            /// See [`Layer::exact`].
            ///
            /// # Errors
            /// As there.
            pub fn exact<A: Arith>(
                &self,
                a: &mut A,
                x: &[&Tensor<A::Wire>],
                p: &[Tensor<A::Wire>],
                step: &Step,
            ) -> Result<Tensor<A::Wire>, ArithError> {
                match self { $($($(Self::$name(l) => l.exact(a, x, p, step),)+)*)* }
            }
        }

        $($($(
            impl From<$name> for AnyLayer {
                fn from(layer: $name) -> Self {
                    Self::$name(layer)
                }
            }
        )+)*)*
    };
}

layers! {
    /// Sums of products: convolutions, matrix products, affine maps.
    linear(convolution) {
        dense: Dense,
        conv: Conv2d Conv1d,
        pointwise_conv2d: PointwiseConv2d,
        depthwise_conv2d: DepthwiseConv2d,
        separable_conv2d: SeparableConv2d,
        conv_transpose: Conv2dTranspose Conv1dTranspose,
        matmul: MatMul,
        batch_norm: BatchNorm,
        scale: Scale,
        offset: Offset,
        parameter: Parameter,
    }
    /// Elementwise arithmetic and comparisons.
    arithmetic(binary, broadcast) {
        add: Add Sub,
        mul: Mul,
        div: Div,
        square: Square,
        pow: Pow,
        sqrt: Sqrt,
        reciprocal: Reciprocal,
        exp: Exp,
        log: Log,
        abs: Abs,
        sign: Sign,
        extremum: Maximum Minimum,
        compare: Greater GreaterEqual Less LessEqual Equal,
        select: Select,
    }
    /// Activations.
    activation(clipping) {
        relu: Relu,
        relu6: Relu6,
        clip: Clip,
        hard_tanh: HardTanh,
        hard_sigmoid: HardSigmoid,
        hard_swish: HardSwish,
        leaky_relu: LeakyRelu,
        prelu: Prelu,
        thresholded_relu: ThresholdedRelu,
        poly: Poly,
        cubic: Zanh Zigmoid,
        tanh: Tanh,
        sigmoid: Sigmoid,
        erf: Erf,
        softplus: Softplus,
        softsign: Softsign,
        silu: Silu,
        mish: Mish,
        elu: Elu,
        celu: Celu,
        selu: Selu,
        gelu: Gelu,
        softmax: Softmax,
        log_softmax: LogSoftmax,
    }
    /// Normalisations by statistics of the input.
    norm(standardize) {
        layer_norm: LayerNorm RmsNorm,
        instance_norm: InstanceNorm,
    }
    /// Pooling and reductions.
    pool(pooling) {
        max_pool: MaxPool2d MaxPool1d,
        avg_pool: AvgPool2d AvgPool1d,
        sum_pool: SumPool2d SumPool1d,
        global_max_pool: GlobalMaxPool2d GlobalMaxPool1d,
        global_avg_pool: GlobalAvgPool2d GlobalAvgPool1d,
        global_sum_pool: GlobalSumPool2d GlobalSumPool1d,
        reduce_sum: ReduceSum ReduceMean,
        reduce_extremum: ReduceMax ReduceMin,
        arg_extremum: Argmax Argmin,
    }
    /// Layers that only move elements.
    shape(border, gathering) {
        flatten: Flatten,
        reshape: Reshape,
        transpose: Transpose,
        permute: Permute,
        concat: Concat,
        slice: Slice,
        gather: Gather,
        pad: Pad,
        crop: Crop,
        broadcast_to: BroadcastTo,
        upsample: Upsample2d Upsample1d,
        depth_to_space: DepthToSpace,
        space_to_depth: SpaceToDepth,
    }
}
