//! Gadgets: what is nonlinear, and so costs constraints. One file each; what it computes (`eval`), what is known of the
//! result (`bound`), what it costs (`cost`) and the constraints (`enforce`) side by side.
//!
//! A gadget never sees a tensor. It trusts that its input lies within the interval given: whoever made the wire has
//! enforced that, all the way back to the range checks of inputs and weights.
//!
//! To add one: write its file in the folder of its family, and add `file: Type` to the list in [`gadgets!`](self). Every reading of
//! [`Arith`](crate::arith::Arith) knows it by [`Arith::apply`](crate::arith::Arith::apply), and tests hold its card against its cost.

pub mod card;
pub mod cs;
#[cfg(feature = "prove")]
pub mod field_cs;
pub mod functions;
pub mod wires;

#[cfg(all(test, feature = "prove"))]
mod tests;

#[cfg(feature = "prove")]
pub use self::field_cs::FieldCs;
pub use self::{
    card::Card,
    cs::{Cs, Limb},
    functions::Functions,
    wires::{Many, Of, One, Three, Two, Wires},
};
use crate::number::{Approximate, ArithError, Cost, Int, Integer, Interval, Measure};

/// What a gadget's constraints say of its inputs, whatever field elements these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confines {
    /// Nothing.
    Nothing,
    /// The one input is within this interval.
    To(Interval),
    /// Each input is at most the one result, and at most so much below it.
    Below(Int),
}

/// A gadget: one formula on integers, with what is known of its results, its cost and its constraints.
///
/// Its fields are what it is told beside its inputs: how a value is cut, the ends of a clip, a table.
pub trait Gadget {
    /// What the documentation says of it, as data.
    const CARD: Card;

    /// How many wires it takes.
    type In: Wires;

    /// How many wires it gives.
    type Out: Wires;

    /// Refuses inputs within their intervals that have no witness, and so no result.
    ///
    /// # Errors
    /// If this is one.
    fn admit<T: Integer>(&self, _: &Of<Self::In, T>) -> Result<(), ArithError> {
        Ok(())
    }

    /// As [`Gadget::admit`], where range checks are lookups: they may exclude a value more.
    ///
    /// # Errors
    /// As there.
    fn admit_with_lookups<T: Integer>(&self, x: &Of<Self::In, T>) -> Result<(), ArithError> {
        self.admit(x)
    }

    /// The formula.
    fn eval<T: Integer>(&self, x: Of<Self::In, T>) -> Of<Self::Out, T>;

    /// The intervals of the results.
    ///
    /// # Errors
    /// If the gadget is not defined for all inputs, or a result may reach `2^250`.
    fn bound(&self, x: Of<Self::In, &Interval>) -> Result<Of<Self::Out, Interval>, ArithError>;

    /// How far the results may be from those of the formula on real numbers, for inputs that are off by their errors;
    /// infinite where no bound is known. The results are in the intervals of [`Gadget::bound`].
    ///
    /// # Errors
    /// As [`Gadget::bound`].
    fn error(
        &self,
        x: Of<Self::In, &Approximate>,
        y: &Of<Self::Out, Interval>,
        functions: &mut dyn Functions,
    ) -> Result<Of<Self::Out, f64>, ArithError>;

    /// The bits of the largest magnitude on the way from inputs to results, where it may exceed both.
    ///
    /// # Errors
    /// As [`Gadget::bound`].
    fn intermediate(&self, x: Of<Self::In, &Interval>) -> Result<u32, ArithError>;

    /// What the constraints cost.
    ///
    /// # Errors
    /// As [`Gadget::bound`], and if a decomposition needs more than 252 bits.
    fn cost(&self, x: Of<Self::In, &Interval>) -> Result<Cost, ArithError>;

    /// What the constraints say of inputs that nobody has shown to be within these intervals: range checks that need not be made before.
    ///
    /// # Errors
    /// As [`Gadget::cost`].
    fn confines(&self, _: Of<Self::In, &Interval>, _looks_up: bool) -> Result<Confines, ArithError> {
        Ok(Confines::Nothing)
    }

    /// How many variables the results' linear combinations have, at most.
    ///
    /// # Errors
    /// As [`Gadget::cost`].
    fn terms(&self, x: Of<Self::In, &Measure>) -> Result<Of<Self::Out, u32>, ArithError>;

    /// Enforces the results.
    ///
    /// # Errors
    /// As [`Gadget::cost`].
    fn enforce<C: Cs>(
        &self,
        cs: &mut C,
        x: Of<Self::In, (&C::W, &Interval)>,
    ) -> Result<Of<Self::Out, C::W>, ArithError>;
}

/// Declares the modules and the cards of all gadgets from one list.
macro_rules! gadgets {
    ($(
        $(#[$meta:meta])*
        $room:ident($($(#[$only:meta])* $visible:vis $shared:ident),* $(,)?) { $($module:ident: $name:ident),* $(,)? }
    )*) => {
        $(
            $(#[$meta])*
            pub mod $room {
                $($(#[$only])* $visible mod $shared;)*
                $(pub mod $module;)*
            }
            $(pub use self::$room::$module::$name;)*
        )*

        /// The cards of all gadgets, in the order of the list.
        pub const CARDS: &[Card] = &[$($(<$name as Gadget>::CARD,)*)*];
    };
}

// In parentheses: helper modules of a family, which are no gadgets. In braces: `file: Gadget`.
gadgets! {
    /// Bit decompositions, and what is read off them: range checks, signs, comparisons with constants.
    bits(
        #[cfg(feature = "bounty")]
        pub boolean,
        #[cfg(feature = "bounty")]
        pub byte,
        pub decompose,
        pub(super) logic,
        pub ones_complement,
        pub range,
        pub spread,
        pub zero,
    ) {}

    /// Rescaling, and activations that share its bit decomposition.
    rescaling() {
        rescale: Rescale,
        relu: Relu,
        leaky: Leaky,
        clip: Clip,
        abs: Abs,
    }

    /// Comparisons: signs, zero tests, maxima, selection.
    compare() {
        is_non_negative: IsNonNegative,
        max: Max,
        is_zero: IsZero,
        select: Select,
        argmax: Argmax,
        sign: Sign,
        sign_magnitude: SignMagnitude,
    }

    /// Functions by piecewise polynomials.
    table(pub segments) {
        piecewise: Piecewise,
        normalize: Normalize,
        exponentials: Exponentials,
    }

    /// Products of variables: squares, matrix products, convolutions.
    product(pub choose, pub consumer, pub(crate) kernel, pub linear_map, pub linear_operator, pub matrix, pub packed, pub polynomial, pub(crate) polynomial_products, pub winograd) {
        square: Square,
    }

    /// Integer division and square roots.
    division() {
        div: Div,
        sqrt: Sqrt,
    }

    /// The Poseidon hash, commitments and encryption by it; SHA-256.
    #[cfg(feature = "prove")]
    hash(
        grain,
        pub poseidon,
        pub packing,
        pub chain,
        pub commitment,
        #[cfg(feature = "bounty")]
        pub merkle,
        #[cfg(feature = "bounty")]
        pub cipher,
        #[cfg(feature = "bounty")]
        pub sha256,
    ) {}

    /// The curve Baby Jubjub, and key agreement on it.
    #[cfg(feature = "bounty")]
    curve(pub baby_jubjub, pub scalar_mul, pub ecdh) {}
}
