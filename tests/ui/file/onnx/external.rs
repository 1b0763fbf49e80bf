use zkml::zk_model;

#[zk_model(onnx = "../../../../zkml-import/tests/onnx/external.onnx")]
struct Net;

fn main() {}
