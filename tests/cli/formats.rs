//! Inputs in every format are the same input.

use std::io::{Cursor, Write};

use image::{GrayImage, ImageFormat};
use npyz::WriterBuilder;

use crate::world::{World, digit};

pub fn npy(values: &[f64], shape: &[u64]) -> Vec<u8> {
    let mut bytes = vec![];
    let options = npyz::WriteOptions::<f32>::new().default_dtype().shape(shape).writer(&mut bytes);
    let mut writer = options.begin_nd().unwrap();
    writer.extend(values.iter().map(|x| *x as f32)).unwrap();
    writer.finish().unwrap();
    bytes
}

pub fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(vec![]));
    for (name, bytes) in arrays {
        zip.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub fn png(pixels: &[u8], width: u32) -> Vec<u8> {
    let image = GrayImage::from_raw(width, pixels.len() as u32 / width, pixels.to_vec()).unwrap();
    let mut png = Cursor::new(vec![]);
    image.write_to(&mut png, ImageFormat::Png).unwrap();
    png.into_inner()
}

#[test]
fn all_formats_are_the_same_input() {
    let world = World::ready();
    let (values, label) = digit(1207);
    let pixels: Vec<u8> = values.iter().map(|x| *x as u8).collect();
    let rows: Vec<&[f64]> = values.chunks(8).collect();
    let words: Vec<String> = values.iter().map(ToString::to_string).collect();
    let files = [
        ("flat.json", serde_json::to_vec(&values).unwrap()),
        ("nested.json", serde_json::to_vec(&[rows]).unwrap()),
        ("object.json", serde_json::to_vec(&serde_json::json!({"shape": [1, 8, 8], "data": values})).unwrap()),
        ("array.npy", npy(&values, &[8, 8])),
        ("archive.npz", npz(&[("x", npy(&values, &[1, 1, 8, 8])), ("y", npy(&[label as f64], &[1]))])),
        ("image.png", png(&pixels, 8)),
        ("image2.pgm", [b"P5\n8 8\n255\n", pixels.as_slice()].concat()),
        ("table.csv", words.join(",").into_bytes()),
    ];
    for (name, bytes) in &files {
        world.write(&format!("all/{name}"), bytes);
    }
    // What it sees is public, to be compared.
    world.edit(&[("input = \"private\"", "input = \"public\"")]);
    let value = world.json(&["mock", "all"]);
    let inputs = value["inputs"].as_array().unwrap();
    assert_eq!(inputs.len(), files.len());
    for mocked in inputs {
        assert_eq!(mocked["statement"][0]["values"], serde_json::json!(values), "{}", mocked["input"]);
        assert_eq!(mocked["statement"][1]["class"], label, "{}", mocked["input"]);
    }
    // Labels come along.
    let value = world.json(&["fidelity", "all/archive.npz"]);
    assert_eq!((value["labelled"].as_u64(), value["correct_proven"].as_u64()), (Some(1), Some(1)));
}

#[test]
fn files_that_hold_something_else_are_told() {
    let world = World::ready();
    let wide = npy(&[0.0; 12], &[3, 4]);
    let mut cut = npy(&[0.0; 64], &[8, 8]);
    cut.truncate(140);
    for (name, bytes, expected) in [
        ("a.npy", wide.clone(), "it has shape [3, 4], the model takes [1, 8, 8]"),
        ("b.npy", cut, "fewer than its shape [8, 8] needs"),
        ("c.npy", b"no array".to_vec(), "it is no `.npy` array"),
        ("d.npz", npz(&[("a", wide.clone()), ("b", wide)]), "its arrays are a, b, expected one, or `x` among them"),
        ("e.png", b"\x89PNG".to_vec(), "it is no PNG, PGM or PPM image"),
        ("f.pgm", b"P5\n2 1\n255\n\x00\xff".to_vec(), "the image is grey and has 2x1 pixels"),
        ("g.csv", b"1,2,3\n".to_vec(), "line 1: 3 columns, expected 64 for shape [1, 8, 8]"),
        ("h.json", b"[1, null]".to_vec(), "null at [1], expected a number"),
    ] {
        world.write(name, &bytes);
        let error = world.fails(6, &["mock", name]);
        assert!(error.starts_with(&format!("{name}: ")) && error.contains(expected), "{error}");
    }
    world.write("empty/readme.txt", b"");
    let error = world.fails(6, &["mock", "empty"]);
    assert!(error.starts_with("empty: the folder has no file of inputs"), "{error}");
}
