use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Class<3> {
    let a = dense(x, 4) + x;
    let b = conv2d(x, filters = 2, kernel = 3);
    let c = relu(a) - b;
    let d = dense(b, units = true);
    argmax(c * d) + y
}

fn main() {
    // The stub has all methods: nothing is said of these lines.
    let model = Net::init(&mut zkml::rand::thread_rng()).unwrap();
    let _ = (Net::graph(), Net::VISIBILITY, Net::load("w.safetensors"), Net::with_weights(model.weights().clone()));
    let _: zkml::model::Model = model.into();
}
