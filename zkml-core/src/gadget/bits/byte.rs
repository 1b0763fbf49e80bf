//! Byte: eight bits, the most significant first: `x = sum_i 2^(7 - i) * b_i`
//!
//! That is the order in which SHA-256 (FIPS 180-4, section 3.1) reads bytes as bits, and bytes as words.

use crate::{
    gadget::{
        Cs, Limb,
        bits::boolean::{self, Bit},
    },
    number::{Int, interval::pow2},
};

/// A byte of a circuit: its bits, the most significant first.
///
/// # Soundness
/// Whoever makes one of wires must enforce that these are bits, as [`Byte::allocate`] and [`Byte::split`] do: [SHA-256] only sums the
/// first word of each block, and does not notice.
///
/// [SHA-256]: crate::gadget::hash::sha256
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Byte<W>(pub [Bit<W>; 8]);

impl<W: Clone + 'static> Byte<W> {
    /// A byte that the circuit itself knows: it costs nothing.
    pub fn known(value: u8) -> Self {
        Self(std::array::from_fn(|i| Bit::Known(value >> (7 - i) & 1 == 1)))
    }

    /// A new byte: eight constraints, eight witnesses.
    ///
    /// # Soundness
    /// Every bit is a boolean by its own constraint.
    pub fn allocate<C: Cs<W = W>>(cs: &mut C, value: Option<u8>) -> Self {
        Self(std::array::from_fn(|i| Bit::allocate(cs, value.map(|value| value >> (7 - i) & 1 == 1))))
    }

    /// The byte that a wire is, [`Cs::split`]: eight constraints, seven witnesses.
    ///
    /// # Soundness
    /// That of [`Cs::split`]: a wire that is not in `0..=255` has no witness.
    pub fn split<C: Cs<W = W>>(cs: &mut C, x: &W) -> Self {
        let [mut bits] = cs.split(x, [Limb::Bits(8)]);
        bits.reverse();
        let mut bits = bits.into_iter().map(Bit::Wire);
        Self(std::array::from_fn(|_| bits.next().unwrap_or(Bit::Known(false))))
    }

    /// Its number: a linear combination of its bits.
    pub fn number<C: Cs<W = W>>(&self, cs: &mut C) -> W {
        pack(cs, std::slice::from_ref(self))
    }

    /// The value, if the circuit itself knows all bits.
    pub fn as_known(&self) -> Option<u8> {
        self.0.iter().try_fold(0, |byte, bit| match bit {
            Bit::Known(bit) => Some(byte << 1 | u8::from(*bit)),
            Bit::Wire(_) => None,
        })
    }

    /// The value, where there is one.
    pub fn value<C: Cs<W = W>>(&self, cs: &C) -> Option<u8> {
        self.0.iter().try_fold(0, |byte, bit| Some(byte << 1 | u8::from(bit.value(cs)?)))
    }
}

/// The number that bytes make, big endian: a linear combination of their bits. *Unchecked*: of at most 31 bytes, which are below
/// the field's modulus.
pub fn pack<C: Cs>(cs: &mut C, bytes: &[Byte<C::W>]) -> C::W {
    let bits = bytes.iter().flat_map(|byte| &byte.0).rev();
    let terms: Vec<(Int, &Bit<C::W>)> = bits.enumerate().map(|(i, bit)| (pow2(i as u32), bit)).collect();
    boolean::linear(cs, &terms, Int::ZERO)
}

#[cfg(all(test, feature = "prove"))]
mod tests {
    use super::*;
    use crate::{
        arith::r1cs::{Assign, Build},
        dev::tamper::Harness,
    };

    fn both<C: Cs>(cs: &mut C, value: u8) -> [(Byte<C::W>, C::W); 3] {
        let wire = cs.witness(Some(Int::from(value)));
        let bytes = [Byte::known(value), Byte::allocate(cs, Some(value)), Byte::split(cs, &wire)];
        bytes.map(|byte| {
            let number = byte.number(cs);
            (byte, number)
        })
    }

    #[test]
    fn the_most_significant_bit_is_first() {
        for value in [0, 1, 0x80, 0xa5, 0xff] {
            let mut assign = Assign::new();
            for (byte, number) in both(&mut assign, value) {
                assert_eq!(number, Int::from(value));
                assert_eq!(byte.value(&assign), Some(value));
                assert_eq!(byte.0[0].value(&assign), Some(value >= 0x80));
                assert_eq!(byte.0[7].value(&assign), Some(value % 2 == 1));
            }
            let mut build = Build::new();
            both(&mut build, value);
            assert_eq!((build.constraints(), build.witnesses()), (8 + 8, 1 + 8 + 7));
            let (matrices, ..) = build.finish();
            let values = assign.finish();
            // But for the wire that is split, which is given: here it is the first.
            let harness = Harness::new(&matrices, &values, &[0]);
            assert!(harness.holds());
            assert_eq!(harness.freedom(&[0].into()), 0);
        }
    }

    #[test]
    fn bytes_pack_big_endian() {
        let mut assign = Assign::new();
        let bytes = [0x12, 0x34, 0x56].map(|value| Byte::allocate(&mut assign, Some(value)));
        assert_eq!(pack(&mut assign, &bytes), Int::new(0x12_3456));
        assert_eq!(pack(&mut assign, &bytes[..0]), Int::ZERO);
    }

    #[test]
    fn a_wire_that_is_no_byte_is_refused() {
        for (value, fits) in [(255, true), (256, false), (-1, false)] {
            let (mut build, mut assign) = (Build::new(), Assign::new());
            let wire = build.witness(None);
            Byte::split(&mut build, &wire);
            let wire = assign.witness(Some(Int::new(value)));
            Byte::split(&mut assign, &wire);
            let (matrices, ..) = build.finish();
            assert_eq!(matrices.unsatisfied(&assign.finish()).is_empty(), fits, "{value}");
        }
    }
}
