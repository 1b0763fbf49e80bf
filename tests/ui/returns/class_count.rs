use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Class<10> {
    argmax(dense(x, 12))
}

fn main() {}
