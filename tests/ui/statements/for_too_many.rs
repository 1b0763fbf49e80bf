use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    let mut y = x;
    for _i in 0..5000 {
        y = relu(y);
    }
    y
}

fn main() {}
