use zkml::zk_model;

#[zk_model(input = [1, 0])]
struct Zero {}

#[zk_model(input = [])]
struct None {}

#[zk_model(input = [1, width])]
struct Named {}

#[zk_model(input = [1, 4], forward = 3)]
struct Method {}

fn main() {}
