use zkml::zk_model;

#[zk_model(onnx = "../../../../zkml-burn/tests/onnx/external.onnx")]
struct Net;

fn main() {}
