//! Attacks on ceremonies from within: beacons that are none, states that are sent, records that no ceremony makes.

use ark_ec::CurveGroup;
use ark_std::rand::{SeedableRng, rngs::StdRng};

use super::*;
use crate::prove::{Fr, Groth16, prove, tests as toy};

/// Whoever calls a contribution a beacon's, and knows another secret than the beacon's value.
#[test]
fn a_secret_is_no_beacon() {
    let powers = Powers::known([31u64, 32, 33].map(Fr::from), 16);
    let mut ceremony = Ceremony::<Groth16>::new(&toy::toy(), toy::table(), toy::CONTENTS, &powers).unwrap();
    let source = Source::Beacon { value: b"value".to_vec(), log2_iterations: ITERATIONS[0] };
    let record = Record::new("a cheat", source).unwrap();
    let contribution = ceremony.made(record, &[7; 32]).unwrap();
    let wrong = |error| matches!(error, CeremonyError::Contribution { fault: ContributionFault::Beacon, .. });
    assert!(wrong(ceremony.add(contribution.clone()).unwrap_err()));
    // With a coordinator who lets it in, it is found all the same.
    ceremony.apply(contribution);
    assert!(wrong(ceremony.verify(&toy::toy(), &toy::digest(), &powers).unwrap_err()));
    // One that nobody could verify in time.
    let Source::Beacon { log2_iterations, .. } = &mut ceremony.records[0].source else { panic!("a beacon") };
    *log2_iterations = 63;
    let fault = check_beacon(&ceremony.records[0], &Digest([0; 32]), &[]);
    assert_eq!(fault, Err(ContributionFault::Iterations { found: 63, most: ITERATIONS[1] }));
}

fn powers() -> Powers {
    Powers::known([31u64, 32, 33].map(Fr::from), 32)
}

fn begun() -> Ceremony<Groth16> {
    Ceremony::new(&toy::toy(), toy::table(), toy::CONTENTS, &powers()).unwrap()
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(1)
}

/// A coordinator who sends a state in which points of the public inputs stand for some of the quotient's, that follow
/// from others: whoever contributes to it without [verifying](Ceremony::verify) it divides them by its secret, which
/// nothing in the transcript shows; and with them anything can be proved.
#[test]
fn a_state_is_verified_or_its_contributor_gives_keys_away() {
    let (matrices, circuit, powers) = (toy::toy(), toy::digest(), powers());
    let mut ceremony = begun();
    let mut sent = ceremony.clone();
    sent.key.c.clone_from(&sent.key.vk.ic);
    let sent = Ceremony::<Groth16>::from_bytes(&sent.to_bytes()).unwrap();
    assert_eq!(sent.transcript(), ceremony.transcript());
    let wrong = sent.verify(&matrices, &circuit, &powers);
    assert_eq!(wrong, Err(CeremonyError::Key(ceremony::Fault::Follows { what: "the C query" })));

    // The contributor who does not look.
    let mut made = sent.contribution("honest", b"", &mut rng()).unwrap();
    let announced = made.transcript();
    let subject = Subject::new::<Groth16>(&matrices, &toy::table()).unwrap();
    let (columns, h) = (subject.columns().count(), &made.h);
    let mut right = ceremony::quotient_of_columns(&subject.matrices.abc, columns, &subject.domain, h).unwrap();
    right.truncate(made.c.len());
    let taken = std::mem::replace(&mut made.c, right);
    ceremony.add(made).unwrap();
    assert_eq!(ceremony.transcript(), announced);
    let keys = ceremony.finish(&matrices, &circuit, &powers).unwrap();

    let z = toy::assignment(-3, 0, 1);
    let mut proof = prove(&keys.proving, &matrices, &circuit, &z, &mut rng()).unwrap();
    keys.verifying.verify(&proof).unwrap();
    let wrong = [11u64, 12, 1].map(Fr::from);
    let moved = proof.inputs.iter().zip(&wrong).zip(&taken[1..]).map(|((old, new), k)| *k * (*old - new));
    proof.proof.c = moved.fold(proof.proof.c.into_group(), |sum, point| sum + point).into_affine();
    assert_ne!(proof.inputs, wrong);
    proof.inputs = wrong.to_vec();
    keys.verifying.verify(&proof).unwrap();
}

/// The secrets of a beacon are public.
#[test]
fn beacons_alone_make_no_keys() {
    let mut ceremony = begun();
    ceremony.beacon("block", b"value", ITERATIONS[0]).unwrap();
    ceremony.beacon("block", b"another", ITERATIONS[0]).unwrap();
    assert_eq!(ceremony.verify(&toy::toy(), &toy::digest(), &powers()), Ok(ceremony.transcript()));
    let error = ceremony.finish(&toy::toy(), &toy::digest(), &powers()).unwrap_err();
    assert_eq!(error, CeremonyError::Unfinished);
}

/// Many beacons of one value, which whoever made them computed once.
#[test]
fn beacons_are_verified_within_the_time_of_one() {
    let mut ceremony = begun();
    let source = || Source::Beacon { value: b"value".to_vec(), log2_iterations: ITERATIONS[1] - 1 };
    for _ in 0..3 {
        let record = Record { name: "block".to_owned(), source: source(), updates: vec![] };
        let made = ceremony.made(record, &[7; 32]).unwrap();
        ceremony.apply(made);
    }
    let mut iterations = 1u64 << ITERATIONS[1];
    let taken: Vec<bool> = (0..3).map(|_| within(&mut iterations, &source()).is_ok()).collect();
    assert_eq!(taken, [true, true, false]);
    assert_eq!(ceremony.transcripts().len(), 3);
    assert_eq!(ceremony.transcripts()[2], ceremony.transcript());
}

/// Files have what no ceremony makes: a beacon that costs nothing to try values for, no name, no value.
#[test]
fn records_that_no_ceremony_makes_are_refused() {
    let with = |name: &str, value: &[u8], log2_iterations: u8| {
        let mut ceremony = begun();
        let source = Source::Beacon { value: value.to_vec(), log2_iterations };
        let record = Record { name: name.to_owned(), source, updates: vec![] };
        let made = ceremony.made(record, &Source::beacon(value, log2_iterations)).unwrap();
        let read = Contribution::<Groth16>::from_bytes(&made.to_bytes());
        ceremony.apply(made);
        (read.is_ok(), ceremony.verify(&toy::toy(), &toy::digest(), &powers()).is_ok())
    };
    assert_eq!(with("block", b"value", ITERATIONS[0]), (true, true));
    for (name, value, log2_iterations) in
        [("block", &b"value"[..], 0), ("block", b"value", ITERATIONS[0] - 1), ("", b"value", 10), ("block", b"", 10)]
    {
        let (read, verified) = with(name, value, log2_iterations);
        assert!(!(read && verified), "`{name}`, {} bytes, 2^{log2_iterations}", value.len());
    }
}

/// A name is printed beside hashes that people compare: with a line's end in it, or what moves the cursor, it could
/// show others.
#[test]
fn names_that_terminals_obey_are_refused() {
    let ceremony = begun();
    for name in ["one\n  transcript   0123", "one\u{1b}[1A\r  transcript   0123"] {
        let error = ceremony.contribution(name, b"", &mut rng());
        assert!(error.is_err(), "{name:?}");
    }
}
