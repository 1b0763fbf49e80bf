//! What a layer is to the passes of the optimiser: which other layers it commutes with.

/// The algebra of a layer's formula, in exact reals, for any parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `y_o = sum_i w_oi x_i + b_o` with parameters `weight`, one row an output channel (the last axis of `dense`, the
    /// first of a convolution), and perhaps `bias`.
    Weighted,
    /// Every element of the output is an element of the input, or zero: any function of elements that keeps zero
    /// commutes with it.
    Rearrangement,
    /// `y = sum_i c_i x_i` with constants `c_i >= 0`: sums and means.
    Sum,
    /// The largest of some elements: commutes with every function of elements that never falls.
    Maximum,
    /// The smallest of some elements: commutes with every function of elements that never falls.
    Minimum,
    /// A function of each element that never falls, with `f(c x) = c f(x)` for every `c > 0`.
    Rectifier,
    /// A function of each element that never falls.
    Monotone,
    /// A function of each element that rises everywhere.
    Increasing,
    /// A function of all elements along an axis that keeps their order.
    Order,
    /// A function of each element.
    Elementwise,
    /// Anything else.
    Other,
}

impl Kind {
    /// Whether each element of the output is a function of the same element of the input.
    pub fn is_elementwise(self) -> bool {
        match self {
            Self::Rectifier | Self::Monotone | Self::Increasing | Self::Elementwise => true,
            Self::Weighted
            | Self::Rearrangement
            | Self::Sum
            | Self::Maximum
            | Self::Minimum
            | Self::Order
            | Self::Other => false,
        }
    }

    /// Whether a greater element of the input never gives a smaller element of the output.
    pub fn is_monotone(self) -> bool {
        match self {
            Self::Rectifier | Self::Monotone | Self::Increasing => true,
            Self::Weighted
            | Self::Rearrangement
            | Self::Sum
            | Self::Maximum
            | Self::Minimum
            | Self::Elementwise
            | Self::Order
            | Self::Other => false,
        }
    }

    /// Whether `f(c x) = c f(x)` for every `c > 0`.
    pub fn is_homogeneous(self) -> bool {
        match self {
            Self::Rearrangement | Self::Sum | Self::Maximum | Self::Minimum | Self::Rectifier => true,
            Self::Weighted | Self::Monotone | Self::Increasing | Self::Elementwise | Self::Order | Self::Other => false,
        }
    }

    /// Whether `f(c x) = c f(x)` for every `c`.
    pub fn is_linear(self) -> bool {
        match self {
            Self::Rearrangement | Self::Sum => true,
            Self::Weighted
            | Self::Maximum
            | Self::Minimum
            | Self::Rectifier
            | Self::Monotone
            | Self::Increasing
            | Self::Elementwise
            | Self::Order
            | Self::Other => false,
        }
    }
}
