//! Limbs: the integer of a field element, in four words.

use ark_bn254::{Fq, Fr};
use ark_ff::PrimeField;

/// A field whose elements are integers below a modulus of 254 bits.
pub trait Limbs {
    /// The integer of an element, the least significant word first.
    fn limbs(&self) -> [u64; 4];
}

// Not inlined: arkworks unrolls the reduction, which would be compiled anew in each crate.
impl Limbs for Fr {
    #[inline(never)]
    fn limbs(&self) -> [u64; 4] {
        self.into_bigint().0
    }
}

impl Limbs for Fq {
    #[inline(never)]
    fn limbs(&self) -> [u64; 4] {
        self.into_bigint().0
    }
}
