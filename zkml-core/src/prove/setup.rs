//! Setup: `constraints -> keys`, in any [proof system](super::system).

use super::keys::{KeysOf, Provenance, ProvingKeyOf, VerifyingKeyOf};
use super::matrices::Matrices;
use super::prover::ProveError;
use super::system::{Backend, SecureRng};
use super::{Digest, LoadError, PublicTable};

/// The keys of a circuit, by a single party; `contents` is the digest of what the circuit is made from, without the table.
///
/// # Errors
/// If the matrices have another number of public columns than the table has inputs (and the constant one), are
/// malformed, too large for the field (`2^28` rows) or not such as the system takes, or the randomness is not random.
///
/// # Soundness
/// Who knows what `rng` returned can prove anything under these keys. It is dropped here, not erased from memory.
pub fn setup<S: Backend>(
    matrices: &Matrices,
    table: PublicTable,
    contents: Digest,
    rng: &mut dyn SecureRng,
) -> Result<KeysOf<S>, ProveError> {
    let (expected, found) = (table.len() + 1 + matrices.challenges(), matrices.instance);
    if expected != found {
        return Err(ProveError::Table { expected, found });
    }
    matrices.check()?;
    let (proving, verifying) = S::setup(matrices, rng)?;
    let malformed = |error: LoadError| ProveError::Backend(format!("the setup made a malformed key: {error}"));
    let verifying = VerifyingKeyOf::new(contents, Provenance::SingleParty, table, verifying).map_err(malformed)?;
    let proving =
        ProvingKeyOf::from_checked(*verifying.digest(), Provenance::SingleParty, proving).map_err(malformed)?;
    KeysOf::new(proving, verifying).map_err(malformed)
}
