use zkml::zk_model;

#[zk_model(onnx = "../../../../zkml-import/tests/onnx/mismatch.onnx")]
struct Net;

fn main() {}
