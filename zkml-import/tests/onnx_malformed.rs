//! ONNX files that are not what they say: errors, and neither panics nor endless work nor memory.

use std::{fs, path::Path};

use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use zkml_import::onnx::{Batch, Options, read};

#[path = "onnx/wire.rs"]
#[allow(dead_code)]
mod wire;

use wire::Message;

/// What reading all these small files may take at most, with everything else in the process (MiB).
const MAX_MEMORY: u64 = 256;

fn fixtures() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx");
    ["classifier", "shapes", "inputs", "two", "unsupported", "external"]
        .iter()
        .map(|name| fs::read(folder.join(format!("{name}.onnx"))).expect("the fixture is there"))
        .collect()
}

/// Reads a file in both ways; whatever is read is a model with weights of its own.
fn survive(bytes: &[u8]) -> bool {
    let mut read_once = false;
    for batch in [Batch::Leading, Batch::None] {
        if let Ok(import) = read(bytes, &Options::default().batch(batch)) {
            read_once = true;
            import.weights.check(&import.graph).expect("a reader gives a tensor for each parameter");
        }
    }
    read_once
}

/// The most memory that this process ever had (MiB), where the system tells.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib / 1024)
}

#[test]
fn mutated_files_are_errors_or_models() {
    let mut rng = StdRng::seed_from_u64(1);
    let (mut read, mut refused) = (0, 0);
    let mut count = |alive: bool| if alive { read += 1 } else { refused += 1 };
    for bytes in fixtures() {
        for _ in 0..1500 {
            let mut bytes = bytes.clone();
            for _ in 0..rng.gen_range(1..4) {
                let at = rng.gen_range(0..bytes.len().max(1));
                match rng.gen_range(0..4) {
                    0 => bytes.truncate(at),
                    1 => bytes.insert(at, rng.gen_range(0..=255)),
                    2 if at < bytes.len() => bytes[at] ^= 1 << rng.gen_range(0..8),
                    _ if at < bytes.len() => bytes[at] = *[0, 1, 127, 128, 255].choose(&mut rng).expect("some"),
                    _ => {}
                }
                if bytes.is_empty() {
                    break;
                }
            }
            count(survive(&bytes));
        }
        let tree = Message::read(&bytes, 6).expect("a fixture is a message");
        assert_eq!(tree.write(), bytes);
        for _ in 0..1500 {
            let mut tree = tree.clone();
            for _ in 0..rng.gen_range(1..4) {
                tree.mutate(&mut rng);
            }
            count(survive(&tree.write()));
        }
    }
    // Mutations that change nothing that matters are still models, and most are not.
    assert!(read > 100 && refused > 1000, "{read} read, {refused} refused");
    if let Some(peak) = peak() {
        assert!(peak < MAX_MEMORY, "{peak} MiB");
    }
}

/// A float tensor of shape `[n]` whose elements are all zero.
fn zeros(name: &str, n: usize) -> Message {
    Message::default().int(1, n as i64).int(2, 1).text(8, name).bytes(9, &vec![0; 4 * n])
}

fn whole(name: &str, values: &[i64]) -> Message {
    let raw: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    Message::default().int(1, values.len() as i64).int(2, 7).text(8, name).bytes(9, &raw)
}

fn node(operator: &str, inputs: &[&str], output: &str) -> Message {
    let node = inputs.iter().fold(Message::default(), |node, input| node.text(1, input));
    node.text(2, output).text(4, operator)
}

/// An input or output of shape `[1, n]`.
fn info(name: &str, n: i64) -> Message {
    let dim = |n| Message::default().int(1, n);
    let shape = Message::default().message(1, dim(1)).message(1, dim(n));
    let types = Message::default().message(1, Message::default().int(1, 1).message(2, shape));
    Message::default().text(1, name).message(2, types)
}

fn model(nodes: Vec<Message>, tensors: Vec<Message>, n: i64) -> Vec<u8> {
    let mut graph = nodes.into_iter().fold(Message::default(), |graph, node| graph.message(1, node));
    graph = tensors.into_iter().fold(graph, |graph, tensor| graph.message(5, tensor));
    graph = graph.message(11, info("x", n)).message(12, info("y", n));
    Message::default().int(1, 8).message(7, graph).message(8, Message::default().int(2, 17)).write()
}

#[test]
fn small_files_do_not_grow_large() {
    // A chain of copies, each twice as long.
    let mut nodes = vec![];
    for i in 0..60 {
        nodes.push(node("Tile", &[&format!("t{i}"), "two"], &format!("t{}", i + 1)));
    }
    nodes.push(node("Add", &["x", "t60"], "y"));
    let bytes = model(nodes, vec![zeros("t0", 4), whole("two", &[2])], 4);
    assert!(read(&bytes, &Options::default()).is_err());

    // Weights that are used again and again.
    let mut nodes = vec![node("Relu", &["x"], "v0")];
    for i in 0..15_000 {
        nodes.push(node("Mul", &[&format!("v{i}"), "w"], &format!("v{}", i + 1)));
    }
    nodes.push(node("Relu", &["v15000"], "y"));
    let bytes = model(nodes, vec![zeros("w", 4096)], 4096);
    let error = read(&bytes, &Options::default()).unwrap_err();
    assert!(error.found.starts_with("weights that are used again and again"), "{error}");

    // Nodes without end, and a shape of many axes.
    let bytes = model(vec![node("Relu", &["x"], "y"); 30_000], vec![], 4);
    assert_eq!(read(&bytes, &Options::default()).unwrap_err().found, "it has more than 20,000 nodes and tensors");
    let long = whole("s", &vec![1; 1 << 16]);
    let bytes = model(vec![node("Reshape", &["x", "s"], "r"), node("Relu", &["r"], "y")], vec![long], 1);
    assert!(read(&bytes, &Options::default()).is_err());

    // A deep chain is no deep recursion.
    let mut nodes = vec![];
    for i in 0..15_000 {
        let input = if i == 0 { "x".to_owned() } else { format!("v{i}") };
        nodes.push(node("Relu", &[&input], &format!("v{}", i + 1)));
    }
    nodes.push(node("Relu", &["v15000"], "y"));
    let import = read(&model(nodes, vec![], 4), &Options::default()).unwrap();
    assert_eq!(import.graph.nodes().len(), 15_002);

    if let Some(peak) = peak() {
        assert!(peak < MAX_MEMORY, "{peak} MiB");
    }
}

#[test]
fn a_group_in_the_order_of_no_use_is_refused() {
    let nodes = vec![node("Relu", &["v"], "y"), node("Relu", &["x"], "v")];
    let error = read(&model(nodes, vec![], 4), &Options::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "onnx node `y` (Relu): found input `v`, which nothing before it gives, expected nodes in the order of their use"
    );
    let circle = vec![node("Relu", &["v"], "v"), node("Add", &["v", "x"], "y")];
    assert!(read(&model(circle, vec![], 4), &Options::default()).is_err());
}
