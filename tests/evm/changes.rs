//! A call as words, what one may change in it, and what our own verifier says of it.

use ark_bn254::{Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInt, BigInteger, PrimeField, UniformRand};
use zkml::{
    evm::{CallOf, EvmKeyOf, EvmSystem, Word, word},
    prove::ProofOf,
    rand::{Rng, rngs::StdRng},
};

use crate::proofs::Proven;

/// Key, public inputs and proof, which may be anything.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    /// The key's words.
    pub key: Vec<Word>,
    /// The public inputs.
    pub inputs: Vec<Word>,
    /// The proof.
    pub proof: Vec<Word>,
}

impl Words {
    /// Those of a proof.
    pub fn new<S: EvmSystem>(key: &EvmKeyOf<S>, proof: &ProofOf<S>) -> Self {
        let call = CallOf::from(proof);
        let proof = call.proof_words().as_ref().to_vec();
        Self { key: key.as_bytes().as_chunks().0.to_vec(), inputs: call.input_words(), proof }
    }

    /// A call of the contract for one key.
    pub fn plain(&self) -> Vec<u8> {
        let (inputs, words) = (self.inputs.len(), self.proof.len());
        let mut bytes = word::selector(&format!("verify(uint256[{inputs}],uint256[{words}])")).to_vec();
        bytes.extend_from_slice(self.inputs.as_flattened());
        bytes.extend_from_slice(self.proof.as_flattened());
        bytes
    }

    /// A call of the contract for any key, spelled out by hand.
    pub fn keyed(&self) -> Vec<u8> {
        let number = |n: usize| word::of_int(n as u64);
        let head = 32 * (2 + self.proof.len());
        let mut words = vec![number(head), number(head + 32 + 32 * self.key.len())];
        words.extend(&self.proof);
        words.push(number(32 * self.key.len()));
        words.extend(&self.key);
        words.push(number(self.inputs.len()));
        words.extend(&self.inputs);
        let mut bytes = word::selector(&format!("verify(bytes,uint256[],uint256[{}])", self.proof.len())).to_vec();
        bytes.extend_from_slice(words.as_flattened());
        bytes
    }

    /// A call of `verifyHashed`, with a hash of the key.
    pub fn hashed(&self, hash: &Word) -> Vec<u8> {
        let signature = format!("verifyHashed(bytes32,bytes,uint256[],uint256[{}])", self.proof.len());
        let mut bytes = [&word::selector(&signature)[..], hash].concat();
        // The two places are a word farther.
        for (i, word) in self.keyed()[4..].as_chunks::<32>().0.iter().enumerate() {
            let at = u64::from_be_bytes(*word.last_chunk().expect("eight bytes"));
            bytes.extend_from_slice(&if i < 2 { word::of_int(at + 32) } else { *word });
        }
        bytes
    }

    /// Whether our own verifier accepts it, under the key that the words are, if they are one.
    pub fn verifies<S: EvmSystem>(&self, of: &Proven<S>) -> bool {
        let Ok(proof) = S::Words::try_from(&self.proof[..]) else { return false };
        let Ok(call) = CallOf::<S>::from_words(&self.inputs, &proof) else { return false };
        if self.key.as_flattened() == of.words.as_bytes() {
            return of.prepared.verify_registered(&call.proof_for(&of.key), &of.registered).is_ok();
        }
        let (contents, provenance, table) = (*of.key.contents(), of.key.provenance(), of.key.table().clone());
        let key = EvmKeyOf::<S>::from_bytes(self.key.as_flattened())
            .and_then(|k| k.verifying_key(contents, provenance, table));
        key.is_ok_and(|key| key.verify_registered(&call.proof_for(&key), &of.registered).is_ok())
    }
}

/// `word + modulus`, which stands for the same element; none if it is no word.
pub fn aliased<F: PrimeField<BigInt = BigInt<4>>>(word: &Word) -> Option<Word> {
    let mut sum = BigInt::<4>::default();
    for (limb, bytes) in sum.0.iter_mut().rev().zip(word.as_chunks().0) {
        *limb = u64::from_be_bytes(*bytes);
    }
    let overflow = sum.add_with_carry(&F::MODULUS);
    (!overflow).then(|| sum.to_bytes_be().try_into().expect("32 bytes"))
}

/// Another word: the next, a bit flipped, zero, the modulus added, or anything.
///
/// # Panics
/// Never: some way always gives another word.
pub fn changed<F: PrimeField<BigInt = BigInt<4>> + zkml_groth16::Limbs>(
    word: &Word,
    way: usize,
    rng: &mut StdRng,
) -> Word {
    let next = |word: &Word| {
        let mut next = *word;
        for byte in next.iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                break;
            }
        }
        next
    };
    let other = match way % 5 {
        0 => next(word),
        1 => {
            let (mut flipped, bit) = (*word, rng.gen_range(0..256));
            flipped[bit / 8] ^= 1 << (bit % 8);
            flipped
        }
        2 => [0; 32],
        3 => aliased::<F>(word).unwrap_or_else(|| next(word)),
        _ => word::of_field(F::rand(rng)),
    };
    if other == *word { next(word) } else { other }
}

/// The words of a point of G1.
pub fn g1(point: &G1Affine) -> [Word; 2] {
    let (x, y) = point.xy().unwrap_or_default();
    [word::of_field(x), word::of_field(y)]
}

/// The words of a point of G2.
pub fn g2(point: &G2Affine) -> [Word; 4] {
    let (x, y) = point.xy().unwrap_or_default();
    [x.c1, x.c0, y.c1, y.c0].map(word::of_field)
}

/// A random point of G1.
pub fn random_g1(rng: &mut StdRng) -> G1Affine {
    (G1Affine::generator() * Fr::rand(rng)).into_affine()
}

/// A random point of G2.
pub fn random_g2(rng: &mut StdRng) -> G2Affine {
    (G2Affine::generator() * Fr::rand(rng)).into_affine()
}

/// A point on the curve of G2, but not in the subgroup of prime order.
///
/// # Panics
/// Never: nearly every point is one.
pub fn outside_g2(rng: &mut StdRng) -> G2Affine {
    loop {
        let x = Fq2::new(Fq::rand(rng), Fq::rand(rng));
        if let Some(point) = G2Affine::get_point_from_x_unchecked(x, rng.r#gen())
            && !point.is_in_correct_subgroup_assuming_on_curve()
        {
            return point;
        }
    }
}
