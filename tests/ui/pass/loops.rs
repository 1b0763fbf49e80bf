//! Loops unroll, and values may be assigned anew.

use zkml::zk_model;

#[zk_model]
fn deep(x: Tensor<16>) -> Tensor<16> {
    let mut y = x;
    for _i in 0..3 {
        let once = dense(y, 16);
        y = relu(once);
    }
    for _ in 1..=2 {
        for _ in 0..2 {
            y = dense(y, 16);
        }
    }
    y
}

#[test]
fn it_passes() {
    let graph = Deep::graph().unwrap();
    assert_eq!(graph.nodes().len(), 1 + 3 * 2 + 4);
    // A name that is bound in every iteration names no layer.
    assert!(graph.nodes().iter().all(|n| n.name != "once"));
    assert_eq!(graph.all_params().len(), 7 * 2);
}
