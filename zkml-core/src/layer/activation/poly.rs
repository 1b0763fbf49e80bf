//! Quadratic activation: `y = x^2 + n * x`.

use crate::layer::{Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Fixed, Int},
    shape::Shape,
    tensor::Tensor,
};

/// Quadratic activation: `y = x^2 + n * x`, for every element (arXiv 2011.05530).
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `n` | none | `s_x + f`, where `f` is 0 for a whole `n` and the weight scale of the plan otherwise |
/// | `y` | that of `x` | `2 * s_x + f` |
///
/// Sources: none of ONNX, Keras and Burn has it as one operation; there it is `x * x + n * x`.
///
/// # Constraints
/// `1` an output element. The product in `x * (2^f * x + n)`, with `n` rounded at the scale `s_x + f`.
///
/// # Soundness
/// Each product is enforced by its own constraint.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([6, 24, 24]));
/// let y = graph.add("poly", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([6, 24, 24]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Poly {
    /// The factor of the linear term.
    pub n: f64,
}

impl Poly {
    /// The bits by which `x + n` is held finer than `x`: none for a whole `n`.
    fn finer(&self, step: &Step) -> u32 {
        match self.factors() {
            Factors::None => 0,
            Factors::Weights | Factors::Constants => step.weight_scale.clamp(0, 250).unsigned_abs(),
        }
    }
}

impl Layer for Poly {
    const CARD: Card = Card {
        name: "poly",
        formula: "y = x^2 + n * x",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[Arg { name: "n", takes: "a number", default: Some("1.0") }],
        onnx: "-",
        keras: "-",
        burn: "-",
        constraints: "1",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { n: args.float("n", Some(1.0))? })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("n", self.n.into())]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        Ok(inputs[0].clone())
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        inputs[0].map(|x| x * (x + self.n))
    }

    fn factors(&self) -> Factors {
        if self.n.fract() == 0.0 { Factors::None } else { Factors::Constants }
    }

    fn scale(&self, step: &Step) -> i32 {
        2 * step.inputs[0] + self.finer(step) as i32
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
        let finer = self.finer(step);
        let n = Fixed::new(self.n, step.inputs[0] + finer as i32)?;
        let one = Fixed::from(Int::ONE << finer);
        let y = x[0].try_map(|q| {
            let shifted = a.affine(std::iter::once((one, q)), n)?;
            a.mul(q, &shifted)
        })?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::AnyLayer};

    #[test]
    fn the_shape_stays_and_words_are_refused() {
        let x = Shape::new([2, 3]);
        assert_eq!(Poly { n: 1.0 }.shape(&[&x]), Ok(x));
        assert_eq!(Poly::parse(&mut Args::new()), Ok(Poly { n: 1.0 }));
        let error = AnyLayer::parse("poly", Args::new().with("n", "two")).unwrap_err();
        assert_eq!(error.to_string(), "`n` is `two`, expected a finite number");
    }

    #[test]
    fn float_is_the_formula() {
        let y = Poly { n: 0.5 }.float(&[&Tensor::vector(vec![2.0, -3.0, 0.0])], &[]);
        assert_eq!(y.data(), [5.0, 7.5, 0.0]);
    }

    #[test]
    fn exact_is_float_at_twice_the_scale() {
        let step = Step { inputs: vec![2], ..Step::default() };
        let layer = Poly { n: 0.5 };
        let x = Tensor::vector(vec![8i64, -12, 3]);
        let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
        let float = layer.float(&[&x.map(|q| *q as f64 / 4.0)], &[]);
        assert_eq!(y.map(|q| *q as f64 / 16.0), float);
        assert_eq!(layer.scale(&step), 4);
    }
}
