//! Secrets of both parties, as their folders have them in `secrets.json`.

use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};
use zkml_core::{
    bounty::keys::SecretKey,
    evm::word,
    gadget::hash::commitment,
    prove::{Fr, hex},
};

use crate::error::Error;

/// What the host must not lose, and nobody else have: who has the salt can test guesses of the data.
#[derive(Serialize, Deserialize)]
pub(crate) struct HostSecrets {
    pub(crate) key: Zeroizing<String>,
    pub(crate) salt: Zeroizing<String>,
}

impl HostSecrets {
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Self { key: to_hex(&SecretKey::random(&mut OsRng)?.to_be_bytes()), salt: new_salt() })
    }

    pub(crate) fn key(&self) -> Result<SecretKey, Error> {
        key_of(&self.key)
    }
}

/// What the hunter must not lose, and nobody else have: who has the salt can test guesses of the weights, and who has
/// an ephemeral key can read what it encrypted.
#[derive(Serialize, Deserialize)]
pub(crate) struct HunterSecrets {
    pub(crate) salt: Zeroizing<String>,
    pub(crate) ephemeral: Vec<Zeroizing<String>>,
}

impl HunterSecrets {
    /// Those of a delivery in so many parts.
    pub(crate) fn new(parts: u16) -> Result<Self, Error> {
        let keys = (0..parts).map(|_| Ok(to_hex(&SecretKey::random(&mut OsRng)?.to_be_bytes())));
        Ok(Self { salt: new_salt(), ephemeral: keys.collect::<Result<_, Error>>()? })
    }

    /// The keys of a delivery in so many parts.
    pub(crate) fn keys(&self, parts: u16) -> Result<Vec<SecretKey>, Error> {
        let keys = self.ephemeral.iter().map(key_of).collect::<Result<Vec<_>, _>>()?;
        if keys.len() == usize::from(parts) { Ok(keys) } else { Err(damaged()) }
    }
}

fn key_of(text: &Zeroizing<String>) -> Result<SecretKey, Error> {
    Ok(SecretKey::from_be_bytes(&*of_hex(text).ok_or_else(damaged)?)?)
}

/// A secret as hexadecimal digits.
fn to_hex(bytes: &[u8; 32]) -> Zeroizing<String> {
    Zeroizing::new(hex(bytes))
}

/// A secret of hexadecimal digits.
fn of_hex(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0; 32]);
    alloy::hex::decode_to_slice(text, &mut bytes[..]).ok()?;
    Some(bytes)
}

/// The error of secrets that are none.
pub(crate) fn damaged() -> Error {
    Error::Contract {
        found: "secrets that are no numbers in `secrets.json`".to_owned(),
        expected: "those that were written; restore the file from a copy".to_owned(),
    }
}

/// A salt from the secrets.
pub(crate) fn salt_of(text: &str) -> Result<Fr, Error> {
    of_hex(text).and_then(|bytes| word::to_field(&bytes)).ok_or_else(damaged)
}

/// A new salt, and its digits.
fn new_salt() -> Zeroizing<String> {
    let mut bytes = word::of_field(commitment::salt(&mut OsRng));
    let text = to_hex(&bytes);
    bytes.zeroize();
    text
}
