use zkml::zk_model;

#[zk_model]
#[inline]
#[must_use]
/// This is kept.
fn net(x: Tensor<8>) -> Tensor<8> {
    relu(x)
}

fn main() {}
