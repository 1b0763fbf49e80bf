//! What `#[zk_model]` accepts, and what it makes of it: each file of `pass/` is a module with a test.

#[path = "pass/any_number_of_tensors.rs"]
pub mod any_number_of_tensors;
#[path = "pass/hygiene.rs"]
pub mod hygiene;
#[path = "pass/lenet.rs"]
pub mod lenet;
#[path = "pass/loops.rs"]
pub mod loops;
#[path = "pass/many_layers.rs"]
pub mod many_layers;
#[path = "pass/names.rs"]
pub mod names;
#[path = "pass/operators.rs"]
pub mod operators;

#[test]
fn every_file_is_a_module_here() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("pass");
    for file in std::fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(include_str!("pass.rs").contains(&format!("\"pass/{name}\"")), "{name} is not listed");
    }
}
