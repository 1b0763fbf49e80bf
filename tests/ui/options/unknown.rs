use zkml::zk_model;

#[zk_model(weight = private, secret = yes)]
fn net(x: Tensor<8>) -> Tensor<8> {
    relu(x)
}

fn main() {}
