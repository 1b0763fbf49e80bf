//! Fully connected layer: `y_o = sum_i weight_oi * x_i + bias_o`.

use crate::layer::{Arg, Args, Arity, Card, Factors, Init, Kind, Layer, Linear, Literal, Param, Role, Step};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// Fully connected layer: `y_o = sum_i weight_oi * x_i + bias_o`.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | `[.., inputs]` | `s_x` |
/// | `weight` | `[units, inputs]` | `s_w` |
/// | `bias` | `[units]` | `s_x + s_w` |
/// | `y` | `[.., units]` | `s_x + s_w` |
///
/// It acts on the last axis; axes before it are kept.
///
/// Sources: ONNX `Gemm` (transB = 1), Keras `Dense` (kernel transposed), Burn `Linear` (weight transposed).
///
/// # Constraints
/// None with public weights (a linear combination a unit). With private ones, a product a weight, or what of
/// [`crate::gadget::product::choose`] takes less; and the range check of each weight once.
///
/// # Soundness
/// The output is a linear combination of wires, or of products that are enforced: see [`crate::gadget::product::packed`] and
/// [`crate::gadget::product::matrix`].
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("dense", Args::new().with("units", 10), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([10]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// The number of outputs.
    pub units: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

impl Dense {
    /// The shape of the output; nothing for an input that [`Layer::shape`] refuses.
    fn kept(&self, input: &Shape) -> Shape {
        self.shape(&[input]).unwrap_or_else(|_| Shape::new([0]))
    }
}

impl Layer for Dense {
    const CARD: Card = Card {
        name: "dense",
        formula: "y_o = sum_i weight_oi * x_i + bias_o",
        shape: "[.., inputs]; [.., units]",
        arity: Arity::Exactly(1),
        args: &[
            Arg { name: "units", takes: "the number of outputs", default: None },
            Arg { name: "bias", takes: "`true` or `false`", default: Some("true") },
        ],
        onnx: "Gemm, MatMul + Add",
        keras: "Dense",
        burn: "Linear",
        constraints: "0",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { units: args.usize("units", 1, None)?, bias: args.bool("bias", true)? })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("units", self.units.into()), ("bias", self.bias.into())]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        match inputs[0].dims() {
            [kept @ .., _] => Ok(Shape::new([kept, &[self.units]].concat())),
            [] => Err(LayerError::rank(0, "dense", "a tensor with at least one axis", inputs[0])
                .help("insert `reshape(..)` before it")),
        }
    }

    fn params(&self, inputs: &[&Shape]) -> Vec<Param> {
        let fan_in = inputs[0].dims().last().copied().unwrap_or(1);
        let mut params = vec![Param {
            name: "weight",
            shape: Shape::new([self.units, fan_in]),
            role: Role::Weight,
            init: Init::Glorot { fan_in, fan_out: self.units },
            non_negative: false,
        }];
        if self.bias {
            params.push(Param {
                name: "bias",
                shape: Shape::new([self.units]),
                role: Role::Bias,
                init: Init::Constant(0.0),
                non_negative: false,
            });
        }
        params
    }

    fn float(&self, inputs: &[&Tensor], params: &[&Tensor]) -> Tensor {
        let (x, inputs) = (inputs[0], inputs[0].shape().dims().last().copied().unwrap_or(1));
        Tensor::from_fn(self.kept(x.shape()), |i| {
            let (position, o) = (i / self.units, i % self.units);
            let row = &params[0].data()[o * inputs..][..inputs];
            let bias = if self.bias { params[1].data()[o] } else { 0.0 };
            row.iter().zip(&x.data()[position * inputs..]).map(|(w, x)| w * x).sum::<f64>() + bias
        })
    }

    fn factors(&self) -> Factors {
        Factors::Weights
    }

    fn scale(&self, step: &Step) -> i32 {
        step.inputs[0] + step.weight_scale
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        self.units
    }

    fn kind(&self) -> Kind {
        Kind::Linear(Linear::DENSE)
    }

    fn fuses_rescale(&self) -> bool {
        false
    }

    fn exact<A: Arith>(
        &self,
        a: &mut A,
        x: &[&Tensor<A::Wire>],
        p: &[Tensor<A::Wire>],
        step: &Step,
    ) -> Result<Tensor<A::Wire>, ArithError> {
        let (x, inputs) = (x[0], x[0].shape().dims().last().copied().unwrap_or(1));
        let rows: Vec<Vec<&A::Wire>> = p[0].data().chunks(inputs.max(1)).map(|row| row.iter().collect()).collect();
        let bias: Vec<&A::Wire> = if self.bias { p[1].data().iter().collect() } else { vec![] };
        let columns: Vec<Vec<&A::Wire>> = x.data().chunks(inputs.max(1)).map(|x| x.iter().collect()).collect();
        let sums = a.matmul(&rows, &columns, &bias)?;
        let y =
            Tensor::from_fn(self.kept(x.shape()), |i| sums[i % self.units * columns.len() + i / self.units].clone());
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arith::ints::Ints;

    #[test]
    fn the_last_axis_is_replaced() {
        let dense = Dense { units: 5, bias: true };
        assert_eq!(dense.shape(&[&Shape::new([4])]), Ok(Shape::new([5])));
        assert_eq!(dense.shape(&[&Shape::new([2, 3, 4])]), Ok(Shape::new([2, 3, 5])));
        assert_eq!(dense.params(&[&Shape::new([2, 3, 4])])[0].shape, Shape::new([5, 4]));
        let error = dense.shape(&[&Shape::new([])]).unwrap_err();
        assert_eq!(error.to_string(), "`dense` expects a tensor with at least one axis, found shape []");
    }

    #[test]
    fn every_position_is_multiplied_alone() {
        let dense = Dense { units: 2, bias: true };
        let x = Tensor::from_fn([2, 3], |i| i as f64 - 2.0);
        let weight = Tensor::from_fn([2, 3], |i| ((i * 5) % 7) as f64 - 3.0);
        let bias = Tensor::vector(vec![1.0, -4.0]);
        let mut expected = vec![];
        for position in 0..2 {
            for o in 0..2 {
                let mut sum = bias.data()[o];
                for i in 0..3 {
                    sum += weight.data()[3 * o + i] * x.data()[3 * position + i];
                }
                expected.push(sum);
            }
        }
        let expected = Tensor::new([2, 2], expected).unwrap();
        assert_eq!(dense.float(&[&x], &[&weight, &bias]), expected);
        let whole = |t: &Tensor| t.map(|x| *x as i64);
        let step = Step { inputs: vec![2], weight_scale: 3, ..Step::default() };
        let params = [whole(&weight), whole(&bias)];
        let y = dense.exact(&mut Ints::<i64>::new(), &[&whole(&x)], &params, &step).unwrap();
        assert_eq!(y.map(|q| *q as f64), expected);
    }
}
