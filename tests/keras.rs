//! A network from a Keras file, read while compiling.
#![cfg(feature = "keras")]

use zkml::{keras, prelude::*};

/// The network of the example `digits`, as Keras saved it.
#[zk_model(keras = "../zkml-import/tests/keras/digits.k3.keras", class = true, channels_first = true, range = 0..=16)]
struct Saved;

/// The same network, as a function.
#[zk_model(range = 0..=16)]
fn digits(image: Tensor<1, 8, 8>) -> Class<10> {
    let stem = conv2d(image, filters = 8, kernel = 3);
    let x = flatten(max_pool2d(relu(stem), 2));
    let hidden = dense(x, 32);
    let scores = dense(relu(hidden), 10);
    argmax(scores)
}

#[test]
fn a_saved_network_is_the_annotated_one() -> Result<(), Box<dyn std::error::Error>> {
    assert_eq!(Saved::graph()?.digest(), Digits::graph()?.digest());
    let saved = Saved::model()?;
    let annotated = Digits::load("examples/digits/digits.safetensors")?;
    assert_eq!(saved.weights(), annotated.weights());
    let image = Tensor::from_fn([1, 8, 8], |i| (i * 7 % 17) as f64);
    assert_eq!(saved.forward(&image)?, annotated.forward(&image)?);

    // The same file without the options takes and gives what Keras does.
    let plain = keras::load("zkml-import/tests/keras/digits.k3.keras")?;
    assert_eq!(plain.graph().shape(plain.graph().input()), &Shape::new([8, 8, 1]));
    assert!(plain.classify(&image.reshape([8, 8, 1])?).is_err(), "it gives scores, and no class");
    Ok(())
}
