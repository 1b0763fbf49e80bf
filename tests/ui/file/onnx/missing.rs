use zkml::zk_model;

#[zk_model(onnx = "lenet.onnx")]
struct Net;

fn main() {}
