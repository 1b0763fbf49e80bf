//! Multiplication by a constant: `y = factor * x`.

use crate::layer::{Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Fixed, Int, float},
    shape::Shape,
    tensor::Tensor,
};

/// Multiplication by a constant: `y = factor * x`, for every element, such as pixels to `0.0..=1.0`.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `factor` | none | `f`, the weight scale of the plan |
/// | `y` | that of `x` | `s_x + f`, or `s_x - e` if `factor` is `2^e` or `-2^e` |
///
/// Sources: ONNX `Mul` and `Div` with a constant, Keras `Rescaling` (offset = 0), Burn `Tensor::mul_scalar`.
///
/// # Constraints
/// None: a linear combination an element. A power of two is exact, the wires stay (or change their sign). Otherwise they are
/// multiplied by `round(factor * 2^f)`.
///
/// # Soundness
/// The output is a linear combination of wires.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([1, 28, 28]));
/// let y = graph.add("scale", Args::new().with("factor", 1.0 / 255.0), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([1, 28, 28]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// What every element is multiplied by.
    pub factor: f64,
}

impl Layer for Scale {
    const CARD: Card = Card {
        name: "scale",
        formula: "y = factor * x",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[Arg { name: "factor", takes: "a number other than zero", default: None }],
        onnx: "Mul, Div",
        keras: "Rescaling",
        burn: "mul_scalar",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        let factor = args.float("factor", None)?;
        if factor == 0.0 {
            return Err(LayerError::argument("factor", "`factor` is 0, expected a number other than zero")
                .help("what is multiplied by zero is not needed: remove it"));
        }
        Ok(Self { factor })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("factor", self.factor.into())]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        Ok(inputs[0].clone())
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        inputs[0].map(|x| self.factor * x)
    }

    fn factors(&self) -> Factors {
        match float::exponent(self.factor) {
            Some(_) => Factors::None,
            None => Factors::Constants,
        }
    }

    fn scale(&self, step: &Step) -> i32 {
        match float::exponent(self.factor) {
            Some(exponent) => step.inputs[0] - exponent,
            None => step.inputs[0] + step.weight_scale,
        }
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        1
    }

    fn kind(&self) -> Kind {
        Kind::Scale(self.factor)
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
        let factor = match float::exponent(self.factor) {
            Some(_) => Int::from(self.factor.signum() as i64).into(),
            None => Fixed::new(self.factor, step.weight_scale)?,
        };
        if factor == Fixed::ONE {
            return step.finish(a, x[0].clone());
        }
        let y = x[0].try_map(|q| a.affine(std::iter::once((factor, q)), Fixed::ZERO))?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::AnyLayer};

    #[test]
    fn the_shape_stays_and_zero_is_refused() {
        let x = Shape::new([2, 3]);
        assert_eq!(Scale { factor: 3.0 }.shape(&[&x]), Ok(x));
        let error = AnyLayer::parse("scale", Args::new().with("factor", -0.0)).unwrap_err();
        assert_eq!(error.to_string(), "`factor` is 0, expected a number other than zero");
        assert_eq!(error.help.as_deref(), Some("what is multiplied by zero is not needed: remove it"));
    }

    #[test]
    fn float_is_the_formula() {
        let y = Scale { factor: -0.5 }.float(&[&Tensor::vector(vec![3.0, -4.0])], &[]);
        assert_eq!(y.data(), [-1.5, 2.0]);
    }

    #[test]
    fn exact_multiplies_only_where_it_must() {
        let x = Tensor::vector(vec![7i64, -3]);
        let step = Step { inputs: vec![2], weight_scale: 4, ..Step::default() };
        for (factor, factors, expected, scale) in [
            (8.0, Factors::None, [7, -3], -1),
            (-0.25, Factors::None, [-7, 3], 4),
            (0.3, Factors::Constants, [35, -15], 6),
            (-1.5, Factors::Constants, [-168, 72], 6),
            (0.001, Factors::Constants, [0, 0], 6),
        ] {
            let layer = Scale { factor };
            let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
            assert_eq!(y.data(), expected, "{factor}");
            assert_eq!((layer.factors(), layer.scale(&step)), (factors, scale), "{factor}");
        }
    }
}
