use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    let y = dense(x, units = 0.5);
    let z = dense(x, 8, bias = 1);
    let w = dense(x, units = [8, 8]);
    y + z + w
}

fn main() {}
