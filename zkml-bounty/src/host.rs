//! Host: has data, and pays for a model that reaches an accuracy on it.
//!
//! | step | in | does |
//! |---|---|---|
//! | [`create`](Host::create) | | fixes the terms, and pays the reward in |
//! | [`reveal`](Host::reveal) | `Revealing`; open: `Committing`, too | puts the files, and proves group by group that they are the dataset |
//! | [`watch`](Host::watch) | any | who committed, proved and delivered |
//! | [`receive`](Host::receive) | `Paid` | decrypts the winner's weights, and compares them with the commitment |
//! | [`cancel`](Host::cancel) | `Committing`, without hunters | takes the bounty back |
//! | [`refund`](Host::refund) | `Refundable` | takes the reward back |
//! | [`withdraw`](Host::withdraw) | any | sends what is credited |
//!
//! Each step may be repeated: what is on the chain already is not sent again.

use std::path::Path;

use alloy::primitives::{Address, U256};
use rand::rngs::OsRng;
use zkml_core::{
    bounty::{
        accuracy::VISIBILITY,
        compose::StatementError,
        dataset::Dataset,
        delivery::{Delivered, DeliveryError},
        keys::{PublicKey, SecretKey},
    },
    error::ModelError,
    evm::word,
    model::{Model, Weights},
    number::Int,
    plan::Quantized,
    prove::{Fr, hex},
    tensor::Tensor,
};

use crate::{
    abi::{IBounty, IBountyFactory},
    calls::{Maker, Source, small},
    chain::{Chain, Receipt},
    error::Error,
    field::{of_u256, to_u256},
    ipfs::Store,
    package::Package,
    revealed,
    secrets::{HostSecrets, damaged, salt_of},
    session::{Event, Phase, Progress, Progressed, Role, Session, State, hunters},
    statements::Part,
    terms::{Mode, Offer, Terms},
};

/// The secrets' file.
const SECRETS: &str = "secrets.json";

pub use crate::revealed::Labelled;

/// Weights that the winner delivered.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// The winner.
    pub hunter: Address,
    /// What it had committed to.
    pub commitment: Fr,
    /// The weights, and the salt of their commitment.
    pub delivered: Delivered,
}

/// Host of one bounty.
pub struct Host {
    session: Session,
    store: Store,
    package: Package,
    dataset: Dataset,
    files: Vec<Vec<u8>>,
    key: SecretKey,
}

impl Host {
    /// Opens the folder of a bounty, or begins one, for this data. What was sent from it before is waited for.
    ///
    /// Samples are grouped in their order. The folder has the host's secret key: without it what is delivered can't be
    /// read.
    ///
    /// # Errors
    /// If the folder is of another bounty, account or dataset, the files are not of the package's format, or do not
    /// fill whole chunks.
    pub fn open(
        folder: impl AsRef<Path>,
        chain: Chain,
        store: Store,
        package: Package,
        samples: Vec<Labelled>,
        progress: Option<Progress>,
    ) -> Result<Self, Error> {
        let session = Session::open(folder.as_ref(), chain, Role::Host, progress)?;
        let begun = session.journal.terms.is_some();
        let secrets = session.folder.read_or(SECRETS, begun, HostSecrets::new)?;
        let key = secrets.key()?;
        let (dataset, files) = revealed::dataset(&package, salt_of(&secrets.salt)?, samples)?;
        let host = Self { session, store, package, dataset, files, key };
        if let Some(terms) = host.terms()?.filter(|terms| terms.dataset != host.dataset.root()) {
            let (found, expected) = (hex(&word::of_field(terms.dataset)), hex(&word::of_field(host.dataset.root())));
            return Err(Error::OtherFolder { what: "the dataset", found, expected });
        }
        Ok(host)
    }

    /// The bounty's address, once it is known.
    pub fn bounty(&self) -> Option<Address> {
        self.session.journal.bounty
    }

    /// The key that weights are encrypted for.
    pub fn public_key(&self) -> PublicKey {
        self.key.public()
    }

    /// The dataset.
    pub fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// Circuits and keys.
    pub fn package(&self) -> &Package {
        &self.package
    }

    /// All that was mined for this bounty.
    pub fn receipts(&self) -> &[Receipt] {
        &self.session.journal.receipts
    }

    /// The chain.
    pub fn chain(&self) -> &Chain {
        &self.session.chain
    }

    /// The terms, once they are fixed.
    ///
    /// # Errors
    /// If the folder is damaged.
    pub fn terms(&self) -> Result<Option<Terms>, Error> {
        self.session.journal.terms.as_ref().map(|bytes| Terms::from_bytes(bytes)).transpose()
    }

    /// The state of the bounty.
    ///
    /// # Errors
    /// If there is none yet, or the node does not answer.
    pub fn state(&self) -> Result<State, Error> {
        self.session.state()
    }

    /// Creates the bounty, and pays the reward in; nothing if it was created before.
    ///
    /// # Errors
    /// If the contract would not accept the terms, they leave hunters no time, or the keys are not acceptable.
    pub fn create(&mut self, offer: &Offer) -> Result<Option<Receipt>, Error> {
        if let Some(bounty) = self.session.journal.bounty
            && self.session.chain.has_code(bounty)?
        {
            return Ok(None);
        }
        let (account, factory) = (self.session.chain.account(), self.session.chain.factory());
        let terms = Terms::new(offer, &self.package, &self.dataset, account, self.key.public())?;
        terms.leave_time()?;
        let t = terms.to_abi()?;
        // Known before there is a bounty, so that it is found whatever happens now.
        let bounty = terms.address(factory)?;
        self.session.journal.terms = Some(terms.to_bytes()?.into());
        self.session.journal.bounty = Some(bounty);
        self.session.save()?;
        let value = match terms.token {
            None => terms.reward,
            Some(token) => {
                self.session.approve(token, factory, terms.reward)?;
                U256::ZERO
            }
        };
        self.session.send("create".to_owned(), factory, value, &IBountyFactory::createCall { t }).map(Some)
    }

    /// The terms of a bounty that was created.
    fn created(&self) -> Result<Terms, Error> {
        self.session.bounty()?;
        self.terms()?.ok_or_else(damaged)
    }

    /// Shows the data: puts the files into the store, and proves each group that is not proven yet.
    ///
    /// # Errors
    /// If it is not yet, or no longer, time for it; or a file, a proof or a transaction fails: then the next call goes
    /// on.
    pub fn reveal(&mut self) -> Result<Vec<Receipt>, Error> {
        let terms = self.created()?;
        let all = usize::from(terms.chunks) * usize::from(terms.groups);
        if self.session.view(&IBounty::groupsProvenCall {})? == U256::from(all) {
            return Ok(vec![]);
        }
        match terms.mode {
            Mode::Open => self.session.require("reveal", &[Phase::Committing, Phase::Revealing])?,
            Mode::Sealed => self.session.require("reveal", &[Phase::Revealing])?,
        };
        // What a reorganisation could take back is no time that has passed: another could still commit, and know the data.
        let settled = self.session.chain.settled()?;
        if terms.mode == Mode::Sealed && settled < terms.commit_until {
            let found =
                format!("open to commitments for {} s more, by the blocks that count", terms.commit_until - settled);
            let expected = "past them, in a block that has its confirmations".to_owned();
            return Err(Error::State { step: "reveal", found, expected });
        }
        let form = self.package.statements().data().composition().form();
        for (index, file) in self.files.iter().enumerate() {
            self.store.put(form, file)?;
            self.session.tell(Event::File { index, of: self.files.len() });
        }
        let proving = self.package.proving(Part::Data, &self.store)?;
        let (context, bounty) = (self.session.context(Address::ZERO)?, self.session.bounty()?);
        let (groups, items) = (usize::from(terms.groups), usize::from(terms.items));
        let mut receipts = vec![];
        for index in 0..all {
            let (chunk, group) = (index / groups, index % groups);
            if self.session.view(&IBounty::groupProvenCall { chunk: small(chunk)?, group: small(group)? })? {
                continue;
            }
            let files = &self.files[index * items..(index + 1) * items];
            let mut maker = Maker { package: &self.package, source: Source::Key(&proving), context, rng: &mut OsRng };
            let data = self.dataset.chunk(chunk)?;
            let call = self.session.prove(Part::Data, index, all, || maker.data(&data, group, files, terms.dataset))?;
            receipts.push(self.session.send(format!("prove data {chunk}.{group}"), bounty, U256::ZERO, &call)?);
        }
        Ok(receipts)
    }

    /// All hunters, in the order in which they committed.
    ///
    /// # Errors
    /// If the node does not answer.
    pub fn watch(&self) -> Result<Vec<Progressed>, Error> {
        hunters(&self.session.chain, self.session.bounty()?)
    }

    /// The winner's weights: decrypted, and compared with what it had committed to.
    ///
    /// # Errors
    /// If nobody was paid, or the node does not have the events. Of what the contract accepted, decryption fails only
    /// if a key of the setup was forged with.
    pub fn receive(&self) -> Result<Received, Error> {
        self.session.require("receive", &[Phase::Paid])?;
        let bounty = self.session.bounty()?;
        let hunter = self.session.view(&IBounty::winnerCall {})?;
        let commitment = of_u256(self.session.view(&IBounty::hunterOfCall { account: hunter })?.cw)?;
        let mut parts: Vec<IBounty::Delivered> = self.session.chain.events(bounty)?;
        parts.retain(|part| part.hunter == hunter);
        parts.sort_by_key(|part| part.chunk);
        let read = |part: IBounty::Delivered| {
            let [x, y] = part.ephemeral;
            let key = PublicKey::new(of_u256(x)?, of_u256(y)?)?;
            Ok((key, part.ct.into_iter().map(of_u256).collect::<Result<Vec<Fr>, Error>>()?))
        };
        let parts = parts.into_iter().map(read).collect::<Result<Vec<_>, Error>>()?;
        let delivery = self.package.statements().delivery().composition();
        Ok(Received { hunter, commitment, delivered: delivery.decrypt(&self.key, &parts, commitment)? })
    }

    /// Takes the bounty back, before anybody has committed; nothing if that was done.
    ///
    /// # Errors
    /// If somebody has committed.
    pub fn cancel(&mut self) -> Result<Option<Receipt>, Error> {
        if self.state()?.phase == Phase::Cancelled {
            return Ok(None);
        }
        let bounty = self.session.bounty()?;
        self.session.send("cancel".to_owned(), bounty, U256::ZERO, &IBounty::cancelCall {}).map(Some)
    }

    /// Takes the reward back, when nobody can earn it any more; nothing if that was done.
    ///
    /// # Errors
    /// If somebody still can, or has.
    pub fn refund(&mut self) -> Result<Option<Receipt>, Error> {
        if self.session.require("refund", &[Phase::Refundable, Phase::Refunded])? == Phase::Refunded {
            return Ok(None);
        }
        let bounty = self.session.bounty()?;
        self.session.send("refund".to_owned(), bounty, U256::ZERO, &IBounty::refundCall {}).map(Some)
    }

    /// Sends what is credited to the host; nothing if that is nothing.
    ///
    /// # Errors
    /// If the transaction fails.
    pub fn withdraw(&mut self, to: Address) -> Result<Option<Receipt>, Error> {
        self.session.withdraw(to)
    }

    /// The context of the data's proofs, as the contract computes it.
    ///
    /// # Errors
    /// If the node does not answer, or says another than this computes.
    pub fn context(&self) -> Result<Fr, Error> {
        let own = self.session.context(Address::ZERO)?;
        let found = self.session.view(&IBounty::contextCall { hunter: Address::ZERO })?;
        if found == to_u256(own) {
            return Ok(own);
        }
        Err(Error::Contract { found: format!("the context {found}"), expected: to_u256(own).to_string() })
    }
}

impl Received {
    /// The integers, for every node of the plan's graph its lowered parameters.
    pub fn integers(&self) -> &[Vec<Tensor<Int>>] {
        &self.delivered.weights
    }

    /// The weights as reals `q / 2^s`, by the names that the plan has for them.
    ///
    /// # Errors
    /// If the package is another bounty's.
    pub fn weights(&self, package: &Package) -> Result<Weights, Error> {
        Ok(self.delivered.to_weights(package.statements().plan())?)
    }

    /// The bytes of a safetensors file of the [weights](Self::weights).
    ///
    /// # Errors
    /// As there, or if they can't be encoded.
    pub fn to_safetensors(&self, package: &Package) -> Result<Vec<u8>, Error> {
        Ok(self.weights(package)?.to_safetensors().map_err(ModelError::from)?)
    }

    /// The model that was bought, ready to be used: with the very integers that were delivered.
    ///
    /// # Errors
    /// If a layer's integers are not its parameters, rounded: then there are only the integers.
    pub fn quantized(&self, package: &Package) -> Result<Quantized, Error> {
        let statements = package.statements();
        let model = Model::new(statements.graph().clone(), VISIBILITY, self.weights(package)?)?;
        let quantized = Quantized::new(&model, statements.plan().clone())?;
        if quantized.params() == self.integers() {
            return Ok(quantized);
        }
        Err(StatementError::Delivery(DeliveryError::OtherWeights).into())
    }
}

/// For attacks: what the steps make, without sending it.
#[cfg(test)]
impl Host {
    pub(crate) fn session_mut(&mut self) -> &mut Session {
        &mut self.session
    }

    pub(crate) fn data_for(
        &self,
        proving: &zkml_core::prove::ProvingKey,
        index: usize,
        root: Fr,
    ) -> Result<IBounty::proveDataCall, Error> {
        let layout = self.dataset.layout();
        let (groups, items) = (layout.groups(), layout.items());
        let context = self.session.context(Address::ZERO)?;
        let mut maker = Maker { package: &self.package, source: Source::Key(proving), context, rng: &mut OsRng };
        let files = &self.files[index * items..(index + 1) * items];
        maker.data(&self.dataset.chunk(index / groups)?, index % groups, files, root)
    }
}
