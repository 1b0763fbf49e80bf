use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Class<10> {
    dense(x, 10)
}

fn main() {}
