use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    let mut y = x;
    'outer: for _i in 1..4 {
        y = relu(y);
    }
}

fn main() {}
