use burn::{module::Module, nn::Linear, tensor::Tensor};
use zkml::zk_model;

#[zk_model(input = [32, 4])]
#[derive(Module, Debug)]
struct Net {
    dense: Linear,
}

impl Net {
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.dense.forward(x)
    }
}

fn main() {}
