use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    let y = relu(dense(x, 8));
    let dense1 = dense(y, 8);
    relu(dense1)
}

fn main() {}
