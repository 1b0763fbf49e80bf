//! The reference models of the budget and the benchmarks.

use std::{error::Error, path::Path};

use zkml::{prelude::*, rand::SeedableRng};

use super::{data, resnet, transformer};

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

/// A block of MobileNet: a depthwise and a pointwise convolution, each with a batch norm and a ReLU6.
#[zk_model(range = -1.0..=1.0, output = private)]
pub fn mobilenet_block(x: Tensor<32, 28, 28>) -> Tensor<32, 28, 28> {
    let x = relu6(batch_norm(depthwise_conv2d(x, 3, padding = same, bias = false)));
    relu6(batch_norm(pointwise_conv2d(x, 32, bias = false)))
}

/// A block of ResNet: two convolutions, and the input added.
#[zk_model(range = -1.0..=1.0, output = private)]
pub fn resnet_block(x: Tensor<16, 32, 32>) -> Tensor<16, 32, 32> {
    let y = relu(batch_norm(conv2d(x, 16, kernel = 3, padding = same, bias = false)));
    let y = batch_norm(conv2d(y, 16, kernel = 3, padding = same, bias = false));
    relu(add(x, y))
}

/// The feed-forward part of a transformer's block, for one token.
#[zk_model(range = -1.0..=1.0, output = private)]
pub fn transformer_ff(x: Tensor<64>) -> Tensor<64> {
    add(x, dense(gelu(dense(x, 256)), 64))
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
    /// Who sees what, but for the weights.
    pub visibility: Visibility,
    /// Whether its weights may be private: there are not too many of them.
    pub hides: bool,
}

/// All reference models, seeded where no trained weights ship.
pub fn all() -> Result<Vec<Reference>, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/digits");
    let (train, test) = data::digits(&folder)?;
    let images = |labelled: Vec<data::Labelled>| labelled.into_iter().map(|(x, _)| x).collect::<Vec<_>>();
    let mut rng = zkml::rand::rngs::StdRng::seed_from_u64(7);
    let mut blobs = data::blobs(200, 28);
    let held = blobs.split_off(100);
    let mut pictures = resnet::images(8);
    let unseen = pictures.split_off(4);
    let seeded = |name, model: Model, samples: &[Tensor]| Reference {
        name,
        model,
        samples: samples.to_vec(),
        test: held.clone(),
        target: Target::top1(0.99),
        visibility: Visibility::default(),
        hides: true,
    };
    // Parts of larger networks: what they give is seen by nobody, and the plan is to be off by 2% of the largest value at most.
    let block = |name, model: Model| -> Result<Reference, Box<dyn Error>> {
        let mut samples = data::noise(model.graph().shape(model.graph().input()), 16);
        let mut top = 0.0f64;
        for x in &samples {
            top = top.max(model.forward(x)?.max_abs());
        }
        let test = samples.split_off(12);
        let target = Target::default().max_error(0.02 * top);
        Ok(Reference { name, visibility: model.visibility(), model, samples, test, target, hides: true })
    };
    Ok(vec![
        Reference {
            name: "digits",
            model: Digits::load(folder.join("digits.safetensors"))?.into(),
            samples: images(train),
            test: images(test),
            target: Target::default(),
            visibility: Visibility::default(),
            hides: true,
        },
        seeded("lenet5", Lenet5::init(&mut rng)?.into(), &blobs),
        seeded("poly_cnn", PolyCnn::init(&mut rng)?.into(), &blobs),
        seeded("mlp_2m", Mlp2m::init(&mut rng)?.into(), &blobs),
        block("mobilenet_block", MobilenetBlock::init(&mut rng)?.into())?,
        block("resnet_block", ResnetBlock::init(&mut rng)?.into())?,
        block("transformer_ff", TransformerFf::init(&mut rng)?.into())?,
        block("transformer_nano", transformer::seeded()?)?,
        Reference {
            name: "resnet18_cifar10",
            model: resnet::seeded()?,
            samples: pictures,
            test: unseen,
            // A plan of it takes a second to run.
            target: Target { tries: 40, ..Target::top1(0.99) },
            visibility: Visibility::default(),
            hides: false,
        },
    ])
}
