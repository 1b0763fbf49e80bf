//! Kinds of layers by the algebra of their formulas: linear, elementwise, monotone, reduction, ..
//!
//! Nothing outside this folder knows a layer by its name. A pass asks for the [`Kind`], and writes a layer back by its formula
//! (see the constructors of [`AnyLayer`] in `formula.rs`) or by one of its arguments ([`AnyLayer::with`]).

use super::{AnyLayer, shape::border::Border, window::Padding};
use crate::shape::Shape;

/// The kind of a layer: the algebra of its formula over the reals, whatever its parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Linear layer with trained weights, `y_o = sum_i w_oi x_i + b_o`: `dense` and all convolutions.
    Linear(Linear),
    /// Multiplication by a constant, `y = factor * x`.
    Scale(f64),
    /// Addition of a constant, `y = x + value`.
    Offset(f64),
    /// Batch normalization, `y = gamma * (x - mean) / sqrt(var + epsilon) + beta`, with four parameters for each channel of the
    /// first axis. Lowered, it is `y = scale * x + offset` by channel.
    BatchNorm {
        /// What is added to the variance.
        epsilon: f64,
    },
    /// Parameter: a tensor of weights, without an input.
    Parameter,
    /// Matrix product of two tensors, summed along the last axis of the first.
    MatMul,
    /// Elementwise function of two tensors, with broadcasting.
    Binary(Binary),
    /// Rearrangement: every element of the output is an element of the input, or zero. An elementwise function with `f(0) = 0`
    /// commutes with it.
    Rearrangement,
    /// Flattening to one axis, in row-major order.
    Flatten,
    /// Zero padding.
    ZeroPadding(Border),
    /// Sum, `y = sum_i x_i`.
    Sum(Over),
    /// Mean, `y = sum_i x_i / n`; and the layer of the sum, where `n` is the same for all elements of the output.
    Mean(Over, Option<Box<AnyLayer>>),
    /// Maximum of several elements: commutes with every monotone elementwise function.
    Maximum(Over),
    /// Minimum of several elements: commutes with every monotone elementwise function.
    Minimum(Over),
    /// ReLU, `y = max(0, x)`, in one bit decomposition with the rescale: channels of different scales leave it with one scale.
    Relu,
    /// Clipping, `y = min(max(x, lo), hi)`; an end may be infinite.
    Clip(f64, f64),
    /// Rectifier: a monotone elementwise function with `f(c x) = c f(x)` for every `c > 0`.
    Rectifier,
    /// Monotone (non-decreasing) elementwise function.
    Monotone,
    /// Strictly increasing elementwise function.
    Increasing,
    /// Elementwise function.
    Elementwise,
    /// Function along an axis that keeps the order of the elements, such as softmax.
    Order,
    /// Argmax: the index of the largest element along an axis.
    Argmax {
        /// Whether it is the class of a vector of scores, the first among equals.
        class: bool,
    },
    /// Any other layer: no pass knows anything of it.
    Other,
}

/// Elementwise function of two tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// Sum, `x + y`.
    Add,
    /// Difference, `x - y`.
    Sub,
    /// Product, `x * y`.
    Mul,
    /// Quotient, `x / y`.
    Div,
    /// Maximum of both.
    Maximum,
    /// Minimum of both.
    Minimum,
}

/// Range of a reduction: the elements of the input that a sum, mean, maximum or minimum is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// A sliding window of that many elements in one channel, padding included.
    Window(usize),
    /// All elements of one channel.
    Channel,
    /// All elements along some axes.
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

/// Linear layer: linear in its input, and in the weights that it multiplies by last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linear {
    /// Layout of the weights.
    pub layout: Layout,
    /// Whether the output channels are the first axis of the output (convolutions), and not the last one (`dense`).
    pub channels_first: bool,
    /// Name of the argument with the number of output channels.
    pub outputs: &'static str,
    /// Zero padding of the input, if the layer has any.
    pub padding: Option<Padding>,
}

/// Layout of the weights of a linear layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One row for each output channel, `[outputs, inputs / groups, ..]`: each row can have a scale of its own.
    ByOutput(Groups),
    /// One row for each input channel, `[inputs, outputs / groups, ..]`: that of a transposed convolution.
    ByInput {
        /// Number of groups of channels.
        groups: usize,
    },
    /// Two parameters, `depthwise` and `pointwise`; the latter has one row for each output channel.
    Separable,
}

/// Groups of channels of a linear layer: an output channel sees the input channels of its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Groups {
    /// That many groups.
    Of(usize),
    /// Depthwise: each input channel is a group of its own.
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

    /// Name of the weights that it multiplies by last.
    pub fn multiplier(&self) -> &'static str {
        match self.layout {
            Layout::ByOutput(_) | Layout::ByInput { .. } => "weight",
            Layout::Separable => "pointwise",
        }
    }

    /// Whether each output channel is one row of these weights and sees all input channels, so that output channels can be
    /// left out by leaving out rows.
    pub fn has_independent_outputs(&self) -> bool {
        match self.layout {
            Layout::ByOutput(Groups::Of(groups)) => groups == 1,
            Layout::Separable => true,
            Layout::ByOutput(Groups::Depthwise) | Layout::ByInput { .. } => false,
        }
    }

    /// Whether the output channels are the first axis of an output of this rank.
    pub fn has_channels_first(&self, rank: usize) -> bool {
        self.channels_first || rank == 1
    }

    /// Whether the input is not padded, whatever its shape.
    pub fn is_unpadded(&self) -> bool {
        self.padding.is_none_or(Padding::is_none)
    }
}

/// What a formula is and commutes with, as far as passes make use of it.
#[derive(Clone, Copy, Default)]
struct Properties {
    elementwise: bool,
    monotone: bool,
    keeps_order: bool,
    homogeneous: bool,
    linear: bool,
    rearranges: bool,
    keeps_channel_scales: bool,
    ends: Option<(f64, f64)>,
    over: Option<Over>,
}

impl Kind {
    /// The properties of each kind: the one place where all kinds are listed.
    fn properties(&self) -> Properties {
        let none = Properties::default();
        let elementwise = Properties { elementwise: true, ..none };
        let monotone = Properties { monotone: true, ..elementwise };
        let linear = Properties { homogeneous: true, linear: true, ..none };
        match self {
            Self::Elementwise => elementwise,
            Self::Monotone => monotone,
            Self::Clip(lo, hi) => Properties { ends: Some((*lo, *hi)), ..monotone },
            Self::Increasing | Self::Offset(_) => Properties { keeps_order: true, ..monotone },
            Self::Relu => Properties { homogeneous: true, ends: Some((0.0, f64::INFINITY)), ..monotone },
            Self::Rectifier => Properties { homogeneous: true, ..monotone },
            Self::Order => Properties { keeps_order: true, ..none },
            // Passes move a scale into weights, and nothing else past it.
            Self::Scale(factor) => Properties { keeps_order: *factor > 0.0, ..none },
            Self::Rearrangement | Self::Flatten | Self::ZeroPadding(_) => Properties { rearranges: true, ..linear },
            Self::Sum(over) | Self::Mean(over, _) => Properties { over: Some(*over), ..linear },
            Self::Maximum(over) => {
                Properties { homogeneous: true, keeps_channel_scales: *over != Over::Axes, over: Some(*over), ..none }
            }
            Self::Minimum(over) => Properties { homogeneous: true, over: Some(*over), ..none },
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
        self.properties().ends
    }

    /// Of which elements it is a sum, mean, maximum or minimum.
    pub fn over(&self) -> Option<Over> {
        self.properties().over
    }

    /// Whether each channel of the output may have the scale of the same channel of the input, whatever those of the others.
    pub fn keeps_channel_scales(&self) -> bool {
        self.properties().keeps_channel_scales
    }
}

impl AnyLayer {
    /// The summands of one element of the output, those in padding included; for inputs whose shapes are valid.
    pub fn summands(&self, inputs: &[&Shape], output: &Shape) -> usize {
        let kind = self.kind();
        if let Some(over) = kind.over() {
            return over.elements(inputs[0], output);
        }
        if kind == Kind::MatMul {
            return inputs[0].dims().last().copied().unwrap_or(1);
        }
        let taken = inputs.iter().fold(0usize, |n, s| n.saturating_add(s.len()));
        let row = |shape: &Shape| shape.len() / shape.dims().first().copied().unwrap_or(1).max(1);
        let rows = self.params(inputs).into_iter().map(|p| row(&p.shape));
        rows.fold(taken / output.len().max(1), usize::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        layer::{Args, Arity, CARDS, Literal},
        tensor::Tensor,
    };

    /// Every layer of one input that can be made of small numbers, and a shape that it takes.
    fn layers() -> Vec<(AnyLayer, Shape)> {
        let literals =
            [2usize.into(), 1usize.into(), Literal::Float(0.5), Literal::List(vec![1, 0]), Literal::List(vec![4])];
        let shapes = [Shape::new([4]), Shape::new([2, 4]), Shape::new([2, 4, 4])];
        let one = |literal: &Literal, name: &str| {
            let card = CARDS.iter().find(|card| card.name == name)?;
            let needed = card.args.iter().filter(|arg| arg.default.is_none());
            let args = needed.fold(Args::new(), |args, arg| args.with(arg.name, literal.clone()));
            let layer = AnyLayer::parse(name, args).ok()?;
            let shape = shapes.iter().rev().find(|shape| layer.shape(&[shape]).is_ok())?;
            Some((layer, shape.clone()))
        };
        let of_one = CARDS.iter().filter(|card| card.arity == Arity::Exactly(1));
        of_one.filter_map(|card| literals.iter().find_map(|literal| one(literal, card.name))).collect()
    }

    #[test]
    fn linear_layers_have_the_arguments_and_parameters_that_passes_write() {
        let mut found = 0;
        for (layer, shape) in layers() {
            let name = layer.card().name;
            let Kind::Linear(linear) = layer.kind() else { continue };
            found += 1;
            let names = |layer: &AnyLayer| layer.params(&[&shape]).iter().map(|p| p.name).collect::<Vec<_>>();
            assert!(names(&layer.with("bias", true).unwrap()).ends_with(&[linear.multiplier(), "bias"]), "{name}");
            assert!(names(&layer.with("bias", false).unwrap()).ends_with(&[linear.multiplier()]), "{name}");
            if linear.has_independent_outputs() {
                let outputs = layer.with(linear.outputs, 7usize).unwrap().shape(&[&shape]).unwrap();
                let axis = if linear.channels_first { 0 } else { outputs.rank() - 1 };
                assert_eq!(outputs.dims()[axis], 7, "{name}");
            }
            if linear.padding.is_some() {
                assert_ne!(layer.with("padding", "same").unwrap().kind(), layer.kind(), "{name}");
            }
        }
        assert_eq!(found, 8);
    }

    #[test]
    fn every_property_holds_of_the_float_reference() {
        let mut counted = [0; 6];
        for (layer, shape) in layers().into_iter().filter(|(l, s)| l.params(&[s]).is_empty()) {
            let (name, kind) = (layer.card().name, layer.kind());
            let of = |x: &Tensor| layer.float(&[x], &[]);
            let x = Tensor::from_fn(shape, |i| ((i * 7) % 16) as f64 / 4.0 - 1.5);
            // A function that is not defined everywhere is tested above zero.
            let defined = of(&x).data().iter().all(|y| y.is_finite());
            let x = if defined { x } else { x.map(|x| x + 2.0) };
            let y = of(&x);
            let near = |a: &Tensor, b: &Tensor| a.data().iter().zip(b.data()).all(|(a, b)| (a - b).abs() < 1e-9);
            let ordered = |strictly: bool| {
                let mut pairs: Vec<(f64, f64)> = x.data().iter().copied().zip(y.data().iter().copied()).collect();
                pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
                pairs.windows(2).all(|p| p[0].0 == p[1].0 || p[0].1 < p[1].1 || (!strictly && p[0].1 == p[1].1))
            };
            let mut holds = |which: usize, claimed: bool, test: &dyn Fn() -> bool| {
                if claimed {
                    counted[which] += 1;
                    assert!(test(), "{name}");
                }
            };
            holds(0, kind.is_elementwise(), &|| {
                let mut one = x.data().to_vec();
                one[0] += 0.25;
                let one = of(&Tensor::from_fn(x.shape().clone(), |i| one[i]));
                one.shape() == x.shape() && one.data()[1..] == y.data()[1..]
            });
            holds(1, kind.is_monotone(), &|| ordered(false));
            // Those of all elements along an axis keep the order along it.
            holds(2, kind.keeps_order() && kind != Kind::Order, &|| ordered(true));
            holds(3, kind.is_homogeneous(), &|| near(&of(&x.map(|x| 3.0 * x)), &y.map(|y| 3.0 * y)));
            holds(4, kind.is_linear(), &|| near(&of(&x.map(|x| -2.0 * x)), &y.map(|y| -2.0 * y)));
            holds(5, kind.is_rearrangement(), &|| y.data().iter().all(|y| *y == 0.0 || x.data().contains(y)));
        }
        assert!(counted.iter().zip([20, 12, 6, 20, 12, 6]).all(|(found, least)| *found >= least), "{counted:?}");
    }

    #[test]
    fn reductions_are_of_as_many_elements_as_they_say() {
        let mut found = 0;
        for (layer, shape) in layers() {
            let name = layer.card().name;
            let output = layer.shape(&[&shape]).unwrap();
            let (ones, x) = (Tensor::from_fn(shape.clone(), |_| 1.0), Tensor::from_fn(shape.clone(), |i| i as f64));
            match layer.kind() {
                Kind::Sum(over) => {
                    let n = over.elements(&shape, &output);
                    assert_eq!(layer.summands(&[&shape], &output), n, "{name}");
                    assert!(layer.float(&[&ones], &[]).data().iter().all(|y| *y == n as f64), "{name}");
                }
                Kind::Mean(over, sum) => {
                    let (n, sum) = (over.elements(&shape, &output) as f64, sum.expect("no padding"));
                    assert_eq!(layer.float(&[&x], &[]), sum.float(&[&x], &[]).map(|y| y / n), "{name}");
                }
                _ => continue,
            }
            found += 1;
        }
        assert_eq!(found, 10);
    }
}
