//! Circuits that are too large, in files that are small: counted, and refused before they take any memory.

use ark_std::rand::{SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use super::{Circuit, CircuitError, Limits, spec::Spec};
use crate::{
    arith::r1cs::Tally,
    graph::{Graph, Range, Visibility, Visible},
    layer::Args,
    model::{Model, Weights},
    number::{
        Cost,
        field::to_int,
        interval::{bit_len, pow2},
    },
    plan::{Plan, Quantized, Target},
    prove::{
        Fr, Groth16, ProofOf, ProvingKeyOf, Registered, TwoPhase, Values, VerifyingKeyOf, Work,
        file::{self, Kind},
        rates::Length,
    },
    shape::Shape,
    tensor::Tensor,
};

#[cfg(feature = "ceremony")]
mod ceremony;
mod consumer_attacks;
mod consumers;
mod operators;
mod registration;
mod registration_attacks;

const PUBLIC: Visibility = Visibility { input: Visible::Private, weights: Visible::Public, output: Visible::Public };
const PRIVATE: Visibility = Visibility { weights: Visible::Private, ..PUBLIC };
const COMMITTED: Visibility =
    Visibility { input: Visible::Committed, weights: Visible::Committed, output: Visible::Committed };

fn quantized(graph: Graph, visibility: Visibility) -> Quantized {
    let model = Model::init(graph, visibility, &mut StdRng::seed_from_u64(3)).unwrap();
    let shape = model.graph().shape(model.graph().input()).clone();
    let sample = |s: usize| Tensor::from_fn(shape.clone(), |i| ((7 * i + 5 * s + 3) % 17) as f64 / 8.0 - 1.0);
    let target = Target { top1: 0.0, max_error: Some(1e9), tries: 1, ..Target::default() };
    model.quantize(&[sample(0), sample(1)], target).unwrap()
}

fn graph(layer: &str, args: &Args, input: Shape) -> Graph {
    let mut graph = Graph::new("x", input).with_range(Range::Real(-1.0, 1.0)).unwrap();
    graph.add(layer, args.clone(), &[graph.input()]).unwrap();
    graph
}

/// The file of the circuit of one small layer, with a large one in its place, under the digest of its contents: that of the circuit would
/// be known once it is built.
fn resized(
    small: (&Args, usize),
    large: (&Args, usize),
    layer: &str,
    edit: impl Fn(&mut Value),
    v: Visibility,
) -> Vec<u8> {
    let honest = quantized(graph(layer, small.0, Shape::new([small.1])), v).circuit_for(v).unwrap();
    let mut value = serde_json::to_value(&honest.spec).unwrap();
    let large = graph(layer, large.0, Shape::new([large.1]));
    value["graph"] = serde_json::to_value(&large).unwrap();
    value["plan"]["graph"] = json!(large.digest());
    edit(&mut value);
    let digest = serde_json::from_value::<Spec>(value.clone()).unwrap().digest();
    file::write(Kind::Circuit, &digest, &serde_json::to_vec(&value).unwrap())
}

/// Runs `f` in a process of its own, and says how many MiB that took at most. Linux only: elsewhere, `f` runs here.
fn peak(test: &str, f: impl FnOnce()) -> u64 {
    const CHILD: &str = "ZKML_LIMITS_CHILD";
    if std::env::var(CHILD).as_deref() == Ok(test) || !cfg!(target_os = "linux") {
        f();
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let kib =
            status.lines().find_map(|l| l.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse().ok());
        println!("peak={}", kib.unwrap_or(0u64) / 1024);
        return 0;
    }
    let name = format!("circuit::tests::{test}");
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &name, "--nocapture", "--test-threads=1"])
        .env(CHILD, test)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stdout).into_owned();
    assert!(child.status.success(), "{text}{}", String::from_utf8_lossy(&child.stderr));
    let at = text.find("peak=").unwrap() + 5;
    text[at..].chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

/// What a circuit has too much of.
fn too_large(bytes: &[u8]) -> (&'static str, usize) {
    match Circuit::from_bytes(bytes).map(|c| c.matrices().constraints()) {
        Err(CircuitError::TooLarge { what, found, most }) => {
            assert!(found > most);
            (what, found)
        }
        other => panic!("{other:?}"),
    }
}

fn units(n: usize) -> Args {
    Args::new().with("units", n)
}

#[test]
fn what_is_counted_is_what_is_built() {
    let mut mixed = Graph::new("x", Shape::new([1, 6, 6])).with_range(Range::Real(-1.0, 1.0)).unwrap();
    let x = mixed.add("conv2d", Args::new().with("filters", 3usize).with("kernel", 3usize), &[mixed.input()]).unwrap();
    let x = mixed.add("relu", Args::new(), &[x]).unwrap();
    let x = mixed.add("max_pool2d", Args::new().with("size", 2usize), &[x]).unwrap();
    let x = mixed.add("flatten", Args::new(), &[x]).unwrap();
    let x = mixed.add("sigmoid", Args::new(), &[x]).unwrap();
    let x = mixed.add("dense", units(4), &[x]).unwrap();
    mixed.add("argmax", Args::new(), &[x]).unwrap();
    for graph in
        [mixed, graph("softmax", &Args::new(), Shape::new([5])), graph("layer_norm", &Args::new(), Shape::new([6]))]
    {
        for (visibility, batch, lookups) in
            [(PUBLIC, 1, false), (PRIVATE, 2, false), (COMMITTED, 1, false), (PUBLIC, 2, true), (COMMITTED, 1, true)]
        {
            let quantized = quantized(graph.clone(), visibility);
            let circuit = match lookups {
                false => quantized.batch_for(batch, visibility).unwrap(),
                true => quantized.circuit_in::<TwoPhase>(batch, visibility).unwrap(),
            };
            let (tally, table, _) = circuit.spec.synthesize(Tally::new(), circuit.tables, None).unwrap();
            let m = circuit.matrices();
            // In closed form, too.
            assert_eq!(circuit.spec.counts().unwrap().total(), Cost::new(m.constraints(), m.witness));
            assert_eq!(circuit.spec.counts().unwrap().fixed(), m.size().fixed);
            let counted = (tally.constraints, tally.witnesses, tally.instances + 1);
            assert_eq!(counted, (m.constraints(), m.witness, m.instance));
            assert_eq!(table.len(), circuit.table().entries().len());
            assert_eq!(circuit.spec.counts().unwrap().instances() + 1, m.instance);
            let entries: usize = m.abc.iter().flatten().map(Vec::len).sum();
            // A variable that a sum meets twice is one entry in a matrix.
            assert!((entries..=entries + entries / 2).contains(&tally.entries), "{} of {entries}", tally.entries);
            assert!(tally.peak() >= entries);
        }
    }
}

/// What is known of a circuit's values before there are any, of all proof systems: counted as it is built, and true of them.
#[test]
fn the_work_that_is_counted_is_that_of_the_circuit() {
    let mut small = Graph::new("x", Shape::new([1, 5, 5])).with_range(Range::Real(-1.0, 1.0)).unwrap();
    let x = small.add("conv2d", Args::new().with("filters", 3usize).with("kernel", 3usize), &[small.input()]).unwrap();
    let x = small.add("relu", Args::new(), &[x]).unwrap();
    let x = small.add("flatten", Args::new(), &[x]).unwrap();
    let x = small.add("sigmoid", Args::new(), &[x]).unwrap();
    let x = small.add("dense", units(4), &[x]).unwrap();
    small.add("argmax", Args::new(), &[x]).unwrap();
    let mut seen = [Values::default(); 3];
    for graph in
        [small, graph("softmax", &Args::new(), Shape::new([5])), graph("layer_norm", &Args::new(), Shape::new([6]))]
    {
        let of = |visibility| quantized(graph.clone(), visibility);
        let circuits = [PUBLIC, PRIVATE, COMMITTED]
            .into_iter()
            .flat_map(|v| [of(v).circuit_in::<Groth16>(1, v).unwrap(), of(v).circuit_in::<TwoPhase>(2, v).unwrap()]);
        for (i, circuit) in circuits.chain([of(PRIVATE).circuit_in::<Registered>(1, PRIVATE).unwrap()]).enumerate() {
            let counted = circuit.spec.synthesize(Tally::weighing(), circuit.tables, None).unwrap().0.work().unwrap();
            let built = circuit.matrices().work();
            let tally = circuit.spec.synthesize(Tally::new(), circuit.tables, None).unwrap().0;
            assert_eq!(counted.entries, tally.entries);
            assert!(counted.entries >= built.entries);
            assert_eq!(Work { entries: built.entries, ..counted }, built, "{} {i}", graph.name());
            seen.iter_mut().zip(built.sides).for_each(|(seen, side)| *seen += side);

            let shape = circuit.spec.graph.shape(circuit.spec.graph.input()).clone();
            let input = Tensor::from_fn(shape, |i| (3 * i % 5) as f64 / 4.0 - 0.5);
            let inputs = vec![input; circuit.spec.batch];
            let (assignment, _) = circuit.witness(&inputs, &mut StdRng::seed_from_u64(4)).unwrap();
            let lengths = &circuit.matrices().lengths;
            assert_eq!(lengths.len(), assignment.len());
            for (column, (length, value)) in lengths.iter().zip(&assignment).enumerate() {
                let bits = bit_len(to_int(*value).abs());
                let most = match length {
                    Length::Bit => 1,
                    Length::Small => 100,
                    Length::Full | Length::Fraction => 254,
                };
                assert!(bits <= most, "column {column} is {length:?} and has {bits} bits");
            }
        }
    }
    assert!(seen.iter().all(|side| side.small > 0 && side.full > 0), "{seen:?}");
    assert!(seen[1].bits > 0 && seen[0].fractions > 0 && seen[1].fractions == 0, "{seen:?}");
}

#[test]
fn each_limit_is_one() {
    let honest = quantized(graph("sigmoid", &Args::new(), Shape::new([3])), PUBLIC);
    let bytes = honest.circuit_for(PUBLIC).unwrap().to_bytes().unwrap();
    let circuit = Circuit::from_bytes(&bytes).unwrap();
    let m = circuit.matrices();
    let tally = circuit.spec.synthesize(Tally::new(), circuit.tables, None).unwrap().0;
    let cells: usize = circuit.plan().steps.iter().flat_map(|s| &s.tables).map(|t| 1 << t.bits()).sum();
    let all = Limits {
        bytes: bytes.len(),
        values: 6,
        parameters: 0,
        terms: 6,
        cells,
        constraints: m.constraints(),
        witnesses: m.witness,
        entries: tally.peak(),
    };
    assert!(Circuit::from_bytes_with(&bytes, &all).is_ok());
    for (what, limits) in [
        ("bytes", Limits { bytes: all.bytes - 1, ..all }),
        ("values", Limits { values: all.values - 1, ..all }),
        ("terms", Limits { terms: all.terms - 1, ..all }),
        ("cells", Limits { cells: all.cells - 1, ..all }),
        ("constraints", Limits { constraints: all.constraints - 1, ..all }),
        ("witnesses", Limits { witnesses: all.witnesses - 1, ..all }),
        ("entries", Limits { entries: all.entries - 1, ..all }),
    ] {
        let error = Circuit::from_bytes_with(&bytes, &limits).unwrap_err();
        assert!(matches!(error, CircuitError::TooLarge { what: found, .. } if found == what), "{what}: {error}");
        assert!(error.to_string().ends_with(&format!("raise `{what}` of its `Limits`")), "{error}");
        let built = Circuit::new_with(&honest, 1, &limits);
        assert_eq!(built.is_err(), what != "bytes", "{what}");
    }
}

#[test]
fn a_slice_of_all_memory_is_refused_by_its_shape() {
    let axis = |n: usize| Args::new().with("axis", 0usize).with("end", n);
    let most = peak("a_slice_of_all_memory_is_refused_by_its_shape", || {
        let n = Shape::MAX_LEN;
        let bytes = resized((&axis(2), 2), (&axis(n), n), "slice", |_| {}, PUBLIC);
        assert_eq!(too_large(&bytes), ("values", 2 * n));
        // What is asked of the shape alone takes nothing, even where limits are as good as none.
        let slice = graph("slice", &axis(n), Shape::new([n]));
        let layer = slice.node(slice.output()).layer.clone().unwrap();
        assert_eq!(layer.fanout(&[slice.shape(slice.input())]), 1);
    });
    assert!(most < 64, "{most} MiB");
}

#[test]
fn a_relu_of_a_million_wide_values_is_counted_and_not_built() {
    let most = peak("a_relu_of_a_million_wide_values_is_counted_and_not_built", || {
        let n = 1 << 20;
        let wide = |value: &mut Value| {
            let mut graph = Graph::new("x", Shape::new([n]));
            graph.add("relu", Args::new(), &[graph.input()]).unwrap();
            value["graph"] = serde_json::to_value(&graph).unwrap();
            value["plan"]["graph"] = json!(graph.digest());
            value["plan"]["input"]["interval"] = json!({ "lo": -pow2(248), "hi": pow2(248) });
        };
        let bytes = resized((&Args::new(), 2), (&Args::new(), n), "relu", wide, PUBLIC);
        assert!(bytes.len() < 1500);
        let (what, found) = too_large(&bytes);
        assert_eq!((what, found > 250 * n), ("constraints", true));
    });
    assert!(most < 1024, "{most} MiB");
}

/// With lookups, a count takes a dry run of each gadget: it ends with the first that is one too many.
#[test]
fn a_count_with_lookups_ends_at_the_limit() {
    let n = 1000;
    let bytes =
        resized((&Args::new(), 2), (&Args::new(), n), "sigmoid", |spec| spec["checks"] = json!("lookups"), PUBLIC);
    let spec: Spec = serde_json::from_slice(file::read(&bytes, Kind::Circuit).unwrap().1).unwrap();
    let all = Circuit::build(spec.clone(), &Limits::default()).unwrap().matrices().constraints();
    for batch in [1, 3] {
        let spec = Spec { batch, ..spec.clone() };
        let most = batch * all / 10;
        match Circuit::build(spec.clone(), &Limits { constraints: most, ..Limits::default() }) {
            Err(CircuitError::TooLarge { what: "constraints", found, most: limit }) => {
                assert!(limit == most && most < found && found < most + batch * all / 50, "{found} of {most}");
            }
            other => panic!("{other:?}"),
        }
        // And none that is within the limit is refused.
        let exact = Circuit::build(spec.clone(), &Limits::default()).unwrap().matrices().constraints();
        assert!(Circuit::build(spec.clone(), &Limits { constraints: exact, ..Limits::default() }).is_ok());
        assert!(Circuit::build(spec, &Limits { constraints: exact - 1, ..Limits::default() }).is_err());
    }
}

#[test]
fn a_private_layer_beyond_the_limit_is_counted_and_not_built() {
    let most = peak("a_private_layer_beyond_the_limit_is_counted_and_not_built", || {
        let bytes = resized((&units(2), 2), (&units(2048), 2048), "dense", |_| {}, PRIVATE);
        let (what, found) = too_large(&bytes);
        assert_eq!((what, found > 1 << 23), ("constraints", true));
    });
    assert!(most < 1536, "{most} MiB");
}

#[test]
fn an_argmax_of_many_classes_takes_memory_in_proportion() {
    let entries = |n: usize| {
        let bytes = resized((&Args::new(), 2), (&Args::new(), n), "argmax", |_| {}, PUBLIC);
        let spec = serde_json::from_slice(file::read(&bytes, Kind::Circuit).unwrap().1).unwrap();
        let circuit = Circuit::build(spec, &Limits::default()).unwrap();
        circuit.matrices().abc.iter().flatten().map(Vec::len).sum::<usize>()
    };
    // Of `n` classes with `b` bits, each gap has as many entries as every other.
    let [one, two, three] = [100, 200, 300].map(entries);
    assert_eq!(three - two, two - one);
    let most = peak("an_argmax_of_many_classes_takes_memory_in_proportion", || {
        entries(20_000);
    });
    assert!(most < 512, "{most} MiB");
}

#[test]
fn a_name_that_is_taken_is_found_among_many() {
    let mut stored = serde_json::to_value(graph("relu", &Args::new(), Shape::new([1]))).unwrap();
    let (input, relu) = (stored["nodes"][0].clone(), stored["nodes"][1].clone());
    let named = |i: usize| {
        let mut node = relu.clone();
        node["name"] = json!(format!("n{i}"));
        node
    };
    // Searched for one by one, so many names would take minutes.
    let n = 200_000;
    stored["nodes"] = std::iter::once(input).chain((0..n).map(named)).collect();
    let graph: Graph = serde_json::from_value(stored.clone()).unwrap();
    assert_eq!(graph.nodes().len(), n + 1);
    stored["nodes"][n] = stored["nodes"][1].clone();
    let error = serde_json::from_value::<Graph>(stored).unwrap_err();
    assert!(error.to_string().contains("the name `n0` is taken"), "{error}");
}

#[test]
fn more_axes_than_anyone_has_are_refused() {
    let mut stored = serde_json::to_value(graph("relu", &Args::new(), Shape::new([1]))).unwrap();
    stored["nodes"][0]["shape"] = json!(vec![1; Shape::MAX_RANK + 1]);
    stored["nodes"][1]["shape"] = json!(vec![1; Shape::MAX_RANK + 1]);
    let error = serde_json::from_value::<Graph>(stored).unwrap_err();
    assert!(error.to_string().contains("the input has 33 axes, more than 32"), "{error}");
    let mut grown = Graph::new("x", Shape::new([1]));
    let args = Args::new().with("shape", crate::layer::Literal::List(vec![1; Shape::MAX_RANK + 1]));
    let error = grown.add("broadcast_to", args, &[grown.input()]).unwrap_err();
    assert!(error.to_string().contains("33 axes, expected at most 32"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn what_has_no_end_is_an_error_for_every_reader() {
    let most = peak("what_has_no_end_is_an_error_for_every_reader", || {
        let error = Plan::load("/dev/zero").unwrap_err().to_string();
        assert!(error.contains("more than 16777216"), "{error}");
        assert!(Circuit::load("/dev/zero").unwrap_err().to_string().contains("not a zkml file"));
        assert!(crate::prove::ProvingKey::load("/dev/zero").is_err());
        assert!(crate::prove::VerifyingKey::load("/dev/zero").is_err());
        assert!(crate::prove::Proof::load("/dev/zero").is_err());
    });
    assert!(most < 128, "{most} MiB");
}

#[cfg(target_os = "linux")]
#[test]
fn weights_without_an_end_are_an_error() {
    let error = Weights::load("/dev/zero").unwrap_err().to_string();
    assert!(error.contains("more than 2147483648"), "{error}");
}

fn mixed() -> Graph {
    let mut graph = Graph::new("x", Shape::new([1, 8, 8])).with_range(Range::Real(-1.0, 1.0)).unwrap();
    let conv = Args::new().with("filters", 3usize).with("kernel", 3usize);
    let x = graph.add("conv2d", conv, &[graph.input()]).unwrap();
    let x = graph.add("relu", Args::new(), &[x]).unwrap();
    let x = graph.add("max_pool2d", Args::new().with("size", 2usize), &[x]).unwrap();
    let x = graph.add("flatten", Args::new(), &[x]).unwrap();
    let x = graph.add("dense", units(5), &[x]).unwrap();
    let x = graph.add("sigmoid", Args::new(), &[x]).unwrap();
    graph.add("dense", units(3), &[x]).unwrap();
    graph
}

#[test]
fn two_phases_prove_what_one_proves() {
    let rng = &mut StdRng::seed_from_u64(5);
    for v in [PUBLIC, PRIVATE, COMMITTED] {
        let quantized = quantized(mixed(), v);
        let bits = quantized.circuit_for(v).unwrap();
        let circuit = quantized.circuit_in::<TwoPhase>(1, v).unwrap();
        assert!(circuit.matrices().constraints() < bits.matrices().constraints(), "{v:?}");
        assert_ne!(circuit.digest(), bits.digest());
        let keys = circuit.setup_in::<TwoPhase>(rng).unwrap();
        let input = Tensor::from_fn(Shape::new([1, 8, 8]), |i| ((5 * i + 2) % 13) as f64 / 7.0 - 0.9);
        let (proof, _) = circuit.prove_in(&keys.proving, std::slice::from_ref(&input), rng).unwrap();
        let statement = keys.verifying.verify(&proof).unwrap();
        let expected = quantized.forward(&input).unwrap();
        if v.output == Visible::Public {
            assert_eq!(statement.output(0).unwrap(), expected.scores, "{v:?}");
        }
        // Through their files.
        let again = Circuit::from_bytes(&circuit.to_bytes().unwrap()).unwrap();
        assert_eq!((again.digest(), again.matrices()), (circuit.digest(), circuit.matrices()));
        let loaded = VerifyingKeyOf::<TwoPhase>::from_bytes(&keys.verifying.to_bytes()).unwrap();
        let bytes = proof.to_bytes();
        assert_eq!(proof.proof_bytes().len(), 160);
        assert!(loaded.verify(&ProofOf::<TwoPhase>::from_bytes(&bytes).unwrap()).is_ok());
        assert_eq!(ProvingKeyOf::<TwoPhase>::from_bytes(&keys.proving.to_bytes()).unwrap(), keys.proving);
        for i in 0..proof.inputs.len() {
            let mut other = proof.clone();
            other.inputs[i] += Fr::from(1u64);
            assert!(keys.verifying.verify(&other).is_err());
        }
        // A circuit is for one kind of proof system.
        let error = circuit.setup_in::<Groth16>(rng).unwrap_err().to_string();
        assert!(error.contains("1 challenges, the proof system groth16 expects 0"), "{error}");
        let error = bits.setup_in::<TwoPhase>(rng).unwrap_err().to_string();
        assert!(error.contains("0 challenges, the proof system two_phase expects 1"), "{error}");
    }
}
