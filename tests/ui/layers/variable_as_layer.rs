use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    let y = relu(x);
    y(x)
}

fn main() {}
