//! Rectified linear unit (ReLU), with a rescale: `y = max(0, clamp(floor((q + 2^(k-1)) / 2^k)))`

use crate::{
    gadget::{
        Card, Confines, Cs, Functions, Gadget, Limb, One, Rescale,
        bits::decompose,
        card::{BIONETTA, Published, signed},
        functions,
        rescaling::rescale,
    },
    number::{
        Approximate, ArithError, Cost, Cut, Int, Integer, Interval, Measure,
        interval::{bit_len, pow2},
    },
};

/// Rectified linear unit: `max(0, rescale(q))`.
///
/// # Constraints
/// `bits + 1` for a value of so many bits with its sign: in general `m + 2`, where `2^m` exceeds the magnitude of the input
/// or is the end of the bit width: `m + 1` bits, and the product with the sign bit. A saturation that can happen adds one,
/// or three if more than one bit is cut off. The rescale is free.
#[derive(Clone, Copy, Debug)]
pub struct Relu {
    /// How the value is cut.
    pub cut: Cut,
}

impl Gadget for Relu {
    const CARD: Card = Card {
        name: "relu",
        formula: "y = max(0, rescale(q))",
        constraints: "bits + 1",
        example: plain,
        published: &[
            Published { what: "ReLU", ours: plain, theirs: "253", source: BIONETTA },
            Published {
                what: "ReLU with the rescale",
                ours: |bits| Relu { cut: Cut { shift: 8, ..Cut::default() } }.cost(&signed(bits)),
                theirs: "253, with the same bits used for the rescale",
                source: BIONETTA,
            },
        ],
    };
    type In = One;
    type Out = One;

    fn admit<T: Integer>(&self, q: &T) -> Result<(), ArithError> {
        self.cut.admit(*q).map(|_| ())
    }

    /// The lower end of the bit width is excluded.
    fn admit_with_lookups<T: Integer>(&self, q: &T) -> Result<(), ArithError> {
        self.admit(q)?;
        let t = q.wide() + self.cut.half();
        let excluded = self.cut.quotient_bits().is_some_and(|n| t >> self.cut.shift == -pow2(n));
        if excluded { Err(ArithError::Beyond { value: q.wide(), cut: self.cut }) } else { Ok(()) }
    }

    fn eval<T: Integer>(&self, q: T) -> T {
        self.cut.apply(q).max(T::ZERO)
    }

    /// `eval` is monotone, and the bit width is enforced.
    ///
    /// # Errors
    /// If the bit width excludes every value. Otherwise never for a valid interval and a shift of at most 250.
    fn bound(&self, q: &Interval) -> Result<Interval, ArithError> {
        let y = Rescale { cut: self.cut }.bound(q)?;
        Interval::new(y.lo.max(Int::ZERO), y.hi.max(Int::ZERO))
    }

    fn error(&self, q: &Approximate, _: &Interval, functions: &mut dyn Functions) -> Result<f64, ArithError> {
        let positive = Interval { lo: q.interval.lo.max(Int::ZERO), hi: q.interval.hi.max(Int::ZERO) };
        Ok(functions::cut(&positive, q.error, self.cut, functions))
    }

    fn intermediate(&self, _: &Interval) -> Result<u32, ArithError> {
        Ok(self.cut.shift)
    }

    /// # Errors
    /// If the decomposition needs more than 252 bits.
    fn cost(&self, q: &Interval) -> Result<Cost, ArithError> {
        Ok(match Case::of(q, self.cut)? {
            Case::Constant(_) => Cost::default(),
            Case::Positive => Rescale { cut: self.cut }.cost(q)?,
            Case::Signed { m, spare, .. } => decompose::cost(m + 1) + Cost::new(1, 1) + rescale::select_cost(spare),
        })
    }

    /// `q + half + 2^m` is decomposed in `m + 1` bits. With lookups, `q + half = lo + 2^k * u`: either `y = 0` and `-2^n < u <= 0`, or `y = u` and
    /// `0 <= u < 2^n`.
    fn confines(&self, q: &Interval, looks_up: bool) -> Result<Confines, ArithError> {
        let confined = match Case::of(q, self.cut)? {
            Case::Constant(_) => return Ok(Confines::Nothing),
            Case::Positive => return Rescale { cut: self.cut }.confines(q, looks_up),
            Case::Signed { spare, .. } if looks_up && spare > 0 => {
                return Self { cut: Cut { saturate: None, ..self.cut } }.confines(q, looks_up);
            }
            Case::Signed { .. } if looks_up => {
                let (shift, bits) = (self.cut.shift, magnitude(q, self.cut)?);
                decompose::check(shift + bits + 1)?;
                let (below, above) = ((pow2(bits) - Int::ONE) << shift, pow2(bits + shift) - Int::ONE);
                Interval::new(-below - self.cut.half(), above - self.cut.half())
            }
            Case::Signed { add, m, .. } => Interval::new(-add, pow2(m + 1) - Int::ONE - add),
        };
        Ok(confined.map_or(Confines::Nothing, Confines::To))
    }

    fn terms(&self, q: &Measure) -> Result<u32, ArithError> {
        Ok(match Case::of(&q.interval, self.cut)? {
            Case::Constant(_) => 0,
            Case::Positive => Rescale { cut: self.cut }.terms(q)?,
            Case::Signed { .. } => 1,
        })
    }

    /// # Soundness
    /// With `t = q + half`, the limbs of `t + 2^m` are unique. Its top bit is one exactly if `t >= 0`, and then the
    /// bits below it are those of `t`: from `k` up they are the quotient. The result is their product with the top bit.
    ///
    /// Where the bit width excludes values, `2^m` is the end of the bit width, and no value beyond has a decomposition.
    ///
    /// With lookups, `t = lo + 2^k * u` with `0 <= lo < 2^k`, `y * (y - u) = 0` and `0 <= 2 y - u < 2^n`. If `y = 0` then `-2^n < u <= 0`, if `y = u` then
    /// `0 <= u < 2^n`. So both sides of the first are integers below `2^252` in magnitude, hence equal as integers: `u` is the
    /// quotient, and `y` its positive part. Where the bit width excludes values, `2^n` is its end, and `-2^n` is excluded, too.
    fn enforce<C: Cs>(&self, cs: &mut C, (q, interval): (&C::W, &Interval)) -> Result<C::W, ArithError> {
        cs.label(Self::CARD.name);
        match Case::of(interval, self.cut)? {
            Case::Constant(value) => Ok(cs.constant(value)),
            Case::Positive => Rescale { cut: self.cut }.enforce(cs, (q, interval)),
            Case::Signed { spare, .. } if cs.looks_up() && spare > 0 => {
                let cut = Cut { saturate: None, ..self.cut };
                let first = Self { cut }.enforce(cs, (q, interval))?;
                let cap = Interval::point(Relu { cut: self.cut }.bound(interval)?.hi);
                let above = Self { cut }.bound(interval)?.sub(&cap)?;
                let over = cs.linear(&[(Int::ONE, &first)], -cap.lo);
                let over = Self { cut: Cut::default() }.enforce(cs, (&over, &above))?;
                Ok(cs.linear(&[(Int::ONE, &first), (-Int::ONE, &over)], Int::ZERO))
            }
            Case::Signed { .. } if cs.looks_up() => {
                let (shift, bits) = (self.cut.shift, magnitude(interval, self.cut)?);
                decompose::check(shift + bits + 1)?;
                let t = cs.linear(&[(Int::ONE, q)], self.cut.half());
                let quotient = rescale::unbounded(cs, &t, shift);
                let y = cs.witness(cs.value(&quotient).map(|v| v.max(Int::ZERO)));
                let below = cs.linear(&[(Int::ONE, &y), (-Int::ONE, &quotient)], Int::ZERO);
                let zero = cs.constant(Int::ZERO);
                cs.enforce(&y, &below, &zero);
                let distance = cs.linear(&[(Int::ONE, &y), (Int::ONE, &below)], Int::ZERO);
                cs.range(&distance, bits);
                Ok(y)
            }
            Case::Signed { add, m, spare } => {
                let t = cs.linear(&[(Int::ONE, q)], add);
                let kept = m - self.cut.shift - spare;
                let limbs = [Limb::Checked(self.cut.shift), Limb::Number(kept), Limb::Bits(spare), Limb::Bits(1)];
                let [_, low, high, sign] = cs.split(&t, limbs);
                let value = match spare {
                    0 => low[0].clone(),
                    _ => rescale::select(cs, &high, &low[0], pow2(kept) - Int::ONE),
                };
                Ok(cs.product(&value, &sign[0]))
            }
        }
    }
}

/// The bits of the magnitude of the rounded quotient; where the cut's bits exclude values, the end of its range is excluded as well.
fn magnitude(q: &Interval, cut: Cut) -> Result<u32, ArithError> {
    let kept = cut.narrow(q)?;
    let Interval { lo, hi } = Cut::by(cut.shift, None).image(&kept)?;
    Ok(if kept == *q { bit_len(hi.max(-lo)) } else { rescale::sign_bits(lo, hi, 0) })
}

fn plain(bits: u32) -> Result<Cost, ArithError> {
    Relu { cut: Cut::default() }.cost(&signed(bits))
}

enum Case {
    /// Always this, and no value is excluded.
    Constant(Int),
    /// Never negative: a rescale.
    Positive,
    /// `q + half + 2^m` in `m + 1` bits, of which the top one says whether the result is positive; `spare` of the bits
    /// below it must be zero, or else the result is the upper end.
    Signed { add: Int, m: u32, spare: u32 },
}

impl Case {
    fn of(q: &Interval, cut: Cut) -> Result<Self, ArithError> {
        let Cut { shift, saturate, .. } = cut;
        let y = Relu { cut }.bound(q)?;
        let kept = cut.narrow(q)?;
        if let (Some(value), true) = (y.as_point(), kept == *q) {
            return Ok(Self::Constant(value));
        }
        let half = cut.half();
        let (lo, hi) = (kept.lo + half, kept.hi + half);
        if lo >= Int::ZERO {
            return Ok(Self::Positive);
        }
        let m = decompose::check(rescale::sign_bits(lo, hi, shift) + 1)? - 1;
        let full = Cut::by(shift, None).image(&kept)?;
        let spare = match saturate {
            Some(b) if full.hi > y.hi => m - shift - b,
            _ => 0,
        };
        Ok(Self::Signed { add: half + pow2(m), m, spare })
    }
}
