use zkml::zk_model;

#[zk_model]
fn net(x: &[f32]) -> Tensor<8> {
    relu(x)
}

fn main() {}
