//! Natural logarithm: `y = ln(x)`.

use crate::layer::{
    Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Request, Step, activation::log_softmax::logarithm,
    function::Function, quotient::power, tabulated::MISSING,
};
use crate::{
    arith::Arith,
    error::LayerError,
    gadget::Piecewise,
    number::{ArithError, Cut, Fixed, Int, float},
    shape::Shape,
    tensor::Tensor,
};

/// Natural logarithm: `y = ln(x)`, for every element.
///
/// | | shape | scale |
/// |---|---|---|
/// | `x` | any | `s_x` |
/// | `y` | that of `x` | that of the plan's table and six more |
///
/// The exact semantics is `e * ln(2) + l(m)`, where `x = 2^e * (1 + m)` and `l` is a table of `ln(1 + m)` with a proven error
/// of at most `2^-(f + 1)`, where `f` is the weight scale of the plan (at most 13). `y` is off by `2^-f` at most.
///
/// Sources: ONNX `Log`, Keras `ops.log`, Burn `Tensor::log`.
///
/// # Limits
/// What is below one unit of `x`, zero and negative values too, counts as one unit; in floats the logarithm is infinite or
/// none, and a sample that has it is refused. What exceeds twice the power of two that the samples reach counts as that.
///
/// # Constraints
/// `3 * bits + 4 at 2^-8` an output element. The clamp, see [`crate::gadget::rescaling::relu`], none where it can't happen; and the
/// logarithm, see [`crate::gadget::table::normalize`].
///
/// # Soundness
/// See these gadgets.
///
/// ```
/// # use zkml_core::{graph::Graph, layer::Args, shape::Shape};
/// let mut graph = Graph::new("model", Shape::new([4]));
/// let y = graph.add("log", Args::new(), &[graph.input()])?;
/// assert_eq!(graph.shape(y), &Shape::new([4]));
/// # Ok::<(), zkml_core::error::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Log;

/// How many bits finer the values are held than the table's, so that many multiples of a rounded `ln(2)` stay near.
const FINER: i32 = 6;

/// The table's function: `ln(1 + m)` for mantissas below one.
fn function() -> Function {
    logarithm(1.0)
}

impl Layer for Log {
    const CARD: Card = Card {
        name: "log",
        formula: "y = ln(x)",
        shape: "any; that of x",
        arity: Arity::Exactly(1),
        args: &[],
        onnx: "Log",
        keras: "ops.log",
        burn: "log",
        constraints: "3 * bits + 4 at 2^-8",
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

    #[allow(clippy::disallowed_methods, reason = "the float reference, of which nothing in a circuit is made")]
    fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
        inputs[0].map(|x| x.ln())
    }

    fn factors(&self) -> Factors {
        Factors::Constants
    }

    fn scale(&self, step: &Step) -> i32 {
        step.tables.first().map_or(step.inputs[0], |t| t.scale() + FINER)
    }

    fn tables(&self, _: &[&Shape], request: Request) -> Option<Vec<Piecewise>> {
        // The mantissa has as many bits as the largest value.
        let bits = request.scale + float::ceil_log2_of(request.reach.max(1e-9)).unwrap_or(0) + 1;
        let wanted = Request { scale: bits.clamp(4, 40), reach: 1.0, bits: request.bits + 1 };
        function().table(wanted).map(|t| vec![t])
    }

    fn functions(&self, _: &Step) -> Vec<Function> {
        vec![function()]
    }

    fn tabled(&self, step: &Step) -> bool {
        // All mantissas have a segment.
        let covers = |t: &Piecewise| t.covers(true) && t.bits() + t.drop() >= t.input().unsigned_abs();
        matches!(step.tables.as_slice(), [t] if (4..=40).contains(&t.input()) && t.scale() <= 50 && covers(t))
    }

    /// That of the table, and of the multiples of `ln(2)`.
    fn max_error(&self, step: &Step, _: f64) -> Option<f64> {
        let table = step.tables.first()?;
        let multiples = f64::from(table.input() + 1 + step.inputs[0].abs()) * float::exp2(-self.scale(step) - 1);
        Some(function().max_error(table, 1.0) + multiples)
    }

    fn fanout(&self, _: &[&Shape]) -> usize {
        2
    }

    fn kind(&self) -> Kind {
        Kind::Monotone
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
        let (finer, ln) = (power(FINER)?, std::f64::consts::LN_2);
        // The table's values are held as they are; what is linear is free, so that they are raised after.
        let unit = Fixed::new(ln, self.scale(step))?;
        let most = Cut { shift: 0, saturate: Some(table.input().unsigned_abs()), bits: None };
        let offset = a.constant(Int::from(-step.inputs[0]));
        let y = x[0].try_map(|q| {
            let above = a.linear(std::iter::once((Int::ONE, q)), -Int::ONE)?;
            let above = a.relu(&above, most)?;
            let clamped = a.linear(std::iter::once((Int::ONE, &above)), Int::ONE)?;
            let clamped = a.settle(&clamped, 2)?;
            let (exponent, mantissa) = a.normalize(&clamped, table)?;
            let y =
                a.affine([(unit, &exponent), (finer.into(), &mantissa), (unit, &offset)].into_iter(), Fixed::ZERO)?;
            Ok(a.defined(y, q, Int::ONE))
        })?;
        step.finish(a, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arith::ints::Ints;

    #[test]
    fn exact_is_within_its_proven_error() {
        for (scale, factor) in [(0, 4), (4, 8), (10, 12)] {
            let request = Request { scale, reach: 64.0, bits: factor };
            let step = Step {
                inputs: vec![scale],
                weight_scale: factor,
                tables: Log.tables(&[], request).unwrap(),
                ..Step::default()
            };
            let error = Log.max_error(&step, 64.0).unwrap();
            assert!(Log.holds(&step) && error <= 2f64.powi(-factor), "{error}");
            for q in (1..64i64 << scale).step_by(7) {
                let y = Log.exact(&mut Ints::<i64>::new(), &[&Tensor::vector(vec![q])], &[], &step).unwrap();
                let y = y.data()[0] as f64 * 2f64.powi(-Log.scale(&step));
                let exact = (q as f64 * 2f64.powi(-scale)).ln();
                assert!((y - exact).abs() <= error, "{y} is not {exact} within {error}");
            }
        }
    }

    #[test]
    fn what_has_no_logarithm_counts_as_a_unit() {
        let request = Request { scale: 3, reach: 4.0, bits: 8 };
        let step = Step { inputs: vec![3], tables: Log.tables(&[], request).unwrap(), ..Step::default() };
        let y = Log.exact(&mut Ints::<i64>::new(), &[&Tensor::vector(vec![1, 0, -5])], &[], &step).unwrap();
        assert_eq!(y.data(), [y.data()[0]; 3]);
    }

    #[test]
    fn a_table_that_lacks_mantissas_is_refused() {
        let request = Request { scale: 8, reach: 64.0, bits: 8 };
        let table = Log.tables(&[], request).unwrap().remove(0);
        let (scales, pieces) = ((table.input(), table.scale()), vec![table.pieces()[0].clone()]);
        let bits = table.bits() - table.segments();
        let short = Piecewise::new(scales, table.drop(), bits, table.sides(), pieces, table.tail()).unwrap();
        let step = |table| Step { inputs: vec![8], tables: vec![table], ..Step::default() };
        assert!(table.segments() > 0 && Log.holds(&step(table)) && !Log.holds(&step(short)));
    }
}
