//! Packages of bounties in the page: content by CID, and the circuits and keys that are rebuilt of it.

use js_sys::Array;
use serde::Serialize;
use wasm_bindgen::prelude::*;
use zkml::prove::Provenance;
use zkml_bounty::{
    Package, Part, Store,
    cid::{FileCid, Form},
    ipfs::{Memory, StoreError},
    offline, verify_setup,
};

use super::{bytes_of, element, parsed, part_of, place_of, samples, terms_of, trust, unread, word, words};
use crate::{
    error::{Step, or_throw},
    statement::to_js,
};

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

    pub(super) fn store(&self) -> Store {
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
    pub(super) inner: Package,
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
