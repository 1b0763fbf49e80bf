use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<10> {
    argmax(dense(x, 10))
}

fn main() {}
