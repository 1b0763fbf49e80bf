//! A prover that lies about one variable, or computes one hint from another number than it should, and then computes
//! everything after it from the lie, so that its witness is consistent but for the lie itself.

use std::cell::Cell;

use ark_bn254::Fr;
use zkml::{
    arith::{
        Arith,
        r1cs::{Accumulate, Assign, R1cs, Wire},
    },
    circuit::{Circuit, Opening},
    gadget::{
        Cs, FieldCs,
        hash::commitment::{self, Domain, Subject},
    },
    graph::{NodeId, Visible},
    number::{Int, Interval},
    plan::{Quantized, walk},
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
        self.synthesize(&mut a);
        a.cs
    }

    fn synthesize(&self, a: &mut R1cs<Liar<'_>>) {
        let (graph, plan) = (self.circuit.graph(), self.circuit.plan());
        let visibility = self.circuit.visibility();
        let mut params: Vec<Vec<Tensor<Wire<Int>>>> = Vec::new();
        for (node, plans) in self.weights.iter().zip(&plan.params) {
            let wires = node.iter().zip(plans).map(|(t, p)| match visibility.weights {
                Visible::Public => t.map(|q| a.constant(*q)),
                _ => t.map(|q| a.allocate(&p.interval(), Some(*q)).unwrap()),
            });
            params.push(wires.collect());
        }
        if visibility.weights == Visible::Committed {
            let wires: Vec<&Wire<Int>> = params.iter().flatten().flat_map(|t| t.data()).collect();
            commit(a, &self.circuit.domain(Subject::Weights), &wires, self.opening.weights);
        }
        if visibility.weights != Visible::Public {
            for (i, node) in params.iter_mut().enumerate() {
                let fanout = walk::param_fanout(graph, NodeId(i)) * self.circuit.batch();
                node.iter_mut().for_each(|t| *t = t.map(|w| a.settle(w, fanout).unwrap()));
            }
        }
        for (item, input) in self.inputs.iter().enumerate() {
            let interval = plan.input.interval;
            let input = input.map(|q| match visibility.input {
                Visible::Public => a.instance(&interval, Some(*q)).unwrap(),
                _ => a.allocate(&interval, Some(*q)).unwrap(),
            });
            if visibility.input == Visible::Committed {
                let wires: Vec<&Wire<Int>> = input.data().iter().collect();
                commit(a, &self.circuit.domain(Subject::Input), &wires, self.opening.inputs[item]);
            }
            let output = walk::walk(graph, plan, a, input, &params, 0, &mut |_, _| {}).unwrap().output;
            match visibility.output {
                Visible::Public => output.data().iter().for_each(|wire| a.publish(wire)),
                Visible::Committed => {
                    let wires: Vec<&Wire<Int>> = output.data().iter().collect();
                    commit(a, &self.circuit.domain(Subject::Output), &wires, self.opening.outputs[item]);
                }
                Visible::Private => {}
            }
        }
    }
}

fn commit(a: &mut R1cs<Liar<'_>>, domain: &Domain, wires: &[&Wire<Int>], salt: Fr) {
    let parts: Vec<(&Int, Interval)> = wires.iter().map(|w| (&w.w, w.measure.interval)).collect();
    let salt = a.cs.field_witness(Some(salt));
    let commitment = commitment::enforce_unchecked(&mut a.cs, domain, &parts, &salt);
    a.cs.field_output(&commitment);
}
