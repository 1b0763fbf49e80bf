use zkml::zk_model;

struct Holder;

impl Holder {
    #[zk_model]
    fn net(&self, x: Tensor<8>) -> Tensor<8> {
        relu(x)
    }
}

fn main() {}
