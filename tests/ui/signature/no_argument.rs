use zkml::zk_model;

#[zk_model]
fn net() -> Tensor<8> {
    relu(x)
}

fn main() {}
