//! Ceremony: a setup by many parties, whose keys are sound if one of them was honest.
//!
//! | step | what it makes | whom it takes |
//! |---|---|---|
//! | phase 1 | [`Powers`] of `tau`, with `alpha` and `beta`, for all circuits | anyone: files of it are public |
//! | [`Lagrange`] | what follows from the powers for domains of a power of two, which most files have | nobody |
//! | [`initial()`] | the key of a circuit, whose deltas are one: nothing secret is added | nobody |
//! | [`contribute`] | the same key, with every delta times a fresh secret | each contributor, one after the other |
//! | [`check_chain`], [`check_key`] | nothing: they show who, if anyone, was dishonest | everybody |
//!
//! `gamma` is one. For powers of `tau` up to `2 n - 1`, all points of a key are combinations of theirs:
//!
//! ```text
//! [L_j]         = 1/n sum_i w^(-ij) [tau^i]                               an inverse transform over points
//! [L_j t]       = 1/n sum_i w^(-ij) ([tau^(n+i)] - [tau^i])               another
//! [a_i]         = sum_j A_ji [L_j]
//! [K_i]         = sum_j A_ji [beta L_j] + B_ji [alpha L_j] + C_ji [L_j]
//! ```
//!
//! A contributor with a secret `x_p` for phase `p` divides the points of that phase by `x_p`, and shows that it knows
//! `x_p` by `s, x_p s` in the first group and `x_p Q` in the second, for `Q` a hash of all that was contributed before.
//! So nobody can repeat what somebody else contributed, nor undo it.
//!
//! # Soundness
//! Nobody knows `tau`, `alpha`, `beta` if one contributor of phase 1 forgot its secrets, and the deltas are independent
//! and uniform if one of this ceremony did. That `gamma` is one lets nobody move public inputs: a proof's part without a
//! delta determines all that is over the deltas, and public inputs are over none.
//!
//! Where the powers end at `2 n - 2`, as those of a file for exactly `n` rows do, `[tau^(2n - 1)]` is taken for zero. The
//! points of the quotient then span `[tau^(n-1)]` besides, which would let all rows be wrong by `e w^-j` for one `e`.
//! The rows of the instance columns, which hold whatever the assignment is, make `e` zero. Honest proofs are the same:
//! their coefficients at `tau^(2n - 1)` cancel.
//!
//! Source: Bowe, Gabizon and Miers, "Scalable multi-party computation for zk-SNARK parameters in the random beacon
//! model" (2017); Kohlweiss, Maller, Siim and Volkhov, "Snarky ceremonies" (ASIACRYPT 2021).

mod bases;
mod check;
mod contribution;
mod fault;
mod follows;
mod hash;
mod initial;
pub mod link;
mod powers;
#[cfg(test)]
mod tests;
mod transform;

pub use bases::Lagrange;
pub use check::{Step, check, check_chain, check_divided, check_updates, key_hash};
pub use contribution::{Factors, Update, contribute, updates};
pub use fault::{Dishonest, Fault};
pub use follows::check_key;
pub use initial::{initial, quotient_of_columns};
pub use powers::Powers;
