//! `y = gamma * (x - mean) / sqrt(var + epsilon) + beta`

use super::standardize::{self, Norm};
use crate::layer::{Arg, Args, Arity, Card, Factors, Init, Kind, Layer, Literal, Param, Role, Step, span};
use crate::{arith::Arith, error::LayerError, number::ArithError, shape::Shape, tensor::Tensor};

/// `y = gamma * (x - mean) / sqrt(var + epsilon) + beta`, with mean and variance over the elements of `axes`.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `gamma` | the extents of `axes` | `s_w` |
/// | `beta` | the extents of `axes` | `f + s_w` |
/// | `y` | that of `x` | `f + s_w`, with `f = s_w + 2`, but at least 2 and at most 60 |
///
/// Sources: ONNX `LayerNormalization`, Keras `LayerNormalization`, Burn `LayerNorm`.
///
/// # Limits
/// The rounding of `z` is below one of its units, `2^-f`, for inputs of at most the plan's [`Step::reach`], and at most
/// `1 + 2^d / 4` units for inputs of up to `2^d` times that. A group whose values are all the same, or nearly, is divided by
/// `sqrt(epsilon)`, as in floats; without an epsilon, `z` is zero where all are the same.
///
/// # Constraints
/// `n * (max(reach + s_x + ceil(log2 n), -2) + f + ceil(log2(n) / 2) + 7)` at most for `n` elements in a group, with inputs of at
/// most `2^reach`; and once a root and the quotient of a constant by it, see [`crate::gadget::division::sqrt`] and [`crate::gadget::division::div`].
///
/// # Soundness
/// See these gadgets and [`crate::gadget::rescaling::rescale`]. The bound of `z` and the least variance, which the circuit enforces, hold of
/// every input.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4, 8]));
/// let y = graph.add("layer_norm", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4, 8]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LayerNorm {
    /// The axes whose elements are normalised together; negative ones count from the end.
    pub axes: Vec<i64>,
    /// Added to the variance.
    pub epsilon: f64,
}

impl LayerNorm {
    fn axes(&self, shape: &Shape) -> Result<Vec<usize>, LayerError> {
        span::resolve(Self::CARD.name, "axes", &self.axes, shape)
    }

    fn groups(&self, shape: &Shape) -> Vec<Vec<usize>> {
        self.axes(shape).map_or_else(|_| vec![], |axes| span::groups(shape, &axes))
    }

    /// For every element, which parameter it has.
    fn places(&self, shape: &Shape) -> Vec<usize> {
        let mut places = vec![0; shape.len()];
        for group in self.groups(shape) {
            group.iter().enumerate().for_each(|(place, i)| places[*i] = place);
        }
        places
    }
}

impl Layer for LayerNorm {
    const CARD: Card = Card {
        name: "layer_norm",
        formula: "y = gamma * (x - mean) / sqrt(var + epsilon) + beta",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[
            Arg { name: "axes", takes: "a list of axes", default: Some("[-1]") },
            Arg { name: "epsilon", takes: "a number", default: Some("1e-5") },
        ],
        onnx: "LayerNormalization",
        keras: "LayerNormalization",
        burn: "LayerNorm",
        constraints: "about bits + 21 + 175 / n at 2^-8",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        let epsilon = args.float("epsilon", Some(1e-5))?;
        if epsilon < 0.0 {
            return Err(LayerError::argument("epsilon", format!("`epsilon` is {epsilon}, expected at least 0")));
        }
        Ok(Self { axes: span::parse(args, "axes", &[-1])?, epsilon })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("axes", Literal::List(self.axes.clone())), ("epsilon", self.epsilon.into())]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        self.axes(inputs[0]).map(|_| inputs[0].clone())
    }

    fn params(&self, inputs: &[&Shape]) -> Vec<Param> {
        let shape = Shape::new(
            self.axes(inputs[0]).unwrap_or_default().iter().map(|a| inputs[0].dims()[*a]).collect::<Vec<_>>(),
        );
        let param = |name, role, value| Param {
            name,
            shape: shape.clone(),
            role,
            init: Init::Constant(value),
            non_negative: false,
        };
        vec![param("gamma", Role::Weight, 1.0), param("beta", Role::Bias, 0.0)]
    }

    fn float(&self, inputs: &[&Tensor], params: &[&Tensor]) -> Tensor {
        let shape = inputs[0].shape();
        let (groups, places) = (self.groups(shape), self.places(shape));
        let z = Norm { groups: &groups, centred: true, epsilon: self.epsilon }.float(inputs[0]);
        Tensor::from_fn(shape.clone(), |i| {
            let bias = params.get(1).map_or(0.0, |beta| beta.data()[places[i]]);
            params[0].data()[places[i]] * z[i] + bias
        })
    }

    fn factors(&self) -> Factors {
        Factors::Weights
    }

    fn scale(&self, step: &Step) -> i32 {
        standardize::scale(step) + step.factor
    }

    fn reaches(&self) -> bool {
        true
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        6
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
        p: &[Tensor<A::Wire>],
        step: &Step,
    ) -> Result<Tensor<A::Wire>, ArithError> {
        let shape = x[0].shape();
        let (groups, places) = (self.groups(shape), self.places(shape));
        let z = Norm { groups: &groups, centred: true, epsilon: self.epsilon }.exact(a, x[0], step)?;
        let y = standardize::affine(a, x[0], &z, p, |i| places[i])?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arith::ints::Ints;

    #[test]
    fn float_is_the_formula() {
        let x = Tensor::new([2, 2], vec![1.0, 3.0, -2.0, -2.0]).unwrap();
        let layer = LayerNorm { axes: vec![-1], epsilon: 1e-5 };
        let params = [Tensor::vector(vec![2.0, 1.0]), Tensor::vector(vec![0.5, -1.0])];
        let y = layer.float(&[&x], &params.iter().collect::<Vec<_>>());
        for (y, expected) in y.data().iter().zip([-1.999_990 + 0.5, 0.999_995 - 1.0, 0.5, -1.0]) {
            assert!((y - expected).abs() < 1e-6, "{y} is not {expected}");
        }
    }

    #[test]
    fn exact_is_within_a_unit_of_float() {
        let layer = LayerNorm { axes: vec![-1], epsilon: 1e-5 };
        let params = [Tensor::vector(vec![2.0, 1.0]), Tensor::vector(vec![0.5, -1.0])];
        let step = Step { inputs: vec![5], factor: 6, reach: 5, ..Step::default() };
        let held = [6, layer.scale(&step)];
        let p: Vec<Tensor<i128>> =
            params.iter().zip(held).map(|(p, s)| p.map(|v| (v * 2f64.powi(s)).round() as i128)).collect();
        for k in 0..50i128 {
            let x = Tensor::from_fn([2, 2], |i| (i as i128 * 37 * (k + 1) + k * k) % (k * 9 + 1) - k * 4);
            let y = layer.exact(&mut Ints::<i128>::new(), &[&x], &p, &step).unwrap();
            let float = layer.float(&[&x.map(|q| *q as f64 / 32.0)], &params.iter().collect::<Vec<_>>());
            let unit = 2f64.powi(-standardize::scale(&step)) * 2.0;
            for (q, y) in y.data().iter().zip(float.data()) {
                let held = *q as f64 * 2f64.powi(-layer.scale(&step));
                assert!((held - y).abs() <= unit, "{held} is not {y}");
            }
        }
        assert_eq!(layer.params(&[&Shape::new([2, 2])]).len(), 2);
    }

    #[test]
    fn beyond_the_reach_precision_falls_and_nothing_else() {
        let layer = LayerNorm { axes: vec![-1], epsilon: 1e-5 };
        let x = Tensor::vector(vec![3i128 << 10, -(1 << 10), 0, 5]);
        let float = layer
            .float(&[&x.map(|q| *q as f64 / 32.0)], &[&Tensor::vector(vec![1.0; 4]), &Tensor::vector(vec![0.0; 4])]);
        let mut errors = vec![];
        for reach in [7, 2, -3] {
            let step = Step { inputs: vec![5], factor: 8, reach, ..Step::default() };
            assert!(layer.holds(&step));
            let p = [Tensor::vector(vec![1i128 << 8; 4]), Tensor::vector(vec![0; 4])];
            let y = layer.exact(&mut Ints::<i128>::new(), &[&x], &p, &step).unwrap();
            let off =
                y.data().iter().zip(float.data()).map(|(q, y)| (*q as f64 * 2f64.powi(-layer.scale(&step)) - y).abs());
            errors.push(off.fold(0.0, f64::max) * 2f64.powi(standardize::scale(&step)));
        }
        // In units of `z`: one, and a quarter of how much larger than the reach the largest input is.
        assert!(errors[0] <= 1.0 && errors[1] <= 1.0 + 32.0 / 4.0 && errors[2] <= 1.0 + 1024.0 / 4.0, "{errors:?}");
        assert!(errors[2] > errors[0]);
        assert!(!layer.holds(&Step { inputs: vec![5], reach: 1000, ..Step::default() }));
    }
}
