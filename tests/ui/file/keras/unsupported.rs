use zkml::zk_model;

#[zk_model(keras = "unsupported.keras")]
struct Net;

fn main() {}
