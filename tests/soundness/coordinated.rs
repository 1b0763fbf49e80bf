//! Lies about all variables at once: every witness that a circuit accepts for an input is found, and all have the one answer.

use ark_bn254::Fr;
use ark_ff::One;
use zkml::{
    arith::r1cs::Build,
    circuit::Circuit,
    gadget::{
        Cs, FieldCs, Piecewise,
        bits::decompose,
        table::segments::{Sides, Tail},
    },
    graph::{Range, Visible},
    layer::{Args, Literal},
    number::{Cut, Int, Interval, field::to_field},
    plan::Quantized,
    prove::Matrices,
    rand::{Rng, rngs::StdRng},
};

use crate::{
    common::{OPEN, cheap, graph, models, rng, samples},
    divisions::{Subject, interval},
    sweep::{Case, SIDES, cut, table},
    witnesses::{Values, witnesses},
};

/// Only the first public inputs, and the constant one, are known.
fn given(matrices: &Matrices, inputs: &[Fr]) -> Values {
    let mut known = vec![None; matrices.instance + matrices.witness];
    known[0] = Some(Fr::one());
    for (place, x) in known[1..].iter_mut().zip(inputs) {
        *place = Some(*x);
    }
    known
}

/// The public values after the inputs, of every witness for them.
pub fn answers(matrices: &Matrices, inputs: &[Fr]) -> Vec<Vec<Option<Fr>>> {
    let found = witnesses(matrices, given(matrices, inputs), 1 << 12);
    found.into_iter().map(|w| w[1 + inputs.len()..matrices.instance].to_vec()).collect()
}

/// The answer of the exact semantics is the only one, or there is none where it has none.
fn only(case: &Case, matrices: &Matrices, x: &[i64]) {
    let inputs: Vec<Fr> = x.iter().map(|x| to_field(Int::from(*x))).collect();
    let found = answers(matrices, &inputs);
    let expected = case.answer(x).map(|y| vec![Some(to_field(Int::from(y)))]);
    assert_eq!(found.is_empty(), expected.is_none(), "{case:?} of {x:?} has {} witnesses", found.len());
    assert!(found.iter().all(|y| Some(y) == expected.as_ref()), "{case:?} of {x:?} answers {found:?}");
}

/// Both ends, and `n` values between.
fn some(case: &Case, n: usize, rng: &mut StdRng) {
    let (matrices, intervals) = (case.matrices(), case.intervals());
    let ends = |i: &Interval| (i.lo.as_i64(), i.hi.as_i64());
    only(case, &matrices, &intervals.iter().map(|i| ends(i).0).collect::<Vec<_>>());
    only(case, &matrices, &intervals.iter().map(|i| ends(i).1).collect::<Vec<_>>());
    for _ in 0..n {
        let x: Vec<i64> = intervals.iter().map(|i| rng.gen_range(ends(i).0..=ends(i).1)).collect();
        only(case, &matrices, &x);
    }
}

/// A circuit of one public input and one public output.
fn leaky(body: impl Fn(&mut Build, &<Build as Cs>::W) -> <Build as Cs>::W) -> Matrices {
    let mut cs = Build::new();
    let x = cs.instance(None);
    let y = body(&mut cs, &x);
    let y = cs.lift(&y);
    cs.field_output(&y);
    cs.finish().0
}

#[test]
fn every_witness_of_a_circuit_that_leaves_a_choice_is_found() {
    // Either root of a square.
    let root = leaky(|cs, x| {
        let y = cs.witness(None);
        cs.enforce(&y, &y, x);
        y
    });
    // Two bits of the same place.
    let twice = leaky(|cs, x| {
        let bits: Vec<_> = (0..3).map(|_| cs.boolean(None)).collect();
        let sum = cs.linear(&[(Int::ONE, &bits[0]), (Int::ONE, &bits[1]), (Int::from(2), &bits[2])], Int::ZERO);
        let rest = cs.linear(&[(Int::ONE, x), (-Int::ONE, &sum)], Int::ZERO);
        cs.enforce_zero(&rest);
        bits[0].clone()
    });
    // A sign and a magnitude, of which zero has two.
    let sign = leaky(|cs, x| {
        let sign = cs.boolean(None);
        let direction = cs.linear(&[(Int::from(2), &sign)], -Int::ONE);
        let magnitude = cs.product(x, &direction);
        decompose::enforce(cs, &magnitude, 3);
        sign
    });
    for (matrices, x, count) in
        [(&root, 9, 2), (&root, 0, 2), (&twice, 1, 2), (&twice, 4, 1), (&sign, 0, 2), (&sign, -5, 1)]
    {
        assert_eq!(answers(matrices, &[to_field(Int::from(x))]).len(), count, "{x}");
    }
    assert!(answers(&sign, &[to_field(Int::from(8))]).is_empty());
}

#[test]
fn a_table_has_one_answer_whatever_sign_bits_and_hint_say_together() {
    let mut rng = rng(1);
    for sides in SIDES {
        for (drop, slope, tail_drop) in [(0, 0, 0), (1, 2, 0), (1, 3, 2), (0, -1, 3)] {
            for (lo, hi) in [(-18, 17), (0, 9), (-9, -1), (-1, 0), (4, 40)] {
                some(&Case::Table(interval(lo, hi), table(sides, drop, slope, tail_drop)), 2, &mut rng);
            }
        }
    }
}

/// Any table with few cells.
pub fn random(rng: &mut StdRng, input: i32) -> Option<Piecewise> {
    let (drop, bits) = (rng.gen_range(0..4), rng.gen_range(1..6u32));
    let sides = SIDES[rng.gen_range(0..5)];
    let rows = (1usize << rng.gen_range(0..bits.min(4))) * if sides == Sides::Both { 2 } else { 1 };
    let degree = rng.gen_range(0..=Piecewise::MAX_DEGREE);
    let uniform = rng.gen_range(0..=degree);
    let shared: Vec<i64> = (0..=degree).map(|_| rng.gen_range(-9..=9)).collect();
    let piece = |rng: &mut StdRng| -> Vec<i64> {
        let own = |(power, c): (usize, &i64)| if power + uniform > degree { *c } else { rng.gen_range(-9..=9) };
        shared.iter().enumerate().map(own).collect()
    };
    let pieces = (0..rows).map(|_| piece(rng)).collect();
    let slope = [0, 1, -3, 7][rng.gen_range(0..4)];
    let tail =
        Tail { negative: rng.gen_range(-20..20), positive: rng.gen_range(-20..20), slope, drop: rng.gen_range(0..6) };
    Piecewise::new((input, 0), drop, bits, sides, pieces, tail).ok()
}

#[test]
fn no_random_table_has_a_second_answer() {
    let mut rng = rng(2);
    for _ in 0..120 {
        let Some(table) = random(&mut rng, 4) else { continue };
        let reach = 1i64 << rng.gen_range(1..9);
        let lo = rng.gen_range(-reach..=reach);
        some(&Case::Table(interval(lo, lo + rng.gen_range(1..=reach)), table), 2, &mut rng);
    }
}

#[test]
fn no_largest_value_and_no_exponent_has_a_second_answer() {
    let mut rng = rng(3);
    for n in 0..30 {
        let (Some(table), Some(mantissas)) = (random(&mut rng, 4), random(&mut rng, 2 + n % 6)) else { continue };
        let values = (0..rng.gen_range(2..5)).map(|_| rng.gen_range(-9..9i64));
        let values: Vec<Interval> = values.map(|lo| interval(lo, lo + 1 + lo.rem_euclid(5))).collect();
        some(&Case::Exponentials(values, table), 2, &mut rng);
        let most = (2i64 << mantissas.input()) - 1;
        let case = Case::Normalize(interval(rng.gen_range(1..=2), rng.gen_range(3..=most)), mantissas);
        if case.is_refused() {
            continue;
        }
        some(&case, 2, &mut rng);
    }
}

#[test]
fn no_cut_clip_slope_order_quotient_or_root_has_a_second_answer() {
    let mut rng = rng(4);
    let cuts: [Cut; 5] = [
        cut(0, None, None),
        cut(2, None, None),
        cut(1, Some(2), None),
        cut(0, None, Some(3)),
        cut(1, Some(1), Some(3)),
    ];
    for (lo, hi) in [(-20, 19), (0, 21), (-13, -1), (-1, 9)] {
        let of = interval(lo, hi);
        for cut in cuts {
            let mut cases = vec![Case::Abs(of, Cut { bits: None, ..cut }), Case::Rescale(of, cut), Case::Relu(of, cut)];
            cases.extend([(-3, 2), (0, 3), (1, 1)].map(|(lo, hi)| Case::Clip(of, Cut { bits: None, ..cut }, lo, hi)));
            cases.extend(
                [(3, 3), (-1, 2)].map(|(lo, hi)| Case::Leaky(of, interval(lo, hi), 4, Cut { bits: None, ..cut })),
            );
            cases.iter().filter(|case| !case.is_refused()).for_each(|case| some(case, 2, &mut rng));
        }
        let orders = [Case::Sign(of), Case::IsNonNegative(of), Case::IsZero(of), Case::SignMagnitude(of)];
        orders.iter().for_each(|case| some(case, 4, &mut rng));
        some(&Case::Max(of, interval(-2, 5)), 4, &mut rng);
        some(&Case::Argmax(vec![of, interval(-1, 3), interval(-2, 2)]), 4, &mut rng);
        some(&Case::Div(of, interval(1, 6), None), 4, &mut rng);
        some(&Case::Div(of, interval(2, 5), Some(3)), 4, &mut rng);
    }
    for (lo, hi, least) in [(0, 63, 0), (4, 90, 4)] {
        some(&Case::Sqrt(interval(lo, hi), least), 6, &mut rng);
    }
}

/// A circuit of which all is public has one witness for an input, but for hints that no answer depends on.
fn unique(name: &str, quantized: &Quantized) {
    let circuit: Circuit = quantized.circuit_for(OPEN).unwrap();
    let inputs = samples(quantized.graph(), 1);
    let (honest, _) = circuit.witness(&inputs, &mut rng(5)).unwrap();
    let matrices = circuit.matrices();
    let found = witnesses(matrices, given(matrices, &honest[1..=inputs[0].len()]), 1 << 12);
    assert!(!found.is_empty(), "{name}: the honest witness is not found");
    for witness in found {
        for (at, (found, honest)) in witness.iter().zip(&honest).enumerate() {
            let free = at.checked_sub(matrices.instance).is_some_and(|w| circuit.free().contains(&(w as u32)));
            assert!(free || *found == Some(*honest), "{name}: variable {at} may be {found:?}");
        }
    }
}

#[test]
fn no_circuit_has_a_second_witness() {
    for (name, quantized) in models() {
        unique(name, &quantized);
    }
}

#[test]
fn no_layer_that_is_made_of_tables_has_a_second_witness() {
    let axis = || Args::new().with("axis", Literal::Int(0));
    let layers = [
        ("gelu", Args::new()),
        ("silu", Args::new()),
        ("softplus", Args::new()),
        ("elu", Args::new()),
        ("selu", Args::new()),
        ("mish", Args::new()),
        ("sigmoid", Args::new()),
        ("log_softmax", axis()),
    ];
    for (name, args) in layers {
        unique(name, &cheap(graph([2], Range::Whole(-5, 2), vec![(name, args)]), Visible::Public));
    }
}
