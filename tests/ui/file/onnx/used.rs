use zkml::prelude::*;

#[zk_model(onnx = "lenet.onnx")]
struct Net;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = Net::model()?;
    model.forward(&Tensor::vector(vec![0.0]))?;
    Ok(())
}
