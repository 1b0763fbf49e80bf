//! `h_0 = Poseidon(TAG, n, salt)`, `h_{i+1} = Poseidon(h_i, e_{11 i + 1}, .., e_{11 i + 11})`; the last `h` commits
//!
//! To `n` integers, each within an interval that the circuit knows. The field elements `e_1, .., e_m` pack them: a
//! value `v` of the interval `lo..=hi` is `v - lo` in `b = bit_len(hi - lo)` bits, which are placed after those of the
//! value before it, from the lowest bit up. No element takes more than 252 bits and no value straddles two: one that
//! does not fit opens the next element. A value that has only one choice takes no bits, and opens no element. Elements
//! that are missing in the last block are zero.
//!
//! The intervals are not hashed: they are part of the circuit, hence of the verifying key. Two commitments compare as
//! the values do only where they are of the same intervals, in the same order.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, PrimeField, Zero};

use super::{
    decompose,
    poseidon::{self, Lane},
};
use crate::arith::{
    Int,
    counts::Cost,
    interval::{Interval, bit_len},
    r1cs::{FieldCs, to_field},
};

/// Separates commitments from every other use of the hash: as a field element, the big-endian integer of these bytes.
pub const TAG: &[u8; 17] = b"zkml commitment 1";

/// The packed elements that one hash takes, after the hash before it.
const BLOCK: usize = poseidon::MAX_INPUTS - 1;

/// Where the next value goes.
#[derive(Default)]
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

fn header(n: usize) -> [Fr; 2] {
    [Fr::from_be_bytes_mod_order(TAG), Fr::from(n as u64)]
}

/// The commitment.
///
/// It hides the values if the salt is uniform in the field and used once. Every value must lie within its interval,
/// which `Interval::new` has accepted: another one is packed over its neighbours, and what results binds nothing.
pub fn commit(values: &[(Int, Interval)], salt: Fr) -> Fr {
    let (powers, mut packer) = (powers(), Packer::default());
    let mut elements: Vec<Fr> = Vec::new();
    for (value, interval) in values {
        debug_assert!(interval.contains(*value), "{value} is not within {interval:?}");
        let Some(offset) = packer.place(interval) else {
            continue;
        };
        let part = to_field(*value - interval.lo) * powers[offset as usize];
        match elements.last_mut() {
            Some(element) if offset > 0 => *element += part,
            _ => elements.push(part),
        }
    }
    let [tag, n] = header(values.len());
    elements.chunks(BLOCK).fold(poseidon::eval(&[tag, n, salt]), |hash, block| {
        let mut inputs = [Fr::zero(); BLOCK + 1];
        inputs[0] = hash;
        inputs[1..=block.len()].copy_from_slice(block);
        poseidon::eval(&inputs)
    })
}

/// Constraints, for `m` packed elements: 255 for the first hash, 504 for each of the `ceil(m / 11)` blocks, less three
/// for every zero that pads the last one, and `m` to make every element a variable. For 1000 values of 8 bits, which
/// are 33 elements, that is 1800.
pub fn cost(intervals: &[Interval]) -> Cost {
    let mut packer = Packer::default();
    for interval in intervals {
        packer.place(interval);
    }
    let elements = packer.elements;
    let (full, rest) = (elements / BLOCK, elements % BLOCK);
    let hash = |inputs, known| poseidon::cost_permutation(inputs + 1, known + 1);
    let last = if rest > 0 { hash(BLOCK + 1, BLOCK - rest) } else { Cost::default() };
    hash(3, 2) + hash(BLOCK + 1, 0) * full + last + Cost::new(elements, elements)
}

/// Enforces the commitment: a linear combination of 13 variables, or of four if no value takes any bits.
///
/// The salt is a witness variable that the caller makes, of a value that nobody else knows.
///
/// # Constraints
/// See [`cost`]. Packing itself is linear; but an element is a linear combination of up to 252 bits, which the first
/// S-box would put into three rows. So every element becomes a variable.
///
/// # Soundness
/// *Unchecked*: the caller must have enforced that every wire lies within its interval. Then `v - lo` is below `2^b` as
/// an integer, and the bits of different values do not overlap. So an element is the integer that they spell, which is
/// below `2^252` and hence below the modulus: given the intervals, the elements determine the values. And every hash
/// determines its inputs, the one before it among them, up to a collision; the number of blocks follows from the
/// intervals. So the commitment determines the values and the salt.
///
/// The wire of an interval that has only one value is not looked at: it must be that constant.
pub fn enforce_unchecked<C: FieldCs>(cs: &mut C, wires: &[(&C::W, Interval)], salt: &C::F) -> C::F {
    cs.label("commitment");
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

    let [tag, n] = header(wires.len()).map(Lane::Known);
    let mut hash = poseidon::hash(cs, &[tag, n, Lane::Wire(salt.clone())]);
    for block in elements.chunks(BLOCK) {
        let mut inputs = vec![Lane::Wire(hash)];
        inputs.extend(block.iter().cloned().map(Lane::Wire));
        inputs.resize(BLOCK + 1, Lane::Known(Fr::zero()));
        hash = poseidon::hash(cs, &inputs);
    }
    hash
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
    use crate::{
        arith::{
            interval::pow2,
            r1cs::{Assign, Build},
        },
        gadget::{
            poseidon::{check_tight, satisfied},
            range,
        },
    };

    fn interval(lo: i64, hi: i64) -> Interval {
        Interval { lo: Int::from(lo), hi: Int::from(hi) }
    }

    fn bits(b: u32) -> Interval {
        Interval { lo: Int::ZERO, hi: pow2(b) - Int::ONE }
    }

    /// Values of every kind of interval; `long` repeats them over several blocks.
    fn values(long: usize) -> Vec<(Int, Interval)> {
        let some = [
            (Int::from(-3), interval(-128, 127)),
            (Int::from(7), interval(7, 7)),
            (Int::from(16), interval(0, 16)),
            (pow2(249), Interval { lo: -pow2(249), hi: pow2(249) }),
            (Int::from(-70000), interval(-100_000, -60_000)),
            (Int::ONE, interval(0, 1)),
        ];
        some.iter().copied().cycle().take(some.len() * long).collect()
    }

    fn run<C: FieldCs>(cs: &mut C, values: &[(Int, Interval)], salt: Fr) -> (C::F, Cost) {
        let salt = cs.field_witness(Some(salt));
        let mut paid = Cost::new(1, 1);
        let mut wires = Vec::new();
        for (value, interval) in values {
            paid += range::cost(interval).unwrap();
            wires.push((range::allocate(cs, interval, Some(*value)), *interval));
        }
        let wires: Vec<(&C::W, Interval)> = wires.iter().map(|(w, i)| (w, *i)).collect();
        let commitment = enforce_unchecked(cs, &wires, &salt);
        cs.field_output(&commitment);
        (commitment, paid)
    }

    /// Builds and assigns; checks value and counts.
    fn check(values: &[(Int, Interval)], salt: Fr) -> (crate::prove::Matrices, Vec<Fr>) {
        let (mut build, mut assign) = (Build::new(), Assign::new());
        let (_, paid) = run(&mut build, values, salt);
        let (commitment, _) = run(&mut assign, values, salt);
        assert_eq!(commitment, commit(values, salt));
        let intervals: Vec<Interval> = values.iter().map(|v| v.1).collect();
        // The salt has no constraint, the output has no witness.
        let counted = Cost::new(build.constraints(), build.witnesses());
        assert_eq!(counted, cost(&intervals) + paid);
        let z = assign.finish();
        assert_eq!(z[1], commitment);
        (build.finish().0, z)
    }

    #[test]
    fn circuit_equals_native_and_costs_what_it_says() {
        let salt = to_field(pow2(240) + Int::from(12345));
        for long in [0, 1, 2, 11, 12] {
            let (matrices, z) = check(&values(long), salt);
            assert!(satisfied(&matrices, &z));
        }
        let (matrices, z) = check(&values(2), salt);
        check_tight(&matrices, z, 1);
    }

    #[test]
    fn known_counts() {
        let count = |n| cost(&vec![interval(-128, 127); n]).constraints;
        assert_eq!(count(0), 255);
        assert_eq!(count(1), 255 + 504 - 30 + 1);
        assert_eq!(count(31 * 11), 255 + 504 + 11);
        assert_eq!(count(31 * 11 + 1), 255 + 2 * 504 - 30 + 12);
        assert_eq!(count(1000), 1800);
    }

    #[test]
    fn any_change_changes_the_commitment() {
        let (values, salt) = (values(12), Fr::from(5u64));
        let commitment = commit(&values, salt);
        assert_ne!(commitment, commit(&values, salt + Fr::ONE));
        assert_ne!(commitment, commit(&values[1..], salt));
        for (i, (value, interval)) in values.iter().enumerate() {
            for changed in [*value - Int::ONE, *value + Int::ONE, interval.lo, interval.hi] {
                if changed == *value || !interval.contains(changed) {
                    continue;
                }
                let mut other = values.clone();
                other[i].0 = changed;
                assert_ne!(commitment, commit(&other, salt), "value {i}");
            }
        }
        // A value that takes no bits counts, and so does the order.
        let point = (Int::ONE, interval(1, 1));
        assert_ne!(commit(&[], salt), commit(&[point], salt));
        let pair = |a: i64, b: i64| commit(&[a, b].map(|v| (Int::from(v), interval(0, 9))), salt);
        assert_ne!(pair(1, 2), pair(2, 1));
    }

    #[test]
    fn packing_boundaries() {
        let offsets = |intervals: &[Interval]| {
            let mut packer = Packer::default();
            let offsets: Vec<_> = intervals.iter().map(|i| packer.place(i)).collect();
            (offsets, packer.elements)
        };
        // Exactly full: 2 + 250, with one of no bits before, between and after, then the next element.
        let zero = interval(5, 5);
        let (at, elements) = offsets(&[zero, bits(2), zero, bits(250), zero, bits(1)]);
        assert_eq!((at, elements), (vec![None, Some(0), None, Some(2), None, Some(0)], 2));
        // One bit too many does not straddle.
        let (at, elements) = offsets(&[bits(3), bits(250), bits(2), bits(1)]);
        assert_eq!((at, elements), (vec![Some(0), Some(0), Some(250), Some(0)], 3));
        let (at, elements) = offsets(&[bits(250)]);
        assert_eq!((at, elements), (vec![Some(0)], 1));
        // The widest interval there is.
        let widest = Interval { lo: Int::ONE - pow2(250), hi: pow2(250) - Int::ONE };
        let (at, elements) = offsets(&[widest, bits(1), bits(1)]);
        assert_eq!((at, elements), (vec![Some(0), Some(251), Some(0)], 2));
        assert_eq!(offsets(&[zero, zero]), (vec![None, None], 0));
        assert_eq!(offsets(&vec![bits(1); 253]).1, 2);
    }

    #[test]
    fn boundaries_commit() {
        let full = |b: u32| (pow2(b) - Int::ONE, bits(b));
        let zero = (Int::from(5), interval(5, 5));
        let widest = Interval { lo: Int::ONE - pow2(250), hi: pow2(250) - Int::ONE };
        for values in [
            vec![full(2), full(250)],
            vec![full(3), full(250)],
            vec![full(250)],
            vec![(widest.hi, widest), full(1)],
            vec![(widest.lo, widest)],
            vec![zero, zero],
            vec![zero, full(250), zero, full(2), zero],
        ] {
            let (matrices, z) = check(&values, Fr::from(9u64));
            assert!(satisfied(&matrices, &z));
        }
    }

    /// The formula, once more and in full.
    #[test]
    fn formula() {
        let salt = Fr::from(77u64);
        let values = [(Int::from(-3), interval(-128, 127)), (Int::from(16), interval(0, 16))];
        // "zkml commitment 1" = 0x7a6b6d6c20636f6d6d69746d656e742031
        let tag = Fr::from(0x7a6b_6d6c_2063_6f6d_6d69_746d_656e_7420u128) * Fr::from(256u64) + Fr::from(0x31u64);
        let mut inputs = [Fr::zero(); 12];
        inputs[0] = poseidon::eval(&[tag, Fr::from(2u64), salt]);
        inputs[1] = Fr::from(125u64 + 256 * 16);
        assert_eq!(commit(&values, salt), poseidon::eval(&inputs));
    }
}
