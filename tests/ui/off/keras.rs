use zkml::zk_model;

#[zk_model(keras = "../../../zkml-burn/tests/keras/digits.k3.keras")]
struct Net;

fn main() {}
