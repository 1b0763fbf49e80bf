use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Class<2, 5> {
    argmax(x)
}

fn main() {}
