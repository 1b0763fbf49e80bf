use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Class {
    argmax(x)
}

fn main() {}
