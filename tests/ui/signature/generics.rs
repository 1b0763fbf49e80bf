use zkml::zk_model;

#[zk_model]
fn net<'a, T, const N: usize>(x: Tensor<8>) -> Tensor<8>
where
    T: Copy,
{
    relu(x)
}

fn main() {}
