//! Hiding and binding commitment, by a chain of Poseidon hashes of packed integers
//!
//! `h_0 = Poseidon(TAG, layout, salt)`, `h_{i+1} = Poseidon(h_i, e_{11 i + 1}, .., e_{11 i + 11})`; the last `h` commits
//! to `n` integers, each within an interval that the circuit knows. The field elements `e_1, .., e_m` pack them, see
//! [`packing`]; those that are missing in the last block are zero.
//!
//! ```text
//! layout = SHA-256("zkml layout 2" | subject: u8 | context: 32 | n: u64 | runs), big endian, modulo the field
//! run    = length: u64 | lo: 32 | hi: 32        little endian, in two's complement
//! ```
//!
//! A run is of equal intervals, as long as it gets. The layout is a constant of the circuit. So commitments to other kinds of
//! values, in another context, of another number or of other intervals are never equal, but for a collision.

use ark_bn254::Fr;
use ark_ff::{PrimeField, UniformRand};
use ark_std::rand::{CryptoRng, RngCore};
use sha2::{Digest as _, Sha256};
use zkml_groth16::Limbs;

use crate::{
    gadget::{
        FieldCs,
        hash::{
            chain,
            packing::{self, PackError},
            poseidon::{self, Lane},
        },
    },
    number::{Cost, Int, Interval},
};

/// Domain tag, which separates commitments from every other use of the hash: as a field element, the big-endian integer of
/// these bytes.
pub const TAG: &[u8; 17] = b"zkml commitment 2";

/// What a commitment is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Subject {
    /// A model's lowered weights.
    Weights = 0,
    /// One input of a batch.
    Input = 1,
    /// One output of a batch.
    Output = 2,
}

/// Domain separation: what a commitment is to, and what its integers mean; [`Domain::weights`] and [`Domain::tensor`] make
/// those of circuits. Commitments of other domains are never equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Domain {
    /// What it is to.
    pub subject: Subject,
    /// SHA-256 of what the integers' meaning depends on.
    pub context: [u8; 32],
}

impl Domain {
    /// The layout of values of these intervals, as a field element.
    fn layout(&self, intervals: impl ExactSizeIterator<Item = Interval>) -> Fr {
        let mut hash = Sha256::new().chain_update(b"zkml layout 2").chain_update([self.subject as u8]);
        hash.update(self.context);
        hash.update((intervals.len() as u64).to_le_bytes());
        let mut end = |run: u64, interval: Interval| {
            hash.update(run.to_le_bytes());
            hash.update(interval.lo.to_le_bytes());
            hash.update(interval.hi.to_le_bytes());
        };
        let mut open: Option<(u64, Interval)> = None;
        for interval in intervals {
            open = match open {
                Some((run, same)) if same == interval => Some((run + 1, same)),
                other => {
                    other.into_iter().for_each(|(run, before)| end(run, before));
                    Some((1, interval))
                }
            };
        }
        open.into_iter().for_each(|(run, last)| end(run, last));
        Fr::from_be_bytes_mod_order(&hash.finalize())
    }
}

/// A new salt, uniform in the field.
pub fn salt(rng: &mut (impl RngCore + CryptoRng + ?Sized)) -> Fr {
    Fr::rand(rng)
}

/// Whether a salt can be guessed: it is below `2^64`, which none that is uniform in the field is, but for `2^-190`.
pub fn guessable(salt: Fr) -> bool {
    salt.limbs()[1..].iter().all(|limb| *limb == 0)
}

/// The commitment to values, each within its interval.
///
/// It hides the values if the salt is uniform in the field and used once.
///
/// # Errors
/// If a value is not within its interval, or an interval's ends are not ascending and below `2^250` in magnitude.
///
/// ```
/// # use zkml_core::number::{Int, Interval};
/// # use zkml_core::gadget::hash::commitment::{Domain, Subject, commit};
/// # use zkml_core::{prove::Fr, shape::Shape};
/// let byte = Interval::new(Int::ZERO, Int::new(255))?;
/// let pixels = Domain::tensor(Subject::Input, &Shape::new([2]), 0);
/// let salt = Fr::from(1u128 << 100);
/// assert!(commit(&pixels, &[(Int::new(3), byte), (Int::new(7), byte)], salt).is_ok());
/// let error = commit(&pixels, &[(Int::new(3), byte), (Int::new(256), byte)], salt).unwrap_err();
/// assert_eq!(error.to_string(), "value 1 is 256, expected 0 to 255");
/// # Ok::<(), zkml_core::number::ArithError>(())
/// ```
pub fn commit(domain: &Domain, values: &[(Int, Interval)], salt: Fr) -> Result<Fr, PackError> {
    let elements = packing::pack(values)?;
    let layout = domain.layout(values.iter().map(|v| v.1));
    Ok(chain::eval(poseidon::eval(&[chain::tag(TAG), layout, salt]), &elements))
}

/// Commitment, in any domain, to values of `m` packed elements: 255 constraints for the first hash, 504 for each of the
/// `ceil(m / 11)` blocks, less three for every zero that pads the last one, and `m` to make every element a variable. For
/// 1000 values of 8 bits, which are 33 elements, that is 1800.
pub fn cost(intervals: &[Interval]) -> Cost {
    let elements = packing::elements(intervals);
    poseidon::cost_permutation(4, 3) + chain::cost(false, elements) + Cost::new(elements, elements)
}

/// Enforces the commitment: a linear combination of 13 variables, or of four if no value takes any bits.
///
/// The salt is a witness variable that the caller makes, of a value that nobody else knows.
///
/// # Constraints
/// See [`cost`].
///
/// # Soundness
/// *Unchecked*: the caller must have enforced that every wire lies within its interval. Then the elements determine the
/// values, see [`packing::enforce_unchecked`]; for the rest, see [`enforce_packed_unchecked`].
///
/// The wire of an interval that has only one value is not looked at: it must be that constant.
pub fn enforce_unchecked<C: FieldCs>(cs: &mut C, domain: &Domain, wires: &[(&C::W, Interval)], salt: &C::F) -> C::F {
    cs.label("commitment");
    let elements = packing::enforce_unchecked(cs, wires);
    hashes(cs, domain, wires.iter().map(|w| w.1), &elements, salt)
}

/// Enforces the commitment to values that are packed already, for what else is done with the same elements.
///
/// # Constraints
/// See [`cost`], without one and without a witness for each of the elements.
///
/// # Soundness
/// *Unchecked*: the elements are those of [`packing::enforce_unchecked`], of wires within these intervals. Every hash
/// determines its inputs, the one before it among them, up to a collision; the first determines the layout, hence domain and
/// intervals, from which the number of blocks follows. So the commitment determines domain, intervals, elements and salt, and the
/// elements determine the values.
pub fn enforce_packed_unchecked<C: FieldCs>(
    cs: &mut C,
    domain: &Domain,
    intervals: &[Interval],
    elements: &[C::F],
    salt: &C::F,
) -> C::F {
    cs.label("commitment");
    hashes(cs, domain, intervals.iter().copied(), elements, salt)
}

fn hashes<C: FieldCs>(
    cs: &mut C,
    domain: &Domain,
    intervals: impl ExactSizeIterator<Item = Interval>,
    elements: &[C::F],
    salt: &C::F,
) -> C::F {
    let layout = domain.layout(intervals);
    let first = [Lane::Known(chain::tag(TAG)), Lane::Known(layout), Lane::Wire(salt.clone())];
    let first = poseidon::hash(cs, &first);
    chain::enforce(cs, Lane::Wire(first), elements)
}

#[cfg(test)]
mod tests {
    use ark_ff::{Field, Zero};

    use super::*;
    use crate::{
        arith::r1cs::{Assign, Build},
        gadget::{
            bits::range,
            hash::poseidon::{check_tight, satisfied},
        },
        number::{field::to_field, interval::pow2},
        shape::Shape,
    };

    const DOMAIN: Domain = Domain { subject: Subject::Input, context: [3; 32] };

    fn commit(values: &[(Int, Interval)], salt: Fr) -> Fr {
        super::commit(&DOMAIN, values, salt).unwrap()
    }

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
        let commitment = enforce_unchecked(cs, &DOMAIN, &wires, &salt);
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
        let (byte, few) = (interval(-128, 127), interval(0, 16));
        let values = [(Int::from(-3), byte), (Int::from(4), byte), (Int::from(16), few)];
        // "zkml commitment 2" = 0x7a6b6d6c20636f6d6d69746d656e742032
        let tag = Fr::from(0x7a6b_6d6c_2063_6f6d_6d69_746d_656e_7420u128) * Fr::from(256u64) + Fr::from(0x32u64);
        let mut layout = b"zkml layout 2\x01".to_vec();
        layout.extend([3; 32]);
        layout.extend([3, 0, 0, 0, 0, 0, 0, 0]);
        layout.extend([2, 0, 0, 0, 0, 0, 0, 0, 0x80]);
        layout.extend([0xff; 31]);
        layout.push(0x7f);
        layout.extend([0; 31]);
        layout.extend([1, 0, 0, 0, 0, 0, 0, 0]);
        layout.extend([0; 32]);
        layout.push(16);
        layout.extend([0; 31]);
        let layout = Fr::from_be_bytes_mod_order(&Sha256::digest(layout));
        let mut inputs = [Fr::zero(); 12];
        inputs[0] = poseidon::eval(&[tag, layout, salt]);
        inputs[1] = Fr::from(125u64 + 256 * 132 + 65536 * 16);
        assert_eq!(commit(&values, salt), poseidon::eval(&inputs));
    }

    #[test]
    fn other_domains_and_other_intervals_never_commit_alike() {
        let salt = Fr::from(5u64);
        let tensor = |subject, dims: &[usize], scale| Domain::tensor(subject, &Shape::new(dims.to_vec()), scale);
        let domains = [
            DOMAIN,
            Domain { subject: Subject::Output, ..DOMAIN },
            Domain { subject: Subject::Weights, ..DOMAIN },
            Domain { context: [4; 32], ..DOMAIN },
            tensor(Subject::Input, &[2], 0),
            tensor(Subject::Input, &[2], 1),
            tensor(Subject::Input, &[1, 2], 0),
            tensor(Subject::Input, &[2, 1], 0),
            tensor(Subject::Output, &[2], 0),
        ];
        // The same bits, packed alike.
        let pairs = |a: i64, b: i64, of: [Interval; 2]| [(Int::from(a), of[0]), (Int::from(b), of[1])];
        let (byte, signed) = (interval(0, 255), interval(-128, 127));
        let values = [
            pairs(3, 7, [byte; 2]),
            pairs(-125, -121, [signed; 2]),
            pairs(3, -121, [byte, signed]),
            pairs(-125, 7, [signed, byte]),
            pairs(3, 7, [interval(0, 254), byte]),
            pairs(3, 7, [interval(3, 3), byte]),
            pairs(4, 7, [interval(4, 4), byte]),
        ];
        let mut all = std::collections::HashSet::new();
        for domain in &domains {
            assert!(values.iter().all(|v| all.insert(super::commit(domain, v, salt).unwrap())), "{domain:?}");
        }
        assert_eq!(all.len(), domains.len() * values.len());
        // Three bytes are no run of two and another.
        let three = [(Int::ONE, byte); 3];
        assert_ne!(commit(&three, salt), commit(&three[..2], salt));
    }

    #[test]
    fn what_would_open_two_ways_is_refused() {
        let (byte, salt) = (interval(0, 255), Fr::from(5u64));
        // 3 + 256 and 6 are packed as 3 and 7 are.
        for (found, index) in [(259, 0), (-1, 1), (256, 1)] {
            let mut values = [(Int::from(6), byte); 2];
            values[index].0 = Int::from(found);
            let error = super::commit(&DOMAIN, &values, salt).unwrap_err();
            assert_eq!(error, PackError::Value { index, found: Int::from(found), expected: byte });
            assert_eq!(error.to_string(), format!("value {index} is {found}, expected 0 to 255"));
        }
        let huge = Interval { lo: Int::ZERO, hi: pow2(252) };
        let error = super::commit(&DOMAIN, &[(Int::ONE, byte), (Int::ONE, huge)], salt).unwrap_err();
        assert!(matches!(error, PackError::Interval { index: 1, .. }), "{error}");
        let empty = super::commit(&DOMAIN, &[(Int::ONE, interval(2, 0))], salt).unwrap_err();
        assert!(matches!(empty, PackError::Value { index: 0, .. }), "{empty}");
    }
}
