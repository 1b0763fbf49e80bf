//! Activations, each recognised however Burn writes it out.

use burn::tensor::{Tensor, activation as a};

use crate::support::{Bare, agree, layers};

/// The function on a vector of twelve, and the layers that it becomes.
fn one(f: impl Fn(Tensor<2>) -> Tensor<2>, expected: &[&str]) {
    let import = agree(Bare {}, [1, 12], |_, x| f(x));
    assert_eq!(layers(&import), expected, "{}", import.graph);
}

#[test]
fn piecewise() {
    one(a::relu, &["relu"]);
    one(|x| x.clamp_min(0.0), &["relu"]);
    one(a::relu6, &["relu6"]);
    one(|x| a::leaky_relu(x, 0.1), &["leaky_relu"]);
    one(|x| a::hardtanh(x, -1.0, 1.0), &["hard_tanh"]);
    one(|x| x.clamp(-0.5, 0.75), &["clip"]);
    one(|x| a::hard_sigmoid(x, 0.2, 0.5), &["hard_sigmoid"]);
    one(a::hard_swish, &["hard_swish"]);
    one(|x| a::thresholded_relu(x, 0.5), &["thresholded_relu"]);
    one(Tensor::abs, &["abs"]);
    one(Tensor::sign, &["sign"]);
}

#[test]
fn smooth() {
    one(a::sigmoid, &["sigmoid"]);
    one(Tensor::tanh, &["tanh"]);
    one(a::gelu, &["gelu"]);
    one(a::gelu_approximate, &["gelu"]);
    one(a::silu, &["silu"]);
    one(|x| a::softplus(x, 1.0), &["softplus"]);
    one(|x| a::softplus(x, 2.0), &["scale", "softplus", "scale"]);
    one(a::mish, &["mish"]);
    one(|x| a::elu(x, 0.7), &["elu"]);
    one(|x| a::celu(x, 0.7), &["celu"]);
    one(a::selu, &["selu"]);
    one(a::softsign, &["softsign"]);
    one(a::log_sigmoid, &["scale", "softplus", "scale"]);
    one(|x| a::softmax(x, 1), &["softmax"]);
    one(|x| a::log_softmax(x, 1), &["log_softmax"]);
    one(|x| a::softmin(x, 1), &["scale", "softmax"]);
}

#[test]
fn written_by_hand() {
    let root = std::f64::consts::SQRT_2;
    one(|x| x.clone() * 0.5 * ((x / root).erf() + 1.0), &["gelu"]);
    one(|x| (x.clone() * ((x / root).erf() + 1.0)) * 0.5, &["gelu"]);
    one(|x| ((x.clone() * std::f64::consts::FRAC_1_SQRT_2).erf() * 0.5 + 0.5) * x, &["gelu"]);
    one(|x| (x.neg().exp() + 1.0).recip(), &["sigmoid"]);
    one(|x| x.clone() / (x.neg().exp() + 1.0), &["silu"]);
    one(|x| x.clone() * a::sigmoid(x * 1.702), &["scale", "silu", "scale"]);
    one(|x| (x.exp() + 1.0).log(), &["softplus"]);
    one(
        |x| {
            let e = (x.clone() - x.max_dim(1)).exp();
            e.clone() / e.sum_dim(1)
        },
        &["softmax"],
    );
}

#[test]
fn scalars() {
    one(|x| x * 3.0, &["scale"]);
    one(|x| x / 16.0 - 0.5, &["scale", "offset"]);
    one(|x| -x + 1.0, &["scale", "offset"]);
    one(|x| x.clone() * x, &["square"]);
    one(|x| x.powi_scalar(3), &["pow"]);
    one(|x| (x + 3.0).sqrt(), &["offset", "sqrt"]);
    one(|x| (x + 3.0).log(), &["offset", "log"]);
    one(|x| (x + 3.0).recip(), &["offset", "reciprocal"]);
}

#[test]
fn of_two() {
    one(|x| x.clone().max_pair(x * 0.3), &["scale", "maximum"]);
    one(|x| x.clone().min_pair(x * 0.3), &["scale", "minimum"]);
    one(|x| x.clone().mask_where(x.clone().greater_elem(0.5), x * 0.25), &["parameter", "greater", "scale", "select"]);
}
