use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    let y = 2.0;
    let z = x / 0;
    let w = 2 * 3;
    y + z + w
}

fn main() {}
