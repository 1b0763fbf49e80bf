//! Proofs in two phases and with registered weights: of a few constraints that use the challenge, forged ones for
//! broken verifiers, and ones under keys whose secrets are known.
//!
//! ```text
//! in two phases: a b = p, p c = q, y = p + q           with registered weights: w_0 a = p, w_1 b = q, y = p + q + c
//! and 1 / (r - x) = sum_t m_t / (r - t) for t from 0 to 3: x is 0, 1, 2 or 3; public: a, b, c, x, y
//! ```

use std::sync::OnceLock;

use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, UniformRand, Zero};
use zkml::{
    evm::{EvmKeyOf, EvmSystem},
    prove::{
        Backend, Digest, Draw, KeysOf, Matrices, ProofOf, ProveError, Provenance, PublicKind, PublicTable, Registered,
        SecureRng, TwoPhase, VerifyingKeyOf, WeightsCommitment, WeightsOpening,
        phased::{Phased, Points, Registration, VerifyingPoints},
        prove_registered, setup,
    },
    rand::{SeedableRng, rngs::StdRng},
};

use crate::proofs::{Proven, STATEMENTS};

const CONTENTS: Digest = Digest([9; 32]);

/// The public inputs, without one and the challenge.
pub const INPUTS: usize = 5;
const X: usize = 4;
const R: usize = 6;
const FIRST: usize = 7;

/// The weights that are registered.
pub const WEIGHTS: [u64; 2] = [3, 11];

/// So many field elements.
pub fn table(inputs: usize) -> PublicTable {
    let rows = (0..inputs).map(|i| (format!("x{i}"), 0, PublicKind::Element));
    PublicTable::new(rows).expect("a table")
}

/// A system with constraints to prove.
pub trait Circuit: EvmSystem {
    /// How many weights are registered.
    const COUNT: usize;

    /// The rows besides the lookup: of `a, b, c, y` and the columns of `p` and `q`.
    fn rows() -> Vec<[Vec<(Fr, usize)>; 3]>;

    /// `p` and `q` and `y`.
    fn products(weights: [Fr; 2], x: [Fr; 4]) -> [Fr; 3];
}

fn terms(terms: &[(i64, usize)]) -> Vec<(Fr, usize)> {
    terms.iter().map(|(c, i)| (Fr::from(*c), *i)).collect()
}

impl Circuit for TwoPhase {
    const COUNT: usize = 0;

    fn rows() -> Vec<[Vec<(Fr, usize)>; 3]> {
        let (p, q) = (FIRST, FIRST + 1);
        vec![
            [terms(&[(1, 1)]), terms(&[(1, 2)]), terms(&[(1, p)])],
            [terms(&[(1, p)]), terms(&[(1, 3)]), terms(&[(1, q)])],
            [terms(&[(1, p), (1, q)]), terms(&[(1, 0)]), terms(&[(1, 5)])],
        ]
    }

    fn products(_: [Fr; 2], [a, b, c, _]: [Fr; 4]) -> [Fr; 3] {
        [a * b, a * b * c, a * b + a * b * c]
    }
}

impl Circuit for Registered {
    const COUNT: usize = 2;

    fn rows() -> Vec<[Vec<(Fr, usize)>; 3]> {
        let (w, p, q) = (FIRST, FIRST + 2, FIRST + 3);
        vec![
            [terms(&[(1, w)]), terms(&[(1, 1)]), terms(&[(1, p)])],
            [terms(&[(1, w + 1)]), terms(&[(1, 2)]), terms(&[(1, q)])],
            [terms(&[(1, p), (1, q), (1, 3)]), terms(&[(1, 0)]), terms(&[(1, 5)])],
        ]
    }

    fn products([v, w]: [Fr; 2], [a, b, c, _]: [Fr; 4]) -> [Fr; 3] {
        [v * a, w * b, v * a + w * b + c]
    }
}

/// The constraints.
pub fn matrices<S: Circuit>() -> Matrices {
    let (m, h) = (FIRST + S::COUNT + 2, FIRST + S::COUNT + 6);
    let mut rows = S::rows();
    rows.push([terms(&[(1, h)]), terms(&[(1, R), (-1, X)]), terms(&[(1, 0)])]);
    for t in 0..4 {
        rows.push([terms(&[(1, h + 1 + t)]), terms(&[(1, R), (-(t as i64), 0)]), terms(&[(1, m + t)])]);
    }
    let sum = [(1, h), (-1, h + 1), (-1, h + 2), (-1, h + 3), (-1, h + 4)];
    rows.push([terms(&sum), terms(&[(1, 0)]), vec![]]);
    let phases = if S::COUNT == 0 { vec![6, 5] } else { vec![S::COUNT, 6, 5] };
    let abc = [0, 1, 2].map(|side| rows.iter().map(|row| row[side].clone()).collect());
    Matrices { abc, instance: 2 + INPUTS, witness: phases.iter().sum(), phases, lengths: vec![] }
}

fn inverse(x: Fr) -> Fr {
    x.inverse().expect("no challenge is an entry")
}

/// All values, where entries are said to be looked up so often.
fn fill<S: Circuit>(weights: [Fr; 2], x: [Fr; 4], counts: [Fr; 4], draw: &mut Draw<'_>) -> Result<Vec<Fr>, ProveError> {
    let [p, q, y] = S::products(weights, x);
    let public = [Fr::ONE, x[0], x[1], x[2], x[3], y];
    let fixed = [&weights[..S::COUNT], &[p, q], &counts].concat();
    let r = draw(&public, &fixed)?;
    let entries = [0u64, 1, 2, 3].map(Fr::from);
    let looked_up: Vec<Fr> = entries.iter().zip(counts).map(|(t, m)| m * inverse(r - t)).collect();
    Ok([&public[..], &[r], &fixed, &[inverse(r - x[3])], &looked_up].concat())
}

fn counts(x: Fr) -> [Fr; 4] {
    [0u64, 1, 2, 3].map(|t| Fr::from(u64::from(Fr::from(t) == x)))
}

/// A true proof about `a, b, c, x`, of weights that are opened.
///
/// # Panics
/// If it is none.
pub fn prove<S: Circuit + Backend>(
    keys: &KeysOf<S>,
    opening: &<S as Backend>::Opening,
    weights: [Fr; 2],
    x: [Fr; 4],
    rng: &mut dyn SecureRng,
) -> ProofOf<S> {
    let mut assign = |draw: &mut Draw<'_>| fill::<S>(weights, x, counts(x[3]), draw);
    prove_registered(&keys.proving, &matrices::<S>(), keys.proving.digest(), opening, &mut assign, rng)
        .expect("the constraints are satisfied")
}

/// Statements, whose public inputs are neither zero nor equal.
fn statement(rng: &mut StdRng, i: usize) -> [Fr; 4] {
    // Among them those next to the modulus.
    let [a, b, c] = [1, 2, 3].map(|k| if i % 4 == 3 { -Fr::from(10 * k + i as u64) } else { Fr::rand(rng) });
    [a, b, c, Fr::from(1 + i as u64 % 3)]
}

/// Keys, what opens the registered weights, and true proofs.
pub struct Made<S: EvmSystem, O> {
    /// Both keys.
    pub keys: KeysOf<S>,
    /// What opens the weights.
    pub opening: O,
    /// The same with contracts' words.
    pub proven: Proven<S>,
}

/// In two phases, the same ones each time.
///
/// # Panics
/// If a proof can't be made.
pub fn two_phase() -> &'static Made<TwoPhase, ()> {
    static MADE: OnceLock<Made<TwoPhase, ()>> = OnceLock::new();
    MADE.get_or_init(|| {
        let rng = &mut StdRng::seed_from_u64(31);
        let keys = setup::<TwoPhase>(&matrices::<TwoPhase>(), table(INPUTS), CONTENTS, rng).expect("keys");
        let proofs = (0..STATEMENTS).map(|i| prove(&keys, &(), [Fr::zero(); 2], statement(rng, i), rng)).collect();
        let proven = Proven::new(keys.verifying.clone(), (), proofs);
        Made { keys, opening: (), proven }
    })
}

/// With registered weights, the same ones each time.
///
/// # Panics
/// If a proof can't be made.
pub fn registered() -> &'static Made<Registered, WeightsOpening> {
    static MADE: OnceLock<Made<Registered, WeightsOpening>> = OnceLock::new();
    MADE.get_or_init(|| {
        let rng = &mut StdRng::seed_from_u64(32);
        let keys = setup::<Registered>(&matrices::<Registered>(), table(INPUTS), CONTENTS, rng).expect("keys");
        let weights = WEIGHTS.map(Fr::from);
        let opening = keys.proving.commit_weights(weights.to_vec(), rng).expect("a commitment");
        let proofs = (0..STATEMENTS).map(|i| prove(&keys, &opening, weights, statement(rng, i), rng)).collect();
        let proven = Proven::new(keys.verifying.clone(), opening.commitment().clone(), proofs);
        Made { keys, opening, proven }
    })
}

/// A proof about `a, b, c, x` whose challenge is drawn otherwise.
///
/// # Panics
/// If the constraints are not satisfied.
pub fn prove_at(keys: &KeysOf<TwoPhase>, x: [Fr; 4], challenge: &dyn Fn(&G1Affine, &[Fr]) -> Fr) -> ProofOf<TwoPhase> {
    by_hand(keys, x, counts(x[3]), challenge)
}

fn by_hand(
    keys: &KeysOf<TwoPhase>,
    x: [Fr; 4],
    counts: [Fr; 4],
    challenge: &dyn Fn(&G1Affine, &[Fr]) -> Fr,
) -> ProofOf<TwoPhase> {
    let (pk, kappa, matrices) = (keys.proving.pk(), Fr::from(9), matrices::<TwoPhase>());
    let mut point = G1Affine::identity();
    let z = fill::<TwoPhase>([Fr::zero(); 2], x, counts, &mut |public, fixed| {
        point = zkml_groth16::commit(pk, 0, fixed, kappa).expect("a commitment");
        Ok(challenge(&point, &public[1..]))
    });
    let z = z.expect("a challenge");
    assert_eq!(matrices.unsatisfied(&z), Vec::<usize>::new());
    let proof =
        zkml_groth16::prove(pk, &matrices.abc, &z, &[(point, kappa)], [Fr::from(7), Fr::from(8)]).expect("a proof");
    ProofOf { digest: *keys.verifying.digest(), proof, inputs: z[1..R].to_vec() }
}

/// What a liar may do where a challenge is not drawn as it should be.
pub enum Lie {
    /// It is known before anything is chosen: no entry, looked up in the first one as often as it takes.
    Known(Fr),
    /// It does not depend on the public inputs, of which `x` is then chosen.
    Inputs,
}

/// A false proof in two phases, that `x` is something else than 0, 1, 2 or 3, for a verifier that draws its challenge
/// so, from the commitment and the public inputs (the constant one first).
///
/// # Panics
/// If the constraints are not satisfied at the liar's challenge.
pub fn forged(lie: Lie, challenge: &dyn Fn(&G1Affine, &[Fr]) -> Fr) -> ProofOf<TwoPhase> {
    let keys = &two_phase().keys;
    let [a, b, c] = [2, 3, 5].map(Fr::from);
    match lie {
        // m_0 / r = 1 / (r - x)
        Lie::Known(r) => {
            let x = Fr::from(11);
            by_hand(keys, [a, b, c, x], [r * inverse(r - x), Fr::zero(), Fr::zero(), Fr::zero()], challenge)
        }
        // 1 / (r - x) = 1 / r + 1 / (r - 1): what is committed to does not depend on x.
        Lie::Inputs => {
            let counts = [Fr::ONE, Fr::ONE, Fr::zero(), Fr::zero()];
            let mut r = Fr::zero();
            let mut draw = |x| {
                fill::<TwoPhase>([Fr::zero(); 2], [a, b, c, x], counts, &mut |_, fixed| {
                    let point = zkml_groth16::commit(keys.proving.pk(), 0, fixed, Fr::from(9)).expect("a commitment");
                    r = challenge(&point, &[]);
                    Ok(r)
                })
            };
            draw(Fr::from(11)).expect("a challenge");
            by_hand(keys, [a, b, c, r - inverse(inverse(r) + inverse(r - Fr::ONE))], counts, challenge)
        }
    }
}

/// A key whose secrets are known, so that anything can be proved under it, with any `D` and any `C`.
pub struct Trapdoor<S: EvmSystem> {
    /// The key, and proofs of the edges.
    pub proven: Proven<S>,
    secrets: Secrets,
}

struct Secrets {
    alpha: Fr,
    beta: Fr,
    gamma: Fr,
    deltas: Vec<Fr>,
    ic: Vec<Fr>,
    /// What is registered, as multiples of the generator.
    registered: Vec<Fr>,
}

/// What a proof is to be.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The multiple of the generator that `D` is.
    pub d: Fr,
    /// That of `C`, or none for an `A` of zero.
    pub c: Option<Fr>,
    /// That of `B`; an `A` of zero may have a `B` of zero.
    pub b: Fr,
}

fn g1(k: Fr) -> G1Affine {
    (G1Affine::generator() * k).into_affine()
}

fn g2(k: Fr) -> G2Affine {
    (G2Affine::generator() * k).into_affine()
}

impl<S: EvmSystem> Trapdoor<S> {
    /// A key for so many inputs. `register` makes what is registered of the key's hash and of `D_w`, a multiple of the
    /// generator.
    ///
    /// # Panics
    /// If contracts don't take the key.
    pub fn new(inputs: usize, register: impl Fn(&[u8; 32], Fr) -> <S as Phased>::Registered) -> Self {
        let rng = &mut StdRng::seed_from_u64(33 + inputs as u64);
        let [alpha, beta, gamma, weights] = [(); 4].map(|()| Fr::rand(rng));
        let mut some = |n: usize| (0..n).map(|_| Fr::rand(rng)).collect::<Vec<_>>();
        let (deltas, ic) = (some(<S as Phased>::PHASES), some(inputs + 2));
        let points = VerifyingPoints {
            alpha_g1: g1(alpha),
            beta_g2: g2(beta),
            gamma_g2: g2(gamma),
            deltas_g2: deltas.iter().map(|k| g2(*k)).collect(),
            ic: ic.iter().map(|k| g1(*k)).collect(),
        };
        let key = VerifyingKeyOf::new(CONTENTS, Provenance::SingleParty, table(inputs), points).expect("a key");
        let registered = register(&EvmKeyOf::new(&key).expect("a key of contracts").hash(), weights);
        let secrets =
            Secrets { alpha, beta, gamma, deltas, ic, registered: vec![weights; registered.commitments().len()] };
        Self { proven: Proven::new(key, registered, vec![]), secrets }
    }

    /// A proof of these inputs.
    ///
    /// # Panics
    /// If it has a `B` of zero, and no `A` of zero.
    pub fn prove(&self, inputs: &[Fr], shape: Shape) -> ProofOf<S> {
        let Secrets { alpha, beta, gamma, deltas, ic, registered } = &self.secrets;
        let d = g1(shape.d);
        let key = <S as Phased>::Registered::key_digest(self.proven.key.vk());
        let r = self.proven.registered.challenge(&key, &[d], inputs);
        let x = ic.iter().zip([&[Fr::ONE], inputs, &[r]].concat()).map(|(k, x)| *k * x).sum::<Fr>();
        let commitments = registered.iter().chain([&shape.d]).zip(deltas).map(|(k, delta)| *k * delta).sum::<Fr>();
        let rest = *alpha * beta + *gamma * x + commitments;
        let last = deltas[deltas.len() - 1];
        let (a, c) = match shape.c {
            Some(c) => ((rest + last * c) * inverse(shape.b), c),
            None => (Fr::zero(), -rest * inverse(last)),
        };
        let proof = Points { a: g1(a), b: g2(shape.b), c: g1(c), commitments: vec![d] };
        ProofOf { digest: *self.proven.key.digest(), proof, inputs: inputs.to_vec() }
    }

    /// The `i`th of many: every other one with something at an edge.
    pub fn proof(&self, i: usize, rng: &mut StdRng) -> ProofOf<S> {
        let n = self.proven.words.inputs();
        let edge = |k: usize, rng: &mut StdRng| match k % 5 {
            0 => Fr::zero(),
            1 => Fr::ONE,
            2 => -Fr::ONE,
            _ => Fr::rand(rng),
        };
        let inputs: Vec<Fr> =
            (0..n).map(|k| if i.is_multiple_of(2) { Fr::rand(rng) } else { edge(i / 2 + k, rng) }).collect();
        let some = Fr::rand(rng);
        let shape = match i % 12 {
            1 => Shape { d: Fr::zero(), c: Some(some), b: Fr::rand(rng) },
            3 => Shape { d: some, c: Some(Fr::zero()), b: Fr::ONE },
            5 => Shape { d: some, c: None, b: Fr::rand(rng) },
            7 => Shape { d: some, c: None, b: Fr::zero() },
            9 => Shape { d: Fr::zero(), c: Some(Fr::zero()), b: -Fr::ONE },
            11 => Shape { d: Fr::ONE, c: Some(-Fr::ONE), b: some },
            _ => Shape { d: some, c: Some(Fr::rand(rng)), b: Fr::rand(rng) },
        };
        self.prove(&inputs, shape)
    }
}

/// In two phases.
pub fn trapdoor(inputs: usize) -> Trapdoor<TwoPhase> {
    Trapdoor::new(inputs, |_, _| ())
}

/// With registered weights.
///
/// # Panics
/// Never: the commitment is not zero.
pub fn registered_trapdoor(inputs: usize) -> Trapdoor<Registered> {
    Trapdoor::new(inputs, |key, weights| WeightsCommitment::new(*key, g1(weights)).expect("a commitment"))
}
