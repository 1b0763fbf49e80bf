//! Witness generation: the constraint system that computes the values of the variables.

use std::fmt;

use ark_bn254::Fr;
use ark_ff::{Field, One, batch_inversion};

use super::Accumulate;
use crate::{
    gadget::{
        Cs, FieldCs, field_cs,
        product::linear_operator::{self, LinearOperator},
    },
    number::{ArithError, Int, field::to_field, interval},
};

/// Oracle: what draws the challenge, from the public inputs (the constant one first) and the witness variables that are fixed
/// before it.
pub type Oracle<'a> = &'a mut dyn FnMut(&[Fr], &[Fr]) -> Result<Fr, ArithError>;

/// A polynomial of all that is fixed, at a point that nothing of it depends on: a stand-in for a transcript's hash.
pub(crate) fn folded(instance: &[Fr], witness: &[Fr]) -> Fr {
    let point = Fr::from(0x9e37_79b9_7f4a_7c15u64).square() + Fr::one();
    let sum = |seed: Fr, x: &Fr| (seed + x).square() * point + x;
    instance.iter().chain(witness).fold(point, sum)
}

/// Witness generator: computes the values of the variables that [`Build`](super::Build) makes.
#[derive(Default)]
pub struct Assign<'a> {
    instance: Vec<Fr>,
    registered: Vec<Fr>,
    witness: Vec<Fr>,
    oracle: Option<Oracle<'a>>,
}

/// Without the values.
impl fmt::Debug for Assign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assign").field("witnesses", &self.witness.len()).finish_non_exhaustive()
    }
}

impl<'a> Assign<'a> {
    /// Only the constant one.
    pub fn new() -> Self {
        Self { instance: vec![Fr::one()], ..Self::default() }
    }

    /// The same for a proof system of two phases, whose challenge the oracle draws.
    pub fn two_phases(oracle: Oracle<'a>) -> Self {
        Self { oracle: Some(oracle), ..Self::new() }
    }

    /// A challenge that depends on all that is fixed, and is nobody's secret: for tests of circuits, without a proof system.
    pub fn folded_challenge(&mut self) -> Fr {
        let r = folded(&self.instance, &self.fixed());
        self.instance.push(r);
        r
    }

    /// The witness variables so far: registered weights, and all others.
    fn fixed(&self) -> Vec<Fr> {
        [self.registered.as_slice(), &self.witness].concat()
    }

    /// All values, in the order of the matrices' columns.
    pub fn finish(self) -> Vec<Fr> {
        let Self { mut instance, mut registered, mut witness, .. } = self;
        instance.append(&mut registered);
        instance.append(&mut witness);
        instance
    }
}

impl Cs for Assign<'_> {
    type W = Int;

    fn linear(&mut self, terms: &[(Int, &Int)], constant: Int) -> Int {
        terms.iter().fold(constant, |sum, (c, w)| sum.wrapping_add(interval::product(*c, **w)))
    }

    fn value(&self, w: &Int) -> Option<Int> {
        Some(*w)
    }

    fn witness(&mut self, value: Option<Int>) -> Int {
        let value = value.unwrap_or(Int::ZERO);
        self.witness.push(to_field(value));
        value
    }

    fn enforce(&mut self, _: &Int, _: &Int, _: &Int) {}

    fn inverse(&mut self, x: &Int, rhs: &Int) {
        let inverse = to_field(*x).inverse().unwrap_or_default();
        self.witness.push(inverse * to_field(*rhs));
    }

    fn label(&mut self, _: &'static str) {}
}

impl FieldCs for Assign<'_> {
    type F = Fr;

    fn instance(&mut self, value: Option<Int>) -> Int {
        let value = value.unwrap_or(Int::ZERO);
        self.instance.push(to_field(value));
        value
    }

    fn lift(&mut self, w: &Int) -> Fr {
        to_field(*w)
    }

    fn field_linear(&mut self, terms: &[(Fr, &Fr)], constant: Fr) -> Fr {
        terms.iter().fold(constant, |sum, (c, f)| sum + *c * *f)
    }

    fn combine(&mut self, _: &[(Fr, &Int)], value: Int) -> Int {
        value
    }

    fn field_product(&mut self, a: &Fr, b: &Fr) -> Fr {
        let p = *a * *b;
        self.witness.push(p);
        p
    }

    fn field_quotient(&mut self, n: &Fr, d: &Fr) -> Fr {
        let q = d.inverse().unwrap_or_default() * n;
        self.witness.push(q);
        q
    }

    fn field_quotients(&mut self, pairs: &[(Fr, Fr)]) -> Vec<Fr> {
        let mut inverses: Vec<Fr> = pairs.iter().map(|(_, d)| *d).collect();
        batch_inversion(&mut inverses);
        let first = self.witness.len();
        self.witness.extend(pairs.iter().zip(&inverses).map(|((n, _), inverse)| *n * inverse));
        self.witness[first..].to_vec()
    }

    fn challenge(&mut self) -> Result<Fr, ArithError> {
        let oracle = self.oracle.take().ok_or_else(field_cs::one_phase)?;
        let r = oracle(&self.instance, &self.fixed())?;
        self.instance.push(r);
        Ok(r)
    }

    fn field_enforce(&mut self, _: &Fr, _: &Fr, _: &Fr) {}

    fn field_witness(&mut self, value: Option<Fr>) -> Fr {
        let value = value.unwrap_or_default();
        self.witness.push(value);
        value
    }

    fn registered(&mut self, value: Option<Int>) -> Int {
        let value = value.unwrap_or(Int::ZERO);
        self.registered.push(to_field(value));
        value
    }

    fn field_registered(&mut self, value: Option<Fr>) -> Fr {
        let value = value.unwrap_or_default();
        self.registered.push(value);
        value
    }

    fn field_output(&mut self, f: &Fr) {
        self.instance.push(*f);
    }
}

impl Accumulate for Assign<'_> {
    fn operators_from(&self) -> usize {
        linear_operator::WORTH
    }

    /// By machine integers, if they are small enough.
    fn operate(&mut self, operator: LinearOperator, x: &[&Int]) -> Option<Vec<Int>> {
        let x: Vec<i64> = x.iter().map(|x| interval::short(**x)).collect::<Option<_>>()?;
        Some(operator.integers(&x)?.into_iter().map(Int::from).collect())
    }
}
