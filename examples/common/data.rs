//! The digits that ship with the project.

use std::{error::Error, path::Path};

use zkml::{shape::Shape, tensor::Tensor};

/// An image and its label.
pub type Labelled = (Tensor, usize);

/// The rows that the network was trained on; the rest is the test set (see `examples/digits/README.md`).
const TRAINED: usize = 1200;

/// Training and test digits: 8x8, values 0 to 16.
pub fn digits(folder: &Path) -> Result<(Vec<Labelled>, Vec<Labelled>), Box<dyn Error>> {
    let path = folder.join("digits-uci.csv");
    let text = std::fs::read_to_string(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    let mut rows = text
        .lines()
        .enumerate()
        .map(|(n, line)| {
            let row = line.split(',').map(str::parse).collect::<Result<Vec<u8>, _>>()?;
            let (label, pixels) = row.split_last().ok_or_else(|| format!("line {}: empty", n + 1))?;
            Ok((Tensor::of([1, 8, 8], pixels)?, usize::from(*label)))
        })
        .collect::<Result<Vec<Labelled>, Box<dyn Error>>>()?;
    let test = rows.split_off(TRAINED.min(rows.len()));
    Ok((rows, test))
}

/// Smooth blobs on a dark ground, 0 to 255: seeded stand-ins for images, the same on every machine.
pub fn blobs(count: usize, size: usize) -> Vec<Tensor> {
    use zkml::rand::{Rng, SeedableRng, rngs::StdRng};
    let mut rng = StdRng::seed_from_u64(20);
    (0..count)
        .map(|_| {
            let strokes: Vec<[f64; 4]> = (0..4)
                .map(|_| {
                    let mut place = || rng.gen_range(0.2..0.8) * size as f64;
                    [place(), place(), size as f64 * 0.07, 255.0]
                })
                .collect();
            Tensor::from_fn([1, size, size], |i| {
                let (y, x) = ((i / size) as f64, (i % size) as f64);
                let light = strokes
                    .iter()
                    .map(|[cy, cx, w, h]| h * (-((y - cy).powi(2) + (x - cx).powi(2)) / (2.0 * w * w)).exp());
                light.fold(0.0, f64::max).round()
            })
        })
        .collect()
}

/// Values from -1 to 1, seeded: activations inside of a network have no picture.
pub fn noise(shape: &Shape, count: usize) -> Vec<Tensor> {
    use zkml::rand::{Rng, SeedableRng, rngs::StdRng};
    let mut rng = StdRng::seed_from_u64(21);
    (0..count).map(|_| Tensor::from_fn(shape.clone(), |_| rng.gen_range(-1.0..=1.0))).collect()
}
