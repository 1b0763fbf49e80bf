//! Rectified linear unit (ReLU): `y = max(0, x)`.

use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Rectified linear unit (ReLU): `y = max(0, x)`, for every element; shapes and scales are kept.
///
/// Sources: ONNX `Relu`, Keras `ReLU` and `activation="relu"`, Burn `Relu`.
///
/// # Constraints
/// `bits + 1` an output element. The rescale to the next scale included. See [`crate::gadget::rescaling::relu`].
///
/// # Soundness
/// See [`crate::gadget::rescaling::relu`].
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("relu", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Relu;

impl Layer for Relu {
    const CARD: Card = Card {
        name: "relu",
        formula: "y = max(0, x)",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "Relu",
        keras: "ReLU",
        burn: "Relu",
        constraints: "bits + 1",
    };

    fn parse(_: &mut Args) -> Result<Self, LayerError> {
        Ok(Self)
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        Ok(inputs[0].clone())
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        inputs[0].map(|x| x.max(0.0))
    }

    fn factors(&self) -> Factors {
        Factors::None
    }

    fn scale(&self, step: &Step) -> i32 {
        step.inputs[0]
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        1
    }

    fn kind(&self) -> Kind {
        Kind::Relu
    }

    fn fuses_rescale(&self) -> bool {
        true
    }

    fn exact<A: Arith>(
        &self,
        a: &mut A,
        x: &[&Tensor<A::Wire>],
        _: &[Tensor<A::Wire>],
        step: &Step,
    ) -> Result<Tensor<A::Wire>, ArithError> {
        step.each(x[0], |q, cut| a.relu(q, cut))
    }
}
