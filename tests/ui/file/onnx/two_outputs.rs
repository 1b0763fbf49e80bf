use zkml::zk_model;

#[zk_model(onnx = "../../../../zkml-import/tests/onnx/two.onnx")]
struct Net;

fn main() {}
