//! Maximum of two: `y = max(a, b)`

use crate::{
    gadget::{
        Card, Confines, Cs, Functions, Gadget, One, Two,
        bits::decompose,
        card::{CIRCOMLIB, Published, signed},
    },
    number::{
        Approximate, ArithError, Cost, Int, Integer, Interval, Measure,
        interval::{bit_len, pow2},
    },
};

/// Maximum of two values.
///
/// # Constraints
/// `bits + 1` for two values of so many bits with their sign: in general `m + 1`, where `|a - b| < 2^m`: a range check of
/// `m` bits, and one product. None if one is never below the other.
#[derive(Clone, Copy, Debug)]
pub struct Max;

impl Gadget for Max {
    const CARD: Card = Card {
        name: "max",
        formula: "y = max(a, b)",
        constraints: "bits + 1",
        example: of_two,
        published: &[Published {
            what: "maximum of two",
            ours: of_two,
            theirs: "19 (`LessThan(16)` and a product)",
            source: CIRCOMLIB,
        }],
    };
    type In = Two;
    type Out = One;

    fn eval<T: Integer>(&self, (a, b): (T, T)) -> T {
        a.max(b)
    }

    fn bound(&self, (a, b): (&Interval, &Interval)) -> Result<Interval, ArithError> {
        Interval::new(a.lo.max(b.lo), a.hi.max(b.hi))
    }

    fn error(
        &self,
        (a, b): (&Approximate, &Approximate),
        _: &Interval,
        _: &mut dyn Functions,
    ) -> Result<f64, ArithError> {
        Ok(a.error.max(b.error))
    }

    fn intermediate(&self, _: (&Interval, &Interval)) -> Result<u32, ArithError> {
        Ok(0)
    }

    /// # Errors
    /// If the range check needs more than 252 bits.
    fn cost(&self, (a, b): (&Interval, &Interval)) -> Result<Cost, ArithError> {
        Ok(bits(a, b)?.map_or(Cost::default(), |m| decompose::cost(m) + Cost::new(1, 1)))
    }

    /// `y` is one of both, and `2 y - a - b` has `m` bits: of `a`, if it is `b`, `y - a` has.
    fn confines(&self, (a, b): (&Interval, &Interval), _: bool) -> Result<Confines, ArithError> {
        Ok(bits(a, b)?.map_or(Confines::Nothing, |m| Confines::Below(pow2(m) - Int::ONE)))
    }

    fn terms(&self, (a, b): (&Measure, &Measure)) -> Result<u32, ArithError> {
        Ok(match bits(&a.interval, &b.interval)? {
            Some(_) => 1,
            None if a.interval.lo >= b.interval.hi => a.terms,
            None => b.terms,
        })
    }

    /// # Soundness
    /// `(y - a) (y - b) = 0` makes `y` one of both, so `2 y - a - b` is `a - b` or `b - a`. It is range-checked to have `m` bits (see
    /// [`Cs::range`]), so it is the one that is not negative: both are below `2^250` in magnitude, and the negative one
    /// is no number of `m` bits in the field. That is the larger. If `a = b`, both are.
    fn enforce<C: Cs>(&self, cs: &mut C, (a, b): ((&C::W, &Interval), (&C::W, &Interval))) -> Result<C::W, ArithError> {
        let Some(m) = bits(a.1, b.1)? else {
            return Ok(if a.1.lo >= b.1.hi { a.0.clone() } else { b.0.clone() });
        };
        cs.label(Self::CARD.name);
        let value = cs.value(a.0).zip(cs.value(b.0)).map(|(a, b)| a.max(b));
        let y = cs.witness(value);
        let above = [a.0, b.0].map(|w| cs.linear(&[(Int::ONE, &y), (-Int::ONE, w)], Int::ZERO));
        let zero = cs.constant(Int::ZERO);
        cs.enforce(&above[0], &above[1], &zero);
        let distance = cs.linear(&[(Int::ONE, &above[0]), (Int::ONE, &above[1])], Int::ZERO);
        cs.range(&distance, m);
        Ok(y)
    }
}

fn of_two(bits: u32) -> Result<Cost, ArithError> {
    Max.cost((&signed(bits), &signed(bits)))
}

/// The bits of `|a - b|`; nothing if one is never below the other.
fn bits(a: &Interval, b: &Interval) -> Result<Option<u32>, ArithError> {
    if a.lo >= b.hi || b.lo >= a.hi {
        return Ok(None);
    }
    decompose::check(bit_len(a.sub(b)?.magnitude())).map(Some)
}
