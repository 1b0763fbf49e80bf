use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<N, { 4 }, -1, 1.5>) -> Tensor<8> {
    relu(x)
}

fn main() {}
