use zkml::zk_model;

#[zk_model(input = [1, 4])]
struct Net;

fn main() {}
