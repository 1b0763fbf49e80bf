#![deny(missing_docs, warnings)]
//! The network of the documentation, and what its type offers.

use zkml::graph::{Range, Visible};
use zkml::zk_model;

/// LeNet-5 for 28x28 grey images.
#[zk_model(weights = private, output = committed, range = 0..=255)]
pub fn lenet(image: Tensor<1, 28, 28>) -> Class<10> {
    let x = max_pool2d(relu(conv2d(image, filters = 6, kernel = 5)), 2);
    let x = max_pool2d(relu(conv2d(x, filters = 16, kernel = 5)), 2);
    let stem = dense(flatten(x), 120);
    let x = relu(dense(relu(stem), 84));
    argmax(dense(x, 10))
}

#[test]
fn it_passes() {
    let graph = Lenet::graph().unwrap();
    assert_eq!(graph.name(), "lenet");
    assert_eq!(graph.range(), Some(Range::Whole(0, 255)));
    assert_eq!(graph.classes(), Some(10));
    assert_eq!(Lenet::VISIBILITY.weights, Visible::Private);
    assert_eq!(Lenet::VISIBILITY.input, Visible::Private);
    assert_eq!(Lenet::VISIBILITY.output, Visible::Committed);
    let stem = graph.nodes().iter().find(|n| n.name == "stem").unwrap();
    assert_eq!(stem.shape.dims(), [120]);
    let origin = stem.origin.to_string();
    assert!(origin.ends_with("lenet.rs:12:16"), "{origin}");
    let names: Vec<String> = graph.all_params().into_iter().map(|(n, _)| n).collect();
    assert!(names.contains(&"stem.weight".to_owned()) && names.contains(&"dense1.weight".to_owned()), "{names:?}");

    let model = Lenet::init(&mut zkml::rand::thread_rng()).unwrap();
    let again = Lenet::with_weights(model.weights().clone()).unwrap();
    assert_eq!(model.weights(), again.weights());
    assert!(Lenet::load("/no/such/file").is_err());
    let _model: zkml::model::Model = model.clone().into();
}
