//! Clipping (hard tanh, ReLU6), with a rescale: `y = max(lo, min(hi, rescale(q)))`

use crate::{
    gadget::{
        Card, Cs, Functions, Gadget, Limb, One, Relu, Rescale,
        bits::{decompose, logic},
        card::signed,
        functions,
        rescaling::rescale,
    },
    number::{Approximate, ArithError, Cost, Cut, Int, Integer, Interval, Measure, interval::pow2},
};

/// Clipping: `rescale(q)`, but at least `lo`, and then at most `hi`. The bit width of the cut is not enforced.
///
/// # Constraints
/// `bits + 4` for `0..=96`, of values of so many bits with their sign. In general, for ends of which only one can be met,
/// those of a ReLU, the rescale being free. For both, `m + 3`, where `2^m` exceeds the distance of every value from one of
/// the ends, at its own scale, and the comparison of the bits with the distance `span` of the ends: none if `span` or
/// `span + 1` is a power of two, one for three times one, in general one or two for every run of equal bits in it; and up to
/// two for the bits above it. Whichever of the two ends is cheaper; and never more than two ReLUs.
#[derive(Clone, Copy, Debug)]
pub struct Clip {
    /// How the value is cut.
    pub cut: Cut,
    /// The lower end, of what is cut.
    pub lo: Int,
    /// The upper end, of what is cut.
    pub hi: Int,
}

impl Gadget for Clip {
    const CARD: Card = Card {
        name: "clip",
        formula: "y = max(lo, min(hi, rescale(q)))",
        constraints: "bits + 4",
        example: |bits| Clip { cut: Cut::default(), lo: Int::ZERO, hi: Int::from(96) }.cost(&signed(bits)),
        published: &[],
    };
    type In = One;
    type Out = One;

    fn eval<T: Integer>(&self, q: T) -> T {
        // Ends that `T` does not hold are no ends for it.
        let reach = pow2(T::BITS);
        let end = |x: Int| T::of(x.max(-reach).min(reach));
        self.cut.apply(q).max(end(self.lo)).min(end(self.hi))
    }

    /// `eval` is monotone.
    ///
    /// # Errors
    /// Never for a valid interval and a shift of at most 250, and ends below `2^250` in magnitude.
    fn bound(&self, q: &Interval) -> Result<Interval, ArithError> {
        let (lo, hi) = ends(self.cut, self.lo, self.hi);
        let y = Rescale { cut: self.cut.rounding() }.bound(q)?;
        Interval::new(y.lo.max(lo).min(hi), y.hi.max(lo).min(hi))
    }

    fn error(&self, q: &Approximate, _: &Interval, functions: &mut dyn Functions) -> Result<f64, ArithError> {
        Ok(functions::cut(&q.interval, q.error, Cut { saturate: None, ..self.cut }, functions))
    }

    fn intermediate(&self, _: &Interval) -> Result<u32, ArithError> {
        Ok(self.cut.shift)
    }

    /// # Errors
    /// If the decomposition needs more than 252 bits.
    fn cost(&self, q: &Interval) -> Result<Cost, ArithError> {
        Shape::of(q, self.cut, self.lo, self.hi)?.cost(q, self.cut)
    }

    fn terms(&self, q: &Measure) -> Result<u32, ArithError> {
        let shape = Shape::of(&q.interval, self.cut, self.lo, self.hi)?;
        let cut = self.cut.rounding();
        let relu = |turn: &Turn| {
            let interval = turn.interval(&q.interval)?;
            Relu { cut }.terms(&Measure { interval, terms: q.terms })
        };
        Ok(match &shape.case {
            Case::Constant(_) => 0,
            Case::Rescale => Rescale { cut }.terms(q)?,
            Case::One(turn) => relu(turn)?,
            Case::Both { .. } => 2,
            Case::Twice(turn) => {
                let first = relu(turn)?;
                let interval = shape.excess(&turn.interval(&q.interval)?, cut)?;
                first.saturating_add(Relu { cut: Cut::default() }.terms(&Measure { interval, terms: first })?)
            }
        })
    }

    /// # Soundness
    /// With `u = floor(t / 2^k)` for the `t` of one end, the result is that end and `max(0, min(span, u))`. The limbs of
    /// `t + 2^m` are unique (see [`Cs::split`]); its top bit `s` is one exactly if `u >= 0`, and then the bits from `k` up
    /// are those of `u`. `w` is one exactly if `s` is one and they are below `limit` (see `bits::below`). The result,
    /// `w * (u - span) + s * span`, is `u` if `w` is one; otherwise zero if `u < 0`, and `span` if `u >= limit`, where `limit` is
    /// `span` or one more: of `u = span` both say the same. A relu is a function of its input (see [`super::relu`]).
    fn enforce<C: Cs>(&self, cs: &mut C, (q, interval): (&C::W, &Interval)) -> Result<C::W, ArithError> {
        cs.label(Self::CARD.name);
        let shape = Shape::of(interval, self.cut, self.lo, self.hi)?;
        let (span, cut) = (shape.span, self.cut.rounding());
        match &shape.case {
            Case::Constant(value) => Ok(cs.constant(*value)),
            Case::Rescale => rescale::part(cs, (q, interval), cut),
            Case::One(turn) => {
                let t = turn.enter(cs, q);
                let y = Relu { cut }.enforce(cs, (&t, &turn.interval(interval)?))?;
                Ok(turn.leave(cs, &y))
            }
            Case::Both { turn, m, limit } if !cs.looks_up() => {
                let t = cs.linear(&[(turn.factor(), q)], turn.add + cut.half() + pow2(*m));
                let limbs = [Limb::Checked(cut.shift), Limb::Bits(m - cut.shift), Limb::Bits(1)];
                let [_, quotient, sign] = cs.split(&t, limbs);
                let mut terms = logic::below(cs, &quotient, *limit);
                terms.push(sign[0].clone());
                let within = logic::all(cs, &terms);
                let short = decompose::weighted(cs, &quotient, -span);
                let short = cs.product(&short, &within);
                let y = cs.linear(&[(Int::ONE, &short), (span, &sign[0])], Int::ZERO);
                Ok(turn.leave(cs, &y))
            }
            Case::Twice(turn) | Case::Both { turn, .. } => {
                let t = turn.enter(cs, q);
                let of_t = turn.interval(interval)?;
                let first = Relu { cut }.enforce(cs, (&t, &of_t))?;
                let over = cs.linear(&[(Int::ONE, &first)], -span);
                let over = Relu { cut: Cut::default() }.enforce(cs, (&over, &shape.excess(&of_t, cut)?))?;
                let y = cs.linear(&[(Int::ONE, &first), (-Int::ONE, &over)], Int::ZERO);
                Ok(turn.leave(cs, &y))
            }
        }
    }
}

/// Both ends, the saturation of the cut taken into them.
fn ends(cut: Cut, lo: Int, hi: Int) -> (Int, Int) {
    let within = |x: Int| x.max(lo).min(hi);
    match cut.saturate {
        Some(b) if b < Int::BITS - 2 => (within(-pow2(b)), within(pow2(b) - Int::ONE)),
        _ => (lo.min(hi), hi),
    }
}

/// One end seen from the other: `y = end + f(q + add)`, or `y = end - f(add - q)` if it is flipped, with an `f` that is zero
/// for what rounds below zero.
#[derive(Clone, Copy)]
struct Turn {
    flip: bool,
    end: Int,
    add: Int,
}

impl Turn {
    /// Seen from below.
    fn low(cut: Cut, lo: Int) -> Self {
        Self { flip: false, end: lo, add: -(lo << cut.shift) }
    }

    /// Seen from above: `hi - floor((q + half) / 2^k)` is `floor((hi * 2^k - q - 1 + half) / 2^k)`, for `k > 0`.
    fn high(cut: Cut, hi: Int) -> Self {
        let less = if cut.shift > 0 { Int::ONE } else { Int::ZERO };
        Self { flip: true, end: hi, add: (hi << cut.shift) - less }
    }

    fn factor(&self) -> Int {
        if self.flip { -Int::ONE } else { Int::ONE }
    }

    fn interval(&self, q: &Interval) -> Result<Interval, ArithError> {
        Interval::point(self.factor()).mul(q)?.add(&Interval::point(self.add))
    }

    fn enter<C: Cs>(&self, cs: &mut C, q: &C::W) -> C::W {
        cs.linear(&[(self.factor(), q)], self.add)
    }

    fn leave<C: Cs>(&self, cs: &mut C, y: &C::W) -> C::W {
        cs.linear(&[(self.factor(), y)], self.end)
    }
}

enum Case {
    /// The result is always this.
    Constant(Int),
    /// No end can be met.
    Rescale,
    /// Only this one can.
    One(Turn),
    /// Both can: with `t = q* + half`, `t + 2^m` in `m + 1` bits. If the top one is set, the bits from `k` up are compared
    /// with `limit`, which is `span` or `span + 1`.
    Both { turn: Turn, m: u32, limit: Int },
    /// Both can: a relu of the distance from this one, and another of what exceeds `span`.
    Twice(Turn),
}

/// A form and what its parts are measured by.
struct Shape {
    case: Case,
    span: Int,
}

impl Shape {
    fn of(q: &Interval, cut: Cut, lo: Int, hi: Int) -> Result<Self, ArithError> {
        let y = Clip { cut, lo, hi }.bound(q)?;
        let span = y.hi - y.lo;
        let shape = |case| Ok(Self { case, span });
        if let Some(value) = y.as_point() {
            return shape(Case::Constant(value));
        }
        let full = Rescale { cut: cut.rounding() }.bound(q)?;
        let (low, high) = (Turn::low(cut, y.lo), Turn::high(cut, y.hi));
        match (full.lo < y.lo, full.hi > y.hi) {
            (false, false) => return shape(Case::Rescale),
            (true, false) => return shape(Case::One(low)),
            (false, true) => return shape(Case::One(high)),
            (true, true) => {}
        }
        let half = cut.half();
        let mut candidates = vec![Case::Twice(low), Case::Twice(high)];
        for turn in [low, high] {
            let t = turn.interval(q)?;
            let m = decompose::check(rescale::sign_bits(t.lo + half, t.hi + half, cut.shift) + 1)? - 1;
            candidates.extend([span, span + Int::ONE].map(|limit| Case::Both { turn, m, limit }));
        }
        let mut best: Option<(usize, Self)> = None;
        for case in candidates {
            let shape = Self { case, span };
            let cost = shape.cost(q, cut)?.constraints;
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                best = Some((cost, shape));
            }
        }
        best.map_or_else(|| shape(Case::Rescale), |(_, shape)| Ok(shape))
    }

    /// What the second relu of [`Case::Twice`] takes.
    fn excess(&self, t: &Interval, cut: Cut) -> Result<Interval, ArithError> {
        let first = Rescale { cut: cut.rounding() }.bound(t)?;
        Interval::new(first.lo.max(Int::ZERO) - self.span, first.hi.max(Int::ZERO) - self.span)
    }

    fn cost(&self, q: &Interval, cut: Cut) -> Result<Cost, ArithError> {
        let cut = cut.rounding();
        Ok(match &self.case {
            Case::Constant(_) => Cost::default(),
            Case::Rescale => Rescale { cut }.cost(q)?,
            Case::One(turn) => Relu { cut }.cost(&turn.interval(q)?)?,
            Case::Both { m, limit, .. } => {
                let (below, terms) = logic::below_cost((m - cut.shift) as usize, *limit);
                decompose::cost(m + 1) + below + logic::all_cost(terms + 1) + Cost::new(1, 1)
            }
            Case::Twice(turn) => {
                let t = turn.interval(q)?;
                Relu { cut }.cost(&t)? + Relu { cut: Cut::default() }.cost(&self.excess(&t, cut)?)?
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(shift: u32, lo: i64, hi: i64) -> usize {
        let q = Interval { lo: Int::from(-1000), hi: Int::from(1000) };
        let cut = Cut { shift, ..Cut::default() };
        Clip { cut, lo: Int::from(lo), hi: Int::from(hi) }.cost(&q).unwrap().constraints
    }

    #[test]
    fn known_counts() {
        // No end is met; a relu; and one flipped.
        assert_eq!(count(0, -1000, 1000), 0);
        assert_eq!(count(2, 0, 250), 10 + 2);
        assert_eq!(count(2, -250, 0), 10 + 2);
        // relu6 at scale 4: a product for 6 = 3 * 2, two for the sign and the bits above.
        assert_eq!(count(0, 0, 96), 10 + 2 + 1 + 2);
        // Ends that are a power of two apart.
        assert_eq!(count(0, 0, 128), 10 + 2 + 2);
        assert_eq!(count(0, 0, 512), 10 + 2 + 1);
        // A rescale is free.
        assert_eq!(count(3, 0, 64), 10 + 2 + 1);
        // Never more than two relus.
        assert!(count(0, 0, 0b1_0101_0101) <= 2 * (10 + 2));
    }

    #[test]
    fn ends_that_an_integer_does_not_hold_are_none() {
        let far = pow2(249);
        let cut = Cut { shift: 0, saturate: Some(2), bits: None };
        for q in [-7i64, 0, 9] {
            assert_eq!(Clip { cut: Cut::default(), lo: -far, hi: far }.eval(q), q);
            assert_eq!(Clip { cut, lo: -far, hi: far }.eval(q), q.clamp(-4, 3));
        }
    }
}
