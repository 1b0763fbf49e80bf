//! Integers as elements of the scalar field of BN254, and back.

use ark_bn254::Fr;
use ark_ff::{BigInt, BigInteger, One, PrimeField};
use zkml_groth16::Limbs;

use super::{Int, interval::pow2};

/// Signed integer of a field element: `x` if `x <= (p - 1) / 2`, otherwise `x - p`.
///
/// ```
/// # use zkml_core::number::{Int, field::{to_field, to_int}};
/// assert_eq!(to_int(to_field(Int::new(-7))), Int::new(-7));
/// ```
pub fn to_int(x: Fr) -> Int {
    let magnitude = |limbs: [u64; 4]| {
        let [a, b, c, d] = limbs.map(u128::from);
        Int::from_words((d << 64 | c) as i128, (b << 64 | a) as i128)
    };
    let limbs = x.limbs();
    if BigInt(limbs) > Fr::MODULUS_MINUS_ONE_DIV_TWO { -magnitude((-x).limbs()) } else { magnitude(limbs) }
}

/// Powers `1, 2^c, 2^2c, ..` as field elements: the places of what is packed in one.
pub(crate) fn places(c: u32) -> impl Iterator<Item = Fr> {
    let step = to_field(pow2(c));
    std::iter::successors(Some(Fr::one()), move |place| Some(*place * step))
}

/// Field element of a signed integer: `q mod p`.
pub fn to_field(q: Int) -> Fr {
    let magnitude = q.unsigned_abs();
    // Nearly all values are small, and these need no reduction.
    let field = match u64::try_from(magnitude) {
        Ok(small) => Fr::from(small),
        Err(_) => {
            let (high, low) = magnitude.into_words();
            let mut limbs = BigInt([low as u64, (low >> 64) as u64, high as u64, (high >> 64) as u64]);
            while limbs >= Fr::MODULUS {
                limbs.sub_with_borrow(&Fr::MODULUS);
            }
            // Below the modulus.
            Fr::from_bigint(limbs).unwrap_or_default()
        }
    };
    if q < Int::ZERO { -field } else { field }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_field_elements_agree() {
        for q in [0, 1, -1, 255, i64::MAX, i64::MIN] {
            assert_eq!(to_int(to_field(Int::from(q))), Int::from(q));
        }
        for sign in [1, -1] {
            let q = (Int::ONE << 250u32) * Int::new(sign) - Int::ONE;
            assert_eq!(to_int(to_field(q)), q);
        }
        // Beyond the modulus, up to the ends of 256 bits.
        for q in [Int::MAX, Int::MIN, Int::MIN + Int::ONE, (Int::ONE << 254u32), -(Int::ONE << 254u32)] {
            let expected = Fr::from_le_bytes_mod_order(&q.unsigned_abs().to_le_bytes());
            assert_eq!(to_field(q), if q < Int::ZERO { -expected } else { expected });
        }
        for (c, k) in [(1, 250), (20, 12), (126, 2), (252, 1)] {
            assert_eq!(places(c).nth(k), Some(to_field(Int::ONE << (c * k as u32))));
        }
        let half = Fr::from_bigint(Fr::MODULUS_MINUS_ONE_DIV_TWO).unwrap();
        assert!(to_int(half) > Int::ZERO && to_int(half + Fr::from(1)) == -to_int(half));
    }
}
