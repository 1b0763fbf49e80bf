use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    let units = x;
    dense(units, 8, bias = maybe)
}

fn main() {}
