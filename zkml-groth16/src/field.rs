//! Arithmetic of field elements, inlined: they stay in registers, where arkworks' pass through memory.

use ark_bn254::Fq2;
use ark_ff::{BigInt, Field, Fp, MontBackend, MontConfig};

/// What sums of points, and transforms, do with field elements.
pub(crate) trait Inlined: Field {
    /// `self * other`.
    fn times(&self, other: &Self) -> Self;

    /// `self * self`.
    fn squared(&self) -> Self;

    /// `self - other`.
    fn minus(&self, other: &Self) -> Self;

    /// `self + other`.
    fn plus(&self, other: &Self) -> Self;
}

/// `sum + a b + carry`, low and high.
#[inline(always)]
fn multiply_add(sum: u64, a: u64, b: u64, carry: u64) -> (u64, u64) {
    let wide = u128::from(a) * u128::from(b) + u128::from(sum) + u128::from(carry);
    (wide as u64, (wide >> 64) as u64)
}

/// `a - b - borrow`, and the next borrow.
#[inline(always)]
fn subtract(a: u64, b: u64, borrow: bool) -> (u64, bool) {
    let (x, first) = a.overflowing_sub(b);
    let (x, second) = x.overflowing_sub(u64::from(borrow));
    (x, first | second)
}

#[inline(always)]
fn subtract_all(a: &[u64; 4], b: &[u64; 4]) -> ([u64; 4], bool) {
    let (x0, borrow) = subtract(a[0], b[0], false);
    let (x1, borrow) = subtract(a[1], b[1], borrow);
    let (x2, borrow) = subtract(a[2], b[2], borrow);
    let (x3, borrow) = subtract(a[3], b[3], borrow);
    ([x0, x1, x2, x3], borrow)
}

/// `a + b`, below `2^256`.
#[inline(always)]
fn add_all(a: &[u64; 4], b: &[u64; 4]) -> [u64; 4] {
    let (x0, carry) = a[0].overflowing_add(b[0]);
    let (x1, first) = a[1].overflowing_add(b[1]);
    let (x1, second) = x1.overflowing_add(u64::from(carry));
    let carry = first | second;
    let (x2, first) = a[2].overflowing_add(b[2]);
    let (x2, second) = x2.overflowing_add(u64::from(carry));
    let carry = first | second;
    [x0, x1, x2, a[3].wrapping_add(b[3]).wrapping_add(u64::from(carry))]
}

/// `a`, less the modulus if it is not below.
#[inline(always)]
fn reduce<C: MontConfig<4>>(a: [u64; 4]) -> [u64; 4] {
    let (reduced, borrow) = subtract_all(&a, &C::MODULUS.0);
    if borrow { a } else { reduced }
}

/// Montgomery's product `a b / 2^256 mod p`, limb by limb of `b`; `p < 2^254` leaves no carry beyond the fourth limb.
///
/// Source: Koc, Acar and Kaliski, "Analyzing and comparing Montgomery multiplication algorithms" (1996), CIOS.
#[inline(always)]
fn montgomery<C: MontConfig<4>>(a: &[u64; 4], b: &[u64; 4]) -> [u64; 4] {
    let p = C::MODULUS.0;
    let mut r = [0u64; 4];
    for b in b {
        let (r0, high) = multiply_add(r[0], a[0], *b, 0);
        let k = r0.wrapping_mul(C::INV);
        let (_, low) = multiply_add(r0, k, p[0], 0);
        let (r1, high) = multiply_add(r[1], a[1], *b, high);
        let (s0, low) = multiply_add(r1, k, p[1], low);
        let (r2, high) = multiply_add(r[2], a[2], *b, high);
        let (s1, low) = multiply_add(r2, k, p[2], low);
        let (r3, high) = multiply_add(r[3], a[3], *b, high);
        let (s2, low) = multiply_add(r3, k, p[3], low);
        r = [s0, s1, s2, high + low];
    }
    reduce::<C>(r)
}

/// `a - b mod p`.
#[inline(always)]
fn difference<C: MontConfig<4>>(a: &[u64; 4], b: &[u64; 4]) -> [u64; 4] {
    let (x, borrow) = subtract_all(a, b);
    let mask = u64::from(borrow).wrapping_neg();
    add_all(&x, &C::MODULUS.0.map(|limb| limb & mask))
}

/// The two fields of the curve: 254 bits each.
pub(crate) trait Prime: MontConfig<4> {}

impl Prime for ark_bn254::FqConfig {}
impl Prime for ark_bn254::FrConfig {}

impl<C: Prime> Inlined for Fp<MontBackend<C, 4>, 4> {
    #[inline(always)]
    fn times(&self, other: &Self) -> Self {
        Self::new_unchecked(BigInt(montgomery::<C>(&self.0.0, &other.0.0)))
    }

    #[inline(always)]
    fn squared(&self) -> Self {
        self.times(self)
    }

    #[inline(always)]
    fn minus(&self, other: &Self) -> Self {
        Self::new_unchecked(BigInt(difference::<C>(&self.0.0, &other.0.0)))
    }

    #[inline(always)]
    fn plus(&self, other: &Self) -> Self {
        Self::new_unchecked(BigInt(reduce::<C>(add_all(&self.0.0, &other.0.0))))
    }
}

/// Products of extensions are long enough to be called.
impl Inlined for Fq2 {
    #[inline(always)]
    fn times(&self, other: &Self) -> Self {
        *self * other
    }

    #[inline(always)]
    fn squared(&self) -> Self {
        self.square()
    }

    #[inline(always)]
    fn minus(&self, other: &Self) -> Self {
        Self::new(self.c0.minus(&other.c0), self.c1.minus(&other.c1))
    }

    #[inline(always)]
    fn plus(&self, other: &Self) -> Self {
        Self::new(self.c0.plus(&other.c0), self.c1.plus(&other.c1))
    }
}

#[cfg(test)]
mod tests {
    use ark_bn254::{Fq, Fr};
    use ark_std::{UniformRand, test_rng};

    use super::*;

    fn equals_arkworks<F: Inlined + UniformRand>() {
        let mut rng = test_rng();
        let half = F::from(2u64).inverse().unwrap();
        let few = [F::ZERO, F::ONE, -F::ONE, half, -half, F::from(u64::MAX), -F::from(u128::MAX)];
        let all: Vec<F> = few.into_iter().chain((0..200).map(|_| F::rand(&mut rng))).collect();
        for (a, b) in all.iter().flat_map(|a| all.iter().map(move |b| (a, b))) {
            assert_eq!(a.times(b), *a * b);
            assert_eq!(a.squared(), a.square());
            assert_eq!(a.minus(b), *a - b);
            assert_eq!(a.plus(b), *a + b);
        }
    }

    #[test]
    fn all_fields_equal_arkworks() {
        equals_arkworks::<Fq>();
        equals_arkworks::<Fr>();
        equals_arkworks::<Fq2>();
    }
}
