//! What the tests of the readers share.

use std::path::{Path, PathBuf};

use zkml_core::{shape::Shape, tensor::Tensor};

/// A folder of models that are not shipped, in `../shared/data` beside the project or where `ZKML_DATA` says: a test that
/// needs it is ignored unless asked for.
pub fn folder(name: &str) -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    std::env::var_os("ZKML_DATA").map_or(beside, PathBuf::from).join(name)
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
