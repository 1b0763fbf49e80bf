//! `(alpha, beta, gamma, delta, tau) -> keys`, after which they are forgotten.

use ark_bn254::{Bn254, G1Projective, G2Projective};
use ark_ec::PrimeGroup;
use ark_groth16::Groth16;
use ark_std::rand::{CryptoRng, RngCore};

use super::keys::{Keys, Provenance, ProvingKey, VerifyingKey};
use super::matrices::{Matrices, Replay};
use super::prover::{ProveError, nonzero};
use super::{Digest, PublicTable};

/// The keys of a circuit, by a single party; `contents` is the digest of what the circuit is made from, without the table.
///
/// # Errors
/// If the matrices have another number of public columns than the table has inputs (and the constant one), are
/// malformed or too large for the field (`2^28` rows), or the randomness is not random.
///
/// # Soundness
/// Who knows what `rng` returned can prove anything under these keys. It is dropped here, not erased from memory.
pub fn setup(
    matrices: &Matrices,
    table: PublicTable,
    contents: Digest,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Keys, ProveError> {
    let (expected, found) = (table.len() + 1, matrices.instance);
    if expected != found {
        return Err(ProveError::Table { expected, found });
    }
    matrices.check()?;
    let (alpha, beta, gamma, delta) = (nonzero(rng)?, nonzero(rng)?, nonzero(rng)?, nonzero(rng)?);
    let (g1, g2) = (G1Projective::generator(), G2Projective::generator());
    let pk = Groth16::<Bn254>::generate_parameters_with_qap(Replay(matrices), alpha, beta, gamma, delta, g1, g2, rng)
        .map_err(|error| ProveError::Backend(error.to_string()))?;
    let malformed = |error: super::LoadError| ProveError::Backend(format!("the setup made a malformed key: {error}"));
    let verifying = VerifyingKey::new(contents, Provenance::SingleParty, table, pk.vk.clone()).map_err(malformed)?;
    let proving = ProvingKey::from_checked(*verifying.digest(), Provenance::SingleParty, pk).map_err(malformed)?;
    Keys::new(proving, verifying).map_err(malformed)
}
