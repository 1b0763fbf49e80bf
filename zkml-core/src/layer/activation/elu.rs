//! Exponential linear unit (ELU): `y = x if x > 0, alpha * (e^x - 1) otherwise`.

use crate::layer::tabulated::prelude::{
    Arg, Args, Arith, ArithError, Arity, Card, Factors, Function, Kind, Layer, LayerError, Literal, MISSING, Param,
    Piecewise, Request, Shape, Sides, Step, Tensor, at_most, end, tabulated,
};

/// Exponential linear unit (ELU): `y = x if x > 0, alpha * (e^x - 1) otherwise`, for every element.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x` | that of the plan's table |
///
/// The exact semantics is a table of the plan, with a proven error of at most `2^-f`, where `f` is the weight scale of the plan
/// (at most 14; [`Function::max_error`] says how it is proven). It is `max(0, x) - alpha` below zero, and a function of
/// negative values that falls to zero.
///
/// Sources: ONNX `Elu`, Keras `ELU`, Burn `Elu`.
///
/// # Constraints
/// `bits + 6 at 2^-8` an output element. See [`crate::gadget::table::piecewise`].
///
/// # Soundness
/// See [`crate::gadget::table::piecewise`].
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("elu", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Elu {
    /// Alpha: the limit at minus infinity is `-alpha`.
    pub alpha: f64,
}

impl Elu {
    #[allow(clippy::disallowed_methods, reason = "a float function, to which a table of the plan is fitted")]
    fn function(&self, _: f64) -> Function {
        let alpha = self.alpha;
        Function {
            f: Box::new(move |x: f64| if x > 0.0 { x } else { alpha * x.exp_m1() }),
            sides: Sides::Negative,
            negative: -alpha,
            positive: 0.0,
            slope: 1.0,
            curvature: 0.0,
            falls: 0.0,
            end: None,
            steepest: at_most(alpha.abs().max(1.0)),
        }
    }
}

impl Layer for Elu {
    const CARD: Card = Card {
        name: "elu",
        formula: "y = x if x > 0, alpha * (e^x - 1) otherwise",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[Arg { name: "alpha", takes: "a number", default: Some("1.0") }],
        onnx: "Elu",
        keras: "elu",
        burn: "Elu",
        constraints: "bits + 6 at 2^-8",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { alpha: args.float("alpha", Some(1.0))? })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("alpha", self.alpha.into())]
    }

    fn kind(&self) -> Kind {
        if self.alpha > 0.0 { Kind::Increasing } else { Kind::Elementwise }
    }

    tabulated!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::tabulated::tests::{constraints, near};

    #[test]
    fn is_within_its_proven_error() {
        for alpha in [1.0, 0.3, -2.0] {
            near(&Elu { alpha }.into(), |x| if x > 0.0 { x } else { alpha * (x.exp() - 1.0) }, 40.0);
        }
    }

    #[test]
    fn costs_what_its_documentation_says() {
        assert_eq!(constraints(&Elu { alpha: 1.0 }.into()), 27);
    }
}
