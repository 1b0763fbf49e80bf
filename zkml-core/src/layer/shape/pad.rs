//! Padding: `y[i, ..] = x[i - before, ..]`, and a border around it.

use super::{
    border::Border,
    gathering::{self, Axis, Gathering},
};
use crate::layer::{Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Fixed},
    shape::Shape,
    tensor::Tensor,
};

/// What a border is filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The same number everywhere.
    Constant,
    /// What lies as far on the other side of the outermost element.
    Reflect,
    /// The outermost element.
    Edge,
}

impl Mode {
    /// The words, in the order of the variants.
    const WORDS: &'static [&'static str] = &["constant", "reflect", "edge"];

    fn word(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Reflect => "reflect",
            Self::Edge => "edge",
        }
    }

    /// Which of `extent` elements lies at `at`, counted from the first.
    fn place(self, at: i64, extent: usize) -> Option<usize> {
        let last = extent as i64 - 1;
        let place = match self {
            Self::Constant => Some(at).filter(|at| (0..=last).contains(at)),
            // One reflection is enough: the border is narrower than the extent.
            Self::Reflect => Some(if at < 0 { -at } else { at.min(2 * last - at) }),
            Self::Edge => Some(at.clamp(0, last)),
        };
        place.and_then(|at| usize::try_from(at).ok())
    }

    /// How often one of `extent` elements is there, with a border of such widths.
    fn repeats(self, [before, after]: [usize; 2], extent: usize) -> usize {
        match self {
            Self::Constant => 1,
            // The element at `i` is in the border before if `1 <= i <= before`, and in the one after if it is as near the last.
            Self::Reflect => {
                let both = 1.max((extent - 1).saturating_sub(after)) <= before.min(extent.saturating_sub(2));
                1 + if both { 2 } else { usize::from(before > 0 || after > 0) }
            }
            // The first element and the last are one where there is no other.
            Self::Edge if extent == 1 => before.saturating_add(after).saturating_add(1),
            Self::Edge => before.max(after).saturating_add(1),
        }
    }
}

/// Padding: `y[i, ..] = x[i - before, ..]`, and around it a constant (`mode = constant`), the elements mirrored at the
/// outermost (`reflect`), or the outermost repeated (`edge`).
///
/// `padding` is one number for all sides of height and width, `[vertical, horizontal]`, `[top, left, bottom, right]`, or the
/// number before each axis and then the number after each. Of `[channels, length]` and of vectors the spatial axis is the
/// last, and `[start, end]` are its ends.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `value` | none | `s_x` |
/// | `y` | `x.shape + before + after` | `s_x` |
///
/// Sources: ONNX `Pad`, Keras `ZeroPadding1D` and `ZeroPadding2D`, Burn `Tensor::pad`.
///
/// # Constraints
/// None: the wires are the same, and `round(value * 2^s_x)`.
///
/// # Soundness
/// Nothing is computed; the constant is part of the circuit.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([1, 28, 28]));
/// let y = graph.add("pad", Args::new().with("padding", [2, 1]), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([1, 32, 30]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Pad {
    /// How wide the border is.
    pub padding: Border,
    /// What it is filled with.
    pub mode: Mode,
    /// The constant.
    pub value: f64,
}

impl Pad {
    /// Where the elements come from.
    fn gathering(&self, input: &Shape) -> Result<Gathering<'_>, LayerError> {
        let ends = self.padding.ends("padding", input)?;
        let mut axes = Vec::with_capacity(ends.len());
        for (of, ([before, after], extent)) in ends.into_iter().zip(input.dims().iter().copied()).enumerate() {
            if self.mode == Mode::Reflect && before.max(after) >= extent {
                return Err(LayerError::argument(
                    "padding",
                    format!("`padding` of {} reflects more than axis {of} of shape {input} holds", before.max(after)),
                )
                .help(format!("expected less than {extent}, or `mode = edge`")));
            }
            let mode = self.mode;
            let place = move |i: usize| mode.place(i as i64 - before as i64, extent);
            let all = extent.saturating_add(before).saturating_add(after);
            axes.push(Axis::new(of, all, place).repeated(mode.repeats([before, after], extent)));
        }
        Ok(Gathering::new(input, axes))
    }
}

impl Layer for Pad {
    const CARD: Card = Card {
        name: "pad",
        formula: "y[i, ..] = x[i - before, ..], and a border around it",
        shape: "any; before + extent + after",
        arity: Arity::Exactly(1),
        args: &[
            Arg {
                name: "padding",
                takes: "a whole number, `[vertical, horizontal]`, `[top, left, bottom, right]`, or before and after each axis",
                default: None,
            },
            Arg { name: "mode", takes: "`constant`, `reflect` or `edge`", default: Some("constant") },
            Arg { name: "value", takes: "a number", default: Some("0.0") },
        ],
        onnx: "Pad",
        keras: "ZeroPadding1D, ZeroPadding2D",
        burn: "pad",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        let mode = match args.word("mode", Mode::WORDS)? {
            "reflect" => Mode::Reflect,
            "edge" => Mode::Edge,
            _ => Mode::Constant,
        };
        let value = args.float("value", Some(0.0))?;
        if mode != Mode::Constant && value != 0.0 {
            return Err(LayerError::argument("value", format!("`value` is not used with `mode = {}`", mode.word()))
                .help("remove it, or use `mode = constant`"));
        }
        Ok(Self { padding: Border::parse(args, "padding")?, mode, value })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("padding", self.padding.literal()), ("mode", self.mode.word().into()), ("value", self.value.into())]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        self.gathering(inputs[0]).map(Gathering::into_shape)
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        self.gathering(inputs[0].shape()).map_or_else(|_| Tensor::vector(vec![]), |g| g.apply(inputs[0], &self.value))
    }

    fn factors(&self) -> Factors {
        Factors::None
    }

    fn scale(&self, step: &Step) -> i32 {
        step.inputs[0]
    }

    fn fanout(&self, inputs: &[&Shape]) -> usize {
        self.gathering(inputs[0]).map_or(1, |g| g.fanout())
    }

    fn kind(&self) -> Kind {
        match self.mode {
            Mode::Constant if self.value == 0.0 => Kind::ZeroPadding(self.padding.clone()),
            Mode::Constant => Kind::Other,
            Mode::Reflect | Mode::Edge => Kind::Rearrangement,
        }
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
        let value = Fixed::new(self.value, step.inputs[0])?;
        match self.gathering(x[0].shape()) {
            Ok(gathering) => gathering::exact(a, &gathering, x[0], value, step),
            Err(_) => Ok(Tensor::vector(vec![])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        arith::ints::Ints,
        layer::{AnyLayer, testing},
    };

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("pad", args).unwrap()
    }

    fn list(numbers: &[i64]) -> Literal {
        Literal::List(numbers.to_vec())
    }

    #[test]
    fn every_mode_fills_the_border_its_own_way() {
        let x = Tensor::vector(vec![1.0, 2.0, 3.0]);
        let pad = |mode: &str| layer(Args::new().with("padding", list(&[2, 1])).with("mode", mode)).float(&[&x], &[]);
        assert_eq!(pad("constant").data(), [0.0, 0.0, 1.0, 2.0, 3.0, 0.0]);
        assert_eq!(pad("reflect").data(), [3.0, 2.0, 1.0, 2.0, 3.0, 2.0]);
        assert_eq!(pad("edge").data(), [1.0, 1.0, 1.0, 2.0, 3.0, 3.0]);
        let edge = layer(Args::new().with("padding", list(&[2, 1])).with("mode", "edge"));
        assert_eq!(edge.fanout(&[x.shape()]), 3);
    }

    #[test]
    fn numbers_are_those_of_onnx_or_of_the_spatial_axes() {
        let shape = |padding: Literal| layer(Args::new().with("padding", padding)).shape(&[&Shape::new([2, 4, 5])]);
        assert_eq!(shape(Literal::Int(1)), Ok(Shape::new([2, 6, 7])));
        assert_eq!(shape(list(&[1, 2])), Ok(Shape::new([2, 6, 9])));
        assert_eq!(shape(list(&[1, 0, 2, 3])), Ok(Shape::new([2, 7, 8])));
        assert_eq!(shape(list(&[1, 0, 2, 3, 0, 0])), Ok(Shape::new([6, 4, 7])));
        let error = shape(list(&[1, 2, 3])).unwrap_err();
        assert_eq!(error.to_string(), "`padding` is `[1, 2, 3]` for shape [2, 4, 5]");
    }

    #[test]
    fn a_reflection_needs_something_to_reflect() {
        let layer = layer(Args::new().with("padding", 3usize).with("mode", "reflect"));
        assert!(layer.shape(&[&Shape::new([1, 4, 4])]).is_ok());
        let error = layer.shape(&[&Shape::new([1, 4, 3])]).unwrap_err();
        assert_eq!(error.to_string(), "`padding` of 3 reflects more than axis 2 of shape [1, 4, 3] holds");
        assert_eq!(error.help.as_deref(), Some("expected less than 3, or `mode = edge`"));
    }

    #[test]
    fn a_value_without_a_use_is_refused() {
        let args = Args::new().with("padding", 1usize).with("mode", "edge").with("value", 0.5);
        let error = AnyLayer::parse("pad", args).unwrap_err();
        assert_eq!(error.to_string(), "`value` is not used with `mode = edge`");
    }

    #[test]
    fn the_value_is_held_at_the_scale_of_the_input() {
        let layer = layer(Args::new().with("padding", list(&[1, 0])).with("value", -0.7));
        let step = Step { inputs: vec![4], ..Step::default() };
        let y = layer.exact(&mut Ints::<i64>::new(), &[&Tensor::vector(vec![5])], &[], &step).unwrap();
        assert_eq!((y.data(), layer.scale(&step), layer.kind()), ([-11, 5].as_slice(), 4, Kind::Other));
    }

    #[test]
    fn arguments_come_back() {
        for args in [
            Args::new().with("padding", list(&[1, 2])).with("value", 0.5),
            Args::new().with("padding", 2usize).with("mode", "reflect"),
        ] {
            testing::arguments_come_back(&layer(args));
        }
    }
}
