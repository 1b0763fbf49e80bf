use zkml::zk_model;

#[zk_model(weights = private)]
struct Net {
    width: usize,
}

fn main() {
    let _ = Net { width: 1 }.width;
}
