use zkml::zk_model;

#[zk_model(onnx = "../../../../zkml-import/tests/onnx/unsupported.onnx")]
struct Net;

fn main() {}
