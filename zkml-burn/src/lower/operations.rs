//! Lowering of one recorded operation, or of the pattern that it ends, to operators of the table.

use burn::backend::capture::TensorId;
use zkml_core::tensor::Tensor;
use zkml_import::{
    builder::Value,
    constants::transposed,
    error::ImportError,
    ops::{self, Op, Padding, PoolKind, ReduceKind, Window},
};

use super::{Lowering, sample};
use crate::{
    patterns::Pattern,
    primitive::{Binary, Operation, Primitive, Reduce, Unary, Windows},
};

impl Lowering<'_> {
    /// The value of an operation.
    pub fn operation(&mut self, operation: &Operation, pattern: &Pattern) -> Result<Value, ImportError> {
        match pattern {
            Pattern::Primitive => self.primitive(operation),
            Pattern::Activation { x, inner, by, factor } => {
                let x = self.value(*x)?;
                let x = self.unary(ops::Unary::Scale { factor: *inner }, &x)?;
                let y = self.unary(*by, &x)?;
                self.unary(ops::Unary::Scale { factor: *factor }, &y)
            }
            Pattern::Maximum(a, b) => self.binary(operation, ops::Binary::Maximum, *a, *b),
            Pattern::Minimum(a, b) => self.binary(operation, ops::Binary::Minimum, *a, *b),
            Pattern::Softmax { x, axis } => self.along(operation, *x, *axis, |axis| Op::Softmax { axis }),
            Pattern::MaxPool { x, windows } => self.pool(operation, *x, PoolKind::Max, windows),
            Pattern::Dense { x, weight, bias } => self.dense(*x, *weight, Some(*bias)),
            Pattern::Affine(affine) => self.affine(affine),
            Pattern::Norm(norm) => self.norm(operation, norm),
        }
    }

    fn primitive(&mut self, operation: &Operation) -> Result<Value, ImportError> {
        let whole = |lowering: &Self, id| lowering.flow.operation(id).is_some_and(|s| s.whole);
        match (&operation.primitive, operation.inputs.as_slice()) {
            (Primitive::Reshape, [x]) => self.elements(*x),
            (Primitive::Cast, [x]) if operation.whole && !whole(self, *x) => {
                Err(self.unsupported(operation, "cast", "numbers that stay what they are"))
            }
            (Primitive::Cast, [x]) => self.value(*x),
            (Primitive::Unary(by), [x]) => {
                let x = self.value(*x)?;
                self.function(*by, &x)
            }
            (Primitive::Binary(by), [a, b]) => match by {
                Binary::NotEqual => {
                    let equal = self.binary(operation, ops::Binary::Equal, *a, *b)?;
                    self.unary(ops::Unary::Not, &equal)
                }
                by => self.binary(operation, binary(*by), *a, *b),
            },
            (Primitive::Scalar(by, number), [x]) => {
                let operands = [self.value(*x)?, Value::constant(Tensor::vector(vec![*number]))];
                let y = self.push(&Op::Binary(binary(*by)), &operands, "")?;
                if *by == Binary::NotEqual { self.unary(ops::Unary::Not, &y) } else { Ok(y) }
            }
            (Primitive::Clamp { min, max }, [x]) => {
                let x = self.value(*x)?;
                let clip = match (min, max) {
                    (Some(-1.0), Some(1.0)) => ops::Unary::HardTanh,
                    _ => ops::Unary::Clip { min: *min, max: *max },
                };
                self.unary(clip, &x)
            }
            (Primitive::LeakyRelu(alpha), [x]) => {
                let x = self.value(*x)?;
                self.unary(ops::Unary::LeakyRelu { alpha: *alpha }, &x)
            }
            (Primitive::PRelu, [x, slope]) => {
                let name = self.module(*slope);
                let inputs = [self.value(*x)?, self.value(*slope)?];
                self.push(&Op::Prelu, &inputs, &name)
            }
            (Primitive::HardSigmoid { alpha, beta }, [x]) => {
                let x = self.value(*x)?;
                self.unary(ops::Unary::HardSigmoid { alpha: *alpha, beta: *beta }, &x)
            }
            (Primitive::Softmax { axis }, [x]) => self.along(operation, *x, *axis, |axis| Op::Softmax { axis }),
            (Primitive::LogSoftmax { axis }, [x]) => self.along(operation, *x, *axis, |axis| Op::LogSoftmax { axis }),
            (Primitive::Softmin { axis }, [x]) => {
                let axis = self.axis(operation, *x, *axis)?;
                let x = self.value(*x)?;
                let minus = self.unary(ops::Unary::Neg, &x)?;
                self.push(&Op::Softmax { axis }, &[minus], "")
            }
            (Primitive::Reduce { by, axes }, [x]) => self.reduce(operation, *x, *by, axes),
            (Primitive::Argmax { axis }, [x]) => self.arg(operation, *x, *axis, true),
            (Primitive::Argmin { axis }, [x]) => self.arg(operation, *x, *axis, false),
            (Primitive::Matmul, [a, b]) => self.matmul(operation, *a, *b),
            (Primitive::Linear, [x, weight]) if self.flow.is_matrix(*weight) => self.dense(*x, *weight, None),
            (Primitive::Linear, [x, weight, bias]) if self.flow.is_matrix(*weight) => {
                self.dense(*x, *weight, Some(*bias))
            }
            (Primitive::Conv { windows, groups }, inputs) => {
                self.windowed(operation, inputs, &Op::Conv { window: window(windows), groups: *groups })
            }
            (Primitive::ConvTranspose { windows, groups, output_padding }, inputs) => {
                let (window, output_padding) = (window(windows), output_padding.clone());
                self.windowed(operation, inputs, &Op::ConvTranspose { window, output_padding, groups: *groups })
            }
            (Primitive::MaxPool(windows), [x]) => self.pool(operation, *x, PoolKind::Max, windows),
            (Primitive::AvgPool { windows, include_pad }, [x]) => {
                self.pool(operation, *x, PoolKind::Avg { include_pad: *include_pad }, windows)
            }
            (Primitive::AdaptiveAvgPool, [x]) => self.adaptive(operation, *x),
            (Primitive::Nearest, [x]) => self.nearest(operation, *x),
            (Primitive::BatchNorm { epsilon }, inputs) => {
                self.windowed(operation, inputs, &Op::BatchNorm { epsilon: *epsilon })
            }
            (Primitive::LayerNorm { epsilon }, [x, params @ ..]) => {
                let dims = self.dims(*x);
                let axes = vec![sample(&dims).len() - 1];
                let name = params.first().map(|g| self.module(*g)).unwrap_or_default();
                let inputs = std::iter::once(x).chain(params);
                let inputs = inputs.map(|i| self.value(*i)).collect::<Result<Vec<_>, _>>()?;
                self.push(&Op::LayerNorm { axes, epsilon: *epsilon }, &inputs, &name)
            }
            (Primitive::Attention { scale }, [query, key, value]) => self.attention(*query, *key, *value, *scale),
            (Primitive::MaskWhere, [x, mask, value]) => {
                let inputs = [self.value(*mask)?, self.value(*value)?, self.value(*x)?];
                self.push(&Op::Select, &inputs, "")
            }
            (Primitive::MaskFill(fill), [x, mask]) => {
                let fill = Value::constant(Tensor::vector(vec![*fill]));
                let inputs = [self.value(*mask)?, fill, self.value(*x)?];
                self.push(&Op::Select, &inputs, "")
            }
            (
                Primitive::Expand
                | Primitive::Permute(_)
                | Primitive::Flip(_)
                | Primitive::Slice(_)
                | Primitive::Cat { .. }
                | Primitive::Repeat { .. }
                | Primitive::Pad { .. }
                | Primitive::Select { .. },
                _,
            ) => self.rearranged(operation),
            (Primitive::Embedding, _) => Err(self.unsupported(operation, "embedding", "indices that are constant")),
            (Primitive::Foreign(name), _) => Err(self.unsupported(operation, name, "an operation that a layer does")),
            (primitive, _) => Err(self.malformed(&format!("`{primitive:?}` of {} tensors", operation.inputs.len()))),
        }
    }

    pub(crate) fn unary(&mut self, by: ops::Unary, x: &Value) -> Result<Value, ImportError> {
        self.push(&Op::Unary(by), std::slice::from_ref(x), "")
    }

    fn function(&mut self, by: Unary, x: &Value) -> Result<Value, ImportError> {
        match by {
            Unary::Log1p => {
                let x = self.unary(ops::Unary::Offset { value: 1.0 }, x)?;
                self.unary(ops::Unary::Log, &x)
            }
            Unary::LogSigmoid => {
                let x = self.unary(ops::Unary::Neg, x)?;
                let y = self.unary(ops::Unary::Softplus, &x)?;
                self.unary(ops::Unary::Neg, &y)
            }
            Unary::Abs => self.unary(ops::Unary::Abs, x),
            Unary::Erf => self.unary(ops::Unary::Erf, x),
            Unary::Exp => self.unary(ops::Unary::Exp, x),
            Unary::Gelu => self.unary(ops::Unary::Gelu { tanh: false }, x),
            Unary::Log => self.unary(ops::Unary::Log, x),
            Unary::Neg => self.unary(ops::Unary::Neg, x),
            Unary::Not => self.unary(ops::Unary::Not, x),
            Unary::Recip => self.unary(ops::Unary::Reciprocal, x),
            Unary::Relu => self.unary(ops::Unary::Relu, x),
            Unary::Sigmoid => self.unary(ops::Unary::Sigmoid, x),
            Unary::Sign => self.unary(ops::Unary::Sign, x),
            Unary::Sqrt => self.unary(ops::Unary::Sqrt, x),
            Unary::Tanh => self.unary(ops::Unary::Tanh, x),
        }
    }

    /// Both operands lose the batch if the result has one.
    fn binary(
        &mut self,
        operation: &Operation,
        by: ops::Binary,
        a: TensorId,
        b: TensorId,
    ) -> Result<Value, ImportError> {
        let one = operation.shape.len() - sample(&operation.shape).len();
        let mut operands = Vec::new();
        for id in [a, b] {
            let dims = self.dims(id);
            // A divisor must stay a constant, so that it can be turned round; an exponent, so that it can be read.
            let value = match by {
                ops::Binary::Div | ops::Binary::Pow => self.shaped(id, &dims[one..])?,
                _ => self.operand(id, &dims[one..])?,
            };
            operands.push(value);
        }
        if by == ops::Binary::Mul && a == b {
            return self.unary(ops::Unary::Square, &operands[0]);
        }
        // The parameter is called as the weight is.
        let path = self.flow.constants.get(&b).and_then(|c| c.path.clone()).filter(|_| operands[1].is_weight());
        if let (ops::Binary::Div, Some(path), Some(divisor)) = (by, path, operands[1].tensor())
            && divisor.data().iter().all(|v| *v != 0.0)
        {
            let turned = Value::weight(divisor.map(|v| 1.0 / v));
            operands[1] = self.parameter(&turned, &path)?;
            return self.push(&Op::Binary(ops::Binary::Mul), &operands, "");
        }
        self.push(&Op::Binary(by), &operands, "")
    }

    /// An axis without the batch.
    pub(crate) fn axis(&self, operation: &Operation, x: TensorId, axis: usize) -> Result<usize, ImportError> {
        let dims = self.dims(x);
        let batch_axes = dims.len() - sample(&dims).len();
        axis.checked_sub(batch_axes).ok_or_else(|| self.unsupported(operation, "along the batch", "another axis"))
    }

    fn along(
        &mut self,
        operation: &Operation,
        x: TensorId,
        axis: usize,
        op: fn(usize) -> Op,
    ) -> Result<Value, ImportError> {
        let axis = self.axis(operation, x, axis)?;
        let x = self.value(x)?;
        self.push(&op(axis), &[x], "")
    }

    fn reduce(&mut self, operation: &Operation, x: TensorId, by: Reduce, axes: &[usize]) -> Result<Value, ImportError> {
        let dims = self.dims(x);
        let batch_axes = dims.len() - sample(&dims).len();
        // The batch has one element: nothing happens along it.
        let axes: Vec<usize> = axes.iter().filter_map(|a| a.checked_sub(batch_axes)).collect();
        let kind = match by {
            Reduce::Sum => ReduceKind::Sum,
            Reduce::Mean => ReduceKind::Mean,
            Reduce::Max => ReduceKind::Max,
            Reduce::Min => ReduceKind::Min,
        };
        let keepdims = !self.only_reshaped(operation.out) && operation.shape.len() == dims.len();
        let x = self.value(x)?;
        self.push(&Op::Reduce { kind, axes, keepdims }, &[x], "")
    }

    fn arg(&mut self, operation: &Operation, x: TensorId, axis: usize, max: bool) -> Result<Value, ImportError> {
        let axis = self.axis(operation, x, axis)?;
        let keepdims = !self.only_reshaped(operation.out);
        let x = self.value(x)?;
        self.push(&Op::Arg { max, axis, keepdims, last: false }, &[x], "")
    }

    /// Dense layer: `x W + b`, `W` being `[in, out]` here and `[out, in]` in layers.
    fn dense(&mut self, x: TensorId, weight: TensorId, bias: Option<TensorId>) -> Result<Value, ImportError> {
        let name = self.module(weight);
        let Some(matrix) = self.flow.constant(weight) else { return Err(self.malformed("a weight is no constant")) };
        let dims = matrix.shape().dims();
        let (rows, columns) = (dims[dims.len() - 2], dims[dims.len() - 1]);
        let matrix = matrix.clone().reshape([rows, columns]).map_err(|error| self.malformed(&error.to_string()))?;
        let mut inputs = vec![self.value(x)?, Value::constant(transposed(&matrix))];
        if let Some(bias) = bias {
            inputs.push(self.shaped(bias, &[columns])?);
        }
        self.push(&Op::Dense, &inputs, &name)
    }

    fn matmul(&mut self, operation: &Operation, a: TensorId, b: TensorId) -> Result<Value, ImportError> {
        if self.flow.is_matrix(b) && self.flow.constant(a).is_none() {
            return self.dense(a, b, None);
        }
        // Matrices keep both their axes, whatever their extents.
        let one = usize::from(operation.shape.len() > 2 && operation.shape[0] == 1);
        let (da, db) = (self.dims(a), self.dims(b));
        let operands = [self.operand(a, &da[one..])?, self.operand(b, &db[one..])?];
        self.push(&Op::MatMul, &operands, "")
    }

    fn attention(
        &mut self,
        query: TensorId,
        key: TensorId,
        value: TensorId,
        scale: Option<f64>,
    ) -> Result<Value, ImportError> {
        let width = self.dims(query).last().copied().unwrap_or(1) as f64;
        let (query, key, value) = (self.value(query)?, self.value(key)?, self.value(value)?);
        let rank = self.rank(&key);
        let mut axes: Vec<usize> = (0..rank).collect();
        axes.swap(rank - 2, rank - 1);
        let turned = self.push(&Op::Permute { axes }, &[key], "")?;
        let scores = self.push(&Op::MatMul, &[query, turned], "")?;
        let scores = self.unary(ops::Unary::Scale { factor: scale.unwrap_or(1.0 / width.sqrt()) }, &scores)?;
        let weights = self.push(&Op::Softmax { axis: rank - 1 }, &[scores], "")?;
        self.push(&Op::MatMul, &[weights, value], "")
    }

    /// An operator with a channel axis: what is left without the batch must begin with it.
    fn windowed(&mut self, operation: &Operation, inputs: &[TensorId], op: &Op) -> Result<Value, ImportError> {
        let [x, params @ ..] = inputs else { return Err(self.malformed("an operation without inputs")) };
        let x = self.channels(operation, *x)?;
        let name = params.first().map(|p| self.module(*p)).unwrap_or_default();
        let mut values = vec![x];
        for param in params {
            let dims = self.dims(*param);
            values.push(self.shaped(*param, &dims)?);
        }
        self.push(op, &values, &name)
    }

    /// `[channels, ..]` of `[1, channels, ..]`.
    fn channels(&mut self, operation: &Operation, x: TensorId) -> Result<Value, ImportError> {
        let dims = self.dims(x);
        match dims.as_slice() {
            [1, _, ..] => self.shaped(x, &dims[1..]),
            _ => Err(self.unsupported(operation, "on a batch", "one input at a time, so a first extent of 1")),
        }
    }

    fn pool(
        &mut self,
        operation: &Operation,
        x: TensorId,
        kind: PoolKind,
        windows: &Windows,
    ) -> Result<Value, ImportError> {
        let x = self.channels(operation, x)?;
        self.push(&Op::Pool { kind, window: window(windows), ceil: false }, &[x], "")
    }

    fn adaptive(&mut self, operation: &Operation, x: TensorId) -> Result<Value, ImportError> {
        let (from, to) = (self.dims(x), operation.shape.clone());
        let kind = PoolKind::Avg { include_pad: false };
        if to.iter().skip(2).all(|d| *d == 1) {
            let x = self.channels(operation, x)?;
            return self.push(&Op::GlobalPool { kind, keepdims: false }, &[x], "");
        }
        if from.iter().zip(&to).skip(2).any(|(from, to)| from % to != 0) {
            return Err(self.unsupported(
                operation,
                "adaptive_avg_pool",
                "output extents that divide those of the input",
            ));
        }
        let size: Vec<usize> = from.iter().zip(&to).skip(2).map(|(from, to)| from / to).collect();
        let none = vec![(0, 0); size.len()];
        let windows = Windows { stride: size.clone(), padding: none, dilation: vec![1; size.len()], size };
        self.pool(operation, x, kind, &windows)
    }

    fn nearest(&mut self, operation: &Operation, x: TensorId) -> Result<Value, ImportError> {
        let extents: Vec<(usize, usize)> = self.dims(x).into_iter().zip(operation.shape.clone()).skip(2).collect();
        let x = self.channels(operation, x)?;
        let op = if extents.iter().all(|(from, to)| to % from == 0) {
            Op::Upsample { factors: extents.iter().map(|(from, to)| to / from).collect() }
        } else {
            let axis = |(from, to): &(usize, usize)| (from != to).then(|| (0..*to).map(|i| i * from / to).collect());
            Op::Sample { indices: std::iter::once(None).chain(extents.iter().map(axis)).collect() }
        };
        self.push(&op, &[x], "")
    }
}

fn binary(by: Binary) -> ops::Binary {
    match by {
        Binary::Add => ops::Binary::Add,
        Binary::Sub => ops::Binary::Sub,
        Binary::Mul => ops::Binary::Mul,
        Binary::Div => ops::Binary::Div,
        Binary::Pow => ops::Binary::Pow,
        Binary::Equal | Binary::NotEqual => ops::Binary::Equal,
        Binary::Greater => ops::Binary::Greater,
        Binary::GreaterEqual => ops::Binary::GreaterEqual,
        Binary::Lower => ops::Binary::Less,
        Binary::LowerEqual => ops::Binary::LessEqual,
        Binary::And => ops::Binary::And,
        Binary::Or => ops::Binary::Or,
    }
}

fn window(windows: &Windows) -> Window {
    let (before, after): (Vec<usize>, Vec<usize>) = windows.padding.iter().copied().unzip();
    let none = before.iter().chain(&after).all(|n| *n == 0);
    Window {
        kernel: windows.size.clone(),
        stride: windows.stride.clone(),
        dilation: windows.dilation.clone(),
        padding: if none { Padding::Valid } else { Padding::Explicit { before, after } },
    }
}
