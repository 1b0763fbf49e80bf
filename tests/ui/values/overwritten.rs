use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    let mut y = dense(x, 8);
    y = relu(x);
    y
}

fn main() {}
