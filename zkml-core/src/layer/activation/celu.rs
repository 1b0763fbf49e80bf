//! Continuously differentiable exponential linear unit (CELU): `y = max(0, x) + min(0, alpha * (e^(x / alpha) - 1))`.

use crate::layer::tabulated::prelude::{
    Arg, Args, Arith, ArithError, Arity, Card, Factors, Function, Kind, Layer, LayerError, Literal, MISSING, Param,
    Piecewise, Request, Shape, Sides, Step, Tensor, at_most, end, tabulated,
};

/// Continuously differentiable exponential linear unit (CELU): `y = max(0, x) + min(0, alpha * (e^(x / alpha) - 1))`, for every
/// element.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x` | that of the plan's table |
///
/// The exact semantics is a table of the plan, with a proven error of at most `2^-f`, where `f` is the weight scale of the plan
/// (at most 14; [`Function::max_error`] says how it is proven).
///
/// Sources: ONNX `Celu`, Keras `activation="celu"`, Burn `Celu`.
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
/// let y = graph.add("celu", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Celu {
    /// Alpha, above zero: the limit at minus infinity is `-alpha`.
    pub alpha: f64,
}

impl Celu {
    #[allow(clippy::disallowed_methods, reason = "a float function, to which a table of the plan is fitted")]
    fn function(&self, _: f64) -> Function {
        let alpha = self.alpha;
        Function {
            f: Box::new(move |x: f64| x.max(0.0) + (alpha * (x / alpha).exp_m1()).min(0.0)),
            sides: Sides::Negative,
            negative: -alpha,
            positive: 0.0,
            slope: 1.0,
            curvature: 0.0,
            falls: 0.0,
            end: None,
            steepest: at_most(1.0),
        }
    }
}

impl Layer for Celu {
    const CARD: Card = Card {
        name: "celu",
        formula: "y = max(0, x) + min(0, alpha * (e^(x / alpha) - 1))",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[Arg { name: "alpha", takes: "a number", default: Some("1.0") }],
        onnx: "Celu",
        keras: "celu",
        burn: "Celu",
        constraints: "bits + 6 at 2^-8",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        let alpha = args.float("alpha", Some(1.0))?;
        if alpha <= 0.0 {
            return Err(LayerError::argument("alpha", format!("`alpha` is {alpha}, expected a number above zero")));
        }
        Ok(Self { alpha })
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
        for alpha in [1.0, 0.3] {
            near(&Celu { alpha }.into(), |x| if x > 0.0 { x } else { alpha * ((x / alpha).exp() - 1.0) }, 40.0);
        }
    }

    #[test]
    fn costs_what_its_documentation_says() {
        assert_eq!(constraints(&Celu { alpha: 1.0 }.into()), 27);
    }
}
