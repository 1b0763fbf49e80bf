//! What a bounty's contract hashes: `ctx = keccak256(chain id, factory, bounty, hunter) mod p`, `z = keccak256(tag,
//! ctx, root, cm, m) mod p` and `v = sum_i m_i z^i`.
//!
//! | hashed | bytes |
//! |---|---|
//! | `ctx`: `abi.encode` | chain id, factory, bounty, hunter: a word each, addresses to the right |
//! | `z`: `abi.encodePacked` | tag (ASCII to the left), `ctx`, `root`, `cm`, then the elements of the message: a word each |
//!
//! # Soundness
//! The contract computes all three: none is an argument. `z` depends on the whole message and on the circuit's
//! commitment `cm` to it, so a message other than the committed one has the same `v` with probability at most `n / p`,
//! `n` being its length. `ctx` differs between chains, factories, bounties and hunters, up to a collision of keccak256:
//! what is proved for one is nothing for another.

use ark_ff::Zero;

use super::word::{Word, keccak256, of_field, of_int, reduce};
use crate::prove::Fr;

/// An account on the chain.
pub type Address = [u8; 20];

/// `ctx = keccak256(abi.encode(chain_id, factory, bounty, hunter)) mod p`: who proves what to whom. A data statement is
/// nobody's: its hunter is the zero address.
///
/// ```
/// # use zkml_core::evm::bounty_context;
/// let of = |chain| bounty_context(chain, &[0x11; 20], &[0x22; 20], &[0x33; 20]);
/// assert_ne!(of(1), of(10));
/// ```
pub fn bounty_context(chain_id: u64, factory: &Address, bounty: &Address, hunter: &Address) -> Fr {
    let mut bytes = of_int(chain_id).to_vec();
    for address in [factory, bounty, hunter] {
        bytes.extend_from_slice(&[0; 12]);
        bytes.extend_from_slice(address);
    }
    reduce(&keccak256(&bytes))
}

/// `z = keccak256(abi.encodePacked(tag, ctx, root, cm, m..)) mod p`; `root` is the dataset of a data message, and the
/// commitment to the weights of a delivery.
pub fn challenge(tag: &Word, ctx: Fr, root: Fr, cm: Fr, m: &[Fr]) -> Fr {
    let mut bytes = Vec::with_capacity(32 * (4 + m.len()));
    bytes.extend_from_slice(tag);
    for x in [ctx, root, cm].iter().chain(m) {
        bytes.extend_from_slice(&of_field(*x));
    }
    reduce(&keccak256(&bytes))
}

/// `v = sum_i m_i z^i`, by Horner.
///
/// ```
/// # use zkml_core::{evm::combine, prove::Fr};
/// assert_eq!(combine(Fr::from(10), &[1, 2, 3].map(Fr::from)), Fr::from(321));
/// ```
pub fn combine(z: Fr, m: &[Fr]) -> Fr {
    m.iter().rev().fold(Fr::zero(), |v, m| v * z + m)
}
