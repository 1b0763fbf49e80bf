//! A dishonest prover: it tells something else of one variable, or mishears one value, and computes all after it from the lie, so that its
//! witness is consistent but for the lie itself.
//!
//! [`Dishonest`] is a constraint system that computes a witness as [`Assign`] does; a [`Lie`] says where it departs. [`Claim`] runs it over
//! a whole circuit, by the same description that builds the circuit. Every attack of the test suite is one of these.

use std::{cell::Cell, collections::BTreeMap};

use ark_bn254::Fr;
use ark_ff::{Field, Zero, batch_inversion};

use crate::{
    arith::r1cs::{Accumulate, Assign},
    circuit::{Circuit, Opening},
    gadget::{Cs, FieldCs},
    number::{ArithError, Int, field::to_int},
    plan::{
        Quantized,
        synthesis::{Refused, Secrets},
    },
    tensor::Tensor,
};

/// Where a prover departs from the truth. Variables are numbered in their order.
pub trait Lie {
    /// What is told of the `n`th witness variable, whose honest value this is.
    fn told(&self, n: usize, honest: Int) -> Int {
        let _ = n;
        honest
    }

    /// What is heard where the `n`th value is asked for that a hint is computed from.
    fn heard(&self, n: usize, value: Int) -> Int {
        let _ = n;
        value
    }

    /// What is added to the `n`th witness variable, where that is a product or a quotient of field elements.
    fn added(&self, n: usize) -> Fr {
        let _ = n;
        Fr::zero()
    }

    /// What is added to the `n`th witness variable, where that is a field element of the prover's choice.
    fn chosen(&self, n: usize) -> Fr {
        let _ = n;
        Fr::zero()
    }
}

/// No lie.
#[derive(Clone, Copy, Debug)]
pub struct Truth;
impl Lie for Truth {}

/// A lie about the witness variable of this number; of a product of field elements, one more.
#[derive(Clone, Copy, Debug)]
pub struct About<F>(pub usize, pub F);

impl<F: Fn(Int) -> Int> Lie for About<F> {
    fn told(&self, n: usize, honest: Int) -> Int {
        if n == self.0 { (self.1)(honest) } else { honest }
    }

    fn added(&self, n: usize) -> Fr {
        Fr::from(u64::from(n == self.0))
    }
}

/// A lie about the value of this number that a hint is computed from.
#[derive(Clone, Copy, Debug)]
pub struct Misheard<F>(pub usize, pub F);

impl<F: Fn(Int) -> Int> Lie for Misheard<F> {
    fn heard(&self, n: usize, value: Int) -> Int {
        if n == self.0 { (self.1)(value) } else { value }
    }
}

/// Values told of witness variables, by their numbers.
impl Lie for BTreeMap<usize, Int> {
    fn told(&self, n: usize, honest: Int) -> Int {
        self.get(&n).copied().unwrap_or(honest)
    }
}

/// Computes a witness with a lie.
#[derive(Debug)]
pub struct Dishonest<L> {
    assign: Assign<'static>,
    lie: L,
    next: usize,
    asked: Cell<usize>,
    lied: bool,
}

impl<L: Lie> Dishonest<L> {
    /// A prover that lies so.
    pub fn new(lie: L) -> Self {
        Self { assign: Assign::new(), lie, next: 0, asked: Cell::new(0), lied: false }
    }

    /// How many witness variables there are so far.
    pub fn witnesses(&self) -> usize {
        self.next
    }

    /// How many values were asked for, to compute hints from.
    pub fn asked(&self) -> usize {
        self.asked.get()
    }

    /// Whether the lie changed anything.
    pub fn lied(&self) -> bool {
        self.lied
    }

    /// All values, in the order of the matrices' columns.
    pub fn finish(self) -> Vec<Fr> {
        self.assign.finish()
    }

    fn number(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    /// A variable of this value, and what the lie adds to it.
    fn tell(&mut self, value: Fr) -> Fr {
        let n = self.number();
        let added = self.lie.added(n);
        self.lied |= !added.is_zero();
        self.assign.field_witness(Some(value + added))
    }
}

impl<L: Lie> Cs for Dishonest<L> {
    type W = Int;

    fn linear(&mut self, terms: &[(Int, &Int)], constant: Int) -> Int {
        self.assign.linear(terms, constant)
    }

    fn value(&self, w: &Int) -> Option<Int> {
        let n = self.asked.replace(self.asked.get() + 1);
        Some(self.lie.heard(n, *w))
    }

    fn witness(&mut self, value: Option<Int>) -> Int {
        let (n, honest) = (self.number(), value.unwrap_or(Int::ZERO));
        let told = self.lie.told(n, honest);
        self.lied |= told != honest;
        self.assign.witness(Some(told))
    }

    fn enforce(&mut self, _: &Int, _: &Int, _: &Int) {}

    fn inverse(&mut self, x: &Int, rhs: &Int) {
        self.number();
        self.assign.inverse(x, rhs);
    }

    fn label(&mut self, _: &'static str) {}
}

impl<L: Lie> FieldCs for Dishonest<L> {
    type F = Fr;

    fn instance(&mut self, value: Option<Int>) -> Int {
        self.assign.instance(value)
    }

    fn lift(&mut self, w: &Int) -> Fr {
        self.assign.lift(w)
    }

    fn field_linear(&mut self, terms: &[(Fr, &Fr)], constant: Fr) -> Fr {
        self.assign.field_linear(terms, constant)
    }

    fn combine(&mut self, terms: &[(Fr, &Int)], _: Int) -> Int {
        // Of what was told, whatever it should be.
        to_int(terms.iter().map(|(c, w)| *c * self.lift(w)).sum())
    }

    fn field_product(&mut self, a: &Fr, b: &Fr) -> Fr {
        self.tell(*a * *b)
    }

    fn field_quotient(&mut self, n: &Fr, d: &Fr) -> Fr {
        self.tell(d.inverse().unwrap_or_default() * n)
    }

    fn field_quotients(&mut self, pairs: &[(Fr, Fr)]) -> Vec<Fr> {
        let mut inverses: Vec<Fr> = pairs.iter().map(|(_, d)| *d).collect();
        batch_inversion(&mut inverses);
        pairs.iter().zip(inverses).map(|((n, _), inverse)| self.tell(inverse * n)).collect()
    }

    /// Of all that is fixed, as a transcript's hash would be.
    fn challenge(&mut self) -> Result<Fr, ArithError> {
        Ok(self.assign.folded_challenge())
    }

    fn field_enforce(&mut self, _: &Fr, _: &Fr, _: &Fr) {}

    fn field_witness(&mut self, value: Option<Fr>) -> Fr {
        let n = self.number();
        let chosen = self.lie.chosen(n);
        self.lied |= !chosen.is_zero();
        self.assign.field_witness(Some(value.unwrap_or_default() + chosen))
    }

    fn registered(&mut self, value: Option<Int>) -> Int {
        let (n, honest) = (self.number(), value.unwrap_or(Int::ZERO));
        let told = self.lie.told(n, honest);
        self.lied |= told != honest;
        self.assign.registered(Some(told))
    }

    fn field_registered(&mut self, value: Option<Fr>) -> Fr {
        let n = self.number();
        let chosen = self.lie.chosen(n);
        self.lied |= !chosen.is_zero();
        self.assign.field_registered(Some(value.unwrap_or_default() + chosen))
    }

    fn field_output(&mut self, f: &Fr) {
        self.assign.field_output(f);
    }
}

impl<L: Lie> Accumulate for Dishonest<L> {}

/// What a prover claims to know of a circuit.
#[derive(Clone, Copy)]
pub struct Claim<'a> {
    /// The circuit.
    pub circuit: &'a Circuit,
    /// The weights, for every node its lowered parameters.
    pub weights: &'a [Vec<Tensor<Int>>],
    /// The inputs, one for each item of the batch.
    pub inputs: &'a [Tensor<Int>],
    /// The salts of the commitments.
    pub opening: &'a Opening,
}

impl<'a> Claim<'a> {
    /// The claim of who has these weights.
    pub fn new(
        circuit: &'a Circuit,
        quantized: &'a Quantized,
        inputs: &'a [Tensor<Int>],
        opening: &'a Opening,
    ) -> Self {
        Self { circuit, weights: quantized.params(), inputs, opening }
    }

    /// The prover after it has filled in the whole circuit, with this lie.
    ///
    /// # Errors
    /// If a value may outgrow the field: the node, and why.
    pub fn run<L: Lie>(&self, lie: L) -> Result<Dishonest<L>, Refused> {
        let secrets = Secrets { weights: self.weights, inputs: self.inputs, opening: self.opening };
        self.circuit.synthesize_over(Dishonest::new(lie), Some(&secrets))
    }
}
