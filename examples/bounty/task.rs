//! What the bounty is about: images with labels for the host, and a trained network for the hunter.

use std::{error::Error, path::Path};

use zkml::{
    bounty::{Labelled, dataset::Layout, format::Format},
    prelude::*,
    rand::{SeedableRng, rngs::StdRng},
};

use crate::common::data;

/// A network for 8x8 grey images, whose weights are public only as a commitment. It takes any byte: no data can stop a
/// proof.
#[zk_model(weights = committed, input = private, output = private, range = 0..=255)]
fn digits(image: Tensor<1, 8, 8>) -> Class<10> {
    let stem = conv2d(image, filters = 8, kernel = 3);
    let hidden = dense(flatten(max_pool2d(relu(stem), 2)), 32);
    let scores = dense(relu(hidden), 10);
    argmax(scores)
}

/// Data, a plan, and a model.
pub struct Task {
    /// What it is about, in words.
    pub name: &'static str,
    /// The host's: the graph, and integers that are wide enough for weights that nobody has trained yet.
    pub plan: Quantized,
    /// The host's: images that the hunter has never seen, as many as fill two chunks.
    pub samples: Vec<Labelled>,
    /// How they are put together.
    pub layout: Layout,
    /// How the bytes of a file are pixels.
    pub format: Format,
    /// The hunter's: trained weights.
    pub weights: Weights,
}

/// Real images, where they are, and the reader of trained networks is compiled in; the digits that ship otherwise.
pub fn find() -> Result<Task, Box<dyn Error>> {
    #[cfg(feature = "onnx")]
    if let Some(data) = mnist::folder() {
        return mnist::task(&data);
    }
    shipped()
}

/// The digits that ship with the project.
fn shipped() -> Result<Task, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("digits");
    let (train, test) = data::digits(&folder)?;
    let layout = Layout::new([1, 8, 8].into(), 10, 2, 4)?;
    let trained: Model = Digits::load(folder.join("digits.safetensors"))?.into();
    // The host has no trained weights. It plans for random ones of the same network, and three bits more.
    let images: Vec<Tensor> = train.into_iter().take(100).map(|(image, _)| image).collect();
    let untrained: Model = Digits::init(&mut StdRng::seed_from_u64(1))?.into();
    let narrow = untrained.quantize(&images, Target::default())?;
    let plan = Quantized::new(&untrained, narrow.plan().widened(3))?;
    let bytes = |image: &Tensor| image.data().iter().map(|pixel| *pixel as u8).collect();
    let samples = test.iter().take(2 * layout.samples());
    Ok(Task {
        name: "handwritten digits of 8x8 pixels (UCI)",
        plan,
        samples: samples.map(|(image, label)| Labelled { file: bytes(image), label: *label }).collect(),
        format: Format::RawU8 { shape: [1, 8, 8].into() },
        layout,
        weights: trained.weights().clone(),
    })
}

/// Images of MNIST, and `poly_cnn` trained on others of them: in `../shared/data`, or where `ZKML_DATA` says.
#[cfg(feature = "onnx")]
mod mnist {
    use std::path::PathBuf;

    use zkml::{bounty::format::PgmHeader, onnx};

    use super::*;

    /// A network without any comparison before the last layer: as the trained one, for bytes.
    #[zk_model(weights = committed, input = private, output = private, range = 0..=255)]
    fn poly_cnn(image: Tensor<1, 28, 28>) -> Class<10> {
        let x = scale(image, 0.00392156862745098);
        let x = avg_pool2d(poly(batch_norm(batch_norm(conv2d(x, filters = 4, kernel = 3)))), 2);
        let x = avg_pool2d(poly(batch_norm(batch_norm(conv2d(x, filters = 16, kernel = 3)))), 2);
        argmax(dense(global_avg_pool2d(x), 10))
    }

    /// The first image that the network was not trained on.
    const TEST: usize = 800;

    pub fn folder() -> Option<PathBuf> {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let data = std::env::var_os("ZKML_DATA").map_or_else(|| project.join("../shared/data"), PathBuf::from);
        (data.join("mnist/labels.json").exists() && data.join("trained/poly_cnn.onnx").exists()).then_some(data)
    }

    pub fn task(data: &Path) -> Result<Task, Box<dyn Error>> {
        let layout = Layout::new([1, 28, 28].into(), 10, 2, 1)?;
        let format = Format::PgmP5 { header: PgmHeader::new(28, 28)? };
        let labels: Vec<usize> = serde_json::from_slice(&std::fs::read(data.join("mnist/labels.json"))?)?;
        let read = |n: usize| -> Result<Labelled, Box<dyn Error>> {
            let file = std::fs::read(data.join(format!("mnist/pgm/{n}.pgm")))?;
            Ok(Labelled { file, label: *labels.get(n).ok_or("an image has no label")? })
        };
        let tensor = |n: usize| -> Result<Tensor, Box<dyn Error>> {
            let file = read(n)?.file;
            let pixels = format.eval(&file)?;
            Ok(Tensor::from_fn([1, 28, 28], |i| f64::from(pixels[i])))
        };
        let images = (0..100).map(tensor).collect::<Result<Vec<_>, _>>()?;
        let untrained: Model = PolyCnn::init(&mut StdRng::seed_from_u64(1))?.into();
        let narrow = untrained.quantize(&images, Target::default())?;
        let plan = Quantized::new(&untrained, narrow.plan().widened(12))?;
        // The same layers under other names.
        let trained = onnx::load(data.join("trained/poly_cnn.onnx"))?;
        let mut weights = Weights::new();
        for ((name, param), (other, _)) in untrained.graph().all_params().into_iter().zip(trained.graph().all_params())
        {
            let values = trained.weights().get(&other).ok_or("the file lacks weights")?;
            if *values.shape() != param.shape {
                return Err(
                    format!("found {other} of shape {}, expected {name} of {}", values.shape(), param.shape).into()
                );
            }
            weights.insert(name, values.clone());
        }
        Ok(Task {
            name: "MNIST images of 28x28 pixels",
            plan,
            samples: (TEST..TEST + 2 * layout.samples()).map(read).collect::<Result<_, _>>()?,
            format,
            layout,
            weights,
        })
    }
}
