use zkml::zk_model;

#[zk_model(name = "Le Net")]
fn net(x: Tensor<8>) -> Tensor<8> {
    relu(x)
}

fn main() {}
