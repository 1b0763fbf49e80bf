use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    let n = x;
    let mut y = x;
    for _i in 0..n {
        y = relu(y);
    }
    for _i in 0.. {
        y = relu(y);
    }
    for _i in 3..3 {
        y = relu(y);
    }
    for _i in [1, 2] {
        y = relu(y);
    }
    y
}

fn main() {}
