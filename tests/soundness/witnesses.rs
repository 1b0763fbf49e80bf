//! All witnesses that a circuit accepts for given values of some of its variables.

use std::collections::BTreeSet;

use ark_bn254::Fr;
use ark_ff::{BigInteger, Field, One, PrimeField, Zero};
use zkml::prove::Matrices;

/// What every variable is, as far as it is known.
pub type Values = Vec<Option<Fr>>;

/// `sum_i c_i * x_i + rest`, over what is not known.
struct Linear {
    terms: Vec<(Fr, usize)>,
    rest: Fr,
}

impl Linear {
    fn is_known(&self) -> bool {
        self.terms.is_empty()
    }
}

/// Values that follow, or nothing if there are none.
type Step = Option<Vec<(usize, Fr)>>;

/// Values of variables, one case after the other.
type Cases = Vec<Vec<(usize, Fr)>>;

struct Search<'a> {
    matrices: &'a Matrices,
    /// Which variables have a constraint `x * (1 - x) = 0` of their own.
    boolean: Vec<bool>,
    /// The rows that each variable is in.
    rows: Vec<BTreeSet<usize>>,
    /// How many more cases may be looked at.
    left: usize,
    found: Vec<Values>,
}

/// Every witness with these values; a variable that may be anything is left out. All of them, over the whole field: each
/// step either follows from a constraint or splits one, `a * b = 0`, into both of its cases. Panics if `cases` are not enough, or
/// if a constraint is left that neither says what a variable is nor can be split.
pub fn witnesses(matrices: &Matrices, known: Values, cases: usize) -> Vec<Values> {
    let variables = matrices.instance + matrices.witness;
    let mut search = Search {
        matrices,
        boolean: vec![false; variables],
        rows: vec![BTreeSet::new(); variables],
        left: cases,
        found: vec![],
    };
    for row in 0..matrices.constraints() {
        let [a, b, c] = [0, 1, 2].map(|side| &matrices.abc[side][row]);
        for (_, x) in a.iter().chain(b).chain(c) {
            search.rows[*x].insert(row);
        }
        if let [(one, x)] = a.as_slice() {
            let rest = [(Fr::one(), 0), (-Fr::one(), *x)];
            let same = b.len() == 2 && rest.iter().all(|term| b.contains(term));
            search.boolean[*x] |= one.is_one() && *x != 0 && same && c.is_empty();
        }
    }
    search.descend(known, (0..matrices.constraints()).collect());
    search.found
}

impl Search<'_> {
    fn fold(&self, row: usize, values: &Values) -> [Linear; 3] {
        [0, 1, 2].map(|side| {
            let mut sum = Linear { terms: vec![], rest: Fr::zero() };
            for (c, x) in &self.matrices.abc[side][row] {
                match values[*x] {
                    Some(value) => sum.rest += *c * value,
                    None => sum.terms.push((*c, *x)),
                }
            }
            sum
        })
    }

    /// The row as `sum = 0`, if one of its factors is known.
    fn linear([a, b, c]: &[Linear; 3]) -> Option<Linear> {
        let (factor, other) = if a.is_known() { (a.rest, b) } else { (b.rest, a) };
        if !a.is_known() && !b.is_known() {
            return None;
        }
        let mut sum = Linear { terms: vec![], rest: factor * other.rest - c.rest };
        let scaled = other.terms.iter().map(|(k, x)| (factor * k, *x)).chain(c.terms.iter().map(|(k, x)| (-*k, *x)));
        for (k, x) in scaled {
            match sum.terms.iter_mut().find(|t| t.1 == x) {
                Some(term) => term.0 += k,
                None => sum.terms.push((k, x)),
            }
        }
        sum.terms.retain(|t| !t.0.is_zero());
        Some(sum)
    }

    /// What `sum = 0` says of its variables: of one whatever it is, of several if they are bits with powers of two.
    fn solve(&self, sum: &Linear) -> Step {
        match sum.terms.as_slice() {
            [] => sum.rest.is_zero().then(Vec::new),
            [(c, x)] => {
                let value = -sum.rest * c.inverse()?;
                let fits = !self.boolean[*x] || value.is_zero() || value.is_one();
                fits.then(|| vec![(*x, value)])
            }
            terms if terms.iter().all(|t| self.boolean[t.1]) => {
                for (unit, _) in [terms[0], terms[terms.len() - 1]] {
                    let inverse = unit.inverse()?;
                    let places: Vec<u32> = terms.iter().filter_map(|t| place(t.0 * inverse)).collect();
                    let distinct: BTreeSet<u32> = places.iter().copied().collect();
                    // Sums of these are below 2^252, and so are no two the same in the field.
                    if distinct.len() < terms.len() || distinct.last().is_none_or(|most| *most > 251) {
                        continue;
                    }
                    let value = (-sum.rest * inverse).into_bigint();
                    let spelled = (0..value.num_bits()).all(|i| !value.get_bit(i as usize) || distinct.contains(&i));
                    let bit = |at: &u32| Fr::from(value.get_bit(*at as usize));
                    return spelled.then(|| terms.iter().zip(&places).map(|(t, at)| (t.1, bit(at))).collect());
                }
                Some(vec![])
            }
            _ => Some(vec![]),
        }
    }

    /// Everything that follows from constraint after constraint; whether none of them is contradicted.
    fn follow(&self, values: &mut Values, mut open: BTreeSet<usize>) -> bool {
        while let Some(row) = open.pop_first() {
            let Some(sum) = Self::linear(&self.fold(row, values)) else { continue };
            let Some(found) = self.solve(&sum) else { return false };
            for (x, value) in found {
                values[x] = Some(value);
                open.extend(&self.rows[x]);
            }
        }
        true
    }

    /// The cases of a row `a * b = 0`, or of one with a single variable; nothing if it can't be split.
    fn split(&self, sides: &[Linear; 3]) -> Option<Cases> {
        let [a, b, c] = sides;
        if c.is_known() && c.rest.is_zero() {
            let cases: Vec<Step> = [a, b].into_iter().map(|side| self.solve(side)).collect();
            let says = |case: &Step| case.as_ref().is_none_or(|found| !found.is_empty());
            return cases.iter().all(says).then(|| cases.into_iter().flatten().collect());
        }
        let variables: BTreeSet<usize> = sides.iter().flat_map(|side| &side.terms).map(|t| t.1).collect();
        let x = *variables.first().filter(|_| variables.len() == 1)?;
        let slope = |side: &Linear| side.terms.iter().map(|t| t.0).sum::<Fr>();
        // p * x^2 + q * x + r = 0
        let p = slope(a) * slope(b);
        let q = slope(a) * b.rest + slope(b) * a.rest - slope(c);
        let r = a.rest * b.rest - c.rest;
        let half = (p + p).inverse()?;
        let root = (q * q - Fr::from(4u64) * p * r).sqrt();
        Some(root.map_or(vec![], |root| vec![vec![(x, (root - q) * half)], vec![(x, (-root - q) * half)]]))
    }

    fn descend(&mut self, mut values: Values, open: BTreeSet<usize>) {
        self.left = self.left.checked_sub(1).expect("more cases than were allowed");
        if !self.follow(&mut values, open) {
            return;
        }
        // The fewest cases first; a variable that is no bit rather than a bit, which the others may tell.
        let mut best: Option<(usize, Cases)> = None;
        let mut done = true;
        for row in 0..self.matrices.constraints() {
            let sides = self.fold(row, &values);
            match Self::linear(&sides) {
                Some(sum) => done &= sum.terms.is_empty(),
                None => {
                    done = false;
                    let Some(cases) = self.split(&sides) else { continue };
                    let bits = cases.iter().flatten().all(|(x, _)| self.boolean[*x]);
                    let rank = match cases.as_slice() {
                        [] | [_] => 0,
                        [first, ..] if first.len() > 1 => 1,
                        _ if !bits => 2,
                        _ => 3,
                    };
                    if best.as_ref().is_none_or(|b| b.0 > rank) {
                        best = Some((rank, cases));
                    }
                }
            }
        }
        if done {
            self.found.push(values);
            return;
        }
        let (_, cases) = best.expect("a constraint is left that can't be split");
        for case in cases {
            let mut values = values.clone();
            let mut open = BTreeSet::new();
            for (x, value) in case {
                values[x] = Some(value);
                open.extend(&self.rows[x]);
            }
            self.descend(values, open);
        }
    }
}

/// The `e` of `x = 2^e`, if there is one.
fn place(x: Fr) -> Option<u32> {
    let bits = x.into_bigint();
    let ones: u32 = bits.0.iter().map(|limb| limb.count_ones()).sum();
    (ones == 1).then(|| bits.num_bits() - 1)
}
