//! `+`, `-` and `*` on tensors, and `*` with a number.

use zkml::prelude::*;

#[zk_model(range = -1.0..=1.0)]
fn skip(mut x: Tensor<8>) -> Tensor<8> {
    let y = relu(dense(x, 8));
    let z = (x + y) - y * -0.5;
    x = 2 * z * x;
    x
}

fn main() {
    let graph = Skip::graph().unwrap();
    let kinds: Vec<_> = graph.nodes().iter().filter_map(|n| n.layer.as_ref()).map(|l| l.card().name).collect();
    assert_eq!(kinds, ["dense", "relu", "add", "scale", "sub", "scale", "mul"]);
    assert_eq!(graph.range(), Some(zkml::graph::Range::Real(-1.0, 1.0)));
}
