//! Slicing: `y[.., i, ..] = x[.., start + step * i, ..]`.

use super::gathering::{Axis, Gathering, moves_elements};
use crate::layer::{Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step, axes};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Slicing of an axis: `y[.., i, ..] = x[.., start + step * i, ..]`, from `start` up to, and without, `end`.
///
/// Below zero, `start` and `end` count from the last element. What lies outside becomes the nearest end. Without them the
/// whole axis is taken, in the direction of the step.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x`, with `ceil((end - start) / step)` along `axis` | `s_x` |
///
/// Sources: ONNX `Slice` (one axis), Keras `x[..., a:b:c]`, Burn `Tensor::slice`.
///
/// # Constraints
/// None: the wires are the same.
///
/// # Soundness
/// Nothing is computed.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([8, 6]));
/// let args = Args::new().with("axis", 1usize).with("start", 1usize).with("end", 5usize).with("step", 2usize);
/// let y = graph.add("slice", args, &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([8, 2]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    /// The axis that is cut.
    pub axis: i64,
    /// The first element that is taken.
    pub start: Option<i64>,
    /// The first one that is not.
    pub end: Option<i64>,
    /// From one element to the next; never zero.
    pub step: i64,
}

impl Slice {
    /// Where the elements come from.
    fn gathering(&self, input: &Shape) -> Result<Gathering<'_>, LayerError> {
        let axis = axes::resolve("axis", self.axis, input)?;
        let extent = input.dims()[axis] as i64;
        // Going down, the end before the first element is minus one.
        let (least, most) = if self.step > 0 { (0, extent) } else { (-1, extent - 1) };
        let at = |i: i64| if i < 0 { i.saturating_add(extent) } else { i }.clamp(least, most);
        let (first, last) = if self.step > 0 { (least, most) } else { (most, least) };
        let (start, end) = (self.start.map_or(first, at), self.end.map_or(last, at));
        let reach = (end - start) * self.step.signum();
        if reach <= 0 {
            return Err(LayerError::call(format!(
                "`slice` takes nothing of axis {axis} of shape {input}: from {start} to {end} in steps of {}",
                self.step
            ))
            .help(if self.step > 0 {
                "expected `start` before `end`"
            } else {
                "expected `end` before `start`"
            }));
        }
        let count = (reach as u64).div_ceil(self.step.unsigned_abs()) as usize;
        let step = self.step;
        let from = move |i: usize| usize::try_from(start + step * i as i64).ok();
        Ok(Gathering::along(input, Axis::new(axis, count, from)))
    }
}

impl Layer for Slice {
    const CARD: Card = Card {
        name: "slice",
        formula: "y[.., i, ..] = x[.., start + step * i, ..]",
        shape: "any; ceil((end - start) / step) along axis",
        arity: Arity::Exactly(1),
        args: &[
            Arg { name: "axis", takes: "the axis that is cut", default: None },
            Arg { name: "start", takes: "the first element that is taken", default: Some("the first") },
            Arg { name: "end", takes: "the first element that is not taken", default: Some("the extent") },
            Arg { name: "step", takes: "a whole number other than zero", default: Some("1") },
        ],
        onnx: "Slice",
        keras: "-",
        burn: "slice",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        let axis = args.signed("axis", None)?;
        let optional = |name: &str| args.get(name).map(|_| args.signed(name, None)).transpose();
        let (start, end, step) = (optional("start")?, optional("end")?, args.signed("step", Some(1))?);
        if step == 0 {
            return Err(LayerError::argument("step", "`step` is 0, expected a whole number other than zero")
                .help("use `step = 1` for every element, or `step = -1` for the reverse order"));
        }
        Ok(Self { axis, start, end, step })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        let ends = [("start", self.start), ("end", self.end)];
        let ends = ends.into_iter().filter_map(|(name, end)| end.map(|i| (name, Literal::Int(i))));
        [("axis", Literal::Int(self.axis))].into_iter().chain(ends).chain([("step", Literal::Int(self.step))]).collect()
    }

    moves_elements!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{AnyLayer, testing};

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("slice", args).unwrap()
    }

    fn slice(axis: i64, start: i64, end: i64, step: i64) -> AnyLayer {
        let all = [("axis", axis), ("start", start), ("end", end), ("step", step)];
        layer(all.into_iter().fold(Args::new(), |args, (n, i)| args.with(n, Literal::Int(i))))
    }

    fn intricate() -> (AnyLayer, Tensor) {
        (slice(-2, -1, -9, -2), Tensor::from_fn([2, 5, 2], |i| i as f64))
    }

    #[test]
    fn ends_are_those_of_onnx_and_numpy() {
        let x = Tensor::vector(vec![0.0, 1.0, 2.0, 3.0, 4.0]);
        for (start, end, step, expected) in [
            (1, 4, 1, vec![1.0, 2.0, 3.0]),
            (0, i64::MAX, 2, vec![0.0, 2.0, 4.0]),
            (-3, -1, 1, vec![2.0, 3.0]),
            (i64::MIN, 2, 1, vec![0.0, 1.0]),
            (3, 0, -1, vec![3.0, 2.0, 1.0]),
            (9, -9, -2, vec![4.0, 2.0, 0.0]),
            (i64::MAX, i64::MIN, i64::MIN, vec![4.0]),
        ] {
            assert_eq!(slice(0, start, end, step).float(&[&x], &[]).data(), expected, "{start} {end} {step}");
        }
        let reversed = layer(Args::new().with("axis", 0usize).with("step", Literal::Int(-1)));
        assert_eq!(reversed.float(&[&x], &[]).data(), [4.0, 3.0, 2.0, 1.0, 0.0]);
    }

    #[test]
    fn other_axes_are_kept() {
        let (layer, x) = intricate();
        let y = layer.float(&[&x], &[]);
        assert_eq!(y.shape(), &Shape::new([2, 3, 2]));
        assert_eq!(y.data(), [8.0, 9.0, 4.0, 5.0, 0.0, 1.0, 18.0, 19.0, 14.0, 15.0, 10.0, 11.0]);
    }

    #[test]
    fn an_empty_part_is_refused() {
        let error = slice(0, 3, 3, 1).shape(&[&Shape::new([5])]).unwrap_err();
        assert_eq!(error.to_string(), "`slice` takes nothing of axis 0 of shape [5]: from 3 to 3 in steps of 1");
        assert_eq!(error.help.as_deref(), Some("expected `start` before `end`"));
        let args = Args::new().with("axis", 0usize).with("step", 0usize);
        let error = AnyLayer::parse("slice", args).unwrap_err();
        assert_eq!(error.to_string(), "`step` is 0, expected a whole number other than zero");
    }

    #[test]
    fn exact_moves_as_float_does_and_arguments_come_back() {
        let (layer, x) = intricate();
        testing::moves_alike(&layer, &x);
        testing::arguments_come_back(&layer);
    }
}
