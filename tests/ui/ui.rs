//! What `#[zk_model]` says to mistakes, case by case: `<rule>/*.stderr`. What it accepts is in `pass.rs`: a case that must
//! run would make trybuild build all cases, one by one, where it can check them together.
//!
//! After a change of messages: `TRYBUILD=overwrite cargo test -p zkml-ui --features onnx,keras,burn --test ui`, and read the
//! difference.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    for rule in ["arguments", "item", "layers", "options", "returns", "shapes", "signature", "statements", "values"] {
        cases.compile_fail(format!("{rule}/*.rs"));
    }
    for (on, cases_of) in [
        (cfg!(feature = "burn"), "module"),
        (cfg!(feature = "onnx"), "file/onnx"),
        (cfg!(feature = "keras"), "file/keras"),
    ] {
        if on {
            cases.compile_fail(format!("{cases_of}/*.rs"));
        }
    }
}

#[test]
fn what_is_switched_off_is_said() {
    let cases = trybuild::TestCases::new();
    for (on, reader) in
        [(cfg!(feature = "burn"), "burn"), (cfg!(feature = "onnx"), "onnx"), (cfg!(feature = "keras"), "keras")]
    {
        if !on {
            cases.compile_fail(format!("off/{reader}.rs"));
        }
    }
}
