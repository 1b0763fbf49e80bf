//! Parametric ReLU (PReLU): `y = x if x >= 0, slope * x otherwise`.

use crate::layer::{Arg, Args, Arity, Card, Factors, Init, Kind, Layer, Literal, Param, Role, Step};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Int, MAX_BITS},
    shape::Shape,
    tensor::Tensor,
};

/// Parametric ReLU (PReLU): `y = x` if `x >= 0`, `y = slope * x` otherwise, with a trained slope: one for each channel of
/// `[channels, ..]`, one for each element of a vector, or one for all if `shared = true`.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | `[channels, ..]` or `[n]` | `s_x` |
/// | `slope` | `[channels]` or `[n]`; `[1]` if shared | `s_w` |
/// | `y` | that of `x` | `s_x + max(s_w, 0)` |
///
/// Sources: ONNX `PRelu`, Keras `PReLU`, Burn `PRelu`.
///
/// # Constraints
/// `bits + 2` an output element. This is with public slopes above zero, the rescale to the next scale included. Private slopes
/// cost a rescale of their own, and each its range check once. See [`crate::gadget::rescaling::leaky`].
///
/// # Soundness
/// See [`crate::gadget::rescaling::leaky`].
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([8, 14, 14]));
/// let y = graph.add("prelu", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([8, 14, 14]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Prelu {
    /// Whether all elements share one slope.
    pub shared: bool,
}

impl Layer for Prelu {
    const CARD: Card = Card {
        name: "prelu",
        formula: "y = x if x >= 0, slope * x otherwise",
        shape: "[c, ..]; that of x",
        arity: Arity::Exactly(1),
        args: &[Arg {
            name: "shared",
            takes: "`true` or `false`: whether all elements share one slope",
            default: Some("false"),
        }],
        onnx: "PRelu",
        keras: "PReLU",
        burn: "PRelu",
        constraints: "bits + 2",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        Ok(Self { shared: args.bool("shared", false)? })
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("shared", self.shared.into())]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        if inputs[0].rank() == 0 || inputs[0].is_empty() {
            return Err(
                LayerError::rank(0, "prelu", "a tensor with an axis", inputs[0]).help("insert `reshape(..)` before it")
            );
        }
        Ok(inputs[0].clone())
    }

    fn params(&self, inputs: &[&Shape]) -> Vec<Param> {
        let slopes = if self.shared { 1 } else { inputs[0].dims()[0] };
        vec![Param {
            name: "slope",
            shape: Shape::new([slopes]),
            role: Role::Weight,
            init: Init::Constant(0.25),
            non_negative: false,
        }]
    }

    fn float(&self, inputs: &[&Tensor], params: &[&Tensor]) -> Tensor {
        let (x, slope) = (inputs[0], params[0].data());
        let per = x.len() / slope.len().max(1);
        Tensor::from_fn(x.shape().clone(), |i| {
            let x = x.data()[i];
            if x >= 0.0 { x } else { slope[i / per.max(1)] * x }
        })
    }

    fn factors(&self) -> Factors {
        Factors::Weights
    }

    fn scale(&self, step: &Step) -> i32 {
        step.inputs[0] + step.weight_scale.max(0)
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        2
    }

    fn kind(&self) -> Kind {
        Kind::Other
    }

    fn fuses_rescale(&self) -> bool {
        true
    }

    fn exact<A: Arith>(
        &self,
        a: &mut A,
        x: &[&Tensor<A::Wire>],
        p: &[Tensor<A::Wire>],
        step: &Step,
    ) -> Result<Tensor<A::Wire>, ArithError> {
        let bits = step.weight_scale.unsigned_abs().min(MAX_BITS);
        let power = Int::ONE << bits;
        // A slope that is coarser than whole numbers is refined, and not the input.
        let (unit, slopes) = if step.weight_scale >= 0 {
            (power, p[0].clone())
        } else {
            (Int::ONE, p[0].try_map(|w| a.linear(std::iter::once((power, w)), Int::ZERO))?)
        };
        let per = (x[0].len() / slopes.len().max(1)).max(1);
        Tensor::from_fn(x[0].shape().clone(), |i| i)
            .try_map(|i| a.leaky(&x[0].data()[*i], &slopes.data()[i / per], unit, step.cut()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        arith::ints::Ints,
        layer::{AnyLayer, testing},
    };

    fn layer(args: Args) -> AnyLayer {
        AnyLayer::parse("prelu", args).unwrap()
    }

    #[test]
    fn a_slope_for_each_channel_for_each_element_or_for_all() {
        let slopes = |args: Args, shape: Shape| layer(args).params(&[&shape])[0].shape.clone();
        assert_eq!(slopes(Args::new(), Shape::new([3, 4, 5])), Shape::new([3]));
        assert_eq!(slopes(Args::new(), Shape::new([6])), Shape::new([6]));
        assert_eq!(slopes(Args::new().with("shared", true), Shape::new([3, 4])), Shape::new([1]));
        assert!(layer(Args::new()).shape(&[&Shape::new([])]).is_err());
    }

    #[test]
    fn exact_is_float_at_any_factor() {
        let x = Tensor::new([2, 3], vec![-4i64, 3, -1, -5, 0, 7]).unwrap();
        for (factor, slopes) in [(2, [1i64, -3]), (0, [2, -1]), (-2, [1, -2])] {
            let step = Step { inputs: vec![1], weight_scale: factor, ..Step::default() };
            let p = Tensor::vector(slopes.to_vec());
            let y = layer(Args::new()).exact(&mut Ints::<i64>::new(), &[&x], std::slice::from_ref(&p), &step).unwrap();
            let slope = p.map(|q| *q as f64 * 2f64.powi(-factor));
            let float = layer(Args::new()).float(&[&x.map(|q| *q as f64 / 2.0)], &[&slope]);
            let unit = 2f64.powi(-layer(Args::new()).scale(&step));
            assert_eq!(y.map(|q| *q as f64 * unit), float, "factor {factor}");
        }
    }

    #[test]
    fn arguments_come_back() {
        for args in [Args::new(), Args::new().with("shared", true)] {
            testing::arguments_come_back(&layer(args));
        }
    }
}
