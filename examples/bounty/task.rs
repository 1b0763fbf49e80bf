//! What the bounty is about: images with labels for the host, and a trained network for the hunter.

use std::{error::Error, path::Path};

use zkml::{
    bounty::{Labelled, dataset::Layout, format::Format},
    prelude::*,
    rand::{SeedableRng, rngs::StdRng},
};

use crate::common::data;

/// A network for 8x8 grey images, whose weights are public only as a commitment. It takes any byte: no data can stop a proof.
#[zk_model(weights = committed, input = private, output = private, range = 0..=255)]
fn digits(image: Tensor<1, 8, 8>) -> Class<10> {
    let stem = conv2d(image, filters = 8, kernel = 3);
    let hidden = dense(flatten(max_pool2d(relu(stem), 2)), 32);
    let scores = dense(relu(hidden), 10);
    argmax(scores)
}

/// Data, a plan, and a model.
pub struct Task {
    /// What it is about, in words.
    pub name: &'static str,
    /// The host's: the graph, and integers that are wide enough for weights that nobody has trained yet.
    pub plan: Quantized,
    /// The host's: images that the hunter has never seen, as many as fill two chunks.
    pub samples: Vec<Labelled>,
    /// How they are put together.
    pub layout: Layout,
    /// How the bytes of a file are pixels.
    pub format: Format,
    /// The hunter's: trained weights.
    pub weights: Weights,
}

/// The digits that ship with the project.
pub fn shipped() -> Result<Task, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("digits");
    let (train, test) = data::digits(&folder)?;
    let layout = Layout::new([1, 8, 8].into(), 10, 2, 4)?;
    let trained: Model = Digits::load(folder.join("digits.safetensors"))?.into();
    // The host has no trained weights. It plans for random ones of the same network, and three bits more.
    let images: Vec<Tensor> = train.into_iter().take(100).map(|(image, _)| image).collect();
    let untrained: Model = Digits::init(&mut StdRng::seed_from_u64(1))?.into();
    let narrow = untrained.quantize(&images, Target::default())?;
    let plan = Quantized::new(&untrained, narrow.plan().widened(3))?;
    let bytes = |image: &Tensor| image.data().iter().map(|pixel| *pixel as u8).collect();
    let samples = test.iter().take(2 * layout.samples());
    Ok(Task {
        name: "handwritten digits of 8x8 pixels (UCI)",
        plan,
        samples: samples.map(|(image, label)| Labelled { file: bytes(image), label: *label }).collect(),
        format: Format::RawU8 { shape: [1, 8, 8].into() },
        layout,
        weights: trained.weights().clone(),
    })
}
