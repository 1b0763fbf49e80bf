use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    let n = relu(x);
    dense(x, n)
}

fn main() {}
