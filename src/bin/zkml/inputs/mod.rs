//! Inputs from files: what a file holds is compared with the model's input, and never guessed.
//!
//! | file | holds |
//! |---|---|
//! | `.json` | one input or several, as nested lists, a flat list, or `{"shape", "data"}`; `{"inputs", "labels"}` |
//! | `.npy` | one input or several, of any type of number |
//! | `.npz` | the same, as the array `x`; its `y` are labels |
//! | `.png`, `.pgm`, `.ppm` | one image, grey or in colour |
//! | `.csv` | an input a row; one column more is its label |

mod array;
mod csv;
mod image;
mod json;
mod labels;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use zkml::{shape::Shape, tensor::Tensor};

use crate::{
    error::{Error, reason},
    files,
};

pub use self::labels::attach;

/// An input of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// What it is called: its file's name, and its number where the file has several.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// Its values.
    pub tensor: Tensor,
    /// Its class, where that is known.
    pub label: Option<usize>,
}

/// What inputs are taken as.
#[derive(Clone, Copy, Debug)]
pub struct Form<'a> {
    /// The shape of the model's input.
    pub shape: &'a Shape,
    /// What the pixels of images are divided by.
    pub divide: f64,
}

/// What a file holds: inputs, and the labels of all of them or of none.
struct Found {
    tensors: Vec<Tensor>,
    labels: Vec<usize>,
}

/// The endings of files that are read.
const ENDINGS: &[&str] = &["json", "npy", "npz", "png", "pgm", "ppm", "pnm", "csv"];

/// The inputs of all of these files and folders, in their order; those of a folder in the order of their names.
pub fn read(paths: &[PathBuf], form: &Form<'_>) -> Result<Vec<Sample>, Error> {
    let mut samples = vec![];
    for path in paths {
        if path.is_dir() {
            for file in folder(path)? {
                of_file(&file, form, &mut samples)?;
            }
        } else {
            of_file(path, form, &mut samples)?;
        }
    }
    Ok(samples)
}

/// Refuses two inputs of one name: their proofs would be one file.
pub fn named_apart(samples: &[Sample]) -> Result<(), Error> {
    let mut names = BTreeSet::new();
    match samples.iter().find(|sample| !names.insert(&sample.name)) {
        None => Ok(()),
        Some(twice) => {
            let found = format!("two inputs are called `{}`, by which their proofs are; rename a file", twice.name);
            Err(Error::input(&twice.path, found))
        }
    }
}

/// Whether a file is one of inputs, by its name.
pub fn is_read(path: &Path) -> bool {
    ending(path).is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// Whether a file is an image, by its name.
pub fn is_image(path: &Path) -> bool {
    ending(path).is_some_and(|ending| matches!(ending.as_str(), "png" | "pgm" | "ppm" | "pnm"))
}

/// The files of inputs in a folder, by their names; numbers by their size.
pub fn folder(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(path).map_err(|e| Error::file(path, "read", reason(&e)))?;
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(|e| Error::file(path, "read", reason(&e)))?;
    found.retain(|path| path.is_file() && is_read(path));
    found.sort_by_key(|path| (stem(path).parse::<u64>().ok(), stem(path)));
    if found.is_empty() {
        let expected = ENDINGS.iter().map(|ending| format!("`.{ending}`")).collect::<Vec<_>>().join(", ");
        return Err(Error::input(path, format!("the folder has no file of inputs, expected {expected}")));
    }
    Ok(found)
}

fn ending(path: &Path) -> Option<String> {
    path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase)
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn of_file(path: &Path, form: &Form<'_>, samples: &mut Vec<Sample>) -> Result<(), Error> {
    let ending = ending(path).unwrap_or_default();
    if !is_read(path) {
        let expected = ENDINGS.iter().map(|ending| format!("`.{ending}`")).collect::<Vec<_>>().join(", ");
        return Err(Error::input(path, format!("its name ends in `.{ending}`, expected one of {expected}")));
    }
    let bytes = files::read(path)?;
    let found = match ending.as_str() {
        "json" => json::read(&bytes, form.shape),
        "npy" => array::read(&bytes).and_then(|(dims, data)| fit(&dims, data, form.shape)).map(Found::unlabelled),
        "npz" => array::read_archive(&bytes, form.shape),
        "csv" => csv::read(&bytes, form.shape),
        _ => image::read(&bytes, form).map(|tensor| Found::unlabelled(vec![tensor])),
    };
    let Found { tensors, labels } = found.map_err(|reason| Error::input(path, reason))?;
    if !labels.is_empty() && labels.len() != tensors.len() {
        let reason = format!("{} labels for {} inputs, expected one for each", labels.len(), tensors.len());
        return Err(Error::input(path, reason));
    }
    let several = tensors.len() > 1;
    for (i, tensor) in tensors.into_iter().enumerate() {
        if let Some(at) = tensor.data().iter().position(|x| !x.is_finite()) {
            return Err(Error::input(path, format!("element {at} of input {i} is {}", tensor.data()[at])));
        }
        let name = if several { format!("{}-{i}", stem(path)) } else { stem(path) };
        samples.push(Sample { name, path: path.to_owned(), tensor, label: labels.get(i).copied() });
    }
    Ok(())
}

impl Found {
    fn unlabelled(tensors: Vec<Tensor>) -> Self {
        Self { tensors, labels: vec![] }
    }
}

/// The inputs in an array of these extents: one of the model's shape, or several along the first axis. Axes of one element don't
/// count, and an input may be flat.
fn fit(dims: &[usize], data: Vec<f64>, shape: &Shape) -> Result<Vec<Tensor>, String> {
    let real = |dims: &[usize]| dims.iter().copied().filter(|n| *n != 1).collect::<Vec<_>>();
    let same = |dims: &[usize]| real(dims) == real(shape.dims()) || real(dims) == real(&[shape.len()]);
    let several = dims.split_first().is_some_and(|(_, rest)| same(rest));
    if data.is_empty() || !(same(dims) || several) {
        let found = Shape::new(dims.to_vec());
        return Err(format!("it has shape {found}, the model takes {shape}, or several of them along a first axis"));
    }
    let inputs = data.chunks(shape.len()).map(|input| Tensor::new(shape.clone(), input.to_vec()));
    inputs.collect::<Result<_, _>>().map_err(|e| e.to_string())
}

/// A label: a whole number from zero.
fn label(x: f64) -> Result<usize, String> {
    if x >= 0.0 && x.fract() == 0.0 && x < 1e9 {
        Ok(x as usize)
    } else {
        Err(format!("a label is {x}, expected the number of a class, from 0"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_one_or_several_and_never_guessed() {
        let shape = Shape::new([1, 2, 3]);
        let count = |dims: &[usize]| fit(dims, vec![0.0; dims.iter().product()], &shape).map(|t| t.len());
        for one in [&[1, 2, 3][..], &[2, 3], &[6], &[1, 6], &[1, 1, 2, 3]] {
            assert_eq!(count(one), Ok(1), "{one:?}");
        }
        for five in [&[5, 1, 2, 3][..], &[5, 2, 3], &[5, 6]] {
            assert_eq!(count(five), Ok(5), "{five:?}");
        }
        for wrong in [&[3, 2][..], &[7], &[5, 3, 2], &[0, 6], &[]] {
            let error = count(wrong).unwrap_err();
            assert!(error.contains("the model takes [1, 2, 3]"), "{error}");
        }
    }

    #[test]
    fn labels_are_numbers_of_classes() {
        assert_eq!((label(3.0), label(0.0)), (Ok(3), Ok(0)));
        for wrong in [-1.0, 0.5, f64::NAN, 1e30] {
            assert!(label(wrong).unwrap_err().contains("expected the number of a class"));
        }
    }
}
