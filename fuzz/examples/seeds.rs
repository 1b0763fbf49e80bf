//! Makes `seeds/`, a folder a target: `cargo run --manifest-path fuzz/Cargo.toml --example seeds`.

use std::{error::Error, fs, path::Path};

use zkml::{
    prelude::*,
    prove::{
        Ceremony, Digest, Fr, Groth16,
        file::{CHECKSUM, HEADER},
        iden3::{export_r1cs, export_wtns, export_zkey},
    },
    rand::{SeedableRng, rngs::StdRng},
};
use zkml_groth16::iden3::write_ptau;

/// What is read with a header is mutated without: its digest and its payload.
fn opened(file: &[u8]) -> Vec<u8> {
    [&file[7..39], &file[HEADER..file.len() - CHECKSUM]].concat()
}

fn main() -> Result<(), Box<dyn Error>> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fixtures = fuzz.join("../zkml-import/tests");
    let seed = |target: &str, name: &str, bytes: &[u8]| {
        let folder = fuzz.join("seeds").join(target);
        fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join(name), bytes))
    };
    for name in ["classifier", "inputs", "mismatch", "shapes", "two", "unsupported"] {
        let name = format!("{name}.onnx");
        seed("onnx", &name, &fs::read(fixtures.join("onnx").join(&name))?)?;
    }
    for name in ["digits.k3", "merges.k2", "nested.k3", "pools1d.k2"] {
        let name = format!("{name}.keras");
        seed("keras", &name, &fs::read(fixtures.join("keras").join(&name))?)?;
    }

    let model = zkml_fuzz::model();
    seed("safetensors", "small", &model.weights().to_safetensors()?)?;
    let samples: Vec<Tensor> =
        (0..8).map(|i| Tensor::from_fn([4], |j| f64::from((i + 3 * j as i32) % 16 - 8))).collect();
    let quantized = model.quantize(&samples, Target { tries: 10, ..Target::top1(0.9) })?;
    seed("plan", "small", &serde_json::to_vec(quantized.plan())?)?;
    let mut rng = StdRng::seed_from_u64(2);
    for weights in [Visible::Public, Visible::Private, Visible::Committed] {
        let circuit = quantized.circuit_for(Visibility { weights, ..Visibility::default() })?;
        let name = format!("{weights:?}").to_lowercase();
        seed("circuit", &name, &opened(&circuit.to_bytes()?))?;
        let keys = circuit.setup(&mut rng)?;
        seed("keys", &format!("{name}.verifying"), &opened(&keys.verifying.to_bytes()))?;
        if weights == Visible::Public {
            seed("keys", "public.proving", &opened(&keys.proving.to_bytes()))?;
        }
        let proof = circuit.prove(&keys.proving, &samples[0], &mut rng)?;
        seed("proof", &name, &opened(&proof.to_bytes()))?;
    }

    let (square, powers) = (zkml_fuzz::square(), &*zkml_fuzz::POWERS);
    let mut ceremony = Ceremony::<Groth16>::new(&square, zkml_fuzz::table(), Digest::default(), powers)?;
    let contribution = ceremony.contribution("first", b"", &mut rng)?;
    seed("ceremony", "contribution", &opened(&contribution.to_bytes()))?;
    ceremony.add(contribution)?;
    seed("ceremony", "contributed", &opened(&ceremony.to_bytes()))?;
    ceremony.beacon("beacon", b"what nobody could choose", 10)?;
    seed("ceremony", "beacon", &opened(&ceremony.to_bytes()))?;
    let keys = ceremony.finish(&square, &ceremony.circuit(), powers)?;
    seed("iden3", "square.ptau", &write_ptau(powers)?)?;
    seed("iden3", "square.r1cs", &export_r1cs(&square)?)?;
    seed("iden3", "square.wtns", &export_wtns(&[1u64, 9, 3].map(Fr::from)))?;
    seed("iden3", "square.zkey", &export_zkey(&keys.proving, &square)?)?;
    Ok(())
}
