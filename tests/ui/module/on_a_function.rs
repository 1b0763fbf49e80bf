use zkml::zk_model;

#[zk_model(input = [1, 8], forward = classify)]
fn net(x: Tensor<8>) -> Tensor<8> {
    relu(x)
}

fn main() {}
