//! The type's name and sight, its attributes, and names that begin with an underscore.
#![deny(missing_docs, warnings)]

use zkml::zk_model;

mod inner {
    use zkml::zk_model;

    #[zk_model(name = "LeNet")]
    #[allow(non_camel_case_types)]
    pub(super) fn whatever_it_is(image: Tensor<4>) -> Class<2> {
        let _spare = dense(image, 5);
        let _ = relu(_spare);
        argmax(dense(image, 2, bias = false))
    }
}

/// Two words.
#[zk_model(weights = public, input = public, output = public,)]
pub fn two_words(r#in: Tensor<4>) -> Tensor<4> {
    relu(r#in)
}

#[test]
fn it_passes() {
    // What the output does not need is left out.
    assert_eq!(inner::LeNet::graph().unwrap().nodes().len(), 3);
    assert_eq!(TwoWords::graph().unwrap().name(), "two_words");
}
