//! Gaussian error linear unit (GELU): `y = x * (1 + erf(x / sqrt(2))) / 2`.

use crate::layer::tabulated::prelude::{
    Arg, Args, Arith, ArithError, Arity, Card, Factors, Function, Kind, Layer, LayerError, Literal, MISSING, Param,
    Piecewise, Request, Shape, Sides, Step, Tensor, at_most, end, erf, tabulated,
};

/// Gaussian error linear unit (GELU): `y = x * (1 + erf(x / sqrt(2))) / 2`, for every element; with `tanh`, `y = x * (1 +
/// tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2`.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x` | that of the plan's table |
///
/// The exact semantics is a table of the plan, with a proven error of at most `2^-f`, where `f` is the weight scale of the plan
/// (at most 14; [`Function::max_error`] says how it is proven). It is `max(0, x)` and an even function that falls to zero.
///
/// Sources: ONNX `Gelu` (`approximate`), Keras `activation="gelu"`, Burn `Gelu`.
///
/// # Constraints
/// `bits + 5 at 2^-8` an output element. See [`crate::gadget::table::piecewise`].
///
/// # Soundness
/// See [`crate::gadget::table::piecewise`].
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("gelu", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Gelu {
    /// Whether it is the approximation by `tanh`.
    pub tanh: bool,
}

impl Gelu {
    #[allow(clippy::disallowed_methods, reason = "a float function, to which a table of the plan is fitted")]
    fn function(&self, _: f64) -> Function {
        let cubic = self.tanh;
        Function {
            f: Box::new(move |x: f64| {
                let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x * x * x);
                0.5 * x * (1.0 + if cubic { inner.tanh() } else { erf(x * std::f64::consts::FRAC_1_SQRT_2) })
            }),
            sides: Sides::Even,
            negative: 0.0,
            positive: 0.0,
            slope: 1.0,
            curvature: 1.0,
            falls: 1.0,
            end: None,
            steepest: at_most(1.13),
        }
    }
}

impl Layer for Gelu {
    const CARD: Card = Card {
        name: "gelu",
        formula: "y = x * (1 + erf(x / sqrt(2))) / 2",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[Arg { name: "tanh", takes: "`true` or `false`", default: Some("false") }],
        onnx: "Gelu",
        keras: "gelu",
        burn: "Gelu",
        constraints: "bits + 5 at 2^-8",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { tanh: args.bool("tanh", false)? })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("tanh", self.tanh.into())]
    }

    fn kind(&self) -> Kind {
        Kind::Elementwise
    }

    tabulated!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::tabulated::tests::{constraints, near};

    #[test]
    fn is_within_its_proven_error() {
        // The normal distribution by Simpson's rule.
        let phi = |x: f64| {
            let (n, h) = (1000, x / 1000.0);
            let f = |i: i32| (-(f64::from(i) * h).powi(2) / 2.0).exp();
            let sum: f64 =
                (0..=n).map(|i| f(i) * if i == 0 || i == n { 1.0 } else { f64::from(2 + 2 * (i % 2)) }).sum();
            0.5 + sum * h / 3.0 / (2.0 * std::f64::consts::PI).sqrt()
        };
        near(&Gelu { tanh: false }.into(), |x| x * phi(x), 7.0);
        near(
            &Gelu { tanh: true }.into(),
            |x| 0.5 * x * (1.0 + (0.797_884_560_802_865_4 * (x + 0.044_715 * x.powi(3))).tanh()),
            7.0,
        );
    }

    #[test]
    fn costs_what_its_documentation_says() {
        assert_eq!(constraints(&Gelu { tanh: false }.into()), 26);
    }
}
