//! Absolute value, with a rescale: `y = rescale(|a|)`

use crate::{
    gadget::{
        Card, Cs, Functions, Gadget, Limb, One, Rescale, bits::decompose, card::signed, functions, rescaling::rescale,
    },
    number::{Approximate, ArithError, Cost, Cut, Int, Integer, Interval, Measure, interval::bit_len},
};

/// Absolute value: `rescale(|a|)`. The bit width of the cut is not enforced.
///
/// # Constraints
/// `bits + 1` for all values of so many bits with their sign, of which the least has a magnitude of as many: in general
/// `m + 1`, where `|a| < 2^m`: a number of `m` bits, and one product. The rescale is free; a saturation that can happen
/// costs a rescale more. With a sign that is known, those of a rescale.
#[derive(Clone, Copy, Debug)]
pub struct Abs {
    /// How the magnitude is cut.
    pub cut: Cut,
}

impl Gadget for Abs {
    const CARD: Card = Card {
        name: "abs",
        formula: "y = rescale(|a|)",
        constraints: "bits + 1",
        example: |bits| Abs { cut: Cut { shift: 4, ..Cut::default() } }.cost(&signed(bits)),
        published: &[],
    };
    type In = One;
    type Out = One;

    fn eval<T: Integer>(&self, a: T) -> T {
        self.cut.apply(a.max(T::ZERO - a))
    }

    /// # Errors
    /// Never for a valid interval and a shift of at most 250.
    fn bound(&self, a: &Interval) -> Result<Interval, ArithError> {
        Rescale { cut: self.cut.without_bits() }.bound(&magnitudes(a))
    }

    fn error(&self, a: &Approximate, _: &Interval, functions: &mut dyn Functions) -> Result<f64, ArithError> {
        let magnitudes = Interval { lo: Int::ZERO, hi: a.interval.magnitude() };
        Ok(functions::cut(&magnitudes, a.error, self.cut, functions))
    }

    fn intermediate(&self, _: &Interval) -> Result<u32, ArithError> {
        Ok(self.cut.shift)
    }

    /// # Errors
    /// If the decomposition needs more than 252 bits.
    fn cost(&self, a: &Interval) -> Result<Cost, ArithError> {
        Ok(match self.case(a)? {
            Case::Constant(_) => Cost::default(),
            Case::Known(_) => Rescale { cut: self.cut.without_bits() }.cost(&magnitudes(a))?,
            Case::Rounded { m } => magnitude_cost(m),
            Case::Saturated { m } => magnitude_cost(m) + self.saturation().cost(&self.unsaturated().bound(a)?)?,
        })
    }

    fn terms(&self, a: &Measure) -> Result<u32, ArithError> {
        let rounded = |m: u32| m - self.cut.shift.min(m) + u32::from(self.cut.shift > 0);
        Ok(match self.case(&a.interval)? {
            Case::Constant(_) => 0,
            Case::Known(_) => {
                let interval = magnitudes(&a.interval);
                Rescale { cut: self.cut.without_bits() }.terms(&Measure { interval, terms: a.terms })?
            }
            Case::Rounded { m } => rounded(m),
            Case::Saturated { m } => {
                let interval = self.unsaturated().bound(&a.interval)?;
                self.saturation().terms(&Measure { interval, terms: rounded(m) })?
            }
        })
    }

    /// # Soundness
    /// See `magnitude`: the limbs of `|a|` are functions of `a`, and so is what is rounded of them.
    fn enforce<C: Cs>(&self, cs: &mut C, (a, interval): (&C::W, &Interval)) -> Result<C::W, ArithError> {
        cs.label(Self::CARD.name);
        match self.case(interval)? {
            Case::Constant(value) => Ok(cs.constant(value)),
            Case::Known(sign) => {
                let z = cs.linear(&[(sign, a)], Int::ZERO);
                rescale::part(cs, (&z, &magnitudes(interval)), self.cut.without_bits())
            }
            Case::Rounded { m } => {
                let (limbs, _) = magnitude(cs, a, decompose::rounding(m, self.cut.shift, Limb::Number));
                Ok(decompose::rounded(cs, &limbs, Int::ZERO))
            }
            Case::Saturated { m } => {
                let (limbs, _) = magnitude(cs, a, decompose::rounding(m, self.cut.shift, Limb::Number));
                let z = decompose::rounded(cs, &limbs, Int::ZERO);
                rescale::part(cs, (&z, &self.unsaturated().bound(interval)?), self.cut.saturation())
            }
        }
    }
}

enum Case {
    /// The result is always this.
    Constant(Int),
    /// The sign is known: a rescale of `sign * a`.
    Known(Int),
    /// `|a|` in `m` bits, the high ones of which are the result but for the rounding.
    Rounded { m: u32 },
    /// The same, saturated.
    Saturated { m: u32 },
}

impl Abs {
    fn case(&self, a: &Interval) -> Result<Case, ArithError> {
        let y = self.bound(a)?;
        if let Some(value) = y.as_point() {
            return Ok(Case::Constant(value));
        }
        if a.lo >= Int::ZERO {
            return Ok(Case::Known(Int::ONE));
        }
        if a.hi <= Int::ZERO {
            return Ok(Case::Known(-Int::ONE));
        }
        let m = decompose::check(bit_len(a.magnitude()))?;
        Ok(if y == self.unsaturated().bound(a)? { Case::Rounded { m } } else { Case::Saturated { m } })
    }

    fn unsaturated(&self) -> Self {
        Self { cut: self.cut.rounding() }
    }

    fn saturation(&self) -> Rescale {
        Rescale { cut: self.cut.saturation() }
    }
}

/// The interval of `|a|`.
fn magnitudes(a: &Interval) -> Interval {
    let nearest = if a.contains(Int::ZERO) { Int::ZERO } else { a.lo.max(-a.hi) };
    Interval { lo: nearest, hi: a.magnitude() }
}

/// The cost of [`magnitude`].
pub(in crate::gadget) fn magnitude_cost(m: u32) -> Cost {
    decompose::fresh_cost(m) + Cost::new(1, 0)
}

/// `|a|` in limbs of `m` bits together, for `|a| < 2^m`, and `|a|` itself: a new number, and one constraint more.
///
/// # Soundness
/// `(z - a) (z + a) = 0` makes `z` either `a` or `-a`, and its limbs make it one of `0..2^m`. Of `a` and `-a` only one lies
/// there, since both are below `2^250` in magnitude and `m` is at most 250; or both are zero. So no sign is a variable, and
/// nothing is free at zero.
pub(in crate::gadget) fn magnitude<C: Cs, const N: usize>(
    cs: &mut C,
    a: &C::W,
    limbs: [Limb; N],
) -> ([Vec<C::W>; N], C::W) {
    let value = cs.value(a).map(|a| a.max(a.wrapping_neg()));
    let wires = cs.fresh(limbs, value);
    let z = decompose::join(cs, &limbs, &wires);
    let less = cs.linear(&[(Int::ONE, &z), (-Int::ONE, a)], Int::ZERO);
    let more = cs.linear(&[(Int::ONE, &z), (Int::ONE, a)], Int::ZERO);
    let zero = cs.constant(Int::ZERO);
    cs.enforce(&less, &more, &zero);
    (wires, z)
}
