//! Packing of integers into field elements: `e = sum_i 2^(o_i) * (v_i - lo_i)`
//!
//! A value `v` of the interval `lo..=hi` is `v - lo` in `b = bit_len(hi - lo)` bits, which are placed at the offset `o` after
//! those of the value before it, from the lowest bit up. No element takes more than 252 bits and no value straddles two: one that
//! does not fit opens the next element. A value that has only one choice takes no bits, and opens no element.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, Zero};

use crate::{
    gadget::{FieldCs, bits::decompose, hash::poseidon},
    number::{
        ArithError, Int, Interval,
        field::{to_field, to_int},
        interval::{bit_len, pow2},
    },
};

/// Values that can't be packed, and elements that pack none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// A value is not within its interval: it would be packed over its neighbours, and a commitment open two ways.
    #[error("value {index} is {found}, expected {} to {}", .expected.lo, .expected.hi)]
    Value {
        /// Which one.
        index: usize,
        /// What it is.
        found: Int,
        /// Its interval.
        expected: Interval,
    },
    /// An interval is none that a circuit has.
    #[error("the interval of value {index}: {error}")]
    Interval {
        /// Of which value.
        index: usize,
        /// What is wrong with it.
        error: ArithError,
    },
    /// There are fewer or more elements than the intervals take.
    #[error("{found} elements, expected {expected} for these intervals")]
    Elements {
        /// How many there are.
        found: usize,
        /// How many the intervals take.
        expected: usize,
    },
    /// An element has bits above those of its values: nothing is packed so.
    #[error("element {index} has bits above those of its values: it was not packed for these intervals")]
    Rest {
        /// Which one.
        index: usize,
    },
}

/// Where the next value goes.
#[derive(Debug, Default)]
struct Packer {
    elements: usize,
    used: u32,
}

impl Packer {
    /// The bit offset of a value in the last element; if it is zero, the value opens that element. None for a value
    /// that takes no bits.
    fn place(&mut self, interval: &Interval) -> Option<u32> {
        let bits = bit_len(interval.hi - interval.lo);
        if bits == 0 {
            return None;
        }
        if self.elements == 0 || self.used + bits > decompose::MAX {
            self.elements += 1;
            self.used = 0;
        }
        let offset = self.used;
        self.used += bits;
        Some(offset)
    }
}

/// `2^0, .., 2^251`.
fn powers() -> Vec<Fr> {
    std::iter::successors(Some(Fr::ONE), |p| Some(p.double())).take(decompose::MAX as usize).collect()
}

/// How many elements values of these intervals take.
pub fn elements(intervals: &[Interval]) -> usize {
    let mut packer = Packer::default();
    for interval in intervals {
        packer.place(interval);
    }
    packer.elements
}

/// The elements of values, each within its interval.
///
/// # Errors
/// If a value is not within its interval, or an interval's ends are not ascending and below `2^250` in magnitude.
///
/// ```
/// # use zkml_core::number::{Int, Interval};
/// # use zkml_core::gadget::hash::packing::{pack, unpack};
/// # use zkml_core::prove::Fr;
/// let byte = Interval::new(Int::ZERO, Int::new(255))?;
/// let elements = pack(&[(Int::new(3), byte), (Int::new(7), byte)]).unwrap();
/// assert_eq!(elements, [Fr::from(3 + 7 * 256)]);
/// assert_eq!(unpack(&[byte; 2], &elements).unwrap(), [Int::new(3), Int::new(7)]);
/// let error = unpack(&[byte], &elements).unwrap_err();
/// assert_eq!(error.to_string(), "element 0 has bits above those of its values: it was not packed for these intervals");
/// # Ok::<(), zkml_core::number::ArithError>(())
/// ```
pub fn pack(values: &[(Int, Interval)]) -> Result<Vec<Fr>, PackError> {
    let (powers, mut packer) = (powers(), Packer::default());
    let mut elements: Vec<Fr> = Vec::new();
    for (index, (value, interval)) in values.iter().enumerate() {
        check(index, interval)?;
        if !interval.contains(*value) {
            return Err(PackError::Value { index, found: *value, expected: *interval });
        }
        let Some(offset) = packer.place(interval) else {
            continue;
        };
        let part = to_field(*value - interval.lo) * powers[offset as usize];
        match elements.last_mut() {
            Some(element) if offset > 0 => *element += part,
            _ => elements.push(part),
        }
    }
    Ok(elements)
}

/// The values that these elements pack.
///
/// # Errors
/// If the elements are none that [`pack`] makes of values within these intervals.
pub fn unpack(intervals: &[Interval], elements: &[Fr]) -> Result<Vec<Int>, PackError> {
    intervals.iter().enumerate().try_for_each(|(index, interval)| check(index, interval))?;
    let expected = self::elements(intervals);
    if elements.len() != expected {
        return Err(PackError::Elements { found: elements.len(), expected });
    }
    let mut packer = Packer::default();
    // What is left of each element, its own values shifted out. One that is negative stays so.
    let mut rest: Vec<Int> = elements.iter().map(|e| to_int(*e)).collect();
    let mut values = Vec::with_capacity(intervals.len());
    for (index, interval) in intervals.iter().enumerate() {
        let mut value = interval.lo;
        if packer.place(interval).is_some() {
            let bits = bit_len(interval.hi - interval.lo);
            let rest = &mut rest[packer.elements - 1];
            value += *rest & (pow2(bits) - Int::ONE);
            *rest >>= bits;
        }
        if !interval.contains(value) {
            return Err(PackError::Value { index, found: value, expected: *interval });
        }
        values.push(value);
    }
    match rest.iter().position(|r| *r != Int::ZERO) {
        Some(index) => Err(PackError::Rest { index }),
        None => Ok(values),
    }
}

fn check(index: usize, interval: &Interval) -> Result<(), PackError> {
    Interval::new(interval.lo, interval.hi).map(drop).map_err(|error| PackError::Interval { index, error })
}

/// Packs wires: every element, as a variable.
///
/// # Constraints
/// One, and a witness, for each of the [`elements`]. Packing itself is linear; but an element is a linear combination of up to 252
/// bits, which the first S-box of a hash would put into three rows. So every element becomes a variable.
///
/// # Soundness
/// *Unchecked*: the caller must have enforced that every wire lies within its interval. Then `v - lo` is below `2^b` as
/// an integer, and the bits of different values do not overlap. So an element is the integer that they spell, which is
/// below `2^252` and hence below the modulus: given the intervals, the elements determine the values.
///
/// The wire of an interval that has only one value is not looked at: it must be that constant.
pub fn enforce_unchecked<C: FieldCs>(cs: &mut C, wires: &[(&C::W, Interval)]) -> Vec<C::F> {
    let (powers, mut packer) = (powers(), Packer::default());
    let mut elements: Vec<C::F> = Vec::new();
    // The parts of the element that is open.
    let mut parts: Vec<(Fr, C::F)> = Vec::new();
    let mut constant = Fr::zero();
    for (wire, interval) in wires {
        let Some(offset) = packer.place(interval) else {
            continue;
        };
        if offset == 0 && !parts.is_empty() {
            elements.push(close(cs, &mut parts, &mut constant));
        }
        let power = powers[offset as usize];
        constant -= to_field(interval.lo) * power;
        parts.push((power, cs.lift(wire)));
    }
    if !parts.is_empty() {
        elements.push(close(cs, &mut parts, &mut constant));
    }
    elements
}

/// The element of these parts, as a variable.
fn close<C: FieldCs>(cs: &mut C, parts: &mut Vec<(Fr, C::F)>, constant: &mut Fr) -> C::F {
    let terms: Vec<(Fr, &C::F)> = parts.iter().map(|(c, f)| (*c, f)).collect();
    let element = cs.field_linear(&terms, std::mem::take(constant));
    parts.clear();
    poseidon::settle(cs, &element)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(lo: i64, hi: i64) -> Interval {
        Interval { lo: Int::from(lo), hi: Int::from(hi) }
    }

    fn bits(b: u32) -> Interval {
        Interval { lo: Int::ZERO, hi: pow2(b) - Int::ONE }
    }

    #[test]
    fn packing_boundaries() {
        let offsets = |intervals: &[Interval]| {
            let mut packer = Packer::default();
            let offsets: Vec<_> = intervals.iter().map(|i| packer.place(i)).collect();
            assert_eq!(elements(intervals), packer.elements);
            (offsets, packer.elements)
        };
        // Exactly full: 2 + 250, with one of no bits before, between and after, then the next element.
        let zero = interval(5, 5);
        let (at, count) = offsets(&[zero, bits(2), zero, bits(250), zero, bits(1)]);
        assert_eq!((at, count), (vec![None, Some(0), None, Some(2), None, Some(0)], 2));
        // One bit too many does not straddle.
        let (at, count) = offsets(&[bits(3), bits(250), bits(2), bits(1)]);
        assert_eq!((at, count), (vec![Some(0), Some(0), Some(250), Some(0)], 3));
        let (at, count) = offsets(&[bits(250)]);
        assert_eq!((at, count), (vec![Some(0)], 1));
        // The widest interval there is.
        let widest = Interval { lo: Int::ONE - pow2(250), hi: pow2(250) - Int::ONE };
        let (at, count) = offsets(&[widest, bits(1), bits(1)]);
        assert_eq!((at, count), (vec![Some(0), Some(251), Some(0)], 2));
        assert_eq!(offsets(&[zero, zero]), (vec![None, None], 0));
        assert_eq!(offsets(&vec![bits(1); 253]).1, 2);
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let widest = Interval { lo: Int::ONE - pow2(250), hi: pow2(250) - Int::ONE };
        let intervals = [interval(-128, 127), interval(5, 5), widest, bits(1), bits(250), interval(-9, 3)];
        for take in 0..=intervals.len() {
            for high in [false, true] {
                let values = intervals[..take].iter().map(|i| (if high { i.hi } else { i.lo }, *i));
                let values: Vec<(Int, Interval)> = values.collect();
                let elements = pack(&values).unwrap();
                let unpacked = unpack(&intervals[..take], &elements).unwrap();
                assert!(unpacked.iter().eq(values.iter().map(|v| &v.0)), "{take} values");
            }
        }
    }

    #[test]
    fn what_nothing_packs_is_refused() {
        let digits = [interval(0, 9); 2];
        let of = |x: u64| unpack(&digits, &[Fr::from(x)]);
        assert_eq!(of(9 + 16 * 9).unwrap(), [Int::from(9); 2]);
        assert_eq!(of(10), Err(PackError::Value { index: 0, found: Int::from(10), expected: digits[0] }));
        assert_eq!(of(16 * 10), Err(PackError::Value { index: 1, found: Int::from(10), expected: digits[1] }));
        assert_eq!(of(256), Err(PackError::Rest { index: 0 }));
        assert_eq!(unpack(&[bits(1)], &[-Fr::ONE]), Err(PackError::Rest { index: 0 }));
        assert_eq!(unpack(&digits, &[]), Err(PackError::Elements { found: 0, expected: 1 }));
        assert_eq!(unpack(&[], &[Fr::ONE]), Err(PackError::Elements { found: 1, expected: 0 }));
        let huge = Interval { lo: Int::ZERO, hi: pow2(252) };
        assert!(matches!(unpack(&[huge], &[Fr::ONE]), Err(PackError::Interval { index: 0, .. })));
    }
}
