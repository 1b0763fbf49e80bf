//! Keys on Baby Jubjub: a secret `s`, `1 <= s < l`, its public key `s B`, and the key `s P` that is shared with the owner of `P`
//!
//! Secrets and shared keys are overwritten when they are dropped, and print nothing of themselves. They are not computed in constant
//! time: they are no protection from whoever measures the machine that has them.
//!
//! ```
//! # use rand::{SeedableRng, rngs::StdRng};
//! # use zkml_core::{bounty::keys::SecretKey, prove::Fr};
//! # let mut rng = StdRng::seed_from_u64(7);
//! let host = SecretKey::random(&mut rng)?;
//! // Made for one message, and dropped with it.
//! let ephemeral = SecretKey::random(&mut rng)?;
//! let ciphertext = ephemeral.agree(&host.public()).encrypt(&[Fr::from(5)], 0);
//!
//! let message = host.agree(&ephemeral.public()).decrypt(&ciphertext, 0, 1)?;
//! assert_eq!(message, [Fr::from(5)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, BigInteger256, PrimeField};
use ark_std::rand::{CryptoRng, RngCore};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::gadget::{
    curve::{
        baby_jubjub::{Point, PointError, Scalar},
        ecdh,
    },
    hash::cipher::{self, CipherError},
};

/// Bytes or coordinates that are no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A secret is zero: its public key would be the identity. Of a random one, that its source of randomness is broken.
    #[error("the secret key is zero, expected 1 to l - 1; for a new one, use another source of randomness")]
    Zero,
    /// A secret is `l` or more. What it is, is not said.
    #[error("the secret key is not below the order l of the base point, expected 32 bytes, big endian, of 1 to l - 1")]
    Secret,
    /// A coordinate is the field's modulus or more.
    #[error(
        "coordinate {coordinate} of the public key is not below the modulus of the field, expected 32 bytes, big endian"
    )]
    Coordinate {
        /// `x` or `y`.
        coordinate: char,
    },
    /// The point is not on the curve, or not of prime order.
    #[error("the public key: {0}")]
    Point(#[from] PointError),
}

/// Secret key: a scalar from 1 to `l - 1`.
#[derive(ZeroizeOnDrop)]
pub struct SecretKey(Scalar);

impl SecretKey {
    /// A new key: 512 random bits modulo `l`, which is uniform but for `2^-260`.
    ///
    /// # Errors
    /// If that is zero, which only a broken source of randomness gives.
    pub fn random(rng: &mut (impl RngCore + CryptoRng)) -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; 64]);
        rng.fill_bytes(&mut bytes[..]);
        Self::new(Scalar::from_le_bytes_mod_order(&bytes[..]))
    }

    fn new(scalar: Scalar) -> Result<Self, KeyError> {
        if scalar == Scalar::ZERO { Err(KeyError::Zero) } else { Ok(Self(scalar)) }
    }

    /// The key with these bytes, big endian.
    ///
    /// # Errors
    /// If they are zero, or not below `l`.
    pub fn from_be_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let mut integer = integer(bytes);
        let scalar = Scalar::from_bigint(integer).ok_or(KeyError::Secret);
        integer.zeroize();
        Self::new(scalar?)
    }

    /// Its bytes, big endian.
    pub fn to_be_bytes(&self) -> Zeroizing<[u8; 32]> {
        let mut integer = self.0.into_bigint();
        let bytes = Zeroizing::new(to_be_bytes(&integer));
        integer.zeroize();
        bytes
    }

    /// The scalar, for the circuit's witness: see [`ecdh::enforce`].
    pub fn scalar(&self) -> Scalar {
        self.0
    }

    /// Its public key.
    pub fn public(&self) -> PublicKey {
        PublicKey(Point::BASE * self.0)
    }

    /// The key that is shared with the owner of another key.
    pub fn agree(&self, other: &PublicKey) -> SharedKey {
        let point = ecdh::eval(self.0, other.0);
        SharedKey([point.x(), point.y()])
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey").finish_non_exhaustive()
    }
}

/// Public key: a point of the prime order `l`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(Point);

impl PublicKey {
    /// The key with these coordinates, as in EIP-2494.
    ///
    /// # Errors
    /// If they are not on the curve, or not of prime order: the identity, of order 2, 4 or 8, or the sum of such a point and one of
    /// prime order.
    pub fn new(x: Fr, y: Fr) -> Result<Self, KeyError> {
        let point = Point::new(x, y)?;
        point.check_prime_order()?;
        Ok(Self(point))
    }

    /// The key with these bytes: `x`, then `y`, big endian, as the contract language Solidity encodes two numbers.
    ///
    /// # Errors
    /// As [`PublicKey::new`], and if a coordinate is not below the modulus.
    pub fn from_be_bytes(bytes: &[u8; 64]) -> Result<Self, KeyError> {
        let coordinate = |coordinate: char, from: usize| {
            let mut half = [0; 32];
            half.copy_from_slice(&bytes[from..from + 32]);
            Fr::from_bigint(integer(&half)).ok_or(KeyError::Coordinate { coordinate })
        };
        Self::new(coordinate('x', 0)?, coordinate('y', 32)?)
    }

    /// Its bytes: `x`, then `y`, big endian.
    pub fn to_be_bytes(&self) -> [u8; 64] {
        let mut bytes = [0; 64];
        for (half, coordinate) in bytes.chunks_mut(32).zip([self.0.x(), self.0.y()]) {
            half.copy_from_slice(&to_be_bytes(&coordinate.into_bigint()));
        }
        bytes
    }

    /// The point.
    pub fn point(&self) -> &Point {
        &self.0
    }
}

/// Shared key, which two parties have: the coordinates of a point.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SharedKey([Fr; 2]);

impl SharedKey {
    /// The ciphertext of a message. A key must be used once with a nonce.
    pub fn encrypt(&self, message: &[Fr], nonce: u128) -> Vec<Fr> {
        cipher::encrypt(message, self.0, nonce)
    }

    /// The message of so many elements that has this ciphertext.
    ///
    /// # Errors
    /// As [`cipher::decrypt`].
    pub fn decrypt(&self, ciphertext: &[Fr], nonce: u128, length: usize) -> Result<Vec<Fr>, CipherError> {
        cipher::decrypt(ciphertext, self.0, nonce, length)
    }
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedKey").finish_non_exhaustive()
    }
}

/// The integer of these bytes, big endian.
fn integer(bytes: &[u8; 32]) -> BigInteger256 {
    let mut limbs = [0u64; 4];
    for (limb, part) in limbs.iter_mut().rev().zip(bytes.chunks(8)) {
        *limb = part.iter().fold(0, |limb, byte| limb << 8 | u64::from(*byte));
    }
    BigInteger256::new(limbs)
}

fn to_be_bytes(integer: &BigInteger256) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (part, limb) in bytes.chunks_mut(8).zip(integer.0.iter().rev()) {
        part.copy_from_slice(&limb.to_be_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use ark_ff::{BigInteger, Field};
    use ark_std::rand::Error;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    /// A source of randomness that gives the same byte for ever.
    struct Constant(u8);

    impl RngCore for Constant {
        fn next_u32(&mut self) -> u32 {
            u32::from_ne_bytes([self.0; 4])
        }
        fn next_u64(&mut self) -> u64 {
            u64::from_ne_bytes([self.0; 8])
        }
        fn fill_bytes(&mut self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
            self.fill_bytes(bytes);
            Ok(())
        }
    }

    impl CryptoRng for Constant {}

    #[test]
    fn keys_agree_and_come_back_from_bytes() {
        let mut rng = StdRng::seed_from_u64(1);
        let [a, b] = [(); 2].map(|()| SecretKey::random(&mut rng).unwrap());
        assert_ne!(a.public(), b.public());
        assert_eq!(a.agree(&b.public()).0, b.agree(&a.public()).0);
        for key in [a, b] {
            let again = SecretKey::from_be_bytes(&key.to_be_bytes()).unwrap();
            assert_eq!(again.scalar(), key.scalar());
            assert_eq!(PublicKey::from_be_bytes(&key.public().to_be_bytes()), Ok(key.public()));
        }
        let mut one = [0; 32];
        one[31] = 1;
        assert_eq!(SecretKey::from_be_bytes(&one).unwrap().public().point(), &Point::BASE);
    }

    #[test]
    fn secrets_out_of_range_are_refused() {
        let l = to_be_bytes(&Scalar::MODULUS);
        let refused = |bytes: &[u8; 32]| SecretKey::from_be_bytes(bytes).unwrap_err();
        assert_eq!(refused(&[0; 32]), KeyError::Zero);
        assert_eq!(refused(&l), KeyError::Secret);
        assert_eq!(refused(&[255; 32]), KeyError::Secret);
        let mut last = l;
        last[31] -= 1;
        assert_eq!(SecretKey::from_be_bytes(&last).unwrap().scalar(), -Scalar::ONE);
        assert_eq!(SecretKey::random(&mut Constant(0)).unwrap_err(), KeyError::Zero);
        assert!(SecretKey::random(&mut Constant(1)).is_ok());
    }

    #[test]
    fn public_keys_that_are_none_are_refused() {
        let base = Point::BASE;
        assert_eq!(PublicKey::new(base.x(), base.y()), Ok(PublicKey(base)));
        assert_eq!(PublicKey::new(Fr::ZERO, Fr::ONE), Err(PointError::Identity.into()));
        let low = PointError::Order { x: Fr::ZERO, y: -Fr::ONE };
        assert_eq!(PublicKey::new(Fr::ZERO, -Fr::ONE), Err(low.into()));
        // The negative of the second coordinate adds the point of order two, and the sign of the first.
        let mixed = PointError::Order { x: base.x(), y: -base.y() };
        assert_eq!(PublicKey::new(base.x(), -base.y()), Err(mixed.into()));
        let off = PointError::Curve { x: base.y(), y: base.x() };
        assert_eq!(PublicKey::new(base.y(), base.x()), Err(off.into()));

        let mut bytes = PublicKey(base).to_be_bytes();
        let mut alias = Fr::MODULUS;
        assert!(!alias.add_with_carry(&base.y().into_bigint()));
        bytes[32..].copy_from_slice(&to_be_bytes(&alias));
        assert_eq!(PublicKey::from_be_bytes(&bytes), Err(KeyError::Coordinate { coordinate: 'y' }));
        bytes[..32].fill(255);
        assert_eq!(PublicKey::from_be_bytes(&bytes), Err(KeyError::Coordinate { coordinate: 'x' }));
    }

    #[test]
    fn nothing_secret_is_printed() {
        let key = SecretKey(Scalar::from(12345u64));
        assert_eq!(format!("{key:?}"), "SecretKey { .. }");
        assert_eq!(format!("{:?}", key.agree(&key.public())), "SharedKey { .. }");
    }

    #[test]
    fn secrets_are_overwritten() {
        let mut shared = SharedKey([Fr::from(5u64); 2]);
        shared.zeroize();
        assert_eq!(shared.0, [Fr::ZERO; 2]);
        fn overwritten<T: ZeroizeOnDrop>(_: &T) {}
        overwritten(&shared);
        overwritten(&SecretKey(Scalar::ONE));
    }
}
