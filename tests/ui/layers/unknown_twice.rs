use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    let y = maxpool2d(x, 2);
    relo(y)
}

fn main() {}
