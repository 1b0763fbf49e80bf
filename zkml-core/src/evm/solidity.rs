//! The contracts: `library Groth16`, which has the pairing equation, and two that use it: a verifier for one key, and
//! one for any key.
//!
//! | | for one key | for any key |
//! |---|---|---|
//! | source | [`verifier`] writes it | [`GENERIC`] |
//! | bytecode | what `solc` makes of it | [`generic_bytecode`] |
//! | its key | constants in its code | an argument, whose keccak256 the caller must know |
//! | public inputs | at most [`MAX_INPUTS`] | at most [`EvmKey::MAX_INPUTS`] |
//!
//! Both revert rather than return false: on inputs at or above the modulus, of another number, on points that are not
//! in their groups, and where the equation does not hold.
//!
//! # Soundness
//! Whoever ran the setup of a key by a single party can make proofs of anything that its contract takes: the source
//! says so. The contract for any key proves nothing by itself, for a prover may bring a key of its own.

use std::fmt::Write as _;

use super::{error::EvmError, key::EvmKey};
use crate::prove::{Provenance, PublicKind, PublicTable, VerifyingKey, hex};

/// The library: the pairing equation, in one place.
pub const GROTH16: &str = include_str!("solidity/Groth16.sol");

/// The contract for any key, which imports `./Groth16.sol`.
pub const GENERIC: &str = include_str!("solidity/Groth16Verifier.sol");

/// What is left to fill in for one key: `{{name}}`, `{{inputs}}`, `{{keyHash}}`, `{{key}}`.
const TEMPLATE: &str = include_str!("solidity/Verifier.sol.template");

const GENERIC_HEX: &str = include_str!("solidity/Groth16Verifier.bin");

/// The most public inputs of a contract for one key, so that its code has at most 24,576 bytes (EIP-170).
pub const MAX_INPUTS: usize = 350;

/// The most letters of a contract's name.
pub const MAX_NAME: usize = 64;

/// Names that the source has already.
const TAKEN: [&str; 5] = ["Groth16", "KEY", "KEY_HASH", "CalldataLength", "WrongKey"];

/// The creation code of the contract for any key, as solc 0.8.37 makes it of [`GENERIC`]: for cancun, optimised for 200
/// runs, without metadata.
pub fn generic_bytecode() -> Vec<u8> {
    let digit = |c: &u8| char::from(*c).to_digit(16).unwrap_or_default() as u8;
    let (pairs, _) = GENERIC_HEX.trim_end().as_bytes().as_chunks::<2>();
    pairs.iter().map(|[high, low]| digit(high) << 4 | digit(low)).collect()
}

/// The Solidity source of a contract of that name, which takes the proofs of that key and no others: `verify(uint256[n]
/// inputs, uint256[8] proof)` reverts unless the proof is one. The source stands alone, and says what the public inputs
/// mean.
///
/// # Errors
/// If the name is none (a capital letter, then letters, digits and underscores, and not one that the source has), or
/// the key has no public input, or more than [`MAX_INPUTS`].
///
/// # Soundness
/// A contract does not show whose key it has: whoever relies on one generates it from a key of its own or of a
/// ceremony, compiles it and compares the code, or compares `KEY_HASH` with [`EvmKey::hash`] and the source with this.
pub fn verifier(name: &str, key: &VerifyingKey) -> Result<String, EvmError> {
    check_name(name)?;
    let words = EvmKey::new(key)?;
    if words.inputs() > MAX_INPUTS {
        return Err(EvmError::Inputs { found: words.inputs(), max: MAX_INPUTS });
    }
    let filled = TEMPLATE
        .replace("{{name}}", name)
        .replace("{{inputs}}", &words.inputs().to_string())
        .replace("{{keyHash}}", &format!("0x{}", hex(&words.hash())))
        .replace("{{key}}", &hex(words.as_bytes()));
    Ok(format!("{GROTH16}\n{}{filled}", comment(key)))
}

fn check_name(name: &str) -> Result<(), EvmError> {
    let mut letters = name.bytes();
    // Solidity's keywords begin with a small letter.
    let fits = letters.next().is_some_and(|first| first.is_ascii_uppercase())
        && letters.all(|c| c.is_ascii_alphanumeric() || c == b'_')
        && name.len() <= MAX_NAME
        && !TAKEN.contains(&name);
    if fits { Ok(()) } else { Err(EvmError::Name { found: name.to_owned(), max: MAX_NAME }) }
}

/// What the contract's key is of, in comments.
fn comment(key: &VerifyingKey) -> String {
    let mut text = String::new();
    line(&mut text, &format!("Circuit {}", key.digest()));
    match key.provenance() {
        Provenance::SingleParty => {
            line(
                &mut text,
                "Key: made by a single party. WHOEVER RAN THE SETUP CAN FORGE PROOFS that this contract takes.",
            );
        }
        Provenance::Transcript(hash) => {
            line(&mut text, &format!("Key: made by a ceremony, whose transcript has the SHA-256 {hash}."));
        }
    }
    line(&mut text, "");
    line(&mut text, "Public inputs; a negative number -x is written p - x.");
    inputs(&mut text, key.table());
    text
}

fn inputs(text: &mut String, table: &PublicTable) {
    for entry in table.entries() {
        let (first, len) = (entry.first, entry.len());
        let range = if len == 1 { format!("[{first}]") } else { format!("[{first}..{}]", first + len - 1) };
        let what = match &entry.kind {
            PublicKind::Commitment => "commitment to private values".to_owned(),
            PublicKind::Element => "field element".to_owned(),
            PublicKind::Class { classes } => format!("class, 0 to {}", classes - 1),
            PublicKind::Tensor { shape, scale, lo, hi } => {
                format!("tensor {shape} of integers q, {lo} to {hi}, that stand for q / 2^{scale}")
            }
        };
        // Names come from files: what is not a printable letter of ASCII could end the comment.
        line(text, &format!("  {range} {} of item {}: {what}", entry.name.escape_default(), entry.item));
    }
    if let Some(error) = table.proven_error() {
        line(text, &format!("No score is farther than {error} from the float model's."));
    }
}

fn line(text: &mut String, content: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{}", format!("// {content}").trim_end());
}
