//! Handwritten digits, from an annotated function to a verified proof.
//!
//! `cargo run --release --example digits` reads the network's weights and 597 digits that it has never seen, quantises
//! it, proves its answer on one of them without showing the weights, and draws what happened to `target/digits.svg`.

#[path = "../common/mod.rs"]
mod common;
mod picture;

use std::{error::Error, path::Path};

use common::{data, progress::Step};
use zkml::{prelude::*, rand};

/// A network for 8x8 grey images with 17 shades: one convolution, two dense layers.
#[zk_model(weights = private, range = 0..=16)]
fn digits(image: Tensor<1, 8, 8>) -> Class<10> {
    let stem = conv2d(image, filters = 8, kernel = 3);
    let x = flatten(max_pool2d(relu(stem), 2));
    let hidden = dense(x, 32);
    let scores = dense(relu(hidden), 10);
    argmax(scores)
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("digits");
    let (train, test) = data::digits(&folder)?;
    let model = Digits::load(folder.join("digits.safetensors"))?;
    println!("{}", model.graph());

    let correct = test.iter().filter(|(x, label)| model.classify(x).is_ok_and(|c| c == *label)).count();
    println!("float accuracy: {correct} of {} digits that it has never seen\n", test.len());

    // The training images choose the scales; the test images only judge. Training images are easy for the network, so
    // besides the same classes, close scores are asked for.
    let samples: Vec<Tensor> = train.iter().map(|(x, _)| x.clone()).collect();
    let step = Step::new("quantise");
    let quantized = model.quantize_with(&samples, Target::default().max_error(0.5), &mut |p| step.show(&p))?;
    step.done();
    let images: Vec<Tensor> = test.iter().map(|(x, _)| x.clone()).collect();
    let fidelity = quantized.fidelity(&images)?;
    println!("{fidelity}\n{}", quantized.frontier());
    let right = test.iter().filter(|(x, l)| quantized.forward(x).is_ok_and(|p| p.class == Some(*l))).count();
    println!("fixed-point accuracy: {right} of {}\n", test.len());

    let step = Step::new("build the circuit");
    let circuit = quantized.circuit()?;
    step.done();
    let report = circuit.report();
    println!("{report}\n");

    let mut rng = rand::rngs::OsRng;
    let step = Step::new("set up the keys");
    let keys = circuit.setup(&mut rng)?;
    step.done();
    println!("  {} (whoever ran it could forge: for real use, run a ceremony)", keys.verifying.provenance());

    let (image, label) = &test[7];
    let step = Step::new("prove one digit");
    let proof = circuit.prove(&keys.proving, image, &mut rng)?;
    step.done();
    let step = Step::new("verify the proof");
    let statement = keys.verifying.verify(&proof)?;
    step.done();
    let answer = statement.class(0).ok_or("the proof states no class")?;
    println!("  proven: the circuit answers {answer} (the label is {label}); {} bytes", proof.proof_bytes().len());

    let mut forged = proof.clone();
    forged.inputs[0] = zkml::prove::Fr::from((answer as u64 + 1) % 10);
    match keys.verifying.verify(&forged) {
        Err(error) => println!("  the same proof with another answer is refused: {error}"),
        Ok(_) => return Err("a forged answer was accepted".into()),
    }

    let float = model.forward(image)?;
    let exact = quantized.forward(image)?;
    let svg = picture::draw(image, &float, &exact.scores, answer, &report);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/digits.svg");
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    std::fs::write(&path, svg)?;
    std::fs::write(path.with_file_name("digits-frontier.svg"), quantized.frontier().to_svg())?;
    println!("  drawn: target/digits.svg, target/digits-frontier.svg");
    Ok(())
}
