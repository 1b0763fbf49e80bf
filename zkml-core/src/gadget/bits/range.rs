//! Range check: `lo <= x <= hi`

use crate::{
    gadget::{Cs, bits::decompose},
    number::{ArithError, Cost, Int, Interval, interval::bit_len},
};

/// What the bits of `x - lo` are compared with, from the highest bit down: `hi - lo` has a one there, and whether a zero
/// follows below.
fn steps(span: Int) -> impl Iterator<Item = (bool, bool)> {
    (0..bit_len(span)).rev().map(move |i| {
        let one = (span >> i) & Int::ONE == Int::ONE;
        let below = (Int::ONE << i) - Int::ONE;
        (one, span & below != below)
    })
}

/// The products of the comparison: for every one of `hi - lo` but the first that has a zero below it.
fn products(span: Int) -> usize {
    steps(span).enumerate().filter(|(i, (one, zero_below))| *i > 0 && *one && *zero_below).count()
}

/// Range check: one constraint a bit of `hi - lo`, and one a one among them (but the first) with a zero below it. For `0..=255`
/// that is 8, for `0..=16` it is 5.
///
/// # Errors
/// If `hi - lo` has more than 252 bits.
pub fn cost(interval: &Interval) -> Result<Cost, ArithError> {
    let span = interval.hi - interval.lo;
    decompose::check(bit_len(span))?;
    Ok(cost_unchecked(span))
}

/// Range check of so wide an interval, where that is known to have no more bits than are unique.
pub(in crate::gadget) fn cost_unchecked(span: Int) -> Cost {
    let count = bit_len(span) as usize + products(span);
    Cost::new(count, count)
}

/// Allocates a value within the interval: a linear combination of its bits.
///
/// # Constraints
/// See [`cost`].
///
/// # Soundness
/// `x = lo + sum_i 2^i * b_i`, so `x >= lo`. From the highest bit down, `p` is one exactly while `x - lo` has every
/// one that `hi - lo` has. Where `hi - lo` has a zero, the constraint `b * (1 - p - b) = 0` is booleanity if `p = 0`, and
/// `b = 0` if `p = 1`: so `x - lo` can't exceed `hi - lo`.
pub fn allocate<C: Cs + ?Sized>(cs: &mut C, interval: &Interval, value: Option<Int>) -> C::W {
    let bits = allocate_bits(cs, interval, value);
    decompose::weighted(cs, &bits, interval.lo)
}

/// Allocates a value within the interval: the bits of `x - lo`, the lowest first, each a variable.
///
/// # Constraints
/// See [`cost`].
///
/// # Soundness
/// See [`allocate`].
pub fn allocate_bits<C: Cs + ?Sized>(cs: &mut C, interval: &Interval, value: Option<Int>) -> Vec<C::W> {
    let span = interval.hi - interval.lo;
    let zero = cs.constant(Int::ZERO);
    let mut bits = Vec::new();
    let mut prefix: Option<C::W> = None;
    let length = bit_len(span);
    for (i, (one, zero_below)) in steps(span).enumerate() {
        let position = length - 1 - i as u32;
        let bit = value.map(|v| ((v - interval.lo) >> position) & Int::ONE);
        let bit = match (&prefix, one) {
            (Some(p), false) => {
                let b = cs.bit(bit);
                let rest = cs.linear(&[(-Int::ONE, p), (-Int::ONE, &b)], Int::ONE);
                cs.enforce(&b, &rest, &zero);
                b
            }
            (p, _) => {
                let b = cs.boolean(bit);
                if one && zero_below {
                    prefix = Some(match p {
                        None => b.clone(),
                        Some(p) => cs.product(p, &b),
                    });
                }
                b
            }
        };
        bits.push(bit);
    }
    bits.reverse();
    bits
}

/// Range check of a wire: a value allocated there, and one constraint more that they are equal.
pub fn enforce<C: Cs + ?Sized>(cs: &mut C, x: &C::W, interval: &Interval) {
    let value = cs.value(x);
    let within = allocate(cs, interval, value);
    let difference = cs.linear(&[(Int::ONE, x), (-Int::ONE, &within)], Int::ZERO);
    cs.enforce_zero(&difference);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_common_ranges() {
        let count = |lo: i64, hi: i64| cost(&Interval { lo: Int::from(lo), hi: Int::from(hi) }).unwrap().constraints;
        assert_eq!(count(0, 255), 8);
        assert_eq!(count(-128, 127), 8);
        assert_eq!(count(0, 16), 5);
        assert_eq!(count(0, 5), 3);
        assert_eq!(count(0, 12), 5);
        assert_eq!(count(7, 7), 0);
    }
}
