use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    let mut y = x;
    for i in 0..2 {
        i = relu(y);
        y = relu(i);
    }
    y
}

fn main() {}
