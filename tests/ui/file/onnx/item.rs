use zkml::zk_model;

#[zk_model(onnx = "../../../../zkml-import/tests/onnx/classifier.onnx")]
struct Fields {
    hidden: u8,
}

#[zk_model(onnx = "../../../../zkml-import/tests/onnx/classifier.onnx")]
fn function(x: Tensor<8>) -> Tensor<8> {
    relu(x)
}

#[zk_model(onnx = "../../../../zkml-import/tests/onnx/classifier.onnx")]
#[derive(Clone)]
struct Derived;

fn main() {}
