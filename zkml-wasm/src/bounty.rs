//! Bounties in the page (feature `bounty`): what host and hunter make, and anyone checks, of which a wallet sends the calls.
//!
//! Numbers and bytes of the chain are hexadecimal, terms are as the contract encodes them. Secrets are those of
//! `secrets.json`, which the command `zkml bounty` reads.

use std::str::FromStr;

use js_sys::{Array, Object, Reflect, Uint8Array};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use zkml::{
    model::Weights,
    onnx::{self, ImportError, Options},
    prove::{Proof, Provenance, ProvingKey},
};
use zkml_bounty::{
    Address, Error, Mode, Offer, Package, Part, Store, Terms, Trust, U256, Winner,
    cid::{FileCid, Form},
    ipfs::{Memory, StoreError},
    offline::{self, HostDesk, HunterDesk, Labelled, Place, ProofSource},
    verify_setup,
};

use crate::{
    error::{Step, or_throw},
    statement::to_js,
};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** A hexadecimal text with `0x`. */
export type Hex = `0x${string}`;

/** A statement of a bounty. */
export type Part = "data" | "accuracy" | "delivery";

/** Where a bounty is: its proofs are about that one alone. */
export type BountyPlace = { chain: number; factory: Hex; bounty: Hex };

/** What a package has, once its circuits are rebuilt. */
export type PackageSummary = {
  cid: string;
  graph: string;
  parameters: number;
  shape: number[];
  classes: number;
  groups: number;
  items: number;
  format: string;
  fileBytes: number;
  dagPb: boolean;
  deliveryChunks: number;
  deliveryElements: number;
  statements: { part: Part; constraints: number; digest: string; provingBytes: number; keyHash: Hex; ceremony: string | null }[];
};

/** What a call with a proof says, once it is verified. */
export type CheckedCall =
  | { statement: "data"; chunk: number; group: number }
  | { statement: "accuracy"; chunk: number; correct: number }
  | { statement: "delivery"; chunk: number };

/** What a host offers: amounts are decimal, in the smallest unit; times are seconds since 1970. */
export type BountyOffer = {
  token: Hex | null;
  reward: string;
  bond: string;
  threshold: number;
  open: boolean;
  best: boolean;
  commitUntil: number;
  revealUntil: number;
  proveUntil: number;
  deliveryWindow: number;
  development: boolean;
};

/** A call that is made, and its proof as a file. */
export type MadeCall = { call: Hex; proof: Uint8Array };
"#;

/// What can't be read.
#[derive(Clone, Debug, thiserror::Error)]
enum GivenError {
    #[error("the {what} can't be read: {reason}")]
    Unread { what: &'static str, reason: String },
    #[error("it can't be read as safetensors ({safetensors}), nor as ONNX ({onnx})")]
    Model { safetensors: String, onnx: String },
    #[error("{found} files and {labels} labels, expected one label for each file")]
    Labels { found: usize, labels: usize },
}

fn unread(what: &'static str, reason: impl ToString) -> JsValue {
    Step::Argument.error(&GivenError::Unread { what, reason: reason.to_string() })
}

fn parsed<T: FromStr<Err: ToString>>(what: &'static str, text: &str) -> Result<T, JsValue> {
    text.parse().map_err(|error: T::Err| unread(what, error.to_string()))
}

/// A value of JavaScript that is JSON.
fn json<T: for<'a> Deserialize<'a>>(what: &'static str, value: &JsValue) -> Result<T, JsValue> {
    let text = js_sys::JSON::stringify(value).map_err(|_| unread(what, "it is no JSON"))?;
    serde_json::from_str(&String::from(text)).map_err(|error| unread(what, error))
}

fn bytes_of(what: &'static str, text: &str) -> Result<Vec<u8>, JsValue> {
    let digits = text.strip_prefix("0x").ok_or_else(|| unread(what, "expected hexadecimal digits after `0x`"))?;
    let pair = |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let even = digits.len() % 2 == 0;
    let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(pair).collect();
    bytes.filter(|_| even).ok_or_else(|| unread(what, "expected pairs of hexadecimal digits"))
}

fn hex_of(bytes: &[u8]) -> String {
    format!("0x{}", zkml::prove::hex(bytes))
}

fn terms_of(encoded: &str) -> Result<Terms, JsValue> {
    or_throw(Step::Bounty, offline::terms(&bytes_of("terms", encoded)?))
}

fn part_of(name: &str) -> Result<Part, JsValue> {
    let found = Part::ALL.into_iter().find(|part| part.name() == name);
    found.ok_or_else(|| unread("statement", format!("found {name}, expected data, accuracy or delivery")))
}

#[derive(Deserialize)]
struct GivenPlace {
    chain: u64,
    factory: String,
    bounty: String,
}

fn place_of(value: &JsValue) -> Result<Place, JsValue> {
    let GivenPlace { chain, factory, bounty } = json("place", value)?;
    Ok(Place { chain, factory: parsed("factory", &factory)?, bounty: parsed("bounty", &bounty)? })
}

/// Content by CID, compared with it.
#[wasm_bindgen]
#[derive(Default)]
pub struct Blocks {
    inner: Memory,
}

#[wasm_bindgen]
impl Blocks {
    /// None yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps what a gateway answered for a CID: the content, or its block.
    ///
    /// @throws {BountyError} if it is something else than what the CID names.
    pub fn insert(&self, cid: &str, bytes: Vec<u8>, place: &str) -> Result<(), JsValue> {
        or_throw(Step::Bounty, self.inner.insert(&parsed("CID", cid)?, bytes, place))
    }

    /// Whether the content of a CID is there.
    pub fn has(&self, cid: &str) -> Result<bool, JsValue> {
        Ok(self.inner.has(&parsed("CID", cid)?))
    }

    /// The content of a CID.
    ///
    /// @throws {BountyError} if it is not there.
    pub fn content(&self, cid: &str) -> Result<Vec<u8>, JsValue> {
        or_throw::<_, StoreError>(Step::Bounty, self.store().get(&parsed("CID", cid)?))
    }

    /// Forgets the content of a CID.
    pub fn remove(&self, cid: &str) -> Result<(), JsValue> {
        self.inner.remove(&parsed("CID", cid)?);
        Ok(())
    }

    /// The CIDs that a package's manifest, which must be there, names: of what its circuits are rebuilt from, or of the
    /// proving key of one statement.
    ///
    /// @throws {BountyError} if it is no manifest.
    #[wasm_bindgen(unchecked_return_type = "string[]")]
    pub fn wanted(&self, manifest: &str, proving: Option<String>) -> Result<Array, JsValue> {
        let part = proving.as_deref().map(part_of).transpose()?;
        let blocks = or_throw(Step::Bounty, Package::blocks(&self.content(manifest)?, part))?;
        Ok(blocks.into_iter().map(JsValue::from).collect())
    }

    fn store(&self) -> Store {
        Store::Memory(self.inner.clone())
    }
}

/// The CID of a file of one block.
///
/// @throws {BountyError} if it has more than 256 KiB.
#[wasm_bindgen(js_name = cidOf)]
pub fn cid_of(bytes: &[u8], dag_pb: bool) -> Result<String, JsValue> {
    let form = if dag_pb { Form::DagPb } else { Form::Raw };
    or_throw(Step::Bounty, FileCid::of(form, bytes)).map(|cid| cid.to_string())
}

/// The rebuilt circuits of a bounty, and its verifying keys.
#[wasm_bindgen]
pub struct BountyPackage {
    inner: Package,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatementSummary {
    part: &'static str,
    constraints: usize,
    digest: String,
    proving_bytes: u64,
    key_hash: String,
    ceremony: Option<String>,
}

#[wasm_bindgen]
impl BountyPackage {
    /// Rebuilds the circuits of the package with this CID, whose blocks are there, and compares their digests with the keys'.
    ///
    /// @throws {BountyError} if a block is missing, or a key is not that of the circuit that the package describes.
    pub fn rebuild(blocks: &Blocks, cid: &str) -> Result<Self, JsValue> {
        let inner = or_throw(Step::Bounty, Package::fetch(&blocks.store(), &parsed("CID", cid)?))?;
        Ok(Self { inner })
    }

    /// What it has.
    #[wasm_bindgen(getter, unchecked_return_type = "PackageSummary")]
    pub fn summary(&self) -> Result<JsValue, JsValue> {
        let statements = self.inner.statements();
        let (layout, delivery) = (statements.layout(), statements.delivery().composition());
        let format = statements.data().composition().format();
        let hashes = or_throw(Step::Bounty, offline::hashes(&self.inner))?;
        let rows: Vec<StatementSummary> = Part::ALL
            .into_iter()
            .zip(hashes)
            .map(|(part, key_hash)| StatementSummary {
                part: part.name(),
                constraints: statements.matrices(part).constraints(),
                digest: statements.digest(part).to_string(),
                proving_bytes: self.inner.proving_bytes(part),
                key_hash,
                ceremony: match self.inner.verifying(part).provenance() {
                    Provenance::SingleParty => None,
                    Provenance::Transcript(hash) => Some(hash.to_string()),
                },
            })
            .collect();
        let length = format.length().map_err(|error| unread("format", error))?;
        Ok(to_js(&serde_json::json!({
            "cid": self.inner.cid().to_string(),
            "graph": self.inner.graph().name(),
            "parameters": self.inner.graph().parameter_count(),
            "shape": layout.shape().dims(),
            "classes": layout.classes(),
            "groups": layout.groups(),
            "items": layout.items(),
            "format": if format.header().is_empty() { "bytes" } else { "pgm" },
            "fileBytes": length,
            "dagPb": statements.data().composition().form() == Form::DagPb,
            "deliveryChunks": delivery.chunks(),
            "deliveryElements": delivery.ciphertext(),
            "statements": rows,
        })))
    }

    /// Checks that terms are those of this package: hashes of keys, their setup, and the numbers that circuits fix.
    ///
    /// @throws {BountyError} if they are not, or keys come from a single party, unless `development` accepts that.
    #[wasm_bindgen(js_name = verifySetup)]
    pub fn verify_setup(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Hex")] terms: &str,
        development: bool,
    ) -> Result<(), JsValue> {
        or_throw(Step::Bounty, verify_setup(&terms_of(terms)?, &self.inner, trust(development)))
    }

    /// Checks a call with a proof as the contract does, with public inputs that are computed here. `commitment` is that of
    /// the sender's weights.
    ///
    /// @throws {BountyError} if the proof does not hold, or is of another bounty, sender, dataset or ciphertext.
    #[wasm_bindgen(unchecked_return_type = "CheckedCall")]
    pub fn check(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Hex")] terms: &str,
        #[wasm_bindgen(unchecked_param_type = "BountyPlace")] place: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Hex")] sender: &str,
        #[wasm_bindgen(unchecked_param_type = "Hex | undefined")] commitment: Option<String>,
        #[wasm_bindgen(unchecked_param_type = "Hex")] call: &str,
    ) -> Result<JsValue, JsValue> {
        let commitment = commitment.map(|word| element(&word)).transpose()?;
        let (terms, place, sender) = (terms_of(terms)?, place_of(place)?, parsed("sender", sender)?);
        let call = bytes_of("call", call)?;
        let checked = offline::check(&call, &self.inner, &terms, &place, sender, commitment);
        or_throw(Step::Bounty, checked).map(|checked| to_js(&checked))
    }

    /// The commitment to data that was shown, with its salt: made again of files and labels, in their order.
    ///
    /// @throws {BountyError} if the files are not of the package's format, or do not fill whole chunks.
    #[wasm_bindgen(unchecked_return_type = "Hex")]
    pub fn root(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Hex")] salt: &str,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array[]")] files: &Array,
        labels: Vec<u32>,
    ) -> Result<String, JsValue> {
        let root = or_throw(Step::Bounty, offline::root(&self.inner, word(salt)?, samples(files, &labels)?))?;
        Ok(format!("{:#066x}", offline::word(root)))
    }

    /// The files of a group that the contract took, by CID, with their labels.
    ///
    /// @throws {BountyError} if the words are no files.
    #[wasm_bindgen(unchecked_return_type = "[string, number][]")]
    pub fn named(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Hex[]")] items: Vec<String>,
    ) -> Result<JsValue, JsValue> {
        or_throw(Step::Bounty, offline::named(&self.inner, &words(&items)?)).map(|named| to_js(&named))
    }
}

fn trust(development: bool) -> Trust {
    if development { Trust::DevelopmentOnly } else { Trust::Ceremony }
}

fn word(text: &str) -> Result<U256, JsValue> {
    parsed("number", text)
}

fn words(texts: &[String]) -> Result<Vec<U256>, JsValue> {
    texts.iter().map(|text| word(text)).collect()
}

fn element(text: &str) -> Result<zkml::prove::Fr, JsValue> {
    or_throw(Step::Bounty, offline::element(word(text)?))
}

/// The key that makes the proofs of a statement.
#[wasm_bindgen]
pub struct BountyKey {
    part: Part,
    inner: ProvingKey,
}

#[wasm_bindgen]
impl BountyKey {
    /// The key of a package, whose blocks are there.
    ///
    /// @throws {BountyError} if a block is missing, or the key is damaged, or not of the same setup as the verifying key.
    pub fn load(
        package: &BountyPackage,
        blocks: &Blocks,
        #[wasm_bindgen(unchecked_param_type = "Part")] part: &str,
    ) -> Result<Self, JsValue> {
        let part = part_of(part)?;
        let inner = or_throw(Step::Bounty, package.inner.proving(part, &blocks.store()))?;
        Ok(Self { part, inner })
    }
}

impl BountyKey {
    fn of(&self, part: Part) -> Result<&ProvingKey, JsValue> {
        if self.part == part {
            return Ok(&self.inner);
        }
        Err(unread("key", format!("it is of the statement {}, expected {}", self.part.name(), part.name())))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GivenOffer {
    token: Option<String>,
    reward: String,
    bond: String,
    threshold: u32,
    open: bool,
    best: bool,
    commit_until: u64,
    reveal_until: u64,
    prove_until: u64,
    delivery_window: u32,
    development: bool,
}

fn samples(files: &Array, labels: &[u32]) -> Result<Vec<Labelled>, JsValue> {
    let (found, labels_found) = (files.length() as usize, labels.len());
    if found != labels_found {
        return Err(Step::Argument.error(&GivenError::Labels { found, labels: labels_found }));
    }
    let sample =
        |(file, label): (JsValue, &u32)| Labelled { file: Uint8Array::new(&file).to_vec(), label: *label as usize };
    Ok(files.iter().zip(labels).map(sample).collect())
}

/// The host of a bounty. Its key does not leave the page.
#[wasm_bindgen]
pub struct BountyHost {
    inner: HostDesk,
}

#[wasm_bindgen]
impl BountyHost {
    /// New secrets: a text as `secrets.json` has it.
    ///
    /// @throws {BountyError} if there is no randomness.
    #[wasm_bindgen(js_name = newSecrets)]
    pub fn new_secrets() -> Result<String, JsValue> {
        or_throw(Step::Bounty, HostDesk::secrets()).map(|text| text.to_string())
    }

    /// The host with these secrets.
    ///
    /// @throws {BountyError} if they are none.
    #[wasm_bindgen(constructor)]
    pub fn new(secrets: &str) -> Result<Self, JsValue> {
        Ok(Self { inner: or_throw(Step::Bounty, HostDesk::new(secrets))? })
    }

    /// Takes the data, in its order; returns the dataset's commitment.
    ///
    /// @throws {BountyError} if the files are not of the package's format, or do not fill whole chunks.
    #[wasm_bindgen(unchecked_return_type = "Hex")]
    pub fn take(
        &mut self,
        package: &BountyPackage,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array[]")] files: &Array,
        labels: Vec<u32>,
    ) -> Result<String, JsValue> {
        let root = or_throw(Step::Bounty, self.inner.take(&package.inner, samples(files, &labels)?))?;
        Ok(format!("{:#066x}", offline::word(root)))
    }

    /// The terms of a bounty on the data, as the contract encodes them.
    ///
    /// @throws {BountyError} if the contract would not accept them.
    #[wasm_bindgen(unchecked_return_type = "Hex")]
    pub fn terms(
        &self,
        package: &BountyPackage,
        #[wasm_bindgen(unchecked_param_type = "BountyOffer")] offer: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Hex")] host: &str,
    ) -> Result<String, JsValue> {
        let given: GivenOffer = json("offer", offer)?;
        let token = given.token.as_deref().map(|token| parsed::<Address>("token", token)).transpose()?;
        let offer = Offer {
            token,
            reward: word(&given.reward)?,
            bond: word(&given.bond)?,
            threshold: given.threshold,
            mode: if given.open { Mode::Open } else { Mode::Sealed },
            winner: if given.best { Winner::Best } else { Winner::First },
            commit_until: given.commit_until,
            reveal_until: given.reveal_until,
            prove_until: given.prove_until,
            delivery_window: given.delivery_window,
            trust: trust(given.development),
        };
        let terms = or_throw(Step::Bounty, self.inner.terms(&offer, &package.inner, parsed("host", host)?))?;
        or_throw(Step::Bounty, offline::encoded(&terms)).map(|bytes| hex_of(&bytes))
    }

    /// The key that weights are encrypted for: x and y.
    #[wasm_bindgen(getter, js_name = publicKey, unchecked_return_type = "[Hex, Hex]")]
    pub fn public_key(&self) -> Vec<String> {
        let key = self.inner.public_key();
        let point = key.point();
        [point.x(), point.y()].map(|x| format!("{:#066x}", offline::word(x))).to_vec()
    }

    /// The call that shows a group of the data, by its number among all. The proof is verified.
    ///
    /// @throws {BountyError} if the data is not that of the terms.
    #[wasm_bindgen(unchecked_return_type = "Hex")]
    pub fn show(
        &self,
        package: &BountyPackage,
        key: &BountyKey,
        #[wasm_bindgen(unchecked_param_type = "Hex")] terms: &str,
        #[wasm_bindgen(unchecked_param_type = "BountyPlace")] place: &JsValue,
        index: usize,
    ) -> Result<String, JsValue> {
        let (terms, place, key) = (terms_of(terms)?, place_of(place)?, key.of(Part::Data)?);
        or_throw(Step::Bounty, self.inner.show(&package.inner, key, &terms, &place, index)).map(|call| hex_of(&call))
    }

    /// The delivered weights, as a safetensors file: decrypted, and compared with the commitment.
    ///
    /// @throws {BountyError} if they are encrypted for another key, or are others than what was committed to.
    pub fn receive(
        &self,
        package: &BountyPackage,
        #[wasm_bindgen(unchecked_param_type = "{ ephemeral: [Hex, Hex]; ct: Hex[] }[]")] parts: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Hex")] commitment: &str,
    ) -> Result<Vec<u8>, JsValue> {
        #[derive(Deserialize)]
        struct GivenPart {
            ephemeral: [String; 2],
            ct: Vec<String>,
        }
        let parts: Vec<GivenPart> = json("delivery", parts)?;
        let read = |part: &GivenPart| Ok(([word(&part.ephemeral[0])?, word(&part.ephemeral[1])?], words(&part.ct)?));
        let parts = parts.iter().map(read).collect::<Result<Vec<_>, JsValue>>()?;
        or_throw(Step::Bounty, self.inner.receive(&package.inner, &parts, element(commitment)?))
    }
}

/// A hunter of a bounty. Its weights and secrets do not leave the page.
#[wasm_bindgen]
pub struct BountyHunter {
    inner: HunterDesk,
}

/// The weights of a model's file for the bounty's graph: safetensors by name, or ONNX, read in each way that could be the
/// bounty's: with scores or a class, with reals, or bytes that are divided.
fn weights_of(package: &Package, file: &[u8], divide: f64) -> Result<Weights, JsValue> {
    let safetensors = match Weights::from_safetensors(file) {
        Ok(weights) => return Ok(weights),
        Err(error) => error.to_string(),
    };
    let range = package.graph().range();
    let read = |classify: bool, bytes: bool| {
        let options = if bytes { None } else { range }.into_iter().fold(Options::default(), Options::range);
        let import = onnx::import(file, &options)?;
        let import = if classify { import.classify()? } else { import };
        let import = if bytes { import.bytes(divide)? } else { import };
        import.weights_for(package.graph())
    };
    let ways = [(true, true), (false, true), (true, false), (false, false)];
    let mut first: Option<ImportError> = None;
    for (classify, bytes) in ways {
        match read(classify, bytes) {
            Ok(weights) => return Ok(weights),
            Err(error) => first = first.or(Some(error)),
        }
    }
    // Its name is not known here: where it is neither, what is wrong with it as each of them is said.
    Err(match (onnx::import(file, &Options::default()), first) {
        (Err(onnx), _) => Step::Model.error(&GivenError::Model { safetensors, onnx: onnx.to_string() }),
        (Ok(_), Some(error)) => Step::Model.error(&error),
        (Ok(_), None) => unread("model", "it is empty"),
    })
}

#[wasm_bindgen]
impl BountyHunter {
    /// New secrets for a bounty of these terms: a text as `secrets.json` has it.
    ///
    /// @throws {BountyError} if there is no randomness.
    #[wasm_bindgen(js_name = newSecrets)]
    pub fn new_secrets(#[wasm_bindgen(unchecked_param_type = "Hex")] terms: &str) -> Result<String, JsValue> {
        or_throw(Step::Bounty, HunterDesk::secrets(&terms_of(terms)?)).map(|text| text.to_string())
    }

    /// The hunter with these secrets, and the weights of a safetensors or ONNX file.
    ///
    /// @throws {ModelError} if the file is of another network than the bounty's.
    /// @throws {BountyError} if the weights do not fit the bounty's plan.
    #[wasm_bindgen(constructor)]
    pub fn new(
        secrets: &str,
        package: &BountyPackage,
        #[wasm_bindgen(unchecked_param_type = "Hex")] terms: &str,
        model: &[u8],
        divide: f64,
    ) -> Result<Self, JsValue> {
        let weights = weights_of(&package.inner, model, divide)?;
        let inner = HunterDesk::new(secrets, &package.inner, &terms_of(terms)?, weights);
        Ok(Self { inner: or_throw(Step::Bounty, inner)? })
    }

    /// The commitment to the weights.
    #[wasm_bindgen(getter, unchecked_return_type = "Hex")]
    pub fn commitment(&self) -> String {
        format!("{:#066x}", offline::word(self.inner.commitment()))
    }

    /// Takes the data that was shown, and makes the dataset's commitment again.
    ///
    /// @throws {BountyError} if it is another one than that of the terms.
    pub fn take(
        &mut self,
        package: &BountyPackage,
        #[wasm_bindgen(unchecked_param_type = "Hex")] terms: &str,
        #[wasm_bindgen(unchecked_param_type = "Hex")] salt: &str,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array[]")] files: &Array,
        labels: Vec<u32>,
    ) -> Result<(), JsValue> {
        let samples = samples(files, &labels)?;
        or_throw(Step::Bounty, self.inner.take(&package.inner, &terms_of(terms)?, word(salt)?, samples))
    }

    /// How the model does on the data: the correct answers, by chunk.
    ///
    /// @throws {BountyError} if there is no data yet.
    #[wasm_bindgen(unchecked_return_type = "{ chunks: number[]; samples: number }")]
    pub fn score(&self) -> Result<JsValue, JsValue> {
        or_throw(Step::Bounty, self.inner.score()).map(|score| to_js(&score))
    }

    /// The call with the proof of one statement, `accuracy` on a chunk or `delivery` of a part, made with its key. The proof
    /// is verified.
    ///
    /// @throws {BountyError} if there is no such chunk or part, or no data.
    #[wasm_bindgen(unchecked_return_type = "MadeCall")]
    pub fn prove(
        &self,
        package: &BountyPackage,
        #[wasm_bindgen(unchecked_param_type = "Hex")] terms: &str,
        #[wasm_bindgen(unchecked_param_type = "BountyPlace")] place: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Hex")] account: &str,
        index: usize,
        key: &BountyKey,
    ) -> Result<JsValue, JsValue> {
        let part = key.part;
        self.call(&package.inner, &terms_of(terms)?, place, account, part, index, &ProofSource::Key(&key.inner))
    }

    /// The same call with a proof that was made before: its file. It is verified as if it were new.
    ///
    /// @throws {FileError} if the file is no proof.
    /// @throws {BountyError} if the proof is another one.
    #[allow(clippy::too_many_arguments, reason = "each is another thing, and none has a default")]
    #[wasm_bindgen(unchecked_return_type = "MadeCall")]
    pub fn proven(
        &self,
        package: &BountyPackage,
        #[wasm_bindgen(unchecked_param_type = "Hex")] terms: &str,
        #[wasm_bindgen(unchecked_param_type = "BountyPlace")] place: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Hex")] account: &str,
        #[wasm_bindgen(unchecked_param_type = "Part")] part: &str,
        index: usize,
        file: &[u8],
    ) -> Result<JsValue, JsValue> {
        let proof = or_throw(Step::File, Proof::from_bytes(file))?;
        let source = ProofSource::Made(&proof);
        self.call(&package.inner, &terms_of(terms)?, place, account, part_of(part)?, index, &source)
    }
}

impl BountyHunter {
    #[allow(clippy::too_many_arguments, reason = "each is another thing, and none has a default")]
    fn call(
        &self,
        package: &Package,
        terms: &Terms,
        place: &JsValue,
        account: &str,
        part: Part,
        index: usize,
        source: &ProofSource<'_>,
    ) -> Result<JsValue, JsValue> {
        let context = place_of(place)?.context(parsed("account", account)?);
        let made = match part {
            Part::Accuracy => self.inner.accuracy(package, source, terms, context, index),
            Part::Delivery => self.inner.delivery(package, source, terms, context, index),
            Part::Data => {
                return Err(unread("statement", "found data, which the host proves, expected accuracy or delivery"));
            }
        };
        let made = or_throw::<_, Error>(Step::Bounty, made)?;
        let object = Object::new();
        Reflect::set(&object, &"call".into(), &hex_of(&made.call).into())?;
        Reflect::set(&object, &"proof".into(), &Uint8Array::from(&made.proof[..]))?;
        Ok(object.into())
    }
}
