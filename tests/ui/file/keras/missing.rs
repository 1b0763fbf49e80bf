use zkml::zk_model;

#[zk_model(keras = "lenet.keras")]
struct Net;

fn main() {}
