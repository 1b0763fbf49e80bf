use zkml::zk_model;

#[zk_model(onnx = "no_model.rs")]
struct Net;

fn main() {}
