//! Registered weights: `e(A, B) = e(alpha, beta) e(IC, gamma) e(D_w, delta_w) e(D, delta_1) e(C, delta_2)`, where `D_w`
//! commits to the weights once, and many proofs are about it.
//!
//! ```text
//! D_w = sum_i w_i K_i / delta_w + kappa_w delta_2         made once a model and key, and registered
//! D   = sum_i z_i K_i / delta_1 + kappa delta_2           in each proof
//! r   = keccak256(tag | key digest | D_w | D | public inputs) mod p
//!
//! proof:      A: 32 | B: 64 | C: 32 | D: 32
//! commitment: D_w: 32                                      its file's digest is the key's
//! opening:    seed: 32 | D_w: 32 | number of weights: u64 | weights: 32 each
//! ```
//!
//! The witness has three phases: the weights, which are the first columns; all else that is fixed before the challenge;
//! and what follows from it. A proof does not carry `D_w`: the verifier has it from where it was registered.
//!
//! # Soundness
//! `docs/proof-systems.md` has the argument. Each weight stands alone on the A side of some row, which
//! [`setup`](super::setup()) checks: so `D_w` binds each of them, and not sums. Each key has a challenge, used or not,
//! which has a row of its own: without, `D_w + u delta_2` and `C - u delta_w` would make of somebody's proof one under
//! another commitment, as if one's own.
//!
//! What a verifier knows is that one and the same list of field elements was used in all proofs that it accepts for one
//! `D_w` under one key, and that it was fixed before the inputs. That they are weights (small, of the declared widths),
//! and whose they are, is what circuits and registries are for: `D_w` alone is a point, which anyone can copy, and
//! shift.
//!
//! Source: Kosba, Papadopoulos, Papamanthou and Song, "MIRAGE: succinct arguments for randomized algorithms with
//! applications to universal zk-SNARKs" (USENIX Security 2020), for phases; Campanelli, Fiore and Querol, "LegoSNARK"
//! (CCS 2019), for commitments that are used again.

use std::path::Path;

use ark_bn254::G1Affine;
use ark_serialize::Compress;

use super::file::{self, Kind};
use super::keys::VerifyingKeyOf;
use super::phased::{Phased, Registration, VerifyingPoints};
use super::points::{self, LoadError, Reader};
use super::system::{Kinds, OtherKey};
use super::transcript;
use super::word::Word;
use super::{Digest, Fr};

/// Groth16 in three phases, of which the first, the weights, is committed to once for many proofs. See [the
/// module](self).
///
/// A verifier can't leave the commitment out:
///
/// ```
/// # use zkml_core::prove::*;
/// fn verify(key: &VerifyingKeyOf<Registered>, proof: &ProofOf<Registered>, weights: &WeightsCommitment) -> bool {
///     key.verify_registered(proof, weights).is_ok()
/// }
/// ```
///
/// ```compile_fail
/// # use zkml_core::prove::*;
/// fn verify(key: &VerifyingKeyOf<Registered>, proof: &ProofOf<Registered>, weights: &WeightsCommitment) -> bool {
///     key.verify(proof).is_ok()
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registered;

impl Phased for Registered {
    type Registered = WeightsCommitment;

    const NAME: &'static str = "registered";
    const KINDS: Kinds = Kinds {
        proving_key: Kind::RegisteredProvingKey,
        verifying_key: Kind::RegisteredVerifyingKey,
        proof: Kind::RegisteredProof,
    };
    const PHASES: usize = 3;
}

/// Commitment to weights, `D_w`, under the key of a digest.
///
/// # Soundness
/// It is what a verifier takes from a registry, under an owner's name: whoever sends a proof must not choose it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightsCommitment {
    key: Word,
    point: G1Affine,
}

impl WeightsCommitment {
    /// The largest file that is read.
    pub const MAX_BYTES: u64 = 1 << 10;

    /// A commitment from a registry: the [digest of its key](VerifyingKeyOf::key_digest), and its point.
    ///
    /// # Errors
    /// If the point is not in its group, or is zero, which commits to no weights.
    pub fn new(key: Word, point: G1Affine) -> Result<Self, LoadError> {
        points::check(&point, WEIGHTS, 0)?;
        points::check_nonzero(&[point], WEIGHTS)?;
        Ok(Self { key, point })
    }

    /// The digest of the key that it is under.
    pub fn key(&self) -> &Word {
        &self.key
    }

    /// `D_w`.
    pub fn point(&self) -> G1Affine {
        self.point
    }

    /// The commitment as a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut payload = Vec::new();
        points::put(&mut payload, &self.point, Compress::Yes);
        file::write(Kind::WeightsCommitment, &Digest(self.key), &payload)
    }

    /// The commitment of a file.
    ///
    /// # Errors
    /// If it is no commitment to weights, damaged, or not one as [`new`](Self::new) takes it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        let (Digest(key), payload) = file::read(bytes, Kind::WeightsCommitment)?;
        let mut reader = Reader::new(payload);
        let point = reader.point(Compress::Yes, WEIGHTS)?;
        reader.finish()?;
        Self::new(key, point)
    }

    /// Writes the commitment to a file, whole or not at all.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), LoadError> {
        Ok(file::save(path, &self.to_bytes())?)
    }

    /// Reads the commitment from a file.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes), or if the file can't be read.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        Self::from_bytes(&file::load_kind(path, Kind::WeightsCommitment, Self::MAX_BYTES)?)
    }

    /// Checks that it is under the key of this digest.
    pub(super) fn under(&self, expected: &Word) -> Result<(), OtherKey> {
        if self.key == *expected { Ok(()) } else { Err(OtherKey { expected: *expected, found: self.key }) }
    }
}

/// What messages call it.
const WEIGHTS: &str = "the commitment to weights";

impl Registration for WeightsCommitment {
    const PHASES: usize = 1;

    fn commitments(&self) -> &[G1Affine] {
        std::slice::from_ref(&self.point)
    }

    fn key_digest(key: &VerifyingPoints) -> Word {
        transcript::registered_key_digest(key)
    }

    fn admit(&self, key: &Word) -> Result<(), OtherKey> {
        self.under(key)
    }

    fn challenge(&self, key: &Word, commitments: &[G1Affine], inputs: &[Fr]) -> Fr {
        transcript::registered_challenge(key, &self.point, commitments, inputs)
    }
}

impl VerifyingKeyOf<Registered> {
    /// `keccak256` of all points: what commitments to weights and challenges name the key by.
    pub fn key_digest(&self) -> Word {
        transcript::registered_key_digest(self.vk())
    }
}

#[cfg(feature = "prove")]
pub use opening::WeightsOpening;

#[cfg(feature = "prove")]
mod opening {
    use std::fmt;

    use ark_ff::{PrimeField, Zero};
    use zeroize::{Zeroize, Zeroizing};

    use super::*;
    use crate::prove::{
        keys::ProvingKeyOf,
        matrices::Matrices,
        phased::{Openable, refused},
        prover::ProveError,
        public::to_bytes,
        system::SecureRng,
        word::{keccak256, of_field, of_int},
    };

    /// `zkml weights blinding 1`, and zeros.
    const BLINDING: Word = *b"zkml weights blinding 1\0\0\0\0\0\0\0\0\0";

    /// What the owner of a [`WeightsCommitment`] knows: the weights, and what hides them. It prints neither, and is
    /// overwritten when it is dropped.
    ///
    /// `kappa_w` is a hash of a random seed, the key's digest and the weights: it is the same in all proofs of one
    /// commitment, and another under another key, or of other weights, even where a seed comes twice. With one under
    /// two keys, or for two lists of weights, who guesses weights could see that the guess is right.
    pub struct WeightsOpening {
        commitment: WeightsCommitment,
        values: Vec<Fr>,
        seed: [u8; 32],
        kappa: Fr,
    }

    impl Drop for WeightsOpening {
        fn drop(&mut self) {
            self.wipe();
        }
    }

    impl fmt::Debug for WeightsOpening {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("WeightsOpening")
                .field("commitment", &self.commitment)
                .field("weights", &self.values.len())
                .finish_non_exhaustive()
        }
    }

    /// `keccak256(tag | i | seed | key digest | keccak256(weights))` for `i` of zero and one, together modulo `p`:
    /// uniform but for `2^-258`.
    fn kappa(key: &Word, seed: &[u8; 32], values: &[Fr]) -> Fr {
        let words = Zeroizing::new(values.iter().map(|x| of_field(*x)).collect::<Vec<Word>>());
        let weights = Zeroizing::new(keccak256(words.as_flattened()));
        let half = |i: u64| {
            let message = Zeroizing::new([BLINDING, of_int(i), *seed, *key, *weights]);
            Zeroizing::new(keccak256(message.as_flattened()))
        };
        let wide = Zeroizing::new([*half(0), *half(1)]);
        Fr::from_be_bytes_mod_order(wide.as_flattened())
    }

    impl WeightsOpening {
        /// The largest file that is read.
        pub const MAX_BYTES: u64 = 1 << 36;

        pub(in crate::prove) fn wipe(&mut self) {
            self.values.zeroize();
            self.seed.zeroize();
            self.kappa.zeroize();
        }

        /// What is registered.
        pub fn commitment(&self) -> &WeightsCommitment {
            &self.commitment
        }

        /// The weights, in the order of the columns.
        pub fn values(&self) -> &[Fr] {
            &self.values
        }

        pub(in crate::prove) fn kappa(&self) -> Fr {
            self.kappa
        }

        /// The opening as a file, for the owner alone.
        pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
            let mut payload = Zeroizing::new(Vec::with_capacity(72 + 32 * self.values.len()));
            payload.extend_from_slice(&self.seed);
            points::put(&mut payload, &self.commitment.point, Compress::Yes);
            payload.extend_from_slice(&(self.values.len() as u64).to_le_bytes());
            self.values.iter().for_each(|x| payload.extend_from_slice(&to_bytes(*x)));
            Zeroizing::new(file::write(Kind::WeightsOpening, &Digest(self.commitment.key), &payload))
        }

        /// The opening of a file. That it opens the commitment is not checked, which takes the key: see
        /// [`check`](Self::check).
        ///
        /// # Errors
        /// If it is no opening, damaged, its point is none that [`WeightsCommitment::new`] takes, or a weight is not
        /// below the modulus.
        pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
            let (Digest(key), payload) = file::read(bytes, Kind::WeightsOpening)?;
            let mut reader = Reader::new(payload);
            let seed = reader.array("the seed")?;
            let point = reader.point(Compress::Yes, WEIGHTS)?;
            let values = reader.inputs()?;
            let kappa = kappa(&key, &seed, &values);
            let opening = Self { commitment: WeightsCommitment { key, point }, values, seed, kappa };
            reader.finish()?;
            WeightsCommitment::new(key, point)?;
            Ok(opening)
        }

        /// Writes the opening to a file that only its owner may read, where the system knows of owners; whole or not at
        /// all.
        ///
        /// # Errors
        /// If the file can't be written.
        pub fn save(&self, path: impl AsRef<Path>) -> Result<(), LoadError> {
            Ok(file::save_secret(path, &self.to_bytes())?)
        }

        /// Reads the opening from a file.
        ///
        /// # Errors
        /// As [`from_bytes`](Self::from_bytes), or if the file can't be read.
        pub fn load(path: impl AsRef<Path>) -> Result<Self, LoadError> {
            Self::from_bytes(&Zeroizing::new(file::load_kind(path, Kind::WeightsOpening, Self::MAX_BYTES)?))
        }

        /// Checks that it opens its commitment under this key.
        ///
        /// # Errors
        /// If the key is another, takes another number of weights, or the commitment is to others or hidden otherwise.
        pub fn check(&self, key: &ProvingKeyOf<Registered>) -> Result<(), ProveError> {
            self.commitment.under(&transcript::registered_key_digest(&key.pk().vk))?;
            if commit(key, &self.values, self.kappa)? == self.commitment.point {
                Ok(())
            } else {
                Err(ProveError::Opening)
            }
        }
    }

    fn commit(key: &ProvingKeyOf<Registered>, values: &[Fr], kappa: Fr) -> Result<G1Affine, ProveError> {
        let (expected, found) = (key.pk().k.first().map_or(0, Vec::len), values.len());
        if expected != found {
            return Err(ProveError::Weights { expected, found });
        }
        zkml_groth16::commit(key.pk(), 0, values, kappa).map_err(refused)
    }

    impl ProvingKeyOf<Registered> {
        /// How many weights are registered under the key.
        pub fn weights(&self) -> usize {
            self.pk().k.first().map_or(0, Vec::len)
        }

        /// Commits to weights, the values of the first phase's columns in their order, once for many proofs: what to
        /// register, and what opens it, which is the owner's secret.
        ///
        /// # Errors
        /// If the key takes another number of weights, or the randomness is not random.
        ///
        /// # Soundness
        /// The weights are hidden only if `rng` is not predictable, and for as long as the opening is secret: who has
        /// its seed can check guesses of the weights for ever.
        pub fn commit_weights(&self, values: Vec<Fr>, rng: &mut dyn SecureRng) -> Result<WeightsOpening, ProveError> {
            let key = transcript::registered_key_digest(&self.pk().vk);
            // It is wiped if there is no point.
            let mut opening = WeightsOpening {
                commitment: WeightsCommitment { key, point: G1Affine::identity() },
                values,
                seed: [0; 32],
                kappa: Fr::zero(),
            };
            rng.fill_bytes(&mut opening.seed);
            if opening.seed == [0; 32] {
                return Err(ProveError::Randomness);
            }
            opening.kappa = kappa(&key, &opening.seed, &opening.values);
            let point = commit(self, &opening.values, opening.kappa)?;
            opening.commitment = WeightsCommitment::new(key, point).map_err(|_| ProveError::Malformed)?;
            Ok(opening)
        }
    }

    impl Openable for WeightsCommitment {
        type Opening = WeightsOpening;

        fn of(opening: &WeightsOpening) -> &Self {
            &opening.commitment
        }

        /// There are weights, and each stands alone on the A side of some row.
        fn admit_matrices(matrices: &Matrices) -> Result<(), ProveError> {
            let count = matrices.phases.first().copied().unwrap_or(0);
            match matrices.first_not_alone(count) {
                _ if count == 0 => Err(ProveError::NoWeights),
                Some(index) => Err(ProveError::NotAlone { index, count }),
                None => Ok(()),
            }
        }

        fn rest<'a>(opening: &WeightsOpening, fixed: &'a [Fr]) -> Result<&'a [Fr], ProveError> {
            let (expected, found) = (opening.values.len(), fixed.len());
            let (weights, rest) = fixed.split_at_checked(expected).ok_or(ProveError::Weights { expected, found })?;
            match weights.iter().zip(&opening.values).position(|(a, b)| a != b) {
                Some(index) => Err(ProveError::Unregistered { index }),
                None => Ok(rest),
            }
        }

        fn blinded(opening: &WeightsOpening) -> Vec<(G1Affine, Fr)> {
            vec![(opening.commitment.point, opening.kappa)]
        }
    }
}
