use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    conv2d(relu(x), filters = 2, kernel = 3)
}

fn main() {}
