//! Weights in and out as safetensors: of every sort of model, and from files that are not what they say.

use std::{fs, path::Path};

use zkml::{
    model::Weights,
    rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom},
    tensor::Tensor,
};

/// What reading small files may take at most, with everything else in the process (MiB).
const MAX_MEMORY: u64 = 256;

/// The most memory that this process ever had (MiB), where the system tells.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib / 1024)
}

fn digits() -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/digits/digits.safetensors")).unwrap()
}

/// Reads bytes that may be anything; what is read is whole, and is written and read again as it was.
fn survives(bytes: &[u8]) -> bool {
    let Ok(weights) = Weights::from_safetensors(bytes) else { return false };
    for (name, tensor) in weights.iter() {
        assert_eq!(tensor.len(), tensor.data().len(), "{name}");
    }
    let bits = |w: &Weights| -> Vec<(String, Vec<usize>, Vec<u64>)> {
        let bits = |t: &Tensor| t.data().iter().map(|x| if x.is_nan() { 0 } else { x.to_bits() }).collect();
        w.iter().map(|(name, t)| (name.to_owned(), t.shape().dims().to_vec(), bits(t))).collect()
    };
    let again = Weights::from_safetensors(&weights.to_safetensors().unwrap()).unwrap();
    assert_eq!(bits(&again), bits(&weights));
    true
}

/// Some bytes changed, or a piece removed or repeated.
fn change(bytes: &mut Vec<u8>, within: usize, rng: &mut StdRng) {
    let at = rng.gen_range(0..within.min(bytes.len()));
    match rng.gen_range(0..6) {
        0 => bytes.truncate(at),
        1 => bytes.insert(at, *b"{}[],:\"0123456789".choose(rng).unwrap()),
        2 => drop(bytes.remove(at)),
        3 => bytes[at] = *b"{}[],:\"0123456789".choose(rng).unwrap(),
        4 => bytes[at] ^= 1 << rng.gen_range(0..8),
        _ => {
            let end = (at + rng.gen_range(1..40)).min(bytes.len());
            let piece = bytes[at..end].to_vec();
            bytes.splice(at..at, piece);
        }
    }
}

#[test]
fn mutated_files_are_errors_or_weights() {
    let mut rng = StdRng::seed_from_u64(1);
    let whole = digits();
    let header = 8 + u64::from_le_bytes(*whole.first_chunk().unwrap()) as usize;
    let (mut read, mut refused) = (0, 0);
    let mut count = |alive: bool| if alive { read += 1 } else { refused += 1 };
    for _ in 0..4000 {
        // Anywhere, or in the header; there with the length that it says repaired.
        let mut bytes = whole.clone();
        change(&mut bytes, whole.len(), &mut rng);
        count(!bytes.is_empty() && survives(&bytes));
        let mut names = whole[8..header].to_vec();
        for _ in 0..rng.gen_range(1..4) {
            change(&mut names, header, &mut rng);
            if names.is_empty() {
                break;
            }
        }
        let length = (names.len() as u64).to_le_bytes();
        count(survives(&[&length[..], &names, &whole[header..]].concat()));
    }
    assert!(read > 100 && refused > 1000, "{read} read, {refused} refused");
    // A header that is longer than any file, and tensors that are.
    for length in [u64::MAX, 1 << 40, 100_000_000, header as u64] {
        assert!(!survives(&[&length.to_le_bytes()[..], b"{}"].concat()));
    }
    for shape in
        ["[18446744073709551615]", "[4294967296,4294967296]", "[1099511627776,0]", "[0,1099511627776,1099511627776]"]
    {
        let text = format!(r#"{{"x":{{"dtype":"F32","shape":{shape},"data_offsets":[0,0]}}}}"#);
        survives(&[&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat());
    }
    if let Some(peak) = peak() {
        assert!(peak < MAX_MEMORY, "{peak} MiB");
    }
}

#[test]
fn what_32_bits_do_not_hold_is_kept() {
    let mut weights = Weights::new();
    weights.insert("short", Tensor::vector(vec![0.5, -3.0, f64::from(0.1f32)]));
    weights.insert("long", Tensor::vector(vec![0.1, 1e300, f64::MIN_POSITIVE]));
    let bytes = weights.to_safetensors().unwrap();
    assert_eq!(Weights::from_safetensors(&bytes).unwrap(), weights);
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("F32") && text.contains("F64"), "{text}");
}

#[cfg(all(feature = "onnx", feature = "keras"))]
mod imported {
    use std::path::PathBuf;

    use zkml::{graph::Visibility, keras, model::Model, onnx};

    use super::*;

    /// A network of each format that reads them.
    fn models() -> [(&'static str, Model); 2] {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("zkml-import/tests");
        [
            ("onnx", onnx::load(fixtures.join("onnx/digits.onnx")).unwrap()),
            ("keras", keras::load(fixtures.join("keras/digits.k3.keras")).unwrap()),
        ]
    }

    fn file(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("zkml-weights-{name}-{}", std::process::id()))
    }

    #[test]
    fn weights_of_an_imported_model_are_saved_and_loaded() {
        for (format, model) in models() {
            let path = file(format);
            model.save(&path).unwrap();
            let again = Model::load(model.graph().clone(), model.visibility(), &path).unwrap();
            fs::remove_file(&path).unwrap();
            assert_eq!(again.weights(), model.weights(), "{format}");
        }
    }

    #[test]
    fn weights_that_an_imported_model_does_not_have_are_named() {
        for (format, model) in models() {
            let refused = |change: fn(&str, Tensor) -> Option<(String, Tensor)>, extra: Option<&str>| {
                let mut weights = Weights::new();
                for (name, tensor) in model.weights().iter() {
                    match (name, tensor.clone()) {
                        ("hidden.weight", tensor) => change(name, tensor).map(|(n, t)| weights.insert(n, t)),
                        (_, tensor) => {
                            weights.insert(name, tensor);
                            Some(())
                        }
                    };
                }
                extra.into_iter().for_each(|name| weights.insert(name, Tensor::vector(vec![0.0])));
                // By way of a file, as anyone would.
                let weights = Weights::from_safetensors(&weights.to_safetensors().unwrap()).unwrap();
                Model::new(model.graph().clone(), Visibility::default(), weights).unwrap_err().to_string()
            };
            assert_eq!(
                refused(|_, _| None, None),
                "parameter `hidden.weight` is missing, expected shape [32, 72]",
                "{format}"
            );
            assert_eq!(
                refused(|_, tensor| Some(("hiden.weight".to_owned(), tensor)), None),
                "parameter `hidden.weight` is missing, expected shape [32, 72]; found `hiden.weight`, which is not a \
                 parameter",
                "{format}"
            );
            assert_eq!(
                refused(|name, tensor| Some((name.to_owned(), tensor)), Some("third.weight")),
                "tensor `third.weight` is not a parameter of this model; its parameters are stem.weight, stem.bias, \
                 hidden.weight, hidden.bias, scores.weight, scores.bias",
                "{format}"
            );
            assert_eq!(
                refused(|name, tensor| Some((name.to_owned(), tensor.reshape([72, 32]).unwrap())), None),
                "parameter `hidden.weight` has shape [72, 32], expected [32, 72]",
                "{format}"
            );
            assert_eq!(
                refused(|name, tensor| Some((name.to_owned(), tensor.map(|_| f64::NEG_INFINITY))), None),
                "parameter `hidden.weight` has a value that is not finite (-inf) at index 0",
                "{format}"
            );
        }
    }
}
