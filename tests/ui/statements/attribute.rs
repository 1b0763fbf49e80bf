use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    #[allow(unused)]
    let y = relu(x);
    y
}

fn main() {}
