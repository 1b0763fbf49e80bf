//! Forgeries on the curve and with the cipher, and what stands in their way.

use ark_bn254::Fr;
use ark_ff::Field;

use super::*;
use crate::{
    bounty::keys::PublicKey,
    gadget::{
        curve::{
            baby_jubjub::{self, Coordinates, Point, Scalar, testing},
            ecdh,
        },
        hash::{
            cipher::{self, CipherError},
            poseidon,
        },
    },
};

/// Twice a public point, which is on the curve if that is enforced.
fn twice<C: FieldCs>(cs: &mut C, [x, y]: [Fr; 2], enforced: bool) -> Coordinates<C::F> {
    let point = Coordinates { x: cs.field_linear(&[], x), y: cs.field_linear(&[], y) };
    let twice = baby_jubjub::double(cs, &point);
    if enforced {
        baby_jubjub::enforce_on_curve(cs, &point);
    }
    twice
}

/// `0 / 0` is anything: at the origin a quotient would be free. It is not on the curve, on which no denominator is
/// zero.
#[test]
fn the_origin_has_any_double_and_is_no_point() {
    for (enforced, accepted) in [(false, true), (true, false)] {
        let (mut build, mut assign) = (Build::new(), Assign::new());
        twice(&mut build, [Fr::from(0u64); 2], enforced);
        twice(&mut assign, [Fr::from(0u64); 2], enforced);
        let (matrices, mut z) = (build.finish().0, assign.finish());
        // The constant one, three products, the quotient.
        z[4] = Fr::from(12345u64);
        assert_eq!(matrices.unsatisfied(&z).is_empty(), accepted);
    }
    // Of points of every order, the double is one.
    for point in testing::torsion().into_iter().chain([Point::BASE, testing::generator()]) {
        let (mut build, mut assign) = (Build::new(), Assign::new());
        let of = [point.x(), point.y()];
        twice(&mut build, of, true);
        let found = twice(&mut assign, of, true);
        assert_eq!(Point::new(found.x, found.y).unwrap(), point + point);
        let (matrices, mut z) = (build.finish().0, assign.finish());
        assert!(matrices.unsatisfied(&z).is_empty());
        for quotient in [4, 5] {
            z[quotient] += Fr::ONE;
            assert_eq!(matrices.unsatisfied(&z).len(), 1, "its own constraint");
            z[quotient] -= Fr::ONE;
        }
    }
}

/// With a key of small order there are eight shared keys, and everyone decrypts. The circuit takes such a key:
/// whoever encrypts must refuse it.
#[test]
fn everyone_decrypts_what_is_encrypted_to_a_key_of_small_order() {
    let message = [Fr::from(5u64), Fr::from(6u64)];
    let torsion = testing::torsion();
    for (order, host) in [1, 8, 4, 8, 2, 8, 4, 8].into_iter().zip(&torsion) {
        assert!(PublicKey::new(host.x(), host.y()).is_err());
        let mut found = vec![];
        for secret in testing::scalars(3) {
            let mut assign = Assign::new();
            let point = baby_jubjub::constant(&mut assign, host);
            let keys = ecdh::enforce(&mut assign, Some(secret), &point);
            let ciphertext = cipher::encrypt(&message, [keys.shared.x, keys.shared.y], 0);
            let tries = torsion.iter().filter_map(|p| cipher::decrypt(&ciphertext, [p.x(), p.y()], 0, 2).ok());
            found.extend(tries);
        }
        assert_eq!(found, vec![message; 3], "order {order}");
        assert_eq!(*host * Scalar::from(order as u64), Point::IDENTITY);
    }
}

/// A key with a part of small order: its owner learns the secret modulo eight, and who encrypts refuses it. The
/// shared key is one all the same, so that a delivery that is proven is the one that is decrypted.
#[test]
fn a_key_of_mixed_order_tells_the_secret_modulo_eight() {
    let low = testing::torsion()[1];
    let owner = testing::scalars(1)[0];
    let host = Point::BASE * owner + low;
    assert!(PublicKey::new(host.x(), host.y()).is_err());
    for secret in testing::scalars(5).split_off(1) {
        let shared = ecdh::eval(secret, host);
        let known = Point::BASE * secret * owner;
        let matches: Vec<u64> = (0..8).filter(|k| known + low * Scalar::from(*k) == shared).collect();
        let modulo = ark_ff::PrimeField::into_bigint(secret).0[0] % 8;
        assert_eq!(matches, [modulo]);
    }
}

/// A ciphertext that is changed, cut, padded, or made of parts of others, does not decrypt.
#[test]
fn tags_are_not_forged() {
    let key = [Fr::from(3u64), Fr::from(4u64)];
    let message: Vec<Fr> = (1..=7u64).map(Fr::from).collect();
    let honest = cipher::encrypt(&message, key, 1);
    let refused = |ciphertext: &[Fr]| cipher::decrypt(ciphertext, key, 1, 7).is_err();
    assert!(!refused(&honest));
    for i in 0..honest.len() {
        let mut changed = honest.clone();
        changed[i] += Fr::ONE;
        assert_eq!(cipher::decrypt(&changed, key, 1, 7), Err(CipherError::Tag), "{i}");
        changed.remove(i);
        assert!(refused(&changed));
    }
    let mut swapped = honest.clone();
    swapped.swap(0, 3);
    assert!(refused(&swapped) && refused(&[]));
    // The tag of another nonce, another length, another key; the beginning of a longer one.
    for other in [
        cipher::encrypt(&message, key, 2),
        cipher::encrypt(&[&message[..], &[Fr::from(0u64)]].concat(), key, 1),
        cipher::encrypt(&message, [key[1], key[0]], 1),
    ] {
        let spliced = [&honest[..9], &other[9..]].concat();
        assert!(refused(&spliced) && refused(&other));
    }
    // Nonces of 128 bits and lengths do not run into each other.
    let longest = cipher::encrypt(&message[..1], key, u128::MAX);
    assert!(cipher::decrypt(&longest, key, 0, 2).is_err() && cipher::decrypt(&longest, key, u128::MAX, 1).is_ok());
    // Without a tag anything would decrypt: of a state that is known, the rest is.
    let mut state = [Fr::from(0u64), key[0], key[1], Fr::from(1u64) + Fr::from(7u64) * Fr::from(2u64).pow([128])];
    poseidon::permute(&mut state);
    assert_eq!(honest[0] - state[1], message[0]);
}

/// The exclusive or of wires that are no bits is another function: gadgets on bits take bits only.
#[test]
fn bytes_that_are_no_bits_have_two_readings() {
    use crate::gadget::bits::{
        boolean::Bit,
        byte::{self, Byte},
    };
    let mut assign = Assign::new();
    // 2 at the weight of one, and one at that of two: the number is the same, the bits are not.
    let wires = |low, next| Byte::<Int>(std::array::from_fn(|i| Bit::Wire(Int::new([0, 0, 0, 0, 0, 0, next, low][i]))));
    let [odd, even] = [wires(2, 0), wires(0, 1)];
    assert_eq!(byte::pack(&mut assign, &[odd]), byte::pack(&mut assign, &[even]));
    // Allocated or split, such a byte has no witness.
    let (mut build, mut assign) = (Build::new(), Assign::new());
    Byte::allocate(&mut build, None);
    Byte::allocate(&mut assign, Some(2));
    let (matrices, mut z) = (build.finish().0, assign.finish());
    assert!(matrices.unsatisfied(&z).is_empty());
    (z[7], z[8]) = (Fr::from(0u64), Fr::from(2u64));
    assert_eq!(matrices.unsatisfied(&z).len(), 1);
}
