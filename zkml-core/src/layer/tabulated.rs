//! Activations and elementwise functions by a table: what follows from their [`Function`](super::function::Function).

/// What follows from a layer's function: everything of [`Layer`](super::Layer) but its card and its arguments. The layer has
/// `fn function(&self, reach: f64) -> Function`.
macro_rules! tabulated {
    () => {
        fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
            Ok(inputs[0].clone())
        }

        fn params(&self, _: &[&Shape]) -> Vec<Param> {
            vec![]
        }

        fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
            let function = self.function(1.0);
            inputs[0].map(|x| (function.f)(*x))
        }

        fn factors(&self) -> Factors {
            Factors::Constants
        }

        fn scale(&self, step: &Step) -> i32 {
            step.tables.first().map_or(step.inputs[0], |t| t.scale())
        }

        fn tables(&self, _: &[&Shape], request: Request) -> Option<Vec<Piecewise>> {
            self.function(request.reach).table(request).map(|t| vec![t])
        }

        fn functions(&self, step: &Step) -> Vec<Function> {
            step.tables.iter().map(|table| self.function(end(table))).collect()
        }

        fn tabled(&self, step: &Step) -> bool {
            matches!(step.tables.as_slice(), [table] if table.input() == step.inputs[0])
        }

        fn max_error(&self, step: &Step, reach: f64) -> Option<f64> {
            step.tables.first().map(|table| self.function(end(table)).max_error(table, reach))
        }

        fn fanout(&self, _: &[&Shape]) -> usize {
            1
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
            let y = x[0].try_map(|q| a.piecewise(q, table))?;
            step.finish(a, y)
        }
    };
}
pub(crate) use tabulated;

use crate::{
    gadget::Piecewise,
    number::{ArithError, float},
};

/// The error of a step without the table that its layer is computed with.
pub(crate) const MISSING: ArithError = ArithError::Domain("the plan has no table for this layer");

/// The magnitude where the segments of a table end.
pub(crate) fn end(table: &Piecewise) -> f64 {
    float::exp2((table.bits() + table.drop()) as i32 - table.input())
}

/// Everything that a tabulated layer needs.
pub(crate) mod prelude {
    pub(crate) use super::{
        super::{
            Arg, Args, Arity, Card, Factors, Kind, Layer, Literal, Param, Request, Step,
            function::{Function, at_most, erf},
        },
        MISSING, end, tabulated,
    };
    pub(crate) use crate::{
        arith::Arith,
        error::LayerError,
        gadget::{Piecewise, table::segments::Sides},
        number::{ArithError, float},
        shape::Shape,
        tensor::Tensor,
    };
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::{AnyLayer, Request, Step, function::Function};
    use crate::{
        arith::{Arith, counts::Counts, ints::Ints},
        number::{Int, Interval, Measure},
        tensor::Tensor,
    };

    /// No difference quotient exceeds the bound on the function's slope.
    fn steepest(function: &Function, reach: f64) {
        let bound = (function.steepest)(reach) * (1.0 + 1e-6);
        let n = 1 << 14;
        let at = |i: i32| reach * f64::from(i) / f64::from(n);
        for i in -n..n {
            let (x, next) = (at(i), at(i + 1));
            let slope = ((function.f)(next) - (function.f)(x)).abs() / (next - x);
            assert!(slope <= bound, "slope {slope} at {x}, at most {bound}");
        }
    }

    /// A layer under a table of its own: every wire is within the proven error of the formula, beyond the segments too.
    pub fn near(layer: &AnyLayer, formula: impl Fn(f64) -> f64, reach: f64) {
        for (scale, bits) in [(2, 5), (5, 8), (12, 8), (16, 11)] {
            let tables = layer.tables(&[], Request { scale, reach, bits }).unwrap();
            let step = Step { inputs: vec![scale], tables, ..Step::default() };
            let error = layer.max_error(&step, reach).unwrap();
            steepest(&layer.functions(&step)[0], reach);
            assert!(error <= 2f64.powi(-bits), "{bits} bits at scale {scale}: {error}");
            let most = (reach * 2f64.powi(scale)) as i64;
            let all: Vec<i64> = (-most..=most).step_by(1.max(most as usize / 20_000)).collect();
            let x = Tensor::vector(all.clone());
            let y = layer.exact(&mut Ints::<i64>::new(), &[&x], &[], &step).unwrap();
            for (q, y) in all.iter().zip(y.data()) {
                let x = *q as f64 * 2f64.powi(-scale);
                let y = *y as f64 * 2f64.powi(-layer.scale(&step));
                assert!((y - formula(x)).abs() <= error, "at {x}: {y} is not {} within {error}", formula(x));
            }
        }
    }

    /// The constraints of one element whose accumulator has 20 bits, 12 of them below the point, with an error of 2^-8.
    pub fn constraints(layer: &AnyLayer) -> usize {
        let tables = layer.tables(&[], Request { scale: 12, reach: 4.0, bits: 8 }).unwrap();
        let half = Int::from(1i64 << 19);
        let mut counts = Counts::new();
        let wire = Measure::variable(Interval { lo: -half, hi: half - Int::ONE });
        counts.piecewise(&wire, &tables[0]).unwrap();
        counts.total().constraints
    }
}
