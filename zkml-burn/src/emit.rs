//! One recorded step, as operators of the table.

use burn::backend::capture::TensorId;
use zkml_core::tensor::Tensor;

use crate::{
    form::{Affine, Curve, Form, Norm},
    prim::{Binary, Fill, Prim, Reduce, Step, Unary, Windows},
    translate::{Reader, sample},
};
use zkml_import::{
    builder::Value,
    error::ImportError,
    ops::{self, Op, PadMode, Padding, PoolKind, ReduceKind, Window},
};

/// What Keras, PyTorch and Burn add to a variance where nobody says otherwise.
const EPSILON: f64 = 1e-5;

impl Reader<'_> {
    /// The value of a step.
    pub fn step(&mut self, step: &Step, form: &Form) -> Result<Value, ImportError> {
        match form {
            Form::Plain => self.plain(step),
            Form::Curve { x, inner, by, factor } => {
                let x = self.value(*x)?;
                let x = self.unary(ops::Unary::Scale { factor: *inner }, &x)?;
                let y = self.unary(curve(*by), &x)?;
                self.unary(ops::Unary::Scale { factor: *factor }, &y)
            }
            Form::Maximum(a, b) => self.binary(step, ops::Binary::Maximum, *a, *b),
            Form::Minimum(a, b) => self.binary(step, ops::Binary::Minimum, *a, *b),
            Form::Softmax { x, axis } => self.along(step, *x, *axis, |axis| Op::Softmax { axis }),
            Form::MaxPool { x, windows } => self.pool(step, *x, PoolKind::Max, windows),
            Form::Dense { x, weight, bias } => self.dense(*x, *weight, Some(*bias)),
            Form::Affine(affine) => self.affine(affine),
            Form::Norm(norm) => self.norm(step, norm),
        }
    }

    fn plain(&mut self, step: &Step) -> Result<Value, ImportError> {
        let whole = |reader: &Self, id| reader.view.step(id).is_some_and(|s| s.whole);
        match (&step.prim, step.inputs.as_slice()) {
            (Prim::Reshape, [x]) => self.unmoved(*x),
            (Prim::Cast, [x]) if step.whole && !whole(self, *x) => {
                Err(self.unsupported(step, "cast", "numbers that stay what they are"))
            }
            (Prim::Cast, [x]) => self.value(*x),
            (Prim::Unary(by), [x]) => {
                let x = self.value(*x)?;
                self.function(*by, &x)
            }
            (Prim::Binary(by), [a, b]) => match by {
                Binary::NotEqual => {
                    let equal = self.binary(step, ops::Binary::Equal, *a, *b)?;
                    self.unary(ops::Unary::Not, &equal)
                }
                by => self.binary(step, binary(*by), *a, *b),
            },
            (Prim::Scalar(by, number), [x]) => {
                let operands = [self.value(*x)?, Value::constant(Tensor::vector(vec![*number]))];
                let y = self.push(&Op::Binary(binary(*by)), &operands, "")?;
                if *by == Binary::NotEqual { self.unary(ops::Unary::Not, &y) } else { Ok(y) }
            }
            (Prim::Clamp { min, max }, [x]) => {
                let x = self.value(*x)?;
                let clip = match (min, max) {
                    (Some(-1.0), Some(1.0)) => ops::Unary::HardTanh,
                    _ => ops::Unary::Clip { min: *min, max: *max },
                };
                self.unary(clip, &x)
            }
            (Prim::LeakyRelu(alpha), [x]) => {
                let x = self.value(*x)?;
                self.unary(ops::Unary::LeakyRelu { alpha: *alpha }, &x)
            }
            (Prim::PRelu, [x, slope]) => {
                let name = self.module(*slope);
                let inputs = [self.value(*x)?, self.value(*slope)?];
                self.push(&Op::Prelu, &inputs, &name)
            }
            (Prim::HardSigmoid { alpha, beta }, [x]) => {
                let x = self.value(*x)?;
                self.unary(ops::Unary::HardSigmoid { alpha: *alpha, beta: *beta }, &x)
            }
            (Prim::Softmax { axis }, [x]) => self.along(step, *x, *axis, |axis| Op::Softmax { axis }),
            (Prim::LogSoftmax { axis }, [x]) => self.along(step, *x, *axis, |axis| Op::LogSoftmax { axis }),
            (Prim::Softmin { axis }, [x]) => {
                let axis = self.axis(step, *x, *axis)?;
                let x = self.value(*x)?;
                let minus = self.unary(ops::Unary::Neg, &x)?;
                self.push(&Op::Softmax { axis }, &[minus], "")
            }
            (Prim::Reduce { by, axes }, [x]) => self.reduce(step, *x, *by, axes),
            (Prim::Argmax { axis }, [x]) => self.arg(step, *x, *axis, true),
            (Prim::Argmin { axis }, [x]) => self.arg(step, *x, *axis, false),
            (Prim::Matmul, [a, b]) => self.matmul(step, *a, *b),
            (Prim::Linear, [x, weight]) if self.view.is_matrix(*weight) => self.dense(*x, *weight, None),
            (Prim::Linear, [x, weight, bias]) if self.view.is_matrix(*weight) => self.dense(*x, *weight, Some(*bias)),
            (Prim::Conv { windows, groups }, inputs) => {
                self.windowed(step, inputs, &Op::Conv { window: window(windows), groups: *groups })
            }
            (Prim::ConvTranspose { windows, groups, output_padding }, inputs) => {
                let (window, output_padding) = (window(windows), output_padding.clone());
                self.windowed(step, inputs, &Op::ConvTranspose { window, output_padding, groups: *groups })
            }
            (Prim::MaxPool(windows), [x]) => self.pool(step, *x, PoolKind::Max, windows),
            (Prim::AvgPool { windows, include_pad }, [x]) => {
                self.pool(step, *x, PoolKind::Avg { include_pad: *include_pad }, windows)
            }
            (Prim::AdaptiveAvgPool, [x]) => self.adaptive(step, *x),
            (Prim::Nearest, [x]) => self.nearest(step, *x),
            (Prim::BatchNorm { epsilon }, inputs) => self.windowed(step, inputs, &Op::BatchNorm { epsilon: *epsilon }),
            (Prim::LayerNorm { epsilon }, [x, params @ ..]) => {
                let dims = self.dims(*x);
                let axes = vec![sample(&dims).len() - 1];
                let name = params.first().map(|g| self.module(*g)).unwrap_or_default();
                let inputs = std::iter::once(x).chain(params);
                let inputs = inputs.map(|i| self.value(*i)).collect::<Result<Vec<_>, _>>()?;
                self.push(&Op::LayerNorm { axes, epsilon: *epsilon }, &inputs, &name)
            }
            (Prim::Attention { scale }, [query, key, value]) => self.attention(*query, *key, *value, *scale),
            (Prim::MaskWhere, [x, mask, value]) => {
                let inputs = [self.value(*mask)?, self.value(*value)?, self.value(*x)?];
                self.push(&Op::Select, &inputs, "")
            }
            (Prim::MaskFill(fill), [x, mask]) => {
                let fill = Value::constant(Tensor::vector(vec![*fill]));
                let inputs = [self.value(*mask)?, fill, self.value(*x)?];
                self.push(&Op::Select, &inputs, "")
            }
            (
                Prim::Expand
                | Prim::Permute(_)
                | Prim::Flip(_)
                | Prim::Slice(_)
                | Prim::Cat { .. }
                | Prim::Repeat { .. }
                | Prim::Pad { .. }
                | Prim::Select { .. },
                _,
            ) => self.moved(step),
            (Prim::Embedding, _) => Err(self.unsupported(step, "embedding", "indices that are constant")),
            (Prim::Foreign(name), _) => Err(self.unsupported(step, name, "an operation that a layer does")),
            (prim, _) => Err(self.broken(&format!("`{prim:?}` of {} tensors", step.inputs.len()))),
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
    fn binary(&mut self, step: &Step, by: ops::Binary, a: TensorId, b: TensorId) -> Result<Value, ImportError> {
        let one = step.shape.len() - sample(&step.shape).len();
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
        let path = self.view.constants.get(&b).and_then(|c| c.path.clone()).filter(|_| operands[1].is_weight());
        if let (ops::Binary::Div, Some(path), Some(divisor)) = (by, path, operands[1].tensor())
            && divisor.data().iter().all(|v| *v != 0.0)
        {
            let turned = Value::weight(divisor.map(|v| 1.0 / v));
            operands[1] = self.named(&turned, &path)?;
            return self.push(&Op::Binary(ops::Binary::Mul), &operands, "");
        }
        self.push(&Op::Binary(by), &operands, "")
    }

    /// An axis without the batch.
    pub(crate) fn axis(&self, step: &Step, x: TensorId, axis: usize) -> Result<usize, ImportError> {
        let dims = self.dims(x);
        let lost = dims.len() - sample(&dims).len();
        axis.checked_sub(lost).ok_or_else(|| self.unsupported(step, "along the batch", "another axis"))
    }

    fn along(&mut self, step: &Step, x: TensorId, axis: usize, op: fn(usize) -> Op) -> Result<Value, ImportError> {
        let axis = self.axis(step, x, axis)?;
        let x = self.value(x)?;
        self.push(&op(axis), &[x], "")
    }

    fn reduce(&mut self, step: &Step, x: TensorId, by: Reduce, axes: &[usize]) -> Result<Value, ImportError> {
        let dims = self.dims(x);
        let lost = dims.len() - sample(&dims).len();
        // The batch has one element: nothing happens along it.
        let axes: Vec<usize> = axes.iter().filter_map(|a| a.checked_sub(lost)).collect();
        let kind = match by {
            Reduce::Sum => ReduceKind::Sum,
            Reduce::Mean => ReduceKind::Mean,
            Reduce::Max => ReduceKind::Max,
            Reduce::Min => ReduceKind::Min,
        };
        let keepdims = !self.shapeless(step.out) && step.shape.len() == dims.len();
        let x = self.value(x)?;
        self.push(&Op::Reduce { kind, axes, keepdims }, &[x], "")
    }

    fn arg(&mut self, step: &Step, x: TensorId, axis: usize, max: bool) -> Result<Value, ImportError> {
        let axis = self.axis(step, x, axis)?;
        let keepdims = !self.shapeless(step.out);
        let x = self.value(x)?;
        self.push(&Op::Arg { max, axis, keepdims, last: false }, &[x], "")
    }

    /// `x W + b`, `W` being `[in, out]` here and `[out, in]` in layers.
    fn dense(&mut self, x: TensorId, weight: TensorId, bias: Option<TensorId>) -> Result<Value, ImportError> {
        let name = self.module(weight);
        let Some(matrix) = self.view.constant(weight) else { return Err(self.broken("a weight is no constant")) };
        let dims = matrix.shape().dims();
        let (rows, columns) = (dims[dims.len() - 2], dims[dims.len() - 1]);
        let turned = Tensor::from_fn([columns, rows], |i| matrix.data()[i % rows * columns + i / rows]);
        let mut inputs = vec![self.value(x)?, Value::constant(turned)];
        if let Some(bias) = bias {
            inputs.push(self.shaped(bias, &[columns])?);
        }
        self.push(&Op::Dense, &inputs, &name)
    }

    fn matmul(&mut self, step: &Step, a: TensorId, b: TensorId) -> Result<Value, ImportError> {
        if self.view.is_matrix(b) && self.view.constant(a).is_none() {
            return self.dense(a, b, None);
        }
        // Matrices keep both their axes, whatever their extents.
        let one = usize::from(step.shape.len() > 2 && step.shape[0] == 1);
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
    fn windowed(&mut self, step: &Step, inputs: &[TensorId], op: &Op) -> Result<Value, ImportError> {
        let [x, params @ ..] = inputs else { return Err(self.broken("an operation without inputs")) };
        let x = self.channels(step, *x)?;
        let name = params.first().map(|p| self.module(*p)).unwrap_or_default();
        let mut values = vec![x];
        for param in params {
            let dims = self.dims(*param);
            values.push(self.shaped(*param, &dims)?);
        }
        self.push(op, &values, &name)
    }

    /// `[channels, ..]` of `[1, channels, ..]`.
    fn channels(&mut self, step: &Step, x: TensorId) -> Result<Value, ImportError> {
        let dims = self.dims(x);
        match dims.as_slice() {
            [1, _, ..] => self.shaped(x, &dims[1..]),
            _ => Err(self.unsupported(step, "on a batch", "one input at a time, so a first extent of 1")),
        }
    }

    fn pool(&mut self, step: &Step, x: TensorId, kind: PoolKind, windows: &Windows) -> Result<Value, ImportError> {
        let x = self.channels(step, x)?;
        self.push(&Op::Pool { kind, window: window(windows), ceil: false }, &[x], "")
    }

    fn adaptive(&mut self, step: &Step, x: TensorId) -> Result<Value, ImportError> {
        let (from, to) = (self.dims(x), step.shape.clone());
        let kind = PoolKind::Avg { include_pad: false };
        if to.iter().skip(2).all(|d| *d == 1) {
            let x = self.channels(step, x)?;
            return self.push(&Op::GlobalPool { kind, keepdims: false }, &[x], "");
        }
        if from.iter().zip(&to).skip(2).any(|(from, to)| from % to != 0) {
            return Err(self.unsupported(step, "adaptive_avg_pool", "output extents that divide those of the input"));
        }
        let size: Vec<usize> = from.iter().zip(&to).skip(2).map(|(from, to)| from / to).collect();
        let none = vec![(0, 0); size.len()];
        let windows = Windows { stride: size.clone(), padding: none, dilation: vec![1; size.len()], size };
        self.pool(step, x, kind, &windows)
    }

    fn nearest(&mut self, step: &Step, x: TensorId) -> Result<Value, ImportError> {
        let extents: Vec<(usize, usize)> = self.dims(x).into_iter().zip(step.shape.clone()).skip(2).collect();
        let x = self.channels(step, x)?;
        let op = if extents.iter().all(|(from, to)| to % from == 0) {
            Op::Upsample { factors: extents.iter().map(|(from, to)| to / from).collect() }
        } else {
            let axis = |(from, to): &(usize, usize)| (from != to).then(|| (0..*to).map(|i| i * from / to).collect());
            Op::Sample { indices: std::iter::once(None).chain(extents.iter().map(axis)).collect() }
        };
        self.push(&op, &[x], "")
    }

    /// `scale * x + offset`: a batch norm of known statistics where there is one of each a channel.
    fn affine(&mut self, affine: &Affine) -> Result<Value, ImportError> {
        let Affine { x, scale, offset, path, trained } = affine;
        let (x, path) = (*x, path.as_deref());
        let dims = self.dims(x);
        let name = self.holder(path.unwrap_or_default());
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
            let constant = make(constant.map_err(|error| self.broken(&error.to_string()))?);
            let operand = match path {
                Some(path) if both => self.named(&constant, &format!("{path}_{what}"))?,
                Some(path) => self.named(&constant, path)?,
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

    fn norm(&mut self, step: &Step, norm: &Norm) -> Result<Value, ImportError> {
        let dims = self.dims(norm.x);
        let lost = dims.len() - sample(&dims).len();
        let axes: Vec<usize> = norm.axes.iter().filter_map(|a| a.checked_sub(lost)).collect();
        let rank = dims.len() - lost;
        if axes.is_empty() || axes.iter().enumerate().any(|(i, a)| *a != rank - axes.len() + i) {
            return Err(self.unsupported(step, "norm", "a norm over the last axes"));
        }
        let name = norm.gamma.or(norm.beta).map(|id| self.module(id)).unwrap_or_default();
        let x = self.value(norm.x)?;
        let extents: Vec<usize> = axes.iter().map(|a| dims[a + lost]).collect();
        let count: usize = extents.iter().product();
        // The factors as they are needed: along the normed axes, or one a channel.
        let constant = |id: Option<TensorId>, neutral: f64| {
            id.and_then(|id| self.view.constant(id)).cloned().unwrap_or(Tensor::vector(vec![neutral]))
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
        let channels = dims[lost];
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
            return self.scaled_groups(step, &y, &gamma, &beta, &name);
        }
        if !trails(&gamma) || !trails(&beta) {
            return Err(self.unsupported(step, "norm", "factors along the normed axes, or one a channel"));
        }
        let inputs = [x, full(&gamma, count), full(&beta, count)];
        if norm.centred {
            self.push(&Op::LayerNorm { axes, epsilon: norm.epsilon }, &inputs, &name)
        } else {
            let y = self.push(&Op::RmsNorm { axes, epsilon: norm.epsilon }, &inputs[..2], &name)?;
            let trained = norm.beta.and_then(|id| self.view.constants.get(&id)).is_some_and(|c| c.trained);
            let beta = if trained { Value::weight(beta) } else { Value::constant(beta) };
            if norm.beta.is_none() { Ok(y) } else { self.push(&Op::Binary(ops::Binary::Add), &[y, beta], "") }
        }
    }

    /// A group norm's factors: one a channel of the result.
    fn scaled_groups(
        &mut self,
        step: &Step,
        y: &Value,
        gamma: &Tensor,
        beta: &Tensor,
        name: &str,
    ) -> Result<Value, ImportError> {
        let [1, channels, ..] = step.shape.as_slice() else {
            return Err(self.unsupported(step, "group norm", "one input at a time"));
        };
        if [gamma, beta].iter().any(|t| t.len() != 1 && t.len() != *channels) {
            return Err(self.unsupported(step, "group norm", "one factor a channel"));
        }
        let y = self.reshaped(y, &step.shape[1..])?;
        self.by_channel(&y, *channels, gamma, beta, name)
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

fn curve(by: Curve) -> ops::Unary {
    match by {
        Curve::Celu(alpha) => ops::Unary::Celu { alpha },
        Curve::Elu(alpha) => ops::Unary::Elu { alpha },
        Curve::Gelu { tanh } => ops::Unary::Gelu { tanh },
        Curve::HardSwish => ops::Unary::HardSwish,
        Curve::Mish => ops::Unary::Mish,
        Curve::Selu => ops::Unary::Selu { alpha: 1.673_263_242_354_377_2, gamma: 1.050_700_987_355_480_5 },
        Curve::Sigmoid => ops::Unary::Sigmoid,
        Curve::Silu => ops::Unary::Silu,
        Curve::Softplus => ops::Unary::Softplus,
        Curve::Softsign => ops::Unary::Softsign,
        Curve::ThresholdedRelu(alpha) => ops::Unary::ThresholdedRelu { alpha },
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

/// What padding is filled with.
pub(crate) fn pad_mode(with: Fill) -> PadMode {
    match with {
        Fill::Constant(value) => PadMode::Constant(value),
        Fill::Reflect => PadMode::Reflect,
        Fill::Edge => PadMode::Edge,
    }
}
