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
    if cfg!(feature = "burn") {
        cases.compile_fail("tests/ui/module/*.rs");
    }
}
