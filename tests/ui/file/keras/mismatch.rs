use zkml::zk_model;

#[zk_model(keras = "mismatch.keras")]
struct Net;

fn main() {}
