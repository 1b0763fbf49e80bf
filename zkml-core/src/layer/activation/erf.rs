//! Error function: `y = erf(x)`.

use crate::layer::tabulated::prelude::{
    Args, Arith, ArithError, Arity, Card, Factors, Function, Kind, Layer, LayerError, Literal, MISSING, Param,
    Piecewise, Request, Shape, Sides, Step, Tensor, at_most, end, erf, tabulated,
};

/// Error function: `y = erf(x)`, for every element.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x` | that of the plan's table |
///
/// The exact semantics is a table of the plan, with a proven error of at most `2^-f`, where `f` is the weight scale of the plan
/// (at most 14; [`Function::max_error`] says how it is proven).
///
/// Sources: ONNX `Erf`, Keras `ops.erf`, Burn `Tensor::erf`.
///
/// # Constraints
/// `bits + 9 at 2^-8` an output element. See [`crate::gadget::table::piecewise`].
///
/// # Soundness
/// See [`crate::gadget::table::piecewise`].
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("erf", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Erf;

impl Erf {
    #[allow(clippy::disallowed_methods, reason = "a float function, to which a table of the plan is fitted")]
    fn function(&self, _: f64) -> Function {
        Function {
            f: Box::new(erf),
            sides: Sides::Odd,
            negative: -1.0,
            positive: 1.0,
            slope: 0.0,
            curvature: 0.0,
            falls: 0.0,
            end: None,
            steepest: at_most(std::f64::consts::FRAC_2_SQRT_PI),
        }
    }
}

impl Layer for Erf {
    const CARD: Card = Card {
        name: "erf",
        formula: "y = erf(x)",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "Erf",
        keras: "ops.erf",
        burn: "erf",
        constraints: "bits + 9 at 2^-8",
    };

    fn parse(_: &mut Args) -> Result<Self, LayerError> {
        Ok(Self)
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![]
    }

    fn kind(&self) -> Kind {
        Kind::Increasing
    }

    tabulated!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::tabulated::tests::{constraints, near};

    #[test]
    fn is_within_its_proven_error() {
        // Simpson's rule for the integral.
        let formula = |x: f64| {
            let (n, h) = (2000, x / 2000.0);
            let f = |i: i32| (-(f64::from(i) * h).powi(2)).exp();
            let sum: f64 =
                (0..=n).map(|i| f(i) * if i == 0 || i == n { 1.0 } else { f64::from(2 + 2 * (i % 2)) }).sum();
            2.0 / std::f64::consts::PI.sqrt() * sum * h / 3.0
        };
        near(&Erf.into(), formula, 5.0);
    }

    #[test]
    fn costs_what_its_documentation_says() {
        assert_eq!(constraints(&Erf.into()), 30);
    }
}
