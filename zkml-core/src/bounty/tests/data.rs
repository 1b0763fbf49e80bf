//! Attacks on the data statement.

use super::{
    super::{
        cid::FileCid,
        compose::StatementError,
        data::DataWitness,
        dataset::{self, DatasetError},
        message as binding,
    },
    *,
};
use crate::{gadget::hash::commitment, number::Cost};

fn with<R>(group: usize, f: impl FnOnce(&Composed<Data>, &DataWitness<'_>) -> R) -> R {
    let (dataset, circuit) = (dataset(), data());
    let chunk = dataset.chunk(1).unwrap();
    let files = files(&chunk, group);
    let message = circuit.composition().message_of(&chunk, group, &files).unwrap();
    let challenge = challenge(Tag::Data, &message);
    f(&circuit, &DataWitness { chunk, group, files: &files, challenge })
}

#[test]
fn public_inputs_are_those_of_the_dataset_and_the_message() {
    for group in [0, 1] {
        with(group, |circuit, witness| {
            let z = circuit.assignment(witness).unwrap();
            assert!(holds(circuit, &z));
            // Whoever verifies makes the message of CIDs and labels.
            let named: Vec<(FileCid, usize)> = witness
                .files
                .iter()
                .zip([4 + 2 * group, 5 + 2 * group])
                .map(|(file, n)| (FileCid::of(Form::Raw, file).unwrap(), sample(n).label))
                .collect();
            let m = circuit.composition().message(secret(1), 1, group, &named).unwrap();
            assert_eq!(m.len(), 8);
            assert_eq!(m[1], Fr::from(2 + group as u64));
            let Challenge { context, z: point } = witness.challenge;
            let expected =
                [dataset().root(), binding::digest(Tag::Data, &m), context, point, binding::combine(point, &m)];
            assert_eq!(z[1..6], expected);
            public_inputs_are_bound(circuit, &z);
        });
    }
}

#[test]
fn the_count_is_the_sum_of_its_parts() {
    let circuit = data();
    let layout = layout();
    // Two files of 15 bytes, of which four are pixels: one block each.
    let mut build = crate::arith::r1cs::Build::new();
    let file = format().allocate(&mut build, None).unwrap();
    let digest = super::super::cid::cost(&file, Form::Raw).unwrap();
    let intervals: Vec<_> = std::iter::repeat_n(dataset::byte(), 4).chain([layout.label_interval()]).collect();
    let label = crate::gadget::bits::range::cost(&layout.label_interval()).unwrap();
    let each = digest + Cost::new(8 * 4, 8 * 4) + label + commitment::cost(&intervals);
    // Two bits that select, and their sum; an equation for each of four slots.
    let select = Cost::new(2 + 1 + 4, 2 + 4);
    // The salt is a witness variable, and the root is published.
    let cost = each * 2 + select + dataset::root_cost(4) + binding::cost(8) + Cost::new(1, 1);
    assert_eq!((circuit.matrices().constraints(), circuit.matrices().witness), (cost.constraints, cost.witnesses));
}

#[test]
fn other_files_labels_and_places_are_refused() {
    with(1, |circuit, witness| {
        let refused = |changed: DataWitness<'_>| {
            // Without the checks that come before: what the constraints say.
            let (z, _) = lied(circuit, &changed, crate::dev::dishonest::Truth);
            assert!(!holds(circuit, &z) || z[1] != dataset().root());
        };
        // A file of other pixels, and the files in another order.
        let mut files = witness.files.to_vec();
        files[0][11] ^= 1;
        refused(DataWitness { files: &files, ..witness.clone() });
        assert!(matches!(
            circuit.assignment(&DataWitness { files: &files, ..witness.clone() }),
            Err(StatementError::OtherPixels { index: 0 })
        ));
        let swapped: Vec<Vec<u8>> = witness.files.iter().rev().cloned().collect();
        refused(DataWitness { files: &swapped, ..witness.clone() });
        // The other group, the other chunk, another salt.
        refused(DataWitness { group: 0, ..witness.clone() });
        let dataset = dataset();
        let chunk = Chunk { number: 0, ..witness.chunk.clone() };
        refused(DataWitness { chunk, ..witness.clone() });
        let chunk = Chunk { salt: secret(2), ..witness.chunk.clone() };
        refused(DataWitness { chunk, ..witness.clone() });
        let chunk = Chunk { path: dataset.chunk(0).unwrap().path, ..witness.chunk.clone() };
        refused(DataWitness { chunk, ..witness.clone() });
        // Another label.
        let mut samples = witness.chunk.samples.to_vec();
        samples[2].label = (samples[2].label + 1) % 3;
        refused(DataWitness { chunk: Chunk { samples: &samples, ..witness.chunk.clone() }, ..witness.clone() });
        // A label that is no class.
        samples[2].label = 3;
        let chunk = Chunk { samples: &samples, ..witness.chunk.clone() };
        let error = circuit.assignment(&DataWitness { chunk, ..witness.clone() }).unwrap_err();
        assert!(matches!(error, StatementError::Dataset(DatasetError::Label { sample: 0, found: 3, classes: 3 })));
    });
}

/// Both groups' bits, none, a half of each: a prover who selects no group could name any files.
#[test]
fn exactly_one_group_is_selected() {
    with(1, |circuit, witness| {
        let honest = circuit.assignment(witness).unwrap();
        let harness = Harness::new(circuit.matrices(), &honest, circuit.free());
        let run = circuit.labels().iter().find(|l| l.gadget == "one-hot").unwrap();
        let bit = circuit.matrices().instance + run.witness;
        assert_eq!(honest[bit..bit + 2], [Fr::from(0u64), Fr::ONE]);
        let half = Fr::from(2u64).inverse().unwrap();
        for changes in [
            vec![(bit + 1, -Fr::ONE)],
            vec![(bit, Fr::ONE)],
            vec![(bit, half), (bit + 1, -half)],
            vec![(bit, Fr::ONE), (bit + 1, -Fr::ONE)],
        ] {
            assert!(!harness.accepts(&changes));
        }
    });
}

#[test]
fn every_mutation_of_a_witness_is_refused() {
    with(0, |circuit, witness| {
        let z = circuit.assignment(witness).unwrap();
        let harness = Harness::new(circuit.matrices(), &z, circuit.free());
        assert_eq!(harness.run(1500), vec![]);
    });
}

#[test]
fn a_lie_changes_nothing_that_is_public() {
    with(1, |circuit, witness| liars(circuit, witness, 60, |_| false));
}

#[test]
fn what_does_not_fit_is_said() {
    with(1, |circuit, witness| {
        let few = DataWitness { files: &witness.files[..1], ..witness.clone() };
        assert_eq!(circuit.assignment(&few).unwrap_err().to_string(), "1 files, expected 2");
        let none = DataWitness { group: 2, ..witness.clone() };
        assert_eq!(circuit.assignment(&none).unwrap_err().to_string(), "there is no group 2, expected less than 2");
    });
    let other = Layout::new(Shape::new([1, 3, 3]), 3, 2, 2).unwrap();
    let error = Data::new(format(), Form::Raw, other).unwrap_err();
    assert_eq!(error.to_string(), "4 pixels a file, expected 9");
    let error = Dataset::new(layout(), secret(1), (0..7).map(sample).collect()).unwrap_err();
    let message = "7 samples, expected a multiple of 4, at most 512; leave some out, or take chunks of another size";
    assert_eq!(error.to_string(), message);
    assert!(Layout::new(Shape::new([1]), 3, 0, 1).is_err() && Layout::new(Shape::new([1]), 3, 64, 65).is_err());
}

/// To first order the salt, the siblings and the other group's commitment are free; the message ties the salt, and the root the rest: whatever is
/// made of the files' bits is determined.
#[test]
fn nothing_is_free_but_what_opens_the_root() {
    let layout = Layout::new(Shape::new([1, 2, 2]), 3, 2, 1).unwrap();
    let dataset = Dataset::new(layout.clone(), secret(1), (0..4).map(sample).collect()).unwrap();
    let circuit = Composed::new(Data::new(format(), Form::Raw, layout).unwrap()).unwrap();
    let chunk = dataset.chunk(0).unwrap();
    let files = vec![file(&chunk.samples[1])];
    let message = circuit.composition().message_of(&chunk, 1, &files).unwrap();
    let challenge = challenge(Tag::Data, &message);
    let z = circuit.assignment(&DataWitness { chunk, group: 1, files: &files, challenge }).unwrap();
    let harness = Harness::new(circuit.matrices(), &z, circuit.free());
    assert!(harness.holds());
    assert_eq!(harness.freedom(&Default::default()), 1 + dataset::DEPTH + 1 - 2);
}

/// The statement in two phases: SHA-256 and range checks by lookups.
#[test]
fn files_are_proven_in_two_phases() {
    use crate::prove::{Groth16, TwoPhase};
    let statement = || Data::new(format(), Form::Raw, layout()).unwrap();
    let circuit = Composed::of_system::<TwoPhase>(statement()).unwrap();
    let plain = Composed::new(statement()).unwrap();
    assert_ne!((circuit.digest(), circuit.contents()), (plain.digest(), plain.contents()));
    assert_eq!(circuit.table().len(), plain.table().len());
    // Two files of one block each; a table of two columns and one of spreads are paid once.
    assert_eq!([&plain, &circuit].map(|c| c.matrices().constraints()), [36_535, 20_914]);

    let mut rng = StdRng::seed_from_u64(7);
    let keys = circuit.setup::<TwoPhase>(&mut rng).unwrap();
    // A system without a challenge, and a circuit without one.
    for error in [circuit.setup::<Groth16>(&mut rng).map(drop), plain.setup::<TwoPhase>(&mut rng).map(drop)] {
        assert!(error.unwrap_err().to_string().contains("challenge"));
    }
    with(1, |_, witness| {
        let proof = circuit.prove::<TwoPhase>(&keys.proving, witness, &mut rng).unwrap();
        assert!(keys.verifying.verify(&proof).is_ok());
        let z = circuit.assignment(witness).unwrap();
        let harness = Harness::new(circuit.matrices(), &z, circuit.free());
        assert!(harness.holds());
        assert_eq!(harness.run(50), []);
    });
}
