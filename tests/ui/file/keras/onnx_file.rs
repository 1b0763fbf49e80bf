use zkml::zk_model;

#[zk_model(keras = "../../../../zkml-import/tests/onnx/digits.onnx")]
struct Net;

fn main() {}
