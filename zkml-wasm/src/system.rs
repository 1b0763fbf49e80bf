//! Proof systems by name: what Rust tells apart by type.

use wasm_bindgen::prelude::*;
use zkml::prove::{Groth16, ProofSystem, TwoPhase};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** A proof system: Groth16, or Groth16 in two phases, whose circuits are several times smaller. */
export type System = "groth16" | "two_phase";
"#;

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
