//! Exponential: `y = e^x`.

use crate::layer::tabulated::prelude::{
    Args, Arith, ArithError, Arity, Card, Factors, Function, Kind, Layer, LayerError, Literal, MISSING, Param,
    Piecewise, Request, Shape, Sides, Step, Tensor, end, float, tabulated,
};

/// Exponential: `y = e^x`, for every element.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x` | that of the plan's table |
///
/// The exact semantics is a table of the plan, with a proven error of at most `2^-f`, where `f` is the weight scale of the plan
/// (at most 14; [`Function::max_error`] says how it is proven). The table covers the power of two that the samples reach (at
/// most 32); beyond it, `y` saturates on both sides. Large values cost precision: where no table has that error, the plan takes
/// the nearest.
///
/// Sources: ONNX `Exp`, Keras `ops.exp`, Burn `Tensor::exp`.
///
/// # Constraints
/// `about bits + 62 at 2^-8` an output element. See [`crate::gadget::table::piecewise`].
///
/// # Soundness
/// See [`crate::gadget::table::piecewise`].
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("exp", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Exp;

/// The power of two that the samples reach, from 1 to 32.
fn end_of(reach: f64) -> f64 {
    float::exp2(float::ceil_log2_of(reach.clamp(1.0, 32.0)).unwrap_or(5))
}

impl Exp {
    #[allow(clippy::disallowed_methods, reason = "a float function, to which a table of the plan is fitted")]
    fn function(&self, reach: f64) -> Function {
        let end = end_of(reach);
        Function {
            f: Box::new(f64::exp),
            sides: Sides::Both,
            negative: (-end).exp(),
            positive: end.exp(),
            slope: 0.0,
            curvature: 0.0,
            falls: 0.0,
            end: Some(end),
            // e^x = 2^(x log2(e)), rounded up to a power of two: the same on every machine.
            steepest: Box::new(|reach| float::exp2((reach * std::f64::consts::LOG2_E).ceil().min(2000.0) as i32)),
        }
    }
}

impl Layer for Exp {
    const CARD: Card = Card {
        name: "exp",
        formula: "y = e^x",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "Exp",
        keras: "ops.exp",
        burn: "exp",
        constraints: "about bits + 62 at 2^-8",
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
        near(&Exp.into(), |x| x.exp(), 1.9);
        near(&Exp.into(), |x| x.exp(), 4.0);
    }

    #[test]
    fn costs_what_its_documentation_says() {
        assert_eq!(constraints(&Exp.into()), 37);
    }
}
