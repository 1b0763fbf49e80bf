//! Pooling and reductions: arguments, shape rules, and both semantics of sum, mean, maximum and minimum.

use crate::layer::{
    Arg, Factors, Step,
    receptive_fields::ReceptiveFields,
    window::{self, Window, image, line},
};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Fixed, Int},
    shape::Shape,
    tensor::Tensor,
};

/// The arguments of a pool over `[channels, height, width]`; of a mean, with `include_pad` after them.
pub(in crate::layer) const IMAGE_ARGS: &[Arg] = &[image::SIZE, POOL_STRIDE, image::PADDING];
pub(in crate::layer) const IMAGE_MEAN_ARGS: &[Arg] = &[image::SIZE, POOL_STRIDE, image::PADDING, INCLUDE_PAD];

/// The arguments of a pool over `[channels, length]`; of a mean, with `include_pad` after them.
pub(in crate::layer) const LINE_ARGS: &[Arg] = &[line::SIZE, LINE_STRIDE, line::PADDING];
pub(in crate::layer) const LINE_MEAN_ARGS: &[Arg] = &[line::SIZE, LINE_STRIDE, line::PADDING, INCLUDE_PAD];

const POOL_STRIDE: Arg = Arg { default: Some("size"), ..image::STRIDE };
const LINE_STRIDE: Arg = Arg { default: Some("size"), ..line::STRIDE };
const INCLUDE_PAD: Arg = Arg {
    name: "include_pad",
    takes: "`true` or `false`: whether the padding counts among the elements of a window",
    default: Some("false"),
};

/// Reduction of the elements of a window, of a channel, or along some axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::layer) enum Reduction {
    Sum,
    /// The sum times `round(2^f / n)`, at the weight scale `f` of the plan.
    Mean,
    Max,
    Min,
}

impl Reduction {
    /// The float reference.
    pub fn float(self, values: &[&f64]) -> f64 {
        match self {
            Self::Sum => float_sum(values),
            Self::Mean => float_sum(values) / values.len() as f64,
            Self::Max => values.iter().fold(f64::NEG_INFINITY, |m, x| m.max(**x)),
            Self::Min => values.iter().fold(f64::INFINITY, |m, x| m.min(**x)),
        }
    }

    /// The exact semantics, before the rescale; `weight_scale` is that of the plan.
    ///
    /// # Errors
    /// If a value may reach `2^250`.
    pub fn exact<A: Arith>(self, a: &mut A, values: &[&A::Wire], weight_scale: i32) -> Result<A::Wire, ArithError> {
        match self {
            Self::Sum => sum(a, values, Fixed::ONE),
            Self::Mean => sum(a, values, reciprocal(values.len(), weight_scale)?),
            Self::Max => max(a, values),
            Self::Min => min(a, values),
        }
    }

    /// The exact semantics of a layer: that of each receptive field, and the rescale.
    ///
    /// # Errors
    /// If a value may reach `2^250`.
    pub fn of_fields<A: Arith>(
        self,
        a: &mut A,
        x: &Tensor<A::Wire>,
        fields: &ReceptiveFields,
        step: &Step,
    ) -> Result<Tensor<A::Wire>, ArithError> {
        let y = fields.try_map(x, &mut |values| self.exact(a, values, step.weight_scale))?;
        step.finish(a, y)
    }

    pub fn factors(self) -> Factors {
        match self {
            Self::Mean => Factors::Constants,
            Self::Sum | Self::Max | Self::Min => Factors::None,
        }
    }

    pub fn scale(self, step: &Step) -> i32 {
        match self {
            Self::Mean => step.inputs[0] + step.weight_scale,
            Self::Sum | Self::Max | Self::Min => step.inputs[0],
        }
    }

    /// How often an element enters a linear combination, for each output that it is part of.
    pub fn fanout(self) -> usize {
        match self {
            Self::Sum | Self::Mean => 1,
            Self::Max | Self::Min => 2,
        }
    }

    /// The rounds of the tournament of the largest of these fields, of an input of so many elements; nothing if it isn't one, or an element is in none.
    pub fn maxima(self, fields: &ReceptiveFields, elements: usize) -> Option<u32> {
        let all = self == Self::Max && fields.meet_all(elements);
        all.then(|| fields.largest().next_power_of_two().trailing_zeros())
    }
}

/// All of [`Layer`](crate::layer::Layer) that follows from a layer's [`Reduction`] and its `receptive_fields(&self, &Shape)`;
/// an element is part of `self.overlap(&Shape)` of them.
macro_rules! reduces {
    ($reduction:expr) => {
        fn params(&self, _: &[&Shape]) -> Vec<Param> {
            vec![]
        }

        fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
            self.receptive_fields(inputs[0].shape()).map(inputs[0], &mut |values| $reduction.float(values))
        }

        fn factors(&self) -> Factors {
            $reduction.factors()
        }

        fn scale(&self, step: &Step) -> i32 {
            $reduction.scale(step)
        }

        fn fanout(&self, inputs: &[&Shape]) -> usize {
            $reduction.fanout() * self.overlap(inputs[0])
        }

        fn maxima(&self, input: &Shape) -> Option<u32> {
            $reduction.maxima(&self.receptive_fields(input), input.len())
        }

        fn fuses_rescale(&self) -> bool {
            false
        }

        fn exact<A: Arith>(
            &self,
            a: &mut A,
            x: &[&Tensor<A::Wire>],
            _: &[Tensor<A::Wire>],
            step: &Step,
        ) -> Result<Tensor<A::Wire>, ArithError> {
            $reduction.of_fields(a, x[0], &self.receptive_fields(x[0].shape()), step)
        }
    };
}
pub(in crate::layer) use reduces;

/// A pool with a window, over as many axes as the name of its layer says.
macro_rules! window_pool {
    ($(#[$doc:meta])* pub struct $name:ident; $reduction:expr, $kind:path; $card:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            /// Extents (`size`), strides and padding; over one axis, along the second. The dilation is one.
            pub window: Window,
        }

        impl $name {
            fn receptive_fields(&self, input: &Shape) -> $crate::layer::receptive_fields::ReceptiveFields {
                pooling::windows(&self.window, Self::CARD.name, input)
            }

            fn overlap(&self, input: &Shape) -> usize {
                pooling::overlap(&self.window, Self::CARD.name, input)
            }
        }

        impl Layer for $name {
            const CARD: Card = $card;

            fn parse(args: &mut Args) -> Result<Self, LayerError> {
                Ok(Self { window: Window::parse_pool(Self::CARD.name, args)? })
            }

            fn args(&self) -> Vec<(&'static str, Literal)> {
                self.window.pool_args(Self::CARD.name)
            }

            fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
                pooling::shape(&self.window, Self::CARD.name, inputs[0])
            }

            fn kind(&self) -> Kind {
                $kind(Over::Window(self.window.area()))
            }

            reduces!($reduction);
        }
    };
}
pub(in crate::layer) use window_pool;

/// A global pool: one number for each channel.
macro_rules! global_pool {
    ($(#[$doc:meta])* pub struct $name:ident; $reduction:expr, $kind:expr; $card:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name;

        impl $name {
            fn receptive_fields(&self, input: &Shape) -> $crate::layer::receptive_fields::ReceptiveFields {
                pooling::channels(input)
            }

            fn overlap(&self, _: &Shape) -> usize {
                1
            }
        }

        impl Layer for $name {
            const CARD: Card = $card;

            fn parse(_: &mut Args) -> Result<Self, LayerError> {
                Ok(Self)
            }

            fn args(&self) -> Vec<(&'static str, Literal)> {
                vec![]
            }

            fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
                pooling::global_shape(Self::CARD.name, inputs[0])
            }

            fn kind(&self) -> Kind {
                $kind
            }

            reduces!($reduction);
        }
    };
}
pub(in crate::layer) use global_pool;

/// A reduction along axes.
macro_rules! reduction {
    ($(#[$doc:meta])* pub struct $name:ident; $reduction:expr, |$axes:pat_param| $kind:expr; $card:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            /// What is reduced.
            pub axes: Axes,
        }

        impl $name {
            fn receptive_fields(&self, input: &Shape) -> $crate::layer::receptive_fields::ReceptiveFields {
                self.axes.receptive_fields(input)
            }

            fn overlap(&self, _: &Shape) -> usize {
                1
            }
        }

        impl Layer for $name {
            const CARD: Card = $card;

            fn parse(args: &mut Args) -> Result<Self, LayerError> {
                Ok(Self { axes: Axes::parse(args)? })
            }

            fn args(&self) -> Vec<(&'static str, Literal)> {
                self.axes.args()
            }

            fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
                self.axes.shape(inputs[0])
            }

            fn kind(&self) -> Kind {
                let $axes = &self.axes;
                $kind
            }

            reduces!($reduction);
        }
    };
}
pub(in crate::layer) use reduction;

/// Divisor of average pooling.
#[derive(Clone, Copy, Debug)]
pub(in crate::layer) struct Mean<'a> {
    /// The window.
    pub window: &'a Window,
    /// Whether the padding counts.
    pub include_pad: bool,
}

impl Mean<'_> {
    /// `log2 n`, if every window has the same `n`, and that is a power of two.
    pub fn log2_area(&self) -> Option<i32> {
        let [height, width] = self.window.kernel;
        let powers = height.is_power_of_two() && width.is_power_of_two();
        ((self.window.is_whole() || self.include_pad) && powers)
            .then(|| (height.trailing_zeros() + width.trailing_zeros()) as i32)
    }

    /// The `n` of a window with so many elements in the input.
    fn count(&self, inside: usize) -> usize {
        if self.include_pad { self.window.area() } else { inside }
    }

    /// The float reference.
    pub fn float(&self, layer: &str, x: &Tensor) -> Tensor {
        let mean = &mut |values: &[&f64]| float_sum(values) / self.count(values.len()) as f64;
        windows(self.window, layer, x.shape()).map(x, mean)
    }

    /// The exact semantics, before the rescale.
    pub fn exact<A: Arith>(
        &self,
        a: &mut A,
        layer: &str,
        x: &Tensor<A::Wire>,
        weight_scale: i32,
    ) -> Result<Tensor<A::Wire>, ArithError> {
        windows(self.window, layer, x.shape()).try_map(x, &mut |values| {
            let factor = match self.log2_area() {
                Some(_) => Fixed::ONE,
                None => reciprocal(self.count(values.len()), weight_scale)?,
            };
            sum(a, values, factor)
        })
    }
}

/// Output shape of a pool: `[channels, windows down, windows across]`, or `[channels, windows]`.
pub(in crate::layer) fn shape(window: &Window, layer: &str, input: &Shape) -> Result<Shape, LayerError> {
    Ok(window.place(layer, input)?.shape(input.dims()[0]))
}

/// Largest number of windows that see the same element.
pub(in crate::layer) fn overlap(window: &Window, layer: &str, input: &Shape) -> usize {
    window.place(layer, input).map_or(1, |placed| placed.overlap())
}

/// The elements of each window, without the padding.
pub(in crate::layer) fn windows(window: &Window, layer: &str, input: &Shape) -> ReceptiveFields {
    let (Ok(shape), Ok(placed)) = (shape(window, layer, input), window.place(layer, input)) else {
        return ReceptiveFields::default();
    };
    let channels = shape.dims()[0];
    let places = placed.all_taps().iter().map(|taps| taps.iter().map(|(_, pixel)| *pixel).collect()).collect();
    ReceptiveFields { shape, places, channel: input.len() / channels.max(1) }
}

/// Output shape of a global pool: `[channels]`.
pub(in crate::layer) fn global_shape(layer: &str, input: &Shape) -> Result<Shape, LayerError> {
    window::extents(layer, input)?;
    Ok(Shape::new([input.dims()[0]]))
}

/// The elements of each channel.
pub(in crate::layer) fn channels(input: &Shape) -> ReceptiveFields {
    let channels = input.dims()[0];
    let pixels = input.len() / channels.max(1);
    ReceptiveFields { shape: Shape::new([channels]), places: vec![(0..pixels).collect()], channel: pixels }
}

/// The sum.
fn float_sum(values: &[&f64]) -> f64 {
    values.iter().copied().sum()
}

/// Maximum by a tournament, so that no linear combination grows long.
fn max<A: Arith>(a: &mut A, values: &[&A::Wire]) -> Result<A::Wire, ArithError> {
    let mut round: Vec<A::Wire> = values.iter().map(|v| (*v).clone()).collect();
    while round.len() > 1 {
        round = round
            .chunks(2)
            .map(|pair| match pair {
                [p, q] => a.max(p, q),
                rest => Ok(rest[0].clone()),
            })
            .collect::<Result<_, _>>()?;
    }
    match round.pop() {
        Some(max) => Ok(max),
        None => Ok(a.constant(Int::ZERO)),
    }
}

/// Minimum: the negative of the maximum of the negatives.
fn min<A: Arith>(a: &mut A, values: &[&A::Wire]) -> Result<A::Wire, ArithError> {
    let mut negated = |w: &A::Wire| a.linear(std::iter::once((-Int::ONE, w)), Int::ZERO);
    let negatives: Vec<A::Wire> = values.iter().map(|w| negated(w)).collect::<Result<_, _>>()?;
    let largest = max(a, &negatives.iter().collect::<Vec<_>>())?;
    a.linear(std::iter::once((-Int::ONE, &largest)), Int::ZERO)
}

/// `factor` times the sum.
fn sum<A: Arith>(a: &mut A, values: &[&A::Wire], factor: Fixed) -> Result<A::Wire, ArithError> {
    a.affine(values.iter().map(|v| (factor, *v)), Fixed::ZERO)
}

/// Reciprocal of a count: `1 / n` as `round(2^s / n) / 2^s`, at the weight scale `s`.
///
/// # Errors
/// If it may reach `2^250`.
fn reciprocal(n: usize, weight_scale: i32) -> Result<Fixed, ArithError> {
    Fixed::new(1.0 / n as f64, weight_scale)
}

#[cfg(test)]
pub(in crate::layer) mod tests {
    use super::*;
    use crate::{
        arith::ints::Ints,
        error::Culprit,
        layer::{
            AnyLayer, Args,
            testing::{arguments_come_back, layer},
        },
    };

    #[test]
    fn a_tournament_of_any_size_finds_the_largest() {
        for n in 1..10i64 {
            for best in 0..n {
                let values: Vec<i64> = (0..n).map(|i| if i == best { 5 } else { -i }).collect();
                let values: Vec<&i64> = values.iter().collect();
                assert_eq!(max(&mut Ints::<i64>::new(), &values), Ok(5));
            }
        }
    }

    #[test]
    fn the_reciprocal_of_a_power_of_two_is_exact() {
        for (n, factor, expected) in [(16, 10, 64), (49, 12, 84), (9, 2, 0)] {
            assert_eq!(reciprocal(n, factor).unwrap().integer(), Int::from(expected));
        }
        assert_eq!(reciprocal(16, 10).unwrap().error(), 0.0);
    }

    /// The pools of that name over lines and over images.
    pub fn both(name: &str) -> [impl Fn(Args) -> AnyLayer; 2] {
        [1, 2].map(|axes| {
            let name = format!("{name}{axes}d");
            move |args| layer(&name, args)
        })
    }

    /// Of the pools with a window of that name: shapes, refusals, and arguments that come back.
    pub fn windows_slide(name: &str) {
        let [line, image] = both(name);
        let shape = |args: Args| line(args).shape(&[&Shape::new([3, 7])]).unwrap();
        assert_eq!(shape(Args::new().with("size", 2)), Shape::new([3, 3]));
        assert_eq!(shape(Args::new().with("size", 3).with("stride", 1)), Shape::new([3, 5]));
        assert_eq!(shape(Args::new().with("size", 2).with("padding", "same")), Shape::new([3, 4]));
        let shape = |args: Args| image(args).shape(&[&Shape::new([3, 5, 7])]).unwrap();
        assert_eq!(shape(Args::new().with("size", 2)), Shape::new([3, 2, 3]));
        assert_eq!(shape(Args::new().with("size", [3, 2]).with("stride", 1)), Shape::new([3, 3, 6]));
        assert_eq!(shape(Args::new().with("size", 2).with("padding", "same")), Shape::new([3, 3, 4]));

        let large = line(Args::new().with("size", 8)).shape(&[&Shape::new([3, 7])]).unwrap_err();
        assert_eq!(large.to_string(), format!("`{name}1d` needs a length of at least 8, found 7 in shape [3, 7]"));
        assert_eq!(large.help.as_deref(), Some("use a smaller `size`, or `padding = same`"));
        let large = image(Args::new().with("size", 4)).shape(&[&Shape::new([3, 2, 8])]).unwrap_err();
        assert_eq!(large.to_string(), format!("`{name}2d` needs a height of at least 4, found 2 in shape [3, 2, 8]"));
        assert_eq!(large.culprit, Culprit::Argument("size".to_owned()));

        arguments_come_back(&line(Args::new().with("size", 3).with("stride", 2).with("padding", [1, 0])));
        arguments_come_back(&image(Args::new().with("size", [2, 3]).with("padding", 1usize)));
    }

    /// Of the global pools of that name: shapes, refusals, and both semantics of two channels, at `factor` and then `scale`.
    pub fn a_channel_gives(name: &str, float: [f64; 2], exact: [i64; 2], (factor, scale): (i32, i32)) {
        let pools = both(name).map(|pool| pool(Args::new()));
        for (pool, expected, shape, empty) in [
            (&pools[0], "1d` expects a `[channels, length]`", Shape::new([2, 3]), Shape::new([3, 0])),
            (&pools[1], "2d` expects a `[channels, height, width]`", Shape::new([2, 1, 3]), Shape::new([3, 0, 7])),
        ] {
            assert_eq!(pool.shape(&[&shape]), Ok(Shape::new([2])));
            let error = pool.shape(&[&Shape::new([12])]).unwrap_err();
            assert_eq!(error.to_string(), format!("`{name}{expected} tensor, found shape [12]"));
            assert_eq!(error.help.as_deref(), Some("insert `reshape(..)` before it"));
            assert!(pool.shape(&[&empty]).is_err());
            let x = Tensor::of(shape, &[1, 2, 6, -4, -5, -6]).unwrap();
            assert_eq!(pool.float(&[&x], &[]).data(), float);
            let step = Step { inputs: vec![3], weight_scale: factor, ..Step::default() };
            let y = pool.exact(&mut Ints::<i64>::new(), &[&x.map(|x| *x as i64)], &[], &step).unwrap();
            assert_eq!((y.data(), pool.scale(&step)), (exact.as_slice(), scale));
        }
    }
}
