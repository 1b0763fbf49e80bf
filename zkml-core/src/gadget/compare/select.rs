//! Multiplexer: `y = a if c = 1, b if c = 0`

use crate::gadget::{
    Card, Cs, Functions, Gadget, One, Three,
    card::{Published, signed},
};
use crate::number::{Approximate, ArithError, Cost, Int, Integer, Interval, Measure, approximate};

/// Multiplexer: `a` if the condition `c` is one, `b` if it is zero.
///
/// # Constraints
/// `1`; none where the condition or both values are known.
#[derive(Clone, Copy, Debug)]
pub struct Select;

impl Gadget for Select {
    const CARD: Card = Card {
        name: "select",
        formula: "y = a if c = 1, b if c = 0",
        constraints: "1",
        example: of_two,
        published: &[Published {
            what: "selection of one of two",
            ours: of_two,
            theirs: "1 (`Mux1`)",
            source: "iden3/circomlib, `circuits/mux1.circom`",
        }],
    };
    type In = Three;
    type Out = One;

    fn eval<T: Integer>(&self, (c, a, b): (T, T, T)) -> T {
        if c == T::ZERO { b } else { a }
    }

    /// # Errors
    /// If the condition may be anything but `0` and `1`.
    fn bound(&self, (c, a, b): (&Interval, &Interval, &Interval)) -> Result<Interval, ArithError> {
        check(c)?;
        Ok(match c.as_point() {
            Some(c) => *chosen(c, a, b),
            None => Interval { lo: a.lo.min(b.lo), hi: a.hi.max(b.hi) },
        })
    }

    fn error(
        &self,
        (c, a, b): (&Approximate, &Approximate, &Approximate),
        _: &Interval,
        _: &mut dyn Functions,
    ) -> Result<f64, ArithError> {
        let own = a.error.max(b.error);
        if c.error == 0.0 {
            return Ok(own);
        }
        let apart = a.interval.hi.max(b.interval.hi).as_f64() - a.interval.lo.min(b.interval.lo).as_f64();
        Ok(own + approximate::term(apart, c.error.max(1.0)))
    }

    fn intermediate(&self, _: (&Interval, &Interval, &Interval)) -> Result<u32, ArithError> {
        Ok(0)
    }

    /// # Errors
    /// If the condition may be anything but `0` and `1`, or the difference may reach `2^250`.
    fn cost(&self, (c, a, b): (&Interval, &Interval, &Interval)) -> Result<Cost, ArithError> {
        check(c)?;
        let free = c.is_point() || a.sub(b)?.is_point();
        Ok(if free { Cost::default() } else { Cost::new(1, 1) })
    }

    fn terms(&self, (c, a, b): (&Measure, &Measure, &Measure)) -> Result<u32, ArithError> {
        check(&c.interval)?;
        if let Some(c) = c.interval.as_point() {
            return Ok(chosen(c, a, b).terms);
        }
        Ok(match a.interval.sub(&b.interval)?.as_point() {
            Some(difference) if difference == Int::ZERO => b.terms,
            Some(_) => b.terms.saturating_add(c.terms),
            None => b.terms.saturating_add(1),
        })
    }

    /// # Soundness
    /// `y = b + c * (a - b)`, the product by its own constraint. The interval of `c` is enforced by whoever made it, so it is a
    /// bit. The difference of two values that are always the same is a constant.
    fn enforce<C: Cs>(
        &self,
        cs: &mut C,
        ((c, of_c), (a, of_a), (b, of_b)): ((&C::W, &Interval), (&C::W, &Interval), (&C::W, &Interval)),
    ) -> Result<C::W, ArithError> {
        cs.label(Self::CARD.name);
        check(of_c)?;
        if let Some(known) = of_c.as_point() {
            return Ok(chosen(known, a, b).clone());
        }
        Ok(match of_a.sub(of_b)?.as_point() {
            Some(difference) => cs.linear(&[(Int::ONE, b), (difference, c)], Int::ZERO),
            None => {
                let difference = cs.linear(&[(Int::ONE, a), (-Int::ONE, b)], Int::ZERO);
                let moved = cs.product(&difference, c);
                cs.linear(&[(Int::ONE, &moved), (Int::ONE, b)], Int::ZERO)
            }
        })
    }
}

fn of_two(bits: u32) -> Result<Cost, ArithError> {
    Select.cost((&Interval { lo: Int::ZERO, hi: Int::ONE }, &signed(bits), &signed(bits)))
}

/// Refuses what is no bit.
fn check(c: &Interval) -> Result<(), ArithError> {
    if c.lo < Int::ZERO || c.hi > Int::ONE {
        let message = format!(
            "a condition may be {} to {}, expected 0 or 1; give the result of a comparison, or a whole input of 0..=1",
            c.lo, c.hi
        );
        return Err(ArithError::Backend(message));
    }
    Ok(())
}

/// The one that a known condition chooses.
fn chosen<'a, T>(c: Int, a: &'a T, b: &'a T) -> &'a T {
    if c == Int::ZERO { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_two_is_no_condition() {
        let of = |lo: i64, hi: i64| Interval { lo: Int::from(lo), hi: Int::from(hi) };
        assert_eq!(Select.bound((&of(0, 1), &of(2, 3), &of(-1, 0))), Ok(of(-1, 3)));
        assert_eq!(Select.bound((&of(1, 1), &of(2, 3), &of(-1, 0))), Ok(of(2, 3)));
        for wrong in [of(0, 2), of(-1, 1), of(2, 2)] {
            let error = Select.cost((&wrong, &of(2, 3), &of(-1, 0))).unwrap_err();
            assert!(
                error
                    .to_string()
                    .ends_with("expected 0 or 1; give the result of a comparison, or a whole input of 0..=1")
            );
        }
    }
}
