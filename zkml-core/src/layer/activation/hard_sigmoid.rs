//! Hard sigmoid: `y = max(0, min(1, alpha * x + beta))`.

use super::clipping;
use crate::layer::{Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Fixed, Int, float},
    shape::Shape,
    tensor::Tensor,
};

/// Hard sigmoid: `y = max(0, min(1, alpha * x + beta))`, for every element.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `alpha` | none | `f`, the weight scale of the plan; exact if it is `2^e` or `-2^e` |
/// | `beta`, `0` and `1` | none | that of `y` |
/// | `y` | that of `x` | `s_x + f`, or `s_x - e`; no coarser than `min(f, b)`, where `b` is the least with `beta * 2^b` and `2^b` whole |
///
/// Sources: ONNX `HardSigmoid` (whose alpha is 0.2 unless told), Keras `activation="hard_sigmoid"`, Burn `hard_sigmoid`.
///
/// # Constraints
/// `bits + 8` an output element. The decomposition of `alpha * x + beta`, which the rescale to the next scale shares. See
/// [`crate::gadget::rescaling::clip`].
///
/// # Soundness
/// See [`crate::gadget::rescaling::clip`].
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("hard_sigmoid", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct HardSigmoid {
    /// What every element is multiplied by.
    pub alpha: f64,
    /// What is added then.
    pub beta: f64,
}

impl HardSigmoid {
    /// The scale of `alpha * x`.
    fn product(&self, step: &Step) -> i32 {
        match float::exponent(self.alpha) {
            Some(exponent) => step.inputs[0] - exponent,
            None => step.inputs[0] + step.weight_scale,
        }
    }
}

impl Layer for HardSigmoid {
    const CARD: Card = Card {
        name: "hard_sigmoid",
        formula: "y = max(0, min(1, alpha * x + beta))",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[
            Arg { name: "alpha", takes: "a number other than zero", default: Some("0.16666666666666666") },
            Arg { name: "beta", takes: "a number", default: Some("0.5") },
        ],
        onnx: "HardSigmoid",
        keras: "hard_sigmoid",
        burn: "hard_sigmoid",
        constraints: "bits + 8",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        let (alpha, beta) = (args.float("alpha", Some(1.0 / 6.0))?, args.float("beta", Some(0.5))?);
        if alpha == 0.0 {
            return Err(LayerError::argument("alpha", "`alpha` is 0, expected a number other than zero")
                .help("what does not depend on its input is a constant: use `parameter(..)`"));
        }
        Ok(Self { alpha, beta })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("alpha", self.alpha.into()), ("beta", self.beta.into())]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        Ok(inputs[0].clone())
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        inputs[0].map(|x| (self.alpha * x + self.beta).clamp(0.0, 1.0))
    }

    fn factors(&self) -> Factors {
        match float::exponent(self.alpha) {
            Some(_) => clipping::factors(&[self.beta]),
            None => Factors::Constants,
        }
    }

    fn scale(&self, step: &Step) -> i32 {
        clipping::scale(self.product(step), step, &[self.beta, 1.0])
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        1
    }

    fn kind(&self) -> Kind {
        if self.alpha > 0.0 { Kind::Monotone } else { Kind::Elementwise }
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
        let (product, scale) = (self.product(step), self.scale(step));
        let alpha = match float::exponent(self.alpha) {
            Some(_) => Int::from(self.alpha.signum() as i64).into(),
            None => Fixed::new(self.alpha, step.weight_scale)?,
        };
        let beta = Fixed::new(self.beta, scale)?;
        let y = x[0].try_map(|q| {
            let y = a.affine(std::iter::once((alpha, q)), Fixed::ZERO)?;
            let y = clipping::refine(a, &y, product, scale)?;
            a.affine(std::iter::once((Fixed::ONE, &y)), beta)
        })?;
        clipping::clip(a, &y, (Some(0.0), Some(1.0)), scale, step)
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
        AnyLayer::parse("hard_sigmoid", args).unwrap()
    }

    #[test]
    fn a_slope_of_zero_is_refused() {
        let error = AnyLayer::parse("hard_sigmoid", Args::new().with("alpha", 0)).unwrap_err();
        assert_eq!(error.to_string(), "`alpha` is 0, expected a number other than zero");
    }

    #[test]
    fn a_power_of_two_is_exact() {
        let layer = layer(Args::new().with("alpha", -0.25).with("beta", 1));
        let x = Tensor::vector(vec![-8i64, -1, 0, 1, 8]);
        let step = Step { inputs: vec![1], ..Step::default() };
        let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
        assert_eq!((y.data(), layer.scale(&step), layer.factors()), ([8, 8, 8, 7, 0].as_slice(), 3, Factors::None));
    }

    #[test]
    fn arguments_come_back() {
        for args in [Args::new(), Args::new().with("alpha", 0.2).with("beta", -0.25)] {
            testing::arguments_come_back(&layer(args));
        }
    }

    #[test]
    fn exact_is_float_within_its_rounding() {
        let layer = layer(Args::new());
        let step = Step { inputs: vec![4], weight_scale: 10, shift: 6, ..Step::default() };
        let x = Tensor::vector((-200..200).collect());
        let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
        let float = layer.float(&[&x.map(|q| *q as f64 / 16.0)], &[]);
        for (q, f) in y.data().iter().zip(float.data()) {
            assert!((*q as f64 / 256.0 - f).abs() <= 13.0 * 2f64.powi(-11) + 2f64.powi(-9), "{q} for {f}");
        }
        assert_eq!(2f64.powi(layer.scale(&step) - step.shift as i32), 256.0);
    }
}
