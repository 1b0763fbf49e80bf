use zkml::zk_model;

#[zk_model(onnx = "../../../../zkml-burn/tests/onnx/two.onnx")]
struct Net;

fn main() {}
