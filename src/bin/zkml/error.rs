//! Errors of the command: where, what was found and expected, the repair; and the exit code of each kind.

use std::{io, path::PathBuf};

use serde::Serialize;
use zkml::{
    circuit::{CircuitError, RegistrationError},
    error::PlanError,
    evm::EvmError,
    prove::{LoadError, VerifyError},
};

/// What sort of error it is: the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A proof, a commitment or a witness is not valid.
    Refused = 1,
    /// The command line.
    Usage = 2,
    /// The project file.
    Project = 3,
    /// A file can't be read or written, or is none of its kind.
    File = 4,
    /// The model can't be read.
    Model = 5,
    /// An input is not one of the model's.
    Input = 6,
    /// There is no plan, or none that meets the target.
    Plan = 7,
    /// The circuit or its keys.
    Circuit = 8,
    /// Another process is at work.
    Busy = 9,
    /// A node or a store of files does not answer, is another one, or a transaction is not mined.
    #[cfg(feature = "bounty")]
    Chain = 10,
    /// There is no such bounty, or a step's time has not come, or is over.
    #[cfg(feature = "bounty")]
    Bounty = 11,
}

impl Kind {
    /// The exit code.
    pub fn code(self) -> u8 {
        self as u8
    }
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the command was given can't be meant.
    #[error("{0}")]
    Usage(String),
    /// There is neither a project file nor a model.
    #[error(
        "there is no project file {}; write one with `zkml init MODEL`, or name another with `--project`", .path.display()
    )]
    NoProject {
        /// Where it should be.
        path: PathBuf,
    },
    /// The project file is not understood.
    #[error("{}: {reason}", .path.display())]
    Project {
        /// The project file.
        path: PathBuf,
        /// What was found and expected.
        reason: String,
    },
    /// A file can't be read or written.
    #[error("cannot {action} {}: {reason}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// `read`, `write`, ...
        action: &'static str,
        /// Why not.
        reason: String,
    },
    /// A file that an earlier verb makes is not there.
    #[error("there is no {what} {}; {repair}", .path.display())]
    Missing {
        /// What it holds.
        what: &'static str,
        /// Where it should be.
        path: PathBuf,
        /// Which verb makes it.
        repair: &'static str,
        /// What kind of error that is.
        kind: Kind,
    },
    /// A key or a proof can't be loaded.
    #[error("{}: {error}", .path.display())]
    Load {
        /// Its file.
        path: PathBuf,
        /// Why not.
        #[source]
        error: LoadError,
    },
    /// The model can't be read.
    #[error("{}: {reason}", .path.display())]
    Model {
        /// Its file.
        path: PathBuf,
        /// What was found and expected.
        reason: String,
    },
    /// Parts of the model have no counterpart.
    #[error("{}: {} of its parts are not supported:\n  {}", .path.display(), .found.len(), .found.join("\n  "))]
    Unsupported {
        /// Its file.
        path: PathBuf,
        /// Each part, and why.
        found: Vec<String>,
    },
    /// An input can't be read, or is not one of the model's.
    #[error("{}: {reason}", .path.display())]
    Input {
        /// Its file.
        path: PathBuf,
        /// What was found and expected.
        reason: String,
    },
    /// No plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A plan's file.
    #[error("{}: {error}", .path.display())]
    OtherPlan {
        /// The file.
        path: PathBuf,
        /// Why it is not that of the model.
        #[source]
        error: PlanError,
    },
    /// No circuit, no keys or no proof.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// The keys are those of another circuit.
    #[error(
        "{} is of circuit {found}, expected {expected}, that of the model, the plan and the visibility as they are now; \
         make new keys with `zkml setup`, or restore what was changed",
        .path.display()
    )]
    OtherKeys {
        /// The key's file.
        path: PathBuf,
        /// Its circuit.
        found: String,
        /// The circuit at hand.
        expected: String,
    },
    /// A ceremony that can't go on, or somebody who was dishonest.
    #[error("{}: {reason}", .path.display())]
    Ceremony {
        /// The file of the ceremony, of a contribution, or of powers of tau.
        path: PathBuf,
        /// What was found and expected.
        reason: String,
        /// Whether something is not what it says.
        refused: bool,
    },
    /// What can't be exported to the EVM.
    #[error("{}: {error}", .path.display())]
    Evm {
        /// The file that it is made of.
        path: PathBuf,
        /// Why not.
        #[source]
        error: EvmError,
    },
    /// A registration of weights that is not made, or not accepted.
    #[error("{}: {error}", .path.display())]
    Registration {
        /// Its file.
        path: PathBuf,
        /// Why not.
        #[source]
        error: Box<RegistrationError>,
    },
    /// A proof is not accepted.
    #[error("{}: {error}", .path.display())]
    Verify {
        /// The proof's file.
        path: PathBuf,
        /// Why not.
        #[source]
        error: VerifyError,
    },
    /// What was asked for does not hold.
    #[error("{0}")]
    Refused(String),
    /// A step of a bounty that was not done.
    #[cfg(feature = "bounty")]
    #[error(transparent)]
    Bounty(#[from] Box<zkml::bounty::Error>),
    /// A node that is another one, or none that can be asked.
    #[cfg(feature = "bounty")]
    #[error("the node {url}: {reason}")]
    Node {
        /// Its address.
        url: String,
        /// What was found and expected.
        reason: String,
    },
    /// Another process has the lock.
    #[error("another zkml is at work on {}; wait for it, or leave out `--no-wait`", .path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
}

impl Error {
    /// A file that can't be read or written.
    pub fn file(path: impl Into<PathBuf>, action: &'static str, reason: impl ToString) -> Self {
        Self::File { path: path.into(), action, reason: reason.to_string() }
    }

    /// An input that is not one.
    pub fn input(path: impl Into<PathBuf>, reason: impl ToString) -> Self {
        Self::Input { path: path.into(), reason: reason.to_string() }
    }

    /// What sort of error it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Usage(_) => Kind::Usage,
            Self::NoProject { .. } | Self::Project { .. } => Kind::Project,
            Self::File { .. } | Self::Load { .. } => Kind::File,
            Self::Missing { kind, .. } => *kind,
            Self::Model { .. } | Self::Unsupported { .. } => Kind::Model,
            Self::Input { .. } | Self::Circuit(CircuitError::Input { .. }) => Kind::Input,
            Self::Plan(PlanError::Sample { .. }) => Kind::Input,
            Self::Plan(_) | Self::OtherPlan { .. } => Kind::Plan,
            Self::Circuit(CircuitError::Unsatisfied { .. }) | Self::Ceremony { refused: true, .. } => Kind::Refused,
            Self::Circuit(_) | Self::OtherKeys { .. } | Self::Ceremony { .. } | Self::Evm { .. } => Kind::Circuit,
            Self::Registration { error, .. } => match **error {
                RegistrationError::Circuit(_) | RegistrationError::LinkKey | RegistrationError::Key { .. } => {
                    Kind::Circuit
                }
                // A proof or a link that is not accepted, or somebody else's.
                _ => Kind::Refused,
            },
            Self::Verify { .. } | Self::Refused(_) => Kind::Refused,
            Self::Busy { .. } => Kind::Busy,
            #[cfg(feature = "bounty")]
            Self::Bounty(error) => of_bounty(error),
            #[cfg(feature = "bounty")]
            Self::Node { .. } => Kind::Chain,
        }
    }
}

/// What sort of error it is that a step of a bounty ended with.
#[cfg(feature = "bounty")]
fn of_bounty(error: &zkml::bounty::Error) -> Kind {
    use zkml::bounty::{Error, FolderError, package::PackageError, terms::TermsError};
    match error {
        Error::Node { .. } | Error::NotMined { .. } | Error::Replaced { .. } => Kind::Chain,
        Error::NoFactory { .. } | Error::OtherTerms { .. } => Kind::Chain,
        Error::Store(_) | Error::Package(PackageError::Store { .. }) => Kind::Chain,
        Error::State { .. } | Error::NoBounty { .. } | Error::OtherFolder { .. } => Kind::Bounty,
        Error::Terms(TermsError::Range { .. }) => Kind::Project,
        Error::Folder(FolderError::Locked { .. }) => Kind::Busy,
        Error::Folder(_) | Error::Load(_) => Kind::File,
        Error::Statement(_) | Error::Circuit(_) => Kind::Circuit,
        Error::Dataset(_) => Kind::Input,
        Error::Plan(_) => Kind::Plan,
        Error::Model(_) => Kind::Model,
        // Something is not what it says: a key, a package, a proof, a contract's answer; or the contract refuses.
        _ => Kind::Refused,
    }
}

#[cfg(feature = "bounty")]
impl From<zkml::bounty::Error> for Error {
    fn from(error: zkml::bounty::Error) -> Self {
        use zkml::bounty::{Error, terms::TermsError};
        // What the library says of its own types is said of the command's.
        let flag = "to take part all the same, for development and with nothing to lose, add `--development`";
        match error {
            Error::Terms(TermsError::SingleParty { part }) => Self::Refused(format!(
                "the {part} key comes from a single party, which can forge proofs, expected a ceremony's: `zkml ceremony --bounty {part}`; {flag}"
            )),
            Error::Terms(TermsError::Development) => Self::Refused(format!(
                "the bounty's keys come from a single party, which can forge proofs, expected ceremonies'; {flag}"
            )),
            error => Self::Bounty(Box::new(error)),
        }
    }
}

#[cfg(feature = "bounty")]
impl From<zkml::bounty::package::PackageError> for Error {
    fn from(error: zkml::bounty::package::PackageError) -> Self {
        zkml::bounty::Error::from(error).into()
    }
}

/// The text of an error of the operating system, without its number.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.clone(), |(text, _)| text.to_lowercase())
}
