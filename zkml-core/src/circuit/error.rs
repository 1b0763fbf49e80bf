//! Errors of circuits.

use crate::{
    dev,
    digest::Digest,
    error::{InputError, PlanError},
    graph::Visible,
    number::ArithError,
    prove::{ProveError, file::FileError},
};

/// A circuit that can't be built, or inputs that it can't prove.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CircuitError {
    /// A layer's values may outgrow the field.
    #[error("layer `{layer}`: {error}")]
    Arith {
        /// The layer, or `weights`.
        layer: String,
        /// The arithmetic's error.
        #[source]
        error: ArithError,
    },
    /// A batch of none, or of too many.
    #[error("a batch of {found}, expected 1 to {max}")]
    Batch {
        /// The batch asked for.
        found: usize,
        /// The largest possible.
        max: usize,
    },
    /// An input is not one of the model's.
    #[error("input {index}: {error}")]
    Input {
        /// Which of the batch.
        index: usize,
        /// Why not.
        #[source]
        error: InputError,
    },
    /// The circuit was loaded without its private weights.
    #[error(
        "the circuit has no weights: they are not public, so its file does not hold them; add them with `with_weights`"
    )]
    NoWeights,
    /// Weights are to be registered that are not private.
    #[error(
        "registered weights are {found:?}, expected Private: who may see them needs no registration, and what is registered is committed to there"
    )]
    Registers {
        /// Who sees them.
        found: Visible,
    },
    /// The circuit's weights are not registered.
    #[error("the circuit's weights are not registered; make it by `circuit_in::<Registered>`")]
    NotRegistered,
    /// The weights of another circuit.
    #[error("the weights are those of a circuit with the contents {found}, expected {expected}")]
    OtherWeights {
        /// [`Circuit::contents`](super::Circuit::contents) of the circuit that they would make.
        found: Digest,
        /// That of this circuit.
        expected: Digest,
    },
    /// A salt that can be guessed.
    #[error("the salt is below 2^64 and can be guessed; draw it from a cryptographic random generator")]
    Salt,
    /// The plan does not fit the graph.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The circuit would take more memory or time than it may.
    #[error(
        "the circuit has {found} {what}, more than {most}; if you want it nevertheless, raise `{what}` of its `Limits`"
    )]
    TooLarge {
        /// What there is too much of: a field of [`Limits`](super::Limits).
        what: &'static str,
        /// How much there is.
        found: usize,
        /// The most that may be.
        most: usize,
    },
    /// The graph or the plan says something of weights that the circuit is to hide.
    #[error(
        "{found} depends on the values of the weights, which the circuit is to hide; quantise the model for hidden weights: \
         give it that visibility, as `Model::with_visibility` does"
    )]
    Reveals {
        /// What does.
        found: String,
    },
    /// The public inputs can't be tabulated.
    #[error("the table of public inputs: {0}")]
    Table(String),
    /// The witness violates constraints: the first ones, readably.
    #[error("the witness violates {count} constraints, among them: {first}")]
    Unsatisfied {
        /// How many.
        count: usize,
        /// The first.
        first: String,
        /// All of them.
        failures: Vec<dev::check::Failure>,
    },
    /// The prover refused.
    #[error(transparent)]
    Prove(#[from] ProveError),
    /// A circuit file can't be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A circuit file holds something else than a circuit.
    #[error("the circuit file is malformed: {0}")]
    Malformed(String),
}
