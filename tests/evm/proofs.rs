//! Proofs of a small network with five public inputs, those of a few constraints in the other systems, and what
//! re-randomising makes of them.

use std::sync::OnceLock;

use ark_bn254::Fr;
use ark_ec::CurveGroup;
use ark_ff::{Field, UniformRand, Zero};
use zkml::{
    evm::{EvmKeyOf, EvmSystem},
    prelude::*,
    prove::{Groth16, PreparedVerifyingKeyOf, ProofOf, VerifyingKeyOf, phased::Phased, phased::Points},
    rand::{RngCore, SeedableRng, rngs::StdRng},
};

/// A committed network for three public measurements: a commitment, three numbers and a class are public.
#[zk_model(input = public, weights = committed, range = -4.0..=4.0)]
pub fn tiny(x: Tensor<3>) -> Class<4> {
    argmax(dense(relu(dense(x, 3)), 4))
}

/// A key, and true proofs under it.
pub struct Proven<S: EvmSystem = Groth16> {
    /// The key.
    pub key: VerifyingKeyOf<S>,
    /// The same key, with its pairing computed.
    pub prepared: PreparedVerifyingKeyOf<S>,
    /// Its words.
    pub words: EvmKeyOf<S>,
    /// What the proofs are about besides: registered weights, or nothing.
    pub registered: <S as Phased>::Registered,
    /// Proofs of different statements, none of whose public inputs is zero.
    pub proofs: Vec<ProofOf<S>>,
}

impl<S: EvmSystem> Proven<S> {
    /// A key with proofs under it.
    ///
    /// # Panics
    /// If contracts don't take the key, or a proof does not verify.
    pub fn new(key: VerifyingKeyOf<S>, registered: <S as Phased>::Registered, proofs: Vec<ProofOf<S>>) -> Self {
        let (prepared, words) = (key.prepare(), EvmKeyOf::new(&key).expect("a key of contracts"));
        for proof in &proofs {
            prepared.verify_registered(proof, &registered).expect("a true proof");
        }
        Self { key, prepared, words, registered, proofs }
    }
}

/// How many different statements there are.
pub const STATEMENTS: usize = 20;

/// The same ones each time.
///
/// # Panics
/// If the network can't be proved.
pub fn proven() -> &'static Proven {
    static PROVEN: OnceLock<Proven> = OnceLock::new();
    PROVEN.get_or_init(|| {
        let rng = &mut StdRng::seed_from_u64(17);
        let samples: Vec<Tensor> =
            (0..400).map(|_| Tensor::from_fn([3], |_| f64::from(rng.next_u32() % 8192 + 1) / 1024.0 - 4.0)).collect();
        let quantized = Tiny::init(rng).unwrap().quantize(&samples, Target::top1(0.9)).unwrap();
        let circuit = quantized.circuit().unwrap();
        let keys = circuit.setup(rng).unwrap();
        let mut proofs = vec![];
        for sample in &samples {
            if quantized.forward(sample).unwrap().class == Some(0) || sample.data().contains(&0.0) {
                continue;
            }
            let proof = circuit.prove(&keys.proving, sample, rng).unwrap();
            if !proof.inputs.iter().any(Fr::is_zero) {
                proofs.push(proof);
            }
            if proofs.len() == STATEMENTS {
                break;
            }
        }
        assert_eq!((proofs.len(), keys.verifying.table().len()), (STATEMENTS, 5));
        Proven::new(keys.verifying, (), proofs)
    })
}

/// `(A, B, C) -> (A / r, r B + r s delta, C + s A)`: another proof of the same statement, which anyone can make.
/// `delta` is that of the last phase; the commitments stay.
///
/// # Panics
/// If the randomness is zero.
pub fn rerandomised<S: EvmSystem>(key: &VerifyingKeyOf<S>, proof: &ProofOf<S>, rng: &mut StdRng) -> ProofOf<S> {
    let (r, s) = (Fr::rand(rng), Fr::rand(rng));
    let Points { a, b, c, commitments } = proof.proof.clone();
    let delta = *key.vk().deltas_g2.last().expect("a phase");
    let points = Points {
        a: (a * r.inverse().expect("not zero")).into_affine(),
        b: (b * r + delta * (r * s)).into_affine(),
        c: (c + a * s).into_affine(),
        commitments,
    };
    ProofOf { proof: points, ..proof.clone() }
}
