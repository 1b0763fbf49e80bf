//! Power: `y = x^exponent`.

use super::sqrt::root;
use crate::layer::{Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step, quotient};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Int},
    shape::Shape,
    tensor::Tensor,
};

/// Power: `y = x^exponent`, for every element: a whole exponent from 0 to 16, `0.5` (a square root) or `-1` (a reciprocal).
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x` | `exponent * s_x`, or the weight scale of the plan |
///
/// Sources: ONNX `Pow` with a constant exponent, Keras `ops.power`, Burn `Tensor::powf_scalar`.
///
/// # Limits
/// None for whole exponents: the power is exact.
///
/// # Constraints
/// `products` an output element. A product for every squaring and every further bit of the exponent; `0.5` and `-1` as
/// [`super::sqrt::Sqrt`] and [`super::reciprocal::Reciprocal`].
///
/// # Soundness
/// Each product is enforced by its own constraint.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("pow", Args::new().with("exponent", 2usize), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Pow {
    /// The exponent.
    pub exponent: Exponent,
}

/// An exponent that is exact in integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exponent {
    /// A whole number from 0 to 16.
    Whole(u32),
    /// One half.
    Root,
    /// Minus one.
    Reciprocal,
}

impl Layer for Pow {
    const CARD: Card = Card {
        name: "pow",
        formula: "y = x^exponent",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[Arg { name: "exponent", takes: "a whole number, 0.5 or -1", default: None }],
        onnx: "Pow",
        keras: "ops.power",
        burn: "powf_scalar",
        constraints: "products",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        let exponent = match args.float("exponent", None)? {
            0.5 => Exponent::Root,
            -1.0 => Exponent::Reciprocal,
            x if x.fract() == 0.0 && (0.0..=16.0).contains(&x) => Exponent::Whole(x as u32),
            x => {
                let message = format!("`exponent` is {x}, expected a whole number from 0 to 16, 0.5 or -1");
                return Err(LayerError::argument("exponent", message));
            }
        };
        Ok(Self { exponent })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        let exponent = match self.exponent {
            Exponent::Whole(n) => Literal::Int(n.into()),
            Exponent::Root => Literal::Float(0.5),
            Exponent::Reciprocal => Literal::Int(-1),
        };
        vec![("exponent", exponent)]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        Ok(inputs[0].clone())
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    #[allow(clippy::disallowed_methods, reason = "the float reference, of which nothing in a circuit is made")]
    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        inputs[0].map(|x| match self.exponent {
            Exponent::Whole(n) => x.powi(n as i32),
            Exponent::Root => x.max(0.0).sqrt(),
            Exponent::Reciprocal => 1.0 / x,
        })
    }

    fn factors(&self) -> Factors {
        match self.exponent {
            Exponent::Whole(_) => Factors::None,
            Exponent::Root | Exponent::Reciprocal => Factors::Constants,
        }
    }

    fn scale(&self, step: &Step) -> i32 {
        match self.exponent {
            Exponent::Whole(n) => n as i32 * step.inputs[0],
            Exponent::Root | Exponent::Reciprocal => step.weight_scale,
        }
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        2
    }

    fn kind(&self) -> Kind {
        Kind::Elementwise
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
        let y = x[0].try_map(|q| match self.exponent {
            Exponent::Root => root(a, q, 2 * step.weight_scale - step.inputs[0]),
            Exponent::Reciprocal => {
                let one = a.constant(Int::ONE);
                quotient::signed(a, &one, q, step.weight_scale + step.inputs[0])
            }
            Exponent::Whole(0) => Ok(a.constant(Int::ONE)),
            Exponent::Whole(n) => {
                // From the highest bit down: square, and multiply where there is a one.
                let mut y = q.clone();
                for bit in (0..n.ilog2()).rev() {
                    y = a.mul(&y, &y)?;
                    if n >> bit & 1 == 1 {
                        y = a.mul(&y, q)?;
                    }
                }
                Ok(y)
            }
        })?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::AnyLayer};

    #[test]
    fn only_exponents_that_are_exact_are_taken() {
        let parse = |x: Literal| AnyLayer::parse("pow", Args::new().with("exponent", x));
        assert_eq!(parse(3usize.into()), Ok(Pow { exponent: Exponent::Whole(3) }.into()));
        assert_eq!(parse(0.5.into()), Ok(Pow { exponent: Exponent::Root }.into()));
        assert_eq!(parse((-1.0).into()), Ok(Pow { exponent: Exponent::Reciprocal }.into()));
        let error = parse(2.5.into()).unwrap_err();
        assert_eq!(error.to_string(), "`exponent` is 2.5, expected a whole number from 0 to 16, 0.5 or -1");
    }

    #[test]
    fn whole_powers_are_exact() {
        for n in 0..=16u32 {
            let layer = Pow { exponent: Exponent::Whole(n) };
            let x = Tensor::vector(vec![-3i128, 0, 1, 5]);
            let step = Step { inputs: vec![2], ..Step::default() };
            let y = layer.exact(&mut Ints::<i128>::new(), &[&x], &[], &step).unwrap();
            assert_eq!(y, x.map(|q| q.pow(n)), "{n}");
            assert_eq!(layer.scale(&step), 2 * n as i32);
        }
    }
}
