//! The integer test vectors of a Circom library of Keras layers.
//!
//! They are not in this repository, so the test is ignored unless asked for, as `test.sh` does where they are: in
//! `../shared/data`, or where `ZKML_DATA` says.
//!
//! The vectors are decimals in fixed point, as field elements (what is below zero wraps), channels last. Where a layer
//! multiplies, they divide the result by a power of ten: `out * n + remainder` is the exact integer. Two things are
//! checked for each: that our exact semantics gives that very integer, and that a plan of ours, found for the same
//! numbers as reals, gives `out` within the error that it states.
#![cfg(feature = "prove")]

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde_json::Value;
use zkml::{
    arith::ints::Ints,
    dev::check,
    graph::{Graph, NodeId, Visibility},
    layer::{Args, Literal, Step},
    model::{Model, Weights},
    number::Int,
    plan::Target,
    rand::{SeedableRng, rngs::StdRng},
    shape::Shape,
    tensor::Tensor,
};

/// The modulus of BN254's scalar field.
const MODULUS: &str = "21888242871839275222246405745257275088548364400416034343698204186575808495617";

/// A vector: what goes in, what comes out, and the layers that it may be of (strides and padding are not in the files).
struct Vector {
    input: Tensor<Int>,
    /// `out * n + remainder`, or `out` alone.
    output: Tensor<Int>,
    remainder: Option<Tensor<Int>>,
    /// Whether the outputs are rounded floats, from a file of their own.
    rounded: bool,
    candidates: Vec<Vec<(&'static str, Args)>>,
    params: Vec<(&'static str, Tensor<Int>)>,
}

fn folder() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    std::env::var_os("ZKML_DATA").map_or(beside, PathBuf::from).join("circomlib-ml")
}

fn int(text: &str) -> Int {
    let (modulus, value) = (MODULUS.parse::<Int>().unwrap(), text.parse::<Int>().unwrap());
    let value = value.rem_euclid(modulus);
    if value > modulus / 2 { value - modulus } else { value }
}

/// A nested list, as it is in the file.
fn nested(value: &Value) -> Tensor<Int> {
    fn collect(value: &Value, depth: usize, dims: &mut Vec<usize>, data: &mut Vec<Int>) {
        match value {
            Value::Array(items) => {
                if dims.len() == depth {
                    dims.push(items.len());
                }
                assert_eq!(dims[depth], items.len(), "a ragged list");
                items.iter().for_each(|item| collect(item, depth + 1, dims, data));
            }
            Value::String(text) => data.push(int(text)),
            other => panic!("{other} in a vector"),
        }
    }
    let (mut dims, mut data) = (vec![], vec![]);
    collect(value, 0, &mut dims, &mut data);
    Tensor::from_fn(Shape::new(dims), |i| data[i])
}

/// The same elements with their axes in another order.
fn permute(x: &Tensor<Int>, axes: &[usize]) -> Tensor<Int> {
    let dims = x.shape().dims().to_vec();
    let shape: Vec<usize> = axes.iter().map(|a| dims[*a]).collect();
    Tensor::from_fn(Shape::new(shape.clone()), |mut i| {
        let mut index = vec![0; dims.len()];
        for (axis, extent) in axes.iter().zip(&shape).rev() {
            index[*axis] = i % extent;
            i /= extent;
        }
        x.data()[index.iter().zip(&dims).fold(0, |at, (i, d)| at * d + i)]
    })
}

/// Channels last to channels first.
fn image(x: &Tensor<Int>) -> Tensor<Int> {
    match x.shape().rank() {
        3 => permute(x, &[2, 0, 1]),
        2 => permute(x, &[1, 0]),
        _ => x.clone(),
    }
}

/// Strides and paddings with which windows of this size give this many outputs.
fn windows(input: usize, size: usize, output: usize) -> Vec<(usize, &'static str)> {
    let strides = 1..=input;
    strides
        .flat_map(|stride| [(stride, "valid"), (stride, "same")])
        .filter(|(stride, padding)| match *padding {
            "valid" => input >= size && (input - size) / stride + 1 == output,
            _ => input.div_ceil(*stride) == output,
        })
        .collect()
}

/// The file, its numbers as strings: they are larger than any number type of JSON readers.
fn read(name: &str) -> BTreeMap<String, Value> {
    let text = std::fs::read_to_string(folder().join(name)).unwrap();
    let (mut quoted, mut string, mut number) = (String::new(), false, false);
    for c in text.chars() {
        let digit = !string && (c.is_ascii_digit() || c == '-');
        if digit != number {
            quoted.push('"');
        }
        number = digit;
        string ^= c == '"';
        quoted.push(c);
    }
    serde_json::from_str(&quoted).unwrap()
}

/// The vector of a file, or nothing for files of whole networks.
fn vector(stem: &str) -> Option<Vector> {
    let mut file = read(&format!("{stem}_input.json"));
    let rounded = !file.contains_key("out");
    if rounded && folder().join(format!("{stem}_output.json")).exists() {
        file.extend(read(&format!("{stem}_output.json")));
    }
    let kind = stem.split('_').next()?.trim_end_matches("same").to_lowercase();
    let get = |key: &str| file.get(key).map(nested);
    let x = get("in")?;
    let out = get("out").or_else(|| get("pointOut"))?;
    let remainder = get("remainder").map(|r| image(&r));
    let mut vector =
        Vector { input: image(&x), output: image(&out), remainder, rounded, candidates: vec![], params: vec![] };
    let dims = x.shape().dims().to_vec();
    let sized = |name: &'static str, extra: &dyn Fn(Args) -> Args, size: usize| {
        windows(dims[0], size, out.shape().dims()[0])
            .into_iter()
            .map(|(stride, padding)| vec![(name, extra(Args::new().with("stride", stride).with("padding", padding)))])
            .collect::<Vec<_>>()
    };
    let weights = |axes: &[usize]| permute(&get("weights").unwrap(), axes);
    match kind.as_str() {
        "conv2d" => {
            let weight = weights(&[3, 2, 0, 1]);
            let (filters, size) = (weight.shape().dims()[0], weight.shape().dims()[2]);
            vector.candidates = sized("conv2d", &|a| a.with("filters", filters).with("kernel", size), size);
            vector.params = vec![("weight", weight), ("bias", get("bias")?)];
        }
        "conv1d" => {
            let weight = weights(&[2, 1, 0]);
            let (filters, size) = (weight.shape().dims()[0], weight.shape().dims()[2]);
            vector.candidates = sized("conv1d", &|a| a.with("filters", filters).with("kernel", size), size);
            vector.params = vec![("weight", weight), ("bias", get("bias")?)];
        }
        "depthwiseconv2d" => {
            let weight = weights(&[2, 0, 1]);
            let [channels, height, width] = weight.shape().dims().try_into().ok()?;
            vector.candidates = sized("depthwise_conv2d", &|a| a.with("kernel", height), height);
            let weight = Tensor::from_fn([channels, 1, height, width], |i| weight.data()[i]);
            vector.params = vec![("weight", weight), ("bias", get("bias")?)];
        }
        "pointwiseconv2d" => {
            let weight = weights(&[1, 0]);
            let [filters, channels] = weight.shape().dims().try_into().ok()?;
            vector.candidates = vec![vec![("pointwise_conv2d", Args::new().with("filters", filters))]];
            let weight = Tensor::from_fn([filters, channels, 1, 1], |i| weight.data()[i]);
            vector.params = vec![("weight", weight), ("bias", get("bias")?)];
        }
        "dense" => {
            let weight = weights(&[1, 0]);
            let units = weight.shape().dims()[0];
            vector.candidates = vec![vec![("dense", Args::new().with("units", units))]];
            vector.params = vec![("weight", weight), ("bias", get("bias")?)];
        }
        "averagepooling2d" | "maxpooling2d" | "sumpooling2d" => {
            let name = match kind.as_str() {
                "averagepooling2d" => "avg_pool2d",
                "maxpooling2d" => "max_pool2d",
                _ => "sum_pool2d",
            };
            if dims.len() == 3 {
                vector.candidates = (2..=dims[0]).flat_map(|n| sized(name, &|a| a.with("size", n), n)).collect();
            } else {
                // A flat list: an image of three channels, as wide as high.
                let side = (1..).find(|n| n * n * 3 >= x.len())?;
                let outer = (1..).find(|n| n * n * 3 >= out.len())?;
                let of = |t: &Tensor<Int>, n: usize| image(&Tensor::from_fn([n, n, 3], |i| t.data()[i]));
                (vector.input, vector.output) = (of(&x, side), of(&out, outer));
                let all = (2..=side).flat_map(|n| windows(side, n, outer).into_iter().map(move |w| (n, w)));
                vector.candidates = all
                    .map(|(n, (stride, padding))| {
                        vec![(name, Args::new().with("size", n).with("stride", stride).with("padding", padding))]
                    })
                    .collect();
            }
        }
        "globalaveragepooling2d" => vector.candidates = vec![vec![("global_avg_pool2d", Args::new())]],
        "globalmaxpooling2d" => vector.candidates = vec![vec![("global_max_pool2d", Args::new())]],
        "globalsumpooling2d" => vector.candidates = vec![vec![("global_sum_pool2d", Args::new())]],
        "upsampling2d" => {
            let size = out.shape().dims()[0] / dims[0];
            vector.candidates = vec![vec![("upsample2d", Args::new().with("size", size))]];
        }
        "reshape2d" | "flatten2d" => {
            let shape = Literal::List(out.shape().dims().iter().map(|d| *d as i64).collect());
            (vector.input, vector.output) = (x.clone(), out.clone());
            vector.candidates = vec![vec![("reshape", Args::new().with("shape", shape))]];
        }
        "mnist" | "model1" | "encrypted" => return None,
        other => panic!("{stem}: no layer is known for `{other}`; say which one it is of"),
    }
    Some(vector)
}

/// The graph of a candidate, and its parameters by full name.
fn graph(vector: &Vector, layers: &[(&'static str, Args)]) -> Option<(Graph, BTreeMap<String, Tensor<Int>>)> {
    let mut graph = Graph::new("vector", vector.input.shape().clone());
    let mut x = graph.input();
    for (layer, args) in layers {
        x = graph.add(layer, args.clone(), &[x]).ok()?;
    }
    if graph.shape(x) != vector.output.shape() {
        return None;
    }
    let params = graph.all_params().into_iter().map(|(name, param)| {
        let (_, value) = vector.params.iter().find(|(n, _)| *n == param.name)?;
        (value.shape() == &param.shape).then(|| (name, value.clone()))
    });
    let params = params.collect::<Option<_>>()?;
    Some((graph, params))
}

/// The exact values at scale zero, and the scale that they come out at.
fn exact(graph: &Graph, params: &BTreeMap<String, Tensor<Int>>, input: &Tensor<Int>) -> (Tensor<Int>, i32) {
    let node = graph.node(graph.output());
    let layer = node.layer.as_ref().unwrap();
    let step = Step { inputs: vec![0; node.inputs.len()], weight_scale: 0, ..Step::default() };
    let params: Vec<Tensor<Int>> = graph.params(NodeId(1)).iter().map(|(name, _)| params[name].clone()).collect();
    let y = layer.exact(&mut Ints::<Int>::new(), &[input], &params, &step).unwrap();
    (y, layer.scale(&step))
}

/// By what `out * n + remainder` divides: a power of ten, or the number of elements of an average.
fn divisor(out: &Tensor<Int>, remainder: &Tensor<Int>, value: &Tensor<Int>) -> Option<Int> {
    let powers = (0..=36).map(|k| Int::from(10).pow(k));
    powers.chain((1..=1024).map(Int::from)).find(|n| {
        let all = out.data().iter().zip(remainder.data()).zip(value.data());
        all.clone().all(|((q, r), v)| *q * *n + *r == *v && *r >= Int::ZERO && *r < *n)
    })
}

/// Whether our integers are those of the vector; then the divisor that it uses.
fn holds(vector: &Vector, graph: &Graph, params: &BTreeMap<String, Tensor<Int>>) -> Option<f64> {
    // An average by what is no power of two is rounded by our scale: the sum is compared.
    let average = graph.node(graph.output()).layer.as_ref().unwrap().card().name == "global_avg_pool2d";
    let value = if average {
        let mut sums = Graph::new("sums", vector.input.shape().clone());
        sums.add("global_sum_pool2d", Args::new(), &[sums.input()]).unwrap();
        exact(&sums, params, &vector.input).0
    } else {
        exact(graph, params, &vector.input).0
    };
    match &vector.remainder {
        Some(remainder) => divisor(&vector.output, remainder, &value).map(|n| n.as_f64()),
        None if vector.rounded => {
            let near = |(q, v): (&Int, &Int)| (*q - *v).abs() <= Int::ONE + v.abs() / 1000;
            vector.output.data().iter().zip(value.data()).all(near).then_some(1.0)
        }
        None => (value == vector.output).then_some(1.0),
    }
}

/// Whether a plan of ours gives the vector's answers within the error that it states.
fn quantized(vector: &Vector, graph: &Graph, params: &BTreeMap<String, Tensor<Int>>, divisor: f64, name: &str) {
    let top = |t: &Tensor<Int>| t.data().iter().map(|q| q.as_f64().abs()).fold(1.0, f64::max);
    let unit = top(&vector.input);
    let scale = params.iter().filter(|(n, _)| n.ends_with("weight")).map(|(_, w)| top(w)).fold(0.0, f64::max);
    let scale = if scale == 0.0 { 1.0 } else { scale };
    let mut weights = Weights::new();
    for (name, value) in params {
        let by = if name.ends_with("bias") { unit * scale } else { scale };
        weights.insert(name.clone(), value.map(|q| q.as_f64() / by));
    }
    let model = Model::new(graph.clone(), Visibility::default(), weights).unwrap();
    let x = vector.input.map(|q| q.as_f64() / unit);
    let largest = model.forward(&x).unwrap().max_abs();
    let target = Target { tries: 20, ..Target::top1(0.0).max_error(largest / 1024.0) };
    let quantized = model.quantize(std::slice::from_ref(&x), target).unwrap();
    let average = name.to_lowercase().contains("average");
    let counted = if average { 1.0 } else { divisor };
    let y = quantized.forward(&x).unwrap().scores;
    for (y, q) in y.data().iter().zip(vector.output.data()) {
        let expected = q.as_f64() * counted / (unit * scale);
        // What the vectors round: two units of theirs, and more where they are rounded floats.
        let rounding = 2.0 * counted / (unit * scale) + if vector.rounded { expected.abs() / 1000.0 } else { 0.0 };
        assert!((y - expected).abs() <= largest / 1024.0 + rounding, "{name}: {y}, expected {expected}");
    }
    let circuit = quantized.circuit_for(Visibility::default()).unwrap();
    let (assignment, _) = circuit.witness(std::slice::from_ref(&x), &mut StdRng::seed_from_u64(1)).unwrap();
    assert_eq!(check::check(&circuit, &assignment), vec![], "{name}");
}

#[test]
#[ignore = "needs the vectors of circomlib-ml, in ../shared/data or ZKML_DATA"]
fn the_vectors_of_the_circom_layers_hold() {
    let mut stems: Vec<String> = std::fs::read_dir(folder())
        .unwrap_or_else(|e| panic!("{}: {e}", folder().display()))
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix("_input.json").map(str::to_owned))
        .collect();
    stems.sort();
    let mut held = 0;
    for stem in &stems {
        let Some(vector) = vector(stem) else { continue };
        let found = vector.candidates.iter().find_map(|layers| {
            let (graph, params) = graph(&vector, layers)?;
            let divisor = holds(&vector, &graph, &params)?;
            Some((graph, params, divisor))
        });
        let Some((graph, params, divisor)) = found else {
            panic!("{stem}: none of {} ways to place the windows gives its integers", vector.candidates.len())
        };
        quantized(&vector, &graph, &params, divisor, stem);
        held += 1;
    }
    assert!(held > 0, "no vector in {}", folder().display());
}
