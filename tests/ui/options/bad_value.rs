use zkml::zk_model;

#[zk_model(input = secret, weights = 3, output = "public")]
fn net(x: Tensor<8>) -> Tensor<8> {
    relu(x)
}

fn main() {}
