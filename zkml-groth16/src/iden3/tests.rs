//! What is written is read; and whatever else is read is refused, without a panic.

use std::io::Cursor;

use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::Field;
use ark_std::{
    UniformRand,
    rand::{Rng, SeedableRng, rngs::StdRng},
};

use super::*;
use crate::{
    ceremony::{Factors, Fault, Lagrange, Powers, check_divided, contribute, initial},
    constraints::Columns,
    domain::Domain,
    key::ProvingKey,
    prove::prove,
    tests::{Toy, inputs},
    verify::{holds, prepare},
};

fn constraints(toy: &Toy) -> Constraints {
    Constraints { rows: toy.abc.clone(), instance: toy.instance, witness: toy.phases[0] }
}

fn powers(n: usize) -> Powers {
    Powers::known([12u64, 13, 14].map(Fr::from), n)
}

/// A circuit, and a key on a domain of a power of two that was contributed to.
fn made(witness: usize) -> (Toy, ProvingKey, ProvingKey) {
    let toy = Toy::new(3, &[witness], &mut StdRng::seed_from_u64(5));
    let n = (witness + 3).next_power_of_two();
    let first = initial(&toy.abc, toy.columns(), &Domain::new(n).unwrap(), &powers(n)).unwrap();
    let mut key = first.clone();
    contribute(&mut key, &[1; 32], &Factors::new(&[2; 32], 1)).unwrap();
    (toy, first, key)
}

/// The file, with the contents of one of its sections changed, and its length made right again.
fn changed(bytes: &[u8], kind: u32, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let (mut at, mut whole, mut change) = (12, bytes[..12].to_vec(), Some(change));
    while at < bytes.len() {
        let found = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        let length = u64::from_le_bytes(bytes[at + 4..at + 12].try_into().unwrap()) as usize;
        let mut contents = bytes[at + 12..at + 12 + length].to_vec();
        if found == kind {
            change.take().unwrap()(&mut contents);
        }
        whole.extend_from_slice(&found.to_le_bytes());
        whole.extend_from_slice(&(contents.len() as u64).to_le_bytes());
        whole.extend_from_slice(&contents);
        at += 12 + length;
    }
    assert!(change.is_none(), "no section {kind}");
    whole
}

#[test]
fn powers_are_written_and_read() {
    let powers = powers(8);
    let bytes = write_ptau(&powers).unwrap();
    assert_eq!(read_ptau(Cursor::new(&bytes), 8).unwrap(), powers);
    // Fewer are the first of them, with the power of tau for the last point of the quotient.
    for rows in 2..8 {
        let fewer = read_ptau(Cursor::new(&bytes), rows).unwrap();
        assert_eq!((fewer.rows(), fewer.tau_g1.len()), (rows, 2 * rows));
        assert_eq!(fewer.tau_g1[..], powers.tau_g1[..2 * rows]);
        assert_eq!(fewer.beta_g1[..], powers.beta_g1[..rows]);
    }
    let error = read_ptau(Cursor::new(&bytes), 9).unwrap_err();
    assert_eq!(error, FormatError::Fault(Fault::Rows { found: 9, most: 8 }));
    assert!(matches!(write_ptau(&self::powers(6)), Err(FormatError::Length { found: 6, expected: 8, .. })));
}

#[test]
fn bases_of_prepared_powers_are_read_for_powers_of_two_of_rows() {
    let mut powers = powers(8);
    let prepared = |rows: usize| Some(Lagrange::of(&powers, rows).unwrap());
    let of = |rows: usize, bytes: &[u8]| read_ptau(Cursor::new(bytes), rows).unwrap().lagrange;
    let plain = write_ptau(&powers).unwrap();
    let bases = [2, 4, 8].map(prepared);
    powers.lagrange = bases[2].clone();
    let bytes = write_ptau(&powers).unwrap();
    assert_eq!(read_ptau(Cursor::new(&bytes), 8).unwrap(), powers);
    for (rows, bases) in [2, 4, 8].into_iter().zip(&bases) {
        assert_eq!(of(rows, &plain), None);
        assert_eq!(&of(rows, &bytes), bases);
    }
    for rows in [3, 5, 6, 7] {
        assert_eq!(of(rows, &bytes), None);
    }
    // A file that was cut from a larger one has the next power of tau in the last basis.
    let larger = Powers::known([12u64, 13, 14].map(Fr::from), 9);
    let last = Lagrange::of(&Powers { tau_g1: larger.tau_g1[..16].to_vec(), ..powers.clone() }, 8).unwrap().double_g1;
    assert_ne!(last, bases[2].as_ref().unwrap().double_g1);
    let cut = changed(&bytes, 12, |contents| contents.splice(15 * 64.., section::points(&last)).for_each(drop));
    assert_eq!(of(8, &cut), bases[2]);

    let read = |bytes: &[u8]| read_ptau(Cursor::new(bytes), 8).unwrap_err();
    for (kind, size, what) in [
        (12, 64, "the Lagrange basis in G1"),
        (13, 128, "the Lagrange basis in G2"),
        (14, 64, "the Lagrange basis times alpha"),
        (15, 64, "the Lagrange basis times beta"),
    ] {
        let with = |at: usize, to: &[u8]| {
            read(&changed(&bytes, kind, |contents| contents[at..at + to.len()].copy_from_slice(to)))
        };
        // Those of one, two and four rows come before.
        assert_eq!(with(9 * size, &[1]), FormatError::Point { what, index: 2 });
        assert_eq!(with(9 * size, &vec![0; size]), FormatError::Fault(Fault::Bases { what }));
        let short = changed(&bytes, kind, |points| points.truncate(14 * size));
        assert!(matches!(read(&short), FormatError::Length { .. }), "{kind}");
    }
    let what = "the Lagrange basis of twice as many rows";
    let infinity = changed(&bytes, 12, |points| points[18 * 64..19 * 64].fill(0));
    assert_eq!(read(&infinity), FormatError::Fault(Fault::Bases { what }));
}

#[test]
fn each_fault_of_powers_has_its_error() {
    let bytes = write_ptau(&powers(4)).unwrap();
    let read = |bytes: &[u8]| read_ptau(Cursor::new(bytes), 4).unwrap_err();
    for end in 0..bytes.len() {
        assert!(matches!(read(&bytes[..end]), FormatError::Truncated { .. }), "{end}");
    }
    let longer = [&bytes[..], b"x"].concat();
    assert!(matches!(read(&longer), FormatError::Length { what: "the length of the file", .. }));
    let patched = |at: usize, to: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + to.len()].copy_from_slice(to);
        read(&bytes)
    };
    assert_eq!(patched(0, b"zkey"), FormatError::Magic { expected: "ptau" });
    assert_eq!(patched(4, &[2]), FormatError::Version { found: 2, most: 1 });
    assert_eq!(patched(8, &[255]), FormatError::Sections { found: 255 });
    assert_eq!(patched(12, &[2]), FormatError::Section { section: 1, found: 0 });
    assert!(matches!(patched(16, &[0xff; 8]), FormatError::Truncated { expected: u64::MAX, .. }));
    // The length of an element, the modulus, the power.
    for at in [24, 28] {
        assert_eq!(patched(at, &[1]), FormatError::System { what: "curve" });
    }
    assert!(matches!(patched(60, &[29]), FormatError::Length { what: "the power", expected: 28, found: 29 }));
    assert!(matches!(patched(60, &[3]), FormatError::Length { .. }));
    // A coordinate that is not below the modulus, and a point off the curve; infinity; another point of the curve.
    let with = |kind: u32, at: usize, to: &[u8]| {
        read(&changed(&bytes, kind, |contents| contents[at..at + to.len()].copy_from_slice(to)))
    };
    for (kind, size, what) in [
        (2, 64, "the powers of tau in G1"),
        (3, 128, "the powers of tau in G2"),
        (4, 64, "the powers of tau times alpha"),
        (5, 64, "the powers of tau times beta"),
    ] {
        let point = FormatError::Point { what, index: 2 };
        assert_eq!(with(kind, 2 * size, &[0xff; 32]), point);
        assert_eq!(with(kind, 2 * size, &[1]), point);
        assert_eq!(with(kind, 2 * size, &vec![0; size]), FormatError::Fault(Fault::Powers { what }));
    }
    assert!(matches!(with(6, 0, &[0; 128]), FormatError::Fault(Fault::Beta)));
    let blank = Powers::known([1u64, 1, 1].map(Fr::from), 4);
    let fault = read(&write_ptau(&blank).unwrap());
    assert_eq!(fault, FormatError::Fault(Fault::Uncontributed { what: "tau" }));
}

#[test]
fn constraints_and_assignments_are_written_and_read() {
    let mut rng = StdRng::seed_from_u64(3);
    for witness in [1, 6, 50] {
        let toy = Toy::new(3, &[witness], &mut rng);
        let bytes = write_r1cs(&constraints(&toy)).unwrap();
        let read = read_r1cs(Cursor::new(&bytes)).unwrap();
        assert_eq!((read.instance, read.witness), (3, witness));
        assert_eq!(write_r1cs(&read).unwrap(), bytes);
        let z = toy.witness(&inputs(2, &mut rng));
        let dot = |row: &Vec<(Fr, usize)>| row.iter().map(|(c, i)| *c * z[*i]).sum::<Fr>();
        for (matrix, expected) in read.rows.iter().zip(&toy.abc) {
            assert!(matrix.iter().map(dot).eq(expected.iter().map(dot)));
        }
        let bytes = write_wtns(&z);
        assert_eq!(read_wtns(Cursor::new(&bytes)).unwrap(), z);
        for end in 0..bytes.len() {
            assert!(matches!(read_wtns(Cursor::new(&bytes[..end])), Err(FormatError::Truncated { .. })));
        }
        let large = changed(&bytes, 2, |values| values[..32].fill(0xff));
        let error = FormatError::Element { what: "the values", index: 0 };
        assert_eq!(read_wtns(Cursor::new(&large)), Err(error));
    }
}

#[test]
fn each_fault_of_constraints_has_its_error() {
    let toy = Toy::new(3, &[4], &mut StdRng::seed_from_u64(3));
    let bytes = write_r1cs(&constraints(&toy)).unwrap();
    let read = |bytes: &[u8]| read_r1cs(Cursor::new(bytes)).unwrap_err();
    for end in 0..bytes.len() {
        assert!(matches!(read(&bytes[..end]), FormatError::Truncated { .. }), "{end}");
    }
    let with = |kind: u32, at: usize, to: &[u8]| {
        read(&changed(&bytes, kind, |contents| contents[at..at + to.len()].copy_from_slice(to)))
    };
    assert_eq!(with(1, 4, &[0]), FormatError::System { what: "field" });
    assert!(matches!(with(1, 36, &[2]), FormatError::Length { what: "the number of columns", .. }));
    // More columns, more rows, and more entries than there are bytes for.
    assert!(matches!(with(1, 39, &[1]), FormatError::Length { what: "the section of labels", found: 56, .. }));
    assert!(matches!(with(1, 60, &[0xff; 4]), FormatError::Truncated { what: "the constraints", .. }));
    assert!(matches!(with(2, 0, &[0xff; 4]), FormatError::Truncated { what: "a row", .. }));
    assert_eq!(with(2, 4, &[7]), FormatError::Column { row: 0, found: 7, columns: 7 });
    assert_eq!(with(2, 8, &[0xff; 32]), FormatError::Element { what: "a row", index: 0 });
    assert!(matches!(read(&changed(&bytes, 2, |rows| rows.push(0))), FormatError::Length { .. }));
}

#[test]
fn keys_are_written_and_read_and_prove() {
    let mut rng = StdRng::seed_from_u64(4);
    for witness in [3, 5, 12, 30] {
        let (toy, first, key) = made(witness);
        let constraints = constraints(&toy);
        let bytes = write_zkey(&key, &constraints).unwrap();
        let read = read_zkey(Cursor::new(&bytes), &constraints).unwrap();
        assert_eq!(read, key);
        check_divided(&first, &read).unwrap();
        let z = toy.witness(&inputs(2, &mut rng));
        let proof = prove(&read, &toy.abc, &z, &[], [Fr::rand(&mut rng), Fr::rand(&mut rng)]).unwrap();
        assert!(holds(&prepare(&read.vk), &proof, &z[1..3]));
        let mut wrong = z;
        wrong[3] += Fr::ONE;
        let proof = prove(&read, &toy.abc, &wrong, &[], [Fr::rand(&mut rng), Fr::rand(&mut rng)]).unwrap();
        assert!(!holds(&prepare(&read.vk), &proof, &wrong[1..3]));
    }
}

#[test]
fn each_fault_of_keys_has_its_error() {
    let (toy, _, key) = made(5);
    let own = constraints(&toy);
    let bytes = write_zkey(&key, &own).unwrap();
    let read = |bytes: &[u8]| read_zkey(Cursor::new(bytes), &own).unwrap_err();
    for end in (0..bytes.len()).step_by(7) {
        assert!(matches!(read(&bytes[..end]), FormatError::Truncated { .. }), "{end}");
    }
    let with = |kind: u32, at: usize, to: &[u8]| {
        read(&changed(&bytes, kind, |contents| contents[at..at + to.len()].copy_from_slice(to)))
    };
    assert_eq!(with(1, 0, &[2]), FormatError::System { what: "proof system" });
    assert_eq!(with(2, 4, &[0]), FormatError::System { what: "curve" });
    assert_eq!(with(2, 40, &[0]), FormatError::System { what: "field" });
    assert!(matches!(with(2, 72, &[9]), FormatError::Length { what: "the number of columns", .. }));
    assert!(matches!(with(2, 76, &[9]), FormatError::Length { what: "the number of public inputs", .. }));
    assert!(matches!(with(2, 80, &[9]), FormatError::Length { what: "the size of the domain", .. }));
    assert!(matches!(with(2, 84, &[1]), FormatError::Point { what: "alpha", .. }));
    assert!(matches!(with(4, 0, &[0xff; 4]), FormatError::Truncated { .. }));
    assert!(matches!(with(4, 4, &[2]), FormatError::Row { .. }));
    assert!(matches!(with(4, 8, &[1]), FormatError::Row { matrix: "A", row: 0 }));
    assert!(matches!(with(4, 16, &[3]), FormatError::Row { .. }));
    for (kind, what) in [(3, "the public inputs' points"), (5, "the A query"), (8, "the C query"), (9, "the H query")] {
        assert_eq!(with(kind, 0, &[0xff; 32]), FormatError::Point { what, index: 0 });
        let shorter = read(&changed(&bytes, kind, |points| points.truncate(64)));
        assert!(matches!(shorter, FormatError::Length { found: 64, .. }));
    }
    // Another circuit, several phases, a domain of three times a power of two.
    let other = Toy::new(3, &[5], &mut StdRng::seed_from_u64(6));
    assert!(matches!(read_zkey(Cursor::new(&bytes), &constraints(&other)), Err(FormatError::Row { .. })));
    let begun = |phases: &[usize], n: usize| {
        let columns = Columns { instance: 3, phases };
        initial(&toy.abc, columns, &Domain::new(n).unwrap(), &powers(n)).unwrap()
    };
    let phases = write_zkey(&begun(&[2, 3], 8), &own).unwrap_err();
    assert_eq!(phases, FormatError::Length { what: "the number of phases", expected: 1, found: 2 });
    let domain = write_zkey(&begun(&[5], 12), &own).unwrap_err();
    assert_eq!(domain, FormatError::Length { what: "the size of the key's domain", expected: 8, found: 12 });
}

/// Keys may have a larger domain than they need, and no smaller one.
#[test]
fn larger_domains_prove() {
    let mut rng = StdRng::seed_from_u64(8);
    let toy = Toy::new(3, &[6], &mut rng);
    let z = toy.witness(&inputs(2, &mut rng));
    for n in [9, 12, 16, 24, 64] {
        let mut key = initial(&toy.abc, toy.columns(), &Domain::new(n).unwrap(), &powers(n)).unwrap();
        contribute(&mut key, &[1; 32], &Factors::new(&[2; 32], 1)).unwrap();
        let proof = prove(&key, &toy.abc, &z, &[], [Fr::rand(&mut rng), Fr::rand(&mut rng)]).unwrap();
        assert!(holds(&prepare(&key.vk), &proof, &z[1..3]), "{n}");
        key.h.truncate(8);
        assert!(prove(&key, &toy.abc, &z, &[], [Fr::ONE; 2]).is_err());
        key.h.truncate(7);
        assert!(prove(&key, &toy.abc, &z, &[], [Fr::ONE; 2]).is_err());
    }
}

/// Bytes changed at random: an error, or what was read is what is there.
#[test]
fn nothing_panics() {
    let mut rng = StdRng::seed_from_u64(9);
    let (toy, _, key) = made(5);
    let own = constraints(&toy);
    let z = toy.witness(&inputs(2, &mut rng));
    let files =
        [write_ptau(&powers(4)).unwrap(), write_r1cs(&own).unwrap(), write_wtns(&z), write_zkey(&key, &own).unwrap()];
    for round in 0..3000 {
        for bytes in &files {
            let mut bytes = bytes.clone();
            for _ in 0..rng.gen_range(1..4) {
                // Mostly headers, where lengths are.
                let end = if round % 2 == 0 { 120.min(bytes.len()) } else { bytes.len() };
                let at = rng.gen_range(0..end);
                bytes[at] = if rng.gen_bool(0.3) { 0xff } else { rng.r#gen() };
            }
            if rng.gen_bool(0.2) {
                bytes.truncate(rng.gen_range(0..bytes.len()));
            }
            let _ = read_ptau(Cursor::new(&bytes), 4);
            if let Ok(read) = read_r1cs(Cursor::new(&bytes)) {
                assert_eq!(
                    read_r1cs(Cursor::new(write_r1cs(&read).unwrap())).unwrap().rows.map(|m| m.len()),
                    read.rows.map(|m| m.len())
                );
            }
            if let Ok(values) = read_wtns(Cursor::new(&bytes)) {
                assert_eq!(read_wtns(Cursor::new(write_wtns(&values))).unwrap(), values);
            }
            if let Ok(key) = read_zkey(Cursor::new(&bytes), &own) {
                assert_eq!(read_zkey(Cursor::new(write_zkey(&key, &own).unwrap()), &own).unwrap(), key);
            }
        }
    }
}

#[test]
fn infinity_is_zeros() {
    use super::section::Encoded;
    let mut bytes = vec![];
    G1Affine::identity().put(&mut bytes);
    G2Affine::identity().put(&mut bytes);
    assert_eq!(bytes, [0; 192]);
    assert_eq!(G1Affine::parse(&bytes[..64]), Some(G1Affine::identity()));
    assert_eq!(G2Affine::parse(&bytes[64..]), Some(G2Affine::identity()));
    let g = (G2Affine::generator() * Fr::from(5u64)).into_affine();
    bytes.clear();
    g.put(&mut bytes);
    assert_eq!(G2Affine::parse(&bytes), Some(g));
}
