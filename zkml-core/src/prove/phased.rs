//! Groth16 in phases: `e(A, B) = e(alpha, beta) e(IC, gamma) prod_p e(D_p, delta_p) e(C, delta)`, of which plain Groth16 is the one with a
//! single phase, and so without a commitment `D_p`.
//!
//! ```text
//! verifying key: alpha | beta | gamma | delta of each phase | IC
//! proof: A: 32 | B: 64 | C: 32 | D of each phase but the last and those that are registered: 32
//! ```
//!
//! Points, formats and checks are written here once; [`Groth16`](super::Groth16), [`TwoPhase`](super::TwoPhase) and
//! [`Registered`](super::Registered) say how many phases there are, what they are called, and what of them is [registered](Registration).

use std::fmt::Debug;
use std::io::{self, Write};

use ark_bn254::{G1Affine, G2Affine};
use ark_ec::{AffineRepr, pairing::Pairing};
use ark_serialize::Compress;

use super::points::{self, Curve, LoadError, Reader};
use super::rates::{Rates, Work};
use super::system::{Kinds, OtherKey, ProofSystem, RangeChecks, Size};
use super::transcript;
use super::word::Word;
use super::{Fr, PointFault};

pub use zkml_groth16::{Proof as Points, ProvingKey as ProvingPoints, VerifyingKey as VerifyingPoints};

/// A proof system that is Groth16 in so many phases.
pub trait Phased: Clone + Copy + Debug + PartialEq + Send + Sync + 'static {
    /// What is committed to once for many proofs; `()` for nothing.
    type Registered: Registration;

    /// Its name.
    const NAME: &'static str;
    /// The kinds of its files.
    const KINDS: Kinds;
    /// How many phases there are, at least one; with more than one there is a challenge.
    const PHASES: usize;
}

/// Commitments that stand in the equation and not in the proof, those of the first phases.
pub trait Registration: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// How many of the phases are registered, the first ones.
    const PHASES: usize;

    /// Their commitments.
    fn commitments(&self) -> &[G1Affine];

    /// What names a key, in challenges and where commitments are registered.
    fn key_digest(key: &VerifyingPoints) -> Word;

    /// Checks that they are under the key of this digest.
    ///
    /// # Errors
    /// If they are under another.
    fn admit(&self, key: &Word) -> Result<(), OtherKey>;

    /// The challenge of a proof with these further commitments.
    fn challenge(&self, key: &Word, commitments: &[G1Affine], inputs: &[Fr]) -> Fr;
}

impl Registration for () {
    const PHASES: usize = 0;

    fn commitments(&self) -> &[G1Affine] {
        &[]
    }

    fn key_digest(key: &VerifyingPoints) -> Word {
        transcript::key_digest(key)
    }

    fn admit(&self, _: &Word) -> Result<(), OtherKey> {
        Ok(())
    }

    fn challenge(&self, key: &Word, commitments: &[G1Affine], inputs: &[Fr]) -> Fr {
        transcript::challenge(key, commitments, inputs)
    }
}

/// A verifying key with what of its equation does not depend on a proof.
#[derive(Clone, Debug)]
pub struct Prepared {
    points: zkml_groth16::Prepared,
    /// What challenges are drawn for.
    digest: Word,
}

/// How many public inputs are challenges.
fn challenges<T: Phased>() -> usize {
    usize::from(T::PHASES > 1)
}

/// How many commitments a proof carries.
fn commitments<T: Phased>() -> usize {
    T::PHASES.saturating_sub(1 + T::Registered::PHASES)
}

impl<T: Phased> ProofSystem for T {
    const NAME: &'static str = T::NAME;
    const KINDS: Kinds = T::KINDS;
    const REGISTERS: bool = T::Registered::PHASES > 0;
    const RANGE_CHECKS: RangeChecks = if T::PHASES > 1 { RangeChecks::Lookups } else { RangeChecks::Bits };

    type ProvingPoints = ProvingPoints;
    type VerifyingPoints = VerifyingPoints;
    type Prepared = Prepared;
    type Points = Points;
    type Registered = T::Registered;

    fn instance(vk: &VerifyingPoints) -> usize {
        vk.ic.len().saturating_sub(challenges::<T>())
    }

    fn witness(pk: &ProvingPoints) -> usize {
        pk.k.iter().map(Vec::len).sum()
    }

    fn verifying(pk: &ProvingPoints) -> &VerifyingPoints {
        &pk.vk
    }

    fn check_verifying(vk: &VerifyingPoints) -> Result<(), LoadError> {
        points::check(&vk.alpha_g1, "alpha", 0)?;
        points::check_all(&[vk.beta_g2, vk.gamma_g2], "beta and gamma in G2")?;
        points::check_all(&vk.deltas_g2, "delta in G2")?;
        points::check_all(&vk.ic, "the public inputs' points")
    }

    /// With a `delta` or `gamma` of zero, or two of them equal, anything can be proved; so it can with a `delta` that nobody has
    /// contributed to, the generator. An input whose point is zero is not bound.
    fn admit_verifying(vk: &VerifyingPoints) -> Result<(), LoadError> {
        if vk.deltas_g2.len() != T::PHASES {
            return Err(LoadError::Length { what: "delta in G2", expected: T::PHASES, found: vk.deltas_g2.len() });
        }
        if vk.ic.len() < 1 + challenges::<T>() {
            let expected = 1 + challenges::<T>();
            return Err(LoadError::Length { what: "the verifying key", expected, found: vk.ic.len() });
        }
        points::check_nonzero(&[vk.alpha_g1], "alpha")?;
        points::check_nonzero(&[vk.beta_g2, vk.gamma_g2], "beta and gamma in G2")?;
        points::check_nonzero(&vk.deltas_g2, "delta in G2")?;
        points::check_nonzero(&vk.ic, "the public inputs' points")?;
        let generator = G2Affine::generator();
        let mut seen = vec![vk.gamma_g2];
        for (index, delta) in vk.deltas_g2.iter().enumerate() {
            if seen.contains(delta) || *delta == generator {
                return Err(LoadError::Point { what: "delta in G2", index, fault: PointFault::Repeated });
            }
            seen.push(*delta);
        }
        Ok(())
    }

    fn check_proving(pk: &ProvingPoints) -> Result<(), LoadError> {
        Self::check_verifying(&pk.vk)?;
        points::check(&pk.beta_g1, "beta", 0)?;
        points::check_all(&pk.deltas_g1, "delta")?;
        points::check_all(&pk.a, "the A query")?;
        points::check_all(&pk.b_g1, "the B query in G1")?;
        points::check_all(&pk.b_g2, "the B query in G2")?;
        points::check_all(&pk.h, "the H query")?;
        points::check_all(&pk.c, "the C query")?;
        pk.k.iter().try_for_each(|k| points::check_all(k, "the K query"))
    }

    /// The lengths fit each other, each witness column is in exactly one phase, what is in both groups is the same in both, and no value
    /// that is registered has a point of zero, so that it would not be bound.
    fn admit_proving(pk: &ProvingPoints) -> Result<(), LoadError> {
        Self::admit_verifying(&pk.vk)?;
        points::check_nonzero(&[pk.beta_g1], "beta")?;
        points::check_nonzero(&pk.deltas_g1, "delta")?;
        let variables = pk.vk.ic.len() + Self::witness(pk);
        let last = pk.k.last().map_or(0, Vec::len);
        for (what, expected, found) in [
            ("delta in G1", T::PHASES, pk.deltas_g1.len()),
            ("the list of phases", T::PHASES, pk.k.len()),
            ("the A query", variables, pk.a.len()),
            ("the B query in G1", variables, pk.b_g1.len()),
            ("the B query in G2", variables, pk.b_g2.len()),
            ("the C query", variables - last, pk.c.len()),
        ] {
            if found != expected {
                return Err(LoadError::Length { what, expected, found });
            }
        }
        // The size of a domain, which holds the inputs.
        let found = pk.h.len();
        if zkml_groth16::domain_size(found) != Some(found) || found < pk.vk.ic.len() {
            let least = found.max(pk.vk.ic.len());
            let expected = zkml_groth16::domain_size(least).unwrap_or(least);
            return Err(LoadError::Length { what: "the H query", expected, found });
        }
        pk.k.iter()
            .take(T::Registered::PHASES)
            .try_for_each(|k| points::check_nonzero(k, "the registered values' points"))?;
        for (delta_g1, delta_g2) in pk.deltas_g1.iter().zip(&pk.vk.deltas_g2) {
            if Curve::pairing(pk.beta_g1, *delta_g2) != Curve::pairing(*delta_g1, pk.vk.beta_g2) {
                return Err(LoadError::Mismatch { what: "beta and delta in G1 and G2" });
            }
        }
        Ok(())
    }

    fn check_proof(proof: &Points) -> Result<(), LoadError> {
        points::check(&proof.a, "the proof's A", 0)?;
        points::check(&proof.b, "the proof's B", 0)?;
        points::check(&proof.c, "the proof's C", 0)?;
        points::check_all(&proof.commitments, "the proof's D")
    }

    fn put_verifying(bytes: &mut Vec<u8>, vk: &VerifyingPoints) {
        put_verifying(bytes, vk, Compress::Yes);
    }

    fn read_verifying(reader: &mut Reader<'_>) -> Result<VerifyingPoints, LoadError> {
        read_verifying::<T>(reader, Compress::Yes)
    }

    fn write_proving(out: &mut dyn Write, pk: &ProvingPoints) -> io::Result<()> {
        let mut first = Vec::new();
        put_verifying(&mut first, &pk.vk, Compress::No);
        points::put(&mut first, &pk.beta_g1, Compress::No);
        pk.deltas_g1.iter().for_each(|delta| points::put(&mut first, delta, Compress::No));
        out.write_all(&first)?;
        points::write_all(out, &pk.a, Compress::No)?;
        points::write_all(out, &pk.b_g1, Compress::No)?;
        points::write_all(out, &pk.b_g2, Compress::No)?;
        points::write_all(out, &pk.h, Compress::No)?;
        points::write_all(out, &pk.c, Compress::No)?;
        pk.k.iter().try_for_each(|k| points::write_all(out, k, Compress::No))
    }

    fn read_proving(reader: &mut Reader<'_>) -> Result<ProvingPoints, LoadError> {
        Ok(ProvingPoints {
            vk: read_verifying::<T>(reader, Compress::No)?,
            beta_g1: reader.point(Compress::No, "beta")?,
            deltas_g1: (0..T::PHASES).map(|_| reader.point(Compress::No, "delta")).collect::<Result<_, _>>()?,
            a: reader.points(Compress::No, "the A query")?,
            b_g1: reader.points(Compress::No, "the B query in G1")?,
            b_g2: reader.points(Compress::No, "the B query in G2")?,
            h: reader.points(Compress::No, "the H query")?,
            c: reader.points(Compress::No, "the C query")?,
            k: (0..T::PHASES).map(|_| reader.points(Compress::No, "the K query")).collect::<Result<_, _>>()?,
        })
    }

    fn put_proof(bytes: &mut Vec<u8>, proof: &Points) {
        points::put(bytes, &proof.a, Compress::Yes);
        points::put(bytes, &proof.b, Compress::Yes);
        points::put(bytes, &proof.c, Compress::Yes);
        proof.commitments.iter().for_each(|d| points::put(bytes, d, Compress::Yes));
    }

    fn read_proof(reader: &mut Reader<'_>) -> Result<Points, LoadError> {
        Ok(Points {
            a: reader.point(Compress::Yes, "the proof's A")?,
            b: reader.point(Compress::Yes, "the proof's B")?,
            c: reader.point(Compress::Yes, "the proof's C")?,
            commitments: (0..commitments::<T>())
                .map(|_| reader.point(Compress::Yes, "the proof's D"))
                .collect::<Result<_, _>>()?,
        })
    }

    fn prepare(vk: &VerifyingPoints) -> Prepared {
        Prepared { points: zkml_groth16::prepare(vk), digest: T::Registered::key_digest(vk) }
    }

    fn admit_registered(vk: &VerifyingPoints, registered: &T::Registered) -> Result<(), OtherKey> {
        registered.admit(&T::Registered::key_digest(vk))
    }

    /// The challenge is drawn here, from key, commitments and inputs: nobody hands it in.
    fn holds(key: &Prepared, registered: &T::Registered, proof: &Points, inputs: &[Fr]) -> bool {
        if T::PHASES == 1 {
            return zkml_groth16::holds(&key.points, proof, inputs);
        }
        if registered.admit(&key.digest).is_err() || proof.commitments.len() != commitments::<T>() {
            return false;
        }
        let challenge = registered.challenge(&key.digest, &proof.commitments, inputs);
        let commitments = [registered.commitments(), &proof.commitments].concat();
        let whole = Points { commitments, ..proof.clone() };
        zkml_groth16::holds(&key.points, &whole, &[inputs, &[challenge]].concat())
    }

    fn proof_bytes() -> usize {
        128 + 32 * commitments::<T>()
    }

    /// A, B in both groups, the quotient's points, and those of the witness and of C; 64 bytes a point of G1, 128 a point of G2.
    fn proving_key_bytes(size: Size) -> usize {
        let variables = size.instance + size.witness;
        let c = if T::PHASES > 1 { size.instance + size.fixed } else { size.instance };
        64 * (2 * variables + size.domain() + size.witness + c) + 128 * variables
    }

    fn memory_bytes(work: &Work) -> usize {
        Self::proving_key_bytes(work.size) + work.memory_bytes()
    }

    /// Values that are registered are committed to once, and not in a proof.
    fn seconds(work: &Work, rates: &Rates) -> f64 {
        rates.seconds(work, T::Registered::PHASES)
    }
}

fn put_verifying(bytes: &mut Vec<u8>, vk: &VerifyingPoints, compress: Compress) {
    points::put(bytes, &vk.alpha_g1, compress);
    points::put(bytes, &vk.beta_g2, compress);
    points::put(bytes, &vk.gamma_g2, compress);
    vk.deltas_g2.iter().for_each(|delta| points::put(bytes, delta, compress));
    points::put_all(bytes, &vk.ic, compress);
}

fn read_verifying<T: Phased>(reader: &mut Reader<'_>, compress: Compress) -> Result<VerifyingPoints, LoadError> {
    Ok(VerifyingPoints {
        alpha_g1: reader.point(compress, "alpha")?,
        beta_g2: reader.point(compress, "beta")?,
        gamma_g2: reader.point(compress, "gamma")?,
        deltas_g2: (0..T::PHASES).map(|_| reader.point(compress, "delta")).collect::<Result<_, _>>()?,
        ic: reader.points(compress, "the public inputs' points")?,
    })
}

#[cfg(feature = "prove")]
pub use prover::Openable;
#[cfg(feature = "prove")]
pub(super) use prover::refused;
#[cfg(feature = "ceremony")]
pub(super) use prover::{phases, too_many_rows};

#[cfg(feature = "prove")]
mod prover {
    use zkml_groth16::{Columns, Secrets};

    use super::*;
    use crate::prove::{
        matrices::Matrices,
        prover::{ProveError, nonzero},
        system::{Backend, SecureRng},
    };

    /// What is registered, on the side of who can open it.
    pub trait Openable: Registration {
        /// The values, and what hides them.
        type Opening: Send + Sync;

        /// What is registered.
        fn of(opening: &Self::Opening) -> &Self;

        /// Checks that constraints are such that what is registered is bound.
        ///
        /// # Errors
        /// What it would not bind.
        fn admit_matrices(matrices: &Matrices) -> Result<(), ProveError>;

        /// Of the values that are fixed before the challenge those that are not registered.
        ///
        /// # Errors
        /// If the others are not those that are registered.
        fn rest<'a>(opening: &Self::Opening, fixed: &'a [Fr]) -> Result<&'a [Fr], ProveError>;

        /// The commitments, each with its `kappa`.
        fn blinded(opening: &Self::Opening) -> Vec<(G1Affine, Fr)>;
    }

    impl Openable for () {
        type Opening = ();

        fn of(opening: &()) -> &Self {
            opening
        }

        fn admit_matrices(_: &Matrices) -> Result<(), ProveError> {
            Ok(())
        }

        fn rest<'a>((): &(), fixed: &'a [Fr]) -> Result<&'a [Fr], ProveError> {
            Ok(fixed)
        }

        fn blinded((): &()) -> Vec<(G1Affine, Fr)> {
            vec![]
        }
    }

    /// A commitment of a proof, with what hides it.
    pub struct Committed {
        point: G1Affine,
        kappa: Fr,
    }

    pub(in crate::prove) fn refused(error: zkml_groth16::Error) -> ProveError {
        ProveError::Backend(error.to_string())
    }

    fn mismatch<T: Phased>(found: usize) -> ProveError {
        ProveError::Challenges { system: T::NAME, expected: challenges::<T>(), found }
    }

    pub(in crate::prove) fn too_many_rows(rows: usize) -> ProveError {
        ProveError::Matrices(format!("{rows} rows and inputs are more than the field allows, 9 * 2^27"))
    }

    /// The witness columns of each phase.
    pub(in crate::prove) fn phases<T: Phased>(matrices: &Matrices) -> Result<Vec<usize>, ProveError> {
        match (T::PHASES, matrices.phases.len()) {
            (1, 0) => Ok(vec![matrices.witness]),
            (expected, found) if expected == found && found > 1 => Ok(matrices.phases.clone()),
            _ => Err(mismatch::<T>(matrices.challenges())),
        }
    }

    impl<T: Phased<Registered: Openable>> Backend for T {
        type Opening = <T::Registered as Openable>::Opening;
        type Committed = Committed;

        fn registered(opening: &Self::Opening) -> &T::Registered {
            T::Registered::of(opening)
        }

        /// `(alpha, beta, gamma, deltas, tau) -> keys`, after which they are overwritten.
        fn setup(matrices: &Matrices, rng: &mut dyn SecureRng) -> Result<(ProvingPoints, VerifyingPoints), ProveError> {
            let phases = phases::<T>(matrices)?;
            T::Registered::admit_matrices(matrices)?;
            let [alpha, beta, gamma] = [nonzero(rng)?, nonzero(rng)?, nonzero(rng)?];
            let deltas = phases.iter().map(|_| nonzero(rng)).collect::<Result<_, _>>()?;
            let tau = nonzero(rng)?;
            let secrets = Secrets { alpha, beta, gamma, deltas, tau };
            let columns = Columns { instance: matrices.instance, phases: &phases };
            let pk = zkml_groth16::setup(matrices, columns, &secrets).map_err(refused)?;
            let vk = pk.vk.clone();
            Ok((pk, vk))
        }

        fn fits(pk: &ProvingPoints, matrices: &Matrices) -> Result<(), ProveError> {
            let phases = phases::<T>(matrices)?;
            let rows = matrices.constraints().saturating_add(matrices.instance);
            // A key of snarkjs has a domain of a power of two.
            let domain = match pk.h.len() {
                larger if larger.is_power_of_two() && larger >= rows && larger / 2 < rows => larger,
                _ => zkml_groth16::domain_size(rows).ok_or_else(|| too_many_rows(rows))?,
            };
            let witnesses = phases.iter().zip(&pk.k).map(|(n, k)| ("witnesses of a phase", *n, k.len()));
            // The lengths of the other queries follow from these: a key is only made where they do.
            let others = [
                ("public inputs and one", matrices.instance, pk.vk.ic.len()),
                ("points of its domain", domain, pk.h.len()),
            ];
            for (what, expected, found) in others.into_iter().chain(witnesses) {
                if expected != found {
                    return Err(ProveError::Key { what, expected, found });
                }
            }
            Ok(())
        }

        fn commit(
            pk: &ProvingPoints,
            opening: &Self::Opening,
            public: &[Fr],
            fixed: &[Fr],
            rng: &mut dyn SecureRng,
        ) -> Result<(Fr, Committed), ProveError> {
            if T::PHASES == 1 {
                return Err(mismatch::<T>(1));
            }
            let (registered, digest) = (Self::registered(opening), T::Registered::key_digest(&pk.vk));
            registered.admit(&digest)?;
            let own = T::Registered::rest(opening, fixed)?;
            let kappa = nonzero(rng)?;
            let point = zkml_groth16::commit(pk, T::Registered::PHASES, own, kappa).map_err(refused)?;
            let inputs = public.get(1..).unwrap_or_default();
            Ok((registered.challenge(&digest, &[point], inputs), Committed { point, kappa }))
        }

        fn prove(
            pk: &ProvingPoints,
            opening: &Self::Opening,
            sides: [Vec<Fr>; 2],
            assignment: &[Fr],
            committed: Option<Committed>,
            rng: &mut dyn SecureRng,
        ) -> Result<Points, ProveError> {
            let blinding = [nonzero(rng)?, nonzero(rng)?];
            let drawn = usize::from(committed.is_some());
            if drawn != challenges::<T>() {
                return Err(mismatch::<T>(drawn));
            }
            let mut commitments = T::Registered::blinded(opening);
            commitments.extend(committed.iter().map(|c| (c.point, c.kappa)));
            let proved = zkml_groth16::prove_evaluated(pk, sides, assignment, &commitments, blinding);
            let mut proof = proved.map_err(refused)?;
            proof.commitments.drain(..T::Registered::PHASES);
            Ok(proof)
        }
    }
}
