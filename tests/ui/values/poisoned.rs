use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Class<4> {
    // One mistake, one error, however much is made of the value.
    let a = conv(x, filters = 3, kernel = 3);
    let mut b = relu(a) + dense(a, 7);
    for _i in 0..3 {
        b = b * a;
    }
    argmax(b)
}

fn main() {}
