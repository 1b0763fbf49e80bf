//! zkml for browsers, as the npm package `zkml-dsl`: proofs are verified, and made, in the page. Files are bytes, and those of every other way to use
//! zkml: what the command `zkml` writes is read here, and the reverse.
//!
//! | class | from | does |
//! |---|---|---|
//! | [`VerifyingKey`] | `verifying.key` | says what a proof says, if it is true |
//! | [`Circuit`] | `circuit.zkml` | proves the answer to an input |
//! | [`ProvingKey`] | `proving.key` | is what it proves with |
//! | [`Model`] | an ONNX file | the weights that a circuit's file does not hold: those that are not public |
//!
//! Everything is synchronous, and takes one thread: a page calls it in a worker. Errors are thrown, a class for each step
//! ([`error`]). No bytes make it panic, and no circuit is built for which a page has no memory ([`circuit`]).
#![forbid(unsafe_code)]

#[cfg(feature = "bounty")]
pub mod bounty;
pub mod circuit;
pub mod error;
pub mod keys;
pub mod model;
pub mod statement;
pub mod system;

use wasm_bindgen::prelude::*;
use zkml::prove::{Kind, file};

pub use circuit::Circuit;
pub use keys::{ProvingKey, VerifyingKey};
pub use model::Model;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What a file holds, whatever its proof system. */
export type FileKind = "verifying_key" | "proving_key" | "proof" | "circuit" | "other";
"#;

/// What the bytes of a file say that it holds; `undefined` if it is no file of zkml.
#[wasm_bindgen(js_name = fileKind, unchecked_return_type = "FileKind | undefined")]
pub fn file_kind(bytes: &[u8]) -> Option<String> {
    let kind = file::kind_of(bytes)?;
    let name = match kind {
        Kind::VerifyingKey | Kind::TwoPhaseVerifyingKey => "verifying_key",
        Kind::ProvingKey | Kind::TwoPhaseProvingKey => "proving_key",
        Kind::Proof | Kind::TwoPhaseProof => "proof",
        Kind::Circuit => "circuit",
        _ => "other",
    };
    Some(name.to_owned())
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn report(message: &str);
}

/// Says what is broken, where a panic would say `unreachable`.
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|panic| report(&format!("zkml is broken, please report it: {panic}"))));
}
