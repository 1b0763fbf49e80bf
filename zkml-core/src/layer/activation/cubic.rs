//! Cubic polynomials for `tanh` and the sigmoid: `y = c_0 + c_1 * x + c_2 * x^2 + c_3 * x^3`, by Horner's scheme.

use crate::layer::{Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Step};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Fixed},
    shape::Shape,
    tensor::Tensor,
};

/// `((c_3 x + c_2) x + c_1) x + c_0`.
fn float(c: &[f64; 4], x: f64) -> f64 {
    ((c[3] * x + c[2]) * x + c[1]) * x + c[0]
}

/// The same at scale `3 s_x + f`; the coefficient of `x^k` is rounded at scale `f + (3 - k) s_x`.
fn exact<A: Arith>(a: &mut A, x: &Tensor<A::Wire>, c: &[f64; 4], step: &Step) -> Result<Tensor<A::Wire>, ArithError> {
    let scale = |k: i32| step.weight_scale + (3 - k) * step.inputs[0];
    let fixed = |k: i32| Fixed::new(c[k as usize], scale(k));
    let [c0, c1, c2, c3] = [fixed(0)?, fixed(1)?, fixed(2)?, fixed(3)?];
    x.try_map(|q| {
        let mut sum = a.affine(std::iter::once((c3, q)), c2)?;
        for c in [c1, c0] {
            let product = a.mul(&sum, q)?;
            sum = a.affine(std::iter::once((Fixed::ONE, &product)), c)?;
        }
        Ok(sum)
    })
}

/// A cubic polynomial with the coefficients of `1`, `x`, `x^2` and `x^3`.
macro_rules! cubic {
    ($(#[$doc:meta])* pub struct $name:ident; $coefficients:expr; $card:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name;

        impl Layer for $name {
            const CARD: Card = $card;

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
                inputs[0].map(|x| float(&$coefficients, *x))
            }

            fn factors(&self) -> Factors {
                Factors::Constants
            }

            fn scale(&self, step: &Step) -> i32 {
                3 * step.inputs[0] + step.weight_scale
            }

            fn fanout(&self, _: &[&Shape]) -> usize {
                3
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
                let y = exact(a, x[0], &$coefficients, step)?;
                step.finish(a, y)
            }
        }
    };
}

cubic! {
    /// Cubic polynomial for `tanh`: `y = 0.006769816 + 0.554670504 * x - 0.009411195 * x^2 - 0.014187547 * x^3`, for every
    /// element. It follows the curve for small inputs, and leaves it for large ones.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | any | `s_x` |
    /// | the coefficient of `x^k` | none | `f + (3 - k) * s_x`, with `f` the weight scale of the plan |
    /// | `y` | that of `x` | `3 * s_x + f` |
    ///
    /// Sources: circomlib-ml `Zanh`, whose coefficients these are. ONNX, Keras and Burn have nothing of the kind.
    ///
    /// # Constraints
    /// `2` an output element. The products of Horner's scheme, at exact scales.
    ///
    /// # Soundness
    /// Each product is enforced by its own constraint.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([4]));
    /// let y = graph.add("zanh", Args::new(), &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([4]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct Zanh;
    [0.006769816, 0.554670504, -0.009411195, -0.014187547];
    Card {
        name: "zanh",
        formula: "y = 0.006769816 + 0.554670504 * x - 0.009411195 * x^2 - 0.014187547 * x^3",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "-",
        keras: "-",
        burn: "-",
        constraints: "2",
    }
}

cubic! {
    /// Cubic polynomial for the sigmoid: `y = 0.502073021 + 0.198695283 * x - 0.001570683 * x^2 - 0.004001354 * x^3`, for every
    /// element. It follows the curve for small inputs, and leaves it for large ones.
    ///
    /// | | shape | scale |
    /// |---|---|---|
    /// | `x` | any | `s_x` |
    /// | the coefficient of `x^k` | none | `f + (3 - k) * s_x`, with `f` the weight scale of the plan |
    /// | `y` | that of `x` | `3 * s_x + f` |
    ///
    /// Sources: circomlib-ml `Zigmoid`, whose coefficients these are. ONNX, Keras and Burn have nothing of the kind.
    ///
    /// # Constraints
    /// `2` an output element. The products of Horner's scheme, at exact scales.
    ///
    /// # Soundness
    /// Each product is enforced by its own constraint.
    ///
    /// ```
    /// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
    /// let mut graph = Graph::new("model", Shape::new([4]));
    /// let y = graph.add("zigmoid", Args::new(), &[graph.input()])?;
    /// assert_eq!(graph.shape(y), &Shape::new([4]));
    /// # Ok::<(), zkml_core::error::GraphError>(())
    /// ```
    pub struct Zigmoid;
    [0.502073021, 0.198695283, -0.001570683, -0.004001354];
    Card {
        name: "zigmoid",
        formula: "y = 0.502073021 + 0.198695283 * x - 0.001570683 * x^2 - 0.004001354 * x^3",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "-",
        keras: "-",
        burn: "-",
        constraints: "2",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        arith::ints::Ints,
        layer::{AnyLayer, testing::layer},
    };

    fn near(layer: &AnyLayer, curve: fn(f64) -> f64, reach: f64, error: f64) {
        for i in -10..=10 {
            let x = reach * f64::from(i) / 10.0;
            let y = layer.float(&[&Tensor::vector(vec![x])], &[]).data()[0];
            assert!((y - curve(x)).abs() < error, "{y} for {}", curve(x));
        }
    }

    #[test]
    fn they_are_near_what_they_stand_for() {
        near(&layer("zanh", Args::new()), f64::tanh, 1.0, 0.25);
        near(&layer("zigmoid", Args::new()), |x| 1.0 / (1.0 + (-x).exp()), 2.0, 0.06);
    }

    #[test]
    fn exact_is_float_within_its_rounding() {
        for name in ["zanh", "zigmoid"] {
            let layer = layer(name, Args::new());
            let step = Step { inputs: vec![4], weight_scale: 14, shift: 14, ..Step::default() };
            let x = Tensor::vector((-48..48).collect());
            let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
            let float = layer.float(&[&x.map(|q| *q as f64 / 16.0)], &[]);
            for (q, f) in y.data().iter().zip(float.data()) {
                assert!((*q as f64 / 4096.0 - f).abs() <= 40.0 * 2f64.powi(-15) + 2f64.powi(-13), "{q} for {f}");
            }
            assert_eq!(2f64.powi(layer.scale(&step) - step.shift as i32), 4096.0);
        }
    }
}
