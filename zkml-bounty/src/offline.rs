//! Both parties without a chain: what a page makes and checks, and sends with a wallet.
//!
//! | type | of | makes, or checks |
//! |---|---|---|
//! | [`Place`] | anyone | a bounty's place: its proofs are about that one alone |
//! | [`check`] | anyone | a call with a proof, as the contract does |
//! | [`HostDesk`] | the host | dataset, terms, calls with data proofs; decrypts what is delivered |
//! | [`HunterDesk`] | a hunter | commitment, dataset again, calls with proofs of accuracy and delivery |
//!
//! Secrets are texts of the form that folders have in `secrets.json`: what a page began, the command can finish.

use alloy::{
    primitives::{Address, B256, U256},
    sol_types::{SolCall as _, SolInterface as _},
};
use rand::rngs::OsRng;
use serde::Serialize;
use zeroize::Zeroizing;
use zkml_core::{
    bounty::{
        dataset::Dataset,
        delivery::Delivery,
        keys::{PublicKey, SecretKey},
        message::Tag,
    },
    error::ModelError,
    evm::{self, EvmKey, bounty_context, proof::from_words},
    model::Weights,
    plan::Quantized,
    prove::{Fr, Proof, ProvingKey},
};

use crate::{
    abi::IBounty,
    calls::Maker,
    error::Error,
    field::{of_u256, to_u256},
    package::Package,
    revealed,
    secrets::{HostSecrets, HunterSecrets, damaged, salt_of},
    statements::Part,
    terms::{Offer, Terms, TermsError, key_hashes},
};
pub use crate::{calls::Source as ProofSource, revealed::Labelled};

/// Where a bounty is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The chain's number.
    pub chain: u64,
    /// The factory that made it.
    pub factory: Address,
    /// Its address.
    pub bounty: Address,
}

impl Place {
    /// What a hunter's proofs are about; the data's are about the zero address'.
    pub fn context(&self, hunter: Address) -> Fr {
        bounty_context(self.chain, &self.factory.into_array(), &self.bounty.into_array(), &hunter.into_array())
    }
}

/// What a call with a proof says, once it is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "statement", rename_all = "lowercase")]
pub enum Checked {
    /// Files and labels are a group of the dataset.
    Data {
        /// Its chunk.
        chunk: u16,
        /// Its number in the chunk.
        group: u16,
    },
    /// The committed model answers so many of a chunk correctly.
    Accuracy {
        /// The chunk.
        chunk: u16,
        /// The correct answers.
        correct: u32,
    },
    /// A ciphertext for the host holds a part of the committed weights.
    Delivery {
        /// The part.
        chunk: u16,
    },
}

fn unread(found: &str) -> Error {
    Error::Contract {
        found: found.to_owned(),
        expected: "a call with a proof of data, accuracy or delivery".to_owned(),
    }
}

/// A number of a call that has to be another one, as the contract sees it.
fn required(what: &str, found: usize, good: bool, expected: impl std::fmt::Display) -> Result<(), Error> {
    if good {
        return Ok(());
    }
    Err(Error::Contract { found: format!("a call with {what} {found}"), expected: expected.to_string() })
}

/// The index, count and lengths of a call, which no public input has to show.
fn required_numbers(call: &IBounty::IBountyCalls, terms: &Terms) -> Result<(), Error> {
    use IBounty::IBountyCalls as Calls;
    let below = |what, found: u16, limit: u16| required(what, found.into(), found < limit, format!("below {limit}"));
    let exactly = |what, found: usize, length: usize| required(what, found, found == length, length);
    match call {
        Calls::proveData(call) => {
            below("chunk", call.chunk, terms.chunks)?;
            below("group", call.group, terms.groups)?;
            exactly("words of items", call.items.len(), 3 * usize::from(terms.items))
        }
        Calls::proveAccuracy(call) => {
            below("chunk", call.chunk, terms.chunks)?;
            let (samples, correct) = (usize::from(terms.groups) * usize::from(terms.items), call.correct as usize);
            required("correct answers", correct, correct <= samples, format!("at most {samples}"))
        }
        Calls::deliver(call) => {
            below("part", call.chunk, terms.delivery_chunks)?;
            exactly("elements", call.ct.len(), terms.delivery_elements.into())
        }
        _ => Err(unread("another call")),
    }
}

/// Checks a call with a proof as the contract does: its numbers and lengths are those of the terms, the key is theirs, and the
/// proof is valid with public inputs that are computed here. `commitment` is that of the sender's weights; of data there is
/// none. What depends on the state, such as whose turn it is, is not seen here.
///
/// # Errors
/// If the call is none, a number of it is out of range, its key is another one than the package's and the terms', or the
/// proof does not verify.
pub fn check(
    call: &[u8],
    package: &Package,
    terms: &Terms,
    place: &Place,
    sender: Address,
    commitment: Option<Fr>,
) -> Result<Checked, Error> {
    use IBounty::IBountyCalls as Calls;
    let call = Calls::abi_decode(call).map_err(|_| unread("a call that can't be read"))?;
    required_numbers(&call, terms)?;
    let committed = || commitment.ok_or_else(|| unread("a hunter's proof without its commitment"));
    let list = |words: &[U256]| words.iter().map(|word| of_u256(*word)).collect::<Result<Vec<Fr>, Error>>();
    let bound = |tag: Tag, context: Fr, subject: Fr, cm: Fr, message: &[Fr]| {
        let z = evm::challenge(&tag.word(), context, subject, cm, message);
        vec![subject, cm, context, z, evm::combine(z, message)]
    };
    let (part, key, proof, inputs, checked) = match &call {
        Calls::proveData(data) => {
            let position = Fr::from(u64::from(data.chunk) * u64::from(terms.groups) + u64::from(data.group));
            let message = [vec![of_u256(data.salt)?, position], list(&data.items)?].concat();
            let context = place.context(Address::ZERO);
            let inputs = bound(Tag::Data, context, terms.dataset, of_u256(data.cm)?, &message);
            (Part::Data, &data.key, &data.proof, inputs, Checked::Data { chunk: data.chunk, group: data.group })
        }
        Calls::proveAccuracy(call) => {
            let (chunk, correct) = (Fr::from(u64::from(call.chunk)), Fr::from(call.correct));
            let inputs = vec![committed()?, terms.dataset, place.context(sender), chunk, correct];
            let checked = Checked::Accuracy { chunk: call.chunk, correct: call.correct };
            (Part::Accuracy, &call.key, &call.proof, inputs, checked)
        }
        Calls::deliver(call) => {
            let [x, y] = call.ephemeral;
            let ephemeral = PublicKey::new(of_u256(x)?, of_u256(y)?)?;
            let message = Delivery::message(&terms.host_key, &ephemeral, call.chunk.into(), &list(&call.ct)?);
            let inputs = bound(Tag::Delivery, place.context(sender), committed()?, of_u256(call.cm)?, &message);
            (Part::Delivery, &call.key, &call.proof, inputs, Checked::Delivery { chunk: call.chunk })
        }
        _ => return Err(unread("another call")),
    };
    let verifying = package.verifying(part);
    let (index, own) = (part as usize, EvmKey::new(verifying)?);
    let (found, expected) = (B256::from(evm::keccak256(key)), terms.keys[index]);
    if found != expected || own.as_bytes() != key.as_ref() {
        return Err(TermsError::OtherKey { part: part.name(), found, expected }.into());
    }
    let proof =
        Proof { digest: *verifying.digest(), proof: from_words(&proof.map(|word| word.to_be_bytes()))?, inputs };
    let refuted = |error| Error::NotProven { statement: part.name(), error };
    verifying.verify(&proof).map_err(refuted)?;
    Ok(checked)
}

/// A made call: what is sent, and the proof in it as a file.
#[derive(Clone, Debug)]
pub struct Made {
    /// What is sent.
    pub call: Vec<u8>,
    /// The file of the proof.
    pub proof: Vec<u8>,
}

/// The host of a bounty.
pub struct HostDesk {
    key: SecretKey,
    salt: Fr,
    data: Option<(Dataset, Vec<Vec<u8>>)>,
}

impl HostDesk {
    /// New secrets, as a text.
    ///
    /// # Errors
    /// If there is no randomness.
    pub fn secrets() -> Result<Zeroizing<String>, Error> {
        written(&HostSecrets::new()?)
    }

    /// The host with these secrets.
    ///
    /// # Errors
    /// If they are none.
    pub fn new(secrets: &str) -> Result<Self, Error> {
        let secrets: HostSecrets = serde_json::from_str(secrets).map_err(|_| damaged())?;
        Ok(Self { key: secrets.key()?, salt: salt_of(&secrets.salt)?, data: None })
    }

    /// Takes the data, in its order.
    ///
    /// # Errors
    /// If the files are not of the package's format, or do not fill whole chunks.
    pub fn take(&mut self, package: &Package, samples: Vec<Labelled>) -> Result<Fr, Error> {
        let (dataset, files) = revealed::dataset(package, self.salt, samples)?;
        let root = dataset.root();
        self.data = Some((dataset, files));
        Ok(root)
    }

    fn data(&self) -> Result<&(Dataset, Vec<Vec<u8>>), Error> {
        self.data.as_ref().ok_or_else(|| Error::Contract {
            found: "a step without the data".to_owned(),
            expected: "files and labels, as they were when the bounty was created".to_owned(),
        })
    }

    /// The key that weights are encrypted for.
    pub fn public_key(&self) -> PublicKey {
        self.key.public()
    }

    /// The terms of a bounty on the data.
    ///
    /// # Errors
    /// If the contract would not accept them.
    pub fn terms(&self, offer: &Offer, package: &Package, host: Address) -> Result<Terms, Error> {
        Ok(Terms::new(offer, package, &self.data()?.0, host, self.key.public())?)
    }

    /// The call that shows a group of the data.
    ///
    /// # Errors
    /// If there is no such group, or the data is not that of the terms.
    pub fn show(
        &self,
        package: &Package,
        proving: &ProvingKey,
        terms: &Terms,
        place: &Place,
        index: usize,
    ) -> Result<Vec<u8>, Error> {
        let (dataset, files) = self.data()?;
        if dataset.root() != terms.dataset {
            return Err(Error::OtherData { count: files.len() });
        }
        let (groups, items) = (dataset.layout().groups(), dataset.layout().items());
        let context = place.context(Address::ZERO);
        let mut maker = Maker { package, source: ProofSource::Key(proving), context, rng: &mut OsRng };
        let chunk = dataset.chunk(index / groups)?;
        let files = files.get(index * items..(index + 1) * items).unwrap_or_default();
        Ok(maker.data(&chunk, index % groups, files, terms.dataset)?.abi_encode())
    }

    /// The weights that were delivered, as a safetensors file: decrypted, and compared with the commitment. Parts are an
    /// ephemeral key and elements each, in their order.
    ///
    /// # Errors
    /// If they are encrypted for another key, or are others than what was committed to.
    pub fn receive(
        &self,
        package: &Package,
        parts: &[([U256; 2], Vec<U256>)],
        commitment: Fr,
    ) -> Result<Vec<u8>, Error> {
        let read = |([x, y], ct): &([U256; 2], Vec<U256>)| {
            let key = PublicKey::new(of_u256(*x)?, of_u256(*y)?)?;
            Ok((key, ct.iter().map(|word| of_u256(*word)).collect::<Result<Vec<Fr>, Error>>()?))
        };
        let parts = parts.iter().map(read).collect::<Result<Vec<_>, Error>>()?;
        let statements = package.statements();
        let delivered = statements.delivery().composition().decrypt(&self.key, &parts, commitment)?;
        Ok(delivered.to_weights(statements.plan())?.to_safetensors().map_err(ModelError::from)?)
    }
}

/// How a model does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Scored {
    /// The correct answers, by chunk.
    pub chunks: Vec<u32>,
    /// The samples.
    pub samples: usize,
}

/// A hunter of a bounty, with its model.
pub struct HunterDesk {
    quantized: Quantized,
    salt: Fr,
    ephemeral: Vec<SecretKey>,
    commitment: Fr,
    dataset: Option<Dataset>,
}

impl HunterDesk {
    /// New secrets for a bounty of these terms, as a text.
    ///
    /// # Errors
    /// If there is no randomness.
    pub fn secrets(terms: &Terms) -> Result<Zeroizing<String>, Error> {
        written(&HunterSecrets::new(terms.delivery_chunks)?)
    }

    /// The hunter with these secrets and weights.
    ///
    /// # Errors
    /// If the secrets are none, or the weights do not fit the bounty's graph and plan.
    pub fn new(secrets: &str, package: &Package, terms: &Terms, weights: Weights) -> Result<Self, Error> {
        let secrets: HunterSecrets = serde_json::from_str(secrets).map_err(|_| damaged())?;
        let (salt, ephemeral) = (salt_of(&secrets.salt)?, secrets.keys(terms.delivery_chunks)?);
        let quantized = package.quantize(weights)?;
        let commitment = package.statements().delivery().composition().commitment(quantized.params(), salt)?;
        Ok(Self { quantized, salt, ephemeral, commitment, dataset: None })
    }

    /// The commitment to the weights.
    pub fn commitment(&self) -> Fr {
        self.commitment
    }

    /// Takes the data that was shown, and makes the dataset's commitment again.
    ///
    /// # Errors
    /// If it is another one than that of the terms.
    pub fn take(&mut self, package: &Package, terms: &Terms, salt: U256, samples: Vec<Labelled>) -> Result<(), Error> {
        let count = samples.len();
        let (dataset, _) = revealed::dataset(package, of_u256(salt)?, samples)?;
        if dataset.root() != terms.dataset {
            return Err(Error::OtherData { count });
        }
        self.dataset = Some(dataset);
        Ok(())
    }

    fn dataset(&self) -> Result<&Dataset, Error> {
        self.dataset.as_ref().ok_or_else(|| Error::Contract {
            found: "a step without the data".to_owned(),
            expected: "the files that were shown, fetched and compared".to_owned(),
        })
    }

    /// How the model does on the data.
    ///
    /// # Errors
    /// If there is none yet.
    pub fn score(&self) -> Result<Scored, Error> {
        let dataset = self.dataset()?;
        let chunks = (0..dataset.chunks()).map(|chunk| revealed::count(&self.quantized, &dataset.chunk(chunk)?));
        Ok(Scored { chunks: chunks.collect::<Result<_, _>>()?, samples: dataset.samples().len() })
    }

    /// The call that proves the accuracy on a chunk, with the proof that is made with this key, or was made before.
    ///
    /// # Errors
    /// If there is no such chunk, or the proof that was made is another one.
    pub fn accuracy(
        &self,
        package: &Package,
        source: &ProofSource<'_>,
        terms: &Terms,
        context: Fr,
        chunk: usize,
    ) -> Result<Made, Error> {
        let chunk = self.dataset()?.chunk(chunk)?;
        let correct = revealed::count(&self.quantized, &chunk)?;
        let mut maker = Maker { package, source: *source, context, rng: &mut OsRng };
        let params = self.quantized.params();
        let (call, proof) = maker.accuracy(params, self.salt, &chunk, terms.dataset, correct)?;
        Ok(Made { call: call.abi_encode(), proof: proof.to_bytes() })
    }

    /// The call that delivers a part of the weights, likewise.
    ///
    /// # Errors
    /// If there is no such part, or the proof that was made is another one.
    pub fn delivery(
        &self,
        package: &Package,
        source: &ProofSource<'_>,
        terms: &Terms,
        context: Fr,
        part: usize,
    ) -> Result<Made, Error> {
        let key = self.ephemeral.get(part).ok_or_else(damaged)?;
        let mut maker = Maker { package, source: *source, context, rng: &mut OsRng };
        let (call, proof) = maker.delivery(self.quantized.params(), self.salt, terms.host_key, key, part)?;
        Ok(Made { call: call.abi_encode(), proof: proof.to_bytes() })
    }
}

fn written(secrets: &impl Serialize) -> Result<Zeroizing<String>, Error> {
    serde_json::to_string(secrets).map(Zeroizing::new).map_err(|_| damaged())
}

/// The files of a group that the contract took, by CID, with their labels.
///
/// # Errors
/// If the words are no files.
pub fn named(package: &Package, items: &[U256]) -> Result<Vec<(String, usize)>, Error> {
    Ok(revealed::named(package, items)?.into_iter().map(|(cid, label)| (cid.to_string(), label)).collect())
}

/// The commitment to data that was shown, with its salt: made of the files and labels, in their order.
///
/// # Errors
/// If the files are not of the package's format, or do not fill whole chunks.
pub fn root(package: &Package, salt: U256, samples: Vec<Labelled>) -> Result<Fr, Error> {
    Ok(revealed::dataset(package, of_u256(salt)?, samples)?.0.root())
}

/// A field element as a contract's number.
pub fn word(element: Fr) -> U256 {
    to_u256(element)
}

/// A contract's number as a field element.
///
/// # Errors
/// If it is not below the modulus.
pub fn element(word: U256) -> Result<Fr, Error> {
    of_u256(word)
}

/// The terms that a contract answered, encoded as it does; the host's key is checked to be of prime order.
///
/// # Errors
/// If they are those of no bounty.
pub fn terms(encoded: &[u8]) -> Result<Terms, Error> {
    Terms::from_bytes(encoded)
}

/// Terms as the contract takes them, encoded.
///
/// # Errors
/// If they are out of range.
pub fn encoded(terms: &Terms) -> Result<Vec<u8>, Error> {
    Ok(terms.to_bytes()?)
}

/// The hashes of the package's keys, as terms have them: of data, accuracy and delivery.
///
/// # Errors
/// If a key is none for a contract.
pub fn hashes(package: &Package) -> Result<[String; 3], Error> {
    Ok(key_hashes(package)?.map(|hash| hash.to_string()))
}
