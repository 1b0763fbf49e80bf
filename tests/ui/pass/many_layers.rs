//! As many iterations as may be.

use zkml::zk_model;

#[zk_model]
fn long(x: Tensor<2>) -> Tensor<2> {
    let mut y = x;
    for _i in 0..1024 {
        y = relu(y + x);
    }
    y
}

#[test]
fn it_passes() {
    let graph = Long::graph().unwrap();
    assert_eq!(graph.nodes().len(), 1 + 2 * 1024);
    assert_eq!(graph.nodes()[2048].name, "relu1024");
}
