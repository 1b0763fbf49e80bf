//! The proof systems that the command knows, by name.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use zkml::{
    evm::EvmSystem,
    prove::{FileError, Groth16, ProofSystem, Prover, Registered, TwoPhase, file, phased::Phased},
};

/// A proof system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum System {
    /// Groth16: what snarkjs, arkworks and every contract understand
    #[default]
    Groth16,
    /// Groth16 in two phases: ranges are checked by lookups, and circuits are several times smaller
    TwoPhase,
}

impl System {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Groth16 => "groth16",
            Self::TwoPhase => "two-phase",
        }
    }

    /// Whether these bytes are a verifying key for registered weights, or seem to be.
    pub fn registers(bytes: &[u8]) -> bool {
        file::read(bytes, <Registered as ProofSystem>::KINDS.verifying_key).is_ok()
    }

    /// The system whose verifying key these bytes are, or seem to be.
    pub fn of_key(bytes: &[u8]) -> Self {
        match file::read(bytes, <Groth16 as ProofSystem>::KINDS.verifying_key) {
            Err(FileError::Kind { found, .. }) if found == <TwoPhase as ProofSystem>::KINDS.verifying_key => {
                Self::TwoPhase
            }
            _ => Self::Groth16,
        }
    }
}

/// A proof system whose proofs take nothing but a key and an input, and which contracts verify.
pub trait Provable: Prover + EvmSystem + Phased<Registered = ()> {}
impl<S: Prover + EvmSystem + Phased<Registered = ()>> Provable for S {}

/// Calls a function that is generic over the proof system.
macro_rules! in_system {
    ($system:expr, $function:ident ( $($argument:expr),* $(,)? )) => {
        match $system {
            $crate::system::System::Groth16 => $function::<zkml::prove::Groth16>($($argument),*),
            $crate::system::System::TwoPhase => $function::<zkml::prove::TwoPhase>($($argument),*),
        }
    };
}
pub(crate) use in_system;
