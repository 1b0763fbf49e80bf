//! Leaky and parametric ReLU, with a rescale: `y = rescale(a >= 0 ? unit * a : slope * a)`

use crate::{
    gadget::{
        Card, Cs, Functions, Gadget, IsNonNegative, Limb, One, Relu, Rescale, Two,
        bits::decompose,
        card::{BIONETTA, Published, signed},
        functions,
        rescaling::{abs, rescale},
    },
    number::{
        Approximate, ArithError, Cost, Cut, Int, Integer, Interval, Measure, approximate,
        interval::{bit_len, pow2},
    },
};

/// Leaky ReLU of a value and a slope: `rescale(unit * a)` from zero on, `rescale(slope * a)` below. The bit width of the cut
/// is not enforced.
///
/// # Constraints
/// `bits + 2` for all values of so many bits with their sign, a known slope such as `77 / 256`, and no rescale. In general:
///
/// * with a known sign, those of a rescale;
/// * with a known slope, whichever is less: `m + 2`, where `2^m` exceeds the magnitude of the value before the rescale, for
///   a slope above zero, the rescale being free; or `n + 1`, where `2^n` exceeds the magnitude of the input, one more if
///   `unit + slope` is odd, and a rescale;
/// * with a private slope, `n + 3` and a rescale.
#[derive(Clone, Copy, Debug)]
pub struct Leaky {
    /// Fixed-point one: the integer of a slope of 1.
    pub unit: Int,
    /// How the product is cut.
    pub cut: Cut,
}

impl Gadget for Leaky {
    const CARD: Card = Card {
        name: "leaky",
        formula: "y = rescale(a >= 0 ? unit * a : slope * a)",
        constraints: "bits + 2",
        example: alpha,
        published: &[Published {
            what: "leaky ReLU, `alpha = 0.3`",
            ours: alpha,
            theirs: "254, as for ReLU, with a product",
            source: BIONETTA,
        }],
    };
    type In = Two;
    type Out = One;

    fn eval<T: Integer>(&self, (a, slope): (T, T)) -> T {
        let y = if a >= T::ZERO { T::of(self.unit) * a } else { slope * a };
        self.cut.apply(y)
    }

    /// # Errors
    /// If `unit * a` or `slope * a`, of either sign, may reach `2^250`.
    fn bound(&self, (a, slope): (&Interval, &Interval)) -> Result<Interval, ArithError> {
        Rescale { cut: self.cut.without_bits() }.bound(&reach(a, slope, self.unit)?)
    }

    fn error(
        &self,
        (a, slope): (&Approximate, &Approximate),
        _: &Interval,
        functions: &mut dyn Functions,
    ) -> Result<f64, ArithError> {
        // Both halves meet at zero: the steeper one bounds what the error of `a` does; the slope's own acts below zero.
        let steepest = self.unit.as_f64().abs().max(slope.magnitude() + slope.error);
        let negative = (-a.interval.lo.as_f64()).max(0.0);
        let error = approximate::term(steepest, a.error) + approximate::term(negative, slope.error);
        Ok(functions::cut(&reach(&a.interval, &slope.interval, self.unit)?, error, self.cut, functions))
    }

    fn intermediate(&self, (a, slope): (&Interval, &Interval)) -> Result<u32, ArithError> {
        let reach = reach(a, slope, self.unit)?;
        Ok(self.cut.shift.max(reach.bits()).max(Interval::point(self.unit).bits()))
    }

    /// # Errors
    /// If `unit * a` or `slope * a` may reach `2^250`, or a decomposition needs more than 252 bits.
    fn cost(&self, (a, slope): (&Interval, &Interval)) -> Result<Cost, ArithError> {
        let cut = self.cut.without_bits();
        Case::of(a, slope, self.unit, cut)?.cost(a, &reach(a, slope, self.unit)?, self.unit, cut)
    }

    fn terms(&self, (a, slope): (&Measure, &Measure)) -> Result<u32, ArithError> {
        let (slope, cut) = (&slope.interval, self.cut.without_bits());
        let y = reach(&a.interval, slope, self.unit)?;
        let before = match Case::of(&a.interval, slope, self.unit, cut)? {
            Case::Multiple(c) if c == Int::ZERO => 0,
            Case::Multiple(_) => a.terms,
            Case::Product => 1,
            Case::Fused { m } => return Ok(1 + m - cut.shift + u32::from(cut.shift > 0)),
            Case::Relu => {
                let interval = Interval::point(self.unit).mul(&a.interval)?;
                return Relu { cut }.terms(&Measure { interval, terms: a.terms });
            }
            Case::Magnitude { m, even: true } => a.terms.saturating_add(m),
            Case::Magnitude { .. } => 1,
            Case::Private { .. } => a.terms.saturating_add(2),
        };
        Rescale { cut }.terms(&Measure { interval: y, terms: before })
    }

    /// # Soundness
    /// * Fused, for a slope above zero: the bit `s` claims the sign, `y = slope * a + (unit - slope) * s * a`, and the
    ///   range check of `y + 2^m` has `s` as its top bit, so it says that `y >= 0` exactly if `s` is one. If `s` is one, `y` is
    ///   `unit * a`, so `a >= 0`; otherwise `y` is `slope * a` and below zero, so `a < 0`. Neither product reaches `2^250`,
    ///   whatever `s` is, so nothing wraps. At zero `y` is zero, and `s` is one: nothing is free. What is cut into limbs is `y` and
    ///   not `y + 2^(k-1)`, so the sign is that of `y`; the rounding adds bit `k - 1`.
    /// * By the magnitude: `|a|` is a function of `a` (see [`abs`]), and so is what is linear in both, or half of it by its own
    ///   constraint: 2 has one inverse.
    /// * With a private slope: `n` is a function of `a` by `2 n = |a| - a`, and its product with the slope is enforced.
    fn enforce<C: Cs>(
        &self,
        cs: &mut C,
        ((a, of_a), (slope, of_slope)): ((&C::W, &Interval), (&C::W, &Interval)),
    ) -> Result<C::W, ArithError> {
        cs.label(Self::CARD.name);
        let (unit, cut) = (self.unit, self.cut.without_bits());
        let interval = reach(of_a, of_slope, unit)?;
        let known = of_slope.as_point().unwrap_or_default();
        let y = match Case::of(of_a, of_slope, unit, cut)? {
            Case::Multiple(c) => cs.linear(&[(c, a)], Int::ZERO),
            Case::Product => cs.product(slope, a),
            Case::Relu => {
                let y = cs.linear(&[(unit, a)], Int::ZERO);
                return Relu { cut }.enforce(cs, (&y, &Interval::point(unit).mul(of_a)?));
            }
            Case::Fused { m } => {
                let value = cs.value(a);
                let sign = cs.boolean(value.map(|a| IsNonNegative.eval(a)));
                let chosen = cs.product(a, &sign);
                let y = cs.linear(&[(known, a), (unit - known, &chosen)], Int::ZERO);
                let above = cs.linear(&[(Int::ONE, &y), (-pow2(m), &sign)], pow2(m));
                let limbs = cs.split(&above, decompose::rounding(m, cut.shift, Limb::Checked));
                let high = decompose::rounded(cs, &limbs, -pow2(m - cut.shift));
                return Ok(cs.linear(&[(Int::ONE, &high), (pow2(m - cut.shift), &sign)], Int::ZERO));
            }
            Case::Magnitude { m, even } => {
                let (_, z) = abs::magnitude(cs, a, [Limb::Number(m)]);
                if even {
                    cs.linear(&[((unit + known) >> 1u32, a), ((unit - known) >> 1u32, &z)], Int::ZERO)
                } else {
                    let twice = cs.linear(&[(unit + known, a), (unit - known, &z)], Int::ZERO);
                    half(cs, &twice)
                }
            }
            Case::Private { m } => {
                let (_, z) = abs::magnitude(cs, a, [Limb::Number(m)]);
                let twice = cs.linear(&[(Int::ONE, &z), (-Int::ONE, a)], Int::ZERO);
                let n = half(cs, &twice);
                let product = cs.product(slope, &n);
                cs.linear(&[(unit, a), (unit, &n), (-Int::ONE, &product)], Int::ZERO)
            }
        };
        rescale::part(cs, (&y, &interval), cut)
    }
}

fn alpha(bits: u32) -> Result<Cost, ArithError> {
    let slope = Interval::point(Int::from(77));
    Leaky { unit: Int::from(256), cut: Cut::default() }.cost((&signed(bits), &slope))
}

/// The interval of the value before the rescale.
///
/// # Errors
/// If `unit * a` or `slope * a`, of either sign, may reach `2^250`.
pub fn reach(a: &Interval, slope: &Interval, unit: Int) -> Result<Interval, ArithError> {
    let unit = Interval::new(unit, unit)?;
    // The branch that is not taken must not wrap either.
    let (above, below) = (unit.mul(a)?, slope.mul(a)?);
    if a.lo >= Int::ZERO {
        return Ok(above);
    }
    if a.hi < Int::ZERO {
        return Ok(below);
    }
    let above = unit.mul(&Interval { lo: Int::ZERO, hi: a.hi })?;
    let below = slope.mul(&Interval { lo: a.lo, hi: -Int::ONE })?;
    Ok(Interval { lo: above.lo.min(below.lo), hi: above.hi.max(below.hi) })
}

enum Case {
    /// A multiple of the input, then a rescale.
    Multiple(Int),
    /// Never positive: the product with the slope, then a rescale.
    Product,
    /// The product `y` with the bit that `a` is not negative, and `y + 2^m` in `m` bits and that bit.
    Fused { m: u32 },
    /// A slope of zero: `relu(unit * a)`.
    Relu,
    /// `((unit + slope) * a + (unit - slope) * |a|) / 2`, with `|a|` in `m` bits, then a rescale.
    Magnitude { m: u32, even: bool },
    /// `unit * a + (unit - slope) * n`, with `n = (|a| - a) / 2`, then a rescale.
    Private { m: u32 },
}

impl Case {
    /// The case for a cut without a bit width.
    fn of(a: &Interval, slope: &Interval, unit: Int, cut: Cut) -> Result<Self, ArithError> {
        let y = reach(a, slope, unit)?;
        let known = slope.as_point();
        let m = decompose::check(bit_len(a.magnitude()))?;
        let slope = match known {
            _ if a.lo >= Int::ZERO => return Ok(Self::Multiple(unit)),
            Some(slope) if a.hi <= Int::ZERO || slope == unit => return Ok(Self::Multiple(slope)),
            None if a.hi <= Int::ZERO => return Ok(Self::Product),
            None => return Ok(Self::Private { m }),
            Some(slope) => slope,
        };
        // Both sum and difference are even, or neither is.
        let mut best = Self::Magnitude { m, even: (unit + slope) & Int::ONE == Int::ZERO };
        let mut least = best.cost(a, &y, unit, cut)?.constraints;
        let kept = Rescale { cut }.bound(&y)? == Rescale { cut: cut.rounding() }.bound(&y)?;
        if slope > Int::ZERO && kept {
            let sign = rescale::sign_bits(y.lo, y.hi, cut.shift);
            if sign < decompose::MAX {
                let fused = Self::Fused { m: sign };
                let cost = fused.cost(a, &y, unit, cut)?.constraints;
                if cost < least {
                    (best, least) = (fused, cost);
                }
            }
        }
        if slope == Int::ZERO && Self::Relu.cost(a, &y, unit, cut).is_ok_and(|c| c.constraints < least) {
            best = Self::Relu;
        }
        Ok(best)
    }

    /// The cost for `a` with values `y` before the rescale.
    fn cost(&self, a: &Interval, y: &Interval, unit: Int, cut: Cut) -> Result<Cost, ArithError> {
        Ok(match self {
            Self::Multiple(_) => Rescale { cut }.cost(y)?,
            Self::Product => Cost::new(1, 1) + Rescale { cut }.cost(y)?,
            Self::Fused { m } => decompose::fresh_cost(1) + Cost::new(1, 1) + decompose::cost(*m),
            Self::Relu => Relu { cut }.cost(&Interval::point(unit).mul(a)?)?,
            Self::Magnitude { m, even } => {
                let halved = if *even { Cost::default() } else { Cost::new(1, 1) };
                abs::magnitude_cost(*m) + halved + Rescale { cut }.cost(y)?
            }
            Self::Private { m } => abs::magnitude_cost(*m) + Cost::new(2, 2) + Rescale { cut }.cost(y)?,
        })
    }
}

/// Half of an even value, as a variable: one constraint.
fn half<C: Cs>(cs: &mut C, twice: &C::W) -> C::W {
    let value = cs.value(twice).map(|t| t >> 1u32);
    let half = cs.witness(value);
    let two = cs.constant(Int::from(2));
    cs.enforce(&half, &two, twice);
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lo: i64, hi: i64) -> Interval {
        Interval { lo: Int::from(lo), hi: Int::from(hi) }
    }

    fn count(slope: i64, unit: i64, shift: u32) -> usize {
        let (slope, cut) = (of(slope, slope), Cut { shift, ..Cut::default() });
        Leaky { unit: Int::from(unit), cut }.cost((&of(-1000, 1000), &slope)).unwrap().constraints
    }

    #[test]
    fn known_counts() {
        // Without a shift, ten bits of the magnitude and a product; and a constraint for an odd sum.
        assert_eq!(count(2, 128, 0), 10 + 1);
        assert_eq!(count(1, 128, 0), 10 + 2);
        // With one, a decomposition of unit * a.
        assert_eq!(count(2, 128, 7), 17 + 2);
        // Below zero, the magnitude and a rescale.
        assert_eq!(count(-128, 128, 3), 10 + 1 + 17);
        assert_eq!(count(0, 1, 3), 10 + 2);
        let private = Leaky { unit: Int::from(4), cut: Cut::default() }.cost((&of(-1000, 1000), &of(-8, 7))).unwrap();
        assert_eq!(private.constraints, 10 + 3);
    }

    #[test]
    fn the_branch_that_is_not_taken_must_fit_the_field_too() {
        let a = Interval { lo: -pow2(240), hi: Int::ONE };
        assert!(reach(&a, &of(1, 1), Int::ONE << 9).is_ok());
        assert_eq!(reach(&a, &of(1, 1), Int::ONE << 10), Err(ArithError::Overflow { bits: 251 }));
    }
}
