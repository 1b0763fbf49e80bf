//! Log-softmax: `y_i = x_i - ln(sum_j e^x_j)`.

use super::softmax::falling;
use crate::layer::{
    Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Request, Step, axes,
    function::{Function, at_most},
    quotient::power,
    tabulated::{MISSING, end},
};
use crate::{
    arith::Arith,
    error::LayerError,
    gadget::{Piecewise, table::segments::Sides},
    number::{
        ArithError, Int,
        float::{ceil_log2, exp2},
    },
    shape::Shape,
    tensor::Tensor,
};

/// Log-softmax: `y_i = x_i - ln(sum_j e^x_j)`, over the elements along an axis.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x` | the finer of `s_x` and that of the plan's second table |
///
/// Sources: ONNX `LogSoftmax`, Keras `ops.log_softmax`, Burn `log_softmax`.
///
/// # Limits
/// The exact semantics is `x_i - max_j x_j - l(sum_j t_j)`: `t_j` is as in [`super::softmax::Softmax`], within `e` of the
/// exponential, and `l` a table of the logarithm from 1 to `n`, the number of elements, within `d` of it. `y` is off by
/// `d + n * e / (1 - n * e)` at most.
///
/// # Constraints
/// `about bits + 12 + 30 / n at 2^-8` an output element. [`crate::gadget::table::exponentials`] for the exponentials, and one table of
/// the logarithm for each group.
///
/// # Soundness
/// See these gadgets.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("log_softmax", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LogSoftmax {
    /// The axis whose elements sum to one; a negative one counts from the end.
    pub axis: i64,
}

/// `ln(1 + x)` up to where the segments end.
#[allow(clippy::disallowed_methods, reason = "a float function, to which a table of the plan is fitted")]
pub(in crate::layer) fn logarithm(end: f64) -> Function {
    Function {
        f: Box::new(|x| x.max(0.0).ln_1p()),
        sides: Sides::Positive,
        negative: 0.0,
        positive: end.ln_1p(),
        slope: 0.0,
        curvature: 0.0,
        falls: 0.0,
        end: Some(end),
        steepest: at_most(1.0),
    }
}

impl LogSoftmax {
    fn groups(&self, shape: &Shape) -> Vec<Vec<usize>> {
        let axis = axes::resolve("axis", self.axis, shape);
        axis.map_or_else(|_| vec![], |axis| axes::groups(shape, &[axis]))
    }
}

impl Layer for LogSoftmax {
    const CARD: Card = Card {
        name: "log_softmax",
        formula: "y_i = x_i - ln(sum_j e^x_j)",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[Arg { name: "axis", takes: "an axis", default: Some("-1") }],
        onnx: "LogSoftmax",
        keras: "ops.log_softmax",
        burn: "log_softmax",
        constraints: "about bits + 12 + 30 / n at 2^-8",
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
            group.iter().for_each(|i| y[*i] = x.data()[*i] - max - sum.ln());
        }
        Tensor::from_fn(x.shape().clone(), |i| y[i])
    }

    fn factors(&self) -> Factors {
        Factors::Constants
    }

    fn scale(&self, step: &Step) -> i32 {
        step.tables.get(1).map_or(step.inputs[0], |t| t.scale().max(step.inputs[0]))
    }

    fn tables(&self, inputs: &[&Shape], request: Request) -> Option<Vec<Piecewise>> {
        let most = inputs.first().and_then(|s| self.groups(s).first().map(Vec::len)).unwrap_or(1);
        let table = falling().table(Request { bits: request.bits + 1, ..request })?;
        let wanted = Request { scale: table.scale(), reach: most as f64, bits: request.bits };
        let logarithm = logarithm(exp2(ceil_log2(most) as i32)).table(wanted)?;
        Some(vec![table, logarithm])
    }

    fn functions(&self, step: &Step) -> Vec<Function> {
        std::iter::once(falling()).chain(step.tables.get(1).map(|second| logarithm(end(second)))).collect()
    }

    fn tabled(&self, step: &Step) -> bool {
        // A sum that is less than one by the tables' errors counts as one.
        let consistent = |a: &Piecewise, b: &Piecewise| {
            a.input() == step.inputs[0]
                && b.input() == a.scale()
                && b.sides() == Sides::Positive
                && b.tail().negative == 0
        };
        matches!(step.tables.as_slice(), [table, logarithm] if consistent(table, logarithm))
    }

    /// The larger error of both tables.
    fn max_error(&self, step: &Step, reach: f64) -> Option<f64> {
        let [table, second] = step.tables.as_slice() else { return None };
        let logarithm = logarithm(end(second));
        Some(falling().max_error(table, 2.0 * reach).max(logarithm.max_error(second, end(second))))
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
        let [table, logarithm] = step.tables.as_slice() else { return Err(MISSING) };
        let scale = self.scale(step);
        let (up, down) = (power(scale - step.inputs[0])?, power(scale - logarithm.scale())?);
        let mut y = x[0].clone().into_data();
        for group in self.groups(x[0].shape()) {
            if end(logarithm) < group.len() as f64 - 1.0 {
                return Err(ArithError::Domain(
                    "the plan's table of logarithms ends below the sum of the exponentials",
                ));
            }
            let values: Vec<A::Wire> = group.iter().map(|i| x[0].data()[*i].clone()).collect();
            let shifted = a.exponentials(&values, table)?;
            let excess = a.linear(std::iter::once((Int::ONE, &shifted.sum)), -power(table.scale())?)?;
            let log = a.piecewise(&excess, logarithm)?;
            let log = a.settle(&log, group.len())?;
            for (i, value) in group.iter().zip(&values) {
                let terms = [(up, value), (-up, &shifted.max), (-down, &log)];
                y[*i] = a.linear(terms.into_iter(), Int::ZERO)?;
            }
        }
        let y = Tensor::from_fn(x[0].shape().clone(), |i| y[i].clone());
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arith::ints::Ints;

    #[test]
    fn exact_is_within_its_proven_error() {
        let layer = LogSoftmax { axis: 1 };
        for (scale, factor) in [(2, 4), (6, 8), (12, 10)] {
            let request = Request { scale, reach: 8.0, bits: factor };
            let shape = Shape::new([2, 4]);
            let tables = layer.tables(&[&shape], request).unwrap();
            let step = Step { inputs: vec![scale], weight_scale: factor, tables, ..Step::default() };
            assert!(layer.holds(&step));
            for k in 1..40i64 {
                let x = Tensor::from_fn(shape.clone(), |i| ((i as i64 * 7919 * k) % 101 - 50) << scale >> (k % 5));
                let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
                let float = layer.float(&[&x.map(|q| *q as f64 * 2f64.powi(-scale))], &[]);
                let e = layer.max_error(&step, 1e3).unwrap();
                let error = e + 4.0 * e / (1.0 - 4.0 * e);
                for (q, y) in y.data().iter().zip(float.data()) {
                    let q = *q as f64 * 2f64.powi(-layer.scale(&step));
                    assert!((q - y).abs() <= error, "{q} is not {y} within {error}");
                }
            }
        }
    }

    #[test]
    fn tables_that_answer_for_sums_that_there_are_not_are_refused() {
        let (layer, shape) = (LogSoftmax { axis: 0 }, Shape::new([2]));
        let tables = layer.tables(&[&shape], Request { scale: 6, reach: 8.0, bits: 8 }).unwrap();
        let second = &tables[1];
        let tail = crate::gadget::table::segments::Tail { negative: 1 << 40, ..second.tail() };
        let (scales, pieces) = ((second.input(), second.scale()), second.pieces().to_vec());
        let other = Piecewise::new(scales, second.drop(), second.bits(), second.sides(), pieces, tail).unwrap();
        let step = |second: &Piecewise| Step {
            inputs: vec![6],
            weight_scale: 8,
            tables: vec![tables[0].clone(), second.clone()],
            ..Step::default()
        };
        assert!(layer.holds(&step(second)) && !layer.holds(&step(&other)));
        // More elements than the table is for.
        let x = Tensor::from_fn(Shape::new([40]), |i| i as i64);
        let error = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step(second)).unwrap_err();
        assert!(matches!(error, ArithError::Domain(_)), "{error}");
    }
}
