use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<1, 16, 16>) -> Tensor<8> {
    let mut y = x;
    for _i in 0..4 {
        y = max_pool2d(y, 2);
        y = conv2d(y, filters = 1, kernel = 3);
    }
    flatten(y)
}

fn main() {}
