use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    let y = dense(x, 2 * 4);
    let z = dense(x, units = 2 * 4);
    y + z
}

fn main() {}
