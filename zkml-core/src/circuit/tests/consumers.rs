//! Range checks that a rescale or ReLU makes needless: in whole networks, where what reads an output is found in the graph. The count is the circuit,
//! whatever reads what, so that nothing is owed at the end that was not counted.

use super::*;
use crate::{
    circuit::Opening,
    dev::dishonest::{About, Claim, Truth},
    plan::quantized::quantize_input,
    prove::RangeChecks,
};

/// A layer's name and arguments, of the layer before.
type Chain<'a> = &'a [(&'a str, Args)];

fn chain(shape: &[usize], layers: Chain<'_>) -> Graph {
    let mut graph = Graph::new("x", Shape::new(shape)).with_range(Range::Real(-1.0, 1.0)).unwrap();
    let mut x = graph.input();
    for (layer, args) in layers {
        x = graph.add(layer, args.clone(), &[x]).unwrap();
    }
    graph
}

fn conv(filters: usize, kernel: usize) -> (&'static str, Args) {
    ("conv2d", Args::new().with("filters", filters).with("kernel", kernel))
}

fn of(layer: &'static str) -> (&'static str, Args) {
    (layer, Args::new())
}

fn pool(size: usize, stride: usize) -> (&'static str, Args) {
    ("max_pool2d", Args::new().with("size", size).with("stride", stride))
}

/// Networks in which linear layers are read by all that there is: a ReLU, with and without pools; pools that leave elements out, overlap, or are
/// padded; several layers; a sum; another linear layer; nothing.
fn networks() -> Vec<Graph> {
    let dense = |n: usize| ("dense", units(n));
    let mut graphs = vec![
        chain(&[1, 6, 6], &[conv(6, 3), of("relu"), pool(2, 2), of("flatten"), dense(8), of("relu"), dense(3)]),
        chain(&[1, 6, 6], &[conv(6, 3), pool(2, 2), of("flatten"), of("relu"), dense(8), of("relu"), dense(3)]),
        chain(&[1, 7, 7], &[conv(6, 3), pool(2, 2), of("relu"), of("flatten"), dense(3)]),
        chain(&[1, 6, 6], &[conv(6, 3), pool(2, 1), of("relu"), of("flatten"), dense(3)]),
        chain(&[1, 6, 6], &[conv(6, 3), pool(1, 2), of("relu"), of("flatten"), dense(3)]),
        chain(&[1, 6, 6], &[conv(6, 3), of("global_max_pool2d"), of("relu"), dense(3)]),
        chain(&[1, 6, 6], &[conv(6, 3), of("reduce_max"), of("relu")]),
        chain(
            &[2, 5, 5],
            &[("conv2d", conv(6, 3).1.with("padding", "same").with("groups", 2usize)), of("relu"), of("flatten")],
        ),
        chain(
            &[2, 5, 5],
            &[
                ("depthwise_conv2d", Args::new().with("kernel", 3usize).with("multiplier", 4usize)),
                pool(3, 3),
                of("relu"),
            ],
        ),
        chain(&[2, 5, 5], &[("separable_conv2d", conv(6, 3).1), of("relu"), of("flatten"), dense(3)]),
        chain(&[1, 4, 4], &[("conv2d_transpose", conv(6, 2).1.with("stride", 3usize)), pool(2, 2), of("relu")]),
        chain(&[1, 4, 4], &[("conv2d_transpose", conv(6, 2).1.with("stride", 3usize)), of("relu")]),
        chain(&[1, 6, 6], &[conv(6, 3), of("square"), of("flatten"), dense(6), of("sigmoid"), dense(3)]),
        chain(&[12], &[dense(12), dense(12), of("argmax")]),
        chain(
            &[12],
            &[
                dense(12),
                ("slice", Args::new().with("axis", 0usize).with("start", 0usize).with("end", 5usize)),
                of("relu"),
            ],
        ),
        chain(&[3, 4], &[dense(6), of("relu"), dense(5), of("softmax")]),
    ];
    // Two readers, a way around, and one layer that is read by a ReLU and is an output of the sum as well.
    let mut graph = Graph::new("x", Shape::new([12])).with_range(Range::Real(-1.0, 1.0)).unwrap();
    let x = graph.add("dense", units(12), &[graph.input()]).unwrap();
    let relu = graph.add("relu", Args::new(), &[x]).unwrap();
    let y = graph.add("add", Args::new(), &[x, relu]).unwrap();
    let z = graph.add("dense", units(12), &[y]).unwrap();
    let z = graph.add("relu", Args::new(), &[z]).unwrap();
    graph.add("add", Args::new(), &[z, y]).unwrap();
    graphs.push(graph);
    // A product of two that both depend on the input.
    let mut graph = Graph::new("x", Shape::new([6, 8])).with_range(Range::Real(-1.0, 1.0)).unwrap();
    let x = graph.add("dense", units(8), &[graph.input()]).unwrap();
    let t = graph.add("transpose", Args::new(), &[x]).unwrap();
    let y = graph.add("matmul", Args::new(), &[x, t]).unwrap();
    let y = graph.add("relu", Args::new(), &[y]).unwrap();
    graph.add("dense", units(3), &[y]).unwrap();
    graphs.push(graph);
    graphs
}

#[test]
fn nothing_is_owed_that_is_not_counted() {
    let mut lies = 0;
    for (n, graph) in networks().into_iter().enumerate() {
        let quantized = quantized(graph, PRIVATE);
        for checks in [RangeChecks::Bits, RangeChecks::Lookups] {
            for batch in [1, 2] {
                let circuit = match checks {
                    RangeChecks::Bits => quantized.circuit_in::<Groth16>(batch, PRIVATE),
                    RangeChecks::Lookups => quantized.circuit_in::<TwoPhase>(batch, PRIVATE),
                };
                let circuit = circuit.unwrap();
                let matrices = circuit.matrices();
                let (counts, _) = quantized.counts(PRIVATE, batch, checks).unwrap();
                let built = Cost::new(matrices.constraints(), matrices.witness);
                assert_eq!(counts.total(), built, "network {n}, {checks:?}, {batch}");
                if batch == 2 {
                    continue;
                }
                let shape = quantized.graph().shape(quantized.graph().input()).clone();
                let input = Tensor::from_fn(shape, |i| ((5 * i + 3) % 11) as f64 / 8.0 - 0.6);
                let inputs = [quantize_input(quantized.plan(), &input).unwrap()];
                let opening = Opening { weights: Fr::from(0), inputs: vec![Fr::from(0)], outputs: vec![Fr::from(0)] };
                let claim = Claim::new(&circuit, &quantized, &inputs, &opening);
                let honest = claim.run(Truth).unwrap();
                let variables = honest.witnesses();
                let honest = honest.finish();
                assert!(matrices.unsatisfied(&honest).is_empty(), "network {n}, {checks:?}");
                let public = 0..matrices.instance - usize::from(checks == RangeChecks::Lookups);
                for variable in (0..variables).step_by(1 + variables / 40) {
                    let cs = claim.run(About(variable, |v| v - pow2(20))).unwrap();
                    if !cs.lied() {
                        continue;
                    }
                    let z = cs.finish();
                    lies += 1;
                    // Other weights or inputs may be as good; no other answer of the same ones is.
                    let same = z[public.clone()] == honest[public.clone()];
                    assert!(
                        !matrices.unsatisfied(&z).is_empty() || same,
                        "network {n}, {checks:?}, variable {variable}"
                    );
                }
            }
        }
    }
    assert!(lies > 500, "{lies}");
}
