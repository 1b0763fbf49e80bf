use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<1, 28, 28>) -> Tensor<8> {
    flatten(conv2d(x, filters = 6))
}

fn main() {}
