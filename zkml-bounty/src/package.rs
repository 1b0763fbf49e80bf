//! Package of a bounty: circuits and keys as files in a [`Store`], all named in one manifest, whose CID the host
//! publishes.
//!
//! ```text
//! manifest (JSON) ──┬─> graph, circuit of one answer (graph and plan) ─┐
//!                   ├─> layout, format, form, size of parts ───────────┴─> three circuits, rebuilt ─┐
//!                   └─> verifying and proving key of each ──> digests ──────────────────────────────┴─> equal?
//! ```
//!
//! A file is a list of raw blocks of 256 KiB, so that any gateway serves it and each part is checked as it arrives.
//!
//! # Soundness
//! Nothing depends on where the manifest's CID comes from: circuits are rebuilt from what the package describes, keys
//! must carry their digests, and [`verify_setup`](crate::terms::verify_setup) compares the keys with the terms on the
//! chain.

use serde::{Deserialize, Serialize};
use zkml_core::{
    bounty::{
        accuracy::VISIBILITY,
        cid::{CHUNK, CidError, FileCid, Form},
        compose::StatementError,
        dataset::{DatasetError, Layout},
        format::{Format, FormatError, PgmHeader},
    },
    circuit::{Circuit, CircuitError, Limits},
    graph::Graph,
    model::{Model, Weights},
    plan::Quantized,
    prove::{Digest, Keys, LoadError, ProvingKey, VerifyingKey},
    shape::Shape,
};

use crate::{
    error::Error,
    ipfs::{Store, StoreError},
    statements::{Part, Statements},
};

/// The version of manifests.
const VERSION: u32 = 1;

/// The largest proving key that is read.
const MAX_PROVING: u64 = 1 << 30;

/// The largest verifying key that is read; bounty's have five public inputs.
const MAX_VERIFYING: u64 = 1 << 16;

/// The most blocks of SHA-256 in one proof: 16 million constraints.
const MAX_HASHED: usize = 640;

/// A package that is none, or not one of the bounty's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// The manifest is none.
    #[error("the manifest {cid}: {reason}; ask the host for the CID of the package")]
    Manifest {
        /// Its CID.
        cid: String,
        /// What is wrong.
        reason: String,
    },
    /// The keys are too large for a manifest of one block.
    #[error(
        "the keys have {found} blocks, and a manifest of one block has room for about {max}; take smaller groups and \
        chunks"
    )]
    TooLarge {
        /// Those of all files.
        found: usize,
        /// What is known to fit.
        max: usize,
    },
    /// A file has another size than the manifest says, or more than is read.
    #[error(
        "file `{name}` of the package has {found} bytes in {blocks} blocks, expected at most {max}, {CHUNK} in each \
        block but the last"
    )]
    Size {
        /// Which one.
        name: String,
        /// Its bytes.
        found: u64,
        /// Its blocks.
        blocks: usize,
        /// The most.
        max: u64,
    },
    /// A key is another circuit's.
    #[error("the {part} key is of circuit {found}, the package describes {expected}; do not use it")]
    OtherCircuit {
        /// Of which statement.
        part: &'static str,
        /// The digest that it carries.
        found: Digest,
        /// That of the rebuilt circuit.
        expected: Digest,
    },
    /// A file can't be had.
    #[error("file `{name}` of the package: {error}")]
    Store {
        /// Which one.
        name: String,
        /// Why not.
        #[source]
        error: StoreError,
    },
    /// A key is damaged.
    #[error("the {part} key: {error}")]
    Key {
        /// Of which statement.
        part: &'static str,
        /// What is wrong.
        #[source]
        error: LoadError,
    },
    /// The circuit of one answer is damaged.
    #[error("the circuit of the package: {0}")]
    Circuit(#[from] CircuitError),
    /// The statements can't be made.
    #[error("the statements of the package: {0}")]
    Statement(#[from] StatementError),
    /// The layout is none.
    #[error("the layout of the package: {0}")]
    Layout(#[from] DatasetError),
    /// The format is none.
    #[error("the format of the package: {0}")]
    Format(#[from] FormatError),
    /// A CID is none.
    #[error("the package names a block: {0}")]
    Cid(#[from] CidError),
}

/// A file of any length: raw blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Blocks {
    bytes: u64,
    blocks: Vec<String>,
}

/// The keys of one statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KeyFiles {
    verifying: Blocks,
    proving: Blocks,
}

/// How the bytes of a file are pixels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Bytes {
    RawU8(Vec<usize>),
    PgmP5 { width: usize, height: usize },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    version: u32,
    graph: Blocks,
    circuit: Blocks,
    shape: Vec<usize>,
    classes: usize,
    groups: usize,
    items: usize,
    format: Bytes,
    dag_pb: bool,
    most: usize,
    data: KeyFiles,
    accuracy: KeyFiles,
    delivery: KeyFiles,
}

impl Manifest {
    fn keys(&self, part: Part) -> &KeyFiles {
        match part {
            Part::Data => &self.data,
            Part::Accuracy => &self.accuracy,
            Part::Delivery => &self.delivery,
        }
    }
}

/// What a host publishes of a bounty, and a hunter has fetched and rebuilt.
#[derive(Debug)]
pub struct Package {
    cid: FileCid,
    manifest: Manifest,
    graph: Graph,
    statements: Statements,
    verifying: [VerifyingKey; 3],
}

fn stored(name: &str) -> impl FnOnce(StoreError) -> PackageError {
    let name = name.to_owned();
    |error| PackageError::Store { name, error }
}

pub(crate) fn put(store: &Store, name: &str, bytes: &[u8]) -> Result<Blocks, PackageError> {
    let blocks = bytes.chunks(CHUNK).map(|block| store.put(Form::Raw, block).map(|cid| cid.to_string()));
    Ok(Blocks { bytes: bytes.len() as u64, blocks: blocks.collect::<Result<_, _>>().map_err(stored(name))? })
}

fn other_size(name: &str, file: &Blocks, max: u64) -> PackageError {
    PackageError::Size { name: name.to_owned(), found: file.bytes, blocks: file.blocks.len(), max }
}

/// Checks, before any block is asked for, that a file has no more than these bytes, and the blocks that they fill.
fn bounded(name: &str, file: &Blocks, max: u64) -> Result<(), PackageError> {
    let fits = file.bytes <= max && file.blocks.len() as u64 == file.bytes.div_ceil(CHUNK as u64);
    if fits { Ok(()) } else { Err(other_size(name, file, max)) }
}

pub(crate) fn get(store: &Store, name: &str, file: &Blocks, max: u64) -> Result<Vec<u8>, PackageError> {
    bounded(name, file, max)?;
    let mut bytes = Vec::new();
    for cid in &file.blocks {
        bytes.extend(store.get(&cid.parse()?).map_err(stored(name))?);
    }
    if bytes.len() as u64 == file.bytes { Ok(bytes) } else { Err(other_size(name, file, max)) }
}

/// A JSON file of one block.
fn json(value: &impl Serialize) -> Vec<u8> {
    // Names, numbers and lists: they can always be written.
    serde_json::to_vec(value).unwrap_or_default()
}

impl Package {
    /// Puts the package of these statements and keys, for models of this graph, into a store.
    ///
    /// # Errors
    /// If a key is another circuit's, there are too many blocks, or the store does not take them.
    pub fn publish(
        statements: Statements,
        graph: &Graph,
        keys: &[Keys; 3],
        store: &Store,
    ) -> Result<Self, PackageError> {
        let files = |part: Part, keys: &Keys| {
            admit(&statements, part, &keys.verifying)?;
            let verifying = put(store, part.name(), &keys.verifying.to_bytes())?;
            Ok::<_, PackageError>(KeyFiles { verifying, proving: put(store, part.name(), &keys.proving.to_bytes())? })
        };
        let layout = statements.layout();
        let format = match statements.data().composition().format() {
            Format::RawU8 { shape } => Bytes::RawU8(shape.dims().to_vec()),
            Format::PgmP5 { header } => Bytes::PgmP5 { width: header.width(), height: header.height() },
        };
        let manifest = Manifest {
            version: VERSION,
            graph: put(store, "graph", &json(graph))?,
            circuit: put(store, "circuit", &statements.model().to_bytes()?)?,
            shape: layout.shape().dims().to_vec(),
            classes: layout.classes(),
            groups: layout.groups(),
            items: layout.items(),
            format,
            dag_pb: statements.data().composition().form() == Form::DagPb,
            most: statements.most(),
            data: files(Part::Data, &keys[0])?,
            accuracy: files(Part::Accuracy, &keys[1])?,
            delivery: files(Part::Delivery, &keys[2])?,
        };
        let bytes = json(&manifest);
        if bytes.len() > CHUNK {
            let found = Part::ALL.iter().map(|part| manifest.keys(*part).proving.blocks.len()).sum();
            return Err(PackageError::TooLarge { found, max: CHUNK / 64 });
        }
        let cid = store.put(Form::Raw, &bytes).map_err(stored("manifest"))?;
        let verifying = keys.each_ref().map(|keys| keys.verifying.clone());
        Ok(Self { cid, manifest, graph: graph.clone(), statements, verifying })
    }

    /// Fetches the package with this CID, and rebuilds its circuits within [`Limits::default`]. Proving keys are
    /// fetched when they are used.
    ///
    /// # Errors
    /// If a file can't be had, is damaged or too large, or a key is not that of the circuit that the package describes.
    pub fn fetch(store: &Store, cid: &FileCid) -> Result<Self, PackageError> {
        let wrong = |reason: String| PackageError::Manifest { cid: cid.to_string(), reason };
        let bytes = store.get(cid).map_err(stored("manifest"))?;
        let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        if manifest.version != VERSION {
            return Err(wrong(format!("its version is {}, expected {VERSION}", manifest.version)));
        }
        let limits = Limits::default();
        let graph = get(store, "graph", &manifest.graph, limits.bytes as u64)?;
        let graph: Graph = serde_json::from_slice(&graph).map_err(|error| wrong(format!("its graph: {error}")))?;
        let circuit = get(store, "circuit", &manifest.circuit, limits.bytes as u64)?;
        let circuit = Circuit::from_bytes_with(&circuit, &limits)?;
        let shape = |dims: &[usize]| {
            let fits = dims.iter().try_fold(1usize, |n, d| n.checked_mul(*d)).is_some_and(|n| (1..=CHUNK).contains(&n));
            if fits && dims.len() <= 8 { Ok(Shape::new(dims)) } else { Err(wrong(format!("its shape is {dims:?}"))) }
        };
        let layout = Layout::new(shape(&manifest.shape)?, manifest.classes, manifest.groups, manifest.items)?;
        let format = match &manifest.format {
            Bytes::RawU8(dims) => Format::RawU8 { shape: shape(dims)? },
            Bytes::PgmP5 { width, height } => Format::PgmP5 { header: PgmHeader::new(*width, *height)? },
        };
        let form = if manifest.dag_pb { Form::DagPb } else { Form::Raw };
        // Before anything is built of it: a small manifest may describe circuits of any size.
        let blocks = layout.items().saturating_mul(format.length()?.div_ceil(64) + 2);
        let answers = layout.samples().saturating_mul(circuit.matrices().constraints());
        if blocks > MAX_HASHED || answers > Limits::own().constraints {
            let reason = format!(
                "it asks for {blocks} blocks of SHA-256 and {answers} constraints of answers a proof, too many"
            );
            return Err(wrong(reason));
        }
        let statements = Statements::new(circuit, layout, format, form, manifest.most)?;
        let verifying = |part: Part| {
            let bytes = get(store, part.name(), &manifest.keys(part).verifying, MAX_VERIFYING)?;
            let key =
                VerifyingKey::from_bytes(&bytes).map_err(|error| PackageError::Key { part: part.name(), error })?;
            admit(&statements, part, &key)?;
            Ok::<_, PackageError>(key)
        };
        let verifying = [verifying(Part::Data)?, verifying(Part::Accuracy)?, verifying(Part::Delivery)?];
        Ok(Self { cid: *cid, manifest, graph, statements, verifying })
    }

    /// The CIDs of all blocks that a package's manifest names: those that its circuits are rebuilt from, with the verifying
    /// keys; or those of the proving key of one statement. For whoever fetches them otherwise than through a [`Store`].
    ///
    /// # Errors
    /// If it is no manifest, or a file has more blocks than are read of it.
    pub fn blocks(manifest: &[u8], proving: Option<Part>) -> Result<Vec<String>, PackageError> {
        let wrong = |error: serde_json::Error| PackageError::Manifest {
            cid: "that was read".to_owned(),
            reason: error.to_string(),
        };
        let manifest: Manifest = serde_json::from_slice(manifest).map_err(wrong)?;
        let files = match proving {
            Some(part) => vec![(part.name(), &manifest.keys(part).proving, MAX_PROVING)],
            None => {
                let max = Limits::default().bytes as u64;
                let keys = Part::ALL.map(|part| (part.name(), &manifest.keys(part).verifying, MAX_VERIFYING));
                [("graph", &manifest.graph, max), ("circuit", &manifest.circuit, max)].into_iter().chain(keys).collect()
            }
        };
        files.iter().try_for_each(|(name, file, max)| bounded(name, file, *max))?;
        Ok(files.into_iter().flat_map(|(_, file, _)| file.blocks.iter().cloned()).collect())
    }

    /// The bytes of the proving key of a statement.
    pub fn proving_bytes(&self, part: Part) -> u64 {
        self.manifest.keys(part).proving.bytes
    }

    /// The CID of the manifest: what a host publishes with the bounty's address.
    pub fn cid(&self) -> &FileCid {
        &self.cid
    }

    /// The graph of the bounty's models.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The circuits.
    pub fn statements(&self) -> &Statements {
        &self.statements
    }

    /// The key that checks the proofs of a statement.
    pub fn verifying(&self, part: Part) -> &VerifyingKey {
        match part {
            Part::Data => &self.verifying[0],
            Part::Accuracy => &self.verifying[1],
            Part::Delivery => &self.verifying[2],
        }
    }

    /// The key that makes the proofs of a statement, which is fetched.
    ///
    /// # Errors
    /// If it can't be had, is damaged, or not of the same setup as the verifying key.
    pub fn proving(&self, part: Part, store: &Store) -> Result<ProvingKey, PackageError> {
        let key = |error| PackageError::Key { part: part.name(), error };
        let bytes = get(store, part.name(), &self.manifest.keys(part).proving, MAX_PROVING)?;
        let proving = ProvingKey::from_bytes(&bytes).map_err(key)?;
        Ok(Keys::new(proving, self.verifying(part).clone()).map_err(key)?.proving)
    }

    /// A model of the bounty's graph with these weights, as integers under the bounty's plan.
    ///
    /// # Errors
    /// If they do not fit graph or plan: then train with smaller weights, or ask the host for a wider plan.
    pub fn quantize(&self, weights: Weights) -> Result<Quantized, Error> {
        let model = Model::new(self.graph.clone(), VISIBILITY, weights)?;
        let quantized = Quantized::new(&model, self.statements.plan().clone())?;
        self.statements.admit(&quantized)?;
        Ok(quantized)
    }
}

fn admit(statements: &Statements, part: Part, key: &VerifyingKey) -> Result<(), PackageError> {
    let (found, expected) = (*key.digest(), statements.digest(part));
    if found == expected { Ok(()) } else { Err(PackageError::OtherCircuit { part: part.name(), found, expected }) }
}
