//! Bounties: weights that are handed over for a reward, encrypted to whoever pays it.

pub mod keys;
