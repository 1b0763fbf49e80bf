//! Selection by a condition: `y = a if condition = 1, b if condition = 0`.

use super::binary;
use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{
    arith::Arith,
    error::{Culprit, LayerError},
    number::ArithError,
    shape::Shape,
    tensor::Tensor,
};

/// Selection by a condition: `y = a` where the condition is one, `y = b` where it is zero; shapes broadcast as in NumPy.
///
/// The condition must be a bit by its own bounds: the result of a comparison, a product of such, one less such, or a whole
/// input of `0..=1`. The coarser of `a` and `b` is multiplied by a power of two first.
///
/// | | shape | scale |
/// |---|---|---|
/// | `condition` | any that broadcasts | `0` |
/// | `a`, `b` | any that broadcast | `s_a`, `s_b` |
/// | `y` | that of all three | `max(s_a, s_b)` |
///
/// Sources: ONNX `Where`, Keras `ops.where`, Burn `Tensor::mask_where`.
///
/// # Constraints
/// `1` an output element. See [`crate::gadget::compare::select`].
///
/// # Soundness
/// See [`crate::gadget::compare::select`]. A condition that may be anything but 0 and 1 is refused, for all inputs at once.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([8]));
/// let x = graph.input();
/// let squared = graph.add("square", Args::new(), &[x])?;
/// let condition = graph.add("greater", Args::new(), &[squared, x])?;
/// let y = graph.add("select", Args::new(), &[condition, x, squared])?;
/// assert_eq!(graph.shape(y), &Shape::new([8]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Select;

impl Layer for Select {
    const CARD: Card = Card {
        name: "select",
        formula: "y = a if condition = 1, b if condition = 0",
        shape: "any three that broadcast; the broadcast shape",
        arity: Arity::Exactly(3),
        args: &[],
        onnx: "Where",
        keras: "ops.where",
        burn: "mask_where",
        constraints: "1",
    };

    fn parse(_: &mut Args) -> Result<Self, LayerError> {
        Ok(Self)
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        let values =
            binary::shape(Self::CARD.name, &inputs[1..]).map_err(|e| LayerError { culprit: Culprit::Input(2), ..e })?;
        binary::shape(Self::CARD.name, &[inputs[0], &values])
            .map_err(|e| LayerError { culprit: Culprit::Input(0), ..e })
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        let all = |which: usize| {
            let ones = binary::float(&inputs[1..], |_, _| 0.0);
            let grown = binary::float(&[inputs[0], &ones], |_, _| 0.0);
            binary::float(&[inputs[which], &grown], |x, _| x)
        };
        let (condition, a, b) = (all(0), all(1), all(2));
        let choose = |i: usize| if condition.data()[i] == 0.0 { b.data()[i] } else { a.data()[i] };
        Tensor::from_fn(condition.shape().clone(), choose)
    }

    fn factors(&self) -> Factors {
        Factors::None
    }

    fn scale(&self, step: &Step) -> i32 {
        step.inputs[1].max(step.inputs[2])
    }

    fn fanout(&self, inputs: &[&Shape]) -> usize {
        let values = binary::shape(Self::CARD.name, &inputs[1..]).unwrap_or_else(|_| inputs[1].clone());
        2 * binary::fanout(&inputs[1..]) * binary::fanout(&[inputs[0], &values])
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
        if step.inputs[0] != 0 {
            let message = format!("a condition is held at scale {}, expected 0; do not rescale it", step.inputs[0]);
            return Err(ArithError::Backend(message));
        }
        let values = Step { inputs: step.inputs[1..].to_vec(), ..Step::default() };
        let grown = [false, true].map(|second| {
            let side = binary::each(a, &x[1..], &values, |_, p, q| Ok(if second { q.clone() } else { p.clone() }))?;
            let places = binary::places(&[x[0], &side]);
            Ok::<_, ArithError>((places, side))
        });
        let [first, second] = grown;
        let ((places, p), (_, q)) = (first?, second?);
        let y = places.try_map(|(c, i)| a.select(&x[0].data()[*c], &p.data()[*i], &q.data()[*i]))?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        arith::{bounds::Bounds, ints::Ints},
        layer::AnyLayer,
        number::{Int, Interval},
    };

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("select", args).unwrap()
    }

    #[test]
    fn conditions_and_values_broadcast() {
        let layer = layer(Args::new());
        let (c, row, one) = (Shape::new([2, 1]), Shape::new([3]), Shape::new([1]));
        assert_eq!(layer.shape(&[&c, &row, &one]), Ok(Shape::new([2, 3])));
        let wrong = Shape::new([4]);
        assert_eq!(layer.shape(&[&c, &row, &wrong]).unwrap_err().culprit, Culprit::Input(2));
        assert_eq!(layer.shape(&[&wrong, &row, &one]).unwrap_err().culprit, Culprit::Input(0));
        let condition = Tensor::new([2, 1], vec![1i64, 0]).unwrap();
        let (a, b) = (Tensor::vector(vec![1i64, 2, 3]), Tensor::vector(vec![-5i64]));
        let step = Step { inputs: vec![0, 2, 1], ..Step::default() };
        let y = layer.exact(&mut Ints::<i64>::new(), &[&condition, &a, &b], &[], &step).unwrap();
        assert_eq!(y, Tensor::new([2, 3], vec![1, 2, 3, -10, -10, -10]).unwrap());
        let float = layer
            .float(&[&condition.map(|q| *q as f64), &a.map(|q| *q as f64 / 4.0), &b.map(|q| *q as f64 / 2.0)], &[]);
        assert_eq!(y.map(|q| *q as f64 / 4.0), float);
        assert_eq!(layer.scale(&step), 2);
    }

    #[test]
    fn what_is_no_bit_is_no_condition() {
        let of = |lo: i64, hi: i64| Tensor::vector(vec![Interval { lo: Int::from(lo), hi: Int::from(hi) }]);
        let run = |condition: &Tensor<Interval>, scale: i32| {
            let step = Step { inputs: vec![scale, 0, 0], ..Step::default() };
            layer(Args::new()).exact(&mut Bounds::new(), &[condition, &of(2, 3), &of(4, 5)], &[], &step)
        };
        assert_eq!(run(&of(0, 1), 0), Ok(of(2, 5)));
        assert!(run(&of(0, 2), 0).is_err() && run(&of(-1, 1), 0).is_err());
        let error = run(&of(0, 1), 3).unwrap_err();
        assert_eq!(error.to_string(), "a condition is held at scale 3, expected 0; do not rescale it");
    }
}
