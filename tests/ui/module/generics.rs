use burn::module::Module;
use zkml::zk_model;

#[zk_model(input = [1, 4])]
#[derive(Module, Debug)]
struct Net<M: Module> {
    inner: M,
}

fn main() {}
