use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<1, 28, 28>) -> Tensor<10> {
    relu(dense(x, 10))
}

fn main() {
    // The stub has all methods: nothing is said of these lines.
    let model = Net::init(&mut zkml::rand::thread_rng()).unwrap();
    let _ = (Net::graph(), Net::VISIBILITY, Net::load("w.safetensors"), Net::with_weights(model.weights().clone()));
    let _: zkml::model::Model = model.into();
}
