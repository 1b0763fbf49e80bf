//! Constraint synthesis: the constraint system that records constraints.

use std::sync::Arc;

use ark_bn254::Fr;
use ark_ff::{One, Zero};

use super::Accumulate;
use crate::{
    gadget::{
        Cs, FieldCs, field_cs,
        product::linear_operator::{self, LinearOperator},
    },
    number::{ArithError, Int, field::to_field},
    prove::{Matrices, matrices::Block, rates::Length},
};

/// A variable while building: public inputs have the top bit set, registered weights the next, and sums of operators the third, until
/// the number of those before them is known.
type Var = u32;
const INSTANCE: u32 = 1 << 31;
const REGISTERED: u32 = 1 << 30;
const SUM: u32 = 1 << 29;
const ONE: Var = INSTANCE;

/// Linear combination: variables, each at most once, with coefficients that are not zero.
#[derive(Clone, Debug, Default)]
pub struct Lc(Vec<(Fr, Var)>);

/// Label of a run of constraints, which says where they come from: from constraint `first` on, until the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// The first constraint of the run.
    pub first: usize,
    /// The first witness variable of the run.
    pub witness: usize,
    /// The node of the graph; see [`crate::circuit`] for the numbers above.
    pub node: usize,
    /// The gadget.
    pub gadget: &'static str,
}

/// Constraint synthesizer: records constraints.
#[derive(Debug, Default)]
pub struct Build {
    rows: [Vec<Vec<(Fr, Var)>>; 3],
    instances: u32,
    registered: u32,
    witnesses: u32,
    labels: Vec<Label>,
    node: usize,
    free: Vec<u32>,
    scratch: Vec<(Fr, Var)>,
    /// Of public inputs, registered weights and other variables.
    lengths: [Vec<Length>; 3],
    /// Whether there is a second phase: a challenge may be asked for.
    phased: bool,
    /// The challenge, and how many witness variables and sums there were when it was asked for.
    challenge: Option<(Var, u32, u32)>,
    blocks: Vec<(usize, Vec<Lc>, Arc<LinearOperator>)>,
    sums: u32,
    /// From so many multiplications on, linear maps are operators.
    operators_from: Option<usize>,
}

impl Build {
    /// No constraint, and the constant one as the only public input.
    pub fn new() -> Self {
        Self { instances: 1, lengths: [vec![Length::Bit], vec![], vec![]], ..Self::default() }
    }

    /// The same for a proof system of two phases: one challenge may be asked for, after which no public input follows.
    pub fn two_phases() -> Self {
        Self { phased: true, ..Self::new() }
    }

    /// The same, where linear maps are operators from so many multiplications on, or from those where they pay.
    pub fn with_operators_from(self, multiplications: Option<usize>) -> Self {
        Self { operators_from: multiplications, ..self }
    }

    fn gather(&mut self) -> Lc {
        let terms = &mut self.scratch;
        if terms.len() > 1 && terms.windows(2).any(|w| w[0].1 >= w[1].1) {
            terms.sort_unstable_by_key(|t| t.1);
            let mut kept = 0;
            for i in 1..terms.len() {
                if terms[i].1 == terms[kept].1 {
                    let extra = terms[i].0;
                    terms[kept].0 += extra;
                } else {
                    kept += 1;
                    terms[kept] = terms[i];
                }
            }
            terms.truncate(kept + 1);
        }
        terms.retain(|t| !t.0.is_zero());
        let lc = Lc(terms.clone());
        terms.clear();
        lc
    }

    fn push(&mut self, coefficient: Fr, lc: &Lc) {
        if coefficient.is_one() {
            self.scratch.extend_from_slice(&lc.0);
        } else if !coefficient.is_zero() {
            self.scratch.extend(lc.0.iter().map(|(c, v)| (*c * coefficient, *v)));
        }
    }

    fn fresh(&mut self, length: Length) -> Lc {
        self.lengths[2].push(length);
        let var = self.witnesses;
        self.witnesses += 1;
        Lc(vec![(Fr::one(), var)])
    }

    fn fresh_registered(&mut self, length: Length) -> Lc {
        self.lengths[1].push(length);
        let var = REGISTERED | self.registered;
        self.registered += 1;
        Lc(vec![(Fr::one(), var)])
    }

    fn fresh_instance(&mut self, length: Length) -> Lc {
        self.lengths[0].push(length);
        let var = INSTANCE | self.instances;
        self.instances += 1;
        Lc(vec![(Fr::one(), var)])
    }

    fn row(&mut self, a: &Lc, b: &Lc, c: &Lc) {
        for (rows, lc) in self.rows.iter_mut().zip([a, b, c]) {
            rows.push(lc.0.clone());
        }
    }

    fn quotient(&mut self, n: &Lc, d: &Lc, length: Length) -> Lc {
        let q = self.fresh(length);
        self.row(&q, d, n);
        q
    }

    /// The constraints so far.
    pub fn constraints(&self) -> usize {
        self.rows[0].len()
    }

    /// The witness variables so far, without registered weights.
    pub fn witnesses(&self) -> usize {
        self.witnesses as usize
    }

    /// The witness variables that are declared free.
    pub fn free(&self) -> &[u32] {
        &self.free
    }

    /// Where constraints come from, in order.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// The matrices, columns in the order: one, public inputs, registered weights, other witness variables. Those of constraints in which a public input
    /// follows the challenge, and so would be taken for it, have a single phase, which nobody takes.
    pub fn finish(self) -> (Matrices, Vec<Label>, Vec<u32>) {
        let (instances, registered, witnesses) = (self.instances, self.registered, self.witnesses);
        let column = |v: Var| match v {
            v if v & INSTANCE != 0 => (v & !INSTANCE) as usize,
            v if v & REGISTERED != 0 => ((v & !REGISTERED) + instances) as usize,
            v if v & SUM != 0 => ((v & !SUM) + instances + registered + witnesses) as usize,
            v => (v + instances + registered) as usize,
        };
        let row = |row: Vec<(Fr, Var)>| row.into_iter().map(|(c, v)| (c, column(v))).collect();
        let abc = self.rows.map(|rows| rows.into_iter().map(row).collect());
        let block = |(node, inputs, operator): (usize, Vec<Lc>, Arc<LinearOperator>)| Block {
            node,
            inputs: inputs.into_iter().map(|Lc(lc)| row(lc)).collect(),
            operator,
        };
        let blocks = self.blocks.into_iter().map(block).collect();
        let (instance, witness) = (instances as usize, (registered + witnesses) as usize);
        let phases = self.challenge.map_or(vec![], |(challenge, first, _)| match challenge & !INSTANCE {
            last if last + 1 == instances => {
                let weights = (registered > 0).then_some(registered as usize);
                weights.into_iter().chain([first as usize, (witnesses - first) as usize]).collect()
            }
            _ => vec![witness],
        });
        let matrices = Matrices { abc, blocks, instance, witness, phases, lengths: self.lengths.concat() };
        let label = |label: Label| Label { witness: label.witness + registered as usize, ..label };
        let labels = self.labels.into_iter().map(label).collect();
        (matrices, labels, self.free.into_iter().map(|free| free + registered).collect())
    }
}

impl Cs for Build {
    type W = Lc;

    fn linear(&mut self, terms: &[(Int, &Lc)], constant: Int) -> Lc {
        for (c, lc) in terms {
            self.push(to_field(*c), lc);
        }
        if constant != Int::ZERO {
            self.scratch.push((to_field(constant), ONE));
        }
        self.gather()
    }

    fn value(&self, _: &Lc) -> Option<Int> {
        None
    }

    fn witness(&mut self, _: Option<Int>) -> Lc {
        self.fresh(Length::Small)
    }

    fn bit(&mut self, _: Option<Int>) -> Lc {
        self.fresh(Length::Bit)
    }

    fn enforce(&mut self, a: &Lc, b: &Lc, c: &Lc) {
        self.row(a, b, c);
    }

    fn inverse(&mut self, x: &Lc, rhs: &Lc) {
        self.free.push(self.witnesses);
        let v = self.fresh(Length::Full);
        self.row(&v, x, rhs);
    }

    fn label(&mut self, gadget: &'static str) {
        let label = Label { first: self.rows[0].len(), witness: self.witnesses as usize, node: self.node, gadget };
        self.labels.push(label);
    }
}

impl FieldCs for Build {
    type F = Lc;

    fn instance(&mut self, _: Option<Int>) -> Lc {
        self.fresh_instance(Length::Small)
    }

    fn lift(&mut self, w: &Lc) -> Lc {
        w.clone()
    }

    fn field_linear(&mut self, terms: &[(Fr, &Lc)], constant: Fr) -> Lc {
        for (c, lc) in terms {
            self.push(*c, lc);
        }
        if !constant.is_zero() {
            self.scratch.push((constant, ONE));
        }
        self.gather()
    }

    fn combine(&mut self, terms: &[(Fr, &Lc)], _: Int) -> Lc {
        self.field_linear(terms, Fr::zero())
    }

    /// The last public input. Nothing that is asked for afterwards can be fixed before it.
    fn challenge(&mut self) -> Result<Lc, ArithError> {
        if !self.phased {
            return Err(field_cs::one_phase());
        }
        if self.challenge.is_some() {
            return Err(ArithError::Backend("a second challenge is asked for, expected one".to_owned()));
        }
        let r = self.fresh_instance(Length::Full);
        self.challenge = Some((INSTANCE | (self.instances - 1), self.witnesses, self.sums));
        Ok(r)
    }

    fn precedes_challenge(&self, w: &Lc) -> bool {
        self.challenge.is_none_or(|(challenge, witnesses, sums)| {
            w.0.iter().all(|(_, v)| match *v {
                v if v & (INSTANCE | REGISTERED) != 0 => v != challenge,
                v if v & SUM != 0 => v & !SUM < sums,
                v => v < witnesses,
            })
        })
    }

    fn field_product(&mut self, a: &Lc, b: &Lc) -> Lc {
        let p = self.fresh(Length::Full);
        self.row(a, b, &p);
        p
    }

    fn field_quotient(&mut self, n: &Lc, d: &Lc) -> Lc {
        self.quotient(n, d, Length::Full)
    }

    fn field_fractions(&mut self, pairs: &[(Lc, Lc)]) -> Vec<Lc> {
        pairs.iter().map(|(n, d)| self.quotient(n, d, Length::Fraction)).collect()
    }

    fn field_enforce(&mut self, a: &Lc, b: &Lc, c: &Lc) {
        self.row(a, b, c);
    }

    fn field_witness(&mut self, _: Option<Fr>) -> Lc {
        self.fresh(Length::Full)
    }

    fn registered(&mut self, _: Option<Int>) -> Lc {
        self.fresh_registered(Length::Small)
    }

    fn field_registered(&mut self, _: Option<Fr>) -> Lc {
        self.fresh_registered(Length::Full)
    }

    fn field_output(&mut self, f: &Lc) {
        let out = self.fresh_instance(Length::Full);
        let one = Lc(vec![(Fr::one(), ONE)]);
        self.row(f, &one, &out);
    }
}

impl Accumulate for Build {
    fn accumulate(&mut self, _: &mut Int, c: Int, w: &Lc) {
        self.push(to_field(c), w);
    }
    fn accumulate_constant(&mut self, _: &mut Int, c: Int) {
        self.scratch.push((to_field(c), ONE));
    }
    fn deferred(&mut self, a: &Lc, b: &Lc) -> Lc {
        // Not `product`: the running sum occupies the scratch space, which a product must not touch.
        let p = self.fresh(Length::Small);
        self.row(a, b, &p);
        p
    }
    fn close(&mut self, _: Int) -> Lc {
        self.gather()
    }
    fn operators_from(&self) -> usize {
        self.operators_from.unwrap_or(linear_operator::WORTH)
    }
    /// A column of its own a result, which no constraint has to make: it is a form of the matrices.
    fn operate(&mut self, operator: LinearOperator, x: &[&Lc]) -> Option<Vec<Lc>> {
        let first = self.sums;
        let count = u32::try_from(operator.outputs()).ok()?;
        self.sums = first.checked_add(count).filter(|end| *end < SUM)?;
        // The inputs of a batch share their weights.
        let known = self.blocks.iter().map(|(_, _, known)| known).find(|known| ***known == operator);
        let operator = known.cloned().unwrap_or_else(|| Arc::new(operator));
        self.blocks.push((self.node, x.iter().map(|lc| (*lc).clone()).collect(), operator));
        Some((first..self.sums).map(|sum| Lc(vec![(Fr::one(), SUM | sum)])).collect())
    }
    fn at(&mut self, node: usize) {
        self.node = node;
    }
}
