use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    let y = dense(x, 8);
    let _z = dense(x, 8);
    relu(x)
}

fn main() {}
