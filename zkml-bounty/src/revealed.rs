//! Data of a bounty: files with labels, what of them is on the chain, and how a model does on them.

use alloy::primitives::U256;
use zkml_core::{
    bounty::{
        cid::FileCid,
        compose::StatementError,
        dataset::{Chunk, Dataset, Sample},
    },
    error::InputError,
    plan::Quantized,
    prove::Fr,
    tensor::Tensor,
};

use crate::{error::Error, package::Package};

/// A labelled file of the dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// Its bytes.
    pub file: Vec<u8>,
    /// Its class.
    pub label: usize,
}

/// The dataset of these files, in their order, under a salt; and the files.
pub(crate) fn dataset(package: &Package, salt: Fr, samples: Vec<Labelled>) -> Result<(Dataset, Vec<Vec<u8>>), Error> {
    let format = package.statements().data().composition().format();
    let (mut files, mut pixels) = (vec![], vec![]);
    for (index, Labelled { file, label }) in samples.into_iter().enumerate() {
        let read = format.eval(&file).map_err(|error| StatementError::Format { index, error })?;
        pixels.push(Sample { pixels: read.to_vec(), label });
        files.push(file);
    }
    Ok((Dataset::new(package.statements().layout().clone(), salt, pixels)?, files))
}

/// The files of a group that the contract took, and their labels: of each, two halves of a digest and a label.
pub(crate) fn named(package: &Package, items: &[U256]) -> Result<Vec<(FileCid, usize)>, Error> {
    let nonsense = || Error::Contract {
        found: "data that are no files".to_owned(),
        expected: "two halves of a digest and a label each".to_owned(),
    };
    let form = package.statements().data().composition().form();
    let half = |x: &U256| u128::try_from(*x).map(u128::to_be_bytes).map_err(|_| nonsense());
    let mut named = vec![];
    for item in items.chunks(3) {
        let [hi, lo, label] = item else { return Err(nonsense()) };
        let mut digest = [0; 32];
        digest[..16].copy_from_slice(&half(hi)?);
        digest[16..].copy_from_slice(&half(lo)?);
        let cid = FileCid::of_digest(form, &digest).map_err(StatementError::from)?;
        named.push((cid, usize::try_from(*label).map_err(|_| nonsense())?));
    }
    Ok(named)
}

/// A model's correct answers in a chunk.
pub(crate) fn count(quantized: &Quantized, chunk: &Chunk<'_>) -> Result<u32, Error> {
    let graph = quantized.graph();
    let shape = graph.shape(graph.input());
    let mut correct = 0;
    for sample in chunk.samples {
        let pixel = |i: usize| sample.pixels.get(i).copied().map_or(0.0, f64::from);
        let answer = quantized.forward(&Tensor::from_fn(shape.clone(), pixel)).map_err(refused)?;
        correct += u32::from(answer.class == Some(sample.label));
    }
    Ok(correct)
}

/// An input that the model does not take.
fn refused(error: InputError) -> Error {
    StatementError::Model {
        found: format!("refuses a sample: {error}"),
        expected: "one that takes all pixels".to_owned(),
    }
    .into()
}
