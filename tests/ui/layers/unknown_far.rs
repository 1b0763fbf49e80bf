use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    transformer(x, heads = 8)
}

fn main() {}
