use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    let y = add(x);
    let z = dense(10);
    y + z
}

fn main() {}
