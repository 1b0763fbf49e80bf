//! Damaged files of every format that a verb reads: an answer or an error with an exit code, no panic, and at most 256 MiB.
//!
//! Each is changed `ZKML_MUTATIONS` times, 60 without: seeded, so that what is found is found again.

use std::{
    fs,
    io::Read as _,
    process::{Command, Output, Stdio},
};

use sha2::{Digest as _, Sha256};
use zkml::{
    prove::{Fr, Powers, Rates},
    rand::{Rng, SeedableRng, rngs::StdRng},
};
use zkml_groth16::iden3::write_ptau;

use crate::{
    formats::{npy, npz, png},
    world::{World, shipped},
};

/// The most data that a process may have, in KiB.
const MEMORY: &str = "262144";

fn count() -> usize {
    std::env::var("ZKML_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(60)
}

/// Changes bytes: those of a file of ours, so that its checksum holds again every other time.
fn mutate(bytes: &[u8], rng: &mut StdRng) -> Vec<u8> {
    const NUMBERS: [u64; 8] = [0, 1, 255, 1 << 31, u32::MAX as u64, i64::MAX as u64, i64::MIN as u64, u64::MAX];
    let mut bytes = bytes.to_vec();
    for _ in 0..rng.gen_range(1..4) {
        let at = rng.gen_range(0..bytes.len().max(1));
        let end = (at + rng.gen_range(1..64)).min(bytes.len());
        match rng.gen_range(0..8) {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << rng.gen_range(0..8),
            2 if at < bytes.len() => bytes[at] = rng.gen_range(0..=255),
            3 => bytes.truncate(at),
            4 => drop(bytes.drain(at.min(end)..end)),
            5 => {
                let part = bytes[at.min(end)..end].to_vec();
                let to = rng.gen_range(0..=bytes.len());
                bytes.splice(to..to, part);
            }
            6 => {
                let number = NUMBERS[rng.gen_range(0..NUMBERS.len())].to_le_bytes();
                let width = [1, 4, 8][rng.gen_range(0..3)];
                for (to, from) in bytes.iter_mut().skip(at).zip(&number[..width]) {
                    *to = *from;
                }
            }
            _ => {
                // In texts: another number, or none.
                let text = ["-1", "1e999", "NaN", "null", "[]", "{}", "\"\"", "99999999999999999999", "\u{0}"];
                bytes.splice(at.min(end)..end, text[rng.gen_range(0..text.len())].bytes());
            }
        }
    }
    if bytes.starts_with(b"zkml") && bytes.len() > 79 && rng.gen_bool(0.7) {
        let payload = bytes.len() - 79;
        if rng.gen_bool(0.8) {
            bytes[39..47].copy_from_slice(&(payload as u64).to_le_bytes());
        }
        let checksum = Sha256::digest(&bytes[..payload + 47]);
        bytes[payload + 47..].copy_from_slice(&checksum);
    }
    bytes
}

/// Runs the command with bounded memory.
fn run(world: &World, arguments: &[&str]) -> Output {
    let inner = world.command(arguments);
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -d {MEMORY}; exec \"$0\" \"$@\"")]).arg(inner.get_program());
    command.args(inner.get_args()).current_dir(&world.folder).env("RAYON_NUM_THREADS", "1");
    command.stdin(Stdio::null()).output().unwrap()
}

/// Runs a verb on a file that was changed, again and again; files that it makes are removed, or put back as they were.
fn damage(world: &World, file: &str, arguments: &[&str], made: &[&str]) {
    let whole = fs::read(world.path(file)).unwrap();
    let before: Vec<Option<Vec<u8>>> = made.iter().map(|name| fs::read(world.path(name)).ok()).collect();
    let clean = |world: &World| {
        for (name, bytes) in made.iter().zip(&before) {
            match bytes {
                Some(bytes) => fs::write(world.path(name), bytes).unwrap(),
                None => drop(fs::remove_file(world.path(name))),
            }
        }
    };
    let output = run(world, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    clean(world);
    let seed = file.bytes().fold(7u64, |seed, b| seed.wrapping_mul(31).wrapping_add(u64::from(b)));
    let mut refused = 0;
    for number in 0..count() {
        let bytes = mutate(&whole, &mut StdRng::seed_from_u64(seed.wrapping_add(number as u64)));
        fs::write(world.path(file), &bytes).unwrap();
        let output = run(world, arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        // A panic is 101, and running out of memory a signal.
        let code = output.status.code();
        if !code.is_some_and(|code| (0..=9).contains(&code) && code != 2) || error.contains("panicked") {
            let _ = fs::write(std::env::temp_dir().join(format!("zkml-mutation-{number}")), &bytes);
            panic!("{arguments:?} on mutation {number} of {file}: exit {code:?}: {error}");
        }
        refused += usize::from(code != Some(0));
        clean(world);
    }
    // What is changed is most often refused; pixels and digits may be others.
    assert!(refused > 0, "no change of {file} is refused");
    fs::write(world.path(file), whole).unwrap();
}

#[test]
fn models() {
    let world = World::new();
    damage(&world, "digits.onnx", &["inspect", "digits.onnx"], &[]);
    fs::copy(shipped("zkml-import/tests/keras/digits.k3.keras"), world.path("digits.keras")).unwrap();
    let mut h5 = vec![];
    let packed = fs::File::open(shipped("zkml-import/tests/keras/activations.k3.h5.gz")).unwrap();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut h5).unwrap();
    world.write("activations.h5", &h5);
    for name in ["digits.keras", "activations.h5"] {
        damage(&world, name, &["inspect", name], &[]);
    }
}

#[test]
fn inputs() {
    let world = World::small();
    let values = [1.0, 2.0, 3.0];
    world.write("input.json", br#"{"shape": [3], "data": [1, 2, 3]}"#);
    world.write("input.npy", &npy(&values, &[3]));
    world.write("input.npz", &npz(&[("x", npy(&values, &[3]))]));
    for name in ["input.json", "input.npy", "input.npz", "input.csv"] {
        damage(&world, name, &["mock", name], &[]);
    }
}

#[test]
fn images() {
    let world = World::ready();
    let pixels: Vec<u8> = (0..64).map(|i| i % 17).collect();
    world.write("image.png", &png(&pixels, 8));
    world.write("image.pgm", &[b"P5\n8 8\n255\n".as_slice(), &pixels].concat());
    for name in ["image.png", "image.pgm"] {
        damage(&world, name, &["mock", name], &[]);
    }
}

#[test]
fn projects_and_plans() {
    let world = World::small();
    world.write("labels.json", b"[0, 1, 2]");
    damage(&world, "zkml.toml", &["cost"], &[]);
    damage(&world, "zkml/plan.json", &["cost"], &[]);
    damage(&world, "labels.json", &["fidelity", "samples.csv", "--labels", "labels.json"], &["zkml/fidelity.svg"]);
    world.write("zkml-rates.json", &serde_json::to_vec(&Rates::default()).unwrap());
    world.edit(&[("[input]", "rates = \"zkml-rates.json\"\n[input]")]);
    damage(&world, "zkml-rates.json", &["cost"], &[]);
}

#[test]
fn keys_and_proofs() {
    let world = World::small();
    damage(&world, "zkml/verifying.key", &["verify"], &[]);
    damage(&world, "zkml/proofs/input.proof", &["verify"], &[]);
    damage(&world, "zkml/proving.key", &["prove", "input.csv"], &[]);
    damage(&world, "zkml/weights.opening.json", &["open", "zkml/weights.opening.json"], &[]);
}

#[test]
fn ceremonies() {
    let world = World::small_public();
    world.write("powers.ptau", &write_ptau(&Powers::known([5u64, 6, 7].map(Fr::from), 1 << 8)).unwrap());
    damage(
        &world,
        "powers.ptau",
        &["ceremony", "new", "--ptau", "powers.ptau"],
        &["zkml/ceremony.zkml", "zkml/ceremony.circuit.zkml"],
    );
    world.passes(&["ceremony", "new", "--ptau", "powers.ptau"]);
    let contribute = ["ceremony", "contribute", "--name", "first", "--out", "first.zkml", "--ptau", "powers.ptau"];
    damage(&world, "zkml/ceremony.zkml", &contribute, &["first.zkml"]);
    world.passes(&contribute);
    damage(&world, "first.zkml", &["ceremony", "accept", "first.zkml"], &["zkml/ceremony.zkml"]);
}
