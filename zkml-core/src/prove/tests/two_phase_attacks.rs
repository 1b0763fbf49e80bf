//! Attacks on keys, proofs and circuits of the two-phase system from outside: files of another kind, lengths that do not fit, circuits
//! that look nothing up, public inputs that come late, weights beyond their interval.

use ark_bn254::{G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_std::rand::{SeedableRng, rngs::StdRng};

use crate::prove::{
    file,
    phased::{Points, ProvingPoints},
    tests::CONTENTS,
    *,
};
use crate::{
    arith::r1cs::{Accumulate, Assign, Build, Ranged, Tables},
    circuit::Circuit,
    dev::dishonest::{About, Claim, Misheard, Truth},
    gadget::{Cs, FieldCs},
    graph::{Graph, Range, Visibility, Visible},
    layer::Args,
    model::Model,
    number::Int,
    plan::{Quantized, Target},
    shape::Shape,
    tensor::Tensor,
};

fn rng() -> StdRng {
    StdRng::seed_from_u64(12)
}

/// `x y = z` with `x`, `y` hidden and `z` public; `x` has so many bits, if any are looked up.
fn circuit<C: Accumulate>(cs: C, [x, y]: [i64; 2], bits: Option<u32>) -> C {
    let mut cs = Ranged::lookups(cs, bits.map_or(Tables::none(), |bits| Tables::of(&[bits])));
    let [x, y] = [x, y].map(|v| cs.witness(Some(Int::from(v))));
    let z = cs.product(&x, &y);
    let z = cs.lift(&z);
    cs.field_output(&z);
    bits.into_iter().for_each(|bits| cs.range(&x, bits));
    cs.close_requests().unwrap();
    cs.cs
}

fn table() -> PublicTable {
    let kind = PublicKind::Tensor { shape: Shape::new([1]), scale: 0, lo: Int::from(-1000), hi: Int::from(1000) };
    PublicTable::new([("output".to_owned(), 0, kind)]).unwrap()
}

fn matrices(bits: Option<u32>) -> Matrices {
    circuit(Build::two_phases(), [0, 0], bits).finish().0
}

fn keys(bits: Option<u32>) -> KeysOf<TwoPhase> {
    setup::<TwoPhase>(&matrices(bits), table(), CONTENTS, &mut rng()).unwrap()
}

fn prove_it(keys: &KeysOf<TwoPhase>, values: [i64; 2], bits: Option<u32>) -> Result<ProofOf<TwoPhase>, ProveError> {
    let mut assign = |draw: &mut Draw<'_>| {
        let backend = |e: ProveError| crate::number::ArithError::Backend(e.to_string());
        let mut oracle = |public: &[Fr], fixed: &[Fr]| draw(public, fixed).map_err(backend);
        Ok(circuit(Assign::two_phases(&mut oracle), values, bits).finish())
    };
    prove_with::<TwoPhase, ProveError>(&keys.proving, &matrices(bits), keys.proving.digest(), &mut assign, &mut rng())
}

/// A circuit that looks nothing up has a challenge all the same, and an empty second phase: the commitment cannot be exchanged.
#[test]
fn circuits_without_lookups_are_proved_too() {
    for bits in [None, Some(3)] {
        let keys = keys(bits);
        assert_eq!(matrices(bits).phases[1] == 0, bits.is_none());
        let proof = prove_it(&keys, [5, 7], bits).unwrap();
        assert!(keys.verifying.verify(&proof).is_ok());
        let other = prove_it(&keys, [7, 5], bits).unwrap();
        for change in [
            |p: &mut ProofOf<TwoPhase>, _: &Points| p.inputs[0] += Fr::from(1u64),
            |p: &mut ProofOf<TwoPhase>, other: &Points| p.proof.commitments = other.commitments.clone(),
            |p: &mut ProofOf<TwoPhase>, _: &Points| p.proof.commitments = vec![],
            |p: &mut ProofOf<TwoPhase>, _: &Points| p.proof.commitments = vec![G1Affine::identity()],
            |p: &mut ProofOf<TwoPhase>, other: &Points| p.proof.commitments.extend(&other.commitments),
            |p: &mut ProofOf<TwoPhase>, _: &Points| p.proof.a = G1Affine::identity(),
            |p: &mut ProofOf<TwoPhase>, _: &Points| p.proof.b = G2Affine::identity(),
            |p: &mut ProofOf<TwoPhase>, _: &Points| p.proof.c = G1Affine::identity(),
            |p: &mut ProofOf<TwoPhase>, _: &Points| p.inputs.clear(),
            |p: &mut ProofOf<TwoPhase>, _: &Points| p.inputs.push(Fr::from(0u64)),
        ] {
            let mut changed = proof.clone();
            change(&mut changed, &other.proof);
            assert!(keys.verifying.verify(&changed).is_err());
        }
    }
    // The control of what is looked up: eight is no number of three bits, and is one where nothing is.
    assert!(matches!(prove_it(&keys(Some(3)), [8, 1], Some(3)), Err(ProveError::Unsatisfied { .. })));
    assert!(prove_it(&keys(None), [8, 1], None).is_ok());
}

/// A public input after the challenge would stand in its place: the verifier would hash for the one, and the prover choose the other.
#[test]
fn no_public_input_follows_the_challenge() {
    let build = |late: bool| {
        let mut cs = circuit(Build::two_phases(), [0, 0], Some(3));
        let x = cs.witness(None);
        let x = cs.lift(&x);
        if late {
            cs.field_output(&x);
        }
        cs.finish().0
    };
    let entry = |i: usize| ("output".to_owned(), i, PublicKind::Element);
    let of = |late: bool| PublicTable::new((0..=usize::from(late)).map(entry)).unwrap();
    assert!(setup::<TwoPhase>(&build(false), of(false), CONTENTS, &mut rng()).is_ok());
    for error in [
        setup::<TwoPhase>(&build(true), of(true), CONTENTS, &mut rng()).unwrap_err(),
        setup::<Groth16>(&build(true), of(true), CONTENTS, &mut rng()).unwrap_err(),
    ] {
        assert!(matches!(error, ProveError::Matrices(_)), "{error}");
    }
}

/// Files of one system are none of the other, with the right kind written into the header as well.
#[test]
fn files_of_one_system_are_refused_by_the_other() {
    let keys = keys(Some(3));
    let proof = prove_it(&keys, [5, 7], Some(3)).unwrap();
    let verifying = keys.verifying.to_bytes();
    assert!(VerifyingKey::from_bytes(&verifying).is_err());
    let (digest, payload) = file::read(&verifying, Kind::TwoPhaseVerifyingKey).unwrap();
    assert!(VerifyingKey::from_bytes(&file::write(Kind::VerifyingKey, &digest, payload)).is_err());
    let proving = keys.proving.to_bytes();
    let (_, payload) = file::read(&proving, Kind::TwoPhaseProvingKey).unwrap();
    assert!(ProvingKey::from_bytes(&file::write(Kind::ProvingKey, &digest, payload)).is_err());
    let bytes = proof.to_bytes();
    let (_, payload) = file::read(&bytes, Kind::TwoPhaseProof).unwrap();
    assert!(Proof::from_bytes(&file::write(Kind::Proof, &digest, payload)).is_err());
    // Cut short anywhere, with a header that says so.
    for end in 0..payload.len() {
        let short = file::write(Kind::TwoPhaseProof, &digest, &payload[..end]);
        assert!(ProofOf::<TwoPhase>::from_bytes(&short).is_err());
    }
    let (_, payload) = file::read(&verifying, Kind::TwoPhaseVerifyingKey).unwrap();
    for end in 0..payload.len() {
        let short = file::write(Kind::TwoPhaseVerifyingKey, &digest, &payload[..end]);
        assert!(VerifyingKeyOf::<TwoPhase>::from_bytes(&short).is_err());
    }
}

/// Every list of a key one shorter, one longer, or empty: an error, and never a panic.
#[test]
fn keys_whose_lengths_do_not_fit_are_refused() {
    let keys = keys(Some(3));
    let digest = *keys.proving.digest();
    let key = keys.proving.pk();
    let g1: [fn(&mut ProvingPoints) -> &mut Vec<G1Affine>; 8] = [
        |k| &mut k.a,
        |k| &mut k.b_g1,
        |k| &mut k.h,
        |k| &mut k.c,
        |k| &mut k.k[0],
        |k| &mut k.k[1],
        |k| &mut k.deltas_g1,
        |k| &mut k.vk.ic,
    ];
    let g2: [fn(&mut ProvingPoints) -> &mut Vec<G2Affine>; 2] = [|k| &mut k.b_g2, |k| &mut k.vk.deltas_g2];
    let refused = |key: ProvingPoints| {
        let made = ProvingKeyOf::<TwoPhase>::new(digest, Provenance::SingleParty, key);
        // A list of the quotient that is that of another domain is one of a key, but not of these constraints.
        let Ok(key) = made else { return };
        assert_ne!(key.pk().h.len(), keys.proving.pk().h.len());
        let other = KeysOf { proving: key, verifying: keys.verifying.clone() };
        assert!(matches!(prove_it(&other, [5, 7], Some(3)), Err(ProveError::Key { .. })));
    };
    for list in g1 {
        for change in 0..4 {
            let mut changed = key.clone();
            let points = list(&mut changed);
            match change {
                0 => drop(points.pop()),
                1 => points.push(G1Affine::generator()),
                2 => points.clear(),
                _ => points.extend(points.clone()),
            }
            refused(changed);
        }
    }
    for list in g2 {
        for change in 0..3 {
            let mut changed = key.clone();
            let points = list(&mut changed);
            match change {
                0 => drop(points.pop()),
                1 => points.push(G2Affine::generator()),
                _ => points.clear(),
            }
            refused(changed);
        }
    }
    // As many columns, but in another phase.
    let mut moved = key.clone();
    let point = moved.k[0].pop().unwrap();
    moved.k[1].push(point);
    assert!(ProvingKeyOf::<TwoPhase>::new(digest, Provenance::SingleParty, moved).is_err());
    let mut none = key.clone();
    none.k.clear();
    assert!(ProvingKeyOf::<TwoPhase>::new(digest, Provenance::SingleParty, none).is_err());
    // A verifying key has a point more than its table has inputs, and one for the challenge.
    for n in 0..=key.vk.ic.len() + 1 {
        let mut vk = key.vk.clone();
        vk.ic = std::iter::repeat_n(key.vk.ic[0], n).collect();
        let made = VerifyingKeyOf::<TwoPhase>::new(CONTENTS, Provenance::SingleParty, table(), vk);
        assert_eq!(made.is_ok(), n == table().len() + 2, "{n} points");
    }
}

fn quantized_of(graph: Graph, visibility: Visibility) -> Quantized {
    let model = Model::init(graph, visibility, &mut rng()).unwrap();
    let sample = |s: usize| Tensor::from_fn(Shape::new([3]), |i| ((7 * i + 5 * s + 3) % 17) as f64 / 8.0 - 1.0);
    let target = Target { top1: 0.0, max_error: Some(1e9), tries: 1, ..Target::default() };
    model.quantize(&[sample(0), sample(1)], target).unwrap()
}

fn quantized(visibility: Visibility) -> Quantized {
    let mut graph = Graph::new("x", Shape::new([3])).with_range(Range::Real(-1.0, 1.0)).unwrap();
    let x = graph.add("dense", Args::new().with("units", 2usize), &[graph.input()]).unwrap();
    graph.add("relu", Args::new(), &[x]).unwrap();
    quantized_of(graph, visibility)
}

const HIDDEN: Visibility =
    Visibility { input: Visible::Committed, weights: Visible::Committed, output: Visible::Committed };

/// What is committed to is packed by its bits: a weight, an input beyond its interval would be packed over its neighbours.
#[test]
fn what_is_committed_to_lies_within_its_interval() {
    let quantized = quantized(HIDDEN);
    let circuit = quantized.circuit_in::<TwoPhase>(2, HIDDEN).unwrap();
    let input = Tensor::from_fn(Shape::new([3]), |i| i as f64 / 4.0 - 0.3);
    let (_, opening) = circuit.witness(&[input.clone(), input.clone()], &mut rng()).unwrap();
    let integers = crate::plan::quantized::quantize_input(quantized.plan(), &input).unwrap();
    let holds = |weights: &[Vec<Tensor<Int>>], inputs: &[Tensor<Int>]| {
        let claim = Claim { circuit: &circuit, weights, inputs, opening: &opening };
        let z = claim.run(Truth).unwrap().finish();
        circuit.matrices().unsatisfied(&z).is_empty()
    };
    let both = [integers.clone(), integers];
    assert!(holds(quantized.params(), &both));
    let plan = quantized.plan();
    let moved =
        |t: &Tensor<Int>, to: Int| Tensor::from_fn(t.shape().clone(), |i| if i == 0 { to } else { t.data()[i] });
    let (lo, hi) = (plan.input.interval.lo, plan.input.interval.hi);
    for (x, within) in [(lo, true), (hi, true), (lo - Int::ONE, false), (hi + Int::ONE, false), (hi + hi, false)] {
        assert_eq!(holds(quantized.params(), &[both[0].clone(), moved(&both[1], x)]), within, "input {x}");
    }
    for (node, params) in plan.params.iter().enumerate() {
        for (p, param) in params.iter().enumerate() {
            for (w, within) in [
                (param.interval().lo, true),
                (param.interval().hi, true),
                (param.interval().lo - Int::ONE, false),
                (param.interval().hi + Int::ONE, false),
            ] {
                let mut weights = quantized.params().to_vec();
                weights[node][p] = moved(&weights[node][p], w);
                assert_eq!(holds(&weights, &both), within, "weight {w} of {:?}", param.interval());
            }
        }
    }
}

/// Of every value that a hint is computed from in turn another is heard, and every variable in turn is another, with all that follows,
/// multiplicities and challenge included: of an input that is public, nothing but the honest output is accepted.
#[test]
fn no_lie_changes_an_output() {
    let mut graph = Graph::new("x", Shape::new([3])).with_range(Range::Real(-1.0, 1.0)).unwrap();
    let x = graph.add("dense", Args::new().with("units", 3usize), &[graph.input()]).unwrap();
    let x = graph.add("relu", Args::new(), &[x]).unwrap();
    let x = graph.add("sigmoid", Args::new(), &[x]).unwrap();
    let x = graph.add("dense", Args::new().with("units", 3usize), &[x]).unwrap();
    graph.add("argmax", Args::new(), &[x]).unwrap();
    let visible = Visibility { input: Visible::Public, weights: Visible::Public, output: Visible::Public };
    let quantized = quantized_of(graph, visible);
    let circuit = quantized.circuit_in::<TwoPhase>(1, visible).unwrap();
    let input = Tensor::from_fn(Shape::new([3]), |i| i as f64 / 3.0 - 0.4);
    let (_, opening) = circuit.witness(std::slice::from_ref(&input), &mut rng()).unwrap();
    let integers = [crate::plan::quantized::quantize_input(quantized.plan(), &input).unwrap()];
    let claim = Claim::new(&circuit, &quantized, &integers, &opening);
    let honest = claim.run(Truth).unwrap();
    let (heard, told) = (honest.asked(), honest.witnesses());
    let honest = honest.finish();
    let (instance, fixed) = (circuit.matrices().instance, circuit.matrices().size().fixed);
    assert!(circuit.matrices().unsatisfied(&honest).is_empty());
    let free: Vec<usize> = circuit.free().iter().map(|f| *f as usize).collect();
    let mut refused = 0;
    let mut see = |z: Vec<Fr>, lie: String| {
        if z == honest {
            return;
        }
        if !circuit.matrices().unsatisfied(&z).is_empty() {
            refused += 1;
            return;
        }
        assert_eq!(z[..instance - 1], honest[..instance - 1], "another output: {lie}");
        let changed = (0..fixed).filter(|i| z[instance + i] != honest[instance + i]);
        let changed: Vec<usize> = changed.filter(|i| !free.contains(i)).collect();
        assert!(changed.is_empty(), "{lie} leaves {changed:?} free");
    };
    // Numbers that follow from others by a bit, a limb or their sign.
    let lies: [fn(Int) -> Int; 3] = [|x| x + Int::ONE, |x| -x - Int::from(8), |x| x + (Int::ONE << 5u32)];
    for (i, lie) in lies.iter().enumerate() {
        for n in 0..heard {
            see(claim.run(Misheard(n, lie)).unwrap().finish(), format!("value {n} is heard as lie {i}"));
        }
        for n in 0..told {
            see(claim.run(About(n, lie)).unwrap().finish(), format!("variable {n} is lie {i}"));
        }
    }
    assert!(refused > 2 * told, "{refused} of {told}");
}

/// How ranges are checked is part of what a circuit's digest pins: a file can't say otherwise, and the tables follow from it.
#[test]
fn a_file_that_checks_ranges_otherwise_has_another_digest() {
    let visibility = Visibility { input: Visible::Private, weights: Visible::Public, output: Visible::Public };
    let quantized = quantized(visibility);
    let lookups = quantized.circuit_in::<TwoPhase>(1, visibility).unwrap();
    let bits = quantized.circuit_for(visibility).unwrap();
    assert_ne!((lookups.digest(), lookups.contents()), (bits.digest(), bits.contents()));
    assert!(lookups.is_of(&quantized).unwrap() && bits.is_of(&quantized).unwrap());
    let bytes = lookups.to_bytes().unwrap();
    let (digest, payload) = file::read(&bytes, Kind::Circuit).unwrap();
    let mut spec: serde_json::Value = serde_json::from_slice(payload).unwrap();
    let again = |spec: &serde_json::Value| {
        Circuit::from_bytes(&file::write(Kind::Circuit, &digest, &serde_json::to_vec(spec).unwrap()))
    };
    let same = again(&spec).unwrap();
    assert_eq!((same.tables(), same.matrices()), (lookups.tables(), lookups.matrices()));
    for checks in ["bits", "lookups "] {
        spec["checks"] = checks.into();
        assert!(again(&spec).is_err(), "{checks}");
    }
    spec.as_object_mut().unwrap().remove("checks");
    assert!(again(&spec).unwrap_err().to_string().contains("digest"));
    // Tables are chosen by what is asked for, and not by a file.
    spec["checks"] = "lookups".into();
    spec["tables"] = serde_json::json!({ "widths": 1 << 14 });
    assert!(again(&spec).map_or(true, |circuit| circuit.tables() == lookups.tables()));
}

/// Keys and proofs of one phase and of two, of seeds that are known: their files do not change unless their version does.
#[test]
fn files_are_what_they_were() {
    use sha2::{Digest as _, Sha256};
    let hash = |bytes: &[u8]| hex(&Sha256::digest(bytes)[..8]);
    let two = keys(Some(3));
    let proof = prove_it(&two, [5, 7], Some(3)).unwrap();
    let one = setup::<Groth16>(&tests::toy(), tests::table(), CONTENTS, &mut rng()).unwrap();
    let z = tests::assignment(-3, 0, 1);
    let plain = prove(&one.proving, &tests::toy(), one.proving.digest(), &z, &mut rng()).unwrap();
    let found = [
        two.proving.to_bytes(),
        two.verifying.to_bytes(),
        proof.to_bytes(),
        one.proving.to_bytes(),
        one.verifying.to_bytes(),
        plain.to_bytes(),
    ]
    .map(|bytes| hash(&bytes));
    let two = ["c6cb4151df33af92", "f7e1beefe50415db", "f07afec8259c8eec"];
    let one = ["dfe7056050233c2b", "68588ace1d4a2839", "583e9fb914551052"];
    assert_eq!(found, [two, one].concat()[..]);
}
