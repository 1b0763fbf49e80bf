//! What a layer is to the passes of the optimiser, to the plan and to the circuit: the algebra of its formula.
//!
//! Nothing outside this folder knows a layer by its name. A pass asks for the [`Kind`], and writes a layer back by its formula
//! (see the constructors of [`AnyLayer`] in `formula.rs`) or by one of its arguments ([`AnyLayer::with`]).

use super::{AnyLayer, border::Border, window::Padding};
use crate::shape::Shape;

/// The algebra of a layer's formula, in exact reals, for any parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `y_o = sum_i w_oi x_i + b_o`: `dense` and all convolutions.
    Linear(Linear),
    /// `y = factor * x`.
    Scale(f64),
    /// `y = x + value`.
    Offset(f64),
    /// `y = gamma * (x - mean) / sqrt(var + epsilon) + beta`, with four parameters of one number for each channel of the first axis:
    /// lowered, a factor and an offset.
    BatchNorm {
        /// What is added to the variance.
        epsilon: f64,
    },
    /// The values of a parameter; nothing is taken.
    Parameter,
    /// The product of two tensors, along the last axis of the first.
    MatMul,
    /// A function of two tensors, element by element, with broadcasting.
    Binary(Binary),
    /// Every element of the output is an element of the input, or zero: any function of elements that keeps zero
    /// commutes with it.
    Rearrangement,
    /// All elements along one axis, in row-major order.
    Flatten,
    /// The input with a border of zeros.
    ZeroPadding(Border),
    /// `y = sum_i x_i`.
    Sum(Over),
    /// `y = sum_i x_i / n`; and the layer that gives the sum, where `n` is the same for all elements of the output.
    Mean(Over, Option<Box<AnyLayer>>),
    /// The largest of some elements: commutes with every function of elements that never falls.
    Maximum(Over),
    /// The smallest of some elements: commutes with every function of elements that never falls.
    Minimum(Over),
    /// `y = max(0, x)`, in one decomposition with the rescale: each channel may have a scale of its own, the output has one.
    Relu,
    /// `y = min(max(x, lo), hi)`, perhaps with infinite ends.
    Clip(f64, f64),
    /// A function of each element that never falls, with `f(c x) = c f(x)` for every `c > 0`.
    Rectifier,
    /// A function of each element that never falls.
    Monotone,
    /// A function of each element that rises everywhere.
    Increasing,
    /// A function of each element.
    Elementwise,
    /// A function of all elements along an axis that keeps their order.
    Order,
    /// The index of the largest element along an axis.
    Argmax {
        /// Whether it is the class of a vector of scores, the first among equals.
        class: bool,
    },
    /// Anything else.
    Other,
}

/// A function of two tensors, element by element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// `x + y`.
    Add,
    /// `x - y`.
    Sub,
    /// `x * y`.
    Mul,
    /// `x / y`.
    Div,
    /// The larger of both.
    Maximum,
    /// The smaller of both.
    Minimum,
}

/// Which elements of the input a sum, mean, maximum or minimum is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Those of one channel within a window of that many elements, padding included.
    Window(usize),
    /// All of one channel.
    Channel,
    /// All along some axes.
    Axes,
}

impl Over {
    /// How many elements of the input one of the output is of.
    pub fn elements(self, input: &Shape, output: &Shape) -> usize {
        match self {
            Self::Window(area) => area,
            Self::Channel | Self::Axes => input.len() / output.len().max(1),
        }
    }
}

/// A layer that is linear in its input, and in the parameter that it multiplies by last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linear {
    /// How the weights are laid out.
    pub layout: Layout,
    /// Whether the output channels are the first axis, as those of convolutions, and not the last one.
    pub channels_first: bool,
    /// The argument that is the number of output channels.
    pub outputs: &'static str,
    /// The argument `padding`: what lies in it counts as zeros of the input. Nothing where the layer does not pad its input.
    pub padding: Option<Padding>,
}

/// How the weights of a linear layer are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `weight`, one row an output channel: `[outputs, inputs / groups, ..]`. So every output channel can have a scale of its own.
    ByOutput(Groups),
    /// `weight` of a transposed convolution, one row an input channel: `[inputs, outputs / groups, ..]`.
    ByInput {
        /// In how many groups the channels are split.
        groups: usize,
    },
    /// `depthwise`, then `pointwise`, with one row an output channel.
    Separable,
}

/// How the channels of a linear layer are split: an output channel sees the input channels of its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Groups {
    /// In so many groups.
    Of(usize),
    /// Each input channel is a group of its own.
    Depthwise,
}

impl Linear {
    /// A fully connected layer: the last axis is replaced, the axes before it are kept.
    pub(super) const DENSE: Self =
        Self { layout: Layout::ByOutput(Groups::Of(1)), channels_first: false, outputs: "units", padding: None };

    /// A convolution that is not transposed.
    pub(super) fn convolution(groups: Groups, padding: Option<Padding>) -> Self {
        Self { layout: Layout::ByOutput(groups), channels_first: true, outputs: "filters", padding }
    }

    /// A transposed convolution, whose padding is cut off the output.
    pub(super) fn transposed(groups: usize) -> Self {
        Self { layout: Layout::ByInput { groups }, ..Self::convolution(Groups::Of(groups), None) }
    }

    /// A depthwise convolution and a pointwise one.
    pub(super) fn separable(padding: Padding) -> Self {
        Self { layout: Layout::Separable, ..Self::convolution(Groups::Of(1), Some(padding)) }
    }

    /// The parameter that it multiplies by last.
    pub fn multiplier(&self) -> &'static str {
        match self.layout {
            Layout::ByOutput(_) | Layout::ByInput { .. } => "weight",
            Layout::Separable => "pointwise",
        }
    }

    /// Whether each output channel is one row of the multiplier and sees all channels of the input: then fewer outputs are
    /// the same layer with fewer rows.
    pub fn has_independent_outputs(&self) -> bool {
        match self.layout {
            Layout::ByOutput(Groups::Of(groups)) => groups == 1,
            Layout::Separable => true,
            Layout::ByOutput(Groups::Depthwise) | Layout::ByInput { .. } => false,
        }
    }

    /// Whether the channels are the first axis of a tensor of this rank.
    pub fn has_channels_first(&self, rank: usize) -> bool {
        self.channels_first || rank == 1
    }

    /// Whether no element of the output sees padding, at any shape of the input.
    pub fn is_unpadded(&self) -> bool {
        self.padding.is_none_or(Padding::is_none)
    }
}

/// What a formula commutes with, as far as passes make use of it.
#[derive(Clone, Copy, Default)]
struct Properties {
    elementwise: bool,
    monotone: bool,
    keeps_order: bool,
    homogeneous: bool,
    linear: bool,
    rearranges: bool,
}

impl Kind {
    fn properties(&self) -> Properties {
        let none = Properties::default();
        let elementwise = Properties { elementwise: true, ..none };
        let monotone = Properties { monotone: true, ..elementwise };
        let linear = Properties { homogeneous: true, linear: true, ..none };
        match self {
            Self::Elementwise => elementwise,
            Self::Monotone | Self::Clip(..) => monotone,
            Self::Increasing | Self::Offset(_) => Properties { keeps_order: true, ..monotone },
            Self::Relu | Self::Rectifier => Properties { homogeneous: true, ..monotone },
            Self::Order => Properties { keeps_order: true, ..none },
            // Passes move a scale into weights, and nothing else past it.
            Self::Scale(factor) => Properties { keeps_order: *factor > 0.0, ..none },
            Self::Rearrangement | Self::Flatten | Self::ZeroPadding(_) => Properties { rearranges: true, ..linear },
            Self::Sum(_) | Self::Mean(..) => linear,
            Self::Maximum(_) | Self::Minimum(_) => Properties { homogeneous: true, ..none },
            Self::Linear(_)
            | Self::BatchNorm { .. }
            | Self::Parameter
            | Self::MatMul
            | Self::Binary(_)
            | Self::Argmax { .. }
            | Self::Other => none,
        }
    }

    /// Whether each element of the output is a function of the same element of the input.
    pub fn is_elementwise(&self) -> bool {
        self.properties().elementwise
    }

    /// Whether each element of the output is a function of the same element of the input, and never falls.
    pub fn is_monotone(&self) -> bool {
        self.properties().monotone
    }

    /// Whether the elements of the output are in the order of those of the input.
    pub fn keeps_order(&self) -> bool {
        self.properties().keeps_order
    }

    /// Whether `f(c x) = c f(x)` for every `c > 0`.
    pub fn is_homogeneous(&self) -> bool {
        self.properties().homogeneous
    }

    /// Whether `f(c x) = c f(x)` for every `c`.
    pub fn is_linear(&self) -> bool {
        self.properties().linear
    }

    /// Whether every element of the output is an element of the input, or zero.
    pub fn is_rearrangement(&self) -> bool {
        self.properties().rearranges
    }

    /// What a linear layer is made of.
    pub fn linear(&self) -> Option<&Linear> {
        if let Self::Linear(linear) = self { Some(linear) } else { None }
    }

    /// Between what values are clipped, the smaller first.
    pub fn ends(&self) -> Option<(f64, f64)> {
        match self {
            Self::Relu => Some((0.0, f64::INFINITY)),
            Self::Clip(lo, hi) => Some((*lo, *hi)),
            Self::Linear(_)
            | Self::Scale(_)
            | Self::Offset(_)
            | Self::BatchNorm { .. }
            | Self::Parameter
            | Self::MatMul
            | Self::Binary(_)
            | Self::Rearrangement
            | Self::Flatten
            | Self::ZeroPadding(_)
            | Self::Sum(_)
            | Self::Mean(..)
            | Self::Maximum(_)
            | Self::Minimum(_)
            | Self::Rectifier
            | Self::Monotone
            | Self::Increasing
            | Self::Elementwise
            | Self::Order
            | Self::Argmax { .. }
            | Self::Other => None,
        }
    }
}

impl AnyLayer {
    /// The summands of one element of the output, those in padding included; for inputs whose shapes are valid.
    pub fn summands(&self, inputs: &[&Shape], output: &Shape) -> usize {
        match self.kind() {
            Kind::Sum(over) | Kind::Mean(over, _) | Kind::Maximum(over) | Kind::Minimum(over) => {
                over.elements(inputs[0], output)
            }
            Kind::MatMul => inputs[0].dims().last().copied().unwrap_or(1),
            Kind::Linear(_)
            | Kind::Scale(_)
            | Kind::Offset(_)
            | Kind::BatchNorm { .. }
            | Kind::Parameter
            | Kind::Binary(_)
            | Kind::Rearrangement
            | Kind::Flatten
            | Kind::ZeroPadding(_)
            | Kind::Relu
            | Kind::Clip(..)
            | Kind::Rectifier
            | Kind::Monotone
            | Kind::Increasing
            | Kind::Elementwise
            | Kind::Order
            | Kind::Argmax { .. }
            | Kind::Other => {
                let taken = inputs.iter().fold(0usize, |n, s| n.saturating_add(s.len()));
                let row = |shape: &Shape| shape.len() / shape.dims().first().copied().unwrap_or(1).max(1);
                let rows = self.params(inputs).into_iter().map(|p| row(&p.shape));
                rows.fold(taken / output.len().max(1), usize::saturating_add)
            }
        }
    }
}
