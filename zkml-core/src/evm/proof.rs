//! Proof as eight words: `A.x, A.y, B.x imaginary, B.x real, B.y imaginary, B.y real, C.x, C.y`; in several phases as
//! ten, with `D.x, D.y` at the end.

use super::{
    error::EvmError,
    points::{to_g1, to_g2},
    word::{Word, of_g1, of_g2},
};
use crate::prove::phased::Points;

/// A proof as a contract takes it: `uint256[8]`.
pub type ProofWords = [Word; 8];

/// The words of a proof's points.
pub fn to_words(proof: &Points) -> ProofWords {
    first_words(proof)
}

/// Those of `A`, `B` and `C`, in any system.
pub(super) fn first_words(proof: &Points) -> ProofWords {
    let [ax, ay] = of_g1(&proof.a);
    let [bx1, bx0, by1, by0] = of_g2(&proof.b);
    let [cx, cy] = of_g1(&proof.c);
    [ax, ay, bx1, bx0, by1, by0, cx, cy]
}

/// The points of a proof's words.
///
/// # Errors
/// If a coordinate is not below the modulus of the base field, or a point is not on its curve or, of G2, not in the
/// subgroup of prime order: what the precompiles refuse.
pub fn from_words(words: &ProofWords) -> Result<Points, EvmError> {
    from_first_words(words)
}

/// `A`, `B` and `C` of words, in any system.
pub(super) fn from_first_words(words: &ProofWords) -> Result<Points, EvmError> {
    let [ax, ay, bx1, bx0, by1, by0, cx, cy] = *words;
    Ok(Points {
        a: to_g1(&[ax, ay], "the proof's A", 0)?,
        b: to_g2(&[bx1, bx0, by1, by0], "the proof's B", 0)?,
        c: to_g1(&[cx, cy], "the proof's C", 0)?,
        commitments: vec![],
    })
}
