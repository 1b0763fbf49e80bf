//! The reference models of the budget and the benchmarks.

use std::{error::Error, path::Path};

use zkml::{prelude::*, rand::SeedableRng};

use super::data;

/// LeNet-5 without padding, for 28x28 grey images.
#[zk_model(range = 0..=255)]
pub fn lenet5(image: Tensor<1, 28, 28>) -> Class<10> {
    let x = scale(image, 0.00392156862745098);
    let x = max_pool2d(relu(conv2d(x, filters = 6, kernel = 5)), 2);
    let x = max_pool2d(relu(conv2d(x, filters = 16, kernel = 5)), 2);
    let x = relu(dense(flatten(x), 120));
    let x = relu(dense(x, 84));
    argmax(dense(x, 10))
}

/// Two million parameters, all dense.
#[zk_model(range = 0..=255, name = "Mlp2m")]
pub fn mlp_2m(image: Tensor<1, 28, 28>) -> Class<10> {
    let x = flatten(scale(image, 0.00392156862745098));
    let x = relu(dense(x, 2000));
    let x = relu(dense(x, 60));
    let x = relu(dense(x, 4000));
    argmax(dense(x, 10))
}

/// A network without any comparison before the last layer.
#[zk_model(range = 0..=255)]
pub fn poly_cnn(image: Tensor<1, 28, 28>) -> Class<10> {
    let x = scale(image, 0.00392156862745098);
    let x = avg_pool2d(poly(batch_norm(conv2d(x, filters = 4, kernel = 3))), 2);
    let x = avg_pool2d(poly(batch_norm(conv2d(x, filters = 16, kernel = 3))), 2);
    argmax(dense(global_avg_pool2d(x), 10))
}

/// The network of `examples/digits`, whose weights ship.
#[zk_model(range = 0..=16)]
pub fn digits(image: Tensor<1, 8, 8>) -> Class<10> {
    let stem = conv2d(image, filters = 8, kernel = 3);
    let x = flatten(max_pool2d(relu(stem), 2));
    let hidden = dense(x, 32);
    let scores = dense(relu(hidden), 10);
    argmax(scores)
}

/// A reference model with its calibration samples and its target.
pub struct Reference {
    /// Its name in the table.
    pub name: &'static str,
    /// The model.
    pub model: Model,
    /// Inputs to calibrate with.
    pub samples: Vec<Tensor>,
    /// Inputs to judge with, that the search does not see.
    pub test: Vec<Tensor>,
    /// What is asked of the plan.
    pub target: Target,
}

/// All reference models, seeded where no trained weights ship.
pub fn all() -> Result<Vec<Reference>, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/digits");
    let (train, test) = data::digits(&folder)?;
    let images = |labelled: Vec<data::Labelled>| labelled.into_iter().map(|(x, _)| x).collect::<Vec<_>>();
    let mut rng = zkml::rand::rngs::StdRng::seed_from_u64(7);
    let mut blobs = data::blobs(200, 28);
    let held = blobs.split_off(100);
    let seeded = |name, model: Model, samples: &[Tensor]| Reference {
        name,
        model,
        samples: samples.to_vec(),
        test: held.clone(),
        target: Target::top1(0.99),
    };
    Ok(vec![
        Reference {
            name: "digits",
            model: Digits::load(folder.join("digits.safetensors"))?.into(),
            samples: images(train),
            test: images(test),
            target: Target::default(),
        },
        seeded("lenet5", Lenet5::init(&mut rng)?.into(), &blobs),
        seeded("poly_cnn", PolyCnn::init(&mut rng)?.into(), &blobs),
        seeded("mlp_2m", Mlp2m::init(&mut rng)?.into(), &blobs),
    ])
}
