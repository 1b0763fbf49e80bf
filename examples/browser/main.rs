//! The circuit of the page beside this file: `cargo run --release --example browser -- FOLDER` quantises the trained network of digits, sets up its
//! keys, and writes them into a folder with ten digits that the network has never seen.

#[path = "../common/mod.rs"]
mod common;

use std::{error::Error, fs, path::Path};

use serde_json::json;
use zkml::{prelude::*, prove::TwoPhase, rand::rngs::OsRng};

/// The network of `examples/digits`, whose weights everybody may see: the circuit's file has them, and the page needs nothing else. Inputs are private.
#[zk_model(range = 0..=16)]
fn digits(image: Tensor<1, 8, 8>) -> Class<10> {
    let stem = conv2d(image, filters = 8, kernel = 3);
    let x = flatten(max_pool2d(relu(stem), 2));
    let hidden = dense(x, 32);
    let scores = dense(relu(hidden), 10);
    argmax(scores)
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("name the folder to write to")?;
    let (folder, shipped) = (Path::new(&folder), Path::new(env!("CARGO_MANIFEST_DIR")).join("digits"));
    let (train, test) = common::data::digits(&shipped)?;
    let model = Digits::load(shipped.join("digits.safetensors"))?;
    let samples: Vec<Tensor> = train.iter().map(|(x, _)| x.clone()).collect();
    let quantized = model.quantize(&samples, Target::default().max_error(0.5))?;

    // Two phases: a proving key that a page is quick to fetch.
    let circuit = quantized.circuit_in::<TwoPhase>(1, quantized.model().visibility())?;
    let keys = circuit.setup_in::<TwoPhase>(&mut OsRng)?;
    println!("{} constraints, {}", circuit.matrices().constraints(), keys.verifying.provenance());

    fs::create_dir_all(folder)?;
    circuit.save(folder.join("circuit.zkml"))?;
    keys.proving.save(folder.join("proving.key"))?;
    keys.verifying.save(folder.join("verifying.key"))?;
    // The first of each digit.
    let mut shown = vec![];
    for digit in 0..10 {
        let (image, label) = test.iter().find(|(_, label)| *label == digit).ok_or("a digit is missing")?;
        shown.push(json!({ "label": label, "pixels": image.data() }));
    }
    fs::write(folder.join("samples.json"), serde_json::to_vec(&shown)?)?;
    Ok(())
}
