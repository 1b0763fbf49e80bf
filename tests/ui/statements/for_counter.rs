use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    let mut y = x;
    for i in 1..4 {
        y = dense(y, units = 8) + i;
    }
    for (a, b) in 0..2 {
        y = relu(y);
    }
    y
}

fn main() {}
