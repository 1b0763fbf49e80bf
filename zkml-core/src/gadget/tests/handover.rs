//! Weights that are committed to and encrypted to a public key, in one circuit: what that takes, and what it refuses.

use std::sync::OnceLock;

use ark_bn254::Fr;
use ark_ff::Field;

use super::*;
use crate::{
    bounty::keys::{KeyError, PublicKey, SecretKey},
    gadget::{
        curve::{
            baby_jubjub::{self, Point, PointError, Scalar, testing},
            ecdh,
        },
        hash::{
            cipher,
            commitment::{self, Domain, Subject},
            packing,
            poseidon::Lane,
        },
    },
    prove::Matrices,
};

const DOMAIN: Domain = Domain { subject: Subject::Weights, context: [9; 32] };
const WEIGHTS: usize = 1000;

/// The columns of the public inputs: the key of who pays, the commitment, the public key of who has the weights, the ciphertext.
const HOST: usize = 1;
const COMMITMENT: usize = 3;
const PUBLIC: usize = 4;
const CIPHERTEXT: usize = 6;
const END: usize = CIPHERTEXT + 34;

fn weights() -> Vec<(Int, Interval)> {
    (0..WEIGHTS as i64).map(|i| (Int::from((i * i * 7 + i) % 256 - 128), interval(-128, 127))).collect()
}

fn salt() -> Fr {
    Fr::from(11u64).inverse().unwrap()
}

/// Range checks, commitment, key agreement, encryption of the elements that are committed to; all results public.
fn run<C: FieldCs>(cs: &mut C, host: &Point, secret: Scalar) {
    let host = baby_jubjub::instance(cs, Some(host));
    let salt = cs.field_witness(Some(salt()));
    let (values, intervals): (Vec<Int>, Vec<Interval>) = weights().into_iter().unzip();
    let wires: Vec<C::W> = values.iter().zip(&intervals).map(|(v, i)| range::allocate(cs, i, Some(*v))).collect();
    let wires: Vec<(&C::W, Interval)> = wires.iter().zip(intervals.iter().copied()).collect();

    let elements = packing::enforce_unchecked(cs, &wires);
    let commitment = commitment::enforce_packed_unchecked(cs, &DOMAIN, &intervals, &elements, &salt);
    let keys = ecdh::enforce(cs, Some(secret), &host);
    // The key is new, so the nonce is constant.
    let nonce = Lane::Known(Fr::from(0u64));
    let ciphertext = cipher::enforce(cs, &elements, &[keys.shared.x, keys.shared.y], &nonce);

    cs.field_output(&commitment);
    baby_jubjub::output(cs, &keys.public);
    ciphertext.iter().for_each(|c| cs.field_output(c));
}

fn key(k: u64) -> SecretKey {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&(1 + k).to_be_bytes());
    SecretKey::from_be_bytes(&bytes).unwrap()
}

fn matrices() -> &'static Matrices {
    static MATRICES: OnceLock<Matrices> = OnceLock::new();
    MATRICES.get_or_init(|| {
        let mut build = Build::new();
        run(&mut build, &Point::BASE, Scalar::ONE);
        build.finish().0
    })
}

fn assignment(host: &Point, secret: Scalar) -> Vec<Fr> {
    let mut assign = Assign::new();
    run(&mut assign, host, secret);
    assign.finish()
}

fn holds(z: &[Fr]) -> bool {
    Harness::new(matrices(), z, &[]).holds()
}

#[test]
fn a_thousand_weights_take_at_most_20_000_constraints() {
    let matrices = matrices();
    let intervals = vec![interval(-128, 127); WEIGHTS];
    let parts = [
        (range::cost(&intervals[0]).unwrap() * WEIGHTS, 8000),
        (commitment::cost(&intervals), 1800),
        (ecdh::cost(), 3882),
        (cipher::cost(33, true), 3162),
        // All results are public.
        (Cost::new(1 + 2 + 34, 0), 37),
    ];
    for (cost, known) in &parts {
        assert_eq!(cost.constraints, *known);
    }
    // The salt is a witness variable.
    let cost: Cost = parts.iter().map(|(cost, _)| *cost).sum::<Cost>() + Cost::new(0, 1);
    assert_eq!((matrices.constraints(), matrices.witness), (cost.constraints, cost.witnesses));
    assert_eq!(matrices.constraints(), 16_881);
    assert!(matrices.constraints() <= 20_000);
    assert_eq!(matrices.instance, END);
}

#[test]
fn who_pays_decrypts_what_is_committed_to() {
    let (host, ephemeral) = (key(1), key(2));
    let z = assignment(host.public().point(), ephemeral.scalar());
    assert!(holds(&z));
    assert_eq!(z[COMMITMENT], commitment::commit(&DOMAIN, &weights(), salt()).unwrap());
    let public = PublicKey::new(z[PUBLIC], z[PUBLIC + 1]).unwrap();
    assert_eq!(public, ephemeral.public());

    let (values, intervals): (Vec<Int>, Vec<Interval>) = weights().into_iter().unzip();
    let elements = host.agree(&public).decrypt(&z[CIPHERTEXT..END], 0, packing::elements(&intervals)).unwrap();
    assert_eq!(packing::unpack(&intervals, &elements).unwrap(), values);
    // Who has the weights encrypts alike without the circuit.
    let native = ephemeral.agree(&host.public()).encrypt(&packing::pack(&weights()).unwrap(), 0);
    assert_eq!(native, z[CIPHERTEXT..END]);
    // Nobody else decrypts.
    let other = key(3).agree(&public).decrypt(&z[CIPHERTEXT..END], 0, elements.len());
    assert_eq!(other, Err(cipher::CipherError::Tag));
}

#[test]
fn public_inputs_can_not_change() {
    let z = assignment(key(1).public().point(), key(2).scalar());
    let harness = Harness::new(matrices(), &z, &[]);
    assert!(harness.holds());
    // Every element of the ciphertext, the tag, which is the last, the commitment and all keys.
    for column in HOST..END {
        assert!(!harness.accepts(&[(column, Fr::ONE)]), "public input {column}");
    }
    // Two elements of the ciphertext, exchanged.
    let difference = z[CIPHERTEXT + 1] - z[CIPHERTEXT];
    assert!(!harness.accepts(&[(CIPHERTEXT, difference), (CIPHERTEXT + 1, -difference)]));
    assert_eq!(harness.run(300), vec![]);
}

#[test]
fn another_secret_with_the_same_public_key_is_refused() {
    let host = key(1).public();
    let [honest, other] = [key(2), key(3)].map(|k| assignment(host.point(), k.scalar()));
    assert!(holds(&honest) && holds(&other));
    // The witness and the ciphertext of one secret, the public key of another; and the ciphertext alone.
    for columns in [PUBLIC..CIPHERTEXT, CIPHERTEXT..END] {
        let mut z = other.clone();
        z[columns.clone()].copy_from_slice(&honest[columns]);
        assert!(!holds(&z));
    }
}

#[test]
fn another_key_of_who_pays_is_refused() {
    let (host, other) = (key(1).public(), key(4).public());
    let mut z = assignment(host.point(), key(2).scalar());
    // The negative has the same squares, and is on the curve too.
    let negative = [-host.point().x(), host.point().y()];
    let off = [host.point().x() + Fr::ONE, host.point().y()];
    for [x, y] in [[other.point().x(), other.point().y()], negative, off, [Fr::from(0u64), Fr::ONE]] {
        (z[HOST], z[HOST + 1]) = (x, y);
        assert!(!holds(&z));
    }
}

/// The circuit takes any point on the curve; that everyone decrypts what is encrypted to one of small order, who encrypts
/// must know before.
#[test]
fn keys_of_small_order_are_refused_before_the_circuit() {
    for (k, low) in testing::torsion().iter().enumerate() {
        let refused = if k == 0 { PointError::Identity } else { PointError::Order { x: low.x(), y: low.y() } };
        assert_eq!(PublicKey::new(low.x(), low.y()), Err(KeyError::Point(refused)));
        let mixed = *low + *key(1).public().point();
        assert_eq!(PublicKey::new(mixed.x(), mixed.y()).is_ok(), k == 0);
    }
    let low = testing::torsion()[1];
    let z = assignment(&low, key(2).scalar());
    assert!(holds(&z));
    let decrypts = |p: &Point| cipher::decrypt(&z[CIPHERTEXT..END], [p.x(), p.y()], 0, 33).is_ok();
    assert_eq!(testing::torsion().iter().filter(|p| decrypts(p)).count(), 1, "one of eight keys decrypts");
}
