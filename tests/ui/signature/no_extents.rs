use zkml::zk_model;

#[zk_model]
fn net(x: Tensor) -> Tensor<8> {
    relu(x)
}

fn main() {}
