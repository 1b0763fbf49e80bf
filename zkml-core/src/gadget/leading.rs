//! `e = floor(log2 a)`, `y = table(a * 2^(n-1-e) - 2^(n-1))`: the exponent, and a function of the mantissa

use super::{
    Cs,
    piecewise::{self, Piecewise},
};
use crate::arith::{
    ArithError, Int, MAX_BITS,
    counts::{Cost, Measure},
    interval::{Interval, bit_len, pow2},
    ints::Integer,
};

/// The bits of the largest `a`: one more than the mantissa's below the point, which the table is for.
fn bits(table: &Piecewise) -> u32 {
    table.input().max(0).unsigned_abs() + 1
}

/// Both; what is below one counts as one, what has more than `n` bits as `2^n - 1`.
pub fn eval<T: Integer>(a: T, table: &Piecewise) -> (T, T) {
    let n = bits(table);
    let a = a.wide().max(Int::ONE).min(pow2(n) - Int::ONE);
    let e = bit_len(a) - 1;
    let mantissa = (a << (n - 1 - e)) - pow2(n - 1);
    (T::of(Int::from(e)), T::of(piecewise::eval(mantissa, table)))
}

/// The interval of what the table is asked for.
fn mantissas(table: &Piecewise) -> Interval {
    Interval { lo: Int::ZERO, hi: pow2(bits(table) - 1) - Int::ONE }
}

/// The exponents that there may be, from the lowest.
fn exponents(a: &Interval) -> std::ops::RangeInclusive<u32> {
    bit_len(a.lo) - 1..=bit_len(a.hi) - 1
}

/// The intervals of both.
///
/// # Errors
/// If `a` may be below one or have more than `n` bits, or a cell of the table is as wide as all mantissas: the table would
/// decompose more than `n - 1` bits. If `a` times a power below `2^n` may outgrow the field.
pub fn bound(a: &Interval, table: &Piecewise) -> Result<(Interval, Interval), ArithError> {
    if table.drop() + 1 >= bits(table) {
        return Err(ArithError::Domain("a cell of a table is as wide as all mantissas that it is for"));
    }
    if 2 * bits(table) > MAX_BITS {
        return Err(ArithError::Overflow { bits: 2 * bits(table) });
    }
    if a.lo < Int::ONE || a.hi >= pow2(bits(table)) {
        return Err(ArithError::Domain("a value may have no exponent, or one beyond its table"));
    }
    let exponents = exponents(a);
    let exponent = Interval::new(Int::from(*exponents.start()), Int::from(*exponents.end()))?;
    if let Some(a) = a.as_point() {
        return Ok((exponent, Interval::point(eval(a, table).1)));
    }
    Ok((exponent, piecewise::bound(&mantissas(table), table)?))
}

/// Constraints: one for each exponent that there may be, one for the mantissa, and the table's of a value that is never
/// negative.
///
/// # Errors
/// As [`bound`].
pub fn cost(a: &Interval, table: &Piecewise) -> Result<Cost, ArithError> {
    bound(a, table)?;
    if a.is_point() {
        return Ok(Cost::default());
    }
    let count = exponents(a).count();
    let chosen = if count < 2 { Cost::default() } else { Cost::new(count, count - 1) + Cost::new(1, 1) };
    Ok(chosen + piecewise::cost(&mantissas(table), table)?)
}

/// How many variables the linear combinations of both have, at most.
///
/// # Errors
/// As [`bound`].
pub fn widths(a: &Interval, table: &Piecewise) -> Result<(u32, u32), ArithError> {
    bound(a, table)?;
    if a.is_point() {
        return Ok((0, 0));
    }
    Ok((exponents(a).count() as u32 - 1, piecewise::width(&Measure::variable(mantissas(table)), table)?))
}

/// Enforces both.
///
/// # Soundness
/// The selectors of the exponents are booleans that sum to one: the first is one less all others, and boolean by its own
/// constraint. The mantissa is the product of `a` and the selected power of two, less `2^(n-1)`, and the table decomposes it
/// into `n - 1` bits, and no more ([`bound`] refuses tables that would): of the powers only one brings `a` into
/// `2^(n-1) .. 2^n`. All are below `2^(2 * n)`, which is at most `2^250`, so that nothing wraps.
pub fn enforce<C: Cs>(
    cs: &mut C,
    a: &C::W,
    interval: &Interval,
    table: &Piecewise,
) -> Result<(C::W, C::W), ArithError> {
    cs.label("leading");
    bound(interval, table)?;
    if let Some(a) = interval.as_point() {
        let (exponent, part) = eval(a, table);
        return Ok((cs.constant(exponent), cs.constant(part)));
    }
    let n = bits(table);
    let value = cs.value(a).map(|a| bit_len(a).max(1) - 1);
    let mut exponents = exponents(interval);
    let first = exponents.next().unwrap_or_default();
    // The first exponent is selected where no other is.
    let mut rest = cs.constant(Int::ONE);
    let mut selectors = Vec::new();
    for e in exponents {
        let chosen = cs.boolean(value.map(|x| if x == e { Int::ONE } else { Int::ZERO }));
        rest = cs.linear(&[(Int::ONE, &rest), (-Int::ONE, &chosen)], Int::ZERO);
        selectors.push((e, chosen));
    }
    let scaled = if selectors.is_empty() {
        cs.linear(&[(pow2(n - 1 - first), a)], Int::ZERO)
    } else {
        let complement = cs.linear(&[(-Int::ONE, &rest)], Int::ONE);
        let zero = cs.constant(Int::ZERO);
        cs.enforce(&rest, &complement, &zero);
        selectors.push((first, rest));
        let terms: Vec<(Int, &C::W)> = selectors.iter().map(|(e, w)| (pow2(n - 1 - e), w)).collect();
        let factor = cs.linear(&terms, Int::ZERO);
        cs.product(a, &factor)
    };
    let mantissa = cs.linear(&[(Int::ONE, &scaled)], -pow2(n - 1));
    let part = piecewise::enforce(cs, &mantissa, &mantissas(table), table)?;
    let exponent = if selectors.is_empty() {
        cs.constant(Int::from(first))
    } else {
        let terms: Vec<(Int, &C::W)> = selectors.iter().map(|(e, w)| (Int::from(*e), w)).collect();
        cs.linear(&terms, Int::ZERO)
    };
    Ok((exponent, part))
}
