use zkml::zk_model;

#[zk_model]
fn net((x, y): Tensor<8>) -> Tensor<8> {
    relu(x)
}

fn main() {}
