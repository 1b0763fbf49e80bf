use zkml::zk_model;

#[zk_model(onnx = "../../../../zkml-burn/tests/onnx/unsupported.onnx")]
struct Net;

fn main() {}
