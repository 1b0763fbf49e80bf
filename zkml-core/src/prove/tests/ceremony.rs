//! Ceremonies of small circuits: their keys prove; and of three contributors of whom two are dishonest, both are named.

use ark_bn254::G1Affine;
use ark_ec::{AffineRepr, CurveGroup};
use ark_std::rand::{SeedableRng, rngs::StdRng};
use zkml_groth16::ceremony::Fault;

use super::{CONTENTS, assignment, digest, registered, reseal, table, toy};
use crate::prove::{
    ceremony::{ContributionFault, ITERATIONS, LONGEST_NAME, LinkContribution, Source, finish_links},
    *,
};

fn powers() -> Powers {
    Powers::known([31u64, 32, 33].map(Fr::from), 32)
}

fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

fn begun() -> Ceremony<Groth16> {
    Ceremony::new(&toy(), table(), CONTENTS, &powers()).unwrap()
}

fn contributed(names: &[&str]) -> Ceremony<Groth16> {
    let mut ceremony = begun();
    for (i, name) in names.iter().enumerate() {
        ceremony.contribute(name, b"keys that I hit", &mut rng(i as u64)).unwrap();
    }
    ceremony
}

fn finish(ceremony: &Ceremony<Groth16>) -> Result<Keys, CeremonyError> {
    ceremony.finish(&toy(), &digest(), &powers())
}

#[test]
fn a_ceremony_ends_in_keys_that_prove() {
    let mut ceremony = begun();
    assert_eq!(finish(&ceremony), Err(CeremonyError::Unfinished));
    let mut transcripts = vec![ceremony.transcript()];
    for (i, name) in ["one", "second", "a third"].into_iter().enumerate() {
        // By files, as between people.
        let state = ceremony.to_bytes();
        let theirs = Ceremony::<Groth16>::from_bytes(&state).unwrap();
        assert_eq!(theirs, ceremony);
        theirs.verify(&toy(), &digest(), &powers()).unwrap();
        let contribution = theirs.contribution(name, b"", &mut rng(i as u64)).unwrap();
        let announced = contribution.transcript();
        let bytes = contribution.to_bytes();
        assert_eq!(Contribution::<Groth16>::from_bytes(&bytes).unwrap(), contribution);
        ceremony.accept(&bytes).unwrap();
        assert_eq!(ceremony.transcript(), announced);
        assert!(!transcripts.contains(&announced));
        transcripts.push(announced);
    }
    ceremony.beacon("the last block", b"0123456789abcdef", ITERATIONS[0]).unwrap();
    assert_eq!(ceremony.records().len(), 4);
    assert!(format!("{ceremony:?}").contains("second"));

    let keys = finish(&ceremony).unwrap();
    assert_eq!(keys.verifying.provenance(), Provenance::Transcript(ceremony.transcript()));
    assert_eq!(keys.verifying.require_ceremony(), Ok(ceremony.transcript()));
    let proof = prove(&keys.proving, &toy(), &digest(), &assignment(-3, 0, 1), &mut rng(8)).unwrap();
    keys.verifying.verify(&proof).unwrap();
    let again = VerifyingKey::from_bytes(&keys.verifying.to_bytes()).unwrap();
    assert_eq!(again, keys.verifying);
    assert_eq!(ProvingKey::from_bytes(&keys.proving.to_bytes()).unwrap(), keys.proving);

    // A setup by one party says so, and is refused where a ceremony is demanded.
    let single = setup::<Groth16>(&toy(), table(), CONTENTS, &mut rng(9)).unwrap();
    let error = single.verifying.require_ceremony().unwrap_err();
    assert_eq!(error, SingleParty { circuit: digest() });
    assert!(error.to_string().contains("single party"));
}

#[test]
fn two_phases_and_registered_weights_have_ceremonies() {
    let whole = registered::looked_up();
    let matrices = Matrices { phases: vec![whole.phases[0] + whole.phases[1], whole.phases[2]], ..whole.clone() };
    let circuit = circuit_digest(&CONTENTS, &registered::table());
    let mut ceremony = Ceremony::<TwoPhase>::new(&matrices, registered::table(), CONTENTS, &powers()).unwrap();
    for i in 0..2 {
        ceremony.contribute("somebody", b"", &mut rng(i)).unwrap();
    }
    let keys = ceremony.finish(&matrices, &circuit, &powers()).unwrap();
    let mut assign = |draw: &mut Draw<'_>| registered::fill(true, [3, -7], [1, 2], draw);
    let proof = prove_with(&keys.proving, &matrices, &circuit, &mut assign, &mut rng(5)).unwrap();
    keys.verifying.verify(&proof).unwrap();
    let [first, second] = keys.verifying.vk().deltas_g2[..] else { panic!("two deltas") };
    assert_ne!(first, second);

    let mut ceremony = Ceremony::<Registered>::new(&whole, registered::table(), CONTENTS, &powers()).unwrap();
    let state = Ceremony::<Registered>::from_bytes(&ceremony.to_bytes()).unwrap();
    ceremony.add(state.contribution("somebody", b"", &mut rng(1)).unwrap()).unwrap();
    let keys = ceremony.finish(&whole, &circuit, &powers()).unwrap();
    let opening = registered::commit_of(&keys, [3, -7], 3);
    let proof = registered::prove_it(&keys, &opening, [3, -7], [1, 2], &mut rng(6)).unwrap();
    keys.verifying.verify_registered(&proof, opening.commitment()).unwrap();

    // Of one system, and not of another.
    let error = Ceremony::<TwoPhase>::from_bytes(&ceremony.to_bytes()).unwrap_err();
    assert_eq!(error, LoadError::System { expected: "two_phase", found: "registered".to_owned() });
    let refused = Ceremony::<Groth16>::new(&whole, registered::table(), CONTENTS, &powers());
    assert!(matches!(refused, Err(CeremonyError::Constraints(ProveError::Challenges { .. }))));
    let refused = Ceremony::<Groth16>::new(&toy(), PublicTable::new([]).unwrap(), CONTENTS, &powers());
    assert!(matches!(refused, Err(CeremonyError::Constraints(ProveError::Table { .. }))));
}

/// The first is honest, the second and the third are not; then an honest one takes their place.
#[test]
fn each_dishonest_contributor_is_named() {
    let mut ceremony = begun();
    let first = ceremony.contribution("honest", b"", &mut rng(1)).unwrap().to_bytes();
    ceremony.accept(&first).unwrap();
    let second = ceremony.contribution("a cheat", b"", &mut rng(2)).unwrap();
    let off = |p: &mut G1Affine| *p = (*p + G1Affine::generator()).into_affine();

    // Files: truncated, damaged, of another kind.
    let bytes = second.to_bytes();
    for end in (0..bytes.len()).step_by(97) {
        let error = ceremony.accept(&bytes[..end]).unwrap_err();
        assert!(matches!(
            error,
            CeremonyError::Contribution {
                number: 2,
                fault: ContributionFault::File(LoadError::File(FileError::Truncated { .. })),
                ..
            }
        ));
    }
    let fault = |ceremony: &mut Ceremony<Groth16>, bytes: &[u8]| match ceremony.accept(bytes) {
        Err(CeremonyError::Contribution { number, name, fault }) => (number, name, fault),
        other => panic!("{other:?}"),
    };
    let mut damaged = bytes.clone();
    damaged[100] ^= 1;
    let (number, _, found) = fault(&mut ceremony, &damaged);
    assert_eq!((number, found), (2, ContributionFault::File(LoadError::File(FileError::Checksum))));
    let state = ceremony.to_bytes();
    let (_, _, found) = fault(&mut ceremony, &state);
    assert!(matches!(found, ContributionFault::File(LoadError::File(FileError::Kind { .. }))));
    // A replay, as it was, and as one to this state.
    let (number, name, found) = fault(&mut ceremony, &first);
    assert_eq!((number, name.as_str()), (2, "honest"));
    let (before, now) = (begun().transcript(), ceremony.transcript());
    assert_eq!(found, ContributionFault::Stale { expected: now, found: before });
    // The transcript stands after the system's name.
    let replayed = reseal(&first, Kind::Contribution, |payload| payload[15..47].copy_from_slice(now.as_ref()));
    let (_, _, found) = fault(&mut ceremony, &replayed);
    assert_eq!(found, ContributionFault::Wrong(Fault::Knowledge { phase: 0 }));
    // To the ceremony of another circuit.
    let mut other = toy();
    other.abc[0].swap(0, 1);
    let other = Ceremony::<Groth16>::new(&other, table(), Digest([8; 32]), &powers()).unwrap();
    let foreign = other.contribution("a cheat", b"", &mut rng(2)).unwrap();
    let (number, name, found) = fault(&mut ceremony, &foreign.to_bytes());
    assert_eq!((number, name.as_str()), (2, "a cheat"));
    assert_eq!(found, ContributionFault::Circuit { expected: digest(), found: other.circuit() });

    // Points that do not follow from the proof of knowledge, one by one: in files, whose checksums are right.
    let points = [
        ("the K query", second.to_bytes().len() - 32 - 64 * (4 + 12) - 16 - 64),
        ("the H query", second.to_bytes().len() - 32 - 64 * 4 - 8 - 64),
        ("the C query", second.to_bytes().len() - 32 - 64),
    ];
    for (what, at) in points {
        let changed = reseal(&bytes, Kind::Contribution, |payload| {
            let at = at - file::HEADER;
            let mut point: G1Affine =
                points::Reader::new(&payload[at..at + 64]).point(ark_serialize::Compress::No, what).unwrap();
            off(&mut point);
            let mut bytes = vec![];
            points::put(&mut bytes, &point, ark_serialize::Compress::No);
            payload[at..at + 64].copy_from_slice(&bytes);
        });
        let (number, name, found) = fault(&mut ceremony, &changed);
        assert_eq!((number, name.as_str()), (2, "a cheat"));
        assert_eq!(found, ContributionFault::Wrong(Fault::Divided { what, phase: 0 }));
    }
    // Under another name: the proof of knowledge is about it.
    let renamed = reseal(&bytes, Kind::Contribution, |payload| {
        let at = payload.windows(7).position(|bytes| bytes == b"a cheat").unwrap();
        payload[at..at + 7].copy_from_slice(b"a third");
    });
    let (_, name, found) = fault(&mut ceremony, &renamed);
    assert_eq!(name, "a third");
    assert_eq!(found, ContributionFault::Wrong(Fault::Knowledge { phase: 0 }));
    // A beacon that is none.
    let beacon = reseal(&bytes, Kind::Contribution, |payload| {
        let at = payload.windows(7).position(|bytes| bytes == b"a cheat").unwrap() + 7;
        payload.splice(at..=at, [1, ITERATIONS[0], 1, 0, 0, 0, 0, 0, 0, 0, b'x']);
    });
    let (_, _, found) = fault(&mut ceremony, &beacon);
    assert_eq!(found, ContributionFault::Wrong(Fault::Knowledge { phase: 0 }));

    // Nothing of this left a trace: the honest one goes on.
    assert_eq!(ceremony.to_bytes(), state);
    ceremony.contribute("another", b"", &mut rng(3)).unwrap();
    finish(&ceremony).unwrap();
}

/// Whoever keeps the ceremony is not trusted: what it changes in the file, `verify` finds.
#[test]
fn a_dishonest_coordinator_is_found() {
    let ceremony = contributed(&["one", "second", "a third"]);
    let verify = |bytes: &[u8]| {
        let ceremony = Ceremony::<Groth16>::from_bytes(bytes).unwrap();
        ceremony.verify(&toy(), &digest(), &powers()).unwrap_err()
    };
    let bytes = ceremony.to_bytes();
    // Another name; records in another order; one left out.
    let renamed = reseal(&bytes, Kind::Ceremony, |payload| {
        let at = payload.windows(6).position(|bytes| bytes == b"second").unwrap();
        payload[at..at + 6].copy_from_slice(b"fourth");
    });
    let CeremonyError::Contribution { number: 2, name, fault } = verify(&renamed) else { panic!("the second") };
    assert_eq!((name.as_str(), fault), ("fourth", ContributionFault::Wrong(Fault::Knowledge { phase: 0 })));
    let start = |payload: &[u8], name: &[u8]| payload.windows(name.len()).position(|b| b == name).unwrap() - 8;
    let left_out = reseal(&bytes, Kind::Ceremony, |payload| {
        let (second, third) = (start(payload, b"second"), start(payload, b"a third"));
        payload.drain(second..third);
        let count = start(payload, b"one") - 8;
        payload[count] = 2;
    });
    let CeremonyError::Contribution { number: 2, name, .. } = verify(&left_out) else { panic!("the second") };
    assert_eq!(name, "a third");
    // The last contribution is forgotten, or all: the key does not follow.
    let forgotten = reseal(&bytes, Kind::Ceremony, |payload| {
        let third = start(payload, b"a third");
        // Three points of the first group, one of the second.
        payload.drain(third..third + 8 + 7 + 1 + 160);
        let count = start(payload, b"one") - 8;
        payload[count] = 2;
    });
    assert_eq!(verify(&forgotten), CeremonyError::Key(Fault::KeyDelta { phase: 0 }));
    // Points of the last key: the last bytes of the payload are those of its K query.
    let other = contributed(&["fourth", "one", "second"]).to_bytes();
    let exchanged = reseal(&bytes, Kind::Ceremony, |payload| {
        let end = payload.len();
        payload[end - 64..].copy_from_slice(&other[other.len() - file::CHECKSUM - 64..other.len() - file::CHECKSUM]);
    });
    assert_eq!(verify(&exchanged), CeremonyError::Key(Fault::Follows { what: "the K query" }));

    // Another circuit, other powers.
    let error = ceremony.verify(&toy(), &Digest([1; 32]), &powers()).unwrap_err();
    assert_eq!(error, CeremonyError::Circuit { expected: Digest([1; 32]), found: digest() });
    let mut matrices = toy();
    matrices.abc[1].swap(1, 2);
    let error = ceremony.verify(&matrices, &digest(), &powers()).unwrap_err();
    assert_eq!(error, CeremonyError::Key(Fault::Follows { what: "the B query in G1" }));
    let others = Powers::known([31u64, 32, 34].map(Fr::from), 32);
    assert!(matches!(ceremony.verify(&toy(), &digest(), &others), Err(CeremonyError::OtherPowers { .. })));
    let few = Powers::known([31u64, 32, 33].map(Fr::from), 4);
    assert!(matches!(ceremony.verify(&toy(), &digest(), &few), Err(CeremonyError::OtherPowers { .. })));
    // More of the same are the same.
    let more = Powers::known([31u64, 32, 33].map(Fr::from), 40);
    assert_eq!(ceremony.verify(&toy(), &digest(), &more), Ok(ceremony.transcript()));

    let begin = |powers: &Powers| Ceremony::<Groth16>::new(&toy(), table(), CONTENTS, powers).unwrap_err();
    assert_eq!(begin(&few), CeremonyError::Powers(Fault::Rows { found: 12, most: 4 }));
    let mut broken = powers();
    broken.tau_g1[3] = broken.tau_g1[4];
    assert_eq!(begin(&broken), CeremonyError::Powers(Fault::Powers { what: "the powers of tau in G1" }));
}

#[test]
fn beacons_are_what_their_values_make() {
    let mut ceremony = contributed(&["one"]);
    let last = ceremony.clone();
    ceremony.beacon("block", b"value", ITERATIONS[0]).unwrap();
    ceremony.verify(&toy(), &digest(), &powers()).unwrap();
    let mut again = last.clone();
    again.beacon("block", b"value", ITERATIONS[0]).unwrap();
    assert_eq!(again, ceremony);
    for (value, iterations) in [(&b"values"[..], ITERATIONS[0]), (b"value", ITERATIONS[0] + 1)] {
        let mut other = last.clone();
        other.beacon("block", value, iterations).unwrap();
        assert_ne!(other.records()[1].updates, ceremony.records()[1].updates);
    }
    let source = Source::Beacon { value: b"value".to_vec(), log2_iterations: ITERATIONS[0] };
    assert_eq!(ceremony.records()[1].source, source);
    for iterations in [0, ITERATIONS[0] - 1, ITERATIONS[1] + 1, 255] {
        let error = ceremony.beacon("block", b"value", iterations).unwrap_err();
        assert_eq!(error, CeremonyError::Iterations { found: iterations, range: ITERATIONS });
    }
    let error = ceremony.beacon("block", b"", ITERATIONS[0]).unwrap_err();
    assert!(matches!(error, CeremonyError::Length { what: "the beacon's value", found: 0, .. }));
}

#[test]
fn secrets_come_from_both_sources() {
    let ceremony = begun();
    let delta = |entropy: &[u8], seed: u64| {
        ceremony.contribution("one", entropy, &mut rng(seed)).unwrap().record().updates[0].delta
    };
    assert_eq!(delta(b"a", 1), delta(b"a", 1));
    assert_ne!(delta(b"a", 1), delta(b"b", 1));
    assert_ne!(delta(b"a", 1), delta(b"a", 2));
    let error = ceremony.contribution("one", b"a", &mut registered::Zeros).unwrap_err();
    assert_eq!(error, CeremonyError::Constraints(ProveError::Randomness));
    for name in [String::new(), "x".repeat(LONGEST_NAME + 1)] {
        let error = ceremony.contribution(&name, b"a", &mut rng(1)).unwrap_err();
        assert!(matches!(error, CeremonyError::Length { what: "the contributor's name", .. }));
    }
}

#[test]
fn files_of_ceremonies_are_written_whole_and_read() {
    let folder = std::env::temp_dir().join(format!("zkml-ceremony-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let ceremony = contributed(&["one"]);
    let (state, mine) = (folder.join("state.zkml"), folder.join("contribution.zkml"));
    ceremony.save(&state).unwrap();
    assert_eq!(Ceremony::<Groth16>::load(&state).unwrap(), ceremony);
    let contribution = ceremony.contribution("second", b"", &mut rng(4)).unwrap();
    contribution.save(&mine).unwrap();
    assert_eq!(Contribution::<Groth16>::load(&mine).unwrap(), contribution);
    assert!(matches!(Contribution::<Groth16>::load(&state), Err(LoadError::File(FileError::Kind { .. }))));
    std::fs::remove_dir_all(&folder).unwrap();

    let bytes = ceremony.to_bytes();
    for end in (0..bytes.len()).step_by(101) {
        assert!(matches!(Ceremony::<Groth16>::from_bytes(&bytes[..end]), Err(LoadError::File(_))));
    }
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        Ceremony::<Groth16>::from_bytes(&reseal(&bytes, Kind::Ceremony, |payload| change(payload))).unwrap_err()
    };
    assert!(matches!(changed(&|p| p.push(0)), LoadError::Trailing { found: 1 }));
    assert!(matches!(changed(&|p| p.truncate(p.len() - 1)), LoadError::Truncated { .. }));
    assert!(matches!(changed(&|p| p[8] = b'x'), LoadError::System { .. }));
    assert!(matches!(changed(&|p| p[15] ^= 1), LoadError::Digest { .. }));
    let name = |p: &[u8]| p.windows(3).position(|bytes| bytes == b"one").unwrap();
    assert!(matches!(
        changed(&|p| {
            let at = name(p);
            p[at] = 0xff;
        }),
        LoadError::Text { .. }
    ));
    assert!(matches!(
        changed(&|p| {
            let at = name(p);
            p[at + 3] = 7;
        }),
        LoadError::Source { found: 7 }
    ));
    assert!(matches!(
        changed(&|p| {
            let at = name(p);
            p[at - 8] = 200;
        }),
        LoadError::Length { .. }
    ));
    assert!(matches!(
        changed(&|p| {
            let at = name(p);
            p[at + 4..at + 36].fill(0xff);
        }),
        LoadError::Point { .. }
    ));
}

/// Keys of two circuits with the same weights, from ceremonies of their own.
fn registered_keys(seed: u64) -> KeysOf<Registered> {
    let whole = registered::looked_up();
    let circuit = circuit_digest(&CONTENTS, &registered::table());
    let mut ceremony = Ceremony::<Registered>::new(&whole, registered::table(), CONTENTS, &powers()).unwrap();
    ceremony.contribute("somebody", b"", &mut rng(seed)).unwrap();
    ceremony.finish(&whole, &circuit, &powers()).unwrap()
}

#[test]
fn keys_of_links_have_ceremonies() {
    let (first, second) = (registered_keys(1), registered_keys(2));
    let (one, other) = (&first.proving, &second.proving);
    let all = Selection::all(2);
    let contributed = |name: &str, selection: &Selection, seed: u64| {
        LinkContribution::new(one, other, selection, name, b"typed", &mut rng(seed)).unwrap()
    };
    let contributions: Vec<LinkContribution> =
        [("one", 1), ("second", 2)].map(|(name, seed)| contributed(name, &all, seed)).into();
    for contribution in &contributions {
        assert_eq!(LinkContribution::from_bytes(&contribution.to_bytes()).unwrap(), *contribution);
    }
    let key = finish_links(one, other, all.clone(), &contributions).unwrap();
    assert!(matches!(key.verifying().provenance(), Provenance::Transcript(_)));
    assert_eq!(LinkProvingKey::from_bytes(&key.to_bytes()).unwrap(), key);
    let openings = [registered::commit_of(&first, [3, -7], 5), registered::commit_of(&second, [3, -7], 6)];
    let link = key.link(&openings[0], &openings[1]).unwrap();
    key.verifying().verify(&link, openings[0].commitment(), openings[1].commitment()).unwrap();
    let others = registered::commit_of(&second, [3, 7], 6);
    assert_eq!(key.verifying().verify(&link, openings[0].commitment(), others.commitment()), Err(LinkError::Invalid));

    // Whoever is dishonest is named: other secrets than those it knows, another selection, a repetition.
    let wrong = |second: LinkContribution| {
        let error = finish_links(one, other, all.clone(), &[contributions[0].clone(), second]).unwrap_err();
        let CeremonyError::Contribution { number: 2, name, fault } = error else { panic!("{error}") };
        (name, fault)
    };
    let bytes = contributions[1].to_bytes();
    let renamed = reseal(&bytes, Kind::LinkContribution, |payload| {
        let at = payload.windows(6).position(|bytes| bytes == b"second").unwrap();
        payload[at..at + 6].copy_from_slice(b"fourth");
    });
    let fault = ContributionFault::Wrong(Fault::Knowledge { phase: 0 });
    assert_eq!(wrong(LinkContribution::from_bytes(&renamed).unwrap()), ("fourth".to_owned(), fault));
    assert_eq!(wrong(contributions[0].clone()), ("one".to_owned(), ContributionFault::Repeated));
    let swapped = Selection::new(2, vec![1, 0]).unwrap();
    assert!(matches!(wrong(contributed("second", &swapped, 2)).1, ContributionFault::Circuit { .. }));
    assert_eq!(finish_links(one, other, all.clone(), &[]), Err(CeremonyError::Unfinished));
    let related = LinkContribution::new(one, one, &all, "one", b"", &mut rng(1)).unwrap_err();
    assert_eq!(related, CeremonyError::Link(LinkError::Related));
}

/// A proving key whose verifying key is honest, and whose points of weights are multiples of delta: shares with it show
/// `k_1 G_i` apart. With the keys of the ceremonies they are refused; who takes such a key itself takes links of anything.
#[test]
fn shares_are_of_the_proving_keys_at_hand() {
    let (first, second) = (registered_keys(1), registered_keys(2));
    let (one, other, all) = (&first.proving, &second.proving, Selection::all(2));
    let mut points = other.pk().clone();
    let (delta, multiples) = (points.deltas_g1[2], [5u64, 6].map(Fr::from));
    points.k[0] = multiples.map(|x| (delta * x).into_affine()).to_vec();
    let malformed = ProvingKeyOf::<Registered>::new(*other.digest(), other.provenance(), points).unwrap();
    let contribution = LinkContribution::new(one, &malformed, &all, "one", b"", &mut rng(1)).unwrap();
    let contributions = [contribution];
    let Err(CeremonyError::Contribution { number: 1, fault, .. }) =
        finish_links(one, other, all.clone(), &contributions)
    else {
        panic!("the first")
    };
    assert_eq!(fault, ContributionFault::Wrong(Fault::Divided { what: "the points of links", phase: 0 }));

    let key = finish_links(one, &malformed, all, &contributions).unwrap();
    let bytes = key.to_bytes();
    let end = bytes.len() - file::CHECKSUM;
    let read = |start: usize| -> G1Affine {
        points::Reader::new(&bytes[start..start + 64]).point(ark_serialize::Compress::No, "a point").unwrap()
    };
    // The points are last, after their number; before it both deltas.
    let (p, deltas) = ([end - 128, end - 64].map(read), [end - 264, end - 200].map(read));
    let openings = [registered::commit_of(&first, [3, -7], 5), registered::commit_of(&second, [0, 0], 6)];
    let apart = [0, 1].map(|i| p[i] - deltas[1] * multiples[i]);
    let sum = apart[0] * openings[0].values()[0] + apart[1] * openings[0].values()[1];
    let sum = sum + deltas[0] * openings[0].kappa() + deltas[1] * openings[1].kappa();
    let link = LinkProof::new(key.verifying().digest(), sum.into_affine()).unwrap();
    key.verifying().verify(&link, openings[0].commitment(), openings[1].commitment()).unwrap();
}
