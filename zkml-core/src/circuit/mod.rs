//! The circuit: a plan as constraints, who sees what, and the one table of its public inputs.
//!
//! ```text
//! public inputs, in order:   weights commitment                (weights = committed)
//!                            then for each input of the batch:
//!                              input values or commitment      (input  = public | committed)
//!                              output values or commitment     (output = public | committed)
//! ```

#[cfg(feature = "ceremony")]
mod ceremony;
mod commitments;
mod error;
mod files;
mod limits;
pub mod registration;
mod report;
mod spec;
#[cfg(test)]
mod tests;

use std::fmt;

use ark_bn254::Fr;
use ark_ff::UniformRand;
use ark_std::rand::{CryptoRng, RngCore};

pub use self::commitments::CommitError;
pub use self::error::CircuitError;
pub use self::limits::Limits;
pub use self::registration::{
    Checked, RegisteredStatement, Registration, RegistrationError, RegistrationKeys, WeightCircuit,
};
pub use self::report::{Report, ReportRow};
pub(crate) use self::report::{by_gadget, costs, table};
use self::spec::Spec;
pub use crate::plan::synthesis::Opening;
use crate::{
    arith::r1cs::{Accumulate, Assign, Build, Label, Layout, Oracle, Tables},
    dev,
    digest::Digest,
    error::InputError,
    gadget::hash::commitment::{self, Domain, Subject},
    graph::{Graph, Visibility, Visible},
    number::{ArithError, Int},
    plan::{
        Plan, Proven, Quantized,
        quantized::{admit, quantize_input},
        synthesis::{Refused, Relation, Secrets},
    },
    prove::{
        self, Backend, Groth16, Keys, KeysOf, Matrices, Proof, ProofOf, ProofSystem, ProveError, Prover, ProvingKey,
        ProvingKeyOf, RangeChecks, SecureRng, public::PublicTable,
    },
    tensor::Tensor,
};

/// A circuit: constraints, the table of public inputs, and (for proving) the weights.
#[derive(Clone)]
pub struct Circuit {
    spec: Spec,
    tables: Tables,
    contents: Digest,
    digest: Digest,
    proven: Proven,
    matrices: Matrices,
    labels: Vec<Label>,
    free: Vec<u32>,
    table: PublicTable,
    layout: Layout,
    weights: Option<Vec<Vec<Tensor<Int>>>>,
    salt: Option<Fr>,
}

/// Without weights and salts: what a program prints ends up in logs.
impl fmt::Debug for Circuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Circuit")
            .field("graph", &self.spec.graph.name())
            .field("digest", &self.digest)
            .field("constraints", &self.matrices.constraints())
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}

/// The largest batch.
const MAX_BATCH: usize = 1 << 12;

impl Circuit {
    /// The circuit of a quantised model, with the model's visibility, for `batch` inputs that share the weights, within
    /// [`Limits::own`].
    ///
    /// # Errors
    /// If the batch is empty or too large, a value may outgrow the field, the circuit is too large, or it hides weights and graph or
    /// plan depend on their values: see [`CircuitError::Reveals`].
    pub fn new(quantized: &Quantized, batch: usize) -> Result<Self, CircuitError> {
        Self::new_with(quantized, batch, &Limits::own())
    }

    /// As [`Circuit::new`], within other limits.
    ///
    /// # Errors
    /// As there.
    pub fn new_with(quantized: &Quantized, batch: usize, limits: &Limits) -> Result<Self, CircuitError> {
        Self::of(quantized, quantized.model().visibility(), batch, limits)
    }

    fn of(quantized: &Quantized, visibility: Visibility, batch: usize, limits: &Limits) -> Result<Self, CircuitError> {
        Self::of_system::<Groth16>(quantized, visibility, batch, limits)
    }

    fn of_system<S: ProofSystem>(
        quantized: &Quantized,
        visibility: Visibility,
        batch: usize,
        limits: &Limits,
    ) -> Result<Self, CircuitError> {
        let spec = Self::spec(quantized, visibility, batch)?;
        let spec = Spec { checks: S::RANGE_CHECKS, registers: S::REGISTERS, ..spec };
        let mut circuit = Self::build(spec, limits)?;
        circuit.weights = Some(quantized.params().to_vec());
        Ok(circuit)
    }

    /// What a circuit of this model is made from.
    fn spec(quantized: &Quantized, visibility: Visibility, batch: usize) -> Result<Spec, CircuitError> {
        let public = visibility.weights == Visible::Public;
        if let (false, Some(applied)) = (public, quantized.passes().iter().find(|a| a.values)) {
            return Err(CircuitError::Reveals { found: format!("what the pass `{}` made of the graph", applied.pass) });
        }
        Ok(Spec {
            graph: quantized.graph().clone(),
            plan: quantized.plan().clone(),
            visibility,
            batch,
            constants: public.then(|| quantized.params().to_vec()),
            checks: RangeChecks::Bits,
            registers: false,
            operators_from: None,
        })
    }

    fn build(spec: Spec, limits: &Limits) -> Result<Self, CircuitError> {
        if !(1..=MAX_BATCH).contains(&spec.batch) {
            return Err(CircuitError::Batch { found: spec.batch, max: MAX_BATCH });
        }
        spec.check_registers()?;
        spec.measure(limits)?;
        spec.plan.fits(&spec.graph)?;
        let finer = spec.plan.steps.iter().zip(spec.graph.nodes()).find(|(step, _)| !step.channels.is_empty());
        if let (Some((_, node)), true) = (finer, spec.visibility.weights != Visible::Public) {
            return Err(CircuitError::Reveals { found: format!("the scale of each channel of layer `{}`", node.name) });
        }
        let tables = spec.count(limits)?;
        let proven = spec.plan.check(&spec.graph, spec.constants.as_deref())?;
        let contents = spec.digest();
        let build = match spec.checks {
            RangeChecks::Bits => Build::new(),
            RangeChecks::Lookups => Build::two_phases(),
        };
        let build = build.with_operators_from(spec.operators_from);
        let (cs, table, layout) = spec.synthesize(build, tables, None).map_err(|refused| spec.refused(refused))?;
        let (matrices, labels, free) = cs.finish();
        let table = PublicTable::new(table)
            .and_then(|table| table.with_proven_error(proven.error))
            .map_err(|e| CircuitError::Table(e.to_string()))?;
        let digest = prove::circuit_digest(&contents, &table);
        let weights = spec.constants.clone();
        Ok(Self { spec, tables, contents, digest, proven, matrices, labels, free, table, layout, weights, salt: None })
    }

    /// The same circuit with the private weights that it is to prove.
    ///
    /// # Errors
    /// If they are those of another plan or graph.
    pub fn with_weights(mut self, quantized: &Quantized) -> Result<Self, CircuitError> {
        let other = Spec {
            graph: quantized.graph().clone(),
            plan: quantized.plan().clone(),
            constants: self.spec.constants.is_some().then(|| quantized.params().to_vec()),
            ..self.spec.clone()
        };
        let found = other.digest();
        if found != self.contents {
            return Err(CircuitError::OtherWeights { found, expected: self.contents });
        }
        self.weights = Some(quantized.params().to_vec());
        Ok(self)
    }

    /// The same circuit with a fixed salt for the commitment to its weights, so that all proofs show the same one.
    /// Without, each proof takes a fresh one. Take it from a cryptographic random generator, and keep it secret: whoever
    /// guesses it can test guesses of the weights.
    ///
    /// # Errors
    /// If the salt is below `2^64`: that can be guessed.
    pub fn with_salt(mut self, salt: Fr) -> Result<Self, CircuitError> {
        if commitment::guessable(salt) {
            return Err(CircuitError::Salt);
        }
        self.salt = Some(salt);
        Ok(self)
    }

    /// `SHA-256("zkml circuit 2" | contents | SHA-256(table))`: what to pin, and what keys, proofs and files of this circuit
    /// carry.
    ///
    /// It pins the [contents](Self::contents) and the [table](Self::table) of public inputs, hence every constraint. It does
    /// not pin the points of a verifying key: [`VerifyingKey`](prove::VerifyingKey) says what a verifier compares.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// SHA-256 of graph, plan, visibility, batch and public weights: all that the constraints are made from.
    pub fn contents(&self) -> Digest {
        self.contents
    }

    /// Whether it would be the circuit of this model, without building that.
    ///
    /// # Errors
    /// If it hides weights, and the model's graph depends on their values: see [`CircuitError::Reveals`].
    pub fn is_of(&self, quantized: &Quantized) -> Result<bool, CircuitError> {
        let Spec { checks, registers, .. } = self.spec;
        let spec = Spec { checks, registers, ..Self::spec(quantized, self.visibility(), self.batch())? };
        Ok(spec.digest() == self.contents)
    }

    /// The graph.
    pub fn graph(&self) -> &Graph {
        &self.spec.graph
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.spec.plan
    }

    /// How far the exact forward pass may be from the float one, over every input of the declared range.
    pub fn proven(&self) -> &Proven {
        &self.proven
    }

    /// Who sees what.
    pub fn visibility(&self) -> Visibility {
        self.spec.visibility
    }

    /// How many inputs are proven at once.
    pub fn batch(&self) -> usize {
        self.spec.batch
    }

    /// How it checks ranges.
    pub fn range_checks(&self) -> RangeChecks {
        self.spec.checks
    }

    /// Its lookup tables, if its range checks are lookups.
    pub fn tables(&self) -> Tables {
        self.tables
    }

    /// What the registered variables hold, if the weights are registered.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The constraints.
    pub fn matrices(&self) -> &Matrices {
        &self.matrices
    }

    /// The table of public inputs.
    pub fn table(&self) -> &PublicTable {
        &self.table
    }

    /// The domain of a commitment to the weights, to one input or to one output: with [`commit`](crate::gadget::hash::commitment::commit),
    /// whoever knows the values and the [`Opening`] makes the commitment again.
    pub fn domain(&self, subject: Subject) -> Domain {
        self.spec.relation().domain(subject)
    }

    /// What the circuit proves, as one description over every reading: what counts, builds and fills in the circuit, and what a larger
    /// statement about the same model is made of.
    pub fn relation(&self) -> Relation<'_> {
        self.spec.relation()
    }

    /// Where each constraint comes from: runs, in order.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// Witness variables that are declared free: hints that no output depends on.
    pub fn free(&self) -> &[u32] {
        &self.free
    }

    /// Runs the setup of Groth16, alone: whoever runs it can forge proofs, and its keys say so. For development: with the
    /// feature `ceremony` there is `Circuit::ceremony_in`.
    ///
    /// # Errors
    /// If the circuit is too large for the field's evaluation domains.
    pub fn setup(&self, rng: &mut (impl RngCore + CryptoRng)) -> Result<Keys, CircuitError> {
        self.setup_in::<Groth16>(rng)
    }

    /// As [`Circuit::setup`], of any proof system.
    ///
    /// # Errors
    /// As there.
    pub fn setup_in<S: Backend>(&self, rng: &mut dyn SecureRng) -> Result<KeysOf<S>, CircuitError> {
        Ok(prove::setup(&self.matrices, self.table.clone(), self.contents, rng)?)
    }

    /// Proves the model's answer on one input.
    ///
    /// # Errors
    /// If the input is not one of the model's, the circuit proves several at once, or the key is another circuit's.
    pub fn prove(
        &self,
        key: &ProvingKey,
        input: &Tensor,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Proof, CircuitError> {
        Ok(self.prove_batch(key, std::slice::from_ref(input), rng)?.0)
    }

    /// Proves the model's answers on as many inputs as the circuit takes, and says how its commitments open.
    ///
    /// # Errors
    /// As [`Circuit::prove`].
    pub fn prove_batch(
        &self,
        key: &ProvingKey,
        inputs: &[Tensor],
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(Proof, Opening), CircuitError> {
        self.prove_in::<Groth16>(key, inputs, rng)
    }

    /// As [`Circuit::prove_batch`], in any proof system.
    ///
    /// # Errors
    /// As [`Circuit::prove`].
    pub fn prove_in<S: Prover>(
        &self,
        key: &ProvingKeyOf<S>,
        inputs: &[Tensor],
        rng: &mut dyn SecureRng,
    ) -> Result<(ProofOf<S>, Opening), CircuitError> {
        self.prove_of(key, &(), inputs, rng)
    }

    /// As [`Circuit::prove_in`], with what is registered.
    pub(super) fn prove_of<S: Backend>(
        &self,
        key: &ProvingKeyOf<S>,
        registered: &S::Opening,
        inputs: &[Tensor],
        rng: &mut dyn SecureRng,
    ) -> Result<(ProofOf<S>, Opening), CircuitError> {
        let (integers, opening) = self.prepare(inputs, rng)?;
        let backend = |error: ProveError| ArithError::Backend(error.to_string());
        let mut assign = |draw: &mut prove::Draw<'_>| {
            self.assign(&integers, &opening, &mut |public, fixed| draw(public, fixed).map_err(backend))
        };
        match prove::prove_registered(key, &self.matrices, &self.digest, registered, &mut assign, rng) {
            Ok(proof) => Ok((proof, opening)),
            Err(CircuitError::Prove(ProveError::Unsatisfied { .. })) => {
                let challenge = Fr::rand(rng);
                let assignment = self.assign(&integers, &opening, &mut |_, _| Ok(challenge))?;
                let failures = dev::check::check(self, &assignment);
                let first = failures.first().map(ToString::to_string).unwrap_or_default();
                Err(CircuitError::Unsatisfied { count: failures.len(), first, failures })
            }
            Err(error) => Err(error),
        }
    }

    /// The values of all variables (one, public inputs, witness) for these inputs, and the salts of the commitments.
    ///
    /// # Errors
    /// If an input is not one of the model's or leads beyond a calibrated width, or their number is not the circuit's.
    pub fn witness(
        &self,
        inputs: &[Tensor],
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(Vec<Fr>, Opening), CircuitError> {
        let (integers, opening) = self.prepare(inputs, rng)?;
        let challenge = Fr::rand(rng);
        Ok((self.assign(&integers, &opening, &mut |_, _| Ok(challenge))?, opening))
    }

    /// The inputs as integers, and fresh salts: compiled once, whatever the source of randomness.
    fn prepare(&self, inputs: &[Tensor], rng: &mut dyn SecureRng) -> Result<(Vec<Tensor<Int>>, Opening), CircuitError> {
        let batch = self.spec.batch;
        if inputs.len() != batch {
            let error = InputError::Batch { expected: batch, found: inputs.len() };
            return Err(CircuitError::Input { index: inputs.len().min(batch), error });
        }
        let integers = inputs
            .iter()
            .enumerate()
            .map(|(index, x)| {
                crate::model::check_input(&self.spec.graph, x)
                    .and_then(|()| quantize_input(&self.spec.plan, x))
                    .map_err(|error| CircuitError::Input { index, error })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let opening = Opening {
            weights: self.salt.unwrap_or_else(|| commitment::salt(rng)),
            inputs: (0..batch).map(|_| commitment::salt(rng)).collect(),
            outputs: (0..batch).map(|_| commitment::salt(rng)).collect(),
        };
        let weights = self.weights.as_deref().ok_or(CircuitError::NoWeights)?;
        for (index, input) in integers.iter().enumerate() {
            admit(&self.spec.graph, &self.spec.plan, weights, input, self.spec.checks)
                .map_err(|error| CircuitError::Input { index, error })?;
        }
        Ok((integers, opening))
    }

    /// The values of all variables, with what draws the challenge if there is one.
    fn assign(&self, integers: &[Tensor<Int>], opening: &Opening, oracle: Oracle<'_>) -> Result<Vec<Fr>, CircuitError> {
        let weights = self.weights.as_deref().ok_or(CircuitError::NoWeights)?;
        let secrets = Secrets { weights, inputs: integers, opening };
        let assign = match self.spec.checks {
            RangeChecks::Bits => Assign::new(),
            RangeChecks::Lookups => Assign::two_phases(oracle),
        };
        Ok(self.synthesize_over(assign, Some(&secrets)).map_err(|refused| self.spec.refused(refused))?.finish())
    }

    /// The circuit in a constraint system.
    ///
    /// # Errors
    /// If a value may outgrow the field: the node, and why.
    pub(crate) fn synthesize_over<C: Accumulate>(&self, cs: C, secrets: Option<&Secrets<'_>>) -> Result<C, Refused> {
        self.spec.synthesize(cs, self.tables, secrets).map(|(cs, _, _)| cs)
    }

    /// The node, the item of the batch and the layer of a label's number.
    pub fn locate(&self, number: usize) -> (&str, usize, &'static str) {
        let nodes = self.spec.graph.nodes();
        let node = &nodes[number % nodes.len()];
        (&node.name, number / nodes.len(), node.layer.as_ref().map_or("input", |l| l.card().name))
    }

    /// The constraints by layer and gadget, and what a proof takes on a machine as [`prove::Rates::default`] has it.
    pub fn report(&self) -> Report {
        self.report_with(&prove::Rates::default())
    }

    /// As [`Circuit::report`], on a machine with these rates.
    pub fn report_with(&self, rates: &prove::Rates) -> Report {
        Report::of(self, rates)
    }
}

impl Quantized {
    /// The circuit that proves one answer of this model, with the [visibility](crate::model::Model::visibility) that the model has.
    ///
    /// # Errors
    /// As [`Circuit::new`].
    pub fn circuit(&self) -> Result<Circuit, CircuitError> {
        self.batch(1)
    }

    /// The circuit that proves the answers on `n` inputs at once.
    ///
    /// # Errors
    /// As [`Circuit::new`].
    pub fn batch(&self, n: usize) -> Result<Circuit, CircuitError> {
        Circuit::new(self, n)
    }

    /// As [`Quantized::circuit`], with another visibility than the model was quantised for: the same plan and integers.
    ///
    /// # Errors
    /// As [`Circuit::new`]: among others if it hides weights that the plan was not to hide.
    pub fn circuit_for(&self, visibility: Visibility) -> Result<Circuit, CircuitError> {
        self.batch_for(1, visibility)
    }

    /// The circuit of `n` inputs for a proof system: its range checks are lookups if the system has a challenge, as
    /// `TwoPhase` has. Set it up by [`Circuit::setup_in`] and prove by [`Circuit::prove_in`], of that system.
    ///
    /// # Errors
    /// As [`Quantized::circuit_for`].
    pub fn circuit_in<S: Backend>(&self, n: usize, visibility: Visibility) -> Result<Circuit, CircuitError> {
        Circuit::of_system::<S>(self, visibility, n, &Limits::own())
    }

    /// As [`Quantized::batch`], with another visibility than the model was quantised for.
    ///
    /// # Errors
    /// As [`Quantized::circuit_for`].
    pub fn batch_for(&self, n: usize, visibility: Visibility) -> Result<Circuit, CircuitError> {
        Circuit::of(self, visibility, n, &Limits::own())
    }
}
