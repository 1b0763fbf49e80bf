//! Keys, from their files.

use wasm_bindgen::prelude::*;
use zkml::prove::{
    Groth16, Kind, LoadError, ProofOf, ProofSystem, Provenance, ProvingKeyOf, TwoPhase, VerifyError, VerifyingKeyOf,
    file,
};

use crate::{
    error::{Step, or_throw},
    statement::{self, Said},
    system::{In, either},
};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/**
 * Who made a key. Whoever ran the setup of a `single_party` can forge proofs under it. The key of a ceremony is sound if one of the contributors
 * was honest; compare the hash of its transcript with the one that they announced.
 */
export type Provenance = { kind: "single_party" } | { kind: "ceremony"; transcript: string };
"#;

/// The provenance as TypeScript has it.
fn provenance(of: Provenance) -> JsValue {
    let json = match of {
        Provenance::SingleParty => serde_json::json!({ "kind": "single_party" }),
        Provenance::Transcript(hash) => serde_json::json!({ "kind": "ceremony", "transcript": hash.to_string() }),
    };
    statement::to_js(&json)
}

/// Reads a file of one of two kinds, as its header says which.
fn read<A, B>(
    bytes: &[u8],
    two_phase: Kind,
    one: impl FnOnce(&[u8]) -> Result<A, LoadError>,
    other: impl FnOnce(&[u8]) -> Result<B, LoadError>,
) -> Result<In<A, B>, LoadError> {
    match file::kind_of(bytes) {
        Some(kind) if kind == two_phase => other(bytes).map(In::TwoPhase),
        _ => one(bytes).map(In::Groth16),
    }
}

/// What checks proofs.
///
/// A key says where it comes from, and anyone can write it: take it from a source that you trust, and not from the prover, or compare its
/// `fingerprint` with one that you have from there.
#[wasm_bindgen]
pub struct VerifyingKey {
    inner: In<VerifyingKeyOf<Groth16>, VerifyingKeyOf<TwoPhase>>,
}

#[wasm_bindgen]
impl VerifyingKey {
    /// The key of a file, `verifying.key`.
    ///
    /// @throws {FileError} if it is no verifying key, damaged, or holds a point that no honest key has.
    #[wasm_bindgen(js_name = fromBytes)]
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, JsValue> {
        let kind = TwoPhase::KINDS.verifying_key;
        let inner = read(bytes, kind, VerifyingKeyOf::from_bytes, VerifyingKeyOf::from_bytes);
        Ok(Self { inner: or_throw(Step::File, inner)? })
    }

    /// The proof system whose proofs it checks.
    #[wasm_bindgen(getter, js_name = systemName, unchecked_return_type = "System")]
    pub fn system_name(&self) -> String {
        self.inner.name().to_owned()
    }

    /// The digest of the circuit: of graph, plan, visibility, public weights, and of what the public values mean.
    #[wasm_bindgen(getter)]
    pub fn digest(&self) -> String {
        either!(&self.inner, key => key.digest().to_string())
    }

    /// The SHA-256 of the key's file: what to publish, and to compare.
    #[wasm_bindgen(getter)]
    pub fn fingerprint(&self) -> String {
        either!(&self.inner, key => key.fingerprint().to_string())
    }

    /// Who made it.
    #[wasm_bindgen(getter, unchecked_return_type = "Provenance")]
    pub fn provenance(&self) -> JsValue {
        provenance(either!(&self.inner, key => key.provenance()))
    }

    /// No score is farther from the float model's, whatever the input; `undefined` where no bound is known.
    #[wasm_bindgen(getter, js_name = provenError)]
    pub fn proven_error(&self) -> Option<f64> {
        either!(&self.inner, key => key.table().proven_error())
    }

    /// What the proof of a file says, if it is true, and if it says what was expected: `expected` has an object for each value that the caller
    /// cares for, with its `name` and `item`, and those of its fields that must be as they are there.
    ///
    /// @throws {FileError} if the proof's file is none, or damaged.
    /// @throws {VerifyError} if the proof is of another circuit or invalid, or says something else than expected.
    /// @throws {ArgumentError} if what is expected is nothing that a proof could say.
    #[wasm_bindgen(unchecked_return_type = "Statement")]
    pub fn verify(
        &self,
        proof: &[u8],
        #[wasm_bindgen(unchecked_param_type = "ExpectedValue[] | null")] expected: Option<js_sys::Array>,
    ) -> Result<JsValue, JsValue> {
        let expected = expected.map(|expected| statement::expected(&expected)).transpose()?;
        let said = either!(&self.inner, key => verified(key, proof))?;
        if let Some(expected) = expected {
            statement::compare(&said, &expected)?;
        }
        Ok(statement::to_js(&serde_json::json!({ "values": said })))
    }
}

/// What a proof says, if it is true.
fn verified<S: ProofSystem<Registered = ()>>(key: &VerifyingKeyOf<S>, proof: &[u8]) -> Result<Vec<Said>, JsValue> {
    let proof = or_throw(Step::File, ProofOf::<S>::from_bytes(proof))?;
    let statement = or_throw::<_, VerifyError>(Step::Verify, key.verify(&proof))?;
    Ok(statement::said(&statement))
}

/// What makes proofs.
#[wasm_bindgen]
pub struct ProvingKey {
    pub(crate) inner: In<ProvingKeyOf<Groth16>, ProvingKeyOf<TwoPhase>>,
}

#[wasm_bindgen]
impl ProvingKey {
    /// The key of a file, `proving.key`. Every point is checked, which takes time: keep the object.
    ///
    /// @throws {FileError} if it is no proving key, or damaged.
    #[wasm_bindgen(js_name = fromBytes)]
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, JsValue> {
        let kind = TwoPhase::KINDS.proving_key;
        let inner = read(bytes, kind, ProvingKeyOf::from_bytes, ProvingKeyOf::from_bytes);
        Ok(Self { inner: or_throw(Step::File, inner)? })
    }

    /// The proof system that it is of.
    #[wasm_bindgen(getter, js_name = systemName, unchecked_return_type = "System")]
    pub fn system_name(&self) -> String {
        self.inner.name().to_owned()
    }

    /// The digest of its circuit, as the file says: its points don't show it.
    #[wasm_bindgen(getter)]
    pub fn digest(&self) -> String {
        either!(&self.inner, key => key.digest().to_string())
    }

    /// Who made it.
    #[wasm_bindgen(getter, unchecked_return_type = "Provenance")]
    pub fn provenance(&self) -> JsValue {
        provenance(either!(&self.inner, key => key.provenance()))
    }
}
