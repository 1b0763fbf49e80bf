//! Every gadget at the ends of its interval: every value of small inputs, with every variable of the gadget turned into
//! every small number. What is accepted must have the answer of the exact semantics; what has none must not be accepted.

use ark_bn254::Fr;
use zkml::{
    gadget::{
        Abs, Argmax, Clip, Div, Exponentials, FieldCs, Gadget, IsNonNegative, IsZero, Leaky, Max, Normalize, Piecewise,
        Relu, Rescale, Sign, SignMagnitude, Sqrt,
        table::segments::{Sides, Tail},
    },
    number::{Cut, Int, Interval, field::to_field},
};

use crate::divisions::{Subject, interval};

/// A gadget with all that it is told; `Int` ends are small here.
#[derive(Debug)]
pub enum Case {
    Table(Interval, Piecewise),
    Div(Interval, Interval, Option<u32>),
    Sqrt(Interval, i64),
    Clip(Interval, Cut, i64, i64),
    Leaky(Interval, Interval, i64, Cut),
    Exponentials(Vec<Interval>, Piecewise),
    SignMagnitude(Interval),
    Normalize(Interval, Piecewise),
    Rescale(Interval, Cut),
    Relu(Interval, Cut),
    Abs(Interval, Cut),
    Max(Interval, Interval),
    Sign(Interval),
    IsNonNegative(Interval),
    IsZero(Interval),
    Argmax(Vec<Interval>),
}

impl Case {
    /// The answer, or nothing where the input must not be provable.
    pub fn answer(&self, x: &[i64]) -> Option<i64> {
        let provable = |cut: &Cut| {
            let kept = |w: u32| {
                (-(1i64 << w.max(cut.shift))..1 << w.max(cut.shift)).contains(&(x[0] + (1i64 << cut.shift >> 1)))
            };
            cut.bits.is_none_or(kept)
        };
        Some(match self {
            Self::Table(_, table) => table.at(x[0]),
            Self::Div(_, _, within) => {
                let free = x[0].div_euclid(x[1]);
                let within = within.is_none_or(|w| (-(1i64 << w)..1 << w).contains(&free));
                return within.then_some(free);
            }
            Self::Sqrt(_, _) => (0..).take_while(|s| s * s <= x[0]).last().unwrap_or(0),
            Self::Clip(_, cut, lo, hi) => Clip { cut: *cut, lo: Int::from(*lo), hi: Int::from(*hi) }.eval(x[0]),
            Self::Leaky(_, _, unit, cut) => Leaky { unit: Int::from(*unit), cut: *cut }.eval((x[0], x[1])),
            Self::Exponentials(_, table) => {
                let found = Exponentials { table }.eval(x.to_vec());
                100 * found.max + found.sum + 1000 * found.values[0]
            }
            Self::SignMagnitude(_) => 100 * SignMagnitude.eval(x[0]).0 + SignMagnitude.eval(x[0]).1,
            Self::Normalize(_, table) => 100 * Normalize { table }.eval(x[0]).0 + Normalize { table }.eval(x[0]).1,
            Self::Rescale(_, cut) => return provable(cut).then(|| cut.apply(x[0])),
            Self::Relu(_, cut) => return provable(cut).then(|| cut.apply(x[0]).max(0)),
            Self::Abs(_, cut) => cut.apply(x[0].abs()),
            Self::Max(..) => x[0].max(x[1]),
            Self::Sign(_) => x[0].signum(),
            Self::IsNonNegative(_) => i64::from(x[0] >= 0),
            Self::IsZero(_) => i64::from(x[0] == 0),
            Self::Argmax(_) => Argmax.eval(x.to_vec()),
        })
    }

    /// Whether there is no such gadget: no value of the interval may be cut so, or the table is not one for mantissas.
    pub fn is_refused(&self) -> bool {
        match self {
            Self::Rescale(of, cut) => Rescale { cut: *cut }.bound(of).is_err(),
            Self::Relu(of, cut) => Relu { cut: *cut }.bound(of).is_err(),
            Self::Normalize(of, table) => Normalize { table }.bound(of).is_err(),
            _ => false,
        }
    }
}

impl Subject for Case {
    fn intervals(&self) -> Vec<Interval> {
        match self {
            Self::Exponentials(values, _) | Self::Argmax(values) => values.clone(),
            Self::Div(a, b, _) | Self::Leaky(a, b, ..) | Self::Max(a, b) => vec![*a, *b],
            Self::Table(a, _)
            | Self::Sqrt(a, _)
            | Self::Clip(a, ..)
            | Self::SignMagnitude(a)
            | Self::Normalize(a, _)
            | Self::Rescale(a, _)
            | Self::Relu(a, _)
            | Self::Abs(a, _)
            | Self::Sign(a)
            | Self::IsNonNegative(a)
            | Self::IsZero(a) => vec![*a],
        }
    }

    fn enforce<C: FieldCs>(&self, cs: &mut C, inputs: &[(&C::W, &Interval)]) -> C::W {
        let (q, pairs) = (inputs[0], (inputs[0], *inputs.last().unwrap()));
        let pair = |cs: &mut C, (a, b): (C::W, C::W)| cs.linear(&[(Int::from(100), &a), (Int::ONE, &b)], Int::ZERO);
        let wire = match self {
            Self::Table(_, table) => table.enforce(cs, q),
            Self::Div(_, _, within) => Div { within: *within }.enforce(cs, pairs),
            Self::Sqrt(_, least) => Sqrt { least: Int::from(*least) }.enforce(cs, q),
            Self::Clip(_, cut, lo, hi) => Clip { cut: *cut, lo: Int::from(*lo), hi: Int::from(*hi) }.enforce(cs, q),
            Self::Leaky(_, _, unit, cut) => Leaky { unit: Int::from(*unit), cut: *cut }.enforce(cs, pairs),
            Self::Exponentials(_, table) => Exponentials { table }.enforce(cs, inputs.to_vec()).map(|shifted| {
                let terms = [(100, &shifted.max), (1000, &shifted.values[0]), (1, &shifted.sum)];
                cs.linear(&terms.map(|(c, w)| (Int::from(c), w)), Int::ZERO)
            }),
            Self::SignMagnitude(_) => SignMagnitude.enforce(cs, q).map(|both| pair(cs, both)),
            Self::Normalize(_, table) => Normalize { table }.enforce(cs, q).map(|both| pair(cs, both)),
            Self::Rescale(_, cut) => Rescale { cut: *cut }.enforce(cs, q),
            Self::Relu(_, cut) => Relu { cut: *cut }.enforce(cs, q),
            Self::Abs(_, cut) => Abs { cut: *cut }.enforce(cs, q),
            Self::Max(..) => Max.enforce(cs, pairs),
            Self::Sign(_) => Sign.enforce(cs, q),
            Self::IsNonNegative(_) => IsNonNegative.enforce(cs, q),
            Self::IsZero(_) => IsZero.enforce(cs, q),
            Self::Argmax(_) => Argmax.enforce(cs, inputs.to_vec()),
        };
        wire.unwrap()
    }
}

/// Every input, and every lie about one variable.
pub fn sweep(case: &Case) {
    let matrices = case.matrices();
    let accepted = |a: &[Fr]| matrices.unsatisfied(a).is_empty();
    let intervals = case.intervals();
    let mut x: Vec<i64> = intervals.iter().map(|i| i.lo.as_i64()).collect();
    loop {
        let expected = case.answer(&x).map(|y| to_field(Int::from(y)));
        let holds = |a: &[Fr]| expected == Some(a[1 + x.len()]);
        let (honest, variables) = case.assignment(&x, &[]);
        assert_eq!(accepted(&honest), expected.is_some(), "{case:?} of {x:?}");
        assert!(expected.is_none() || holds(&honest), "{case:?} of {x:?} answers otherwise");
        for at in 0..variables {
            for lie in -3..=6 {
                let (forged, _) = case.assignment(&x, &[(at, lie)]);
                assert!(holds(&forged) || !accepted(&forged), "{case:?} of {x:?} with {lie} at {at}");
            }
        }
        // The next input, the last counted up first.
        let Some(at) = (0..x.len()).rev().find(|i| x[*i] < intervals[*i].hi.as_i64()) else { break };
        x[at] += 1;
        (at + 1..x.len()).for_each(|i| x[i] = intervals[i].lo.as_i64());
    }
}

pub fn cut(shift: u32, saturate: Option<u32>, width: Option<u32>) -> Cut {
    Cut { shift, saturate, bits: width }
}

/// Two segments of two cells a side, with tails that nothing else tells.
pub fn table(sides: Sides, drop: u32, slope: i64, tail_drop: u32) -> Piecewise {
    let mut pieces = vec![vec![3, 1], vec![9, -2]];
    if sides == Sides::Both {
        pieces.extend([vec![-5, 2], vec![4, -1]]);
    }
    let tail = Tail { negative: 5, positive: -7, slope, drop: tail_drop };
    Piecewise::new((4, 0), drop, 2, sides, pieces, tail).unwrap()
}

pub const SIDES: [Sides; 5] = [Sides::Even, Sides::Odd, Sides::Negative, Sides::Positive, Sides::Both];

#[test]
fn no_table_answers_otherwise_at_the_ends_of_its_interval_its_segments_and_its_tails() {
    for sides in SIDES {
        for (drop, slope, tail_drop) in [(0, 0, 0), (1, 2, 0), (1, 3, 2), (0, -1, 3)] {
            // Within the segments, beyond them by one, on one side only, and two values about zero.
            for (lo, hi) in [(-9, 8), (0, 9), (-9, -1), (-1, 0), (-12, -9), (4, 17)] {
                sweep(&Case::Table(interval(lo, hi), table(sides, drop, slope, tail_drop)));
            }
        }
    }
}

#[test]
fn no_polynomial_answers_otherwise_whatever_its_products_are() {
    // One segment of eight cells: all coefficients are constants, and the square of the offset is a variable.
    let coefficients = [3, 1, -1, 2, 1, -2, 1];
    let tail = Tail { negative: 5, positive: -7, slope: 2, drop: 0 };
    for degree in 2..=6 {
        for sides in SIDES {
            let pieces = vec![coefficients[..=degree].to_vec(); if sides == Sides::Both { 2 } else { 1 }];
            let table = Piecewise::new((4, 0), 1, 3, sides, pieces, tail).unwrap();
            sweep(&Case::Table(interval(-18, 17), table));
        }
    }
    // Two segments that share their leading coefficients, and two that share all but the constant.
    for pieces in [vec![vec![1, 2, -1, 1, 2], vec![-2, 1, 3, 1, 2]], vec![vec![1, 2, -1], vec![4, 2, -1]]] {
        for sides in [Sides::Even, Sides::Odd, Sides::Positive] {
            let table = Piecewise::new((4, 0), 1, 3, sides, pieces.clone(), tail).unwrap();
            sweep(&Case::Table(interval(-18, 17), table));
        }
    }
}

#[test]
fn no_divisor_leaves_a_remainder_as_large_as_itself() {
    for (a, b) in [((-9, 8), (1, 5)), ((0, 7), (3, 4)), ((-6, -1), (2, 3)), ((-4, 9), (3, 3)), ((-3, 3), (1, 1))] {
        sweep(&Case::Div(interval(a.0, a.1), interval(b.0, b.1), None));
    }
    // A quotient outside its range has no witness.
    sweep(&Case::Div(interval(-9, 9), interval(1, 3), Some(1)));
    sweep(&Case::Div(interval(-9, 9), interval(2, 2), Some(2)));
}

#[test]
fn no_root_is_of_another_square() {
    for (lo, hi, least) in [(0, 17, 0), (1, 3, 0), (4, 9, 4), (15, 16, 1), (0, 1, 0), (8, 8, 0)] {
        sweep(&Case::Sqrt(interval(lo, hi), least));
    }
}

#[test]
fn no_clip_or_slope_or_magnitude_answers_otherwise() {
    for (lo, hi) in [(-3, 2), (0, 3), (1, 1), (-1, 4), (2, -2), (-9, 0)] {
        for cut in [cut(0, None, None), cut(1, None, None), cut(2, Some(1), None), cut(1, Some(0), None)] {
            sweep(&Case::Clip(interval(-10, 11), cut, lo, hi));
        }
    }
    for slope in [(1, 1), (-2, -2), (0, 0), (3, 3), (-1, 2), (5, 5)] {
        for cut in [cut(0, None, None), cut(2, None, None), cut(1, Some(2), None)] {
            sweep(&Case::Leaky(interval(-6, 5), interval(slope.0, slope.1), 4, cut));
        }
    }
    for cut in [cut(0, None, None), cut(2, None, None), cut(1, Some(1), None)] {
        for (lo, hi) in [(-8, 7), (-7, 8), (-1, 1), (0, 5), (-5, 0)] {
            sweep(&Case::Abs(interval(lo, hi), cut));
        }
    }
}

#[test]
fn no_value_beyond_a_width_is_proved_and_none_within_is_misproved() {
    for shift in [0, 1, 2] {
        for saturate in [None, Some(0), Some(1), Some(2)] {
            for width in [None, Some(2), Some(3)] {
                for (lo, hi) in [(-12, 11), (-3, 11), (-12, 2), (0, 11), (-12, -1), (-4, 3)] {
                    let (of, cut) = (interval(lo, hi), cut(shift, saturate, width));
                    if (Rescale { cut }).bound(&of).is_ok() {
                        sweep(&Case::Rescale(of, cut));
                        sweep(&Case::Relu(of, cut));
                    }
                }
            }
        }
    }
}

#[test]
fn no_sign_order_or_index_answers_otherwise() {
    for (lo, hi) in [(-4, 3), (-3, 4), (-1, 0), (0, 3), (-3, 0), (-1, 1), (-1, 3), (1, 3)] {
        let of = interval(lo, hi);
        [Case::Sign(of), Case::IsNonNegative(of), Case::IsZero(of), Case::SignMagnitude(of)].iter().for_each(sweep);
        sweep(&Case::Max(of, interval(-2, 2)));
        sweep(&Case::Argmax(vec![of, interval(-1, 1), interval(-2, 0)]));
        sweep(&Case::Argmax(vec![interval(3, 3), of]));
    }
}

#[test]
fn no_value_is_nearer_to_the_largest_than_it_is() {
    for values in [vec![(-2, 2), (-1, 1)], vec![(0, 2), (1, 3), (-1, 0)], vec![(2, 2), (0, 2)], vec![(1, 1), (1, 1)]] {
        let values: Vec<Interval> = values.into_iter().map(|(lo, hi)| interval(lo, hi)).collect();
        sweep(&Case::Exponentials(values.clone(), table(Sides::Positive, 0, 0, 0)));
        sweep(&Case::Exponentials(values, table(Sides::Positive, 1, 1, 0)));
    }
}
