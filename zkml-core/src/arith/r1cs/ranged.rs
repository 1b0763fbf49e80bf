//! Range checks, bit by bit or by the lookup argument: `sum_i 1 / (r - x_i) = sum_t m_t / (r - t)`, for every limb `x_i`, every entry `t` of its table, and a challenge `r`

use ark_bn254::Fr;

use super::{
    Accumulate,
    tables::{Part, Requests, Tables},
};
use crate::{
    gadget::{
        Cs, FieldCs, Limb,
        bits::{decompose, range, spread},
        product::{linear_operator::LinearOperator, polynomial::Identities},
    },
    number::{
        ArithError, Int, Interval,
        interval::{bit_len, pow2},
    },
    prove::RangeChecks,
};

/// How range checks are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checks {
    /// Bit by bit.
    Bits,
    /// By lookups in tables.
    Lookups(Tables),
    /// Not at all: they are counted.
    Asked,
}

/// A constraint system with range checks: bit by bit over any, or by lookups over one that has a challenge.
///
/// # Constraints
/// Bit by bit, as [`decompose`] and [`range`] say. With lookups a range check of some bits takes the rows of its parts, see [`Tables::cut`]. Closing takes [`Tables::own_rows`]: a row an entry of
/// each table, and one for the sum.
///
/// # Soundness
/// Limbs and multiplicities are fixed before `r` is known: [`FieldCs::precedes_challenge`] is asked of every limb. Let `X` be a table's
/// limbs. `h (r - x) = 1` makes `h = 1 / (r - x)`, for every limb; `g (r - t) = m` makes `g = m / (r - t)`, for every entry that is not `r`. Both sums
/// are rational functions of `r`, of degree at most `|X| + 2^w`. If they are equal as functions, then every pole of the left is one of
/// the right, so every limb is an entry: at a pole `x` that no entry has, the left has the residue `|{i: x_i = x}|`, which is not zero in the
/// field, since there are fewer limbs than its characteristic. If they are not, then they are equal for fewer than `|X| + 2^w` challenges; and for
/// `2^w` more, the entries, one `g` may be anything.
/// Multiplicities need no check of their own: any that satisfy the equation do. Each width has its own sum, since a limb of one table
/// must not be found in another. What is asked for after closing is answered bit by bit. Spreads are looked up as well, see
/// [`Cs::spread`]: numbers and spreads are pairs, for which [`SPREAD_ROWS`](super::SPREAD_ROWS) are paid once.
///
/// Source: U. Haboeck, "Multivariate lookups based on logarithmic derivatives" (2022).
#[derive(Debug)]
pub struct Ranged<C: FieldCs> {
    /// What it is an addition to.
    pub cs: C,
    pub(super) checks: Checks,
    /// What is to be looked up, by the width of the table.
    pub(super) limbs: Vec<(u32, C::W)>,
    /// What is to be looked up in the tables of spreads: a spread, and its number if that is asked for.
    pub(super) spreads: Vec<(Option<C::W>, C::W)>,
    requests: Requests,
    /// What is to be equal as polynomials.
    pub(super) identities: Vec<Identities<C::F>>,
    pub(super) closed: bool,
    /// What range checks that are only counted are of.
    #[cfg(test)]
    pub(crate) asked: Vec<(u32, C::W)>,
    /// What spreads weigh in pairs, in a deliberately broken variant.
    #[cfg(test)]
    pub(crate) known_weight: Option<u64>,
}

impl<C: FieldCs> Ranged<C> {
    /// With range checks of this kind, in these tables if they are lookups.
    pub fn new(cs: C, checks: RangeChecks, tables: Tables) -> Self {
        match checks {
            RangeChecks::Bits => Self::bits(cs),
            RangeChecks::Lookups => Self::lookups(cs, tables),
        }
    }

    /// Bit by bit.
    pub fn bits(cs: C) -> Self {
        Self::of(cs, Checks::Bits)
    }

    /// By lookups in these tables.
    pub fn lookups(cs: C, tables: Tables) -> Self {
        Self::of(cs, Checks::Lookups(tables))
    }

    /// Only counts what is asked for, so that [tables](Tables::cheapest) can be chosen: range checks take no rows.
    pub fn asking(cs: C) -> Self {
        Self::of(cs, Checks::Asked)
    }

    fn of(cs: C, checks: Checks) -> Self {
        Self {
            cs,
            checks,
            limbs: vec![],
            spreads: vec![],
            requests: Requests::default(),
            identities: vec![],
            closed: false,
            #[cfg(test)]
            asked: vec![],
            #[cfg(test)]
            known_weight: None,
        }
    }

    /// The range checks that were asked for.
    pub fn requests(&self) -> &Requests {
        &self.requests
    }

    fn look_up(&mut self, width: u32, x: &C::W) {
        self.limbs.push((width, x.clone()));
    }

    /// A spread of fewer bits than the table's: shifted up to the table's width, it is a spread as well.
    fn narrow(&mut self, s: &C::W, bits: u32) {
        if bits < spread::WIDTH {
            let shifted = self.cs.linear(&[(pow2(2 * (spread::WIDTH - bits)), s)], Int::ZERO);
            self.spreads.push((None, shifted));
        }
    }

    /// Checks a part that is a wire.
    fn check(&mut self, tables: Tables, part: Part, x: &C::W) {
        match part {
            Part::Boolean => self.cs.enforce_boolean(x),
            Part::Limb(width) => self.look_up(width, x),
            Part::Scaled(bits) => {
                let widest = tables.widths().last().unwrap_or(bits);
                let scaled = self.cs.linear(&[(pow2(widest - bits), x)], Int::ZERO);
                self.look_up(widest, x);
                self.look_up(widest, &scaled);
            }
        }
    }

    /// The wires of each limb, see [`Cs::split`].
    fn limbs(&mut self, x: &C::W, limbs: &[Limb]) -> Vec<Vec<C::W>> {
        let bits: u32 = limbs.iter().map(|l| l.bits()).sum();
        // What is only checked needs no variable of its own.
        if let [Limb::Checked(_)] = limbs {
            self.cut(x, bits);
            return vec![vec![]];
        }
        let value = self.cs.value(x);
        let mut given: Vec<Vec<C::W>> = Vec::with_capacity(limbs.len());
        // All but the lowest: their bits, their place, their variable.
        let mut above: Vec<(u32, u32, C::W)> = vec![];
        let mut lowest = None;
        let mut from = 0;
        for limb in limbs {
            let mut own = vec![];
            let each = if matches!(limb, Limb::Bits(_)) { 1 } else { limb.bits() };
            for _ in 0..limb.bits().checked_div(each).unwrap_or(0) {
                if from == 0 {
                    lowest = Some(each);
                } else {
                    // The highest is all that is left: what is too large is then not in its range.
                    let rest = value.map(|v| v >> from);
                    let told = rest.map(|v| if from + each == bits { v } else { v & (pow2(each) - Int::ONE) });
                    let wire = if each == 1 { self.cs.bit(told) } else { self.cs.witness(told) };
                    above.push((each, from, wire.clone()));
                    own.push(wire);
                }
                from += each;
            }
            given.push(own);
        }
        let mut terms = vec![(Int::ONE, x)];
        for (_, from, wire) in &above {
            terms.push((-pow2(*from), wire));
        }
        let low = self.cs.linear(&terms, Int::ZERO);
        match lowest {
            None => self.cs.enforce_zero(&low),
            Some(bits) => self.cut(&low, bits),
        }
        for (bits, _, wire) in &above {
            self.cut(wire, *bits);
        }
        let mut low = Some(low);
        for (limb, own) in limbs.iter().zip(&mut given) {
            if limb.bits() > 0
                && let Some(low) = low.take()
            {
                own.insert(0, low);
            }
            match limb {
                Limb::Checked(_) => own.clear(),
                Limb::Number(0) => own.push(self.cs.constant(Int::ZERO)),
                Limb::Number(_) | Limb::Bits(_) => {}
            }
        }
        given
    }

    /// Enforces that a wire has so many bits: the parts above the lowest are new variables, and the lowest is what is left.
    fn cut(&mut self, x: &C::W, bits: u32) {
        self.requests.add(bits, 1);
        #[cfg(test)]
        if self.checks == Checks::Asked {
            self.asked.push((bits, x.clone()));
        }
        let Checks::Lookups(tables) = self.checks else { return };
        // Nothing is looked up any more.
        let tables = if self.closed { Tables::none() } else { tables };
        let parts: Vec<Part> = tables.cut(bits).collect();
        let Some((lowest, above)) = parts.split_first() else {
            return self.cs.enforce_zero(x);
        };
        let mut value = self.cs.value(x);
        let mut terms = vec![];
        let mut from = 0;
        let mut last = lowest.bits();
        let wires: Vec<(u32, C::W)> = above
            .iter()
            .map(|part| {
                from += last;
                value = value.map(|v| v >> last);
                last = part.bits();
                // The highest is all that is left: what is too large is then in no table.
                let bits = if from + part.bits() == bits { None } else { Some(part.bits()) };
                let told = value.map(|v| bits.map_or(v, |bits| v & (pow2(bits) - Int::ONE)));
                let wire = if *part == Part::Boolean { self.cs.bit(told) } else { self.cs.witness(told) };
                self.check(tables, *part, &wire);
                (from, wire)
            })
            .collect();
        terms.push((Int::ONE, x));
        terms.extend(wires.iter().map(|(from, wire)| (-pow2(*from), wire)));
        let low = self.cs.linear(&terms, Int::ZERO);
        self.check(tables, *lowest, &low);
    }
}

impl<C: FieldCs> Cs for Ranged<C> {
    type W = C::W;

    fn looks_up(&self) -> bool {
        self.checks != Checks::Bits
    }
    fn linear(&mut self, terms: &[(Int, &C::W)], constant: Int) -> C::W {
        self.cs.linear(terms, constant)
    }
    fn value(&self, w: &C::W) -> Option<Int> {
        self.cs.value(w)
    }
    fn witness(&mut self, value: Option<Int>) -> C::W {
        self.cs.witness(value)
    }
    fn bit(&mut self, value: Option<Int>) -> C::W {
        self.cs.bit(value)
    }
    fn enforce(&mut self, a: &C::W, b: &C::W, c: &C::W) {
        self.cs.enforce(a, b, c);
    }
    fn inverse(&mut self, x: &C::W, rhs: &C::W) {
        self.cs.inverse(x, rhs);
    }
    fn label(&mut self, gadget: &'static str) {
        self.cs.label(gadget);
    }
    fn constant(&mut self, value: Int) -> C::W {
        self.cs.constant(value)
    }
    fn product(&mut self, a: &C::W, b: &C::W) -> C::W {
        self.cs.product(a, b)
    }

    /// Every limb but the lowest is a new variable, of its own range; the lowest is what is left. Single bits are booleans.
    fn split<const N: usize>(&mut self, x: &C::W, limbs: [Limb; N]) -> [Vec<C::W>; N] {
        if !self.looks_up() {
            return decompose::split(self, x, limbs);
        }
        let mut wires = self.limbs(x, &limbs).into_iter();
        std::array::from_fn(|_| wires.next().unwrap_or_default())
    }

    fn fresh<const N: usize>(&mut self, limbs: [Limb; N], value: Option<Int>) -> [Vec<C::W>; N] {
        if !self.looks_up() {
            return decompose::fresh(self, limbs, value);
        }
        let x = self.cs.witness(value);
        self.split(&x, limbs)
    }

    fn range(&mut self, x: &C::W, bits: u32) {
        self.split(x, [Limb::Checked(bits)]);
    }

    /// The pair is looked up in the table of spreads; in bits, if it is wider than that.
    fn spread(&mut self, x: &C::W, s: &C::W, bits: u32) {
        if !self.looks_up() || self.closed || bits > spread::WIDTH {
            return spread::enforce(self, Some(x), s, bits);
        }
        self.spreads.push((Some(x.clone()), s.clone()));
        self.narrow(s, bits);
    }

    fn any_spread(&mut self, s: &C::W, bits: u32) {
        if !self.looks_up() || self.closed || bits > spread::WIDTH {
            return spread::enforce(self, None, s, bits);
        }
        self.spreads.push((None, s.clone()));
        self.narrow(s, bits);
    }

    /// One variable, which is range-checked.
    fn allocate(&mut self, interval: &Interval, value: Option<Int>) -> C::W {
        if !self.looks_up() {
            return range::allocate(self, interval, value);
        }
        if let Some(point) = interval.as_point() {
            return self.cs.constant(point);
        }
        let x = self.cs.witness(value);
        self.within(&x, interval);
        x
    }

    /// `0 <= x - lo < 2^n`, and where there are fewer values than that, `0 <= hi - x < 2^n` as well.
    fn within(&mut self, x: &C::W, interval: &Interval) {
        if !self.looks_up() {
            return range::enforce(self, x, interval);
        }
        let span = interval.hi - interval.lo;
        let bits = bit_len(span);
        let above = self.cs.linear(&[(Int::ONE, x)], -interval.lo);
        self.cut(&above, bits);
        if span + Int::ONE != pow2(bits) {
            let below = self.cs.linear(&[(-Int::ONE, x)], interval.hi);
            self.cut(&below, bits);
        }
    }

    /// Enforces that every limb and every spread is in its table.
    ///
    /// # Errors
    /// If there is no challenge, or a limb is not fixed before it.
    fn close_requests(&mut self) -> Result<(), ArithError> {
        self.close_lookups()
    }
}

impl<C: FieldCs> FieldCs for Ranged<C> {
    type F = C::F;

    fn instance(&mut self, value: Option<Int>) -> C::W {
        self.cs.instance(value)
    }
    fn lift(&mut self, w: &C::W) -> C::F {
        self.cs.lift(w)
    }
    fn field_linear(&mut self, terms: &[(Fr, &C::F)], constant: Fr) -> C::F {
        self.cs.field_linear(terms, constant)
    }
    fn combine(&mut self, terms: &[(Fr, &C::W)], value: Int) -> C::W {
        self.cs.combine(terms, value)
    }
    fn field_product(&mut self, a: &C::F, b: &C::F) -> C::F {
        self.cs.field_product(a, b)
    }
    fn field_quotient(&mut self, n: &C::F, d: &C::F) -> C::F {
        self.cs.field_quotient(n, d)
    }
    fn field_quotients(&mut self, pairs: &[(C::F, C::F)]) -> Vec<C::F> {
        self.cs.field_quotients(pairs)
    }
    fn field_fractions(&mut self, pairs: &[(C::F, C::F)]) -> Vec<C::F> {
        self.cs.field_fractions(pairs)
    }
    fn field_enforce(&mut self, a: &C::F, b: &C::F, c: &C::F) {
        self.cs.field_enforce(a, b, c);
    }
    fn field_witness(&mut self, value: Option<Fr>) -> C::F {
        self.cs.field_witness(value)
    }
    fn field_output(&mut self, f: &C::F) {
        self.cs.field_output(f);
    }
    fn challenge(&mut self) -> Result<C::F, ArithError> {
        self.cs.challenge()
    }
    fn precedes_challenge(&self, f: &C::F) -> bool {
        self.cs.precedes_challenge(f)
    }
    fn registered(&mut self, value: Option<Int>) -> C::W {
        self.cs.registered(value)
    }
    fn field_registered(&mut self, value: Option<Fr>) -> C::F {
        self.cs.field_registered(value)
    }
    fn weight(&mut self, value: Option<Int>) -> Option<C::W> {
        self.cs.weight(value)
    }
    fn packed(&mut self, weights: &[&C::W], place: u32, settled: bool, alone: bool) -> C::F {
        self.cs.packed(weights, place, settled, alone)
    }
    fn identities(&mut self, identities: Identities<C::F>) -> Result<(), ArithError> {
        if self.closed {
            let message = "a polynomial identity is asked for after closing, expected before";
            return Err(ArithError::Backend(message.to_owned()));
        }
        if !self.looks_up() {
            return self.cs.identities(identities);
        }
        self.identities.push(identities);
        Ok(())
    }
}

impl<C: Accumulate> Accumulate for Ranged<C> {
    fn accumulate(&mut self, sum: &mut Int, c: Int, w: &C::W) {
        self.cs.accumulate(sum, c, w);
    }
    fn accumulate_constant(&mut self, sum: &mut Int, c: Int) {
        self.cs.accumulate_constant(sum, c);
    }
    fn deferred(&mut self, a: &C::W, b: &C::W) -> C::W {
        self.cs.deferred(a, b)
    }
    fn close(&mut self, sum: Int) -> C::W {
        self.cs.close(sum)
    }
    fn operators_from(&self) -> usize {
        self.cs.operators_from()
    }
    fn operate(&mut self, operator: LinearOperator, x: &[&C::W]) -> Option<Vec<C::W>> {
        self.cs.operate(operator, x)
    }
    fn at(&mut self, node: usize) {
        self.cs.at(node);
    }
    /// Each limb, or each range check that is only counted, and each spread takes a row at least.
    fn exceeded(&self, more: usize) -> Option<usize> {
        let asked = if self.checks == Checks::Asked { self.requests.count() } else { self.limbs.len() };
        self.cs.exceeded(more.saturating_add(asked).saturating_add(self.spreads.len()))
    }
}
