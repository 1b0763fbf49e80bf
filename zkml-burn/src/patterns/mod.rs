//! Pattern matching: activations, norms and dense layers that Burn records as several primitive operations.
//!
//! Scalar factors and offsets are gathered before anything is compared, so that the order in which they were written
//! does not matter.

mod activations;
mod linear;
mod norms;

use burn::backend::capture::TensorId;
use zkml_core::tensor::Tensor;
use zkml_import::ops::{PadMode, Unary as Function};

use crate::{
    dataflow::Dataflow,
    primitive::{Binary, Operation, Primitive, Unary, Windows},
};

/// A pattern of operations that computes what one layer does; its last operation stands for it.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// The operation alone.
    Primitive,
    /// `factor * by(inner * x)`, element by element.
    Activation { x: TensorId, inner: f64, by: Function, factor: f64 },
    /// The element-wise maximum of two tensors.
    Maximum(TensorId, TensorId),
    /// The element-wise minimum of two tensors.
    Minimum(TensorId, TensorId),
    /// `exp(x_i) / sum_j exp(x_j)` along an axis.
    Softmax { x: TensorId, axis: usize },
    /// Max pooling whose border was filled with minus infinity by an operation of its own.
    MaxPool { x: TensorId, windows: Windows },
    /// `x weight + bias`.
    Dense { x: TensorId, weight: TensorId, bias: TensorId },
    /// `scale * x + offset`, both of them constants that broadcast to `x`, at least one of them not one number.
    Affine(Affine),
    /// `gamma * (x - mean) / sqrt(variance + epsilon) + beta` over axes, or the same without the mean.
    Norm(Norm),
}

/// An affine map: factors and offsets, gathered from several operations.
#[derive(Clone, Debug, PartialEq)]
pub struct Affine {
    /// What they are applied to.
    pub x: TensorId,
    /// The factors, if there are any.
    pub scale: Option<Tensor>,
    /// The offsets, if there are any.
    pub offset: Option<Tensor>,
    /// The module path of the first weight among them.
    pub path: Option<String>,
    /// Whether there is a weight among them.
    pub trained: bool,
}

/// A norm that is written out.
#[derive(Clone, Debug, PartialEq)]
pub struct Norm {
    /// What is normed.
    pub x: TensorId,
    /// The axes that are averaged.
    pub axes: Vec<usize>,
    /// What is added to the variance.
    pub epsilon: f64,
    /// Whether the mean is taken away.
    pub centred: bool,
    /// The factor, if there is one.
    pub gamma: Option<TensorId>,
    /// The offset, if there is one.
    pub beta: Option<TensorId>,
}

impl Pattern {
    /// What it takes, `operation` being its last operation.
    pub fn inputs(&self, operation: &Operation) -> Vec<TensorId> {
        match self {
            Self::Primitive => operation.inputs.clone(),
            Self::Activation { x, .. } | Self::Softmax { x, .. } | Self::MaxPool { x, .. } => vec![*x],
            Self::Affine(affine) => vec![affine.x],
            Self::Maximum(a, b) | Self::Minimum(a, b) => vec![*a, *b],
            Self::Dense { x, weight, bias } => vec![*x, *weight, *bias],
            Self::Norm(norm) => [norm.x].into_iter().chain(norm.gamma).chain(norm.beta).collect(),
        }
    }
}

impl Dataflow<'_> {
    /// The pattern that ends in an operation.
    pub fn pattern(&self, operation: &Operation) -> Pattern {
        let found = match &operation.primitive {
            Primitive::Binary(Binary::Mul | Binary::Div | Binary::Add | Binary::Sub) | Primitive::Scalar(..) => self
                .gated_activation(operation)
                .or_else(|| self.quotient_activation(operation))
                .or_else(|| self.norm(operation))
                .or_else(|| self.dense(operation))
                .or_else(|| self.affine_chain(operation)),
            Primitive::Unary(Unary::Recip) => self.sigmoid(operation.inputs[0], 1.0),
            Primitive::Unary(Unary::Log1p | Unary::Log) => self.softplus(operation),
            Primitive::MaskWhere => self.where_activation(operation),
            Primitive::MaskFill(value) => self.thresholded_relu(operation, *value),
            Primitive::MaxPool(windows) => self.padded_max_pool(operation, windows),
            _ => None,
        };
        found.unwrap_or(Pattern::Primitive)
    }

    /// Max pooling whose padding was added by an operation of its own.
    fn padded_max_pool(&self, operation: &Operation, windows: &Windows) -> Option<Pattern> {
        let pad = self.operation(operation.inputs[0])?;
        let Primitive::Pad { by, with: PadMode::Constant(f64::NEG_INFINITY) } = &pad.primitive else { return None };
        let whole = windows.padding.iter().all(|p| *p == (0, 0)) && by[..2] == [(0, 0); 2];
        let windows = Windows { padding: by[2..].to_vec(), ..windows.clone() };
        whole.then(|| Pattern::MaxPool { x: pad.inputs[0], windows })
    }
}
