//! Rescaling (requantisation): `y = clamp(floor((q + 2^(k-1)) / 2^k))`

use crate::{
    gadget::{
        Card, Clip, Confines, Cs, Functions, Gadget, Limb, One,
        bits::{decompose, zero},
        card::{CIRCOMLIB_ML, Published, signed},
        functions,
    },
    number::{
        Approximate, ArithError, Cost, Cut, Int, Integer, Interval, Measure,
        interval::{bit_len, pow2},
    },
};

/// Rescaling: a division by a power of two, rounding half up, with saturation.
///
/// # Constraints
/// `bits + 1` for a value of so many bits with its sign: in general `n`, for a bit decomposition in `n` bits, where `2^n`
/// exceeds the extent of the interval, rounding included. None for a shift of 0 or a result that is known, unless the bit
/// width excludes values. A saturation that can happen needs a sign bit and up to three constraints more.
#[derive(Clone, Copy, Debug)]
pub struct Rescale {
    /// How the value is cut.
    pub cut: Cut,
}

impl Gadget for Rescale {
    const CARD: Card = Card {
        name: "rescale",
        formula: "y = clamp(floor((q + 2^(k-1)) / 2^k))",
        constraints: "bits + 1",
        example: by_2_8,
        published: &[Published {
            what: "rescale by 2^8",
            ours: by_2_8,
            theirs: "none: quotients are assigned, and remainders have no range check",
            source: CIRCOMLIB_ML,
        }],
    };
    type In = One;
    type Out = One;

    fn admit<T: Integer>(&self, q: &T) -> Result<(), ArithError> {
        self.cut.admit(*q).map(|_| ())
    }

    fn eval<T: Integer>(&self, q: T) -> T {
        self.cut.apply(q)
    }

    /// `eval` is monotone, and the bit width is enforced.
    ///
    /// # Errors
    /// If the bit width excludes every value. Otherwise never for a valid interval and a shift of at most 250.
    fn bound(&self, q: &Interval) -> Result<Interval, ArithError> {
        decompose::check(self.cut.shift)?;
        self.cut.image(&self.cut.narrow(q)?)
    }

    fn error(&self, q: &Approximate, _: &Interval, functions: &mut dyn Functions) -> Result<f64, ArithError> {
        Ok(functions::cut(&q.interval, q.error, self.cut, functions))
    }

    fn intermediate(&self, _: &Interval) -> Result<u32, ArithError> {
        Ok(self.cut.shift)
    }

    /// # Errors
    /// If the decomposition needs more than 252 bits, or the bit width excludes every value.
    fn cost(&self, q: &Interval) -> Result<Cost, ArithError> {
        Ok(Case::of(q, self.cut)?.cost())
    }

    /// `q + add` is decomposed in so many bits; but for a saturation by lookups, which takes every value.
    fn confines(&self, q: &Interval, looks_up: bool) -> Result<Confines, ArithError> {
        let (add, bits) = match Case::of(q, self.cut)? {
            Case::Constant(_) | Case::Same => return Ok(Confines::Nothing),
            Case::Floor { spare: 1.., .. } | Case::Signed { spare: 1.., .. } if looks_up => {
                return Ok(Confines::Nothing);
            }
            Case::Floor { add, bits, .. } => (add, bits),
            Case::Signed { add, m, .. } => (add, m + 1),
        };
        Ok(Interval::new(-add, pow2(bits) - Int::ONE - add).map_or(Confines::Nothing, Confines::To))
    }

    fn terms(&self, q: &Measure) -> Result<u32, ArithError> {
        let shift = self.cut.shift;
        Ok(match Case::of(&q.interval, self.cut)? {
            Case::Constant(_) => 0,
            Case::Same => q.terms,
            Case::Floor { spare: 0, .. } if shift == 0 => q.terms,
            Case::Floor { bits, spare: 0, .. } => bits - shift,
            Case::Floor { .. } => 1,
            Case::Signed { .. } => 2,
        })
    }

    /// # Soundness
    /// The limbs are unique (see [`Cs::split`]). They exist exactly for the values of the input's interval, which
    /// is enforced, that the bit width admits: where the bit width excludes values on one side, that is where its bits end. So
    /// remainder, quotient and sign are functions of the input. The choice between value and end is a product with a bit
    /// that is a function of them ([`zero::enforce`]).
    ///
    /// With lookups, a saturation that can happen is a [`Clip`], which enforces no bit width: what the bit width excludes is saturated as
    /// well, and so within the bound.
    fn enforce<C: Cs>(&self, cs: &mut C, (q, interval): (&C::W, &Interval)) -> Result<C::W, ArithError> {
        cs.label(Self::CARD.name);
        let shift = self.cut.shift;
        let b = self.cut.saturate.unwrap_or(0);
        match Case::of(interval, self.cut)? {
            Case::Constant(value) => Ok(cs.constant(value)),
            Case::Same => Ok(q.clone()),
            // Single bits are dear, and comparisons with the ends are not.
            Case::Floor { spare: 1.., .. } | Case::Signed { spare: 1.., .. } if cs.looks_up() => {
                Clip { cut: self.cut.rounding(), lo: -pow2(b), hi: pow2(b) - Int::ONE }.enforce(cs, (q, interval))
            }
            Case::Floor { add, base, bits, spare } => {
                let t = cs.linear(&[(Int::ONE, q)], add);
                if spare == 0 && shift == 0 {
                    cs.range(&t, bits);
                    return Ok(q.clone());
                }
                if spare == 0 {
                    let [_, quotient] = cs.split(&t, [Limb::Checked(shift), Limb::Number(bits - shift)]);
                    return Ok(cs.linear(&[(Int::ONE, &quotient[0])], base));
                }
                let [_, low, high] = cs.split(&t, [Limb::Checked(shift), Limb::Number(b), Limb::Bits(spare)]);
                Ok(select(cs, &high, &low[0], pow2(b) - Int::ONE))
            }
            Case::Signed { add, spare, .. } => {
                let t = cs.linear(&[(Int::ONE, q)], add);
                let limbs = [Limb::Checked(shift), Limb::Number(b), Limb::Bits(spare), Limb::Bits(1)];
                let [_, low, high, sign] = cs.split(&t, limbs);
                let (low, sign) = (&low[0], &sign[0]);
                // Within the ends, the value is low + (sign - 1) * 2^b; the ends are sign * (2^(b+1) - 1) - 2^b.
                let inner = cs.linear(&[(Int::ONE, low), (pow2(b), sign)], -pow2(b));
                let end = cs.linear(&[(pow2(b + 1) - Int::ONE, sign)], -pow2(b));
                if spare == 0 {
                    return Ok(inner);
                }
                // The sum of the spare bits, less what it is within the ends: all if negative, none if not.
                let mut terms: Vec<(Int, &C::W)> = high.iter().map(|b| (Int::ONE, b)).collect();
                terms.push((Int::from(spare), sign));
                let off = cs.linear(&terms, -Int::from(spare));
                let within = if spare == 1 {
                    let squared = cs.product(&off, &off);
                    cs.linear(&[(-Int::ONE, &squared)], Int::ONE)
                } else {
                    zero::enforce(cs, &off)
                };
                let above = cs.linear(&[(Int::ONE, &inner), (-Int::ONE, &end)], Int::ZERO);
                let chosen = cs.product(&within, &above);
                Ok(cs.linear(&[(Int::ONE, &chosen), (Int::ONE, &end)], Int::ZERO))
            }
        }
    }
}

/// Quotient `floor(t / 2^shift)`, a new variable: `t = lo + 2^shift * quotient` with `0 <= lo < 2^shift`. It is unique only if the
/// caller bounds it, so that the right side is below the modulus.
pub(in crate::gadget) fn unbounded<C: Cs>(cs: &mut C, t: &C::W, shift: u32) -> C::W {
    if shift == 0 {
        return t.clone();
    }
    let quotient = cs.witness(cs.value(t).map(|t| t >> shift));
    let lo = cs.linear(&[(Int::ONE, t), (-pow2(shift), &quotient)], Int::ZERO);
    cs.range(&lo, shift);
    quotient
}

fn by_2_8(bits: u32) -> Result<Cost, ArithError> {
    Rescale { cut: Cut { shift: 8, ..Cut::default() } }.cost(&signed(bits))
}

/// A rescale as a part of another gadget, which names no gadget of its own where it changes nothing.
pub(in crate::gadget) fn part<C: Cs>(cs: &mut C, q: (&C::W, &Interval), cut: Cut) -> Result<C::W, ArithError> {
    if cut.is_none() { Ok(q.0.clone()) } else { Rescale { cut }.enforce(cs, q) }
}

/// What the circuit looks like for these bounds.
enum Case {
    /// The result is always this, and no value is excluded.
    Constant(Int),
    /// The result is the input: no shift, nothing clamped, nothing excluded.
    Same,
    /// `q + half + offset` in so many bits, the high ones of which are the result less a constant; `spare` of them must
    /// be zero, or else the result is the upper end.
    Floor {
        /// `half + offset`, the offset a multiple of `2^k`.
        add: Int,
        /// `offset / 2^k`.
        base: Int,
        bits: u32,
        spare: u32,
    },
    /// `q + half + 2^m` in `m + 1` bits, the top one of which is the sign; the `spare` bits below it must equal
    /// its complement, or else the result is one of the ends.
    Signed { add: Int, m: u32, spare: u32 },
}

impl Case {
    fn of(q: &Interval, cut: Cut) -> Result<Self, ArithError> {
        let Cut { shift, saturate, .. } = cut;
        decompose::check(shift)?;
        let kept = cut.narrow(q)?;
        let y = Cut::by(shift, saturate).image(&kept)?;
        let excludes = kept != *q;
        if let (Some(value), false) = (y.as_point(), excludes) {
            return Ok(Self::Constant(value));
        }
        let full = Cut::by(shift, None).image(&kept)?;
        let half = cut.half();
        let (lo, hi) = (kept.lo + half, kept.hi + half);
        if full == y {
            if shift == 0 && !excludes {
                return Ok(Self::Same);
            }
            if kept.hi < q.hi {
                // The bits must end where the bit width does: hi + 1 is a power of two, and the offset a multiple of 2^k.
                let bits = decompose::check(bit_len(hi - lo).max(shift))?;
                let offset = hi + Int::ONE - pow2(bits);
                return Ok(Self::Floor { add: half - offset, base: offset >> shift, bits, spare: 0 });
            }
            // Where the bit width excludes low values, lo is minus a power of two, at least 2^k: a multiple of 2^k.
            let base = lo >> shift;
            let bits = decompose::check(bit_len(hi - (base << shift)).max(shift))?;
            return Ok(Self::Floor { add: half - (base << shift), base, bits, spare: 0 });
        }
        let b = saturate.unwrap_or(0);
        if lo >= Int::ZERO {
            let bits = decompose::check(bit_len(hi))?;
            return Ok(Self::Floor { add: half, base: Int::ZERO, bits, spare: bits - shift - b });
        }
        let m = decompose::check(sign_bits(lo, hi, shift).max(shift + b) + 1)? - 1;
        Ok(Self::Signed { add: half + pow2(m), m, spare: m - shift - b })
    }

    fn cost(&self) -> Cost {
        match self {
            Self::Constant(_) | Self::Same => Cost::default(),
            Self::Floor { bits, spare, .. } => decompose::cost(*bits) + clamp_cost(*spare, 1, zero::cost()),
            Self::Signed { m, spare, .. } => decompose::cost(m + 1) + clamp_cost(*spare, 1, Cost::new(1, 1)),
        }
    }
}

/// The least `m >= k` with `-2^m <= lo` and `hi < 2^m`.
pub(in crate::gadget) fn sign_bits(lo: Int, hi: Int, shift: u32) -> u32 {
    bit_len(hi).max(bit_len(-lo - Int::ONE)).max(shift)
}

/// The cost of choosing between a value and an end, of which one spare bit needs `one` less than the zero test.
fn clamp_cost(spare: u32, select: usize, single: Cost) -> Cost {
    match spare {
        0 => Cost::default(),
        1 if single == zero::cost() => Cost::new(select, select),
        1 => single + Cost::new(select, select),
        _ => zero::cost() + Cost::new(select, select),
    }
}

/// `value` if all of `high` are zero, `cap` otherwise: one product, and a zero test if there are several.
pub(in crate::gadget) fn select<C: Cs>(cs: &mut C, high: &[C::W], value: &C::W, cap: Int) -> C::W {
    let none = match high {
        [bit] => cs.linear(&[(-Int::ONE, bit)], Int::ONE),
        _ => {
            let terms: Vec<(Int, &C::W)> = high.iter().map(|b| (Int::ONE, b)).collect();
            let sum = cs.linear(&terms, Int::ZERO);
            zero::enforce(cs, &sum)
        }
    };
    let below = cs.linear(&[(Int::ONE, value)], -cap);
    let chosen = cs.product(&none, &below);
    cs.linear(&[(Int::ONE, &chosen)], cap)
}

/// The cost of [`select`].
pub(in crate::gadget) fn select_cost(spare: u32) -> Cost {
    clamp_cost(spare, 1, zero::cost())
}
