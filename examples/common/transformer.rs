//! A transformer: two layers before whose parts values are normalised, four heads, and no position that sees a later one.

use std::error::Error;

use zkml::{
    model::Weights,
    prelude::*,
    rand::{SeedableRng, rngs::StdRng},
};

/// Tokens of an input.
pub const TOKENS: usize = 16;

/// What is added to the score of a later token: its part of the softmax is below `2^-20`, for scores up to 2.
pub const HIDDEN: f64 = -16.0;

/// The scores of the token that follows sixteen embedded ones: width 64, feed-forward width 256, no biases.
#[zk_model(range = -1.0..=1.0)]
pub fn transformer_nano(tokens: Tensor<16, 64>) -> Tensor<65> {
    let mask = parameter(shape = [16, 16]);
    let x = layer_norm(tokens);
    let q = permute(reshape(dense(x, 64, bias = false), [16, 4, 16]), [1, 0, 2]);
    let k = permute(reshape(dense(x, 64, bias = false), [16, 4, 16]), [1, 2, 0]);
    let v = permute(reshape(dense(x, 64, bias = false), [16, 4, 16]), [1, 0, 2]);
    let seen = matmul(softmax(add(scale(matmul(q, k), 0.25), mask)), v);
    let merged = reshape(permute(seen, [1, 0, 2]), [16, 64]);
    let y = add(tokens, dense(merged, 64, bias = false));
    let hidden = gelu(dense(layer_norm(y), 256, bias = false));
    let y = add(y, dense(hidden, 64, bias = false));
    let x = layer_norm(y);
    let q = permute(reshape(dense(x, 64, bias = false), [16, 4, 16]), [1, 0, 2]);
    let k = permute(reshape(dense(x, 64, bias = false), [16, 4, 16]), [1, 2, 0]);
    let v = permute(reshape(dense(x, 64, bias = false), [16, 4, 16]), [1, 0, 2]);
    let seen = matmul(softmax(add(scale(matmul(q, k), 0.25), mask)), v);
    let merged = reshape(permute(seen, [1, 0, 2]), [16, 64]);
    let z = add(y, dense(merged, 64, bias = false));
    let hidden = gelu(dense(layer_norm(z), 256, bias = false));
    let z = add(z, dense(hidden, 64, bias = false));
    let last = flatten(slice(layer_norm(z), axis = 0, start = 15));
    dense(last, 65, bias = false)
}

/// The transformer with seeded weights and a causal mask.
///
/// # Errors
/// Never.
pub fn seeded() -> Result<Model, Box<dyn Error>> {
    let model: Model = TransformerNano::init(&mut StdRng::seed_from_u64(7))?.into();
    let mut weights = Weights::new();
    for (name, tensor) in model.weights().iter() {
        let causal = |i: usize| if i % TOKENS > i / TOKENS { HIDDEN } else { 0.0 };
        let mask = name == "mask.value";
        let value = if mask { Tensor::from_fn(tensor.shape().clone(), causal) } else { tensor.clone() };
        weights.insert(name, value);
    }
    Ok(Model::new(model.graph().clone(), model.visibility(), weights)?)
}
