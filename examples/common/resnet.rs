//! ResNet-18 for images of 32x32: a stem of 3x3 without a pool, four stages of two blocks, a mean and a dense layer.

use std::error::Error;

use zkml::{
    prelude::*,
    rand::{SeedableRng, rngs::StdRng},
    shape::Shape,
};

use super::data;

/// 11,183,562 parameters, running statistics among them, and 556 million multiplications.
///
/// Source: He, Zhang, Ren and Sun, "Deep residual learning for image recognition" (2015), as it is used for CIFAR-10.
#[zk_model(range = 0..=255, name = "Resnet18")]
pub fn resnet18_cifar10(image: Tensor<3, 32, 32>) -> Class<10> {
    let x = scale(image, 0.00392156862745098);
    let x = relu(batch_norm(conv2d(x, 64, kernel = 3, padding = same, bias = false)));

    let y = relu(batch_norm(conv2d(x, 64, kernel = 3, padding = same, bias = false)));
    let x = relu(add(x, batch_norm(conv2d(y, 64, kernel = 3, padding = same, bias = false))));
    let y = relu(batch_norm(conv2d(x, 64, kernel = 3, padding = same, bias = false)));
    let x = relu(add(x, batch_norm(conv2d(y, 64, kernel = 3, padding = same, bias = false))));

    let y = relu(batch_norm(conv2d(x, 128, kernel = 3, stride = 2, padding = [1, 1, 1, 1], bias = false)));
    let y = batch_norm(conv2d(y, 128, kernel = 3, padding = same, bias = false));
    let x = relu(add(batch_norm(conv2d(x, 128, kernel = 1, stride = 2, bias = false)), y));
    let y = relu(batch_norm(conv2d(x, 128, kernel = 3, padding = same, bias = false)));
    let x = relu(add(x, batch_norm(conv2d(y, 128, kernel = 3, padding = same, bias = false))));

    let y = relu(batch_norm(conv2d(x, 256, kernel = 3, stride = 2, padding = [1, 1, 1, 1], bias = false)));
    let y = batch_norm(conv2d(y, 256, kernel = 3, padding = same, bias = false));
    let x = relu(add(batch_norm(conv2d(x, 256, kernel = 1, stride = 2, bias = false)), y));
    let y = relu(batch_norm(conv2d(x, 256, kernel = 3, padding = same, bias = false)));
    let x = relu(add(x, batch_norm(conv2d(y, 256, kernel = 3, padding = same, bias = false))));

    let y = relu(batch_norm(conv2d(x, 512, kernel = 3, stride = 2, padding = [1, 1, 1, 1], bias = false)));
    let y = batch_norm(conv2d(y, 512, kernel = 3, padding = same, bias = false));
    let x = relu(add(batch_norm(conv2d(x, 512, kernel = 1, stride = 2, bias = false)), y));
    let y = relu(batch_norm(conv2d(x, 512, kernel = 3, padding = same, bias = false)));
    let x = relu(add(x, batch_norm(conv2d(y, 512, kernel = 3, padding = same, bias = false))));

    argmax(dense(global_avg_pool2d(x), 10))
}

/// The network with seeded weights.
///
/// # Errors
/// Never.
pub fn seeded() -> Result<Model, Box<dyn Error>> {
    Ok(Resnet18::init(&mut StdRng::seed_from_u64(7))?.into())
}

/// Seeded pictures of three channels.
pub fn images(count: usize) -> Vec<Tensor> {
    let channels = data::blobs(3 * count, 32);
    let image = |channels: &[Tensor]| Tensor::from_fn(Shape::new([3, 32, 32]), |i| channels[i / 1024].data()[i % 1024]);
    channels.chunks(3).map(image).collect()
}
