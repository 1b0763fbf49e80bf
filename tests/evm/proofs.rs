//! Proofs of a small network with five public inputs, and what re-randomising makes of them.

use std::sync::OnceLock;

use ark_bn254::Fr;
use ark_ec::CurveGroup;
use ark_ff::{Field, UniformRand, Zero};
use zkml::{
    evm::EvmKey,
    prelude::*,
    prove::{PreparedVerifyingKey, phased::Points},
    rand::{RngCore, SeedableRng, rngs::StdRng},
};

/// A committed network for three public measurements: a commitment, three numbers and a class are public.
#[zk_model(input = public, weights = committed, range = -4.0..=4.0)]
pub fn tiny(x: Tensor<3>) -> Class<4> {
    argmax(dense(relu(dense(x, 3)), 4))
}

/// A key, and true proofs under it.
pub struct Proven {
    /// The key.
    pub key: VerifyingKey,
    /// The same key, with its pairing computed.
    pub prepared: PreparedVerifyingKey,
    /// Its words.
    pub words: EvmKey,
    /// Proofs of different statements, none of whose public inputs is zero.
    pub proofs: Vec<Proof>,
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
        let prepared = keys.verifying.prepare();
        let mut proofs = vec![];
        for sample in &samples {
            if quantized.forward(sample).unwrap().class == Some(0) || sample.data().contains(&0.0) {
                continue;
            }
            let proof = circuit.prove(&keys.proving, sample, rng).unwrap();
            prepared.verify(&proof).unwrap();
            if !proof.inputs.iter().any(Fr::is_zero) {
                proofs.push(proof);
            }
            if proofs.len() == STATEMENTS {
                break;
            }
        }
        assert_eq!((proofs.len(), keys.verifying.table().len()), (STATEMENTS, 5));
        let words = EvmKey::new(&keys.verifying).unwrap();
        Proven { key: keys.verifying, prepared, words, proofs }
    })
}

/// `(A, B, C) -> (A / r, r B + r s delta, C + s A)`: another proof of the same statement, which anyone can make.
///
/// # Panics
/// If the randomness is zero.
pub fn rerandomised(key: &VerifyingKey, proof: &Proof, rng: &mut StdRng) -> Proof {
    let (r, s) = (Fr::rand(rng), Fr::rand(rng));
    let Points { a, b, c, .. } = proof.proof;
    let points = Points {
        a: (a * r.inverse().expect("not zero")).into_affine(),
        b: (b * r + key.vk().deltas_g2[0] * (r * s)).into_affine(),
        c: (c + a * s).into_affine(),
        commitments: vec![],
    };
    Proof { proof: points, ..proof.clone() }
}
