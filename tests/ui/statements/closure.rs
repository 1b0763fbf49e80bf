use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    let f = |t| relu(t);
    f(x)
}

fn main() {}
