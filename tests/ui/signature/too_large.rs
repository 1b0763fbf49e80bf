use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<65536, 65536>) -> Tensor<8> {
    relu(x)
}

fn main() {}
