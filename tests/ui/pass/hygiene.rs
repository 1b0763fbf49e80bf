//! The expansion names everything by its full path.

#[allow(non_camel_case_types, dead_code)]
mod user {
    struct Result;
    struct Ok;
    struct Err;
    struct String;
    struct Vec;
    struct Self_;
    mod core {}
    mod std {}

    #[zkml::zk_model]
    pub fn model(x: Tensor<2, 4, 4>) -> Tensor<18> {
        let same = conv2d(x, filters = 2, kernel = [2, 2], padding = valid);
        flatten(same)
    }
}

macro_rules! network {
    ($name:ident, $units:literal) => {
        #[zkml::zk_model]
        fn $name(x: Tensor<4>) -> Tensor<$units> {
            dense(x, $units)
        }
    };
}

network!(made_by_macro, 7);

#[test]
fn it_passes() {
    assert_eq!(user::Model::graph().unwrap().nodes().len(), 3);
    assert_eq!(MadeByMacro::graph().unwrap().nodes()[1].shape.dims(), [7]);
}
