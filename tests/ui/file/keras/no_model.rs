use zkml::zk_model;

#[zk_model(keras = "no_model.rs")]
struct Net;

fn main() {}
