//! Card of a layer, as data: its call, formula and shapes, its names in ONNX, Keras and Burn, and its constraints.

use std::fmt;

/// Card of a layer: what its documentation says, as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Card {
    /// The name in the DSL.
    pub name: &'static str,
    /// The formula of one output element.
    pub formula: &'static str,
    /// The shapes that it takes; and after a semicolon the one that it gives.
    ///
    /// `window(n)` is `(n + padding - dilation * (kernel - 1) - 1) / stride + 1`, rounded down, and `spread(n)` its inverse,
    /// `(n - 1) * stride + dilation * (kernel - 1) + 1 - padding + output_padding`.
    pub shape: &'static str,
    /// How many tensors it takes.
    pub arity: Arity,
    /// Its arguments, the obvious one (which may go unnamed) first.
    pub args: &'static [Arg],
    /// The ONNX operator.
    pub onnx: &'static str,
    /// The Keras layer.
    pub keras: &'static str,
    /// The Burn module or tensor operation.
    pub burn: &'static str,
    /// Constraints of one output element with public weights, as a formula; the layer's `# Constraints` open with it.
    ///
    /// | | |
    /// |---|---|
    /// | `bits` | bits of the inputs, with their sign |
    /// | `f` | weight scale of the plan: the fraction bits of weights and constants |
    /// | `n` | elements that become one: of a window, a channel, a group |
    /// | `n`, `k`, `m` | of a matrix product: `[n, k]` times `[k, m]` |
    /// | `out` | bits of the output |
    /// | `classes` | elements that are compared |
    /// | `products` | products of a power |
    /// | `at 2^-8` | with tables of that error, for inputs of at most 8 in magnitude |
    /// | `about` | within 5%; all else is exact |
    pub constraints: &'static str,
}

/// How many tensors a layer takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// That many.
    Exactly(usize),
    /// That many or more.
    AtLeast(usize),
}

impl Arity {
    /// Whether it takes `n` tensors.
    pub fn admits(self, n: usize) -> bool {
        match self {
            Self::Exactly(expected) => n == expected,
            Self::AtLeast(least) => n >= least,
        }
    }

    /// The fewest that it takes.
    pub fn least(self) -> usize {
        match self {
            Self::Exactly(n) | Self::AtLeast(n) => n,
        }
    }

    /// The most that it takes, if there is a limit.
    pub fn most(self) -> Option<usize> {
        match self {
            Self::Exactly(n) => Some(n),
            Self::AtLeast(_) => None,
        }
    }
}

impl fmt::Display for Arity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = if self.least() == 1 { "" } else { "s" };
        match self {
            Self::Exactly(n) => write!(f, "{n} tensor{s}"),
            Self::AtLeast(n) => write!(f, "at least {n} tensor{s}"),
        }
    }
}

/// An argument of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arg {
    /// Its name.
    pub name: &'static str,
    /// What it takes, as text for messages.
    pub takes: &'static str,
    /// Its default as it would be written, `None` where it must be given.
    pub default: Option<&'static str>,
}
