use zkml::zk_model;

struct Net;

#[zk_model]
impl Net {}

fn main() {}
