//! Witness generation: the constraint system that computes the values of the variables.

use ark_bn254::Fr;
use ark_ff::{Field, One};

use super::Accumulate;
use crate::{
    gadget::{Cs, FieldCs},
    number::{Int, field::to_field, interval},
};

/// Witness generator: computes the values of the variables that [`Build`](super::Build) makes.
#[derive(Debug, Default)]
pub struct Assign {
    instance: Vec<Fr>,
    witness: Vec<Fr>,
}

impl Assign {
    /// Only the constant one.
    pub fn new() -> Self {
        Self { instance: vec![Fr::one()], witness: vec![] }
    }

    /// All values, in the order of the matrices' columns.
    pub fn finish(self) -> Vec<Fr> {
        let Self { mut instance, mut witness } = self;
        instance.append(&mut witness);
        instance
    }
}

impl Cs for Assign {
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

impl FieldCs for Assign {
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

    fn field_enforce(&mut self, _: &Fr, _: &Fr, _: &Fr) {}

    fn field_witness(&mut self, value: Option<Fr>) -> Fr {
        let value = value.unwrap_or_default();
        self.witness.push(value);
        value
    }

    fn field_output(&mut self, f: &Fr) {
        self.instance.push(*f);
    }
}

impl Accumulate for Assign {}
