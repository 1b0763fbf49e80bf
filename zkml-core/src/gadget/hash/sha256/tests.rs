//! Tests of SHA-256: against FIPS 180-4, counts, and forged digests; bit by bit, and by lookups of spreads.

use std::collections::HashSet;

use ark_bn254::Fr;
use ark_ff::One;

use super::*;
use crate::{
    arith::r1cs::{Accumulate, Assign, Build, Ranged, SPREAD_ROWS, Tables},
    dev::{
        dishonest::{About, Dishonest},
        tamper::Harness,
    },
    gadget::{FieldCs, hash::poseidon::satisfied},
    prove::Matrices,
};

const LENGTHS: [usize; 10] = [0, 1, 55, 56, 63, 64, 65, 119, 120, 797];

fn message(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * i + 7 * i + 129) as u8).collect()
}

/// The digest's halves as public inputs. The message is read as `order` gives it.
fn run<C: FieldCs>(cs: &mut C, message: &[u8], order: fn(Byte<C::W>) -> Byte<C::W>) -> [C::W; 8] {
    let bytes: Vec<_> = message.iter().map(|byte| order(Byte::allocate(cs, Some(*byte)))).collect();
    let digest = enforce(cs, &bytes);
    for half in halves(cs, &digest) {
        let half = cs.lift(&half);
        cs.field_output(&half);
    }
    digest
}

fn build(length: usize) -> Matrices {
    let mut build = Build::new();
    run(&mut build, &vec![0; length], |byte| byte);
    build.finish().0
}

fn assign(message: &[u8]) -> Vec<Fr> {
    let mut assign = Assign::new();
    run(&mut assign, message, |byte| byte);
    assign.finish()
}

fn digest_of(message: &[u8]) -> [u8; 32] {
    bytes_of(run(&mut Assign::new(), message, |byte| byte))
}

fn bytes_of(words: [Int; 8]) -> [u8; 32] {
    std::array::from_fn(|i| u32::try_from(words[i / 4].as_u64()).unwrap().to_be_bytes()[i % 4])
}

#[test]
fn circuit_equals_native_and_costs_what_it_says() {
    for length in LENGTHS {
        let message = message(length);
        assert_eq!(digest_of(&message), eval(&message), "{length} bytes");
        let (matrices, z) = (build(length), assign(&message));
        assert!(satisfied(&matrices, &z), "{length} bytes");
        assert_eq!(z[1..3], eval_halves(&eval(&message)).map(Fr::from));
        // Beside the bits of the message, and the two outputs.
        let counted = Cost::new(matrices.constraints() - 8 * length - 2, matrices.witness - 8 * length);
        assert_eq!(counted, cost(length), "{length} bytes");
    }
}

/// The examples of NIST for FIPS 180-4.
#[test]
fn equals_the_vectors_of_nist() {
    for (message, expected) in [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
        ),
    ] {
        assert_eq!(crate::digest::hex(&digest_of(message.as_bytes())), expected);
    }
}

#[test]
fn counts() {
    let count = |length| cost(length).constraints;
    assert_eq!(LENGTHS.map(count), [0, 16_204, 17_115, 29_926, 30_043, 30_054, 33_649, 34_560, 47_371, 226_232]);
    // Whole blocks: the first knows the words that it starts from, the last is padding.
    for n in 1..6 {
        assert_eq!(count(64 * n), 17_247 + BLOCK * (n - 1) + 12_807);
    }
    // Any file: a block more costs a block more.
    for length in [64, 77, 119, 120, 127] {
        assert_eq!(count(length + 64 * 4), count(length) + BLOCK * 4, "{length} bytes");
    }
    // A sum has one witness less than constraints.
    assert_eq!(cost(128).witnesses - cost(64).witnesses, BLOCK - 64 * 2 - 46 - 6);
}

#[test]
fn what_the_circuit_knows_is_not_paid_for() {
    assert_eq!(cost_of(&vec![Byte::<()>::known(7); 100]), Cost::default());
    let mut message = vec![Byte(std::array::from_fn(|_| Bit::Wire(()))); 128];
    message[..64].fill(Byte::known(7));
    assert_eq!(cost_of(&message).constraints, 17_247 + 12_807);
}

#[test]
fn every_change_of_a_block_is_refused() {
    let message = message(55);
    let (matrices, mut z) = (build(55), assign(&message));
    let harness = Harness::new(&matrices, &z, &[]);
    assert!(harness.holds());
    assert_eq!(harness.run(250), []);
    // No coordinated change, to first order: all is a function of bits.
    assert_eq!(harness.freedom(&HashSet::new()), 0);
    // Another digest.
    for half in 1..3 {
        z[half] += Fr::one();
        assert!(!satisfied(&matrices, &z));
        z[half] -= Fr::one();
    }
    assert!(satisfied(&matrices, &z));
    // Another message with this digest.
    for i in 0..8 * 55 {
        let bit = z[3 + i];
        z[3 + i] = Fr::one() - bit;
        assert!(!satisfied(&matrices, &z), "bit {i}");
        z[3 + i] = bit;
    }
}

/// A prover who reads the bits of a byte from the lowest up finds another digest, and can prove neither.
#[test]
fn the_wrong_order_of_bits_is_refused() {
    let message = message(20);
    let matrices = build(20);
    let mut assign = Assign::new();
    let wrong = run(&mut assign, &message, |Byte(mut bits)| {
        bits.reverse();
        Byte(bits)
    });
    assert_ne!(bytes_of(wrong), eval(&message));
    let mut z = assign.finish();
    assert!(!satisfied(&matrices, &z));
    for (value, half) in z[1..].iter_mut().zip(eval_halves(&eval(&message))) {
        *value = Fr::from(half);
    }
    assert!(!satisfied(&matrices, &z));
}

/// Over a constraint system with lookups, in tables of this kind.
fn looked_up<C: Accumulate>(cs: C, message: &[u8]) -> C {
    let mut cs = Ranged::lookups(cs, Tables::none());
    run(&mut cs, message, |byte| byte);
    cs.close_requests().unwrap();
    cs.cs
}

fn built_with_lookups(length: usize) -> (Matrices, Vec<u32>) {
    let (matrices, _, free) = looked_up(Build::two_phases(), &vec![0; length]).finish();
    (matrices, free)
}

fn assigned_with_lookups(message: &[u8]) -> Vec<Fr> {
    looked_up(Dishonest::new(About(usize::MAX, |v| v)), message).finish()
}

#[test]
fn lookups_give_the_same_digest_for_the_rows_that_they_say() {
    for length in LENGTHS {
        let message = message(length);
        let ((matrices, _), z) = (built_with_lookups(length), assigned_with_lookups(&message));
        assert!(satisfied(&matrices, &z), "{length} bytes");
        assert_eq!(z[1..3], eval_halves(&eval(&message)).map(Fr::from));
        // An empty message looks nothing up.
        let tables = if length == 0 { 0 } else { SPREAD_ROWS };
        let rows = matrices.constraints() - 8 * length - 2 - tables;
        assert_eq!(rows, cost_with_lookups(length).constraints, "{length} bytes");
        // Entries have a multiplicity and a fraction each; then squares and the inverse.
        let of_tables = if length == 0 { 0 } else { SPREAD_ROWS - 2 + 2 * (1 << 11) };
        let witnesses = matrices.witness - 8 * length - of_tables;
        assert_eq!(witnesses, cost_with_lookups(length).witnesses, "{length} bytes");
    }
    let rows = |length| cost_with_lookups(length).constraints + if length == 0 { 0 } else { SPREAD_ROWS };
    assert_eq!(LENGTHS.map(rows), [0, 10_469, 10_720, 15_639, 15_675, 15_675, 17_145, 17_393, 22_312, 90_735]);
    for n in 1..5 {
        assert_eq!(rows(64 * (n + 1)) - rows(64 * n), LOOKUP_BLOCK);
        assert!(rows(64 * n) < SPREAD_ROWS + (n + 1) * 8_000);
    }
}

#[test]
fn every_change_of_a_block_with_lookups_is_refused() {
    let message = message(55);
    let ((matrices, free), mut z) = (built_with_lookups(55), assigned_with_lookups(&message));
    let harness = Harness::new(&matrices, &z, &free);
    assert!(harness.holds());
    assert_eq!(harness.run(100), []);
    // Another digest, another message with this digest.
    for half in 1..3 {
        z[half] += Fr::one();
        assert!(!satisfied(&matrices, &z));
        z[half] -= Fr::one();
    }
    for bit in z[4..4 + 8 * 55].iter_mut().step_by(7) {
        *bit = Fr::one() - *bit;
    }
    assert!(!satisfied(&matrices, &z));
}

/// A prover that lies about one variable, and computes all that follows from the lie, multiplicities and fractions among it, proves the digest of this message
/// and no other.
#[test]
fn liars_about_a_block_with_lookups_prove_no_other_digest() {
    let message = message(55);
    let (matrices, _) = built_with_lookups(55);
    let before_tables = matrices.witness - 2 * 2 * (1 << 11);
    let mut lies = 0;
    for variable in (8 * 55..before_tables).step_by(61) {
        for by in [1, -1, 1 << 11] {
            let prover = looked_up(Dishonest::new(About(variable, |v: Int| v + Int::from(by))), &message);
            lies += usize::from(prover.lied());
            assert!(!prover.lied() || !satisfied(&matrices, &prover.finish()), "{variable} by {by}");
        }
    }
    assert!(lies > 100, "{lies}");
}
