//! Lowering of norms, and of factors and offsets one a channel.

use burn::backend::capture::TensorId;
use zkml_core::tensor::Tensor;
use zkml_import::{
    builder::Value,
    error::ImportError,
    ops::{self, Op},
};

use super::{Lowering, sample};
use crate::{
    patterns::{Affine, Norm},
    primitive::Operation,
};

/// What Keras, PyTorch and Burn add to a variance where nobody says otherwise.
const EPSILON: f64 = 1e-5;

impl Lowering<'_> {
    /// `scale * x + offset`: a batch norm of known statistics where there is one of each a channel.
    pub(super) fn affine(&mut self, affine: &Affine) -> Result<Value, ImportError> {
        let Affine { x, scale, offset, path, trained } = affine;
        let (x, path) = (*x, path.as_deref());
        let dims = self.dims(x);
        let name = self.module_of(path.unwrap_or_default());
        let fill = |value: f64| Tensor::from_fn(vec![1; dims.len()].as_slice(), |_| value);
        let by_channel = |t: &Tensor| t.shape().dims().iter().enumerate().all(|(axis, d)| axis == 1 || *d == 1);
        if matches!(dims.as_slice(), [1, _, ..]) && scale.iter().chain(offset).all(by_channel) {
            let x = self.shaped(x, &dims[1..])?;
            let (scale, offset) = (scale.clone().unwrap_or(fill(1.0)), offset.clone().unwrap_or(fill(0.0)));
            return self.by_channel(&x, dims[1], &scale, &offset, &name);
        }
        let one = dims.len() - sample(&dims).len();
        let both = scale.is_some() && offset.is_some();
        let mut y = self.value(x)?;
        for (by, constant, what) in [(ops::Binary::Mul, scale, "factor"), (ops::Binary::Add, offset, "offset")] {
            let Some(constant) = constant else { continue };
            let shape = constant.shape().dims()[one..].to_vec();
            let make = if *trained { Value::weight } else { Value::constant };
            let constant = constant.clone().reshape(shape.as_slice());
            let constant = make(constant.map_err(|error| self.malformed(&error.to_string()))?);
            let operand = match path {
                Some(path) if both => self.parameter(&constant, &format!("{path}_{what}"))?,
                Some(path) => self.parameter(&constant, path)?,
                None => constant,
            };
            y = self.push(&Op::Binary(by), &[y, operand], "")?;
        }
        Ok(y)
    }

    fn by_channel(
        &mut self,
        x: &Value,
        channels: usize,
        scale: &Tensor,
        offset: &Tensor,
        name: &str,
    ) -> Result<Value, ImportError> {
        let vector = |t: &Tensor| Tensor::from_fn([channels], |c| t.data()[if t.len() == 1 { 0 } else { c }]);
        let same = |value: f64| Tensor::from_fn([channels], |_| value);
        let params = [vector(scale), vector(offset), same(0.0), same(1.0 - EPSILON)];
        let inputs: Vec<Value> = std::iter::once(x.clone()).chain(params.map(Value::constant)).collect();
        self.push(&Op::BatchNorm { epsilon: EPSILON }, &inputs, name)
    }

    pub(super) fn norm(&mut self, operation: &Operation, norm: &Norm) -> Result<Value, ImportError> {
        let dims = self.dims(norm.x);
        let batch_axes = dims.len() - sample(&dims).len();
        let axes: Vec<usize> = norm.axes.iter().filter_map(|a| a.checked_sub(batch_axes)).collect();
        let rank = dims.len() - batch_axes;
        if axes.is_empty() || axes.iter().enumerate().any(|(i, a)| *a != rank - axes.len() + i) {
            return Err(self.unsupported(operation, "norm", "a norm over the last axes"));
        }
        let name = norm.gamma.or(norm.beta).map(|id| self.module(id)).unwrap_or_default();
        let x = self.value(norm.x)?;
        let extents: Vec<usize> = axes.iter().map(|a| dims[a + batch_axes]).collect();
        let count: usize = extents.iter().product();
        // The factors as they are needed: along the normed axes, or one a channel.
        let constant = |id: Option<TensorId>, neutral: f64| {
            id.and_then(|id| self.flow.constant(id)).cloned().unwrap_or(Tensor::vector(vec![neutral]))
        };
        let (gamma, beta) = (constant(norm.gamma, 1.0), constant(norm.beta, 0.0));
        let trails = |t: &Tensor| {
            let d = t.shape().dims();
            t.len() == 1 || t.len() == count && d[d.len() - axes.len().min(d.len())..] == extents
        };
        let full = |t: &Tensor, n: usize| {
            Value::constant(Tensor::from_fn([n], |i| t.data()[if t.len() == 1 { 0 } else { i }]))
        };
        let channelled = norm.centred && rank == 2 && axes == [1];
        let channels = dims[batch_axes];
        // Factors that are all the same take either form; that with fewer of them is cheaper.
        let fewer = gamma.len() == 1 && beta.len() == 1 && channels < count;
        if channelled && (fewer || !(trails(&gamma) && trails(&beta))) {
            if [&gamma, &beta].iter().all(|t| t.len() == 1 || t.len() == channels) {
                let inputs = [x, full(&gamma, channels), full(&beta, channels)];
                return self.push(&Op::InstanceNorm { epsilon: norm.epsilon }, &inputs, &name);
            }
            let ones = Tensor::vector(vec![1.0]);
            let zeros = Tensor::vector(vec![0.0]);
            let inputs = [x, full(&ones, channels), full(&zeros, channels)];
            let y = self.push(&Op::InstanceNorm { epsilon: norm.epsilon }, &inputs, "")?;
            return self.scaled_groups(operation, &y, &gamma, &beta, &name);
        }
        if !trails(&gamma) || !trails(&beta) {
            return Err(self.unsupported(operation, "norm", "factors along the normed axes, or one a channel"));
        }
        let inputs = [x, full(&gamma, count), full(&beta, count)];
        if norm.centred {
            self.push(&Op::LayerNorm { axes, epsilon: norm.epsilon }, &inputs, &name)
        } else {
            let y = self.push(&Op::RmsNorm { axes, epsilon: norm.epsilon }, &inputs[..2], &name)?;
            let trained = norm.beta.and_then(|id| self.flow.constants.get(&id)).is_some_and(|c| c.trained);
            let beta = if trained { Value::weight(beta) } else { Value::constant(beta) };
            if norm.beta.is_none() { Ok(y) } else { self.push(&Op::Binary(ops::Binary::Add), &[y, beta], "") }
        }
    }

    /// A group norm's factors: one a channel of the result.
    fn scaled_groups(
        &mut self,
        operation: &Operation,
        y: &Value,
        gamma: &Tensor,
        beta: &Tensor,
        name: &str,
    ) -> Result<Value, ImportError> {
        let [1, channels, ..] = operation.shape.as_slice() else {
            return Err(self.unsupported(operation, "group norm", "one input at a time"));
        };
        if [gamma, beta].iter().any(|t| t.len() != 1 && t.len() != *channels) {
            return Err(self.unsupported(operation, "group norm", "one factor a channel"));
        }
        let y = self.reshaped(y, &operation.shape[1..])?;
        self.by_channel(&y, *channels, gamma, beta, name)
    }
}
