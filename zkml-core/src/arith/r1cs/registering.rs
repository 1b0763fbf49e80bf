//! Registered weights: variables of a phase of their own, which many proofs have in common; and what of a model's weights each of them holds

use std::{borrow::Cow, collections::BTreeMap};

use ark_bn254::Fr;
use ark_ff::Zero;
use sha2::{Digest as _, Sha256};

use super::{Accumulate, Tally};
use crate::{
    digest::Digest,
    gadget::{
        Cs, FieldCs,
        product::{linear_operator::LinearOperator, polynomial::Identities},
    },
    number::{
        ArithError, Int,
        field::{places, to_field},
    },
};

/// Packed weights: `sum_k 2^(ck) * w_k`, a registered variable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pack {
    /// `c`.
    pub place: u32,
    /// The weights, by their numbers in the order in which they are allocated.
    pub weights: Vec<u32>,
}

impl Pack {
    /// `2^(ck)` for each weight.
    pub fn places(&self) -> impl Iterator<Item = Fr> + '_ {
        places(self.place).take(self.weights.len())
    }
}

/// Layout of registered weights: what each variable holds, in the order of the columns.
///
/// Circuits with one layout have weights in common. The circuit that shows what the weights are is made from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// How many weights there are.
    pub weights: u32,
    /// The variables.
    pub packs: Vec<Pack>,
}

impl Layout {
    /// The values of the variables, for these weights in the order in which they are allocated; nothing if there are too few.
    pub fn values(&self, weights: &[Int]) -> Option<Vec<Fr>> {
        let value = |pack: &Pack| {
            let parts = pack.weights.iter().zip(pack.places());
            parts.map(|(w, place)| Some(place * to_field(*weights.get(*w as usize)?))).sum::<Option<Fr>>()
        };
        self.packs.iter().map(value).collect()
    }

    /// SHA-256 of all of it.
    pub fn digest(&self) -> Digest {
        let mut hash = Sha256::new_with_prefix(b"zkml layout of weights 1");
        hash.update(self.weights.to_le_bytes());
        hash.update((self.packs.len() as u64).to_le_bytes());
        for pack in &self.packs {
            hash.update(pack.place.to_le_bytes());
            hash.update((pack.weights.len() as u64).to_le_bytes());
            pack.weights.iter().for_each(|w| hash.update(w.to_le_bytes()));
        }
        Digest(hash.finalize().into())
    }
}

/// A linear combination, or a weight that has no variable yet: the value of a weight where there are values.
#[derive(Clone, Debug)]
pub struct Weighed<W> {
    pub(super) w: W,
    weight: Option<u32>,
}

/// A constraint system in which weights may be registered: a weight, or several in one, is then a variable of the phase of registered weights as
/// soon as it is used, and its range is not checked. Where they are not, it is the constraint system that it is an addition to.
///
/// # Constraints
/// Of registered weights, none where packed weights are factors of products; else one a variable, `w * 0 = 0`. Of others, none.
///
/// # Soundness
/// A variable stands alone on the A side of some constraint, so that a commitment binds it and not a sum of several: as the factor of
/// a product, or by the constraint above. That it is made of weights of the declared ranges is shown elsewhere, once for many proofs: see
/// [`Registration`](crate::circuit::Registration). Without, these circuits prove the answers of *some* function that was fixed before the input.
#[derive(Debug)]
pub struct Registering<C: FieldCs> {
    /// What it is an addition to.
    pub cs: C,
    registers: bool,
    layout: Layout,
    made: BTreeMap<Pack, C::F>,
    single: BTreeMap<u32, C::W>,
    zero: C::W,
    field_zero: C::F,
}

impl<C: FieldCs> Registering<C> {
    /// Of registered weights, none so far; or of others.
    pub fn new(mut cs: C, registers: bool) -> Self {
        let (zero, field_zero) = (cs.constant(Int::ZERO), cs.field_linear(&[], Fr::zero()));
        let (made, single) = (BTreeMap::new(), BTreeMap::new());
        Self { cs, registers, layout: Layout::default(), made, single, zero, field_zero }
    }

    /// The constraint system, and what its registered variables hold.
    pub fn finish(self) -> (C, Layout) {
        (self.cs, self.layout)
    }

    /// The linear combination: of a weight that is used by itself, its variable. A running sum is left alone.
    fn real<'a>(&mut self, x: &'a Weighed<C::W>) -> Cow<'a, C::W> {
        let Some(weight) = x.weight else { return Cow::Borrowed(&x.w) };
        if let Some(w) = self.single.get(&weight) {
            return Cow::Owned(w.clone());
        }
        let value = self.cs.value(&x.w);
        let w = self.cs.registered(value);
        self.cs.enforce(&w, &self.zero, &self.zero);
        self.layout.packs.push(Pack { place: 0, weights: vec![weight] });
        self.single.insert(weight, w.clone());
        Cow::Owned(w)
    }

    /// The linear combinations of a sum's terms.
    fn terms<'a, T: Copy>(&mut self, terms: &[(T, &'a Weighed<C::W>)]) -> Vec<(T, Cow<'a, C::W>)> {
        terms.iter().map(|(c, w)| (*c, self.real(w))).collect()
    }

    fn plain(w: C::W) -> Weighed<C::W> {
        Weighed { w, weight: None }
    }
}

impl Registering<Tally> {
    /// A linear combination of so many variables.
    pub(super) fn wire(&self, terms: u32) -> Weighed<<Tally as Cs>::W> {
        Self::plain(self.cs.wire(terms))
    }
}

impl<C: FieldCs> Cs for Registering<C> {
    type W = Weighed<C::W>;

    fn linear(&mut self, terms: &[(Int, &Self::W)], constant: Int) -> Self::W {
        let terms = self.terms(terms);
        let terms: Vec<(Int, &C::W)> = terms.iter().map(|(c, w)| (*c, w.as_ref())).collect();
        Self::plain(self.cs.linear(&terms, constant))
    }
    fn value(&self, w: &Self::W) -> Option<Int> {
        self.cs.value(&w.w)
    }
    fn witness(&mut self, value: Option<Int>) -> Self::W {
        Self::plain(self.cs.witness(value))
    }
    fn bit(&mut self, value: Option<Int>) -> Self::W {
        Self::plain(self.cs.bit(value))
    }
    fn enforce(&mut self, a: &Self::W, b: &Self::W, c: &Self::W) {
        let (a, b, c) = (self.real(a), self.real(b), self.real(c));
        self.cs.enforce(&a, &b, &c);
    }
    fn inverse(&mut self, x: &Self::W, rhs: &Self::W) {
        let (x, rhs) = (self.real(x), self.real(rhs));
        self.cs.inverse(&x, &rhs);
    }
    fn label(&mut self, gadget: &'static str) {
        self.cs.label(gadget);
    }
}

impl<C: FieldCs> FieldCs for Registering<C> {
    type F = C::F;

    fn instance(&mut self, value: Option<Int>) -> Self::W {
        Self::plain(self.cs.instance(value))
    }
    fn lift(&mut self, w: &Self::W) -> C::F {
        let w = self.real(w);
        self.cs.lift(&w)
    }
    fn field_linear(&mut self, terms: &[(Fr, &C::F)], constant: Fr) -> C::F {
        self.cs.field_linear(terms, constant)
    }
    fn combine(&mut self, terms: &[(Fr, &Self::W)], value: Int) -> Self::W {
        let terms = self.terms(terms);
        let terms: Vec<(Fr, &C::W)> = terms.iter().map(|(c, w)| (*c, w.as_ref())).collect();
        Self::plain(self.cs.combine(&terms, value))
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
    fn identities(&mut self, identities: Identities<C::F>) -> Result<(), ArithError> {
        self.cs.identities(identities)
    }

    fn registered(&mut self, value: Option<Int>) -> Self::W {
        Self::plain(self.cs.registered(value))
    }
    fn field_registered(&mut self, value: Option<Fr>) -> C::F {
        self.cs.field_registered(value)
    }

    fn weight(&mut self, value: Option<Int>) -> Option<Self::W> {
        if !self.registers {
            return None;
        }
        let weight = self.layout.weights;
        self.layout.weights = weight.checked_add(1)?;
        let w = self.cs.constant(value.unwrap_or(Int::ZERO));
        Some(Weighed { w, weight: Some(weight) })
    }

    /// A registered variable, the same each time; anything but weights is packed as everywhere.
    fn packed(&mut self, weights: &[&Self::W], place: u32, settled: bool, alone: bool) -> C::F {
        let numbers: Option<Vec<u32>> = weights.iter().map(|w| w.weight).collect();
        let Some(numbers) = numbers else {
            let weights: Vec<Cow<'_, C::W>> = weights.iter().map(|w| self.real(w)).collect();
            return self.cs.packed(&weights.iter().map(Cow::as_ref).collect::<Vec<_>>(), place, settled, alone);
        };
        let pack = Pack { place, weights: numbers };
        if let Some(made) = self.made.get(&pack) {
            return made.clone();
        }
        let values: Option<Vec<Int>> = weights.iter().map(|w| self.cs.value(&w.w)).collect();
        let sum = |values: Vec<Int>| pack.places().zip(values).map(|(place, w)| place * to_field(w)).sum::<Fr>();
        let made = self.cs.field_registered(values.map(sum));
        if !alone {
            self.cs.field_enforce(&made, &self.field_zero, &self.field_zero);
        }
        self.layout.packs.push(pack.clone());
        self.made.insert(pack, made.clone());
        made
    }
}

impl<C: Accumulate> Accumulate for Registering<C> {
    fn accumulate(&mut self, sum: &mut Int, c: Int, w: &Self::W) {
        let w = self.real(w);
        self.cs.accumulate(sum, c, &w);
    }
    fn accumulate_constant(&mut self, sum: &mut Int, c: Int) {
        self.cs.accumulate_constant(sum, c);
    }
    fn deferred(&mut self, a: &Self::W, b: &Self::W) -> Self::W {
        let (a, b) = (self.real(a), self.real(b));
        Self::plain(self.cs.deferred(&a, &b))
    }
    fn close(&mut self, sum: Int) -> Self::W {
        Self::plain(self.cs.close(sum))
    }
    fn operators_from(&self) -> usize {
        self.cs.operators_from()
    }
    fn operate(&mut self, operator: LinearOperator, x: &[&Self::W]) -> Option<Vec<Self::W>> {
        let x: Vec<Cow<'_, C::W>> = x.iter().map(|x| self.real(x)).collect();
        let y = self.cs.operate(operator, &x.iter().map(Cow::as_ref).collect::<Vec<_>>())?;
        Some(y.into_iter().map(Self::plain).collect())
    }
    fn at(&mut self, node: usize) {
        self.cs.at(node);
    }
    fn exceeded(&self, more: usize) -> Option<usize> {
        self.cs.exceeded(more)
    }
}
