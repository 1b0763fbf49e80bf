//! Softplus: `y = ln(1 + e^x)`.

use crate::layer::tabulated::prelude::{
    Args, Arith, ArithError, Arity, Card, Factors, Function, Kind, Layer, LayerError, Literal, MISSING, Param,
    Piecewise, Request, Shape, Sides, Step, Tensor, at_most, end, tabulated,
};

/// Softplus: `y = ln(1 + e^x)`, for every element.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x` | that of the plan's table |
///
/// The exact semantics is a table of the plan, with a proven error of at most `2^-f`, where `f` is the weight scale of the plan
/// (at most 14; [`Function::max_error`] says how it is proven). It is `max(0, x)` and an even function that falls to zero.
///
/// Sources: ONNX `Softplus`, Keras `activation="softplus"`, Burn `Softplus` with `beta = 1`.
///
/// # Constraints
/// `bits + 4 at 2^-8` an output element. See [`crate::gadget::table::piecewise`].
///
/// # Soundness
/// See [`crate::gadget::table::piecewise`].
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("softplus", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Softplus;

impl Softplus {
    #[allow(clippy::disallowed_methods, reason = "a float function, to which a table of the plan is fitted")]
    fn function(&self, _: f64) -> Function {
        Function {
            f: Box::new(|x| x.max(0.0) + (-x.abs()).exp().ln_1p()),
            sides: Sides::Even,
            negative: 0.0,
            positive: 0.0,
            slope: 1.0,
            curvature: 0.0,
            falls: 0.0,
            end: None,
            steepest: at_most(1.0),
        }
    }
}

impl Layer for Softplus {
    const CARD: Card = Card {
        name: "softplus",
        formula: "y = ln(1 + e^x)",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "Softplus",
        keras: "softplus",
        burn: "Softplus",
        constraints: "bits + 4 at 2^-8",
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
        near(&Softplus.into(), |x| (1.0 + x.exp()).ln(), 40.0);
    }

    #[test]
    fn costs_what_its_documentation_says() {
        assert_eq!(constraints(&Softplus.into()), 26);
    }
}
