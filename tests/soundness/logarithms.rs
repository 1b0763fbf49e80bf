//! Exponents and mantissas, and the layers whose answers are made of quotients, roots and tables.

use zkml::{
    gadget::{
        Gadget, Normalize, Piecewise,
        table::segments::{Sides, Tail},
    },
    graph::{Range, Visible},
    layer::Args,
    plan::Quantized,
};

use crate::{
    common::{OPEN, cheap, graph, samples},
    divisions::{Subject, interval},
    forge::refuse_all,
    sweep::{Case, sweep},
};

/// For values of up to five bits: `drop` low bits of the mantissa's four don't count.
fn table(drop: u32, bits: u32) -> Piecewise {
    Piecewise::new((4, 0), drop, bits, Sides::Positive, vec![vec![1, 1]], Tail::default()).unwrap()
}

#[test]
fn no_value_has_another_exponent_or_mantissa() {
    for (lo, hi) in [(1, 16), (1, 31), (7, 9), (16, 31), (5, 5), (15, 16), (1, 2)] {
        for table in [table(0, 4), table(2, 2), table(3, 1), table(1, 2)] {
            sweep(&Case::Normalize(interval(lo, hi), table));
        }
    }
}

#[test]
fn no_two_exponents_together_bring_a_value_into_range() {
    // Four selectors, for the exponents from one up; the first exponent's is what they leave.
    let case = Case::Normalize(interval(1, 31), table(0, 4));
    for a in 1..32i64 {
        let exponent = i64::from(a.ilog2());
        for chosen in 0..16i64 {
            let lies: Vec<(usize, i64)> = (0..4).map(|i| (i, chosen >> i & 1)).collect();
            let honest = chosen == if exponent == 0 { 0 } else { 1 << (exponent - 1) };
            assert_eq!(case.accepts(&[a], &lies), honest, "{chosen:b} of {a}");
        }
    }
}

#[test]
fn a_table_with_more_bits_than_the_mantissa_is_refused() {
    // Its cell of 32 holds 8 * 2^1 - 16 as well as 8 * 2^2 - 16: two exponents of one value.
    for table in &[table(4, 1), table(5, 1), table(40, 1)] {
        let of = interval(1, 16);
        assert!(Normalize { table }.bound(&of).is_err());
        assert!(Normalize { table }.cost(&of).is_err());
    }
}

#[test]
fn a_table_for_mantissas_that_wrap_the_field_is_refused() {
    for (input, refused) in [(40, false), (124, false), (125, true), (250, true)] {
        let table = Piecewise::new((input, 0), 8, 18, Sides::Positive, vec![vec![1, 1]], Tail::default()).unwrap();
        assert_eq!(Normalize { table: &table }.bound(&interval(1, 16)).is_err(), refused, "{input}");
        assert_eq!(Normalize { table: &table }.cost(&interval(1, 16)).is_err(), refused, "{input}");
    }
}

/// The logarithm of three positive inputs.
fn log() -> Quantized {
    cheap(graph([3], Range::Real(0.25, 4.0), vec![("log", Args::new())]), Visible::Public)
}

#[test]
fn a_plan_whose_logarithm_has_two_answers_is_refused() {
    let quantized = log();
    let mut plan = quantized.plan().clone();
    let last = quantized.graph().output().0;
    let old = &plan.steps[last].tables[0];
    let drop = old.input().unsigned_abs();
    let wide = Piecewise::new((old.input(), old.scale()), drop, 1, Sides::Positive, vec![vec![0, 1]], Tail::default())
        .unwrap();
    assert!(quantized.model().quantize_to(&plan).is_ok());
    plan.steps[last].tables = vec![wide];
    assert!(quantized.model().quantize_to(&plan).is_err());
}

#[test]
fn no_lie_about_any_variable_of_a_norm_or_logarithm_changes_its_answer() {
    let behind = |layer: &'static str| {
        let layers = vec![("dense", Args::new().with("units", 2)), (layer, Args::new())];
        cheap(graph([3], Range::Real(-2.0, 2.0), layers), Visible::Public)
    };
    let mut models = vec![("log", log())];
    for layer in ["softmax", "log_softmax", "layer_norm", "rms_norm", "softsign", "reciprocal"] {
        models.push((layer, behind(layer)));
    }
    for (name, quantized) in models {
        let circuit = quantized.circuit_for(OPEN).unwrap();
        refuse_all(name, &circuit, &quantized, &samples(quantized.graph(), 1), 0);
    }
}
