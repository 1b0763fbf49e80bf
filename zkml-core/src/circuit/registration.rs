//! Registration of weights: what they are is shown once, and every later proof of the model is about them
//!
//! ```text
//! circuit of answers   (key 1):  D_w,  and for each input a proof about it
//! circuit of weights   (key 2):  D'_w, and one proof: packed weights are made of weights of the declared ranges, their Poseidon
//!                                commitment, and whose they are
//! link        (keys 1 and 2):    D_w and D'_w are to the same packed weights
//! ```
//!
//! A proof under key 1 alone says less: that its answers are those of *some* function of the input, one and the same in all proofs for
//! one `D_w`, which was fixed before the inputs. It need not be the network with any weights, and may have no answer for some inputs: packed
//! weights can be any field elements. [`Statement`] is what it says. With a [`Checked`] registration it says that the
//! function is the network of the graph and plan, with the weights that the Poseidon commitment is to: [`RegisteredStatement`].
//!
//! Another circuit of the same model (of another batch, say) takes a link of its own, and the same circuit of weights, as long as both have
//! one [`Layout`].
//!
//! ```
//! use ark_bn254::Fr;
//! use ark_std::rand::{SeedableRng, rngs::StdRng};
//! use zkml_core::circuit::{RegistrationKeys, WeightCircuit};
//! use zkml_core::gadget::hash::commitment;
//! use zkml_core::graph::{Graph, Range, Visibility, Visible};
//! use zkml_core::prove::{Registered, Selection, link};
//! use zkml_core::{layer::Args, model::Model, plan::Target, shape::Shape, tensor::Tensor};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut graph = Graph::new("model", Shape::new([4])).with_range(Range::Real(-1.0, 1.0))?;
//! graph.add("dense", Args::new().with("units", 3), &[graph.input()])?;
//! let visibility = Visibility { weights: Visible::Private, ..Visibility::default() };
//! // For an example; take a generator of the operating system.
//! let rng = &mut StdRng::seed_from_u64(1);
//! let model = Model::init(graph, visibility, rng)?;
//! let sample = Tensor::vector(vec![0.5, -0.25, 0.75, -1.0]);
//! let quantized = model.quantize(&[sample.clone()], Target { top1: 0.0, max_error: Some(0.1), ..Target::default() })?;
//!
//! let circuit = quantized.circuit_in::<Registered>(1, visibility)?;
//! let weights = WeightCircuit::new(&circuit)?;
//! let (keys, weight_keys) = (circuit.setup_in::<Registered>(rng)?, weights.setup(rng)?);
//! let all = Selection::all(circuit.layout().packs.len());
//! let link = link::setup(&keys.proving, &weight_keys.proving, all, rng)?;
//!
//! // The owner of the weights, once.
//! let (owner, salt) = (Fr::from(7), commitment::salt(rng));
//! let (registration, opening) = weights.register(&keys.proving, &weight_keys.proving, &link, (owner, salt), rng)?;
//! // Who relies on the answers, once.
//! let both = (keys.verifying, weight_keys.verifying);
//! let verifier = RegistrationKeys::new(&circuit, &weights, both, link.verifying().clone())?;
//! let checked = verifier.check(&registration, owner)?;
//! // For every input.
//! let (proof, _) = circuit.prove_registered(&keys.proving, &opening, &[sample], rng)?;
//! assert_eq!(checked.verify(&proof)?.owner, owner);
//! # Ok(())
//! # }
//! ```

use std::path::Path;

use ark_bn254::Fr;
use ark_ff::{One, UniformRand, Zero};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Circuit, CircuitError, Limits, spec::Spec};
use crate::{
    arith::{
        Arith,
        r1cs::{Accumulate, Assign, Build, Layout, R1cs, Ranged, Tables, Tally},
    },
    digest::Digest,
    gadget::hash::commitment,
    graph::{Visibility, Visible},
    number::{ArithError, Int},
    plan::synthesis::{Opening, Refused, Relation, Row, Secrets},
    prove::{
        self, KeysOf, Kind, LinkError, LinkProof, LinkProvingKey, LinkVerifyingKey, LoadError, Matrices, ProofOf,
        ProveError, Provenance, ProvingKeyOf, PublicKind, PublicTable, Registered, SecureRng, Selection, SingleParty,
        Statement, VerifyError, VerifyingKeyOf, WeightsCommitment, WeightsOpening, file, points::Reader,
    },
    tensor::Tensor,
};

/// The circuit that shows what registered weights are.
///
/// # Constraints
/// The range check and the commitment of each weight, as a circuit with committed weights has them, and one constraint a registered
/// variable.
///
/// # Soundness
/// Each registered variable is enforced to be the packed sum of weights whose ranges are checked and that the public Poseidon commitment is to; it
/// stands alone on the A side of that constraint. The packing is the [`Layout`] of the circuit of answers, which is a part of the contents
/// that keys carry.
#[derive(Clone)]
pub struct WeightCircuit {
    spec: Spec,
    layout: Layout,
    tables: Tables,
    contents: Digest,
    digest: Digest,
    matrices: Matrices,
    table: PublicTable,
    pub(super) weights: Option<Vec<Vec<Tensor<Int>>>>,
}

/// Without the weights.
impl std::fmt::Debug for WeightCircuit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WeightCircuit")
            .field("digest", &self.digest)
            .field("constraints", &self.matrices.constraints())
            .field("layout", &self.layout.digest())
            .finish_non_exhaustive()
    }
}

/// SHA-256 of graph, plan and layout.
fn contents(spec: &Spec, layout: &Layout) -> Digest {
    let mut hash = Sha256::new_with_prefix(b"zkml weights 1");
    hash.update(spec.graph.digest());
    let plan = serde_json::to_vec(&spec.plan).unwrap_or_default();
    hash.update((plan.len() as u64).to_le_bytes());
    hash.update(&plan);
    hash.update(layout.digest());
    Digest(hash.finalize().into())
}

/// The values of a weight circuit.
struct Values<'a> {
    weights: &'a [Vec<Tensor<Int>>],
    opening: &'a Opening,
    owner: Fr,
}

impl WeightCircuit {
    /// The circuit of weights for a circuit of answers whose weights are registered.
    ///
    /// # Errors
    /// If they are not, or the circuit is too large.
    pub fn new(circuit: &Circuit) -> Result<Self, CircuitError> {
        Self::new_with(circuit, &Limits::own())
    }

    /// As [`WeightCircuit::new`], within other limits.
    ///
    /// # Errors
    /// As there.
    pub fn new_with(circuit: &Circuit, limits: &Limits) -> Result<Self, CircuitError> {
        if !circuit.spec.registers {
            return Err(CircuitError::NotRegistered);
        }
        let (spec, layout) = (circuit.spec.clone(), circuit.layout.clone());
        let refused = |refused: Refused| spec.uncounted(refused, limits);
        let tally = || Tally::at_most(limits.constraints);
        let asking = synthesize(&spec, &layout, Ranged::asking(tally()), None).map_err(refused)?.0;
        let tables = Tables::cheapest(asking.requests());
        let tally = synthesize(&spec, &layout, Ranged::lookups(tally(), tables), None).map_err(refused)?.0;
        limits.admit_tally(&tally.cs)?;
        let ranged = Ranged::lookups(Build::two_phases(), tables);
        let (built, rows) = synthesize(&spec, &layout, ranged, None).map_err(refused)?;
        let matrices = built.cs.finish().0;
        let table = PublicTable::new(rows).map_err(|e| CircuitError::Table(e.to_string()))?;
        let contents = contents(&spec, &layout);
        let digest = prove::circuit_digest(&contents, &table);
        Ok(Self { layout, tables, contents, digest, matrices, table, weights: circuit.weights.clone(), spec })
    }

    /// The digest that its keys and proofs carry, as of [`Circuit::digest`].
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// SHA-256 of graph, plan and layout.
    pub fn contents(&self) -> Digest {
        self.contents
    }

    /// The constraints.
    pub fn matrices(&self) -> &Matrices {
        &self.matrices
    }

    /// The table of public inputs: the Poseidon commitment, and the owner.
    pub fn table(&self) -> &PublicTable {
        &self.table
    }

    /// What each registered variable holds.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Runs the setup, alone: whoever runs it can forge proofs, and its keys say so.
    ///
    /// # Errors
    /// As [`prove::setup()`].
    pub fn setup(&self, rng: &mut dyn SecureRng) -> Result<KeysOf<Registered>, CircuitError> {
        Ok(prove::setup(&self.matrices, self.table.clone(), self.contents, rng)?)
    }

    /// The values of all variables, for an owner and the salt of the Poseidon commitment, with a challenge that nobody drew.
    ///
    /// # Errors
    /// If there are no weights.
    pub fn witness(&self, owner: Fr, salt: Fr, rng: &mut dyn SecureRng) -> Result<Vec<Fr>, CircuitError> {
        let challenge = Fr::rand(rng);
        self.assign(owner, salt, &mut |_, _| Ok(challenge))
    }

    fn assign(&self, owner: Fr, salt: Fr, oracle: crate::arith::r1cs::Oracle<'_>) -> Result<Vec<Fr>, CircuitError> {
        let weights = self.weights.as_deref().ok_or(CircuitError::NoWeights)?;
        let opening = Opening { weights: salt, inputs: vec![], outputs: vec![] };
        let values = Values { weights, opening: &opening, owner };
        let ranged = Ranged::lookups(Assign::two_phases(oracle), self.tables);
        let done = synthesize(&self.spec, &self.layout, ranged, Some(&values));
        Ok(done.map_err(|refused| self.spec.refused(refused))?.0.cs.finish())
    }

    /// Registers the circuit's weights for an owner, any field element such as an address: commits to them under both keys, proves what they are,
    /// and links the commitments. What opens the first commitment is for [`Circuit::prove_registered`]; keep it, and the salt of the Poseidon
    /// commitment, secret.
    ///
    /// # Errors
    /// If there are no weights, the salt can be guessed, or a key is another circuit's.
    pub fn register(
        &self,
        circuit: &ProvingKeyOf<Registered>,
        weights: &ProvingKeyOf<Registered>,
        link: &LinkProvingKey,
        (owner, salt): (Fr, Fr),
        rng: &mut dyn SecureRng,
    ) -> Result<(Registration, WeightsOpening), RegistrationError> {
        if commitment::guessable(salt) {
            return Err(CircuitError::Salt.into());
        }
        let values = self.values()?;
        let answers = circuit.commit_weights(values.clone(), rng).map_err(CircuitError::from)?;
        let own = weights.commit_weights(values, rng).map_err(CircuitError::from)?;
        let backend = |error: ProveError| ArithError::Backend(error.to_string());
        let mut assign = |draw: &mut prove::Draw<'_>| {
            self.assign(owner, salt, &mut |public, fixed| draw(public, fixed).map_err(backend))
        };
        let proof = prove::prove_registered(weights, &self.matrices, &self.digest, &own, &mut assign, rng)?;
        let link = link.link(&answers, &own)?;
        let registration =
            Registration { answers: answers.commitment().clone(), weights: own.commitment().clone(), proof, link };
        Ok((registration, answers))
    }

    /// The values of the registered variables.
    fn values(&self) -> Result<Vec<Fr>, CircuitError> {
        let weights = self.weights.as_deref().ok_or(CircuitError::NoWeights)?;
        registered(&self.spec, &self.layout, weights)
    }
}

/// The registered variables' values, of weights by node: those of one value are no variables.
fn registered(spec: &Spec, layout: &Layout, weights: &[Vec<Tensor<Int>>]) -> Result<Vec<Fr>, CircuitError> {
    let tensors = weights.iter().flatten().zip(spec.plan.params.iter().flatten());
    let variable = tensors.filter(|(_, plan)| !plan.interval().is_point());
    let flat: Vec<Int> = variable.flat_map(|(tensor, _)| tensor.data().iter().copied()).collect();
    layout.values(&flat).filter(|_| flat.len() == layout.weights as usize).ok_or_else(|| {
        CircuitError::Malformed(format!("{} weights are registered, there are {}", layout.weights, flat.len()))
    })
}

/// The relation with weights that are committed to.
fn relation(spec: &Spec) -> Relation<'_> {
    Relation { visibility: Visibility { weights: Visible::Committed, ..spec.visibility }, ..spec.relation() }
}

/// The circuit of weights.
fn synthesize<C: Accumulate>(
    spec: &Spec,
    layout: &Layout,
    cs: C,
    values: Option<&Values<'_>>,
) -> Result<(C, Vec<Row>), Refused> {
    let mut s = R1cs::new(cs);
    let mut rows = vec![];
    let secrets = values.map(|values| Secrets { weights: values.weights, inputs: &[], opening: values.opening });
    let params = relation(spec).weights(&mut s, secrets.as_ref(), &mut rows)?;
    s.enter(0);
    s.cs.label("owner");
    let owner = s.cs.field_witness(values.map(|values| values.owner));
    s.cs.field_output(&owner);
    rows.push(("owner".to_owned(), 0, PublicKind::Element));
    s.cs.label("pack");
    let wires = params.iter().flatten().flat_map(Tensor::data).filter(|wire| !wire.measure.interval.is_point());
    let weights: Vec<C::F> = wires.map(|wire| s.cs.lift(&wire.w)).collect();
    let known = values.map(|values| registered(spec, layout, values.weights).unwrap_or_default());
    let one = s.cs.field_linear(&[], Fr::one());
    for (i, pack) in layout.packs.iter().enumerate() {
        let variable = s.cs.field_registered(known.as_ref().and_then(|known| known.get(i).copied()));
        let parts = pack.weights.iter().zip(pack.places());
        let terms: Vec<(Fr, &C::F)> = parts.filter_map(|(w, place)| Some((place, weights.get(*w as usize)?))).collect();
        let sum = s.cs.field_linear(&terms, Fr::zero());
        s.cs.field_enforce(&variable, &one, &sum);
    }
    let cs = s.finish().map_err(|error| (spec.graph.input(), error))?;
    Ok((cs, rows))
}

impl Circuit {
    /// Commits to the weights under a key of this circuit, without showing what they are: [`WeightCircuit::register`] does both.
    ///
    /// # Errors
    /// If there are no weights, or the key is another circuit's.
    pub fn commit_weights(
        &self,
        key: &ProvingKeyOf<Registered>,
        rng: &mut dyn SecureRng,
    ) -> Result<WeightsOpening, CircuitError> {
        let weights = self.weights.as_deref().ok_or(CircuitError::NoWeights)?;
        if *key.digest() != self.digest {
            return Err(ProveError::Digest { key: *key.digest(), circuit: self.digest }.into());
        }
        Ok(key.commit_weights(registered(&self.spec, &self.layout, weights)?, rng)?)
    }

    /// Proves the model's answers with registered weights.
    ///
    /// # Errors
    /// As [`Circuit::prove`]; and if the weights are not those that are registered.
    pub fn prove_registered(
        &self,
        key: &ProvingKeyOf<Registered>,
        weights: &WeightsOpening,
        inputs: &[Tensor],
        rng: &mut dyn SecureRng,
    ) -> Result<(ProofOf<Registered>, Opening), CircuitError> {
        let own = self.weights.as_deref().ok_or(CircuitError::NoWeights)?;
        let own = Zeroizing::new(registered(&self.spec, &self.layout, own)?);
        if let Some(index) = own.iter().zip(weights.values()).position(|(a, b)| a != b) {
            return Err(ProveError::Unregistered { index }.into());
        }
        self.prove_of(key, weights, inputs, rng)
    }
}

/// A registration that is not made, or not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// The circuit or the prover refused.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// The proof about the weights is not accepted.
    #[error("the proof about the weights: {0}")]
    Weights(#[source] VerifyError),
    /// The link is not made, or not accepted.
    #[error("the link of the two commitments: {0}")]
    Link(#[from] LinkError),
    /// The keys are not of the circuits that they should be.
    #[error("the key of {what} is of circuit {found}, expected {expected}")]
    Key {
        /// Which key.
        what: &'static str,
        /// The digest of its circuit.
        found: Digest,
        /// The one expected.
        expected: Digest,
    },
    /// The weights' proof has other public inputs than a circuit of weights.
    #[error("the proof about the weights has no public input `{0}`; take the key of a circuit of weights")]
    Table(&'static str),
    /// Somebody else's registration.
    #[error("the weights are registered for owner {found}, expected {expected}")]
    Owner {
        /// Whose they are.
        found: Fr,
        /// Whose they should be.
        expected: Fr,
    },
    /// The link's key is of other keys, or of other values.
    #[error(
        "the link's key links other commitments than those of the two keys; make it with `link::setup`, of all values of these keys"
    )]
    LinkKey,
}

/// What a verifier pins to check registrations of a model: three keys.
#[derive(Clone, Debug)]
pub struct RegistrationKeys {
    answers: VerifyingKeyOf<Registered>,
    weights: VerifyingKeyOf<Registered>,
    link: LinkVerifyingKey,
}

impl RegistrationKeys {
    /// The keys of a circuit of answers and of its circuit of weights, and of links between their commitments: whoever trusts setups of
    /// others takes the circuits' digests from circuits of their own.
    ///
    /// # Errors
    /// If a key is of another circuit, or the circuit of weights is of another graph, plan or layout.
    pub fn new(
        circuit: &Circuit,
        weights: &WeightCircuit,
        (answers_key, weights_key): (VerifyingKeyOf<Registered>, VerifyingKeyOf<Registered>),
        link: LinkVerifyingKey,
    ) -> Result<Self, RegistrationError> {
        // Of one layout may be circuits of weights of other ranges, too.
        let (found, expected) = (weights.contents, contents(&circuit.spec, &circuit.layout));
        if found != expected {
            return Err(RegistrationError::Key { what: "the circuit of weights", found, expected });
        }
        for (what, found, expected) in [
            ("the circuit of answers", *answers_key.digest(), circuit.digest()),
            ("the circuit of weights", *weights_key.digest(), weights.digest()),
        ] {
            if found != expected {
                return Err(RegistrationError::Key { what, found, expected });
            }
        }
        let keys = [answers_key.key_digest(), weights_key.key_digest()];
        if *link.keys() != keys || *link.selection() != Selection::all(circuit.layout.packs.len()).digest() {
            return Err(RegistrationError::LinkKey);
        }
        Ok(Self { answers: answers_key, weights: weights_key, link })
    }

    /// The hashes of the ceremonies that the keys come from: of the answers, of the weights, and of the link.
    ///
    /// # Errors
    /// If one comes from a setup by a single party, who can register anything or forge answers.
    pub fn require_ceremonies(&self) -> Result<[Digest; 3], SingleParty> {
        let link = match self.link.provenance() {
            Provenance::SingleParty => Err(SingleParty { circuit: Digest(self.link.digest()) }),
            Provenance::Transcript(hash) => Ok(hash),
        };
        Ok([self.answers.require_ceremony()?, self.weights.require_ceremony()?, link?])
    }

    /// Checks a registration, once: what it says is then known of every proof about its commitment.
    ///
    /// # Errors
    /// If it is of somebody else, or a part of it is not accepted under these keys.
    ///
    /// # Soundness
    /// Compares the keys that both commitments are under; verifies the proof about the weights and the link. Whoever can run a setup of these keys
    /// alone can forge: see [`Provenance`].
    pub fn check(&self, registration: &Registration, owner: Fr) -> Result<Checked, RegistrationError> {
        let Registration { answers, weights, proof, link } = registration;
        self.weights.verify_registered(proof, weights).map_err(RegistrationError::Weights)?;
        let element = |name| {
            let entry = self.weights.table().find(name, 0).ok_or(RegistrationError::Table(name))?;
            proof.inputs.get(entry.first).copied().ok_or(RegistrationError::Table(name))
        };
        let found = element("owner")?;
        if found != owner {
            return Err(RegistrationError::Owner { found, expected: owner });
        }
        self.link.verify(link, answers, weights)?;
        Ok(Checked { answers: self.answers.clone(), commitment: answers.clone(), weights: element("weights")?, owner })
    }
}

/// Registration of a model's weights: anyone who has the [keys](RegistrationKeys) can check it.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    /// The commitment that proofs of answers are about.
    pub answers: WeightsCommitment,
    /// The commitment to the same weights under the key of the circuit of weights.
    pub weights: WeightsCommitment,
    /// What is shown of the weights.
    pub proof: ProofOf<Registered>,
    /// That both commitments are to the same values.
    pub link: LinkProof,
}

impl Registration {
    /// The largest file that is read.
    pub const MAX_BYTES: u64 = 1 << 16;

    /// The registration as a file: the files of its four parts, each after its length. Its digest is that of the circuit of weights.
    pub fn to_bytes(&self) -> Vec<u8> {
        let parts = [self.answers.to_bytes(), self.weights.to_bytes(), self.proof.to_bytes(), self.link.to_bytes()];
        let mut payload = Vec::new();
        for part in parts {
            payload.extend_from_slice(&(part.len() as u64).to_le_bytes());
            payload.extend_from_slice(&part);
        }
        file::write(Kind::Registration, &self.proof.digest, &payload)
    }

    /// The registration of a file. What it says is not known before it is [checked](RegistrationKeys::check).
    ///
    /// # Errors
    /// If it is no registration, damaged, a part is not of its kind, or the digest is not that of its proof.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        let (found, payload) = file::read(bytes, Kind::Registration)?;
        let mut reader = Reader::new(payload);
        let mut part = |what| {
            let length = reader.length(1, what)?;
            reader.take(length, what)
        };
        let answers = WeightsCommitment::from_bytes(&part("the commitment of the answers")?)?;
        let weights = WeightsCommitment::from_bytes(&part("the commitment of the weights")?)?;
        let proof = ProofOf::from_bytes(&part("the proof about the weights")?)?;
        let link = LinkProof::from_bytes(&part("the link")?)?;
        reader.finish()?;
        let expected = proof.digest;
        if found != expected {
            return Err(LoadError::Digest { expected, found });
        }
        Ok(Self { answers, weights, proof, link })
    }

    /// Writes the registration to a file, whole or not at all.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), LoadError> {
        Ok(file::save(path, &self.to_bytes())?)
    }

    /// Reads the registration from a file.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes), or if the file can't be read.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        Self::from_bytes(&file::load_kind(path, Kind::Registration, Self::MAX_BYTES)?)
    }
}

/// A registration that was checked.
#[derive(Clone, Debug)]
pub struct Checked {
    answers: VerifyingKeyOf<Registered>,
    commitment: WeightsCommitment,
    weights: Fr,
    owner: Fr,
}

/// What a proof says of registered weights.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisteredStatement {
    /// Inputs and outputs.
    pub statement: Statement,
    /// The Poseidon commitment to the weights.
    pub weights: Fr,
    /// Whose they are.
    pub owner: Fr,
}

impl Checked {
    /// The Poseidon commitment to the weights.
    pub fn weights(&self) -> Fr {
        self.weights
    }

    /// Whose they are.
    pub fn owner(&self) -> Fr {
        self.owner
    }

    /// The commitment that proofs are about, which contracts pin.
    pub fn commitment(&self) -> &WeightsCommitment {
        &self.commitment
    }

    /// What a proof says, if it is true: the answers are those of the network, with the weights of the commitment.
    ///
    /// # Errors
    /// As [`VerifyingKeyOf::verify_registered`].
    pub fn verify(&self, proof: &ProofOf<Registered>) -> Result<RegisteredStatement, VerifyError> {
        let statement = self.answers.verify_registered(proof, &self.commitment)?;
        Ok(RegisteredStatement { statement, weights: self.weights, owner: self.owner })
    }
}
