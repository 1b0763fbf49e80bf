//! Clipping: `y = max(min, min(max, x))`.

use super::clipping;
use crate::layer::{Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Clipping: `y = max(min, min(max, x))`, for every element. Without `min` or `max`, that side is not clipped.
///
/// The ends are rounded at the scale of `y`: that of `x`, unless the plan holds them finer.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x` | `max(s_x, min(f, e))`: the weight scale of the plan, or the least `e` where the ends times `2^e` are whole |
///
/// Sources: ONNX `Clip`, Keras `ops.clip`, Burn `Tensor::clamp`.
///
/// # Constraints
/// `bits + 4` an output element. One decomposition of the accumulator's bits, which the rescale to the next scale shares, and a
/// few products for the ends; fewer where the interval of `x` reaches only one of them, none where neither. See
/// [`crate::gadget::rescaling::clip`].
///
/// # Soundness
/// See [`crate::gadget::rescaling::clip`].
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("clip", Args::new().with("min", -0.5).with("max", 2.0), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    /// The lower end, if there is one.
    pub min: Option<f64>,
    /// The upper end, if there is one.
    pub max: Option<f64>,
}

impl Clip {
    /// The ends that are given.
    fn ends(&self) -> Vec<f64> {
        self.min.iter().chain(&self.max).copied().collect()
    }
}

impl Layer for Clip {
    const CARD: Card = Card {
        name: "clip",
        formula: "y = max(min, min(max, x))",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[
            Arg { name: "min", takes: "a number", default: Some("none") },
            Arg { name: "max", takes: "a number", default: Some("none") },
        ],
        onnx: "Clip",
        keras: "ops.clip",
        burn: "clamp",
        constraints: "bits + 4",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        let end = |name: &str| args.get(name).map(|_| args.float(name, None)).transpose();
        let (min, max) = (end("min")?, end("max")?);
        if let (Some(lo), Some(hi)) = (min, max)
            && lo > hi
        {
            return Err(LayerError::argument("min", format!("`min` is {lo}, expected at most `max`, which is {hi}"))
                .help("exchange them"));
        }
        Ok(Self { min, max })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        let ends = [("min", self.min), ("max", self.max)];
        ends.into_iter().filter_map(|(name, end)| end.map(|end| (name, end.into()))).collect()
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        Ok(inputs[0].clone())
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        let (lo, hi) = (self.min.unwrap_or(f64::NEG_INFINITY), self.max.unwrap_or(f64::INFINITY));
        inputs[0].map(|x| x.max(lo).min(hi))
    }

    fn factors(&self) -> Factors {
        clipping::factors(&self.ends())
    }

    fn scale(&self, step: &Step) -> i32 {
        clipping::scale(step.inputs[0], step, &self.ends())
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        1
    }

    fn kind(&self) -> Kind {
        Kind::Clip(self.min.unwrap_or(f64::NEG_INFINITY), self.max.unwrap_or(f64::INFINITY))
    }

    fn fuses_rescale(&self) -> bool {
        true
    }

    fn exact<A: Arith>(
        &self,
        a: &mut A,
        x: &[&Tensor<A::Wire>],
        _: &[Tensor<A::Wire>],
        step: &Step,
    ) -> Result<Tensor<A::Wire>, ArithError> {
        let scale = self.scale(step);
        let x = x[0].try_map(|q| clipping::refine(a, q, step.inputs[0], scale))?;
        clipping::clip(a, &x, (self.min, self.max), scale, step)
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
        AnyLayer::parse("clip", args).unwrap()
    }

    #[test]
    fn crossed_and_endless_ends_are_refused() {
        let error = AnyLayer::parse("clip", Args::new().with("min", 1.0).with("max", 0.5)).unwrap_err();
        assert_eq!(error.to_string(), "`min` is 1, expected at most `max`, which is 0.5");
        assert_eq!(error.help.as_deref(), Some("exchange them"));
        for end in [f64::INFINITY, f64::NAN] {
            let error = AnyLayer::parse("clip", Args::new().with("max", end)).unwrap_err();
            assert!(error.to_string().ends_with("expected a finite number"), "{error}");
        }
        assert!(AnyLayer::parse("clip", Args::new().with("min", 1.0).with("max", 1.0)).is_ok());
    }

    #[test]
    fn an_end_that_is_not_given_is_none() {
        let x = Tensor::vector(vec![-900i64, 3, 900]);
        let step = Step { inputs: vec![1], saturate: Some(8), ..Step::default() };
        let y = |args| layer(args).exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap().into_data();
        assert_eq!(y(Args::new()), [-256, 3, 255]);
        assert_eq!(y(Args::new().with("min", 2.0)), [4, 4, 255]);
        assert_eq!(y(Args::new().with("max", -2.5)), [-256, -5, -5]);
    }

    #[test]
    fn arguments_come_back() {
        for args in [Args::new(), Args::new().with("max", 2), Args::new().with("min", -0.5).with("max", 2.0)] {
            testing::arguments_come_back(&layer(args));
        }
    }

    #[test]
    fn exact_is_float_within_its_rounding() {
        let layer = layer(Args::new().with("min", -1.3).with("max", 2.7));
        let step = Step { inputs: vec![4], shift: 2, ..Step::default() };
        let x = Tensor::vector((-200..200).collect());
        let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
        let float = layer.float(&[&x.map(|q| *q as f64 / 16.0)], &[]);
        for (q, f) in y.data().iter().zip(float.data()) {
            assert!((*q as f64 / 4.0 - f).abs() <= 0.125 + 0.03125, "{q} for {f}");
        }
        assert_eq!(2f64.powi(layer.scale(&step) - step.shift as i32), 4.0);
    }
}
