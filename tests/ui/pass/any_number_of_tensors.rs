//! A layer of several tensors, and one of none.

use zkml::prelude::*;

#[zk_model]
fn joined(x: Tensor<2, 4, 4>) -> Tensor<5, 4, 4> {
    let plane = parameter([1, 4, 4]);
    concat(x, relu(x), plane, axis = 0)
}

#[test]
fn it_passes() {
    let graph = Joined::graph().unwrap();
    assert_eq!(graph.node(graph.output()).inputs.len(), 3);
    assert_eq!(graph.all_params()[0].0, "plane.value");
}
