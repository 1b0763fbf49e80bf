use zkml::zk_model;

#[zk_model(onnx = "../../../../zkml-burn/tests/keras/digits.k3.keras")]
struct Net;

fn main() {}
