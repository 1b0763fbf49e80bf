//! Groth16 over BN254: `e(A, B) = e(alpha, beta) * e(abc_0 + sum_i input_i * abc_i, gamma) * e(C, delta)`.
//!
//! ```text
//! proof: A: 32 | B: 64 | C: 32
//! ```
//!
//! Source: Groth, "On the size of pairing-based non-interactive arguments" (EUROCRYPT 2016); arkworks' implementation.

use ark_ec::pairing::Pairing;
use ark_serialize::Compress;

use super::Fr;
use super::file::Kind;
use super::points::{self, Curve, LoadError, Reader};
use super::system::{Kinds, ProofSystem, Size};

/// Groth16 over BN254, as arkworks has it: what snarkjs and the verifiers on the EVM understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Groth16;

impl ProofSystem for Groth16 {
    const NAME: &'static str = "groth16";
    const KINDS: Kinds = Kinds { proving_key: Kind::ProvingKey, verifying_key: Kind::VerifyingKey, proof: Kind::Proof };

    type ProvingPoints = ark_groth16::ProvingKey<Curve>;
    type VerifyingPoints = ark_groth16::VerifyingKey<Curve>;
    type Prepared = ark_groth16::PreparedVerifyingKey<Curve>;
    type Points = ark_groth16::Proof<Curve>;

    fn instance(vk: &Self::VerifyingPoints) -> usize {
        vk.gamma_abc_g1.len()
    }

    fn witness(pk: &Self::ProvingPoints) -> usize {
        pk.l_query.len()
    }

    fn verifying(pk: &Self::ProvingPoints) -> &Self::VerifyingPoints {
        &pk.vk
    }

    fn check_verifying(vk: &Self::VerifyingPoints) -> Result<(), LoadError> {
        points::check(&vk.alpha_g1, "alpha", 0)?;
        points::check_all(&[vk.beta_g2, vk.gamma_g2, vk.delta_g2], "beta, gamma and delta in G2")?;
        points::check_all(&vk.gamma_abc_g1, "the public inputs' points")
    }

    /// With a `delta` or `gamma` of zero anything can be proved, and an input whose point is zero is not bound.
    fn admit_verifying(vk: &Self::VerifyingPoints) -> Result<(), LoadError> {
        if vk.gamma_abc_g1.is_empty() {
            return Err(LoadError::Length { what: "the verifying key", expected: 1, found: 0 });
        }
        points::check_nonzero(&[vk.alpha_g1], "alpha")?;
        points::check_nonzero(&[vk.beta_g2, vk.gamma_g2, vk.delta_g2], "beta, gamma and delta in G2")?;
        points::check_nonzero(&vk.gamma_abc_g1, "the public inputs' points")
    }

    fn check_proving(pk: &Self::ProvingPoints) -> Result<(), LoadError> {
        Self::check_verifying(&pk.vk)?;
        points::check(&pk.beta_g1, "beta", 0)?;
        points::check(&pk.delta_g1, "delta", 0)?;
        points::check_all(&pk.a_query, "the A query")?;
        points::check_all(&pk.b_g1_query, "the B query in G1")?;
        points::check_all(&pk.b_g2_query, "the B query in G2")?;
        points::check_all(&pk.h_query, "the H query")?;
        points::check_all(&pk.l_query, "the L query")
    }

    fn admit_proving(pk: &Self::ProvingPoints) -> Result<(), LoadError> {
        Self::admit_verifying(&pk.vk)?;
        points::check_nonzero(&[pk.beta_g1, pk.delta_g1], "beta and delta in G1")?;
        let instance = pk.vk.gamma_abc_g1.len();
        let variables = instance + pk.l_query.len();
        for (what, found) in [
            ("the A query", pk.a_query.len()),
            ("the B query in G1", pk.b_g1_query.len()),
            ("the B query in G2", pk.b_g2_query.len()),
        ] {
            if found != variables {
                return Err(LoadError::Length { what, expected: variables, found });
            }
        }
        // One less than the size of a domain, which is a power of two and holds the inputs.
        let found = pk.h_query.len();
        let expected = (found + 1).next_power_of_two().max(instance.next_power_of_two()) - 1;
        if found != expected {
            return Err(LoadError::Length { what: "the H query", expected, found });
        }
        if Curve::pairing(pk.beta_g1, pk.vk.delta_g2) != Curve::pairing(pk.delta_g1, pk.vk.beta_g2) {
            return Err(LoadError::Mismatch { what: "beta and delta in G1 and G2" });
        }
        Ok(())
    }

    fn check_proof(proof: &Self::Points) -> Result<(), LoadError> {
        points::check(&proof.a, "the proof's A", 0)?;
        points::check(&proof.b, "the proof's B", 0)?;
        points::check(&proof.c, "the proof's C", 0)
    }

    fn put_verifying(bytes: &mut Vec<u8>, vk: &Self::VerifyingPoints) {
        put_verifying(bytes, vk, Compress::Yes);
    }

    fn read_verifying(reader: &mut Reader<'_>) -> Result<Self::VerifyingPoints, LoadError> {
        read_verifying(reader, Compress::Yes)
    }

    fn put_proving(bytes: &mut Vec<u8>, pk: &Self::ProvingPoints) {
        put_verifying(bytes, &pk.vk, Compress::No);
        points::put(bytes, &pk.beta_g1, Compress::No);
        points::put(bytes, &pk.delta_g1, Compress::No);
        points::put_all(bytes, &pk.a_query, Compress::No);
        points::put_all(bytes, &pk.b_g1_query, Compress::No);
        points::put_all(bytes, &pk.b_g2_query, Compress::No);
        points::put_all(bytes, &pk.h_query, Compress::No);
        points::put_all(bytes, &pk.l_query, Compress::No);
    }

    fn read_proving(reader: &mut Reader<'_>) -> Result<Self::ProvingPoints, LoadError> {
        Ok(ark_groth16::ProvingKey {
            vk: read_verifying(reader, Compress::No)?,
            beta_g1: reader.point(Compress::No, "beta")?,
            delta_g1: reader.point(Compress::No, "delta")?,
            a_query: reader.points(Compress::No, "the A query")?,
            b_g1_query: reader.points(Compress::No, "the B query in G1")?,
            b_g2_query: reader.points(Compress::No, "the B query in G2")?,
            h_query: reader.points(Compress::No, "the H query")?,
            l_query: reader.points(Compress::No, "the L query")?,
        })
    }

    fn put_proof(bytes: &mut Vec<u8>, proof: &Self::Points) {
        points::put(bytes, &proof.a, Compress::Yes);
        points::put(bytes, &proof.b, Compress::Yes);
        points::put(bytes, &proof.c, Compress::Yes);
    }

    fn read_proof(reader: &mut Reader<'_>) -> Result<Self::Points, LoadError> {
        Ok(ark_groth16::Proof {
            a: reader.point(Compress::Yes, "the proof's A")?,
            b: reader.point(Compress::Yes, "the proof's B")?,
            c: reader.point(Compress::Yes, "the proof's C")?,
        })
    }

    fn prepare(vk: &Self::VerifyingPoints) -> Self::Prepared {
        zkml_groth16::prepare(vk)
    }

    fn holds(key: &Self::Prepared, proof: &Self::Points, inputs: &[Fr]) -> bool {
        zkml_groth16::holds(key, proof, inputs)
    }

    fn proof_bytes() -> usize {
        128
    }

    /// A, B in both groups, the quotient's powers and the witness part; 64 bytes a point of G1, 128 a point of G2.
    fn proving_key_bytes(size: Size) -> usize {
        let variables = size.instance + size.witness;
        let domain = (size.constraints + size.instance).next_power_of_two();
        64 * (2 * variables + domain - 1 + size.witness) + 128 * variables
    }

    /// The key, the matrices, and the evaluations of three polynomials.
    fn memory_bytes(size: Size) -> usize {
        let domain = (size.constraints + size.instance).next_power_of_two();
        2 * Self::proving_key_bytes(size) + 4 * 32 * domain + 400 * size.constraints
    }

    /// Twelve microseconds a constraint, as `cargo bench` measures it for the reference models: their witnesses are mostly bits.
    fn seconds(size: Size) -> f64 {
        size.constraints as f64 * 1.2e-5
    }
}

fn put_verifying(bytes: &mut Vec<u8>, vk: &ark_groth16::VerifyingKey<Curve>, compress: Compress) {
    points::put(bytes, &vk.alpha_g1, compress);
    points::put(bytes, &vk.beta_g2, compress);
    points::put(bytes, &vk.gamma_g2, compress);
    points::put(bytes, &vk.delta_g2, compress);
    points::put_all(bytes, &vk.gamma_abc_g1, compress);
}

fn read_verifying(reader: &mut Reader<'_>, compress: Compress) -> Result<ark_groth16::VerifyingKey<Curve>, LoadError> {
    Ok(ark_groth16::VerifyingKey {
        alpha_g1: reader.point(compress, "alpha")?,
        beta_g2: reader.point(compress, "beta")?,
        gamma_g2: reader.point(compress, "gamma")?,
        delta_g2: reader.point(compress, "delta")?,
        gamma_abc_g1: reader.points(compress, "the public inputs' points")?,
    })
}

#[cfg(feature = "prove")]
mod prover {
    use ark_poly::{EvaluationDomain, GeneralEvaluationDomain};

    use zkml_groth16::Constraints;

    use super::Groth16;
    use crate::prove::{
        Fr,
        matrices::Matrices,
        points::Curve,
        prover::{ProveError, nonzero},
        system::{Prover, SecureRng},
    };

    fn constraints(matrices: &Matrices) -> Constraints<'_> {
        Constraints { abc: &matrices.abc, instance: matrices.instance, witness: matrices.witness }
    }

    impl Prover for Groth16 {
        /// `(alpha, beta, gamma, delta, tau) -> keys`, after which they are forgotten.
        fn setup(
            matrices: &Matrices,
            rng: &mut dyn SecureRng,
        ) -> Result<(ark_groth16::ProvingKey<Curve>, ark_groth16::VerifyingKey<Curve>), ProveError> {
            let secrets = [nonzero(rng)?, nonzero(rng)?, nonzero(rng)?, nonzero(rng)?];
            let pk = zkml_groth16::setup(constraints(matrices), secrets, rng)
                .map_err(|error| ProveError::Backend(error.to_string()))?;
            let vk = pk.vk.clone();
            Ok((pk, vk))
        }

        fn fits(pk: &ark_groth16::ProvingKey<Curve>, matrices: &Matrices) -> Result<(), ProveError> {
            let rows = matrices.constraints().saturating_add(matrices.instance);
            let domain = GeneralEvaluationDomain::<Fr>::compute_size_of_domain(rows).ok_or_else(|| {
                ProveError::Matrices(format!("{rows} rows and inputs are more than the field allows, 2^28"))
            })?;
            // The lengths of the other queries follow from these: a key is only made where they do.
            for (what, expected, found) in [
                ("public inputs and one", matrices.instance, pk.vk.gamma_abc_g1.len()),
                ("witnesses", matrices.witness, pk.l_query.len()),
                ("points of its domain", domain, pk.h_query.len() + 1),
            ] {
                if expected != found {
                    return Err(ProveError::Key { what, expected, found });
                }
            }
            Ok(())
        }

        /// `A = alpha + sum_i z_i a_i + r delta`, `B = beta + sum_i z_i b_i + s delta`, `C = ..`, from cached matrices.
        fn prove(
            pk: &ark_groth16::ProvingKey<Curve>,
            matrices: &Matrices,
            assignment: &[Fr],
            rng: &mut dyn SecureRng,
        ) -> Result<ark_groth16::Proof<Curve>, ProveError> {
            let randomness = [nonzero(rng)?, nonzero(rng)?];
            zkml_groth16::prove(pk, constraints(matrices), assignment, randomness)
                .map_err(|error| ProveError::Backend(error.to_string()))
        }
    }
}
