//! Session of one party: its chain, its folder, and the journal of what it has sent.
//!
//! ```text
//! step ──> is it on the chain already? ──no──> sign ──> save ──> send ──> mined ──> save
//!                                                         └── after a crash: the same transaction again ──┘
//! ```

use std::{fmt, path::Path};

use alloy::{
    primitives::{Address, Bytes, TxKind, U256},
    sol_types::SolCall,
};
use serde::{Deserialize, Serialize};
use zkml_core::{evm::bounty_context, prove::Fr};

use crate::{
    abi::{IBounty, IBountyFactory, IErc20},
    chain::{Chain, Outcome, Pending, Receipt, failed},
    error::Error,
    field::of_u256,
    folder::Folder,
    statements::Part,
    terms::Terms,
};

/// The journal's file.
const JOURNAL: &str = "state.json";

/// What happens, while it does.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A proof is being made.
    Proving {
        /// Of which statement.
        statement: &'static str,
        /// Which of them.
        index: usize,
        /// How many there are.
        of: usize,
    },
    /// It is made, and verified.
    Proved {
        /// Of which statement.
        statement: &'static str,
        /// How long it took.
        seconds: f64,
    },
    /// A transaction is signed and saved, and not yet sent.
    Signed {
        /// What it is for.
        step: String,
    },
    /// It is sent, and not yet mined.
    Sent {
        /// What it is for.
        step: String,
    },
    /// It is mined, and that is saved.
    Mined(Receipt),
    /// A file is put into the store or fetched from it.
    File {
        /// Which of them.
        index: usize,
        /// How many there are.
        of: usize,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proving { statement, index, of } => write!(f, "proving {statement} {} of {of}", index + 1),
            Self::Proved { statement, seconds } => write!(f, "proved {statement} in {seconds:.1} s"),
            Self::Signed { step } => write!(f, "{step}: signed"),
            Self::Sent { step } => write!(f, "{step}: sent"),
            Self::Mined(receipt) => write!(f, "{}: {} gas", receipt.step, receipt.gas),
            Self::File { index, of } => write!(f, "file {} of {of}", index + 1),
        }
    }
}

/// Who keeps a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Role {
    Host,
    Hunter,
}

/// What is saved of a session. Nothing in it is secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Journal {
    version: u32,
    role: Role,
    chain: u64,
    factory: Address,
    account: Address,
    pub(crate) bounty: Option<Address>,
    pub(crate) terms: Option<Bytes>,
    pending: Option<Pending>,
    pub(crate) receipts: Vec<Receipt>,
}

/// Who is told what happens.
pub type Progress = Box<dyn FnMut(&Event) + Send>;

pub(crate) struct Session {
    pub(crate) chain: Chain,
    pub(crate) folder: Folder,
    pub(crate) journal: Journal,
    pub(crate) progress: Option<Progress>,
}

impl Session {
    /// Opens a folder, or begins it, and finishes what was sent from it.
    pub(crate) fn open(path: &Path, chain: Chain, role: Role, progress: Option<Progress>) -> Result<Self, Error> {
        let folder = Folder::open(path)?;
        let fresh = Journal {
            version: 1,
            role,
            chain: chain.id(),
            factory: chain.factory(),
            account: chain.account(),
            bounty: None,
            terms: None,
            pending: None,
            receipts: vec![],
        };
        let journal = match folder.read::<Journal>(JOURNAL)? {
            Some(journal) => journal,
            None => {
                folder.write(JOURNAL, &fresh)?;
                fresh.clone()
            }
        };
        for (what, found, expected) in [
            ("version", journal.version.to_string(), fresh.version.to_string()),
            ("role", format!("{:?}", journal.role), format!("{role:?}")),
            ("chain", journal.chain.to_string(), fresh.chain.to_string()),
            ("factory", journal.factory.to_string(), fresh.factory.to_string()),
            ("account", journal.account.to_string(), fresh.account.to_string()),
        ] {
            if found != expected {
                return Err(Error::OtherFolder { what, found, expected });
            }
        }
        let mut session = Self { chain, folder, journal, progress };
        match session.finish() {
            // What did not take place is asked of the chain again by the step that needs it.
            Ok(_) | Err(Error::Reverted { .. } | Error::Replaced { .. } | Error::Refused { .. }) => Ok(session),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn tell(&mut self, event: Event) {
        if let Some(progress) = &mut self.progress {
            progress(&event);
        }
    }

    /// Tells of a proof before and after it is made.
    pub(crate) fn prove<T>(
        &mut self,
        part: Part,
        index: usize,
        of: usize,
        make: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let statement = part.name();
        self.tell(Event::Proving { statement, index, of });
        let began = std::time::Instant::now();
        let made = make()?;
        self.tell(Event::Proved { statement, seconds: began.elapsed().as_secs_f64() });
        Ok(made)
    }

    pub(crate) fn save(&self) -> Result<(), Error> {
        Ok(self.folder.write(JOURNAL, &self.journal)?)
    }

    /// Sends a transaction, once.
    pub(crate) fn send(
        &mut self,
        step: String,
        to: Address,
        value: U256,
        call: &impl SolCall,
    ) -> Result<Receipt, Error> {
        self.finish()?;
        let pending = self.chain.sign(&step, TxKind::Call(to), value, call.abi_encode())?;
        self.journal.pending = Some(pending.clone());
        self.save()?;
        self.tell(Event::Signed { step: step.clone() });
        let receipt = self.finish()?;
        receipt.ok_or(Error::Replaced { step, hash: pending.hash })
    }

    /// Waits for the transaction that was signed last, if there is one that was not seen mined.
    fn finish(&mut self) -> Result<Option<Receipt>, Error> {
        let Some(pending) = self.journal.pending.clone() else { return Ok(None) };
        let progress = &mut self.progress;
        let outcome = self.chain.settle(&pending, &mut || {
            if let Some(progress) = progress {
                progress(&Event::Sent { step: pending.step.clone() });
            }
        })?;
        self.journal.pending = None;
        match outcome {
            Outcome::Mined(receipt) => {
                self.journal.receipts.push(receipt.clone());
                self.save()?;
                self.tell(Event::Mined(receipt.clone()));
                Ok(Some(receipt))
            }
            other => {
                if let Outcome::Reverted(receipt) = &other {
                    self.journal.receipts.push(receipt.clone());
                }
                self.save()?;
                Err(failed(pending, other))
            }
        }
    }

    /// The bounty's address.
    pub(crate) fn bounty(&self) -> Result<Address, Error> {
        self.journal.bounty.ok_or(Error::State {
            step: "this step",
            found: "not created".to_owned(),
            expected: "created: call `create` first".to_owned(),
        })
    }

    /// What a view of the bounty returns.
    pub(crate) fn view<C: SolCall>(&self, call: &C) -> Result<C::Return, Error> {
        self.chain.view(self.bounty()?, call)
    }

    /// The state of the bounty, and when it ends by itself.
    pub(crate) fn state(&self) -> Result<State, Error> {
        State::of(&self.chain, self.bounty()?)
    }

    /// The state, if it is one of these.
    pub(crate) fn require(&self, step: &'static str, expected: &[Phase]) -> Result<Phase, Error> {
        let State { phase, .. } = self.state()?;
        if expected.contains(&phase) {
            return Ok(phase);
        }
        let expected = expected.iter().map(|phase| format!("{phase:?}")).collect::<Vec<_>>().join(" or ");
        Err(Error::State { step, found: format!("{phase:?}"), expected })
    }

    /// The context of proofs of this hunter; of data it is the zero address.
    pub(crate) fn context(&self, hunter: Address) -> Result<Fr, Error> {
        let (factory, bounty) = (self.chain.factory(), self.bounty()?);
        Ok(bounty_context(self.chain.id(), &factory.into_array(), &bounty.into_array(), &hunter.into_array()))
    }

    /// Lets a contract take tokens, if it may not yet.
    pub(crate) fn approve(&mut self, token: Address, spender: Address, amount: U256) -> Result<(), Error> {
        let owner = self.chain.account();
        let allowed = self.chain.view(token, &IErc20::allowanceCall { owner, spender })?;
        if allowed < amount {
            self.send("approve".to_owned(), token, U256::ZERO, &IErc20::approveCall { spender, amount })?;
        }
        Ok(())
    }

    /// Credit of the account, sent to an address; nothing if there is none.
    pub(crate) fn withdraw(&mut self, to: Address) -> Result<Option<Receipt>, Error> {
        let account = self.chain.account();
        let bounty = self.bounty()?;
        if self.view(&IBounty::creditCall { account })?.is_zero() {
            return Ok(None);
        }
        self.send("withdraw".to_owned(), bounty, U256::ZERO, &IBounty::withdrawCall { to }).map(Some)
    }
}

/// Where a bounty is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Hunters commit to models.
    Committing,
    /// The data is to be shown.
    Revealing,
    /// Hunters prove accuracy.
    Proving,
    /// Those that qualified deliver, one after another.
    Delivering,
    /// The winner was paid.
    Paid,
    /// Nobody was paid, and nobody can be any more.
    Refundable,
    /// The host has its reward back.
    Refunded,
    /// The host has withdrawn the bounty before anybody committed.
    Cancelled,
}

impl Phase {
    fn of(state: IBounty::State) -> Result<Self, Error> {
        Ok(match state {
            IBounty::State::Committing => Self::Committing,
            IBounty::State::Revealing => Self::Revealing,
            IBounty::State::Proving => Self::Proving,
            IBounty::State::Delivering => Self::Delivering,
            IBounty::State::Paid => Self::Paid,
            IBounty::State::Refundable => Self::Refundable,
            IBounty::State::Refunded => Self::Refunded,
            IBounty::State::Cancelled => Self::Cancelled,
            IBounty::State::__Invalid => {
                return Err(Error::Contract {
                    found: "an unknown state".to_owned(),
                    expected: "one of eight".to_owned(),
                });
            }
        })
    }
}

/// Where a bounty is, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Where it is.
    pub phase: Phase,
    /// When that ends by itself, in seconds since 1970; zero: never.
    pub deadline: u64,
}

impl State {
    fn of(chain: &Chain, bounty: Address) -> Result<Self, Error> {
        let answer = chain.view(bounty, &IBounty::stateCall {})?;
        Ok(Self { phase: Phase::of(answer.current)?, deadline: answer.deadline.saturating_to() })
    }
}

/// The terms and the state of a bounty of the chain's factory, for whoever looks for one. That the terms are this address's is
/// computed here: a node can be wrong about whether the bounty is there, and its state, and not about its terms.
///
/// # Errors
/// If the factory has not made it, or its terms are none, or another bounty's.
pub fn inspect(chain: &Chain, bounty: Address) -> Result<(Terms, State), Error> {
    let factory = chain.factory();
    chain.require_factory()?;
    if !chain.view(factory, &IBountyFactory::isBountyCall { account: bounty })? {
        return Err(Error::NoBounty { found: bounty, factory });
    }
    let terms = Terms::from_abi(&chain.view(bounty, &IBounty::termsCall {})?)?;
    let found = terms.address(factory)?;
    if found != bounty {
        return Err(Error::OtherTerms { found, bounty });
    }
    Ok((terms, State::of(chain, bounty)?))
}

/// What the chain says of a hunter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progressed {
    /// Its account.
    pub hunter: Address,
    /// The commitment to its weights.
    pub commitment: Fr,
    /// How many chunks it has proven.
    pub proven: u32,
    /// The correct answers in them.
    pub correct: u32,
    /// The parts that it has delivered.
    pub delivered: u16,
    /// What it can withdraw.
    pub credit: U256,
}

/// All hunters of a bounty, in the order in which they committed.
///
/// # Errors
/// If the node does not answer.
pub fn hunters(chain: &Chain, bounty: Address) -> Result<Vec<Progressed>, Error> {
    let committed: Vec<IBounty::Committed> = chain.events(bounty)?;
    let read = |event: IBounty::Committed| {
        let account = event.hunter;
        let state = chain.view(bounty, &IBounty::hunterOfCall { account })?;
        Ok(Progressed {
            hunter: account,
            commitment: of_u256(state.cw)?,
            proven: state.proven.count_ones(),
            correct: state.correct,
            delivered: state.delivered,
            credit: chain.view(bounty, &IBounty::creditCall { account })?,
        })
    };
    committed.into_iter().map(read).collect()
}

/// The addresses of all bounties that the chain's factory has made.
///
/// # Errors
/// If there is no factory, or the node does not answer.
pub fn browse(chain: &Chain) -> Result<Vec<Address>, Error> {
    chain.require_factory()?;
    let made: Vec<IBountyFactory::BountyCreated> = chain.events(chain.factory())?;
    Ok(made.into_iter().map(|event| event.bounty).collect())
}
