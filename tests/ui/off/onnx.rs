use zkml::zk_model;

#[zk_model(onnx = "../../../zkml-import/tests/onnx/digits.onnx")]
struct Net;

fn main() {}
