//! What can go wrong, what became of the money, and what to do.

#[cfg(feature = "client")]
use std::path::PathBuf;

use alloy::primitives::{Address, B256};
use zkml_core::{
    bounty::{compose::StatementError, dataset::DatasetError, keys::KeyError},
    circuit::CircuitError,
    error::{ModelError, PlanError},
    evm::EvmError,
    prove::{LoadError, VerifyError},
};

#[cfg(feature = "client")]
use crate::folder::FolderError;
use crate::{ipfs::StoreError, package::PackageError, terms::TermsError};

/// A step of a bounty that was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A node did not answer, or not as expected.
    #[error("{action}: {reason}; nothing new was sent, no money moved: try again, the step goes on where it was")]
    Node {
        /// What was asked of it.
        action: &'static str,
        /// What it said.
        reason: String,
    },
    /// The contract would refuse the transaction.
    #[error("{step}: the contract refuses it: {reason}; it was not sent, no money moved")]
    Refused {
        /// Which step.
        step: String,
        /// The contract's error.
        reason: String,
    },
    /// A transaction was mined and refused.
    #[error(
        "{step}: transaction {hash} was mined and refused, the fee for {gas} gas is lost and nothing else; see the \
        bounty's state"
    )]
    Reverted {
        /// Which step.
        step: String,
        /// Of the transaction.
        hash: B256,
        /// What it took.
        gas: u64,
    },
    /// A transaction was sent and is not mined yet.
    #[error(
        "{step}: transaction {hash} is not mined after {seconds} s; it is kept and may still be: try again, the same \
        transaction is sent, \
         never another one"
    )]
    NotMined {
        /// Which step.
        step: String,
        /// Of the transaction.
        hash: B256,
        /// How long it was waited for.
        seconds: u64,
    },
    /// Another transaction of the same account took its number.
    #[error(
        "{step}: transaction {hash} was replaced by another one of the account and never took place; try again, and \
        send nothing else from \
         this account meanwhile"
    )]
    Replaced {
        /// Which step.
        step: String,
        /// Of the transaction.
        hash: B256,
    },
    /// A step whose time has not come, or is over.
    #[error("{step}: the bounty is {found}, expected {expected}; nothing was sent, no money moved")]
    State {
        /// Which step.
        step: &'static str,
        /// The state of the bounty.
        found: String,
        /// Those in which it is possible.
        expected: String,
    },
    /// The address is no bounty of the factory.
    #[error("{found} is no bounty of the factory {factory}; send nothing to it")]
    NoBounty {
        /// The address.
        found: Address,
        /// The factory.
        factory: Address,
    },
    /// The node names terms that are another bounty's.
    #[error(
        "the node names terms for {bounty} that are those of {found}; it is wrong or lies: nothing was sent, no money \
        moved; ask another node"
    )]
    OtherTerms {
        /// The address of the terms.
        found: Address,
        /// What was asked for.
        bounty: Address,
    },
    /// There is no contract where the factory should be.
    #[error(
        "there is no contract at {found} on chain {chain}, expected the factory of bounties; compare the factory's \
         address and the node's chain with those that the host names"
    )]
    NoFactory {
        /// The address.
        found: Address,
        /// The chain's number.
        chain: u64,
    },
    /// A proof that was kept is not the one that it should be.
    #[cfg(feature = "client")]
    #[error("{}: {reason}; remove the file: the proof is made again then", .path.display())]
    Kept {
        /// Its file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The folder belongs to another bounty, chain, account or dataset.
    #[error("the folder is of {what} {found}, expected {expected}; use another folder for each bounty and account")]
    OtherFolder {
        /// What differs.
        what: &'static str,
        /// What the folder says.
        found: String,
        /// What it was opened for.
        expected: String,
    },
    /// The account has committed to another model.
    #[error(
        "account {account} has committed to other weights or with another salt than this folder's; open the folder \
        that it committed from, \
         with the same weights"
    )]
    OtherCommitment {
        /// The account.
        account: Address,
    },
    /// A proof says something else than it has to.
    #[error(
        "the {statement} proof says another {input} than the contract will compute; it was not sent, no money moved"
    )]
    OtherInput {
        /// Of which statement.
        statement: &'static str,
        /// Which public input.
        input: &'static str,
    },
    /// The revealed data is not what was committed to.
    #[error(
        "the {count} samples that were revealed have another commitment than the bounty's, although all were proven; \
        is the format \
         or the order of the package another one?"
    )]
    OtherData {
        /// How many.
        count: usize,
    },
    /// An event or a view of the contract makes no sense.
    #[error("the contract says {found}, expected {expected}; is it another version?")]
    Contract {
        /// What it said.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// The terms can't be a bounty's, or are not acceptable.
    #[error(transparent)]
    Terms(#[from] TermsError),
    /// The package is not that of the bounty.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// Content can't be fetched or put.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder can't be used.
    #[cfg(feature = "client")]
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A statement can't be proved.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// A proof does not verify: it was not sent.
    #[error("a proof that was just made does not verify, it was not sent: {0}")]
    Verify(#[from] VerifyError),
    /// A proof that somebody made does not verify.
    #[error("the {statement} proof does not hold: {error}")]
    NotProven {
        /// Of which statement.
        statement: &'static str,
        /// What is wrong.
        error: VerifyError,
    },
    /// A circuit can't be made.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// A key file is damaged.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A key is none for a contract.
    #[error(transparent)]
    Evm(#[from] EvmError),
    /// A key for the ciphertext is none.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Samples make no dataset.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A model does not fit the plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Weights do not fit the graph.
    #[error(transparent)]
    Model(#[from] ModelError),
}
