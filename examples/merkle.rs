//! A model inside a circuit of arkworks: the answer to an input that a Merkle tree holds, proved without saying which.
//!
//! `cargo run --release -p zkml-examples --features r1cs-std --example merkle`
//!
//! The tree is `ark-crypto-primitives`', over Poseidon; the leaf that its path leads to is the input of a [`ModelGadget`]. The public inputs are
//! the root and the class.

use std::error::Error;

use ark_bn254::Bn254;
use ark_crypto_primitives::{
    crh::{CRHSchemeGadget, TwoToOneCRHSchemeGadget, poseidon},
    merkle_tree::{
        Config, IdentityDigestConverter, MerkleTree, Path,
        constraints::{ConfigGadget, PathVar},
    },
    sponge::poseidon::{PoseidonConfig, find_poseidon_ark_and_mds},
};
use ark_groth16::Groth16;
use ark_r1cs_std::{alloc::AllocVar, eq::EqGadget, fields::fp::FpVar, prelude::Boolean};
use ark_relations::gr1cs::{ConstraintSynthesizer, ConstraintSystemRef, SynthesisError};
use zkml::{
    arkworks::ModelGadget,
    prelude::*,
    prove::Fr,
    rand::{SeedableRng, rngs::StdRng},
};

/// Two classes of eight whole numbers.
#[zk_model(range = -16..=15)]
fn classifier(x: Tensor<8>) -> Class<2> {
    argmax(dense(relu(dense(x, 6)), 2))
}

type Hash = poseidon::CRH<Fr>;
type HashGadget = poseidon::constraints::CRHGadget<Fr>;
type Compress = poseidon::TwoToOneCRH<Fr>;
type CompressGadget = poseidon::constraints::TwoToOneCRHGadget<Fr>;

struct Tree;

impl Config for Tree {
    type Leaf = [Fr];
    type LeafDigest = Fr;
    type LeafInnerDigestConverter = IdentityDigestConverter<Fr>;
    type InnerDigest = Fr;
    type LeafHash = Hash;
    type TwoToOneHash = Compress;
}

struct TreeGadget;

impl ConfigGadget<Tree, Fr> for TreeGadget {
    type Leaf = [FpVar<Fr>];
    type LeafDigest = FpVar<Fr>;
    type LeafInnerConverter = IdentityDigestConverter<FpVar<Fr>>;
    type InnerDigest = FpVar<Fr>;
    type LeafHash = HashGadget;
    type TwoToOneHash = CompressGadget;
}

/// Poseidon of width three over BN254.
fn parameters() -> PoseidonConfig<Fr> {
    let (ark, mds) = find_poseidon_ark_and_mds::<Fr>(254, 2, 8, 57, 0);
    PoseidonConfig::new(8, 57, 5, mds, ark, 2, 1)
}

/// What is proved: the leaf at the end of a path under the root is answered with the class.
#[derive(Clone)]
struct Member<'a> {
    model: &'a ModelGadget,
    parameters: &'a PoseidonConfig<Fr>,
    path: Path<Tree>,
    leaf: &'a [Fr],
    root: Fr,
    class: Fr,
}

impl ConstraintSynthesizer<Fr> for Member<'_> {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let root = FpVar::new_input(cs.clone(), || Ok(self.root))?;
        let class = FpVar::new_input(cs.clone(), || Ok(self.class))?;
        let of_leaf =
            <HashGadget as CRHSchemeGadget<Hash, Fr>>::ParametersVar::new_constant(cs.clone(), self.parameters)?;
        let of_two = <CompressGadget as TwoToOneCRHSchemeGadget<Compress, Fr>>::ParametersVar::new_constant(
            cs.clone(),
            self.parameters,
        )?;
        let leaf: Vec<FpVar<Fr>> =
            self.leaf.iter().map(|x| FpVar::new_witness(cs.clone(), || Ok(*x))).collect::<Result<_, _>>()?;
        let path = PathVar::<Tree, Fr, TreeGadget>::new_witness(cs.clone(), || Ok(&self.path))?;
        path.verify_membership(&of_leaf, &of_two, &root, leaf.as_slice())?.enforce_equal(&Boolean::TRUE)?;
        // The range of each element is checked here: a leaf may hold anything.
        let answer = self.model.enforce(&cs, &leaf).map_err(|_| SynthesisError::Unsatisfiable)?;
        answer[0].enforce_equal(&class)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let rng = &mut StdRng::seed_from_u64(1);
    let model = Classifier::init(rng)?;
    let data: Vec<Tensor> =
        (0..8).map(|i| Tensor::from_fn([8], |j| f64::from((7 * i + 5 * j as i32 + i * j as i32) % 32 - 16))).collect();
    let quantized = model.quantize(&data, Target::top1(0.8))?;
    let gadget = ModelGadget::new(&quantized)?;

    let parameters = parameters();
    let leaves: Vec<Vec<Fr>> = data.iter().map(|x| x.data().iter().map(|x| Fr::from(*x as i64)).collect()).collect();
    let tree = MerkleTree::<Tree>::new(&parameters, &parameters, &leaves).map_err(|error| error.to_string())?;
    let member = |i: usize| -> Result<Member<'_>, Box<dyn Error>> {
        let class = quantized.forward(&data[i])?.class.ok_or("the model has classes")?;
        let path = tree.generate_proof(i).map_err(|error| error.to_string())?;
        Ok(Member {
            model: &gadget,
            parameters: &parameters,
            path,
            leaf: &leaves[i],
            root: tree.root(),
            class: Fr::from(class as u64),
        })
    };

    let key = Groth16::<Bn254>::generate_random_parameters_with_reduction(member(0)?, rng)?;
    let prepared = ark_groth16::prepare_verifying_key(&key.vk);
    println!(
        "{} constraints of the model, in a circuit over {} public inputs",
        gadget.constraints(),
        key.vk.gamma_abc_g1.len() - 1
    );
    for i in [2, 5] {
        let member = member(i)?;
        let public = [member.root, member.class];
        let proof = Groth16::<Bn254>::create_random_proof_with_reduction(member, &key, rng)?;
        let held = Groth16::<Bn254>::verify_proof(&prepared, &proof, &public)?;
        let other = Groth16::<Bn254>::verify_proof(&prepared, &proof, &[public[0], Fr::from(1u64) - public[1]])?;
        println!("an input under the root is answered with class {}: {held}; with the other one: {other}", public[1]);
        if !held || other {
            return Err("the proof does not say what it should".into());
        }
    }
    Ok(())
}
