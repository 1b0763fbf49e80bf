use zkml::zk_model;

#[zk_model(keras = "../../../../zkml-import/tests/keras/digits.k3.keras", class = 1, channels_first = yes, forward = call)]
struct Net;

fn main() {}
