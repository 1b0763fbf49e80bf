use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Vec<f32> {
    relu(x)
}

fn main() {}
