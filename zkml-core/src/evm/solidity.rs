//! The contracts: `library Groth16`, which has the pairing equation, and `library TwoPhase`, which has that of several
//! phases and the challenge; and of each system two that use them: a verifier for one key, and one for any key.
//!
//! | | for one key | for any key |
//! |---|---|---|
//! | source | [`verifier`], [`registered_verifier`] write it | [`GENERIC`], [`Sources::generic`](super::system::Sources::generic) |
//! | bytecode | what `solc` makes of it | [`generic_bytecode_of`], [`registered_bytecode`] |
//! | its key | constants in its code | an argument, whose keccak256 the caller must know; with registered weights, the contract |
//! | registered weights | constants in its code | fixed when it is made |
//! | public inputs | at most [`EvmSystem::MAX_INPUTS`] | at most [`EvmKeyOf::MAX_INPUTS`] |
//!
//! All revert rather than return false: on inputs at or above the modulus, of another number, on points that are not
//! in their groups, and where the equation does not hold.
//!
//! # Soundness
//! Whoever ran the setup of a key by a single party can make proofs of anything that its contract takes: the source
//! says so. The contract for any key proves nothing by itself, for a prover may bring a key of its own. Challenges are
//! computed by the contracts, from the words that go into the equation.

use std::fmt::Write as _;

use super::{
    error::EvmError,
    key::EvmKeyOf,
    system::EvmSystem,
    word::{Word, of_g1},
};
use crate::prove::{
    Groth16, ProofSystem, Provenance, PublicKind, PublicTable, Registered, VerifyingKeyOf, WeightsCommitment, hex,
    phased::Phased,
};

/// The library: the pairing equation, in one place.
pub const GROTH16: &str = include_str!("solidity/Groth16.sol");

/// The library of several phases, which imports `./Groth16.sol`.
pub const TWO_PHASE: &str = include_str!("solidity/TwoPhase.sol");

/// The contract for any key, which imports `./Groth16.sol`.
pub const GENERIC: &str = include_str!("solidity/Groth16Verifier.sol");

/// What [`TWO_PHASE`] has before its own contents, where it is a file of its own.
const IMPORT: &str = "import {Groth16} from \"./Groth16.sol\";\n";

/// [`EvmSystem::MAX_INPUTS`] of Groth16.
pub const MAX_INPUTS: usize = <Groth16 as EvmSystem>::MAX_INPUTS;

/// The most letters of a contract's name.
pub const MAX_NAME: usize = 64;

/// The creation code of the contract for any key, as solc 0.8.37 makes it of [`GENERIC`]: for cancun, optimised for 200
/// runs, without metadata.
pub fn generic_bytecode() -> Vec<u8> {
    generic_bytecode_of::<Groth16>()
}

/// [`generic_bytecode`] of any system in which nothing is registered.
pub fn generic_bytecode_of<S: EvmSystem + Phased<Registered = ()>>() -> Vec<u8> {
    code::<S>()
}

/// The creation code of the contract that takes proofs of this key and these weights, and the key with each call: of
/// constant size, and then what its constructor takes, the key's hash and the commitment.
///
/// # Errors
/// If the key has no public input or more than [`EvmKeyOf::MAX_INPUTS`], or the weights are registered under another.
///
/// # Soundness
/// Whoever relies on a contract compares `KEY_HASH`, `WEIGHTS_X` and `WEIGHTS_Y` with [`EvmKeyOf::hash`] and the
/// commitment that it knows.
pub fn registered_bytecode(key: &VerifyingKeyOf<Registered>, weights: &WeightsCommitment) -> Result<Vec<u8>, EvmError> {
    Registered::admit_registered(key.vk(), weights)?;
    let [x, y] = of_g1(&weights.point());
    Ok([&code::<Registered>(), [EvmKeyOf::new(key)?.hash(), x, y].as_flattened()].concat())
}

fn code<S: EvmSystem>() -> Vec<u8> {
    let digit = |c: &u8| char::from(*c).to_digit(16).unwrap_or_default() as u8;
    let (pairs, _) = S::SOURCES.generic_hex.trim_end().as_bytes().as_chunks::<2>();
    pairs.iter().map(|[high, low]| digit(high) << 4 | digit(low)).collect()
}

/// The Solidity source of a contract of that name, which takes the proofs of that key and no others:
/// `verify(uint256[n] inputs, uint256[8] proof)`, or `uint256[10]` in two phases, reverts unless the proof is one. The
/// source stands alone, and says what the public inputs mean.
///
/// # Errors
/// If the name is none (a capital letter, then letters, digits and underscores, and not one that the source has), or
/// the key has no public input, or more than [`EvmSystem::MAX_INPUTS`].
///
/// # Soundness
/// A contract does not show whose key it has: whoever relies on one generates it from a key of its own or of a
/// ceremony, compiles it and compares the code, or compares `KEY_HASH` with [`EvmKeyOf::hash`] and the source with
/// this.
pub fn verifier<S: EvmSystem + Phased<Registered = ()>>(
    name: &str,
    key: &VerifyingKeyOf<S>,
) -> Result<String, EvmError> {
    registered_verifier(name, key, &())
}

/// As [`verifier`], where something is registered: it takes the proofs of that key and these weights.
///
/// # Errors
/// As [`verifier`], or if the weights are registered under another key.
///
/// # Soundness
/// As [`verifier`]; and the weights must come from where they were registered, never from who sends proofs.
pub fn registered_verifier<S: EvmSystem>(
    name: &str,
    key: &VerifyingKeyOf<S>,
    registered: &<S as Phased>::Registered,
) -> Result<String, EvmError> {
    check_name::<S>(name)?;
    S::admit_registered(key.vk(), registered)?;
    let words = EvmKeyOf::new(key)?;
    if words.inputs() > S::MAX_INPUTS {
        return Err(EvmError::Inputs { found: words.inputs(), max: S::MAX_INPUTS });
    }
    let number = |word: &Word| format!("0x{}", hex(word));
    let filled = (S::SOURCES.template)
        .replace("{{name}}", name)
        .replace("{{inputs}}", &words.inputs().to_string())
        .replace("{{keyHash}}", &number(&words.hash()))
        .replace("{{key}}", &hex(words.as_bytes()));
    let pinned = S::pinned(registered);
    let filled = pinned.iter().fold(filled, |text, (place, word)| text.replace(place, &number(word)));
    let libraries = S::SOURCES.libraries.iter().map(|text| text.split_once(IMPORT).map_or(*text, |(_, rest)| rest));
    Ok(format!("{}\n{}{filled}", libraries.collect::<String>(), comment(key)))
}

fn check_name<S: EvmSystem>(name: &str) -> Result<(), EvmError> {
    let mut letters = name.bytes();
    // Solidity's keywords begin with a small letter.
    let fits = letters.next().is_some_and(|first| first.is_ascii_uppercase())
        && letters.all(|c| c.is_ascii_alphanumeric() || c == b'_')
        && name.len() <= MAX_NAME
        && !S::SOURCES.taken.contains(&name);
    if fits { Ok(()) } else { Err(EvmError::Name { found: name.to_owned(), max: MAX_NAME }) }
}

/// What the contract's key is of, in comments.
fn comment<S: ProofSystem>(key: &VerifyingKeyOf<S>) -> String {
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
