//! What `#[zk_model]` says to mistakes, case by case: `tests/ui/<rule>/*.stderr`.
//!
//! After a change of messages: `TRYBUILD=overwrite cargo test --test ui`, and read the difference.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    for rule in ["arguments", "item", "layers", "options", "returns", "shapes", "signature", "statements", "values"] {
        cases.compile_fail(format!("tests/ui/{rule}/*.rs"));
    }
    // Each with its feature, and what is said without.
    for (on, with, without) in [
        (cfg!(feature = "burn"), "module/*", "off/burn"),
        (cfg!(feature = "onnx"), "file/onnx/*", "off/onnx"),
        (cfg!(feature = "keras"), "file/keras/*", "off/keras"),
    ] {
        cases.compile_fail(format!("tests/ui/{}.rs", if on { with } else { without }));
    }
}
