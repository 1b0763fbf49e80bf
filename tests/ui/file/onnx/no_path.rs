use zkml::zk_model;

#[zk_model(onnx = lenet)]
struct Net;

fn main() {}
