//! Scaled exponential linear unit (SELU): `y = lambda * (x if x > 0, alpha * (e^x - 1) otherwise)`.

use crate::layer::tabulated::prelude::{
    Args, Arith, ArithError, Arity, Card, Factors, Function, Kind, Layer, LayerError, Literal, MISSING, Param,
    Piecewise, Request, Shape, Sides, Step, Tensor, at_most, end, tabulated,
};

/// Scaled exponential linear unit (SELU): `y = lambda * (x if x > 0, alpha * (e^x - 1) otherwise)`, for every element, with the
/// constants of Klambauer et al. 2017: `lambda = 1.0507..`, `alpha = 1.6732..`.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x` | that of the plan's table |
///
/// The exact semantics is a table of the plan, with a proven error of at most `2^-f`, where `f` is the weight scale of the plan
/// (at most 14; [`Function::max_error`] says how it is proven). `lambda` is held finely enough for all values that the samples
/// reach; the error of larger ones grows with them.
///
/// Sources: ONNX `Selu` with its defaults, Keras `activation="selu"`, Burn `Selu`.
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
/// let y = graph.add("selu", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Selu;

const LAMBDA: f64 = 1.050_700_987_355_480_5;
const ALPHA: f64 = 1.673_263_242_354_377_2;

impl Selu {
    #[allow(clippy::disallowed_methods, reason = "a float function, to which a table of the plan is fitted")]
    fn function(&self, _: f64) -> Function {
        Function {
            f: Box::new(|x: f64| LAMBDA * if x > 0.0 { x } else { ALPHA * x.exp_m1() }),
            sides: Sides::Negative,
            negative: -LAMBDA * ALPHA,
            positive: 0.0,
            slope: LAMBDA,
            curvature: 0.0,
            falls: 0.0,
            end: None,
            steepest: at_most(LAMBDA * ALPHA),
        }
    }
}

impl Layer for Selu {
    const CARD: Card = Card {
        name: "selu",
        formula: "y = lambda * (x if x > 0, alpha * (e^x - 1) otherwise)",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "Selu",
        keras: "selu",
        burn: "Selu",
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
        near(
            &Selu.into(),
            |x| 1.050_700_987_355_480_5 * if x > 0.0 { x } else { 1.673_263_242_354_377_2 * (x.exp() - 1.0) },
            40.0,
        );
    }

    #[test]
    fn costs_what_its_documentation_says() {
        assert_eq!(constraints(&Selu.into()), 30);
    }
}
