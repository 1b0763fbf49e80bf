//! Terms of a bounty: what the host fixes at creation, and what a hunter checks before it commits.

use alloy::{
    primitives::{Address, B256, U256, aliases::U40},
    sol_types::SolValue as _,
};
use zkml_core::{
    bounty::{dataset::Dataset, keys::PublicKey},
    evm::{EvmError, EvmKey, keccak256},
    prove::{Digest, Fr, Provenance},
};

use crate::{
    abi,
    error::Error,
    field::{of_u256, to_u256},
    package::Package,
    statements::{Part, Statements},
};

/// A clone with arguments, of OpenZeppelin's `Clones`: what is before and after the address of its code, and how many bytes of
/// code come before its arguments.
const CLONE_HEAD: [u8; 17] = *b"\x3d\x81\x60\x0a\x3d\x39\xf3\x36\x3d\x3d\x37\x3d\x3d\x3d\x36\x3d\x73";
const CLONE_TAIL: [u8; 15] = *b"\x5a\xf4\x3d\x82\x80\x3e\x90\x3d\x91\x60\x2b\x57\xfd\x5b\xf3";
const CLONE_BYTES: u16 = 0x2d;

/// The most elements of ciphertext in a transaction.
const MAX_ELEMENTS: usize = 4000;

/// The seconds that a transaction may take. With less left, a hunter would give weights away for nothing.
pub(crate) const MINUTE: u64 = 60;

/// Terms that no bounty has, or that should not be accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TermsError {
    /// A term is out of its range.
    #[error("the term `{term}` is {found}, expected {expected}")]
    Range {
        /// Which one.
        term: &'static str,
        /// What it is.
        found: String,
        /// What it may be.
        expected: String,
    },
    /// The keys come from a single party.
    #[error(
        "the {part} key comes from a single party, which can forge proofs; expected a ceremony's. For development, \
        and with nothing to lose, \
         say `Trust::DevelopmentOnly`"
    )]
    SingleParty {
        /// Of which statement.
        part: &'static str,
    },
    /// The bounty says that its keys come from a single party.
    #[error(
        "the bounty is declared to be for development: whoever made its keys can forge proofs; expected one with a \
        ceremony. To take part all \
         the same, with nothing to lose, say `Trust::DevelopmentOnly`"
    )]
    Development,
    /// Some keys come from a ceremony, and others do not, or it is not the one that the terms name.
    #[error("the keys come from the setup {found}, the terms name {expected}; do not take part")]
    Setup {
        /// What the keys' provenance makes.
        found: String,
        /// What is on the chain.
        expected: String,
    },
    /// The key in the terms is another one.
    #[error(
        "the {part} key of the package has the hash {found}, the terms {expected}; it is the package of another \
        bounty, or forged"
    )]
    OtherKey {
        /// Of which statement.
        part: &'static str,
        /// That of the package.
        found: B256,
        /// That on the chain.
        expected: B256,
    },
    /// A number of the terms is not the circuits'.
    #[error(
        "the term `{term}` is {found}, the circuits of the package have {expected}; do not take part: no proof would \
        be accepted"
    )]
    OtherCircuit {
        /// Which one.
        term: &'static str,
        /// What it is.
        found: usize,
        /// What it must be.
        expected: usize,
    },
    /// The key is none for a contract.
    #[error(transparent)]
    Evm(#[from] EvmError),
}

/// Whose keys are acceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Those of a ceremony, of which one honest party suffices.
    Ceremony,
    /// Also those of a single party, which can forge proofs, and so take the reward for nothing. For development, where
    /// there is nothing to lose.
    DevelopmentOnly,
}

/// Where the keys come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    /// From a single party.
    Development,
    /// From ceremonies: `keccak256(data | accuracy | delivery)` of their transcripts' SHA-256.
    Ceremony(B256),
}

/// When data is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// After the last commitment.
    Sealed,
    /// From the start: a model may have been trained on it, and its accuracy on it says little.
    Open,
}

/// Who wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Winner {
    /// The first committed that reaches the threshold.
    First,
    /// The most accurate. A host that enters its own bounty, and has the data, wins.
    Best,
}

/// What a host decides.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The ERC-20 of reward and bonds; nothing: ether.
    pub token: Option<Address>,
    /// What the winner is paid.
    pub reward: U256,
    /// What each hunter deposits.
    pub bond: U256,
    /// The correct answers, of all samples, that qualify.
    pub threshold: u32,
    /// When data is seen.
    pub mode: Mode,
    /// Who wins.
    pub winner: Winner,
    /// The end of commitments, in seconds since 1970.
    pub commit_until: u64,
    /// By then the data must be proven.
    pub reveal_until: u64,
    /// By then accuracy must be proven.
    pub prove_until: u64,
    /// The seconds that each qualified hunter has for delivering.
    pub delivery_window: u32,
    /// Whose keys are acceptable.
    pub trust: Trust,
}

/// The terms of a bounty, as on the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Whoever pays.
    pub host: Address,
    /// The ERC-20 of reward and bonds; nothing: ether.
    pub token: Option<Address>,
    /// What the winner is paid.
    pub reward: U256,
    /// What each hunter deposits.
    pub bond: U256,
    /// keccak256 of the keys of data, accuracy and delivery.
    pub keys: [B256; 3],
    /// Where they come from.
    pub setup: Setup,
    /// When data is seen.
    pub mode: Mode,
    /// Who wins.
    pub winner: Winner,
    /// The commitment to the data.
    pub dataset: Fr,
    /// The chunks of the dataset.
    pub chunks: u16,
    /// The groups of a chunk.
    pub groups: u16,
    /// The samples of a group.
    pub items: u16,
    /// The correct answers, of all samples, that qualify.
    pub threshold: u32,
    /// The key that weights are encrypted for.
    pub host_key: PublicKey,
    /// The parts of a ciphertext.
    pub delivery_chunks: u16,
    /// The elements of each.
    pub delivery_elements: u16,
    /// The end of commitments, in seconds since 1970.
    pub commit_until: u64,
    /// By then the data must be proven.
    pub reveal_until: u64,
    /// By then accuracy must be proven.
    pub prove_until: u64,
    /// The seconds that each qualified hunter has for delivering.
    pub delivery_window: u32,
}

fn range(term: &'static str, found: impl ToString, expected: impl ToString) -> TermsError {
    TermsError::Range { term, found: found.to_string(), expected: expected.to_string() }
}

/// A number that fits 16 bits.
fn short(term: &'static str, found: usize) -> Result<u16, TermsError> {
    u16::try_from(found).map_err(|_| range(term, found, "at most 65535"))
}

/// `keccak256(data | accuracy | delivery)`: what terms say of the transcripts of three ceremonies.
pub fn setup_hash(transcripts: &[Digest; 3]) -> B256 {
    let bytes: Vec<u8> = transcripts.iter().flat_map(|digest| digest.0).collect();
    keccak256(&bytes).into()
}

/// The setup of keys of this provenance.
fn setup(package: &Package, trust: Trust) -> Result<Setup, TermsError> {
    let provenances = Part::ALL.map(|part| (part, package.verifying(part).provenance()));
    let mut transcripts = Vec::with_capacity(3);
    for (part, provenance) in provenances {
        match (provenance, trust) {
            (Provenance::Transcript(digest), _) => transcripts.push(digest),
            (Provenance::SingleParty, Trust::DevelopmentOnly) => {}
            (Provenance::SingleParty, Trust::Ceremony) => return Err(TermsError::SingleParty { part: part.name() }),
        }
    }
    match <[Digest; 3]>::try_from(transcripts) {
        Ok(transcripts) => Ok(Setup::Ceremony(setup_hash(&transcripts))),
        // One key of a single party is as good as three.
        Err(_) => Ok(Setup::Development),
    }
}

/// The hashes of a package's keys, as terms have them.
pub fn key_hashes(package: &Package) -> Result<[B256; 3], TermsError> {
    let hash = |part| Ok::<_, TermsError>(B256::from(EvmKey::new(package.verifying(part))?.hash()));
    Ok([hash(Part::Data)?, hash(Part::Accuracy)?, hash(Part::Delivery)?])
}

/// What a hunter checks before it commits: the terms are those of the package, whose circuits were rebuilt, and whose
/// keys come from where the terms say.
///
/// # Errors
/// If a key has another hash, a number of the terms is not the circuits', the keys' provenance is not acceptable, or
/// the terms name another.
///
/// # Soundness
/// Keys carry the digests of the rebuilt circuits: [`Package::fetch`] has compared them. That the points of a key are
/// those of its circuit, only its setup says: a ceremony's transcript, which must be verified apart from this, and has
/// the hash in the terms; or the single party, which must be trusted.
pub fn verify_setup(terms: &Terms, package: &Package, trust: Trust) -> Result<(), TermsError> {
    if terms.setup == Setup::Development && trust == Trust::Ceremony {
        return Err(TermsError::Development);
    }
    for ((part, found), expected) in Part::ALL.into_iter().zip(key_hashes(package)?).zip(terms.keys) {
        if found != expected {
            return Err(TermsError::OtherKey { part: part.name(), found, expected });
        }
    }
    let found = setup(package, trust)?;
    if found != terms.setup {
        return Err(TermsError::Setup { found: format!("{found:?}"), expected: format!("{:?}", terms.setup) });
    }
    for (term, found, expected) in numbers(terms, package.statements()) {
        if usize::from(found) != expected {
            return Err(TermsError::OtherCircuit { term, found: found.into(), expected });
        }
    }
    Ok(())
}

/// The terms that circuits fix.
fn numbers(terms: &Terms, statements: &Statements) -> [(&'static str, u16, usize); 4] {
    let (layout, delivery) = (statements.layout(), statements.delivery().composition());
    [
        ("groups", terms.groups, layout.groups()),
        ("items", terms.items, layout.items()),
        ("deliveryChunks", terms.delivery_chunks, delivery.chunks()),
        ("deliveryElements", terms.delivery_elements, delivery.ciphertext()),
    ]
}

impl Terms {
    /// The terms of a bounty for the models of this package, on this dataset.
    ///
    /// # Errors
    /// If the contract would not accept them, or the keys are not acceptable.
    pub fn new(
        offer: &Offer,
        package: &Package,
        dataset: &Dataset,
        host: Address,
        host_key: PublicKey,
    ) -> Result<Self, TermsError> {
        let (layout, delivery) = (dataset.layout(), package.statements().delivery().composition());
        let terms = Self {
            host,
            token: offer.token,
            reward: offer.reward,
            bond: offer.bond,
            keys: key_hashes(package)?,
            setup: setup(package, offer.trust)?,
            mode: offer.mode,
            winner: offer.winner,
            dataset: dataset.root(),
            chunks: short("chunks", dataset.chunks())?,
            groups: short("groups", layout.groups())?,
            items: short("items", layout.items())?,
            threshold: offer.threshold,
            host_key,
            delivery_chunks: short("deliveryChunks", delivery.chunks())?,
            delivery_elements: short("deliveryElements", delivery.ciphertext())?,
            commit_until: offer.commit_until,
            reveal_until: offer.reveal_until,
            prove_until: offer.prove_until,
            delivery_window: offer.delivery_window,
        };
        terms.check()?;
        verify_setup(&terms, package, offer.trust)?;
        Ok(terms)
    }

    /// How many samples there are.
    pub fn samples(&self) -> usize {
        usize::from(self.chunks) * usize::from(self.groups) * usize::from(self.items)
    }

    /// Checks what the contract does, but for the present time.
    ///
    /// # Errors
    /// The first term that is out of its range.
    pub fn check(&self) -> Result<(), TermsError> {
        let most = U256::from(u128::MAX);
        for (term, found, least) in [("reward", self.reward, U256::from(1)), ("bond", self.bond, U256::ZERO)] {
            if found < least || found > most {
                return Err(range(term, found, format!("{least} to {most}")));
            }
        }
        let samples = self.samples();
        for (term, found, max) in [
            ("chunks", usize::from(self.chunks), 128),
            ("samples", samples, u32::MAX as usize),
            ("threshold", self.threshold as usize, samples),
            ("deliveryChunks", self.delivery_chunks.into(), u16::MAX.into()),
            ("deliveryElements", self.delivery_elements.into(), MAX_ELEMENTS),
            ("deliveryWindow", self.delivery_window as usize, u32::MAX as usize),
        ] {
            if !(1..=max).contains(&found) {
                return Err(range(term, found, format!("1 to {max}")));
            }
        }
        if self.delivery_elements % 3 != 1 {
            return Err(range("deliveryElements", self.delivery_elements, "3 k + 1"));
        }
        let times = [self.commit_until, self.reveal_until, self.prove_until];
        if !(times[0] < times[1] && times[1] < times[2] && times[2] < 1 << 40) {
            return Err(range("deadlines", format!("{times:?}"), "commit < reveal < prove < 2^40"));
        }
        let [data, accuracy, delivery] = self.keys;
        if data == accuracy || accuracy == delivery || delivery == data {
            return Err(range("keys", "the same for two statements", "three different ones"));
        }
        if self.setup == Setup::Ceremony(B256::ZERO) {
            return Err(range("setup", "zero", "the hash of the ceremonies' transcripts"));
        }
        Ok(())
    }

    /// Checks that they leave time: for a hunter to deliver all parts in its turn, and to prove all chunks after the data was
    /// shown at the last moment, a minute each. Whoever commits to others may never be able to, and lose its bond.
    ///
    /// # Errors
    /// If one of both is too short.
    pub fn leave_time(&self) -> Result<(), TermsError> {
        let proving = self.prove_until.saturating_sub(self.reveal_until);
        for (term, found, transactions) in [
            ("deliveryWindow", self.delivery_window.into(), self.delivery_chunks),
            ("proveUntil - revealUntil", proving, self.chunks),
        ] {
            let needed = MINUTE * u64::from(transactions);
            if found <= needed {
                let expected = format!("more than {needed} s: a minute for each of {transactions} transactions");
                return Err(range(term, format!("{found} s"), expected));
            }
        }
        Ok(())
    }

    /// The address of the bounty with these terms: a function of them and of the factory, so that whoever answers for a bounty
    /// can name no others.
    ///
    /// # Errors
    /// If they are out of range: see [`Terms::check`].
    pub fn address(&self, factory: Address) -> Result<Address, TermsError> {
        let t = self.to_abi()?;
        let flags = u8::from(t.development) | u8::from(t.open) << 1 | u8::from(t.best) << 2;
        // As `PackedTerms.pack`.
        let packed = [
            (t.host, t.token, t.reward.to::<u128>(), t.bond.to::<u128>(), t.dataKey, t.accuracyKey).abi_encode_packed(),
            (t.deliveryKey, t.setup, [flags], t.dataset, t.chunks, t.groups, t.items, t.threshold).abi_encode_packed(),
            (t.hostKeyX, t.hostKeyY, t.deliveryChunks, t.deliveryElements).abi_encode_packed(),
            (t.commitUntil, t.revealUntil, t.proveUntil, t.deliveryWindow).abi_encode_packed(),
        ]
        .concat();
        // The factory's first contract, by its address and number in RLP, is the code of all bounties; OpenZeppelin's `Clones` puts
        // the terms behind it.
        let code = Address::from_word(keccak256(&[&[0xd6, 0x94], factory.as_slice(), &[1]].concat()).into());
        let length = (packed.len() as u16 + CLONE_BYTES).to_be_bytes();
        let init = [&[0x61][..], &length, &CLONE_HEAD, code.as_slice(), &CLONE_TAIL, &packed].concat();
        Ok(factory.create2_from_code(B256::ZERO, init))
    }

    /// As the contract takes them.
    ///
    /// # Errors
    /// If they are out of range: see [`Terms::check`].
    pub(crate) fn to_abi(&self) -> Result<abi::Terms, TermsError> {
        self.check()?;
        let time = |t: u64| U40::try_from(t).map_err(|_| range("deadlines", t, "below 2^40"));
        let [data, accuracy, delivery] = self.keys;
        Ok(abi::Terms {
            host: self.host,
            token: self.token.unwrap_or_default(),
            reward: self.reward,
            bond: self.bond,
            dataKey: data,
            accuracyKey: accuracy,
            deliveryKey: delivery,
            setup: if let Setup::Ceremony(hash) = self.setup { hash } else { B256::ZERO },
            development: self.setup == Setup::Development,
            open: self.mode == Mode::Open,
            best: self.winner == Winner::Best,
            dataset: to_u256(self.dataset),
            chunks: self.chunks,
            groups: self.groups,
            items: self.items,
            threshold: self.threshold,
            hostKeyX: to_u256(self.host_key.point().x()),
            hostKeyY: to_u256(self.host_key.point().y()),
            deliveryChunks: self.delivery_chunks,
            deliveryElements: self.delivery_elements,
            commitUntil: time(self.commit_until)?,
            revealUntil: time(self.reveal_until)?,
            proveUntil: time(self.prove_until)?,
            deliveryWindow: self.delivery_window,
        })
    }

    /// From the chain. The host's key is checked as the contract can't: it is of prime order.
    ///
    /// # Errors
    /// If they are not those of a bounty, or the host's key is none.
    pub(crate) fn from_abi(t: &abi::Terms) -> Result<Self, Error> {
        let terms = Self {
            host: t.host,
            token: (!t.token.is_zero()).then_some(t.token),
            reward: t.reward,
            bond: t.bond,
            keys: [t.dataKey, t.accuracyKey, t.deliveryKey],
            setup: if t.development { Setup::Development } else { Setup::Ceremony(t.setup) },
            mode: if t.open { Mode::Open } else { Mode::Sealed },
            winner: if t.best { Winner::Best } else { Winner::First },
            dataset: of_u256(t.dataset)?,
            chunks: t.chunks,
            groups: t.groups,
            items: t.items,
            threshold: t.threshold,
            host_key: PublicKey::new(of_u256(t.hostKeyX)?, of_u256(t.hostKeyY)?)?,
            delivery_chunks: t.deliveryChunks,
            delivery_elements: t.deliveryElements,
            commit_until: t.commitUntil.to::<u64>(),
            reveal_until: t.revealUntil.to::<u64>(),
            prove_until: t.proveUntil.to::<u64>(),
            delivery_window: t.deliveryWindow,
        };
        terms.check()?;
        Ok(terms)
    }

    /// Their bytes, as the contract encodes them.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, TermsError> {
        Ok(self.to_abi()?.abi_encode())
    }

    /// From those bytes.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let terms = abi::Terms::abi_decode(bytes).map_err(|_| Error::Contract {
            found: "terms that can't be read".to_owned(),
            expected: "those that were saved".to_owned(),
        })?;
        Self::from_abi(&terms)
    }
}
