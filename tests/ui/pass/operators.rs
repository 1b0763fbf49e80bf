//! `+`, `-` and `*` on tensors, all operators with a number, and a minus.

use zkml::prelude::*;

#[zk_model(range = -1.0..=1.0)]
fn skip(mut x: Tensor<8>) -> Tensor<8> {
    let y = relu(dense(x, 8));
    let z = (x + y) - y * -0.5;
    x = 2 * z * x;
    x
}

#[zk_model(range = -1.0..=1.0)]
fn affine(x: Tensor<8>) -> Tensor<8> {
    let y = (1.0 - x) / 4 + 2.5;
    -(y - 1) * x
}

fn kinds(graph: &zkml::graph::Graph) -> Vec<String> {
    graph.nodes().iter().filter_map(|n| n.layer.as_ref()).map(|l| l.card().name.to_owned()).collect()
}

#[test]
fn it_passes() {
    let graph = Skip::graph().unwrap();
    assert_eq!(kinds(&graph), ["dense", "relu", "add", "scale", "sub", "scale", "mul"]);
    assert_eq!(graph.range(), Some(zkml::graph::Range::Real(-1.0, 1.0)));

    let graph = Affine::graph().unwrap();
    assert_eq!(kinds(&graph), ["scale", "offset", "scale", "offset", "offset", "scale", "mul"]);
    let args: Vec<_> = graph.nodes().iter().filter_map(|n| n.layer.as_ref()?.args().pop()).collect();
    let numbers = [-1.0, 1.0, 0.25, 2.5, -1.0, -1.0].map(zkml::layer::Literal::Float);
    assert_eq!(args.into_iter().map(|(_, value)| value).collect::<Vec<_>>(), numbers);
}
