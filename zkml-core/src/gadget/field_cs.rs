//! Constraint system, as hashing and curves see it: public inputs, and arithmetic on whole field elements.

use ark_bn254::Fr;
use ark_ff::{One, Zero};

use crate::gadget::{Cs, product::polynomial::Identities};
use crate::number::{ArithError, Int, field::places};

/// Constraint system over field elements: public inputs, and the arithmetic that hashes and curves need.
pub trait FieldCs: Cs {
    /// A linear combination over the field, or its value.
    type F: Clone + 'static;

    /// A new public input.
    fn instance(&mut self, value: Option<Int>) -> Self::W;

    /// An integer as a field element.
    fn lift(&mut self, w: &Self::W) -> Self::F;

    /// `sum_i c_i * f_i + constant`.
    fn field_linear(&mut self, terms: &[(Fr, &Self::F)], constant: Fr) -> Self::F;

    /// `sum_i c_i * w_i` over the field, which is this integer where there are values.
    fn combine(&mut self, terms: &[(Fr, &Self::W)], value: Int) -> Self::W;

    /// Quotients, as [`FieldCs::field_quotient`], of many pairs at once.
    fn field_quotients(&mut self, pairs: &[(Self::F, Self::F)]) -> Vec<Self::F> {
        pairs.iter().map(|(n, d)| self.field_quotient(n, d)).collect()
    }

    /// Fractions of lookups, quotients of many pairs at once: few of them differ, so that they cost less in a proof.
    fn field_fractions(&mut self, pairs: &[(Self::F, Self::F)]) -> Vec<Self::F> {
        self.field_quotients(pairs)
    }

    /// A new witness variable that is the product.
    fn field_product(&mut self, a: &Self::F, b: &Self::F) -> Self::F;

    /// A new witness variable `q` with `q * d = n`: one constraint.
    ///
    /// `d` is not zero in any assignment that the constraints before this one accept: otherwise `q` might be anything.
    fn field_quotient(&mut self, n: &Self::F, d: &Self::F) -> Self::F;

    /// Enforces `a * b = c` over the field.
    fn field_enforce(&mut self, a: &Self::F, b: &Self::F, c: &Self::F);

    /// A new witness variable with this value, where there are values.
    fn field_witness(&mut self, value: Option<Fr>) -> Self::F;

    /// A new public input that equals `f`: one constraint.
    fn field_output(&mut self, f: &Self::F);

    /// Request: a number that nobody knows before all variables so far are fixed, for checks of many of them at once.
    ///
    /// # Errors
    /// If the proof system fixes all variables together, as Groth16 does.
    fn challenge(&mut self) -> Result<Self::F, ArithError> {
        Err(one_phase())
    }

    /// Whether all variables of a linear combination are fixed before the first challenge is known, as what a random check sees must
    /// be.
    fn precedes_challenge(&self, _: &Self::F) -> bool {
        true
    }

    /// A new variable of the phase of registered weights, which many proofs have in common.
    fn registered(&mut self, value: Option<Int>) -> Self::W;

    /// The same of a field element.
    fn field_registered(&mut self, value: Option<Fr>) -> Self::F;

    /// Request: a weight that is registered, and so need not be range-checked here; nothing where weights are not.
    fn weight(&mut self, _: Option<Int>) -> Option<Self::W> {
        None
    }

    /// Packed weights: `sum_k 2^(ck) * w_k`, for the place `c`; a variable if it is to be settled. `alone` says that it will be a first factor
    /// by itself.
    fn packed(&mut self, weights: &[&Self::W], place: u32, settled: bool, alone: bool) -> Self::F {
        let _ = alone;
        let lifted: Vec<Self::F> = weights.iter().map(|w| self.lift(w)).collect();
        let terms: Vec<(Fr, &Self::F)> = places(place).zip(&lifted).collect();
        let sum = self.field_linear(&terms, Fr::zero());
        if !settled {
            return sum;
        }
        let one = self.field_linear(&[], Fr::one());
        self.field_product(&sum, &one)
    }

    /// Request: identities of polynomials, enforced at a challenge when what was asked for is closed.
    ///
    /// # Errors
    /// If there is no challenge.
    fn identities(&mut self, _: Identities<Self::F>) -> Result<(), ArithError> {
        Err(one_phase())
    }
}

/// The error of a challenge where there is none.
pub(crate) fn one_phase() -> ArithError {
    let message = "a challenge is asked for, but all variables are fixed in one phase; prove in a system of two phases";
    ArithError::Backend(message.to_owned())
}
