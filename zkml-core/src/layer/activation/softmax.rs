//! Softmax: `y_i = e^x_i / sum_j e^x_j`.

use crate::layer::{
    Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Request, Step, axes,
    function::{Function, at_most},
    quotient::power,
    tabulated::MISSING,
};
use crate::{
    arith::Arith,
    error::LayerError,
    gadget::{Piecewise, table::segments::Sides},
    number::{ArithError, Cut},
    shape::Shape,
    tensor::Tensor,
};

/// Softmax: `y_i = e^x_i / sum_j e^x_j`, over the elements along an axis.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x` | the weight scale of the plan |
///
/// Sources: ONNX `Softmax`, Keras `Softmax`, Burn `softmax`.
///
/// # Limits
/// The exact semantics is `round(t_i * r / 2^h)` with `r = floor(2^(f + h) / sum_j t_j)`, where `t_i` is a table's value at
/// `max_j x_j - x_i`, which is within `e = 2^-(f + 1)` of `e^(x_i - max)` (`f` at most 13; of an input of a scale below -1, `e`
/// is what the plan says of its table), and `h` three more than the scale of the table's values. With `n < 1 / e` elements, `y`
/// is off by `2^-f * (1 / 2 + (1 + e) / 8) + e * (1 + n) / (1 - n * e)` at most.
///
/// # Constraints
/// `about bits + 52 + 66 / n at 2^-8` an output element. [`crate::gadget::table::exponentials`] for the exponentials; once
/// [`crate::gadget::division::div`] of a constant by their sum; for each one product, and [`crate::gadget::rescaling::rescale`] of about `f + h`
/// bits.
///
/// # Soundness
/// See these gadgets. The sum is at least the value of the largest element, which the circuit enforces to be one of them, and
/// the least that the table says of the others: a plan by which that may be below one is refused.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("softmax", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Softmax {
    /// The axis whose elements sum to one; a negative one counts from the end.
    pub axis: i64,
}

/// `e^-x` of values that are not negative.
#[allow(clippy::disallowed_methods, reason = "a float function, to which a table of the plan is fitted")]
pub(in crate::layer) fn falling() -> Function {
    Function {
        f: Box::new(|x| if x.is_sign_negative() { 0.0 } else { (-x).exp() }),
        sides: Sides::Positive,
        negative: 0.0,
        positive: 0.0,
        slope: 0.0,
        curvature: 0.0,
        falls: 0.0,
        end: None,
        steepest: at_most(1.0),
    }
}

impl Softmax {
    fn groups(&self, shape: &Shape) -> Vec<Vec<usize>> {
        let axis = axes::resolve("axis", self.axis, shape);
        axis.map_or_else(|_| vec![], |axis| axes::groups(shape, &[axis]))
    }
}

impl Layer for Softmax {
    const CARD: Card = Card {
        name: "softmax",
        formula: "y_i = e^x_i / sum_j e^x_j",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[Arg { name: "axis", takes: "an axis", default: Some("-1") }],
        onnx: "Softmax",
        keras: "Softmax",
        burn: "Softmax",
        constraints: "about bits + 52 + 66 / n at 2^-8",
    };

    fn parse(args: &mut Args) -> Result<Self, LayerError> {
        let axis = axes::parse(args, "axis", &[-1])?;
        match axis.as_slice() {
            [axis] => Ok(Self { axis: *axis }),
            _ => Err(LayerError::argument("axis", format!("`axis` is `{axis:?}`, expected one axis"))),
        }
    }

    fn args(&self) -> Vec<(&'static str, Literal)> {
        vec![("axis", Literal::Int(self.axis))]
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
        axes::resolve("axis", self.axis, inputs[0]).map(|_| inputs[0].clone())
    }

    fn params(&self, _: &[&Shape]) -> Vec<Param> {
        vec![]
    }

    #[allow(clippy::disallowed_methods, reason = "the float reference, of which nothing in a circuit is made")]
    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        let x = inputs[0];
        let mut y = x.clone().into_data();
        for group in self.groups(x.shape()) {
            let max = group.iter().map(|i| x.data()[*i]).fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = group.iter().map(|i| (x.data()[*i] - max).exp()).sum();
            group.iter().for_each(|i| y[*i] = (x.data()[*i] - max).exp() / sum);
        }
        Tensor::from_fn(x.shape().clone(), |i| y[i])
    }

    fn factors(&self) -> Factors {
        Factors::Constants
    }

    fn scale(&self, step: &Step) -> i32 {
        step.weight_scale
    }

    fn tables(&self, _: &[&Shape], request: Request) -> Option<Vec<Piecewise>> {
        // Each value's product with the reciprocal is decomposed.
        falling().weighed(Request { bits: request.bits + 1, ..request }, 4).map(|t| vec![t])
    }

    fn functions(&self, _: &Step) -> Vec<Function> {
        vec![falling()]
    }

    fn tabled(&self, step: &Step) -> bool {
        matches!(step.tables.as_slice(), [table] if table.input() == step.inputs[0])
    }

    fn max_error(&self, step: &Step, reach: f64) -> Option<f64> {
        // A difference of two values may be twice as large.
        step.tables.first().map(|table| falling().max_error(table, 2.0 * reach))
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        3
    }

    fn kind(&self) -> Kind {
        Kind::Order
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
        let table = step.tables.first().ok_or(MISSING)?;
        let mut y = x[0].clone().into_data();
        for group in self.groups(x[0].shape()) {
            let values: Vec<A::Wire> = group.iter().map(|i| x[0].data()[*i].clone()).collect();
            let shifted = a.exponentials(&values, table)?;
            let sum = a.settle(&shifted.sum, 3)?;
            let shift = table.scale().max(0).unsigned_abs() + 3;
            let whole = a.constant(power(step.weight_scale.saturating_add_unsigned(shift).max(0))?);
            let reciprocal = a.div(&whole, &sum, None)?;
            let reciprocal = a.settle(&reciprocal, group.len())?;
            for (i, value) in group.iter().zip(&shifted.values) {
                let product = a.mul(value, &reciprocal)?;
                y[*i] = a.rescale(&product, Cut { shift, ..Cut::default() })?;
            }
        }
        let y = Tensor::from_fn(x[0].shape().clone(), |i| y[i].clone());
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        arith::{bounds::Bounds, ints::Ints},
        number::{Int, Interval},
    };

    #[test]
    fn exact_is_within_its_proven_error() {
        let layer = Softmax { axis: 0 };
        for (scale, factor) in [(2, 4), (6, 8), (12, 10)] {
            let request = Request { scale, reach: 8.0, bits: factor };
            let shape = Shape::new([4, 2]);
            let tables = layer.tables(&[&shape], request).unwrap();
            let step = Step { inputs: vec![scale], weight_scale: factor, tables, ..Step::default() };
            assert!(layer.holds(&step));
            for k in 1..40i64 {
                let x = Tensor::from_fn(shape.clone(), |i| ((i as i64 * 7919 * k) % 101 - 50) << scale >> (k % 5));
                let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
                let float = layer.float(&[&x.map(|q| *q as f64 * 2f64.powi(-scale))], &[]);
                let e = layer.max_error(&step, 1e3).unwrap();
                let error = 2f64.powi(-factor) * (0.5 + (1.0 + e) / 8.0) + 5.0 * e / (1.0 - 4.0 * e);
                for (q, y) in y.data().iter().zip(float.data()) {
                    let q = *q as f64 * 2f64.powi(-factor);
                    assert!((q - y).abs() <= error, "{q} is not {y} within {error}");
                }
            }
        }
    }

    /// The bound that is documented, with the error of the table itself.
    fn documented(n: usize, factor: i32, e: f64) -> f64 {
        let n = n as f64;
        2f64.powi(-factor) * (0.5 + (1.0 + e) / 8.0) + e * (1.0 + n) / (1.0 - n * e)
    }

    #[test]
    fn every_small_group_is_within_its_interval_and_its_documented_error() {
        for scale in [-2, 0, 1, 3, 7] {
            for factor in [0, 1, 2, 5, 8, 13, 16] {
                let layer = Softmax { axis: 0 };
                let request = Request { scale, reach: 8.0, bits: factor };
                let tables = layer.tables(&[], request).unwrap();
                let e = falling().max_error(&tables[0], 1e9);
                let within = e <= 2f64.powi(-(factor.min(13) + 1)) * (1.0 + 1e-6);
                assert!(within || scale < -1, "{e} at scale {scale}, factor {factor}");
                let step = Step { inputs: vec![scale], weight_scale: factor, tables, ..Step::default() };
                for (n, values) in [(1, 5), (2, 40), (3, 9), (5, 3)] {
                    let stride = (1i64 << scale.max(0)) / 2 + 1;
                    let ends = Interval { lo: Int::ZERO, hi: Int::from(stride * values) };
                    let wide = Tensor::from_fn(Shape::new([n]), |_| ends);
                    let bound = layer.exact(&mut Bounds::new(), &[&wide], &[], &step).unwrap();
                    for k in 0..values.pow(n as u32) {
                        let x = Tensor::from_fn(Shape::new([n]), |i| k / values.pow(i as u32) % values * stride);
                        let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
                        let float = layer.float(&[&x.map(|q| *q as f64 * 2f64.powi(-scale))], &[]);
                        for ((y, float), bound) in y.data().iter().zip(float.data()).zip(bound.data()) {
                            assert!(bound.contains(Int::from(*y)), "{y} of {x:?} is not in {bound:?}, {step:?}");
                            let off = (*y as f64 * 2f64.powi(-factor) - float).abs();
                            let allowed = documented(n, factor, e);
                            assert!(n as f64 * e >= 1.0 || off <= allowed, "{off} of {allowed}: {x:?}, {step:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn large_groups_are_within_their_documented_error_and_no_sum_may_be_zero() {
        for (n, factor) in [(16, 4), (100, 8), (1000, 11), (4000, 13)] {
            let layer = Softmax { axis: 0 };
            let tables = layer.tables(&[], Request { scale: 6, reach: 8.0, bits: factor }).unwrap();
            let e = falling().max_error(&tables[0], 1e9);
            let step = Step { inputs: vec![6], weight_scale: factor, tables, ..Step::default() };
            let wide = Tensor::from_fn(Shape::new([n]), |_| Interval { lo: Int::from(-999), hi: Int::from(999) });
            assert!(layer.exact(&mut Bounds::new(), &[&wide], &[], &step).is_ok());
            let groups: [&dyn Fn(usize) -> i64; 4] =
                [&|_| -999, &|i| if i == 0 { 999 } else { -999 }, &|i| (i as i64 * 7919) % 1999 - 999, &|i| {
                    i as i64 % 2
                }];
            for f in groups {
                let x = Tensor::from_fn(Shape::new([n]), f);
                let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
                let float = layer.float(&[&x.map(|q| *q as f64 / 64.0)], &[]);
                for (y, float) in y.data().iter().zip(float.data()) {
                    let off = (*y as f64 * 2f64.powi(-factor) - float).abs();
                    assert!(off <= documented(n, factor, e), "{off} of {n}, {step:?}");
                }
            }
        }
    }
}
