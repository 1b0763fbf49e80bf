//! Linear layers as operators: the same matrices, the same keys and the same verdicts as entry by entry.

use std::sync::Arc;

use ark_ff::{One, UniformRand};

use super::*;
use crate::prove::{Backend, Matrices, Prover, matrices::Block};

/// Two stages of convolutions with a way around, one with strides; a transposed one; groups; and two dense layers.
fn network() -> Graph {
    let conv = |filters: usize| Args::new().with("filters", filters).with("kernel", 3usize);
    let mut graph = Graph::new("x", Shape::new([2, 7, 6])).with_range(Range::Real(-1.0, 1.0)).unwrap();
    let x = graph.add("conv2d", conv(4).with("padding", "same"), &[graph.input()]).unwrap();
    let x = graph.add("relu", Args::new(), &[x]).unwrap();
    let y = graph.add("conv2d", conv(4).with("padding", "same").with("groups", 2usize), &[x]).unwrap();
    let x = graph.add("add", Args::new(), &[x, y]).unwrap();
    let x = graph.add("conv2d", conv(3).with("stride", 2usize), &[x]).unwrap();
    let x = graph.add("conv2d_transpose", conv(2).with("stride", 2usize), &[x]).unwrap();
    let x = graph.add("relu", Args::new(), &[x]).unwrap();
    let x = graph.add("flatten", Args::new(), &[x]).unwrap();
    let x = graph.add("dense", units(32), &[x]).unwrap();
    let x = graph.add("relu", Args::new(), &[x]).unwrap();
    let x = graph.add("dense", units(3), &[x]).unwrap();
    graph.add("argmax", Args::new(), &[x]).unwrap();
    graph
}

/// The circuit entry by entry, and the same with operators wherever there may be one.
fn both<S: Backend>(batch: usize) -> [Circuit; 2] {
    let entries = quantized(network(), PUBLIC).circuit_in::<S>(batch, PUBLIC).unwrap();
    let spec = Spec { operators_from: Some(0), ..entries.spec.clone() };
    let mut operators = Circuit::build(spec, &Limits::own()).unwrap();
    operators.weights = entries.weights.clone();
    [entries, operators]
}

fn sorted(matrices: &Matrices) -> [Vec<Vec<(usize, Fr)>>; 3] {
    let row = |row: &Vec<(Fr, usize)>| {
        let mut row: Vec<(usize, Fr)> = row.iter().map(|(c, i)| (*i, *c)).collect();
        row.sort();
        row
    };
    matrices.abc.each_ref().map(|rows| rows.iter().map(row).collect())
}

fn sample(s: usize) -> Tensor {
    Tensor::from_fn(Shape::new([2, 7, 6]), |i| ((7 * i + 5 * s + 3) % 17) as f64 / 8.0 - 1.0)
}

fn are_the_same<S: Prover>(batch: usize) {
    let [entries, operators] = both::<S>(batch);
    assert_eq!(entries.digest(), operators.digest());
    let (few, all) = (operators.matrices(), entries.matrices());
    assert!(all.blocks.is_empty());
    // Groups are maps of their own.
    assert_eq!(few.blocks.len(), 7 * batch);
    // The weights of a batch are there once.
    for (i, block) in few.blocks.iter().enumerate() {
        assert!(Arc::ptr_eq(&block.operator, &few.blocks[i % 7].operator), "block {i}");
    }
    few.check().unwrap();
    let count = |m: &Matrices| m.abc.iter().flatten().map(Vec::len).sum::<usize>();
    assert!(count(few) < count(all), "{} {}", count(few), count(all));
    let expanded = few.expanded(usize::MAX).unwrap();
    assert!(expanded.blocks.is_empty());
    assert_eq!(sorted(&expanded), sorted(all));
    assert_eq!((few.instance, few.witness, &few.phases), (all.instance, all.witness, &all.phases));
    let error = few.expanded(1000).unwrap_err().to_string();
    assert!(error.ends_with("more than 1000 entries, the most that are written out"), "{error}");

    let samples: Vec<Tensor> = (0..batch).map(sample).collect();
    let keys = [&entries, &operators].map(|c| c.setup_in::<S>(&mut StdRng::seed_from_u64(7)).unwrap());
    assert_eq!(keys[0].proving.to_bytes(), keys[1].proving.to_bytes());
    let [one, other] = [&entries, &operators].map(|circuit| {
        let rng = &mut StdRng::seed_from_u64(9);
        circuit.prove_in::<S>(&keys[0].proving, &samples, rng).unwrap().0
    });
    assert_eq!(one.to_bytes(), other.to_bytes());
    keys[0].verifying.verify(&other).unwrap();
}

#[test]
fn operators_are_the_entries_in_plain_groth16() {
    are_the_same::<Groth16>(1);
}

#[test]
fn operators_are_the_entries_of_a_batch_in_two_phases() {
    are_the_same::<TwoPhase>(2);
}

#[test]
fn a_wrong_assignment_violates_the_same_rows() {
    let [entries, operators] = both::<Groth16>(1);
    let rng = &mut StdRng::seed_from_u64(5);
    let (honest, _) = entries.witness(&[sample(0)], rng).unwrap();
    assert_eq!(operators.matrices().unsatisfied(&honest), Vec::<usize>::new());
    let (mut violated, columns) = (0, honest.len());
    for i in (1..columns).step_by(23) {
        // Small changes stay within machine integers; large ones do not.
        for delta in [Fr::one(), Fr::rand(rng)] {
            let mut wrong = honest.clone();
            wrong[i] += delta;
            let expected = entries.matrices().unsatisfied(&wrong);
            assert_eq!(operators.matrices().unsatisfied(&wrong), expected, "column {i}");
            violated += usize::from(!expected.is_empty());
        }
    }
    assert!(violated > 0);
    // Of one that is too short, rows with a column that it does not have are violated, by way of a sum too.
    let short = &honest[..columns - 1];
    let (found, expected) = (operators.matrices().unsatisfied(short), entries.matrices().unsatisfied(short));
    assert!(!expected.is_empty() && expected.iter().all(|row| found.contains(row)), "{expected:?}");
    // What is not satisfied is told with the names of sums.
    let last = operators.table().entries().last().unwrap();
    let mut wrong = honest;
    wrong[last.first] += Fr::one();
    let failures = crate::dev::check::check(&operators, &wrong);
    let plain = crate::dev::check::check(&entries, &wrong);
    assert_eq!(failures.len(), plain.len());
    for (a, b) in failures.iter().zip(&plain) {
        assert_eq!(
            (a.constraint, &a.node, &a.sides.each_ref().map(|s| &s.value)),
            (b.constraint, &b.node, &b.sides.each_ref().map(|s| &s.value))
        );
    }
    let any: Vec<Fr> = (0..columns).map(|_| Fr::rand(rng)).collect();
    let x = crate::dev::check::check(&operators, &any);
    let text: Vec<String> = x.iter().map(ToString::to_string).collect();
    assert!(text.iter().any(|line| line.contains("dense2.sum[")), "{text:#?}");
}

#[test]
fn malformed_blocks_are_refused() {
    let [_, operators] = both::<Groth16>(1);
    let matrices = operators.matrices();
    let of = |edit: fn(&mut Vec<Block>)| {
        let mut wrong = matrices.clone();
        edit(&mut wrong.blocks);
        wrong.check().unwrap_err().to_string()
    };
    let error = of(|blocks| blocks[1].inputs.truncate(3));
    assert_eq!(error, "malformed constraints: block 1 has 3 elements, expected 84");
    // A block of its own results.
    let mut wrong = matrices.clone();
    wrong.blocks[0].inputs[3].push((Fr::one(), matrices.variables()));
    let error = wrong.check().unwrap_err().to_string();
    let expected = format!("row 3 of block 0 has a column beyond the last of {}", matrices.variables());
    assert_eq!(error, format!("malformed constraints: {expected}"));
    let error = of(|blocks| drop(blocks.pop()));
    assert!(error.contains("of A has a column beyond the last of") || error.contains("of B has"), "{error}");
}

/// What a random check must not see is not hidden behind an operator.
#[test]
fn results_precede_a_challenge_as_their_elements_do() {
    use crate::{
        arith::r1cs::{Accumulate, Build},
        gadget::{
            Cs, FieldCs,
            product::{linear_map::LinearMap, linear_operator::LinearOperator},
        },
        number::Int,
    };
    let map = LinearMap::Matrix { rows: 2, columns: 1, length: 1 };
    let operator = || LinearOperator::new(map, [Int::ONE, Int::ONE + Int::ONE].into_iter()).unwrap();
    let mut cs = Build::two_phases().with_operators_from(Some(0));
    let early = cs.witness(None);
    let before = cs.operate(operator(), &[&early]).unwrap();
    let r = cs.challenge().unwrap();
    let late = cs.witness(None);
    let of_late = cs.operate(operator(), &[&late]).unwrap();
    let of_challenge = cs.operate(operator(), &[&r]).unwrap();
    let again = cs.operate(operator(), &[&early]).unwrap();
    assert!(before.iter().all(|y| cs.precedes_challenge(y)));
    // What is asked for later is late, whatever it is made of.
    assert!(of_late.iter().chain(&of_challenge).chain(&again).all(|y| !cs.precedes_challenge(y)));
    let mixed = cs.linear(&[(Int::ONE, &before[0]), (Int::ONE, &of_late[1])], Int::ONE);
    assert!(!cs.precedes_challenge(&mixed));
}
