//! Piecewise polynomial: `y = tail(q) + [q is within the segments] * p_i(t)`, of a [`Piecewise`] table

pub use super::segments::Piecewise;
use super::segments::Sides;
use crate::{
    gadget::{
        Card, Cs, Functions, Gadget, Limb, One,
        bits::{decompose, ones_complement},
        card::{self, signed},
    },
    number::{Approximate, ArithError, Cost, Int, Integer, Interval, Measure, interval::pow2},
};

/// The table's value: a table *is* the gadget.
///
/// # Constraints
/// `bits + 6` for an even function of four parabolas, with values of so many bits and their sign. In general, with `m` bits
/// of the one's complement:
///
/// | what | constraints |
/// |---|---|
/// | sign and limbs | `m + 2`, or `m` if the sign is known |
/// | selection among `2^n` segments | `2^n - n - 1` |
/// | a polynomial of degree `d` | `ceil(u / 2) + d - u`, where the `u` leading coefficients are always the same; for `u = 1` it is `d - 1` |
/// | an odd function | 1 |
/// | values beyond the segments | 2, or 1 if a single bit says so, or none |
/// | a slope | 1; none where it counts the wire's own units |
impl Gadget for Piecewise {
    const CARD: Card = Card {
        name: "piecewise",
        formula: "y = tail(q) + [q is within the segments] * p_i(t)",
        constraints: "bits + 6",
        example: |bits| card::table(8)?.cost(&signed(bits)),
        published: &[],
    };
    type In = One;
    type Out = One;

    fn eval<T: Integer>(&self, q: T) -> T {
        self.at(q)
    }

    /// What the table says within its segments, and the ends of its tails.
    ///
    /// # Errors
    /// If a value may reach `2^250`.
    fn bound(&self, q: &Interval) -> Result<Interval, ArithError> {
        if let Some(q) = q.as_point() {
            return slope(self, q).map(|()| Interval::point(self.at(q)));
        }
        slope(self, q.hi)?;
        let end = pow2(self.drop() + self.bits());
        let mut ends = Vec::new();
        for (positive, u) in
            [(true, (q.lo.max(Int::ZERO), q.hi)), (false, ((-q.hi).max(Int::ONE) - Int::ONE, -q.lo - Int::ONE))]
        {
            if u.1 < u.0 {
                continue;
            }
            let covered = self.covers(positive) && u.0 < end;
            if covered {
                let (lo, hi) = self.range(positive);
                ends.extend([lo, hi]);
            }
            let first = if covered { end } else { u.0 };
            if u.1 >= first {
                ends.extend([first, u.1].map(|u| self.beyond(positive, u)));
            }
        }
        let first = ends.first().copied().unwrap_or_default();
        let (lo, hi) = ends.iter().fold((first, first), |(lo, hi), y| (lo.min(*y), hi.max(*y)));
        Interval::new(lo, hi)
    }

    fn error(&self, q: &Approximate, _: &Interval, functions: &mut dyn Functions) -> Result<f64, ArithError> {
        Ok(functions.error(self, &q.interval, q.error))
    }

    fn intermediate(&self, _: &Interval) -> Result<u32, ArithError> {
        Ok(self.widest())
    }

    /// # Errors
    /// If a value may outgrow the field.
    fn cost(&self, q: &Interval) -> Result<Cost, ArithError> {
        if q.is_point() {
            return self.bound(q).map(|_| Cost::default());
        }
        let layout = Layout::of(q, self)?;
        let mut each = usize::from(layout.rectifies(self) && !layout.shares(self));
        if layout.covered {
            let selectors = layout.rows.len().trailing_zeros() as usize;
            each += layout.rows.len() - selectors - 1 + layout.products(self) + usize::from(layout.turns(self));
            each += layout.gates.min(2);
        }
        Ok(layout.complement.cost() + Cost::new(each, each))
    }

    fn terms(&self, q: &Measure) -> Result<u32, ArithError> {
        if q.interval.is_point() {
            return Ok(0);
        }
        let layout = Layout::of(&q.interval, self)?;
        // Where the sign is known, the lowest bit is what is left of the value.
        let low = |drop: u32| if layout.complement.sign.is_some() && drop == 0 { q.terms } else { 0 };
        let bits = layout.complement.bits;
        let slope = match (self.tail().slope, layout.complement.sign) {
            (0, _) | (_, Some(false)) => 0,
            (_, Some(true)) => bits.saturating_add(low(self.tail().drop)),
            (_, None) => 1,
        };
        let value = if !layout.covered {
            0
        } else if layout.gates > 0 || layout.turns(self) {
            1
        } else {
            (layout.rows.len() as u32 + bits + 1).saturating_add(low(self.drop()))
        };
        Ok(slope.saturating_add(value).saturating_add(u32::from(layout.complement.sign.is_none())))
    }

    /// # Soundness
    /// Sign and limbs are unique ([`ones_complement::enforce`], [`ones_complement::rectify`]). Monomials, the polynomial's products
    /// and those with the sign are functions of them, each by its own constraint. Let `z` be the sum of the bits above the segments,
    /// or the number that they make, and of the sign where one side has none: below `2^251` and not negative, so zero in the field only if all of them are. `z * y = 0`
    /// and `z * v = p - y` make `y = 0` if `z > 0`, and `y = p` if `z = 0`; the hint `v` is free where `z = 0`, and enters nothing
    /// else.
    fn enforce<C: Cs>(&self, cs: &mut C, (q, interval): (&C::W, &Interval)) -> Result<C::W, ArithError> {
        cs.label(Self::CARD.name);
        if let Some(q) = interval.as_point() {
            self.bound(interval)?;
            return Ok(cs.constant(self.at(q)));
        }
        let layout = Layout::of(interval, self)?;
        let limbs = layout.limbs(self, cs.looks_up());
        let (parts, positives) = if layout.shares(self) {
            let (parts, positives) = ones_complement::rectify(cs, q, limbs);
            (parts, Some(positives))
        } else {
            (ones_complement::enforce(cs, q, &layout.complement, limbs), None)
        };
        let tail = self.tail();
        let (negative, positive) = (Int::from(tail.negative), Int::from(tail.positive));
        let mut terms = vec![(positive - negative, parts.sign.clone())];
        if let Some(positives) = positives {
            terms.push((Int::from(tail.slope), positives));
        } else if layout.slopes(self) {
            let cells = decompose::join_from(cs, &limbs, &parts.limbs, tail.drop);
            let u = match tail.drop {
                0 => cells,
                _ => cs.linear(&[(Int::from(2), &cells)], Int::ONE),
            };
            let rectified = if layout.rectifies(self) { cs.product(&u, &parts.sign) } else { u };
            terms.push((Int::from(tail.slope), rectified));
        }
        if layout.covered {
            terms.push((Int::ONE, segment(cs, &parts, &layout, self, limbs)));
        }
        let terms: Vec<(Int, &C::W)> = terms.iter().map(|(c, w)| (*c, w)).collect();
        Ok(cs.linear(&terms, negative))
    }
}

/// Refuses a slope that outgrows the field before anything is multiplied.
fn slope(table: &Piecewise, most: Int) -> Result<(), ArithError> {
    let slope = Interval::point(Int::from(table.tail().slope));
    slope.mul(&Interval::new(Int::ZERO, most.max(Int::ZERO) + Int::ONE)?)?.mul(&Interval::point(Int::from(2)))?;
    Ok(())
}

/// From so many bits on one lookup is cheaper than as many booleans.
const WHOLE: u32 = 4;

/// What the circuit looks like for these bounds.
struct Layout {
    complement: ones_complement::Layout,
    /// The bits of the offset that may be one.
    offset: u32,
    /// The bits of the segment's number that may be one.
    top: u32,
    /// The rows of the table that may be asked for: a power of two.
    rows: Vec<usize>,
    /// How many of the leading coefficients are the same for all of them; at most the degree.
    uniform: usize,
    /// Whether any value has a segment.
    covered: bool,
    /// How many variables must all be zero for a value to have a segment.
    gates: usize,
}

impl Layout {
    fn of(q: &Interval, table: &Piecewise) -> Result<Self, ArithError> {
        table.bound(q)?;
        let complement = ones_complement::Layout::of(q, table.drop() + 1)?;
        let cells = (complement.bits - table.drop()).min(table.bits());
        let offset = cells.min(table.offset());
        let top = cells - offset;
        let both = table.sides() == Sides::Both;
        let half = table.pieces().len() / 2;
        let near = 0..1usize << top;
        let rows: Vec<usize> = match complement.sign {
            Some(false) if both => near.map(|i| i + half).collect(),
            None if both => near.clone().chain(near.map(|i| i + half)).collect(),
            _ => near.collect(),
        };
        let same = |power: &usize| rows.iter().all(|r| table.pieces()[*r][*power] == table.pieces()[rows[0]][*power]);
        let uniform = (1..=table.degree()).rev().take_while(same).count();
        let one_sided = matches!(table.sides(), Sides::Negative | Sides::Positive) && complement.sign.is_none();
        let gates = (complement.bits - table.drop() - cells) as usize + usize::from(one_sided);
        let covered = complement.sign.is_none_or(|positive| table.covers(positive));
        Ok(Self { complement, offset, top, rows, uniform, covered, gates })
    }

    /// Whether the slope takes the cells of the tail.
    fn slopes(&self, table: &Piecewise) -> bool {
        table.tail().slope != 0 && !self.shares(table) && self.complement.sign != Some(false)
    }

    /// The limbs of `u`: what is below the cells of tail and table, what is between both, the offset, the number of the segment, and
    /// the bits above, which must be zero for a value to have a segment.
    ///
    /// Where there are lookups, one number says of many bits whether any is set, if the slope does not start among them.
    fn limbs(&self, table: &Piecewise, looks_up: bool) -> [Limb; 5] {
        let (drop, tail) = (table.drop(), table.tail().drop);
        let above = self.complement.bits - drop - self.offset - self.top;
        let whole = looks_up && above >= WHOLE && !(self.slopes(table) && tail > drop + self.offset + self.top);
        let low = if self.slopes(table) { tail.min(drop) } else { drop };
        // A new number is all of its limbs.
        let fresh = self.complement.sign.is_none() && !self.shares(table);
        let split = self.slopes(table) && tail > drop;
        [
            if fresh { Limb::Number(low) } else { Limb::Checked(low) },
            Limb::Number(drop - low),
            if split { Limb::Bits(self.offset) } else { Limb::Number(self.offset) },
            Limb::Bits(self.top),
            if whole { Limb::Number(above) } else { Limb::Bits(above) },
        ]
    }

    /// The products of the polynomial.
    fn products(&self, table: &Piecewise) -> usize {
        products(table.degree(), self.uniform)
    }

    /// Whether the polynomial's value is multiplied by the sign.
    fn turns(&self, table: &Piecewise) -> bool {
        table.sides() == Sides::Odd && self.complement.sign.is_none()
    }

    /// Whether the slope is multiplied by the sign.
    fn rectifies(&self, table: &Piecewise) -> bool {
        table.tail().slope != 0 && self.complement.sign.is_none()
    }

    /// Whether that product is the one which the magnitude takes anyway.
    fn shares(&self, table: &Piecewise) -> bool {
        self.rectifies(table) && shares(table.drop(), table.tail().drop)
    }
}

/// Whether `max(0, q)` comes with the one's complement: the slope counts the wire's own units, and no cell needs the lowest
/// bit, which is as wide as the wire then.
pub(crate) fn shares(drop: u32, tail: u32) -> bool {
    drop > 0 && tail == 0
}

/// The products of a polynomial of that degree, of which the `uniform` leading coefficients are constants.
///
/// A polynomial of degree `u` whose coefficients are all constants takes `t^2` and a product for every two degrees from there
/// (Horner's rule in `t^2`: `c_0 + c_1 t + t^2 (c_2 + c_3 t + ..)`); every degree below takes one, by Horner's rule in `t`.
pub(crate) fn products(degree: usize, uniform: usize) -> usize {
    let constant = if uniform < 2 { 0 } else { uniform.div_ceil(2) };
    constant + degree - uniform
}

/// `sum_m a_m * monomial_m`, the multilinear polynomial of the selectors that is `values[i]` where they are the bits of `i`.
fn selected<C: Cs>(cs: &mut C, monomials: &[C::W], mut values: Vec<Int>) -> C::W {
    let mut step = 1;
    while step < values.len() {
        for i in 0..values.len() {
            if i & step != 0 {
                let below = values[i ^ step];
                values[i] -= below;
            }
        }
        step *= 2;
    }
    let terms: Vec<(Int, &C::W)> = values.iter().copied().zip(monomials).skip(1).collect();
    cs.linear(&terms, values[0])
}

/// `a + sum_i c_i * t^(i + 1)`, by Horner's rule in `t^2`: see [`products`].
fn polynomial<C: Cs>(cs: &mut C, a: &C::W, constants: &[Int], t: &C::W) -> C::W {
    let Some((first, higher)) = constants.split_first() else { return a.clone() };
    let mut rest = cs.constant(Int::ZERO);
    if !higher.is_empty() {
        let square = cs.product(t, t);
        // `rest` is `t^2` times all pairs so far; the top of an even degree is a constant, and takes no product.
        for pair in higher.chunks(2).rev() {
            rest = match pair {
                [top] => cs.linear(&[(*top, &square)], Int::ZERO),
                _ => {
                    let sum = cs.linear(&[(pair[1], t), (Int::ONE, &rest)], pair[0]);
                    cs.product(&sum, &square)
                }
            };
        }
    }
    cs.linear(&[(Int::ONE, a), (*first, t), (Int::ONE, &rest)], Int::ZERO)
}

/// The polynomial's value, zero beyond the segments.
fn segment<C: Cs>(
    cs: &mut C,
    parts: &ones_complement::Parts<C::W, 5>,
    layout: &Layout,
    table: &Piecewise,
    limbs: [Limb; 5],
) -> C::W {
    let [_, _, offset, top, above] = &parts.limbs;
    let low = decompose::join(cs, &limbs[2..3], std::slice::from_ref(offset));
    let middle = pow2(table.offset());
    let t = match table.drop() {
        0 => cs.linear(&[(Int::ONE, &low), (-Int::ONE, &parts.sign)], Int::ONE - (middle >> 1)),
        _ => cs.linear(&[(Int::from(2), &low)], Int::ONE - middle),
    };
    let mut selectors = top.clone();
    if layout.rows.len() > 1 << layout.top {
        selectors.push(cs.linear(&[(-Int::ONE, &parts.sign)], Int::ONE));
    }
    let mut monomials = vec![cs.constant(Int::ONE)];
    for selector in &selectors {
        monomials.push(selector.clone());
        for i in 1..monomials.len() - 1 {
            monomials.push(cs.product(&monomials[i].clone(), selector));
        }
    }
    let coefficient = |cs: &mut C, power: usize| {
        let values = layout.rows.iter().map(|r| Int::from(table.pieces()[*r][power])).collect();
        selected(cs, &monomials, values)
    };
    let lowest = table.degree() - layout.uniform;
    let constants: Vec<Int> = table.pieces()[layout.rows[0]][lowest + 1..].iter().map(|c| Int::from(*c)).collect();
    let first = coefficient(cs, lowest);
    let mut value = polynomial(cs, &first, &constants, &t);
    for power in (0..lowest).rev() {
        let product = cs.product(&value, &t);
        let constant = coefficient(cs, power);
        value = cs.linear(&[(Int::ONE, &product), (Int::ONE, &constant)], Int::ZERO);
    }
    if layout.turns(table) {
        let direction = cs.linear(&[(Int::from(2), &parts.sign)], -Int::ONE);
        value = cs.product(&value, &direction);
    } else if table.sides() == Sides::Odd && layout.complement.sign == Some(false) {
        value = cs.linear(&[(-Int::ONE, &value)], Int::ZERO);
    }
    let mut gates = above.clone();
    if layout.complement.sign.is_none() {
        match table.sides() {
            Sides::Negative => gates.push(parts.sign.clone()),
            Sides::Positive => gates.push(cs.linear(&[(-Int::ONE, &parts.sign)], Int::ONE)),
            Sides::Even | Sides::Odd | Sides::Both => {}
        }
    }
    let bits = matches!(limbs[4], Limb::Bits(_));
    gated(cs, &value, &gates, bits)
}

/// `value` if all `gates`, which are not negative, are zero, and zero otherwise.
fn gated<C: Cs>(cs: &mut C, value: &C::W, gates: &[C::W], bits: bool) -> C::W {
    match gates {
        [] => value.clone(),
        [gate] if bits => {
            let open = cs.linear(&[(-Int::ONE, gate)], Int::ONE);
            cs.product(value, &open)
        }
        _ => {
            let terms: Vec<(Int, &C::W)> = gates.iter().map(|g| (Int::ONE, g)).collect();
            let shut = cs.linear(&terms, Int::ZERO);
            let known = cs.value(value).zip(cs.value(&shut));
            let y = cs.witness(known.map(|(v, z)| if z == Int::ZERO { v } else { Int::ZERO }));
            let rest = cs.linear(&[(Int::ONE, value), (-Int::ONE, &y)], Int::ZERO);
            cs.inverse(&shut, &rest);
            let zero = cs.constant(Int::ZERO);
            cs.enforce(&y, &shut, &zero);
            y
        }
    }
}
