use zkml::zk_model;

#[zk_model(weights = private, weights = public)]
fn net(x: Tensor<8>) -> Tensor<8> {
    relu(x)
}

fn main() {}
