//! Hosts of bounties in the page: they offer a reward, show the data, and receive the weights.

use js_sys::Array;
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use zkml_bounty::{
    Address, Mode, Offer, Part, Winner,
    offline::{self, HostDesk},
};

use super::{BountyKey, BountyPackage, element, hex_of, json, parsed, place_of, samples, terms_of, trust, word, words};
use crate::error::{Step, or_throw};

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
