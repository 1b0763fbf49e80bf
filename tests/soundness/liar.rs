//! A prover that lies about one variable, or computes one hint from another number than it should, and then computes
//! everything after it from the lie, so that its witness is consistent but for the lie itself.

use std::cell::Cell;

use ark_bn254::Fr;
use zkml::{
    arith::r1cs::{Accumulate, Assign, R1cs},
    circuit::{Circuit, Opening},
    gadget::{Cs, FieldCs},
    number::Int,
    plan::{Quantized, synthesis::Secrets},
    prove::public::to_bytes,
    tensor::Tensor,
};

/// What becomes of an integer.
pub type Lie = fn(Int) -> Int;

/// Computes a witness, with a lie at one variable.
pub struct Liar<'a> {
    honest: Assign,
    next: usize,
    at: Option<usize>,
    /// How many values were asked for, of which that one is misheard.
    asked: Cell<usize>,
    misheard: Option<usize>,
    lie: &'a dyn Fn(Int) -> Int,
    /// Whether the lie changed anything.
    pub lied: bool,
}

impl Liar<'_> {
    fn step(&mut self) -> bool {
        self.next += 1;
        self.at == Some(self.next - 1)
    }
}

impl Cs for Liar<'_> {
    type W = Int;
    fn linear(&mut self, terms: &[(Int, &Int)], constant: Int) -> Int {
        self.honest.linear(terms, constant)
    }
    fn value(&self, w: &Int) -> Option<Int> {
        let asked = self.asked.replace(self.asked.get() + 1);
        Some(if self.misheard == Some(asked) { (self.lie)(*w) } else { *w })
    }
    fn witness(&mut self, value: Option<Int>) -> Int {
        let value = value.unwrap();
        let told = if self.step() { (self.lie)(value) } else { value };
        self.lied |= told != value;
        self.honest.witness(Some(told))
    }
    fn enforce(&mut self, _: &Int, _: &Int, _: &Int) {}
    fn inverse(&mut self, x: &Int, rhs: &Int) {
        self.step();
        self.honest.inverse(x, rhs);
    }
    fn label(&mut self, _: &'static str) {}
}

impl FieldCs for Liar<'_> {
    type F = Fr;
    fn instance(&mut self, value: Option<Int>) -> Int {
        self.honest.instance(value)
    }
    fn lift(&mut self, w: &Int) -> Fr {
        self.honest.lift(w)
    }
    fn field_linear(&mut self, terms: &[(Fr, &Fr)], constant: Fr) -> Fr {
        self.honest.field_linear(terms, constant)
    }
    fn combine(&mut self, terms: &[(Fr, &Int)], _: Int) -> Int {
        // Of what was told, whatever it should be.
        let sum: Fr = terms.iter().map(|(c, w)| *c * self.lift(w)).sum();
        let magnitude = |x: Fr| Int::from_le_bytes(to_bytes(x));
        if magnitude(sum) > magnitude(-sum) { -magnitude(-sum) } else { magnitude(sum) }
    }
    fn field_product(&mut self, a: &Fr, b: &Fr) -> Fr {
        let lie = self.step();
        self.lied |= lie;
        self.honest.field_witness(Some(*a * *b + Fr::from(u64::from(lie))))
    }
    fn field_witness(&mut self, value: Option<Fr>) -> Fr {
        self.step();
        self.honest.field_witness(value)
    }
    fn field_output(&mut self, f: &Fr) {
        self.honest.field_output(f);
    }
}

impl Accumulate for Liar<'_> {}

/// What the prover claims to know.
pub struct Claim<'a> {
    pub circuit: &'a Circuit,
    pub weights: &'a [Vec<Tensor<Int>>],
    pub inputs: &'a [Tensor<Int>],
    pub opening: &'a Opening,
}

impl<'a> Claim<'a> {
    pub fn new(
        circuit: &'a Circuit,
        quantized: &'a Quantized,
        inputs: &'a [Tensor<Int>],
        opening: &'a Opening,
    ) -> Self {
        Self { circuit, weights: quantized.params(), inputs, opening }
    }

    /// The assignment with a lie at a witness variable, and whether it changed anything.
    pub fn assignment(&self, at: Option<usize>, lie: Lie) -> (Vec<Fr>, bool) {
        let liar = self.run(at, None, &lie);
        (liar.honest.finish(), liar.lied)
    }

    /// The assignment where one value that a hint is computed from is another, and how many values are asked for.
    pub fn misheard(&self, at: Option<usize>, lie: &dyn Fn(Int) -> Int) -> (Vec<Fr>, usize) {
        let liar = self.run(None, at, lie);
        (liar.honest.finish(), liar.asked.get())
    }

    fn run<'l>(&self, at: Option<usize>, misheard: Option<usize>, lie: &'l dyn Fn(Int) -> Int) -> Liar<'l> {
        let liar = Liar { honest: Assign::new(), next: 0, at, asked: Cell::new(0), misheard, lie, lied: false };
        let mut a = R1cs::new(liar);
        let secrets = Secrets { weights: self.weights, inputs: self.inputs, opening: self.opening };
        self.circuit.edges().synthesize(&mut a, Some(&secrets)).unwrap();
        a.cs
    }
}
