use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    let mut y = relu(x);
    let z = relu(y);
    y = dense(z, 8);
    z
}

fn main() {}
