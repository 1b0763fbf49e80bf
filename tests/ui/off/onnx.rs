use zkml::zk_model;

#[zk_model(onnx = "../../../zkml-burn/tests/onnx/digits.onnx")]
struct Net;

fn main() {}
