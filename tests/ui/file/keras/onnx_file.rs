use zkml::zk_model;

#[zk_model(keras = "../../../../zkml-burn/tests/onnx/digits.onnx")]
struct Net;

fn main() {}
