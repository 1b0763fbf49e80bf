use zkml::zk_model;

#[zk_model(range = 1.0..=-1.0)]
fn net(x: Tensor<8>) -> Tensor<8> {
    relu(x)
}

fn main() {}
