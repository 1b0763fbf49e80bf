//! From training to a proof: a network that Burn trains on the digits that ship, proven without showing its weights.
//!
//! `cargo run --release --features burn --example train_and_prove` takes seconds once it is compiled.

#[path = "common/mod.rs"]
mod common;

use std::{error::Error, path::Path};

use burn::{
    module::Module,
    nn::{
        Linear, LinearConfig,
        conv::{Conv2d, Conv2dConfig},
        loss::CrossEntropyLossConfig,
        pool::{MaxPool2d, MaxPool2dConfig},
    },
    optim::{AdamConfig, GradientsParams},
    tensor::{Device, Int, Tensor, TensorData, activation::relu},
};
use common::{
    data::{self, Labelled},
    progress::Step,
};
use zkml::{
    plan::Target,
    rand::{SeedableRng, rngs, seq::SliceRandom},
    zk_model,
};

/// One convolution, two dense layers, for 8x8 grey images with 17 shades.
#[zk_model(input = [1, 1, 8, 8], forward = classify, weights = private, range = 0..=16)]
#[derive(Module, Debug)]
struct Digits {
    stem: Conv2d,
    pool: MaxPool2d,
    hidden: Linear,
    scores: Linear,
}

impl Digits {
    fn new(device: &Device) -> Self {
        Self {
            stem: Conv2dConfig::new([1, 8], [3, 3]).init(device),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            hidden: LinearConfig::new(72, 32).init(device),
            scores: LinearConfig::new(32, 10).init(device),
        }
    }

    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let x = self.pool.forward(relu(self.stem.forward(images / 16.0)));
        self.scores.forward(relu(self.hidden.forward(x.flatten(1, 3))))
    }

    fn classify(&self, images: Tensor<4>) -> Tensor<1, Int> {
        self.forward(images).argmax(1).squeeze_dim(1)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let (train, test) = data::digits(&Path::new(env!("CARGO_MANIFEST_DIR")).join("digits"))?;
    let digits = trained(&train);
    let (images, _) = batch(&test, &Device::flex());
    let classes: Vec<i64> = digits.classify(images).into_data().iter().collect();
    let right = classes.iter().zip(&test).filter(|(class, (_, label))| **class == *label as i64).count();
    println!("accuracy in Burn: {right} of {} digits that it has never seen\n", test.len());

    let model = DigitsModel::from_burn(&digits)?;
    println!("{}", model.graph());
    let step = Step::new("quantise");
    let samples: Vec<_> = train.iter().map(|(image, _)| image.clone()).collect();
    let quantized = model.quantize_with(&samples, Target::default(), &mut |p| step.show(&p))?;
    step.done();
    let right = test.iter().filter(|(x, label)| quantized.forward(x).is_ok_and(|p| p.class == Some(*label))).count();
    println!("accuracy in fixed point: {right} of {}\n", test.len());

    let step = Step::new("build the circuit");
    let circuit = quantized.circuit()?;
    step.done();
    println!("{}\n", circuit.report());
    let mut rng = rngs::OsRng;
    let step = Step::new("set up the keys");
    let keys = circuit.setup(&mut rng)?;
    step.done();

    let (image, label) = &test[0];
    let step = Step::new("prove one digit");
    let proof = circuit.prove(&keys.proving, image, &mut rng)?;
    step.done();
    let step = Step::new("verify the proof");
    let statement = keys.verifying.verify(&proof)?;
    step.done();
    let answer = statement.class(0).ok_or("the proof states no class")?;
    println!("  proven: the circuit answers {answer} (the label is {label}); its weights stay private");

    let mut forged = proof.clone();
    forged.inputs[0] = zkml::prove::Fr::from((answer as u64 + 1) % 10);
    match keys.verifying.verify(&forged) {
        Err(error) => println!("  the same proof with another answer is refused: {error}"),
        Ok(_) => return Err("a forged answer was accepted".into()),
    }
    Ok(())
}

/// Forty times through the training images, with Adam.
fn trained(images: &[Labelled]) -> Digits {
    const EPOCHS: usize = 40;
    let device = Device::flex().autodiff();
    device.seed(7);
    let mut rng = rngs::StdRng::seed_from_u64(7);
    let mut digits = Digits::new(&device);
    let mut optimizer = AdamConfig::new().init();
    let cross_entropy = CrossEntropyLossConfig::new().init(&device);
    let mut order: Vec<Labelled> = images.to_vec();
    let step = Step::new("train");
    for epoch in 0..EPOCHS {
        order.shuffle(&mut rng);
        let rate = 3e-3 * (1.0 - epoch as f64 / EPOCHS as f64);
        let mut sum = 0.0;
        for part in order.chunks(32) {
            let (images, labels) = batch(part, &device);
            let loss = cross_entropy.forward(digits.forward(images), labels);
            sum += loss.clone().into_scalar::<f64>() * part.len() as f64;
            let gradients = GradientsParams::from_grads(loss.backward(), &digits);
            digits = optimizer.step(rate, digits, gradients);
        }
        step.say(&format!("epoch {} of {EPOCHS}, loss {:.4}", epoch + 1, sum / order.len() as f64));
    }
    step.done();
    digits.valid()
}

/// Images and labels as Burn takes them.
fn batch(images: &[Labelled], device: &Device) -> (Tensor<4>, Tensor<1, Int>) {
    let pixels: Vec<f32> = images.iter().flat_map(|(x, _)| x.data().iter().map(|v| *v as f32)).collect();
    let labels: Vec<i64> = images.iter().map(|(_, label)| *label as i64).collect();
    let pixels = TensorData::new(pixels, [images.len(), 1, 8, 8]);
    (Tensor::from_data(pixels, device), Tensor::from_data(TensorData::new(labels, [images.len()]), device))
}
