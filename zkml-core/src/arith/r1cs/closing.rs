//! Closing of lookups: multiplicities before the challenge, and the sums after it
//!
//! Tables of limbs have one column, `t`; so has that of spreads alone. The table of numbers *and* spreads has two, `(t, s)`, which are
//! looked up as `t + w s`, where `w = 1 / r^N` is as good as a second challenge.

use ark_bn254::Fr;
use ark_ff::{One, Zero};

use super::{
    ranged::{Checks, Ranged},
    tables::Tables,
};
use crate::{
    gadget::{FieldCs, bits::spread},
    number::{ArithError, Int, interval::pow2},
};

/// `log2(N)`: a circuit has fewer rows than `N`, as the field's largest domain has `9 * 2^27`.
const LOG_ROWS: usize = 32;

/// The rows of the tables of spreads themselves, without those of what is looked up: two tables of `2^11` entries with a sum each, 32 squarings, and
/// the inverse.
pub const SPREAD_ROWS: usize = 2 * ((1 << spread::WIDTH) + 1) + LOG_ROWS + 1;

/// A table: how often each of its entries is looked up.
struct Table<W> {
    kind: Kind,
    multiplicities: Vec<W>,
}

/// Which table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `0..2^w`.
    Limbs(u32),
    /// Numbers and their spreads.
    Pairs,
    /// Spreads.
    Spreads,
}

impl Kind {
    fn entries(self) -> u32 {
        match self {
            Self::Limbs(width) => 1 << width,
            Self::Pairs | Self::Spreads => 1 << spread::WIDTH,
        }
    }
}

impl<C: FieldCs> Ranged<C> {
    /// Enforces that every limb and every spread is in its table, and the identities of polynomials.
    ///
    /// # Soundness
    /// Of tables of one column, that of [`Ranged`]. A pair `(x, s)` is looked up as `1 / (r - x - w s)`. Take `r` and `w` as two unknowns first: then
    /// the factors `r - x - w s` of different pairs have no common factor, and the argument is that of one column. The difference of
    /// both sums, multiplied by the denominators, is a polynomial in `r` and `w` of a degree below `N` in each, since each factor takes
    /// a row and there are fewer than `N = 2^32`. It is zero only if every pair is an entry. With `w = r^-N`, times `r^(N (N - 1))`, no two of its
    /// monomials `r^i w^j` fall together: it is a polynomial in `r` alone, of a degree below `N^2`, and zero only if the other is. Where an entry's
    /// factor is zero, for less than `2^11 (N + 1)` challenges, one quotient may be anything; with `r = 0` no `w` exists. So fewer than `2^65` challenges, of
    /// `2^254`, admit a pair that is no entry.
    ///
    /// Source: L. Kronecker's substitution, as in J. von zur Gathen and J. Gerhard, "Modern Computer Algebra", section 8.4.
    pub(super) fn close_lookups(&mut self) -> Result<(), ArithError> {
        if std::mem::replace(&mut self.closed, true) {
            return Err(ArithError::Backend("lookups are closed twice, expected once".to_owned()));
        }
        let tables = match self.checks {
            Checks::Bits => return self.cs.close_requests(),
            Checks::Asked => Tables::none(),
            Checks::Lookups(tables) => tables,
        };
        self.cs.label("lookup");
        let limbs = std::mem::take(&mut self.limbs);
        let spreads = std::mem::take(&mut self.spreads);
        let (pairs, alone): (Vec<_>, Vec<_>) = spreads.into_iter().partition(|(number, _)| number.is_some());
        let pairs: Vec<(C::W, C::W)> = pairs.into_iter().filter_map(|(x, s)| Some((x?, s))).collect();
        let alone: Vec<C::W> = alone.into_iter().map(|(_, s)| s).collect();

        let mut kinds: Vec<Kind> = tables.widths().map(Kind::Limbs).collect();
        kinds.extend((!alone.is_empty()).then_some(Kind::Spreads));
        kinds.extend((!pairs.is_empty()).then_some(Kind::Pairs));
        let tables: Vec<Table<C::W>> =
            kinds.into_iter().map(|kind| self.multiplicities(kind, &limbs, &alone, &pairs)).collect();
        let r = self.cs.challenge()?;
        for table in &tables {
            match table.kind {
                Kind::Limbs(width) => {
                    let limbs = limbs.iter().filter(|(w, _)| *w == width).map(|(_, limb)| limb);
                    self.single(table, limbs, &r, Fr::from)?;
                }
                Kind::Spreads => self.single(table, alone.iter(), &r, |t| spread::eval(t).into())?,
                Kind::Pairs => self.double(table, &pairs, &r)?,
            }
        }
        let identities = std::mem::take(&mut self.identities);
        if !identities.is_empty() {
            self.cs.label("identity");
        }
        for identities in &identities {
            identities.enforce(&mut self.cs, &r)?;
        }
        self.cs.close_requests()
    }

    /// How often each entry of a table is looked up: a new variable each.
    fn multiplicities(
        &mut self,
        kind: Kind,
        limbs: &[(u32, C::W)],
        alone: &[C::W],
        pairs: &[(C::W, C::W)],
    ) -> Table<C::W> {
        let entries = kind.entries();
        let mut counts = vec![Int::ZERO; entries as usize];
        let zero = self.cs.constant(Int::ZERO);
        let known = self.cs.value(&zero).is_some();
        // What is in no table has no place; then the sums differ.
        let within = |value: Int, end: Int| (value >= Int::ZERO && value < end).then(|| value.as_usize());
        let of_spread = |value: Int| {
            let entry = spread::parities(within(value, pow2(2 * spread::WIDTH))? as u64);
            (entry[1] == 0).then_some(entry[0] as usize)
        };
        let mut count = |entry: Option<usize>| {
            if let Some(count) = entry.and_then(|entry| counts.get_mut(entry)) {
                *count += Int::ONE;
            }
        };
        if known {
            let value = |w: &C::W| self.cs.value(w).unwrap_or(-Int::ONE);
            match kind {
                Kind::Limbs(width) => {
                    let limbs = limbs.iter().filter(|(w, _)| *w == width);
                    limbs.for_each(|(_, limb)| count(within(value(limb), pow2(width))));
                }
                Kind::Spreads => alone.iter().for_each(|s| count(of_spread(value(s)))),
                Kind::Pairs => pairs.iter().for_each(|(x, s)| {
                    let entry = of_spread(value(s));
                    count(entry.filter(|entry| within(value(x), pow2(spread::WIDTH)) == Some(*entry)));
                }),
            }
        }
        let multiplicities = counts.into_iter().map(|count| self.cs.witness(known.then_some(count))).collect();
        Table { kind, multiplicities }
    }

    /// The sums of a table of one column.
    fn single<'a>(
        &mut self,
        table: &Table<C::W>,
        looked_up: impl Iterator<Item = &'a C::W>,
        r: &C::F,
        entry: impl Fn(u32) -> Fr,
    ) -> Result<(), ArithError> {
        let mut poles = vec![];
        for x in looked_up {
            let x = self.cs.lift(x);
            self.admit(&x)?;
            poles.push(self.cs.field_linear(&[(Fr::one(), r), (-Fr::one(), &x)], Fr::zero()));
        }
        let cs = &mut self.cs;
        let entries: Vec<C::F> =
            (0..table.kind.entries()).map(|t| cs.field_linear(&[(Fr::one(), r)], -entry(t))).collect();
        self.sums(table, poles, entries)
    }

    /// The sums of the table of numbers and their spreads.
    fn double(&mut self, table: &Table<C::W>, pairs: &[(C::W, C::W)], r: &C::F) -> Result<(), ArithError> {
        let mut power = r.clone();
        for _ in 0..LOG_ROWS {
            power = self.cs.field_product(&power, &power);
        }
        let one = self.cs.field_linear(&[], Fr::one());
        #[cfg(test)]
        if let Some(weight) = self.known_weight {
            power = self.cs.field_linear(&[], Fr::one() / Fr::from(weight));
        }
        let w = self.cs.field_quotient(&one, &power);
        let mut columns = vec![];
        for (x, s) in pairs {
            let (x, s) = (self.cs.lift(x), self.cs.lift(s));
            self.admit(&x)?;
            self.admit(&s)?;
            columns.push((x, s));
        }
        // `w s`, of which few differ, as a quotient.
        let quotients: Vec<(C::F, C::F)> = columns.iter().map(|(_, s)| (s.clone(), power.clone())).collect();
        let products = self.cs.field_fractions(&quotients);
        let minus = -Fr::one();
        let cs = &mut self.cs;
        let poles = columns
            .iter()
            .zip(&products)
            .map(|((x, _), p)| cs.field_linear(&[(Fr::one(), r), (minus, x), (minus, p)], Fr::zero()))
            .collect();
        let entries = (0..table.kind.entries())
            .map(|t| cs.field_linear(&[(Fr::one(), r), (-Fr::from(spread::eval(t)), &w)], -Fr::from(t)))
            .collect();
        self.sums(table, poles, entries)
    }

    /// The sums of a table, and that they are equal.
    fn sums(&mut self, table: &Table<C::W>, poles: Vec<C::F>, entries: Vec<C::F>) -> Result<(), ArithError> {
        let one = self.cs.field_linear(&[], Fr::one());
        let looked_up = poles.len();
        let pairs: Vec<(C::F, C::F)> = poles.into_iter().map(|pole| (one.clone(), pole)).collect();
        let mut quotients = self.cs.field_fractions(&pairs);
        drop(pairs);
        let mut pairs = Vec::with_capacity(entries.len());
        for (entry, multiplicity) in entries.into_iter().zip(&table.multiplicities) {
            let multiplicity = self.cs.lift(multiplicity);
            self.admit(&multiplicity)?;
            pairs.push((multiplicity, entry));
        }
        quotients.extend(self.cs.field_quotients(&pairs));
        let sign = |i| if i < looked_up { Fr::one() } else { -Fr::one() };
        let terms: Vec<(Fr, &C::F)> = quotients.iter().enumerate().map(|(i, q)| (sign(i), q)).collect();
        let difference = self.cs.field_linear(&terms, Fr::zero());
        let zero = self.cs.field_linear(&[], Fr::zero());
        self.cs.field_enforce(&difference, &one, &zero);
        Ok(())
    }

    /// Refuses what a random check must not see.
    fn admit(&self, w: &C::F) -> Result<(), ArithError> {
        if self.cs.precedes_challenge(w) {
            return Ok(());
        }
        let message = "a value that is looked up is not fixed before the challenge is known; ask for its range before";
        Err(ArithError::Backend(message.to_owned()))
    }
}
