//! Card: what the documentation says of a gadget, as data. Tests hold it against what the gadget costs.

use crate::{
    gadget::{
        Piecewise,
        table::segments::{Sides, Tail},
    },
    number::{ArithError, Cost, Int, Interval},
};

/// The cost for values of so many bits.
pub type Example = fn(u32) -> Result<Cost, ArithError>;

/// What the documentation says of a gadget.
#[derive(Clone, Copy, Debug)]
pub struct Card {
    /// Its name, and that of its file.
    pub name: &'static str,
    /// What it computes.
    pub formula: &'static str,
    /// The constraints of the example: a formula in `bits`, which the gadget's documentation gives too.
    pub constraints: &'static str,
    /// An example, of values of so many bits with their sign.
    pub example: Example,
    /// What others publish of the same.
    pub published: &'static [Published],
}

/// A published count, and ours beside it.
#[derive(Clone, Copy, Debug)]
pub struct Published {
    /// What is counted.
    pub what: &'static str,
    /// Ours, for values of so many bits with their sign.
    pub ours: Example,
    /// Theirs, for 16 bits.
    pub theirs: &'static str,
    /// Where they say so.
    pub source: &'static str,
}

/// Citation: the comparators of circomlib.
pub const CIRCOMLIB: &str = "iden3/circomlib, `circuits/comparators.circom` and `circuits/bitify.circom`";
/// Citation: the layers of circomlib-ml.
pub const CIRCOMLIB_ML: &str = "socathie/circomlib-ml, `circuits/ReLU.circom` and `circuits/util.circom`";
/// Citation: Bionetta, a compiler of neural networks to circuits.
pub const BIONETTA: &str = "Bionetta, arXiv 2510.06784 and hackmd.io/@rarimo (\"at least 253\")";

/// All values of so many bits with their sign.
pub fn signed(bits: u32) -> Interval {
    let half = Int::ONE << (bits - 1);
    Interval { lo: -half, hi: half - Int::ONE }
}

/// A table of four parabolas for a wire at scale `input`, of cells of `2^3` and `2^5` cells a side.
pub(in crate::gadget) fn table(input: i32) -> Result<Piecewise, ArithError> {
    let pieces = (1..5).map(|i| vec![i, -i, i * i]).collect();
    let table = Piecewise::new((input, 8), 3, 5, Sides::Even, pieces, Tail::default());
    table.map_err(|e| ArithError::Backend(e.to_string()))
}
