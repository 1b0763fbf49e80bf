//! Leaky ReLU: `y = x if x >= 0, alpha * x otherwise`.

use crate::layer::{Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Fixed, Int, MAX_BITS, float},
    shape::Shape,
    tensor::Tensor,
};

/// Leaky ReLU: `y = x` if `x >= 0`, `y = alpha * x` otherwise, for every element.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `alpha` | none | `f`, the weight scale of the plan, or the least `e >= 0` where `alpha * 2^e` is whole, if that is at most 4 |
/// | `y` | that of `x` | `s_x + f`, or `s_x + e` |
///
/// Sources: ONNX `LeakyRelu`, Keras `LeakyReLU` (negative_slope), Burn `LeakyRelu`.
///
/// # Constraints
/// `bits + 2` an output element. This is for `alpha > 0`, the rescale to the next scale included. See [`crate::gadget::rescaling::leaky`].
///
/// # Soundness
/// See [`crate::gadget::rescaling::leaky`].
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("leaky_relu", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LeakyRelu {
    /// The slope below zero.
    pub alpha: f64,
}

/// The most bits that a slope is held in exactly, whatever the plan says.
const FEW: i32 = 4;

impl LeakyRelu {
    /// The scale where the slope is whole, if few bits suffice.
    fn exact_at(&self) -> Option<i32> {
        Some(float::whole_from(self.alpha).max(0)).filter(|e| *e <= FEW)
    }

    /// The bits by which the output is held finer than the input.
    fn finer(&self, step: &Step) -> i32 {
        self.exact_at().unwrap_or(step.weight_scale.clamp(0, MAX_BITS as i32))
    }
}

impl Layer for LeakyRelu {
    const CARD: Card = Card {
        name: "leaky_relu",
        formula: "y = x if x >= 0, alpha * x otherwise",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[Arg { name: "alpha", takes: "a number", default: Some("0.01") }],
        onnx: "LeakyRelu",
        keras: "LeakyReLU",
        burn: "LeakyRelu",
        constraints: "bits + 2",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { alpha: args.float("alpha", Some(0.01))? })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("alpha", self.alpha.into())]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        Ok(inputs[0].clone())
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        inputs[0].map(|x| if *x >= 0.0 { *x } else { self.alpha * x })
    }

    fn factors(&self) -> Factors {
        if self.exact_at().is_some() { Factors::None } else { Factors::Constants }
    }

    fn scale(&self, step: &Step) -> i32 {
        step.inputs[0] + self.finer(step)
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        2
    }

    fn kind(&self) -> Kind {
        if self.alpha >= 0.0 { Kind::Rectifier } else { Kind::Elementwise }
    }

    fn fuses_rescale(&self) -> bool {
        self.alpha >= 0.0
    }

    fn exact<A: Arith>(
        &self,
        a: &mut A,
        x: &[&Tensor<A::Wire>],
        _: &[Tensor<A::Wire>],
        step: &Step,
    ) -> Result<Tensor<A::Wire>, ArithError> {
        let finer = self.finer(step);
        let slope = a.fixed(Fixed::new(self.alpha, finer)?);
        x[0].try_map(|q| a.leaky(q, &slope, Int::ONE << finer.unsigned_abs(), step.cut()))
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
        AnyLayer::parse("leaky_relu", args).unwrap()
    }

    #[test]
    fn a_slope_of_few_bits_is_exact_and_needs_no_factor() {
        for (alpha, finer) in [(0.25, 2), (0.0, 0), (-3.0, 0), (0.0625, 4), (1.0, 0)] {
            let layer = layer(Args::new().with("alpha", alpha));
            let step = Step { inputs: vec![3], weight_scale: 9, ..Step::default() };
            assert_eq!((layer.factors(), layer.scale(&step)), (Factors::None, 3 + finer), "{alpha}");
            let x = Tensor::vector(vec![-7i64, 0, 5]);
            let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
            let float = layer.float(&[&x.map(|q| *q as f64)], &[]);
            assert_eq!(y.map(|q| *q as f64 * 2f64.powi(-finer)), float, "{alpha}");
        }
        assert_eq!(layer(Args::new()).factors(), Factors::Constants);
    }

    #[test]
    fn arguments_come_back() {
        for args in [Args::new(), Args::new().with("alpha", -0.3)] {
            testing::arguments_come_back(&layer(args));
        }
    }

    #[test]
    fn exact_is_float_within_its_rounding() {
        let layer = layer(Args::new().with("alpha", 0.3));
        let step = Step { inputs: vec![4], weight_scale: 8, shift: 6, ..Step::default() };
        let x = Tensor::vector((-200..200).collect());
        let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
        let float = layer.float(&[&x.map(|q| *q as f64 / 16.0)], &[]);
        for (q, f) in y.data().iter().zip(float.data()) {
            assert!((*q as f64 / 64.0 - f).abs() <= 13.0 * 2f64.powi(-9) + 2f64.powi(-7), "{q} for {f}");
        }
        assert_eq!(2f64.powi(layer.scale(&step) - step.shift as i32), 64.0);
    }
}
