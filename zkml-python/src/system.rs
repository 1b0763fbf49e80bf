//! Proof systems by name: what Rust tells apart by type.

use pyo3::prelude::*;
use zkml::prove::{Groth16, ProofSystem, TwoPhase};

use crate::error::ArgumentError;

/// One of two things, by proof system.
#[derive(Clone)]
pub(crate) enum In<A, B> {
    /// Of plain Groth16.
    Groth16(A),
    /// Of Groth16 in two phases.
    TwoPhase(B),
}

/// The same expression for either system.
macro_rules! either {
    ($value:expr, $x:ident => $result:expr) => {
        match $value {
            $crate::system::In::Groth16($x) => $result,
            $crate::system::In::TwoPhase($x) => $result,
        }
    };
}
pub(crate) use either;

impl<A, B> In<A, B> {
    /// The name of its system.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Groth16(_) => Groth16::NAME,
            Self::TwoPhase(_) => TwoPhase::NAME,
        }
    }
}

/// The system of a name.
pub(crate) fn named(name: &str) -> PyResult<In<(), ()>> {
    match name {
        _ if name == Groth16::NAME => Ok(In::Groth16(())),
        _ if name == TwoPhase::NAME => Ok(In::TwoPhase(())),
        _ => {
            let (one, other) = (Groth16::NAME, TwoPhase::NAME);
            Err(ArgumentError::new_err(format!("the proof system is `{name}`, expected `{one}` or `{other}`")))
        }
    }
}
