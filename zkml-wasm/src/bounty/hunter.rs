//! Hunters of bounties in the page: they commit to weights, prove their accuracy, and deliver them.

use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use zkml::{
    model::Weights,
    onnx::{self, ImportError, Options},
    prove::Proof,
};
use zkml_bounty::{
    Error, Package, Part, Terms,
    offline::{self, HunterDesk, ProofSource},
};

use super::{BountyKey, BountyPackage, GivenError, hex_of, parsed, part_of, place_of, samples, terms_of, unread, word};
use crate::{
    error::{Step, or_throw},
    statement::to_js,
};

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
