use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    dense(x, 8, baias = true, activation = relu)
}

fn main() {}
