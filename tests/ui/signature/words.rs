use zkml::zk_model;

#[zk_model]
async fn first(x: Tensor<8>) -> Tensor<8> {
    relu(x)
}

#[zk_model]
const unsafe extern "C" fn second(x: Tensor<8>) -> Tensor<8> {
    relu(x)
}

fn main() {}
