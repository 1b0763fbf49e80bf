//! Bounties in the page (feature `bounty`): what host and hunter make, and anyone checks, of which a wallet sends the calls.
//!
//! Numbers and bytes of the chain are hexadecimal, terms are as the contract encodes them. Secrets are those of
//! `secrets.json`, which the command `zkml bounty` reads.

mod host;
mod hunter;
mod package;

use std::str::FromStr;

use js_sys::{Array, Uint8Array};
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use zkml::prove::ProvingKey;
use zkml_bounty::{
    Part, Terms, Trust, U256,
    offline::{self, Labelled, Place},
};

pub use self::{
    host::BountyHost,
    hunter::BountyHunter,
    package::{Blocks, BountyPackage, cid_of},
};
use crate::error::{Step, or_throw};

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

fn samples(files: &Array, labels: &[u32]) -> Result<Vec<Labelled>, JsValue> {
    let (found, labels_found) = (files.length() as usize, labels.len());
    if found != labels_found {
        return Err(Step::Argument.error(&GivenError::Labels { found, labels: labels_found }));
    }
    let sample =
        |(file, label): (JsValue, &u32)| Labelled { file: Uint8Array::new(&file).to_vec(), label: *label as usize };
    Ok(files.iter().zip(labels).map(sample).collect())
}
