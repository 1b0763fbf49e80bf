use zkml::zk_model;

#[zk_model(onnx = "../../../../zkml-import/tests/keras/digits.k3.keras")]
struct Net;

fn main() {}
