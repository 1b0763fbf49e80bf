//! Concatenation: `y[.., i, ..] = a[.., i, ..]`, then `b`, and so on.

use crate::layer::{Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step, arithmetic::binary, axes};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Int},
    shape::Shape,
    tensor::Tensor,
};

/// Concatenation of tensors along an axis: `y[.., i, ..] = a[.., i, ..]`, then `b`, then ..
///
/// | | shape | scale |
/// |---|---|---|
/// | `a`, `b`, .. | equal but along `axis` | `s_a`, `s_b`, .. |
/// | `y` | the sum of the extents along `axis` | `max(s_a, s_b, ..)` |
///
/// The coarser ones are multiplied by a power of two first.
///
/// Sources: ONNX `Concat`, Keras `Concatenate`, Burn `Tensor::cat`.
///
/// # Constraints
/// None: the wires are the same, or multiples of them.
///
/// # Soundness
/// Each element of the output is a wire times a constant.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([8, 14, 14]));
/// let x = graph.add("relu", Args::new(), &[graph.input()])?;
/// let y = graph.add("concat", Args::new().with("axis", 0), &[graph.input(), x])?;
/// assert_eq!(graph.shape(y), &Shape::new([16, 14, 14]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Concat {
    /// The axis along which they lie.
    pub axis: i64,
}

impl Concat {
    /// The shape of the output, and the number of neighbours that each input puts there at a time.
    fn runs(&self, inputs: &[&Shape]) -> Result<(Shape, Vec<usize>), LayerError> {
        let first = inputs[0];
        let axis = axes::resolve("axis", self.axis, first)?;
        let mut dims = first.dims().to_vec();
        for (i, other) in inputs.iter().enumerate().skip(1) {
            let others = |shape: &Shape| {
                let rest = shape.dims().iter().enumerate().filter(|(at, _)| *at != axis);
                rest.map(|(_, extent)| *extent).collect::<Vec<_>>()
            };
            if other.rank() != first.rank() || others(other) != others(first) {
                return Err(LayerError::input(
                    i,
                    format!("`concat` along axis {axis} expects shapes equal but there, found {first} and {other}"),
                )
                .help("`reshape(..)`, `pad(..)` or `slice(..)` can make them so"));
            }
            dims[axis] = dims[axis].saturating_add(other.dims()[axis]);
        }
        let runs = inputs.iter().map(|shape| shape.dims()[axis..].iter().product()).collect();
        Ok((Shape::new(dims), runs))
    }

    /// For each element of the output, the input and the place in it; nothing for inputs that [`Layer::shape`] refuses.
    fn places(&self, shapes: &[&Shape]) -> Tensor<(usize, usize)> {
        let Ok((shape, runs)) = self.runs(shapes) else { return Tensor::vector(vec![]) };
        let turns = shapes[0].len() / runs[0].max(1);
        let mut places = Vec::with_capacity(shape.len());
        for turn in 0..turns {
            for (input, run) in runs.iter().enumerate() {
                places.extend((0..*run).map(|i| (input, turn * run + i)));
            }
        }
        Tensor::from_fn(shape, |i| places[i])
    }
}

impl Layer for Concat {
    const CARD: Card = Card {
        name: "concat",
        formula: "y[.., i, ..] = a[.., i, ..], then b, then ..",
        shape: "equal but along axis; the sum of the extents along it",
        arity: Arity::AtLeast(1),
        args: &[Arg { name: "axis", takes: "the axis along which they lie", default: Some("0") }],
        onnx: "Concat",
        keras: "Concatenate",
        burn: "cat",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { axis: args.signed("axis", Some(0))? })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("axis", Literal::Int(self.axis))]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        self.runs(inputs).map(|(shape, _)| shape)
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        let shapes: Vec<&Shape> = inputs.iter().map(|x| x.shape()).collect();
        self.places(&shapes).map(|(input, at)| inputs[*input].data()[*at])
    }

    fn factors(&self) -> Factors {
        Factors::None
    }

    fn scale(&self, step: &Step) -> i32 {
        binary::scale(step)
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        1
    }

    fn kind(&self) -> Kind {
        Kind::Other
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
        let finer = binary::refinements(step)?;
        let shapes: Vec<&Shape> = x.iter().map(|x| x.shape()).collect();
        let y = self.places(&shapes).try_map(|(input, at)| match (finer[*input], &x[*input].data()[*at]) {
            (Int::ONE, wire) => Ok(wire.clone()),
            (power, wire) => a.linear(std::iter::once((power, wire)), Int::ZERO),
        })?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        arith::ints::Ints,
        layer::{AnyLayer, testing},
    };

    fn concat(axis: i64) -> AnyLayer {
        AnyLayer::parse("concat", Args::new().with("axis", Literal::Int(axis))).unwrap()
    }

    #[test]
    fn extents_add_up_along_the_axis() {
        let (a, b) = (Shape::new([2, 3, 4]), Shape::new([2, 1, 4]));
        assert_eq!(concat(1).shape(&[&a, &b, &a]), Ok(Shape::new([2, 7, 4])));
        assert_eq!(concat(-2).shape(&[&b]), Ok(b.clone()));
        let error = concat(0).shape(&[&a, &a, &b]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`concat` along axis 0 expects shapes equal but there, found [2, 3, 4] and [2, 1, 4]"
        );
        assert_eq!(error.culprit, crate::error::Culprit::Input(2));
        assert_eq!(concat(0).shape(&[]).unwrap_err().to_string(), "`concat` takes at least 1 tensor, found 0");
        assert!(concat(3).shape(&[&a]).is_err());
    }

    #[test]
    fn float_is_the_definition() {
        let (a, b) = (Tensor::from_fn([2, 2], |i| i as f64), Tensor::from_fn([2, 1], |i| 10.0 + i as f64));
        assert_eq!(concat(1).float(&[&a, &b], &[]).data(), [0.0, 1.0, 10.0, 2.0, 3.0, 11.0]);
        let y = concat(0).float(&[&b, &b, &b], &[]);
        assert_eq!(y, Tensor::new([6, 1], vec![10.0, 11.0, 10.0, 11.0, 10.0, 11.0]).unwrap());
    }

    #[test]
    fn the_coarser_ones_are_refined() {
        let x = Tensor::vector(vec![3i64, -2]);
        let step = Step { inputs: vec![1, 3, 0], ..Step::default() };
        let y = concat(0).exact(&mut Ints::<i64>::new(), &[&x, &x, &x], &[], &step).unwrap();
        assert_eq!((y.data(), concat(0).scale(&step)), ([12, -8, 3, -2, 24, -16].as_slice(), 3));
        let step = Step { inputs: vec![0, 300], ..Step::default() };
        let error = concat(0).exact(&mut Ints::<i64>::new(), &[&x, &x], &[], &step);
        assert_eq!(error, Err(ArithError::Overflow { bits: 300 }));
    }

    #[test]
    fn arguments_come_back() {
        testing::arguments_come_back(&concat(-1));
    }
}
