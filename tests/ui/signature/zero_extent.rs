use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<0, 28, 0>) -> Tensor<0> {
    flatten(x)
}

fn main() {}
