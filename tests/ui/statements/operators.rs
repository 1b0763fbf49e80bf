use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    let y = x % 2.0;
    let mut w = !x;
    w += x;
    y + w
}

fn main() {}
