use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    let y = x.relu();
    let z = dense(x.clone(), 8);
    y.dense(8) + z.sum()
}

fn main() {}
