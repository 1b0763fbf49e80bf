//! What the targets share.
#![forbid(unsafe_code)]

use std::sync::LazyLock;

use zkml::{
    digest::Digest,
    prelude::*,
    prove::{Fr, Kind, Matrices, Powers, PublicKind, PublicTable, file},
    rand::{SeedableRng, rngs::StdRng},
};

/// A network that is small enough to do everything with, many times a second.
#[zk_model(weights = private, range = -8..=7)]
pub fn small(x: Tensor<4>) -> Class<2> {
    let hidden = relu(dense(x, 3));
    argmax(dense(hidden, 2))
}

/// Its model, the same each time.
pub fn model() -> Model {
    Small::init(&mut StdRng::seed_from_u64(1)).expect("the network was checked while compiling").into()
}

/// The constraint of a public square, twice: so that with one and the square there are four rows, which files of keys ask to be a power of two.
pub fn square() -> Matrices {
    let column = |i: usize| vec![vec![(Fr::from(1u64), i)]; 2];
    Matrices { abc: [column(2), column(2), column(1)], instance: 2, witness: 1, ..Matrices::default() }
}

/// What is public of it.
pub fn table() -> PublicTable {
    PublicTable::new([("square".to_owned(), 0, PublicKind::Element)]).expect("a table")
}

/// Powers of known secrets, for it: made once, since they take longer than to read a file.
pub static POWERS: LazyLock<Powers> = LazyLock::new(|| Powers::known([5u64, 6, 7].map(Fr::from), 4));

/// The bytes as the payload of a file with the header and the checksum of its kind, which a fuzzer would not find. The
/// first 32 bytes are the circuit's digest.
pub fn sealed(bytes: &[u8], kind: Kind) -> Vec<u8> {
    let (digest, payload) = bytes.split_first_chunk::<32>().unwrap_or((&[0; 32], bytes));
    file::write(kind, &Digest(*digest), payload)
}

/// A panic below this crate is caught by the reader that uses it, and is none of ours: libFuzzer must not see it.
pub fn contained_panics(name: &'static str) {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !info.location().is_some_and(|at| at.file().contains(name)) {
            hook(info);
        }
    }));
}
