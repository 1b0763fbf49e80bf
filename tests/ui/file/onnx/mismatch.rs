use zkml::zk_model;

#[zk_model(onnx = "../../../../zkml-burn/tests/onnx/mismatch.onnx")]
struct Net;

fn main() {}
