//! Circuits, from their files, and proofs of them.
//!
//! A small file may describe a large circuit: what is built is counted before, and at most an eighth of what the library builds of a file
//! ([`Limits::default`]): half a million constraints, about a gigabyte.

use js_sys::{Array, Object, Reflect, Uint8Array};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use zkml::{
    circuit::{self, CircuitError, Limits, Opening},
    error::PlanError,
    graph::{Range, Visible},
    plan::Plan,
    prove::{
        Fr, Prover, ProvingKeyOf, RangeChecks,
        statement::{Statement, Value},
    },
    rand::rngs::OsRng,
    tensor::{LengthError, Tensor},
};

use crate::{
    error::{Step, or_throw},
    keys::ProvingKey,
    model::Model,
    statement::{element, to_js},
    system::In,
};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** Who sees a value: everyone, the prover alone, or the prover alone, bound to a public commitment. */
export type Visible = "public" | "private" | "committed";

/** The values that an input may have, both ends included: whole numbers, or reals. */
export type InputRange = { whole: [number, number] } | { real: [number, number] };

/** How a commitment that a proof shows opens. Secret: who has it can test guesses of what was committed to. A file of these is one that `zkml open` reads. */
export type Opening = { subject: "weights" | "input" | "output"; item: number; commitment: string; salt: string };

/** A proof as a file, and how its commitments open. */
export type Proved = { proof: Uint8Array; openings: Opening[] };
"#;

/// An eighth of [`Limits::default`].
fn limits() -> Limits {
    let Limits { bytes, values, parameters, terms, cells, constraints, witnesses, entries } = Limits::default();
    let [bytes, values, parameters, terms] = [bytes, values, parameters, terms].map(|most| most / 8);
    let [cells, constraints, witnesses, entries] = [cells, constraints, witnesses, entries].map(|most| most / 8);
    Limits { bytes, values, parameters, terms, cells, constraints, witnesses, entries }
}

/// What a circuit can't be proved with.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
enum ProvingError {
    #[error("the circuit is one of registered weights, which is not proved here; use the library")]
    Registered,
    #[error("the key is of the proof system {key}, the circuit is for {circuit}; run its setup")]
    System { key: &'static str, circuit: &'static str },
    #[error("the inputs have {found} elements, expected {expected}: {batch} of shape {shape}")]
    Length { found: usize, expected: usize, batch: usize, shape: String },
    #[error("the salt is {found}, expected `0x` and 64 hexadecimal digits below the field's modulus")]
    Salt { found: &'static str },
    #[error("the plan can't be read: {reason}")]
    Plan { reason: String },
}

/// The constraints of a model: what proves its answers.
#[wasm_bindgen]
pub struct Circuit {
    inner: circuit::Circuit,
    system: In<(), ()>,
}

#[wasm_bindgen]
impl Circuit {
    /// The circuit of a file, `circuit.zkml`. Its constraints are built anew.
    ///
    /// @throws {CircuitError} if it is no circuit, damaged, or larger than a page can prove.
    #[wasm_bindgen(js_name = fromBytes)]
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, JsValue> {
        let inner = or_throw(Step::Circuit, circuit::Circuit::from_bytes_with(bytes, &limits()))?;
        if !inner.layout().packs.is_empty() {
            return Err(Step::Argument.error(&ProvingError::Registered));
        }
        let system = match inner.range_checks() {
            RangeChecks::Bits => In::Groth16(()),
            RangeChecks::Lookups => In::TwoPhase(()),
        };
        Ok(Self { inner, system })
    }

    /// The proof system that it is for.
    #[wasm_bindgen(getter, js_name = systemName, unchecked_return_type = "System")]
    pub fn system_name(&self) -> String {
        self.system.name().to_owned()
    }

    /// The SHA-256 of all that a proof under its keys says.
    #[wasm_bindgen(getter)]
    pub fn digest(&self) -> String {
        self.inner.digest().to_string()
    }

    /// The name of the network.
    #[wasm_bindgen(getter)]
    pub fn name(&self) -> String {
        self.inner.graph().name().to_owned()
    }

    /// How many constraints it has.
    #[wasm_bindgen(getter)]
    pub fn constraints(&self) -> usize {
        self.inner.matrices().constraints()
    }

    /// How many inputs a proof is about.
    #[wasm_bindgen(getter)]
    pub fn batch(&self) -> usize {
        self.inner.batch()
    }

    /// The shape of an input.
    #[wasm_bindgen(getter, js_name = inputShape)]
    pub fn input_shape(&self) -> Vec<usize> {
        let graph = self.inner.graph();
        graph.shape(graph.input()).dims().to_vec()
    }

    /// The values that an input may have; `undefined` where calibration chose.
    #[wasm_bindgen(getter, js_name = inputRange, unchecked_return_type = "InputRange | undefined")]
    pub fn input_range(&self) -> JsValue {
        self.inner.graph().range().map_or(JsValue::UNDEFINED, |range| {
            let (lo, hi) = range.ends();
            to_js(&match range {
                Range::Whole(..) => serde_json::json!({ "whole": [lo, hi] }),
                Range::Real(..) => serde_json::json!({ "real": [lo, hi] }),
            })
        })
    }

    /// Who sees inputs, weights and outputs.
    #[wasm_bindgen(getter, unchecked_return_type = "{ input: Visible; weights: Visible; output: Visible }")]
    pub fn visibility(&self) -> JsValue {
        let of = |visible: Visible| format!("{visible:?}").to_lowercase();
        let seen = self.inner.visibility();
        to_js(&serde_json::json!({ "input": of(seen.input), "weights": of(seen.weights), "output": of(seen.output) }))
    }

    /// The same circuit with the weights that it is to prove, where they are not public and its file does not hold them: those of a model, read
    /// with the options that it had, under the plan that the circuit was made of (`plan.json`).
    ///
    /// @throws {PlanError} if the plan can't be read, or is that of another model.
    /// @throws {CircuitError} if the circuit is that of another model or plan.
    #[wasm_bindgen(js_name = withWeights)]
    pub fn with_weights(&self, model: &Model, plan: &str) -> Result<Self, JsValue> {
        let malformed = |error: serde_json::Error| ProvingError::Plan { reason: error.to_string() };
        let plan: Plan = or_throw(Step::Plan, serde_json::from_str(plan).map_err(malformed))?;
        let model = model.inner.clone().with_visibility(self.inner.visibility());
        let quantized = or_throw::<_, PlanError>(Step::Plan, model.quantize_to(&plan))?;
        let inner = or_throw(Step::Circuit, self.inner.clone().with_weights(&quantized))?;
        Ok(Self { inner, system: self.system.clone() })
    }

    /// The same circuit with a fixed salt (`salt` of an `Opening`) for the commitment to its weights, so that all proofs show the same one.
    ///
    /// @throws {ArgumentError} if it is no field element.
    /// @throws {CircuitError} if it can be guessed.
    #[wasm_bindgen(js_name = withSalt)]
    pub fn with_salt(&self, salt: &str) -> Result<Self, JsValue> {
        // A salt is a secret: the error does not show it.
        let found = || ProvingError::Salt { found: "something else" };
        let salt = or_throw(Step::Argument, parse(salt).ok_or_else(found))?;
        let inner = or_throw(Step::Circuit, self.inner.clone().with_salt(salt))?;
        Ok(Self { inner, system: self.system.clone() })
    }

    /// A proof of the answer to an input, or to as many as the circuit takes: all their elements, row major.
    ///
    /// The statement is not returned: verify the proof, as whoever receives it does.
    ///
    /// @throws {ArgumentError} if the key is of another proof system.
    /// @throws {InputError} if there are more or fewer elements, or one is out of its range.
    /// @throws {CircuitError} if the key is of another circuit, or the weights are missing.
    #[wasm_bindgen(unchecked_return_type = "Proved")]
    pub fn prove(
        &self,
        key: &ProvingKey,
        #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] inputs: Vec<f64>,
    ) -> Result<JsValue, JsValue> {
        let inputs = self.inputs(inputs)?;
        match (&self.system, &key.inner) {
            (In::Groth16(()), In::Groth16(key)) => self.proved(key, &inputs),
            (In::TwoPhase(()), In::TwoPhase(key)) => self.proved(key, &inputs),
            (circuit, key) => {
                let (circuit, key) = (circuit.name(), key.name());
                Err(Step::Argument.error(&ProvingError::System { key, circuit }))
            }
        }
    }
}

impl Circuit {
    /// As many inputs as the circuit is for.
    fn inputs(&self, elements: Vec<f64>) -> Result<Vec<Tensor>, JsValue> {
        let graph = self.inner.graph();
        let (shape, batch) = (graph.shape(graph.input()), self.inner.batch());
        let expected = shape.len() * batch;
        if elements.len() != expected {
            let (found, shape) = (elements.len(), shape.to_string());
            return Err(Step::Input.error(&ProvingError::Length { found, expected, batch, shape }));
        }
        let tensor = |elements: &[f64]| Tensor::new(shape.clone(), elements.to_vec());
        or_throw::<_, LengthError>(Step::Input, elements.chunks(shape.len()).map(tensor).collect())
    }

    fn proved<S: Prover>(&self, key: &ProvingKeyOf<S>, inputs: &[Tensor]) -> Result<JsValue, JsValue> {
        let (proof, opening) = self.inner.prove_in(key, inputs, &mut OsRng).map_err(|error| match &error {
            CircuitError::Input { .. } => Step::Input.error(&error),
            _ => Step::Circuit.error(&error),
        })?;
        let decoded = self.inner.table().decode(&proof.inputs);
        let statement = or_throw(Step::Circuit, decoded)?;
        let proved = Object::new();
        let file = Uint8Array::from(&proof.to_bytes()[..]);
        Reflect::set(&proved, &"proof".into(), &file)?;
        Reflect::set(&proved, &"openings".into(), &self.openings(&statement, &opening))?;
        Ok(proved.into())
    }

    /// The openings of all commitments that a proof shows, in the form of the command `zkml`.
    fn openings(&self, statement: &Statement, opening: &Opening) -> Array {
        let of = |entry: &zkml::prove::PublicValue| {
            let Value::Commitment(commitment) = entry.value else { return None };
            let salt = match entry.name.as_str() {
                "weights" => Some(opening.weights),
                "input" => opening.inputs.get(entry.item).copied(),
                "output" => opening.outputs.get(entry.item).copied(),
                _ => None,
            }?;
            let (subject, item) = (entry.name.clone(), entry.item);
            Some(to_js(&Opened { subject, item, commitment: element(commitment), salt: element(salt) }))
        };
        statement.entries().iter().filter_map(of).collect()
    }
}

/// How one commitment opens.
#[derive(Serialize)]
struct Opened {
    subject: String,
    item: usize,
    commitment: String,
    salt: String,
}

/// The field element of hexadecimal digits, most significant first.
fn parse(text: &str) -> Option<Fr> {
    let digest: zkml::prove::Digest = text.strip_prefix("0x")?.parse().ok()?;
    zkml::prove::word::to_field(&digest.0)
}
