use zkml::zk_model;

#[zk_model(keras = "../../../zkml-import/tests/keras/digits.k3.keras")]
struct Net;

fn main() {}
