use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    dense(x, units.count = 8)
}

fn main() {}
