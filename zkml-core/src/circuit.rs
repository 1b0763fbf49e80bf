//! The circuit: a plan as constraints, who sees what, and the one table of its public inputs.
//!
//! ```text
//! public inputs, in order:   weights commitment                (weights = committed)
//!                            then for each input of the batch:
//!                              input values or commitment      (input  = public | committed)
//!                              output values or commitment     (output = public | committed)
//! ```

use std::{fmt, path::Path};

use ark_bn254::Fr;
use ark_ff::UniformRand;
use ark_std::rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    arith::{
        Arith, ArithError, Int,
        counts::Cost,
        interval::Interval,
        r1cs::{Accumulate, Assign, Build, Label, R1cs, Wire},
    },
    dev,
    error::{InputError, PlanError},
    gadget::commitment,
    graph::{Graph, NodeId, Visibility, Visible},
    plan::{Plan, Quantized, hex, quantized::quantize_input, walk},
    prove::{
        self, Keys, Matrices, Proof, ProveError, ProvingKey,
        file::{self, FileError, Kind},
        public::{PublicKind, PublicTable},
    },
    tensor::Tensor,
};

/// The largest circuit file that is read (2 GiB).
const MAX_FILE: u64 = 1 << 31;

/// A circuit that can't be built, or inputs that it can't prove.
#[derive(Debug, thiserror::Error)]
pub enum CircuitError {
    /// A layer's values may outgrow the field.
    #[error("layer `{layer}`: {error}")]
    Arith {
        /// The layer, or `weights`.
        layer: String,
        /// The arithmetic's error.
        error: ArithError,
    },
    /// A batch of none, or of too many.
    #[error("a batch of {found}, expected 1 to {max}")]
    Batch {
        /// The batch asked for.
        found: usize,
        /// The largest possible.
        max: usize,
    },
    /// An input is not one of the model's.
    #[error("input {index}: {error}")]
    Input {
        /// Which of the batch.
        index: usize,
        /// Why not.
        error: InputError,
    },
    /// The circuit was loaded without its private weights.
    #[error(
        "the circuit has no weights: they are not public, so its file does not hold them; add them with `with_weights`"
    )]
    NoWeights,
    /// The weights of another circuit.
    #[error("the weights are those of circuit {found}, expected {expected}")]
    OtherWeights {
        /// The digest of the circuit that they would make.
        found: String,
        /// This circuit's digest.
        expected: String,
    },
    /// The plan does not fit the graph.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The public inputs can't be tabulated.
    #[error("the table of public inputs: {0}")]
    Table(String),
    /// The witness violates constraints: the first ones, readably.
    #[error("the witness violates {count} constraints, among them: {first}")]
    Unsatisfied {
        /// How many.
        count: usize,
        /// The first.
        first: String,
        /// All of them.
        failures: Vec<dev::check::Failure>,
    },
    /// The prover refused.
    #[error(transparent)]
    Prove(#[from] ProveError),
    /// A circuit file can't be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A circuit file holds something else than a circuit.
    #[error("the circuit file is malformed: {0}")]
    Malformed(String),
}

/// What defines a circuit; its digest covers all of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Spec {
    graph: Graph,
    plan: Plan,
    visibility: Visibility,
    batch: usize,
    /// The weights, where they are public.
    constants: Option<Vec<Vec<Tensor<Int>>>>,
}

/// A circuit: constraints, the table of public inputs, and (for proving) the weights.
#[derive(Clone, Debug)]
pub struct Circuit {
    spec: Spec,
    digest: [u8; 32],
    matrices: Matrices,
    labels: Vec<Label>,
    free: Vec<u32>,
    table: PublicTable,
    weights: Option<Vec<Vec<Tensor<Int>>>>,
    salt: Option<Fr>,
}

/// The salts of a proof's commitments: who knows them can open the commitments. Keep them secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Of the weights.
    pub weights: Fr,
    /// Of each input.
    pub inputs: Vec<Fr>,
    /// Of each output.
    pub outputs: Vec<Fr>,
}

/// What only the prover knows.
struct Secrets<'a> {
    weights: &'a [Vec<Tensor<Int>>],
    inputs: &'a [Tensor<Int>],
    opening: &'a Opening,
}

/// The largest batch.
const MAX_BATCH: usize = 1 << 12;

impl Circuit {
    /// The circuit of a quantised model, for `batch` inputs that share the weights.
    ///
    /// # Errors
    /// If the batch is empty or too large, or a value may outgrow the field.
    pub fn new(quantized: &Quantized, visibility: Visibility, batch: usize) -> Result<Self, CircuitError> {
        let public = visibility.weights == Visible::Public;
        let spec = Spec {
            graph: quantized.graph().clone(),
            plan: quantized.plan().clone(),
            visibility,
            batch,
            constants: public.then(|| quantized.params().to_vec()),
        };
        let mut circuit = Self::build(spec)?;
        circuit.weights = Some(quantized.params().to_vec());
        Ok(circuit)
    }

    fn build(spec: Spec) -> Result<Self, CircuitError> {
        if !(1..=MAX_BATCH).contains(&spec.batch) {
            return Err(CircuitError::Batch { found: spec.batch, max: MAX_BATCH });
        }
        spec.plan.check(&spec.graph)?;
        let digest = spec.digest();
        let (cs, table) = spec.synthesize(Build::new(), None)?;
        let (matrices, labels, free) = cs.finish();
        let table = PublicTable::new(table).map_err(|e| CircuitError::Table(e.to_string()))?;
        let weights = spec.constants.clone();
        Ok(Self { spec, digest, matrices, labels, free, table, weights, salt: None })
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
        if other.digest() != self.digest {
            return Err(CircuitError::OtherWeights { found: hex(&other.digest()), expected: hex(&self.digest) });
        }
        self.weights = Some(quantized.params().to_vec());
        Ok(self)
    }

    /// The same circuit with a fixed salt for the commitment to its weights, so that all proofs show the same one.
    /// Without, each proof takes a fresh one.
    #[must_use]
    pub fn with_salt(mut self, salt: Fr) -> Self {
        self.salt = Some(salt);
        self
    }

    /// SHA-256 of graph, plan, visibility, batch and public weights.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The graph.
    pub fn graph(&self) -> &Graph {
        &self.spec.graph
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.spec.plan
    }

    /// Who sees what.
    pub fn visibility(&self) -> Visibility {
        self.spec.visibility
    }

    /// How many inputs are proven at once.
    pub fn batch(&self) -> usize {
        self.spec.batch
    }

    /// The constraints.
    pub fn matrices(&self) -> &Matrices {
        &self.matrices
    }

    /// The table of public inputs.
    pub fn table(&self) -> &PublicTable {
        &self.table
    }

    /// Where each constraint comes from: runs, in order.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// Witness variables that are declared free: hints that no output depends on.
    pub fn free(&self) -> &[u32] {
        &self.free
    }

    /// Runs the setup, alone: whoever runs it can forge proofs, and its keys say so.
    ///
    /// # Errors
    /// If the circuit is too large for the field's evaluation domains.
    pub fn setup(&self, rng: &mut (impl RngCore + CryptoRng)) -> Result<Keys, CircuitError> {
        Ok(prove::setup(&self.matrices, self.table.clone(), self.digest, rng)?)
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
        let (assignment, opening) = self.witness(inputs, rng)?;
        match prove::prove(key, &self.matrices, &self.digest, &assignment, rng) {
            Ok(proof) => Ok((proof, opening)),
            Err(ProveError::Unsatisfied { .. }) => {
                let failures = dev::check::check(self, &assignment);
                let first = failures.first().map(ToString::to_string).unwrap_or_default();
                Err(CircuitError::Unsatisfied { count: failures.len(), first, failures })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The values of all variables (one, public inputs, witness) for these inputs, and the salts of the commitments.
    ///
    /// # Errors
    /// If an input is not one of the model's, or their number is not the circuit's.
    pub fn witness(
        &self,
        inputs: &[Tensor],
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(Vec<Fr>, Opening), CircuitError> {
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
            weights: self.salt.unwrap_or_else(|| Fr::rand(rng)),
            inputs: (0..batch).map(|_| Fr::rand(rng)).collect(),
            outputs: (0..batch).map(|_| Fr::rand(rng)).collect(),
        };
        let weights = self.weights.as_deref().ok_or(CircuitError::NoWeights)?;
        let secrets = Secrets { weights, inputs: &integers, opening: &opening };
        let (cs, _) = self.spec.synthesize(Assign::new(), Some(&secrets))?;
        Ok((cs.finish(), opening))
    }

    /// The node, the item of the batch and the layer of a label's number.
    pub fn locate(&self, number: usize) -> (&str, usize, &'static str) {
        let nodes = self.spec.graph.nodes();
        let node = &nodes[number % nodes.len()];
        (&node.name, number / nodes.len(), node.layer.as_ref().map_or("input", |l| l.card().name))
    }

    /// The constraints by layer and gadget.
    pub fn report(&self) -> Report {
        Report::of(self)
    }

    /// Saves the circuit: all that defines it, private weights excepted.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), CircuitError> {
        Ok(file::save(path.as_ref(), &self.to_bytes()?)?)
    }

    /// The bytes of [`Circuit::save`].
    ///
    /// # Errors
    /// If the circuit can't be encoded.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CircuitError> {
        let payload = serde_json::to_vec(&self.spec).map_err(|e| CircuitError::Malformed(e.to_string()))?;
        Ok(file::write(Kind::Circuit, &self.digest, &payload))
    }

    /// Loads a circuit and builds its constraints anew.
    ///
    /// # Errors
    /// If the file is truncated, corrupt, too large, of another kind, or holds an inconsistent circuit.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, CircuitError> {
        Self::from_bytes(&file::load(path.as_ref(), MAX_FILE)?)
    }

    /// Reads the bytes of [`Circuit::to_bytes`].
    ///
    /// # Errors
    /// As [`Circuit::load`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CircuitError> {
        let (digest, payload) = file::read(bytes, Kind::Circuit)?;
        let spec: Spec = serde_json::from_slice(payload).map_err(|e| CircuitError::Malformed(e.to_string()))?;
        spec.check()?;
        if spec.digest() != digest {
            return Err(CircuitError::Malformed("its digest is not that of its contents".to_owned()));
        }
        Self::build(spec)
    }
}

impl Spec {
    fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"zkml circuit 1");
        hash.update(self.graph.digest());
        let rest = serde_json::to_vec(&(&self.plan, &self.visibility, self.batch)).unwrap_or_default();
        hash.update((rest.len() as u64).to_le_bytes());
        hash.update(&rest);
        for tensor in self.constants.iter().flatten().flatten() {
            hash.update((tensor.len() as u64).to_le_bytes());
            for q in tensor.data() {
                hash.update(q.to_le_bytes());
            }
        }
        hash.finalize().into()
    }

    /// Checks what a file may have wrong: the shapes of public weights.
    fn check(&self) -> Result<(), CircuitError> {
        self.plan.check(&self.graph)?;
        let public = self.visibility.weights == Visible::Public;
        if public != self.constants.is_some() {
            return Err(CircuitError::Malformed("weights are there if and only if they are public".to_owned()));
        }
        let shapes = self.param_shapes();
        if self.plan.params.iter().zip(&shapes).any(|(p, s)| p.len() != s.len()) {
            return Err(CircuitError::Malformed("the plan has another number of parameters than the graph".to_owned()));
        }
        if let Some(constants) = &self.constants {
            let fits = constants.len() == shapes.len()
                && constants.iter().zip(&shapes).zip(&self.plan.params).all(|((tensors, shapes), plans)| {
                    tensors.len() == shapes.len()
                        && tensors.iter().zip(shapes).zip(plans).all(|((t, s), p)| {
                            t.shape() == s
                                && t.len() == s.len()
                                && t.data().len() == s.len()
                                && t.data().iter().all(|q| p.interval().contains(*q))
                        })
                });
            if !fits {
                return Err(CircuitError::Malformed("the weights are not those of the graph and plan".to_owned()));
            }
        }
        Ok(())
    }

    /// The shapes of every node's lowered parameters.
    fn param_shapes(&self) -> Vec<Vec<crate::shape::Shape>> {
        (0..self.graph.nodes().len())
            .map(|i| {
                let id = NodeId(i);
                let zeros: Vec<Tensor> =
                    self.graph.params(id).iter().map(|(_, p)| Tensor::from_fn(p.shape.clone(), |_| 1.0)).collect();
                let refs: Vec<&Tensor> = zeros.iter().collect();
                self.graph.node(id).layer.as_ref().map_or_else(Vec::new, |l| {
                    l.lower(&self.graph.input_shapes(id), &refs).iter().map(|l| l.values.shape().clone()).collect()
                })
            })
            .collect()
    }

    /// The one description of the circuit, over both constraint systems.
    #[allow(clippy::type_complexity)]
    fn synthesize<C: Accumulate>(
        &self,
        cs: C,
        secrets: Option<&Secrets<'_>>,
    ) -> Result<(C, Vec<(String, usize, PublicKind)>), CircuitError> {
        let nodes = self.graph.nodes().len();
        let mut a = R1cs::new(cs);
        let mut table = Vec::new();
        let named = |layer: &str| {
            let layer = layer.to_owned();
            move |error| CircuitError::Arith { layer, error }
        };
        let params = self.params(&mut a, secrets).map_err(named("weights"))?;
        if self.visibility.weights == Visible::Committed {
            let wires: Vec<&Wire<C::W>> = params.iter().flatten().flat_map(|t| t.data()).collect();
            commit(&mut a, &wires, secrets.map(|s| s.opening.weights)).map_err(named("weights"))?;
            table.push(("weights".to_owned(), 0, PublicKind::Commitment));
        }
        // Weights are used settled; the commitment packs their bits.
        let params = self.settle(&mut a, params).map_err(named("weights"))?;
        for item in 0..self.batch {
            let offset = item * nodes;
            a.enter(offset);
            let interval = self.plan.input.interval;
            let shape = self.graph.shape(self.graph.input()).clone();
            let value = |i: usize| secrets.map(|s| s.inputs[item].data()[i]);
            let public = self.visibility.input == Visible::Public;
            let wires = (0..shape.len())
                .map(|i| if public { a.instance(&interval, value(i)) } else { a.allocate(&interval, value(i)) })
                .collect::<Result<Vec<_>, _>>()
                .map_err(named("input"))?;
            let input = Tensor::new(shape.clone(), wires).map_err(|e| CircuitError::Malformed(e.to_string()))?;
            match self.visibility.input {
                Visible::Public => {
                    let kind =
                        PublicKind::Tensor { shape, scale: self.plan.input.scale, lo: interval.lo, hi: interval.hi };
                    table.push(("input".to_owned(), item, kind));
                }
                Visible::Committed => {
                    let wires: Vec<&Wire<C::W>> = input.data().iter().collect();
                    commit(&mut a, &wires, secrets.map(|s| s.opening.inputs[item])).map_err(named("input"))?;
                    table.push(("input".to_owned(), item, PublicKind::Commitment));
                }
                Visible::Private => {}
            }
            let walked = walk::walk(&self.graph, &self.plan, &mut a, input, &params, offset, &mut |_, _| {})
                .map_err(|(id, error)| CircuitError::Arith { layer: self.graph.node(id).name.clone(), error })?;
            a.enter(offset + self.graph.output().0);
            let output = walked.output;
            match self.visibility.output {
                Visible::Public => {
                    for wire in output.data() {
                        a.publish(wire);
                    }
                    table.push(("output".to_owned(), item, self.output_kind(&output)));
                }
                Visible::Committed => {
                    let wires: Vec<&Wire<C::W>> = output.data().iter().collect();
                    commit(&mut a, &wires, secrets.map(|s| s.opening.outputs[item])).map_err(named("output"))?;
                    table.push(("output".to_owned(), item, PublicKind::Commitment));
                }
                Visible::Private => {}
            }
        }
        Ok((a.cs, table))
    }

    fn output_kind<W>(&self, output: &Tensor<Wire<W>>) -> PublicKind {
        match self.graph.classes() {
            Some(classes) => PublicKind::Class { classes },
            None => {
                let intervals = || output.data().iter().map(|w| w.measure.interval);
                PublicKind::Tensor {
                    shape: output.shape().clone(),
                    scale: self.plan.scales[self.graph.output().0],
                    lo: intervals().map(|i| i.lo).min().unwrap_or_default(),
                    hi: intervals().map(|i| i.hi).max().unwrap_or_default(),
                }
            }
        }
    }

    /// The weights: constants, or witnesses within their declared widths.
    #[allow(clippy::type_complexity)]
    fn params<C: Accumulate>(
        &self,
        a: &mut R1cs<C>,
        secrets: Option<&Secrets<'_>>,
    ) -> Result<Vec<Vec<Tensor<Wire<C::W>>>>, ArithError> {
        if let Some(constants) = &self.constants {
            return Ok(constants.iter().map(|node| node.iter().map(|t| t.map(|q| a.constant(*q))).collect()).collect());
        }
        let mut all = Vec::new();
        for (i, (shapes, plans)) in self.param_shapes().into_iter().zip(&self.plan.params).enumerate() {
            a.enter(i);
            let mut node = Vec::new();
            for (j, (shape, plan)) in shapes.into_iter().zip(plans).enumerate() {
                let interval: Interval = plan.interval();
                let wires = (0..shape.len())
                    .map(|k| a.allocate(&interval, secrets.map(|s| s.weights[i][j].data()[k])))
                    .collect::<Result<Vec<_>, _>>()?;
                node.push(Tensor::new(shape, wires).map_err(|e| ArithError::Backend(e.to_string()))?);
            }
            all.push(node);
        }
        Ok(all)
    }

    #[allow(clippy::type_complexity)]
    fn settle<C: Accumulate>(
        &self,
        a: &mut R1cs<C>,
        params: Vec<Vec<Tensor<Wire<C::W>>>>,
    ) -> Result<Vec<Vec<Tensor<Wire<C::W>>>>, ArithError> {
        if self.constants.is_some() {
            return Ok(params);
        }
        params
            .into_iter()
            .enumerate()
            .map(|(i, node)| {
                a.enter(i);
                let fanout = walk::param_fanout(&self.graph, NodeId(i)) * self.batch;
                node.into_iter().map(|t| t.try_map(|w| a.settle(w, fanout))).collect()
            })
            .collect()
    }
}

/// Publishes a commitment to wires whose intervals are enforced already.
fn commit<C: Accumulate>(a: &mut R1cs<C>, wires: &[&Wire<C::W>], salt: Option<Fr>) -> Result<(), ArithError> {
    let parts: Vec<(&C::W, Interval)> = wires.iter().map(|w| (&w.w, w.measure.interval)).collect();
    let salt = a.cs.field_witness(salt);
    a.cs.label("commitment");
    let commitment = commitment::enforce_unchecked(&mut a.cs, &parts, &salt);
    a.cs.field_output(&commitment);
    Ok(())
}

/// One row of a [`Report`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportRow {
    /// The node.
    pub node: String,
    /// Its layer.
    pub layer: &'static str,
    /// The gadget.
    pub gadget: &'static str,
    /// What it costs, over the whole batch.
    pub cost: Cost,
}

/// What a circuit costs, layer by layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The model's name.
    pub model: String,
    /// Layers and gadgets, in the order of the network.
    pub rows: Vec<ReportRow>,
    /// The sum.
    pub total: Cost,
    /// The number of public inputs.
    pub public_inputs: usize,
    /// The size of the proving key in bytes, uncompressed.
    pub proving_key_bytes: usize,
    /// Entries of the matrices that are not zero.
    pub entries: usize,
}

impl Report {
    fn of(circuit: &Circuit) -> Self {
        let m = &circuit.matrices;
        let mut costs = std::collections::BTreeMap::<(usize, &'static str), Cost>::new();
        let nodes = circuit.spec.graph.nodes().len();
        let ends = circuit.labels.iter().skip(1).map(|l| (l.first, l.witness));
        for (label, (end, witness)) in circuit.labels.iter().zip(ends.chain([(m.constraints(), m.witness)])) {
            let cost = Cost::new(end - label.first, witness - label.witness);
            if cost != Cost::default() {
                *costs.entry((label.node % nodes, label.gadget)).or_default() += cost;
            }
        }
        let rows = costs
            .into_iter()
            .map(|((number, gadget), cost)| {
                let (node, _, layer) = circuit.locate(number);
                ReportRow { node: node.to_owned(), layer, gadget, cost }
            })
            .collect();
        let variables = m.instance + m.witness;
        let domain = (m.constraints() + m.instance).next_power_of_two();
        Self {
            model: circuit.spec.graph.name().to_owned(),
            rows,
            total: Cost::new(m.constraints(), m.witness),
            public_inputs: m.instance - 1,
            // A, B in both groups, the quotient's powers and the witness part: 64 bytes a G1 point, 128 a G2 point.
            proving_key_bytes: 64 * (2 * variables + domain - 1 + m.witness) + 128 * variables,
            entries: m.abc.iter().flatten().map(Vec::len).sum(),
        }
    }

    /// The constraints of each node.
    pub fn by_node(&self) -> Vec<(&str, &'static str, Cost)> {
        let mut nodes: Vec<(&str, &'static str, Cost)> = Vec::new();
        for row in &self.rows {
            match nodes.last_mut() {
                Some(last) if last.0 == row.node => last.2 += row.cost,
                _ => nodes.push((&row.node, row.layer, row.cost)),
            }
        }
        nodes
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {} constraints, {} witnesses, {} public inputs",
            self.model, self.total.constraints, self.total.witnesses, self.public_inputs
        )?;
        writeln!(f, "  {:<20} {:<18} {:<12} {:>11} {:>7}", "node", "layer", "gadget", "constraints", "share")?;
        for row in &self.rows {
            let share = 100.0 * row.cost.constraints as f64 / self.total.constraints.max(1) as f64;
            writeln!(
                f,
                "  {:<20} {:<18} {:<12} {:>11} {share:>6.1}%",
                row.node, row.layer, row.gadget, row.cost.constraints
            )?;
        }
        write!(f, "  proving key about {:.1} MB, proof 128 bytes", self.proving_key_bytes as f64 / 1e6)
    }
}

impl Quantized {
    /// The circuit that proves one answer of this model.
    ///
    /// # Errors
    /// As [`Circuit::new`].
    pub fn circuit(&self, visibility: Visibility) -> Result<Circuit, CircuitError> {
        Circuit::new(self, visibility, 1)
    }

    /// The circuit that proves the answers on `n` inputs at once.
    ///
    /// # Errors
    /// As [`Circuit::new`].
    pub fn batch(&self, n: usize, visibility: Visibility) -> Result<Circuit, CircuitError> {
        Circuit::new(self, visibility, n)
    }
}
