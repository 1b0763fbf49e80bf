//! Gadgets: what is nonlinear, and so costs constraints. One file each; what it computes (`eval`), what is known of the
//! result (`bound`), what it costs (`cost`) and the constraints (`enforce`) side by side.
//!
//! A gadget never sees a tensor. It trusts that its input lies within the interval given: whoever made the wire has
//! enforced that, all the way back to the range checks of inputs and weights.

pub mod abs;
pub mod argmax;
mod bits;
pub mod clip;
#[cfg(feature = "prove")]
pub mod commitment;
pub mod decompose;
pub mod div;
pub mod divisor;
pub mod is_zero;
pub mod lack;
pub mod leading;
pub mod leaky;
pub mod magnitude;
pub mod matrix;
pub mod max;
pub mod non_negative;
mod part;
pub mod piecewise;
#[cfg(feature = "prove")]
pub mod poseidon;
pub mod range;
pub mod relu;
pub mod rescale;
pub mod select;
pub mod sign;
pub mod sqrt;
pub mod square;
pub mod table;
pub mod winograd;
pub mod zero;

#[cfg(all(test, feature = "prove"))]
mod tests;
#[cfg(all(test, feature = "prove"))]
mod tests_compare;

use crate::arith::Int;

/// What a gadget needs of a constraint system.
///
/// There are three: one records constraints, one computes the witness, one counts. The same gadget runs over all, so that the
/// variables of one are those of the others, in order.
pub trait Cs {
    /// A linear combination of variables, or its value.
    type W: Clone + 'static;

    /// `sum_i c_i * w_i + constant`.
    fn linear(&mut self, terms: &[(Int, &Self::W)], constant: Int) -> Self::W;

    /// The value, where there are values.
    fn value(&self, w: &Self::W) -> Option<Int>;

    /// A new witness variable; the value is given exactly where [`Cs::value`] gives values.
    fn witness(&mut self, value: Option<Int>) -> Self::W;

    /// Enforces `a * b = c`.
    fn enforce(&mut self, a: &Self::W, b: &Self::W, c: &Self::W);

    /// A new witness variable `v` with `x * v = rhs`: the inverse of `x` times `rhs`, or zero where `x` is zero.
    ///
    /// `v` is *declared free*: where `x` and `rhs` are zero it may be anything, and nothing else may depend on it.
    fn inverse(&mut self, x: &Self::W, rhs: &Self::W);

    /// Names the gadget that the next constraints belong to, for reports.
    fn label(&mut self, gadget: &'static str);

    /// A known integer.
    fn constant(&mut self, value: Int) -> Self::W {
        self.linear(&[], value)
    }

    /// A new witness variable that is `0` or `1`.
    fn boolean(&mut self, value: Option<Int>) -> Self::W {
        let bit = self.witness(value);
        let rest = self.linear(&[(-Int::ONE, &bit)], Int::ONE);
        let zero = self.constant(Int::ZERO);
        self.enforce(&bit, &rest, &zero);
        bit
    }

    /// A new witness variable that is the product.
    fn product(&mut self, a: &Self::W, b: &Self::W) -> Self::W {
        let value = self.value(a).zip(self.value(b)).map(|(a, b)| a.wrapping_mul(b));
        let p = self.witness(value);
        self.enforce(a, b, &p);
        p
    }

    /// Enforces that `a` is zero.
    fn enforce_zero(&mut self, a: &Self::W) {
        let (one, zero) = (self.constant(Int::ONE), self.constant(Int::ZERO));
        self.enforce(a, &one, &zero);
    }
}
