use burn::{module::Module, nn::Linear};
use zkml::zk_model;

#[zk_model(input = [1, 4])]
#[derive(Module, Debug)]
struct Net {
    dense: Linear,
}

fn main() {}
