//! Addition of a constant: `y = x + value`.

use crate::layer::{Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Fixed, Int, MAX_BITS, float},
    shape::Shape,
    tensor::Tensor,
};

/// Addition of a constant: `y = x + value`, for every element.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `value` | none | that of `y` |
/// | `y` | that of `x` | `max(s_x, min(f, e))`: the weight scale of the plan, or the least `e` where `value * 2^e` is whole |
///
/// Sources: ONNX `Add` and `Sub` with a constant, Keras `Rescaling` (offset), Burn `Tensor::add_scalar`.
///
/// # Constraints
/// None: a linear combination an element. A value that is whole at the scale of `x` is exact. Otherwise it is rounded at the
/// scale of `y`, and `x` is multiplied by a power of two.
///
/// # Soundness
/// The output is a linear combination of wires.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([1, 28, 28]));
/// let y = graph.add("offset", Args::new().with("value", -0.5), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([1, 28, 28]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Offset {
    /// What is added to every element.
    pub value: f64,
}

impl Layer for Offset {
    const CARD: Card = Card {
        name: "offset",
        formula: "y = x + value",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[Arg { name: "value", takes: "a number", default: None }],
        onnx: "Add, Sub",
        keras: "Rescaling",
        burn: "add_scalar",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { value: args.float("value", None)? })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("value", self.value.into())]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        Ok(inputs[0].clone())
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        inputs[0].map(|x| x + self.value)
    }

    fn factors(&self) -> Factors {
        if float::whole_from(self.value) > 0 { Factors::Constants } else { Factors::None }
    }

    fn scale(&self, step: &Step) -> i32 {
        step.inputs[0].max(step.weight_scale.min(float::whole_from(self.value)))
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        1
    }

    fn kind(&self) -> Kind {
        Kind::Offset(self.value)
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
        let bits = self.scale(step).abs_diff(step.inputs[0]);
        if bits > MAX_BITS {
            return Err(ArithError::Overflow { bits });
        }
        let value = Fixed::new(self.value, self.scale(step))?;
        let y = x[0].try_map(|q| a.affine(std::iter::once(((Int::ONE << bits).into(), q)), value))?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arith::ints::Ints, layer::AnyLayer};

    #[test]
    fn the_shape_stays() {
        let layer = AnyLayer::parse("offset", Args::new().with("value", 3usize)).unwrap();
        assert_eq!(layer, Offset { value: 3.0 }.into());
        assert_eq!(layer.shape(&[&Shape::new([2, 3])]), Ok(Shape::new([2, 3])));
        assert_eq!(layer.args(), [("value", Literal::Float(3.0))]);
    }

    #[test]
    fn float_is_the_formula() {
        let y = Offset { value: -0.5 }.float(&[&Tensor::vector(vec![3.0, -4.0])], &[]);
        assert_eq!(y.data(), [2.5, -4.5]);
    }

    #[test]
    fn the_input_is_refined_only_as_far_as_the_value_needs() {
        let x = Tensor::vector(vec![7i64, -3]);
        let step = Step { inputs: vec![2], weight_scale: 4, ..Step::default() };
        for (value, expected, scale) in
            [(-2.0, [-1, -11], 2), (0.25, [8, -2], 2), (0.125, [15, -5], 3), (0.3, [33, -7], 4), (0.0, [7, -3], 2)]
        {
            let layer = Offset { value };
            let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
            assert_eq!((y.data(), layer.scale(&step)), (expected.as_slice(), scale), "{value}");
            let whole = value.fract() == 0.0;
            assert_eq!(layer.factors(), if whole { Factors::None } else { Factors::Constants }, "{value}");
        }
        let fine = Step { inputs: vec![9], weight_scale: 4, ..Step::default() };
        assert_eq!(Offset { value: 0.3 }.scale(&fine), 9);
    }
}
