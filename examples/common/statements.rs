//! The statements of a bounty on images, for the budget and the benchmark.

use std::error::Error;

use zkml::{
    bounty::{
        accuracy::Accuracy,
        cid::Form,
        compose::Composed,
        data::Data,
        dataset::{Dataset, Layout, Sample},
        delivery::Delivery,
        format::{Format, PgmHeader},
    },
    prelude::*,
    prove::Fr,
};

/// A model's dataset and weights as circuits.
pub struct Statements {
    /// The files with these CIDs are the samples: one file a proof.
    pub data: Composed<Data>,
    /// The model answers so many of a chunk's samples correctly.
    pub accuracy: Composed<Accuracy>,
    /// The ciphertext holds its weights.
    pub delivery: Composed<Delivery>,
    /// The samples, with the classes that the model gives as labels, but for every fifth.
    pub dataset: Dataset,
    /// Their files.
    pub files: Vec<Vec<u8>>,
}

/// The statements about a model of square grey images, quantised for committed weights, with as many samples a chunk as images.
pub fn of(quantized: &Quantized, images: &[Tensor]) -> Result<Statements, Box<dyn Error>> {
    let shape = quantized.graph().shape(quantized.graph().input()).clone();
    let classes = quantized.graph().classes().ok_or("the model answers no class")?;
    let size = shape.dims().last().copied().unwrap_or_default();
    let format = Format::PgmP5 { header: PgmHeader::new(size, size)? };
    let layout = Layout::new(shape, classes, images.len(), 1)?;
    let samples = images
        .iter()
        .enumerate()
        .map(|(i, image)| {
            let class = quantized.forward(image)?.class.unwrap_or_default();
            let label = if i % 5 == 4 { (class + 1) % classes } else { class };
            Ok(Sample { pixels: image.data().iter().map(|p| *p as u8).collect(), label })
        })
        .collect::<Result<Vec<Sample>, Box<dyn Error>>>()?;
    let files = samples.iter().map(|sample| [format.header(), &sample.pixels].concat()).collect();
    let accuracy = Accuracy::new(quantized, layout.clone())?;
    let delivery = Delivery::new(accuracy.model())?;
    Ok(Statements {
        data: Composed::new(Data::new(format, Form::Raw, layout.clone())?)?,
        accuracy: Composed::new(accuracy)?,
        delivery: Composed::new(delivery)?,
        dataset: Dataset::new(layout, Fr::from(u128::MAX), samples)?,
        files,
    })
}
