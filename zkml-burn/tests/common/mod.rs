//! What the tests of the readers share.

use std::path::{Path, PathBuf};

use zkml_core::{shape::Shape, tensor::Tensor};

/// A folder of models that are not shipped; tests that need it pass by where it is missing.
pub fn folder(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
    if !path.is_dir() {
        eprintln!("skipped: {} is missing", path.display());
    }
    path.is_dir().then_some(path)
}

/// A tensor from `{"shape": [..], "data": [..]}`.
pub fn json_tensor(json: &serde_json::Value) -> Tensor {
    let list = |key: &str| json[key].as_array().expect("a list").clone();
    let shape: Vec<usize> = list("shape").iter().map(|d| d.as_u64().expect("an extent") as usize).collect();
    let data = list("data").iter().map(|x| x.as_f64().expect("a number")).collect();
    Tensor::new(Shape::new(shape), data).expect("the shape holds the data")
}

/// Each element must be that expected, within `tolerance` of it or of the largest.
pub fn close(what: &str, found: &Tensor, expected: &Tensor, tolerance: f64) {
    assert_eq!(found.shape(), expected.shape(), "{what}");
    let largest = expected.max_abs().max(1e-3);
    for (i, (f, e)) in found.data().iter().zip(expected.data()).enumerate() {
        assert!((f - e).abs() <= tolerance * largest, "{what}: element {i} is {f}, expected {e}");
    }
}
