use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    let hidden = relu(x);
    y = relu(hidden);
    hiddn = hidden;
    hidden
}

fn main() {}
