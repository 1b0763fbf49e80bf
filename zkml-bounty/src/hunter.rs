//! Hunter: has a model, and is paid for its accuracy.
//!
//! | step | in | does |
//! |---|---|---|
//! | [`commit`](Hunter::commit) | `Committing` | commits to the weights, and pays the bond in |
//! | [`fetch`](Hunter::fetch) | once all data is proven | fetches the files, and makes the dataset's commitment again |
//! | [`make_accuracy`](Hunter::make_accuracy), [`make_delivery`](Hunter::make_delivery) | before the next ones | makes their proofs, and sends nothing |
//! | [`prove_accuracy`](Hunter::prove_accuracy) | `Proving`; open: `Committing`, too | proves chunk by chunk |
//! | [`deliver`](Hunter::deliver) | in its turn | encrypts the weights for the host, part by part; with the last one it is paid |
//! | [`reclaim`](Hunter::reclaim) | once the bounty is over | takes the bond back, unless it is lost |
//! | [`withdraw`](Hunter::withdraw) | any | sends what is credited |
//!
//! Each step may be repeated: what is on the chain already is not sent again.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use alloy::primitives::{Address, U256};
use rand::rngs::OsRng;
use zkml_core::{
    bounty::{
        dataset::{Chunk, Dataset},
        keys::SecretKey,
    },
    plan::Quantized,
    prove::{Fr, Proof, ProvingKey},
};

use crate::{
    abi::IBounty,
    calls::{Maker, Source},
    chain::{Chain, Receipt},
    error::Error,
    field::{of_u256, to_u256},
    ipfs::Store,
    package::Package,
    revealed::{self, Labelled},
    secrets::{HunterSecrets, damaged, salt_of},
    session::{Event, Phase, Progress, Role, Session, State, inspect},
    statements::Part,
    terms::{MINUTE, Mode, Terms, Trust, verify_setup},
};

/// The secrets' file.
const SECRETS: &str = "secrets.json";

/// How a hunter's model did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Score {
    /// Its correct answers.
    pub correct: u32,
    /// Those that the bounty asks for.
    pub threshold: u32,
    /// The samples.
    pub samples: usize,
}

/// A proof that is kept in the folder, until it is sent and after.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Of which statement.
    pub part: Part,
    /// Of which chunk, or part of the weights.
    pub index: usize,
    /// Its file. It has the statement's public inputs, and neither weights nor ciphertext.
    pub path: PathBuf,
    /// The seconds that it took; nothing if it was made before.
    pub seconds: Option<f64>,
    /// Of accuracy: the correct answers.
    pub correct: Option<u32>,
}

/// Hunter of one bounty.
pub struct Hunter {
    session: Session,
    store: Store,
    package: Package,
    terms: Terms,
    quantized: Quantized,
    salt: Fr,
    ephemeral: Vec<SecretKey>,
    commitment: Fr,
    dataset: Option<Dataset>,
}

impl Hunter {
    /// Opens the folder of a bounty, or begins one, with this model. What was sent from it before is waited for.
    ///
    /// Checked are: that the factory made the bounty, that its terms are those of the package, whose keys come from
    /// where the terms say ([`verify_setup`]), and that the model is of the package's graph and plan. A ceremony's
    /// transcript is to be verified before.
    ///
    /// # Errors
    /// If one of these does not hold, or the folder is of another bounty, account or model.
    #[allow(clippy::too_many_arguments, reason = "each is another thing, and none has a default")]
    pub fn open(
        folder: impl AsRef<Path>,
        chain: Chain,
        store: Store,
        package: Package,
        bounty: Address,
        quantized: &Quantized,
        trust: Trust,
        progress: Option<Progress>,
    ) -> Result<Self, Error> {
        let (terms, _) = inspect(&chain, bounty)?;
        verify_setup(&terms, &package, trust)?;
        package.statements().admit(quantized)?;
        let mut session = Session::open(folder.as_ref(), chain, Role::Hunter, progress)?;
        match session.journal.bounty {
            Some(found) if found != bounty => {
                let (found, expected) = (found.to_string(), bounty.to_string());
                return Err(Error::OtherFolder { what: "bounty", found, expected });
            }
            Some(_) => {}
            None => {
                session.journal.bounty = Some(bounty);
                session.save()?;
            }
        }
        let begun = !session.journal.receipts.is_empty();
        let secrets = session.folder.read_or(SECRETS, begun, || HunterSecrets::new(terms.delivery_chunks))?;
        let salt = salt_of(&secrets.salt)?;
        let ephemeral = secrets.keys(terms.delivery_chunks)?;
        let commitment = package.statements().delivery().composition().commitment(quantized.params(), salt)?;
        let quantized = quantized.clone();
        let hunter = Self { session, store, package, terms, quantized, salt, ephemeral, commitment, dataset: None };
        hunter.on_chain()?;
        Ok(hunter)
    }

    /// What the chain says of this hunter, if it has committed.
    fn on_chain(&self) -> Result<Option<IBounty::Hunter>, Error> {
        let account = self.session.chain.account();
        let state = self.session.view(&IBounty::hunterOfCall { account })?;
        if state.bond == IBounty::Bond::None {
            return Ok(None);
        }
        if state.cw == to_u256(self.commitment) { Ok(Some(state)) } else { Err(Error::OtherCommitment { account }) }
    }

    fn committed(&self, step: &'static str) -> Result<IBounty::Hunter, Error> {
        self.on_chain()?.ok_or(Error::State {
            step,
            found: "one that this account has not committed to".to_owned(),
            expected: "a commitment: call `commit` first".to_owned(),
        })
    }

    /// The terms.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The commitment to the weights.
    pub fn commitment(&self) -> Fr {
        self.commitment
    }

    /// The chain.
    pub fn chain(&self) -> &Chain {
        &self.session.chain
    }

    /// Circuits and keys.
    pub fn package(&self) -> &Package {
        &self.package
    }

    /// All that was mined for this bounty.
    pub fn receipts(&self) -> &[Receipt] {
        &self.session.journal.receipts
    }

    /// The state of the bounty.
    ///
    /// # Errors
    /// If the node does not answer.
    pub fn state(&self) -> Result<State, Error> {
        self.session.state()
    }

    /// Commits to the weights, and pays the bond in; nothing if that was done.
    ///
    /// # Errors
    /// If it is too late, or the terms leave no time to prove or to deliver: the bond would be lost.
    pub fn commit(&mut self) -> Result<Option<Receipt>, Error> {
        if self.on_chain()?.is_some() {
            return Ok(None);
        }
        self.terms.leave_time()?;
        self.session.require("commit", &[Phase::Committing])?;
        let bounty = self.session.bounty()?;
        let value = match self.terms.token {
            None => self.terms.bond,
            Some(token) => {
                self.session.approve(token, bounty, self.terms.bond)?;
                U256::ZERO
            }
        };
        let call = IBounty::commitCall { cw: to_u256(self.commitment) };
        self.session.send("commit".to_owned(), bounty, value, &call).map(Some)
    }

    /// The data: the files that were proven, from the store, of which the dataset's commitment is made again.
    ///
    /// # Errors
    /// If not all is proven yet, a file can't be had, or the commitment is another one.
    pub fn fetch(&mut self) -> Result<&Dataset, Error> {
        if self.dataset.is_none() {
            self.dataset = Some(self.fetched()?);
        }
        self.dataset.as_ref().ok_or_else(damaged)
    }

    fn fetched(&mut self) -> Result<Dataset, Error> {
        let bounty = self.session.bounty()?;
        let mut groups: Vec<IBounty::DataProven> = self.session.chain.events(bounty)?;
        groups.sort_by_key(|group| (group.chunk, group.group));
        let expected = usize::from(self.terms.chunks) * usize::from(self.terms.groups);
        if groups.len() != expected {
            return Err(Error::State {
                step: "fetch",
                found: format!("one with {} groups of data proven", groups.len()),
                expected: format!("all {expected}"),
            });
        }
        let salt = groups.first().map_or(Ok(Fr::from(0)), |group| of_u256(group.salt))?;
        let mut samples = vec![];
        for group in &groups {
            for (cid, label) in revealed::named(&self.package, &group.items)? {
                let index = samples.len();
                samples.push(Labelled { file: self.store.get(&cid)?, label });
                self.session.tell(Event::File { index, of: self.terms.samples() });
            }
        }
        let count = samples.len();
        let (dataset, _) = revealed::dataset(&self.package, salt, samples)?;
        if dataset.root() == self.terms.dataset { Ok(dataset) } else { Err(Error::OtherData { count }) }
    }

    /// The model's correct answers in a chunk.
    fn count(&self, chunk: &Chunk<'_>) -> Result<u32, Error> {
        revealed::count(&self.quantized, chunk)
    }

    /// How the model does on the data, which is fetched.
    ///
    /// # Errors
    /// As [`Hunter::fetch`].
    pub fn score(&mut self) -> Result<Score, Error> {
        self.fetch()?;
        let dataset = self.dataset.as_ref().ok_or_else(damaged)?;
        let mut correct = 0;
        for chunk in 0..dataset.chunks() {
            correct += self.count(&dataset.chunk(chunk)?)?;
        }
        Ok(Score { correct, threshold: self.terms.threshold, samples: dataset.samples().len() })
    }

    /// Proves the accuracy on each chunk that is not proven yet. The data is fetched first. With the last chunk the
    /// hunter qualifies, or has its bond credited.
    ///
    /// # Errors
    /// If it is not yet, or no longer, time for it; or a proof or a transaction fails: then the next call goes on.
    pub fn prove_accuracy(&mut self) -> Result<Vec<Receipt>, Error> {
        let chunks = usize::from(self.terms.chunks);
        let proven = self.committed("prove accuracy")?.proven;
        if proven.count_ones() as usize == chunks {
            return Ok(vec![]);
        }
        self.may_prove_accuracy()?;
        let bounty = self.session.bounty()?;
        let (mut proving, mut receipts) = (None, vec![]);
        for index in (0..chunks).filter(|chunk| proven >> chunk & 1 == 0) {
            let (call, _) = self.accuracy_call(index, &mut proving)?;
            receipts.push(self.session.send(format!("prove accuracy {index}"), bounty, U256::ZERO, &call)?);
        }
        Ok(receipts)
    }

    /// Makes the proofs of [`prove_accuracy`](Self::prove_accuracy) that are not proven yet, keeps them in the folder, and
    /// sends nothing.
    ///
    /// # Errors
    /// If it is not yet, or no longer, time for it; or a proof that was kept is damaged.
    pub fn make_accuracy(&mut self) -> Result<Vec<Kept>, Error> {
        let proven = self.committed("prove accuracy")?.proven;
        self.may_prove_accuracy()?;
        let chunks = (0..usize::from(self.terms.chunks)).filter(|chunk| proven >> chunk & 1 == 0);
        let mut proving = None;
        chunks.map(|index| Ok(self.accuracy_call(index, &mut proving)?.1)).collect()
    }

    /// Checks that it is the time to prove accuracy, and has the data.
    fn may_prove_accuracy(&mut self) -> Result<(), Error> {
        match self.terms.mode {
            Mode::Open => self.session.require("prove accuracy", &[Phase::Committing, Phase::Proving])?,
            Mode::Sealed => self.session.require("prove accuracy", &[Phase::Proving])?,
        };
        self.fetch().map(|_| ())
    }

    /// A proof that was kept under this name, if there is one.
    fn kept(&self, name: &str) -> Result<Option<Proof>, Error> {
        let path = self.session.folder.path(name);
        if !path.exists() {
            return Ok(None);
        }
        Proof::load(&path).map(Some).map_err(|error| Error::Kept { path, reason: error.to_string() })
    }

    /// The call that proves the accuracy on a chunk, with a proof that was kept or is made, and kept, now.
    fn accuracy_call(
        &mut self,
        index: usize,
        proving: &mut Option<ProvingKey>,
    ) -> Result<(IBounty::proveAccuracyCall, Kept), Error> {
        let (part, chunks) = (Part::Accuracy, usize::from(self.terms.chunks));
        let context = self.session.context(self.session.chain.account())?;
        let name = format!("accuracy-{index}.proof");
        let made = self.kept(&name)?;
        if made.is_none() && proving.is_none() {
            *proving = Some(self.package.proving(part, &self.store)?);
        }
        let dataset = self.dataset.as_ref().ok_or_else(damaged)?;
        let chunk = dataset.chunk(index)?;
        let correct = self.count(&chunk)?;
        let (params, salt, root) = (self.quantized.params(), self.salt, self.terms.dataset);
        let path = self.session.folder.path(&name);
        let kept = |seconds| Kept { part, index, path: path.clone(), seconds, correct: Some(correct) };
        if let Some(proof) = &made {
            let mut maker = Maker { package: &self.package, source: Source::Made(proof), context, rng: &mut OsRng };
            let checked = maker.accuracy(params, salt, &chunk, root, correct);
            return checked.map(|(call, _)| (call, kept(None))).map_err(|error| other_than_kept(&path, &error));
        }
        let source = Source::Key(proving.as_ref().ok_or_else(damaged)?);
        let mut maker = Maker { package: &self.package, source, context, rng: &mut OsRng };
        let began = Instant::now();
        let (call, proof) =
            self.session.prove(part, index, chunks, || maker.accuracy(params, salt, &chunk, root, correct))?;
        self.session.folder.write_bytes(&name, &proof.to_bytes())?;
        Ok((call, kept(Some(began.elapsed().as_secs_f64()))))
    }

    /// Delivers the weights, encrypted for the host, in the hunter's turn. With the last part the reward is credited.
    /// All proofs are made before the first part is sent, if [`make_delivery`](Self::make_delivery) has not made them.
    ///
    /// # Errors
    /// If it is not the hunter's turn, or there is no time left for all parts: nothing is sent then.
    pub fn deliver(&mut self) -> Result<Vec<Receipt>, Error> {
        let state = self.committed("deliver")?;
        let parts = usize::from(self.terms.delivery_chunks);
        let done = usize::from(state.delivered);
        if done == parts {
            return Ok(vec![]);
        }
        self.session.require("deliver", &[Phase::Committing, Phase::Proving, Phase::Delivering])?;
        self.in_turn(0)?;
        let bounty = self.session.bounty()?;
        let (mut proving, mut calls) = (None, vec![]);
        for index in done..parts {
            calls.push((index, self.delivery_call(index, &mut proving)?.0));
        }
        self.in_turn(calls.len() as u64 * MINUTE)?;
        let mut receipts = vec![];
        for (index, call) in calls {
            receipts.push(self.session.send(format!("deliver {index}"), bounty, U256::ZERO, &call)?);
        }
        Ok(receipts)
    }

    /// Makes the proofs of [`deliver`](Self::deliver), keeps them in the folder, and sends nothing: before the hunter's turn,
    /// so that all of it is left for transactions.
    ///
    /// # Errors
    /// If this account has not committed, the bounty is over, or a proof that was kept is damaged.
    pub fn make_delivery(&mut self) -> Result<Vec<Kept>, Error> {
        let done = usize::from(self.committed("prove delivery")?.delivered);
        let open = [Phase::Committing, Phase::Revealing, Phase::Proving, Phase::Delivering];
        self.session.require("prove delivery", &open)?;
        let mut proving = None;
        let parts = done..usize::from(self.terms.delivery_chunks);
        parts.map(|index| Ok(self.delivery_call(index, &mut proving)?.1)).collect()
    }

    /// The call that delivers a part of the weights, with a proof that was kept or is made, and kept, now.
    fn delivery_call(
        &mut self,
        index: usize,
        proving: &mut Option<ProvingKey>,
    ) -> Result<(IBounty::deliverCall, Kept), Error> {
        let (part, parts) = (Part::Delivery, usize::from(self.terms.delivery_chunks));
        let context = self.session.context(self.session.chain.account())?;
        let name = format!("delivery-{index}.proof");
        let made = self.kept(&name)?;
        if made.is_none() && proving.is_none() {
            *proving = Some(self.package.proving(part, &self.store)?);
        }
        let (params, salt, host) = (self.quantized.params(), self.salt, self.terms.host_key);
        let key = self.ephemeral.get(index).ok_or_else(damaged)?;
        let path = self.session.folder.path(&name);
        let kept = |seconds| Kept { part, index, path: path.clone(), seconds, correct: None };
        if let Some(proof) = &made {
            let mut maker = Maker { package: &self.package, source: Source::Made(proof), context, rng: &mut OsRng };
            let checked = maker.delivery(params, salt, host, key, index);
            return checked.map(|(call, _)| (call, kept(None))).map_err(|error| other_than_kept(&path, &error));
        }
        let source = Source::Key(proving.as_ref().ok_or_else(damaged)?);
        let mut maker = Maker { package: &self.package, source, context, rng: &mut OsRng };
        let began = Instant::now();
        let (call, proof) =
            self.session.prove(part, index, parts, || maker.delivery(params, salt, host, key, index))?;
        self.session.folder.write_bytes(&name, &proof.to_bytes())?;
        Ok((call, kept(Some(began.elapsed().as_secs_f64()))))
    }

    /// Checks that it is the hunter's turn for so many seconds more.
    fn in_turn(&self, seconds: u64) -> Result<(), Error> {
        let turn = self.session.view(&IBounty::turnCall { hunter: self.session.chain.account() })?;
        let (from, until): (u64, u64) = (turn.from.saturating_to(), turn.until.saturating_to());
        let now = self.session.chain.now()?;
        if from <= now && now.saturating_add(seconds) < until {
            return Ok(());
        }
        Err(Error::State {
            step: "deliver",
            found: format!("at time {now}"),
            expected: format!("in this hunter's turn, from {from} until {until}, with {seconds} s left"),
        })
    }

    /// Has the bond credited, once the bounty is over; nothing if that was done.
    ///
    /// # Errors
    /// If it is not over, or the bond is lost.
    pub fn reclaim(&mut self) -> Result<Option<Receipt>, Error> {
        if self.committed("reclaim")?.bond == IBounty::Bond::Returned {
            return Ok(None);
        }
        let bounty = self.session.bounty()?;
        self.session.send("reclaim".to_owned(), bounty, U256::ZERO, &IBounty::reclaimCall {}).map(Some)
    }

    /// Sends what is credited to the hunter; nothing if that is nothing.
    ///
    /// # Errors
    /// If the transaction fails.
    pub fn withdraw(&mut self, to: Address) -> Result<Option<Receipt>, Error> {
        self.session.withdraw(to)
    }
}

/// The error of a proof that was kept, and is not the one of this step.
fn other_than_kept(path: &Path, error: &Error) -> Error {
    let reason = match error {
        Error::Verify(error) => error.to_string(),
        Error::OtherInput { input, .. } => format!("it says another `{input}` than this step needs"),
        other => other.to_string(),
    };
    Error::Kept { path: path.to_owned(), reason }
}

/// For attacks: what the steps make, without sending it.
#[cfg(test)]
impl Hunter {
    pub(crate) fn session_mut(&mut self) -> &mut Session {
        &mut self.session
    }

    pub(crate) fn salt(&self) -> Fr {
        self.salt
    }

    pub(crate) fn accuracy_for(
        &self,
        account: Address,
        proving: &zkml_core::prove::ProvingKey,
        chunk: usize,
    ) -> Result<IBounty::proveAccuracyCall, Error> {
        let chunk = self.dataset.as_ref().ok_or_else(damaged)?.chunk(chunk)?;
        let context = self.session.context(account)?;
        let mut maker = Maker { package: &self.package, source: Source::Key(proving), context, rng: &mut OsRng };
        let (params, salt, root) = (self.quantized.params(), self.salt, self.terms.dataset);
        Ok(maker.accuracy(params, salt, &chunk, root, self.count(&chunk)?)?.0)
    }

    pub(crate) fn delivery_for(
        &self,
        account: Address,
        proving: &zkml_core::prove::ProvingKey,
        part: usize,
    ) -> Result<IBounty::deliverCall, Error> {
        let context = self.session.context(account)?;
        let mut maker = Maker { package: &self.package, source: Source::Key(proving), context, rng: &mut OsRng };
        let (params, salt, host) = (self.quantized.params(), self.salt, self.terms.host_key);
        Ok(maker.delivery(params, salt, host, &self.ephemeral[part], part)?.0)
    }
}
