//! Keras files that are not what they say: errors, and neither panics nor endless work nor memory.

use std::{
    io::{Cursor, Read, Write},
    path::Path,
};

use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};
use zkml_import::keras::{Options, read, unsupported};

/// What reading all these small files may take at most, with everything else in the process (MiB).
const MAX_MEMORY: u64 = 256;

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keras").join(name);
    let packed = std::fs::read(path).expect("the fixture is there");
    if !name.ends_with(".gz") {
        return packed;
    }
    let mut plain = vec![];
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut plain).expect("the fixture is packed");
    plain
}

/// The files of an archive.
fn unzip(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).expect("the fixture is a zip");
    let names: Vec<String> =
        (0..zip.len()).map(|i| zip.by_index(i).expect("an entry").name().expect("UTF-8").to_string()).collect();
    let mut entry = |name: String| {
        let mut content = vec![];
        zip.by_name(&name).expect("it is in the zip").read_to_end(&mut content).expect("it is whole");
        (name, content)
    };
    names.into_iter().map(&mut entry).collect()
}

fn zipped(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(vec![]));
    for (name, content) in files {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        zip.start_file(name, options).expect("a name");
        zip.write_all(content).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}

/// Reads a file that may be anything, with either option; whether it was read.
fn survives(bytes: &[u8]) -> bool {
    let class = Options { output: zkml_import::keras::Output::Class, ..Options::default() };
    let first = Options { input: zkml_import::keras::InputLayout::ChannelsFirst, ..Options::default() };
    let found = read(bytes, &Options::default());
    if let Err(error) = &found {
        assert!(!error.to_string().is_empty());
    }
    found.is_ok() | read(bytes, &class).is_ok() | read(bytes, &first).is_ok()
}

/// The reader of HDF5 may panic on damaged files, which is contained; whatever else panics is shown.
fn quieten() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !info.location().is_some_and(|at| at.file().contains("hdf5-pure")) {
            hook(info);
        }
    }));
}

/// The largest memory that this process has had, in MiB, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib / 1024)
}

/// Some bytes changed, or a piece removed, repeated, or cut off.
fn scramble(rng: &mut StdRng, bytes: &mut Vec<u8>) {
    let length = bytes.len();
    match rng.gen_range(0..8) {
        0 => bytes.truncate(rng.gen_range(0..length)),
        1 => {
            let at = rng.gen_range(0..length);
            let end = (at + rng.gen_range(1..64)).min(length);
            bytes.drain(at..end);
        }
        2 => {
            let at = rng.gen_range(0..length);
            let end = (at + rng.gen_range(1..64)).min(length);
            let piece = bytes[at..end].to_vec();
            bytes.splice(at..at, piece);
        }
        3 => {
            // An address or a size of eight bytes.
            let at = rng.gen_range(0..length.saturating_sub(8).max(1)) / 8 * 8;
            let word = *[0, 1, u64::MAX, u64::MAX >> 1, 1 << 40, length as u64, at as u64].choose(rng).expect("some");
            for (byte, new) in bytes[at..].iter_mut().zip(word.to_le_bytes()) {
                *byte = new;
            }
        }
        _ => {
            for _ in 0..rng.gen_range(1..6) {
                let at = rng.gen_range(0..length);
                bytes[at] = *[rng.r#gen(), 0, 0xff, bytes[at] ^ (1 << rng.gen_range(0..8))].choose(rng).expect("some");
            }
        }
    }
}

/// A number, a word, a bracket or a piece of a JSON text replaced.
fn rewrite(rng: &mut StdRng, text: &str) -> String {
    let words: Vec<(usize, &str)> = {
        let mut words = vec![];
        let mut start = 0;
        for (i, c) in text.char_indices() {
            if "[]{},: ".contains(c) {
                if start < i {
                    words.push((start, &text[start..i]));
                }
                start = i + c.len_utf8();
            }
        }
        words
    };
    let number = |word: &str| word.parse::<f64>().is_ok();
    let (at, word) = *words.choose(rng).expect("some words");
    let other = words.choose(rng).expect("some words").1;
    let numbers = [
        "0",
        "-1",
        "1",
        "2",
        "7",
        "1000000",
        "268435457",
        "18446744073709551615",
        "-9223372036854775808",
        "0.5",
        "1e308",
    ];
    let values =
        ["null", "true", "[]", "{}", "[[]]", "\"\"", "[1, 2, 3]", "\"relu\"", "\"same\"", "\"channels_first\""];
    let new = match (rng.gen_range(0..4), number(word)) {
        (0, _) => other,
        (1, _) => *values.choose(rng).expect("some"),
        (_, true) => *numbers.choose(rng).expect("some"),
        (_, false) => *["null", "0", other].choose(rng).expect("some"),
    };
    format!("{}{}{}", &text[..at], new, &text[at + word.len()..])
}

#[test]
fn scrambled_files_are_refused_or_read() {
    quieten();
    let mut rng = StdRng::seed_from_u64(11);
    let mut read = 0;
    for name in ["sequential.k2.h5.gz", "sequential.k3.h5.gz", "nested.k3.h5.gz", "digits.k3.keras", "norms.k2.keras"] {
        let plain = fixture(name);
        assert!(survives(&plain), "{name}");
        for _ in 0..600 {
            let mut bytes = plain.clone();
            scramble(&mut rng, &mut bytes);
            read += usize::from(survives(&bytes));
        }
    }
    assert!(read < 3_000, "nothing was refused");
    assert!(peak().is_none_or(|mib| mib < MAX_MEMORY), "{:?} MiB", peak());
}

#[test]
fn rewritten_descriptions_and_scrambled_weights_are_refused_or_read() {
    quieten();
    let mut rng = StdRng::seed_from_u64(12);
    let mut read = 0;
    for name in [
        "nested.k3.keras",
        "convs.k3.keras",
        "convs1d.k2.keras",
        "shapes.k3.keras",
        "merges.k3.keras",
        "norms.k3.keras",
    ] {
        let files = unzip(&fixture(name));
        for round in 0..400 {
            let mut files = files.clone();
            for (name, content) in &mut files {
                match name.as_str() {
                    "config.json" if round % 4 != 0 => {
                        let mut text = String::from_utf8(content.clone()).expect("it is text");
                        for _ in 0..rng.gen_range(1..3) {
                            text = rewrite(&mut rng, &text);
                        }
                        *content = text.into_bytes();
                    }
                    "model.weights.h5" if round % 4 == 0 => scramble(&mut rng, content),
                    _ => {}
                }
            }
            read += usize::from(survives(&zipped(&files)));
        }
    }
    assert!((1..2_400).contains(&read), "{read} of 2400 were read");
    assert!(peak().is_none_or(|mib| mib < MAX_MEMORY), "{:?} MiB", peak());
}

/// An archive of a small model whose description is changed.
fn described(change: impl Fn(String) -> String) -> Vec<u8> {
    let mut files = unzip(&fixture("digits.k3.keras"));
    for (_, content) in files.iter_mut().filter(|(name, _)| name == "config.json") {
        let text = String::from_utf8(content.clone()).expect("it is text");
        let changed = change(text.clone());
        assert_ne!(changed, text, "nothing was changed");
        *content = changed.into_bytes();
    }
    zipped(&files)
}

/// The error of such an archive.
fn refused(change: impl Fn(String) -> String) -> String {
    read(described(change), &Options::default()).expect_err("it must be refused").to_string()
}

#[test]
fn all_classes_that_are_not_supported_are_named_at_once() {
    let path = std::env::temp_dir().join(format!("zkml-unsupported-{}.keras", std::process::id()));
    let two = described(|text| {
        let text = text.replacen(r#""class_name": "Flatten""#, r#""class_name": "Lambda""#, 1);
        text.replacen(r#""class_name": "MaxPooling2D""#, r#""class_name": "LSTM""#, 1)
    });
    std::fs::write(&path, two).unwrap();
    let found: Vec<String> = unsupported(&path).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("keras layer `max_pooling2d` (LSTM): class `LSTM` is not supported"), "{found:?}");
    assert!(found[1].starts_with("keras layer `flatten` (Lambda): class `Lambda` is not supported"), "{found:?}");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keras/digits.k3.keras");
    assert!(unsupported(shipped).unwrap().is_empty());
    std::fs::remove_file(&path).unwrap();
    assert!(unsupported(&path).is_err());
}

#[test]
fn what_is_not_supported_is_named_with_its_layer_its_class_and_the_repair() {
    let change = |from: &'static str, to: &'static str| refused(move |text| text.replacen(from, to, 1));
    for (from, to, expected) in [
        (
            r#""class_name": "Flatten""#,
            r#""class_name": "Lambda""#,
            "keras layer `flatten` (Lambda): class `Lambda` is not supported; its code is not in the file",
        ),
        (
            r#""class_name": "MaxPooling2D""#,
            r#""class_name": "LSTM""#,
            "keras layer `max_pooling2d` (LSTM): class `LSTM` is not supported; recurrent layers are not",
        ),
        (
            r#""activation": "softmax""#,
            r#""activation": "sparsemax""#,
            "keras layer `scores` (Dense): option `activation` is `sparsemax`, which is not supported; expected one of",
        ),
        (
            r#""padding": "valid""#,
            r#""padding": "reflect""#,
            "keras layer `stem` (Conv2D): option `padding` is \"reflect\", which is not supported; expected valid or same",
        ),
        (
            r#""groups": 1,"#,
            r#""groups": 1, "weight_norm": true,"#,
            "keras layer `stem` (Conv2D): option `weight_norm` is true, which is not supported; set it to its default",
        ),
        (
            r#""groups": 1,"#,
            r#""groups": 3,"#,
            "keras layer `stem` (Conv2D): `groups` of 3 does not divide the 1 channels",
        ),
        (
            r#""units": 32"#,
            r#""units": 33"#,
            "keras layer `hidden` (Dense): its weight `kernel` has shape [72, 32], expected [72, 33]",
        ),
        (
            r#""batch_shape": [null, 8, 8, 1]"#,
            r#""batch_shape": [null, null, 8, 1]"#,
            "the input `input_layer` has shape (None, None, 8, 1), expected fixed sizes",
        ),
        (
            r#""class_name": "Sequential""#,
            r#""class_name": "MyModel""#,
            "the model's class is `MyModel`, expected Sequential or Functional; a subclassed model",
        ),
        (
            r#""use_bias": true"#,
            r#""use_bias": false"#,
            "keras layer `stem` (Conv2D): it has 2 weights in the file, expected 1",
        ),
    ] {
        let found = change(from, to);
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn bombs_are_refused() {
    let mut files = unzip(&fixture("digits.k3.keras"));
    for (name, expected) in [("config.json", "config.json"), ("model.weights.h5", "model.weights.h5")] {
        let mut bomb = files.clone();
        for (_, content) in bomb.iter_mut().filter(|(n, _)| n == name) {
            *content = vec![b' '; 80 << 20];
        }
        let error = read(zipped(&bomb), &Options::default()).expect_err("it is a bomb").to_string();
        assert!(error.contains(expected) && error.contains("expands to more than"), "{error}");
    }
    // Models in models, without end.
    for (_, content) in files.iter_mut().filter(|(name, _)| name == "config.json") {
        let mut config = r#"{"name": "m", "layers": []}"#.to_owned();
        for depth in 0..40 {
            config = format!(
                r#"{{"name": "m{depth}", "layers": [{{"class_name": "Sequential", "config": {config}, "name": "s"}}], "build_input_shape": [null, 4]}}"#
            );
        }
        *content = format!(r#"{{"class_name": "Sequential", "config": {config}}}"#).into_bytes();
    }
    let error = read(zipped(&files), &Options::default()).expect_err("it has no end").to_string();
    assert!(error.contains("models in models"), "{error}");
}
