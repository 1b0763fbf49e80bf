//! Domains of commitments: `domain = (subject, SHA-256(what its integers mean))`.

use sha2::{Digest as _, Sha256};

use crate::{
    gadget::hash::commitment::{Domain, Subject},
    plan::Plan,
    shape::Shape,
};

impl Domain {
    /// `context = SHA-256(plan as JSON)`: the weights of a model under that plan, which names its graph and hence all shapes.
    ///
    /// Circuits of one plan have equal commitments to equal weights under equal salts, whatever their visibility and batch.
    pub fn weights(plan: &Plan) -> Self {
        // A plan holds names, numbers and lists: writing it as JSON does not fail.
        let json = serde_json::to_vec(plan).unwrap_or_default();
        Self { subject: Subject::Weights, context: Sha256::digest(json).into() }
    }

    /// `context = SHA-256(scale: i32 | rank: u64 | dimensions: u64 ..)`, little endian: integers `q` that stand for
    /// `q / 2^scale`, row major.
    pub fn tensor(subject: Subject, shape: &Shape, scale: i32) -> Self {
        let mut hash = Sha256::new().chain_update(scale.to_le_bytes());
        for n in std::iter::once(shape.rank()).chain(shape.dims().iter().copied()) {
            hash.update((n as u64).to_le_bytes());
        }
        Self { subject, context: hash.finalize().into() }
    }
}
