use zkml::zk_model;

#[zk_model]
fn net(x: Tensor<8>) -> Tensor<8> {
    fn block(x: f32) -> f32 {
        x
    }
    block(x)
}

fn main() {}
