//! What a layer is to the passes of the optimiser, to the plan and to the circuit: the algebra of its formula.
//!
//! Nothing outside this folder knows a layer by its name. A pass asks for the [`Kind`], and writes a layer back by its formula
//! (see the constructors of [`AnyLayer`] in `formula.rs`) or by one of its arguments ([`AnyLayer::with`]).

use super::{AnyLayer, shape::border::Border, window::Padding};
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
