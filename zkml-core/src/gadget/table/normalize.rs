//! Normalisation to exponent and mantissa: `e = floor(log2 a)`, `y = table(a * 2^(n-1-e) - 2^(n-1))`

use crate::{
    gadget::{Card, Cs, Functions, Gadget, One, Piecewise, Two, card},
    number::{
        Approximate, ArithError, Cost, Int, Integer, Interval, MAX_BITS, Measure, float,
        interval::{bit_len, pow2},
    },
};

/// Normalisation, as of a floating-point number: the exponent of a value, and a table's value at its mantissa.
///
/// # Constraints
/// `2 * bits + 3` for all positive values of so many bits with their sign, and a table of four parabolas: in general one for
/// each exponent that there may be, one for the mantissa, and the table's of a value that is never negative.
#[derive(Clone, Copy, Debug)]
pub struct Normalize<'t> {
    /// The table, of mantissas: its input's scale is the number of their bits below the point, `n - 1`.
    pub table: &'t Piecewise,
}

impl Normalize<'_> {
    /// The bits of the largest `a`: one more than the mantissa's below the point, which the table is for.
    fn bits(&self) -> u32 {
        self.table.input().max(0).unsigned_abs() + 1
    }

    /// The interval of what the table is asked for.
    fn mantissas(&self) -> Interval {
        Interval { lo: Int::ZERO, hi: pow2(self.bits() - 1) - Int::ONE }
    }
}

/// The exponents that there may be, from the lowest.
fn exponents(a: &Interval) -> std::ops::RangeInclusive<u32> {
    bit_len(a.lo) - 1..=bit_len(a.hi) - 1
}

impl Gadget for Normalize<'_> {
    const CARD: Card = Card {
        name: "normalize",
        formula: "e = floor(log2 a), y = table(a * 2^(n-1-e) - 2^(n-1))",
        constraints: "2 * bits + 3",
        example: |bits| {
            let table = card::table(bits as i32 - 2)?;
            Normalize { table: &table }.cost(&Interval { lo: Int::ONE, hi: card::signed(bits).hi })
        },
        published: &[],
    };
    type In = One;
    type Out = Two;

    /// What is below one counts as one, what has more than `n` bits as `2^n - 1`.
    fn eval<T: Integer>(&self, a: T) -> (T, T) {
        let n = self.bits();
        let a = a.wide().max(Int::ONE).min(pow2(n) - Int::ONE);
        let e = bit_len(a) - 1;
        let mantissa = (a << (n - 1 - e)) - pow2(n - 1);
        (T::of(Int::from(e)), T::of(self.table.at(mantissa)))
    }

    /// # Errors
    /// If `a` may be below one or have more than `n` bits, or a cell of the table is as wide as all mantissas: the table would
    /// decompose more than `n - 1` bits. If `a` times a power below `2^n` may outgrow the field.
    fn bound(&self, a: &Interval) -> Result<(Interval, Interval), ArithError> {
        let bits = self.bits();
        if self.table.drop() + 1 >= bits {
            return Err(ArithError::Domain("a cell of a table is as wide as all mantissas that it is for"));
        }
        if 2 * bits > MAX_BITS {
            return Err(ArithError::Overflow { bits: 2 * bits });
        }
        if a.lo < Int::ONE || a.hi >= pow2(bits) {
            return Err(ArithError::Domain("a value may have no exponent, or one beyond its table"));
        }
        let exponents = exponents(a);
        let exponent = Interval::new(Int::from(*exponents.start()), Int::from(*exponents.end()))?;
        if let Some(a) = a.as_point() {
            return Ok((exponent, Interval::point(self.eval(a).1)));
        }
        Ok((exponent, self.table.bound(&self.mantissas())?))
    }

    /// The table is of `ln(1 + m)`: the exponent is what it is, and the other result stands for what the logarithm lacks to
    /// its multiple of `ln(2)`.
    fn error(
        &self,
        a: &Approximate,
        _: &(Interval, Interval),
        functions: &mut dyn Functions,
    ) -> Result<(f64, f64), ArithError> {
        let mantissas = Interval { lo: Int::ZERO, hi: (Int::ONE << (self.bits() - 1)) - Int::ONE };
        let own = functions.error(self.table, &mantissas, 0.0);
        let least = a.interval.lo.as_f64() - a.error;
        let moved = match (a.error == 0.0, least > 0.0) {
            (true, _) => 0.0,
            (false, true) => float::exp2(self.table.scale()) * a.error / least,
            (false, false) => f64::INFINITY,
        };
        Ok((0.0, own + moved))
    }

    fn intermediate(&self, _: &Interval) -> Result<u32, ArithError> {
        // Mantissas have a bit more than the table's input has below the point.
        Ok(self.table.widest().max(self.table.input().unsigned_abs() + 1))
    }

    /// # Errors
    /// As [`Gadget::bound`].
    fn cost(&self, a: &Interval) -> Result<Cost, ArithError> {
        self.bound(a)?;
        if a.is_point() {
            return Ok(Cost::default());
        }
        let count = exponents(a).count();
        let chosen = if count < 2 { Cost::default() } else { Cost::new(count, count - 1) + Cost::new(1, 1) };
        Ok(chosen + self.table.cost(&self.mantissas())?)
    }

    fn terms(&self, a: &Measure) -> Result<(u32, u32), ArithError> {
        self.bound(&a.interval)?;
        if a.interval.is_point() {
            return Ok((0, 0));
        }
        let count = exponents(&a.interval).count() as u32;
        Ok((count - 1, self.table.terms(&Measure::variable(self.mantissas()))?))
    }

    /// # Soundness
    /// The selectors of the exponents are booleans that sum to one: the first is one less all others, and boolean by its own
    /// constraint. The mantissa is the product of `a` and the selected power of two, less `2^(n-1)`, and the table cuts it
    /// into limbs of `n - 1` bits, and no more (what would is refused): of the powers only one brings `a` into
    /// `2^(n-1) .. 2^n`. All are below `2^(2 * n)`, which is at most `2^250`, so that nothing wraps.
    fn enforce<C: Cs>(&self, cs: &mut C, (a, interval): (&C::W, &Interval)) -> Result<(C::W, C::W), ArithError> {
        cs.label(Self::CARD.name);
        self.bound(interval)?;
        if let Some(a) = interval.as_point() {
            let (exponent, value) = self.eval(a);
            return Ok((cs.constant(exponent), cs.constant(value)));
        }
        let n = self.bits();
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
        let value = self.table.enforce(cs, (&mantissa, &self.mantissas()))?;
        let exponent = if selectors.is_empty() {
            cs.constant(Int::from(first))
        } else {
            let terms: Vec<(Int, &C::W)> = selectors.iter().map(|(e, w)| (Int::from(*e), w)).collect();
            cs.linear(&terms, Int::ZERO)
        };
        Ok((exponent, value))
    }
}
