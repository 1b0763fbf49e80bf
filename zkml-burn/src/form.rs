//! Compounds that Burn records as several primitive operations: activations, norms, dense layers with their bias.
//!
//! Scalar factors and offsets are gathered before anything is compared, so that the order in which they were written
//! does not matter.

use std::collections::HashMap;

use burn::backend::capture::TensorId;
use zkml_core::{shape::Shape, tensor::Tensor};

use crate::{
    fold,
    prim::{Binary, Fill, Prim, Reduce, Step, Unary, Windows},
};

/// A value that is known.
#[derive(Clone, Debug)]
pub struct Constant {
    /// The value, with the batch axis if it has one.
    pub value: Tensor,
    /// The module path of the weight that it is, perhaps with its axes moved.
    pub path: Option<String>,
    /// Whether it is a tensor of floats that was there before the network ran, or computed from one: then what a step is
    /// may depend on its shape, not on its elements.
    pub trained: bool,
}

impl Constant {
    /// Whether it acts as one number: by its elements, or by its shape if it is trained.
    fn is_number(&self) -> bool {
        match self.trained {
            true => self.value.len() == 1,
            false => self.value.data().windows(2).all(|w| w[0] == w[1]),
        }
    }
}

/// A smooth or broken curve, applied to every element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Curve {
    Celu(f64),
    Elu(f64),
    Gelu { tanh: bool },
    HardSwish,
    Mish,
    Selu,
    Sigmoid,
    Silu,
    Softplus,
    Softsign,
    ThresholdedRelu(f64),
}

/// What a step is, once the steps before it are looked at.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// Just its own operation.
    Plain,
    /// `factor * by(inner * x)`.
    Curve { x: TensorId, inner: f64, by: Curve, factor: f64 },
    /// The larger of two.
    Maximum(TensorId, TensorId),
    /// The smaller of two.
    Minimum(TensorId, TensorId),
    /// `exp(x_i) / sum_j exp(x_j)` along an axis.
    Softmax { x: TensorId, axis: usize },
    /// A maximum whose border was filled with minus infinity by an operation of its own.
    MaxPool { x: TensorId, windows: Windows },
    /// `x weight + bias`.
    Dense { x: TensorId, weight: TensorId, bias: TensorId },
    /// `scale * x + offset`, both of them constants that broadcast to `x`, at least one of them not one number.
    Affine(Affine),
    /// `gamma * (x - mean) / sqrt(variance + epsilon) + beta` over axes, or the same without the mean.
    Norm(Norm),
}

/// Factors and offsets, gathered from several steps.
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

/// A norm written out.
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

impl Form {
    /// What it takes, `step` being the step itself.
    pub fn inputs(&self, step: &Step) -> Vec<TensorId> {
        match self {
            Self::Plain => step.inputs.clone(),
            Self::Curve { x, .. } | Self::Softmax { x, .. } | Self::MaxPool { x, .. } => vec![*x],
            Self::Affine(affine) => vec![affine.x],
            Self::Maximum(a, b) | Self::Minimum(a, b) => vec![*a, *b],
            Self::Dense { x, weight, bias } => vec![*x, *weight, *bias],
            Self::Norm(norm) => [norm.x].into_iter().chain(norm.gamma).chain(norm.beta).collect(),
        }
    }
}

/// The steps of a recording and its constants, to look things up in.
pub struct View<'a> {
    /// Every step, by what it makes.
    pub steps: &'a HashMap<TensorId, Step>,
    /// All constants.
    pub constants: &'a HashMap<TensorId, Constant>,
    /// How many steps take a tensor; the output counts as one.
    pub uses: &'a HashMap<TensorId, usize>,
}

/// Whether two constants of a formula are the same, as far as 32-bit floats tell.
fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * b.abs().max(1.0)
}

impl View<'_> {
    /// What a step is.
    pub fn form(&self, step: &Step) -> Form {
        let found = match &step.prim {
            Prim::Binary(Binary::Mul | Binary::Div | Binary::Add | Binary::Sub) | Prim::Scalar(..) => self
                .gated(step)
                .or_else(|| self.quotient(step))
                .or_else(|| self.norm(step))
                .or_else(|| self.dense(step))
                .or_else(|| self.affine_by(step)),
            Prim::Unary(Unary::Recip) => self.sigmoid(step.inputs[0], 1.0),
            Prim::Unary(Unary::Log1p | Unary::Log) => self.softplus(step),
            Prim::MaskWhere => self.chosen(step),
            Prim::MaskFill(value) => self.cut(step, *value),
            Prim::MaxPool(windows) => self.bordered(step, windows),
            _ => None,
        };
        found.unwrap_or(Form::Plain)
    }

    /// The step that makes a tensor, `None` for constants.
    pub fn step(&self, id: TensorId) -> Option<&Step> {
        if self.constants.contains_key(&id) { None } else { self.steps.get(&id) }
    }

    /// The shape of a tensor, with the batch.
    pub fn shape(&self, id: TensorId) -> Option<&[usize]> {
        self.steps.get(&id).map(|s| s.shape.as_slice())
    }

    /// The value of a constant.
    pub fn constant(&self, id: TensorId) -> Option<&Tensor> {
        self.constants.get(&id).map(|c| &c.value)
    }

    /// A constant, not trained, whose elements are all the same.
    fn uniform(&self, id: TensorId) -> Option<f64> {
        let constant = self.constants.get(&id).filter(|c| !c.trained && c.is_number())?;
        constant.value.data().first().copied()
    }

    /// What a unary function is applied to.
    fn under(&self, id: TensorId, by: Unary) -> Option<TensorId> {
        let step = self.step(self.uncast(id))?;
        (step.prim == Prim::Unary(by)).then(|| step.inputs[0])
    }

    /// The same without changes of the number type.
    fn uncast(&self, mut id: TensorId) -> TensorId {
        while let Some(step) = self.step(id) {
            match step.prim {
                Prim::Cast if !step.whole => id = step.inputs[0],
                _ => break,
            }
        }
        id
    }

    /// `(factor, offset, base)` such that the value is `factor * base + offset`.
    fn affine(&self, id: TensorId) -> (f64, f64, TensorId) {
        let (mut factor, mut offset, mut base) = (1.0, 0.0, id);
        loop {
            base = self.uncast(base);
            let Some(step) = self.step(base) else { break };
            let scalar = match (&step.prim, step.inputs.as_slice()) {
                (Prim::Scalar(by, s), [x]) => Some((*by, *x, *s)),
                (Prim::Unary(Unary::Neg), [x]) => Some((Binary::Mul, *x, -1.0)),
                (Prim::Binary(by), [a, b]) => {
                    let same = |id| self.shape(id) == Some(step.shape.as_slice());
                    match (self.uniform(*a), self.uniform(*b)) {
                        (_, Some(s)) if same(*a) => Some((*by, *a, s)),
                        (Some(s), _) if same(*b) && matches!(by, Binary::Add | Binary::Mul) => Some((*by, *b, s)),
                        (Some(s), _) if same(*b) && *by == Binary::Sub => {
                            offset += factor * s;
                            factor = -factor;
                            base = *b;
                            continue;
                        }
                        _ => None,
                    }
                }
                _ => None,
            };
            match scalar {
                Some((Binary::Add, x, s)) => (offset, base) = (offset + factor * s, x),
                Some((Binary::Sub, x, s)) => (offset, base) = (offset - factor * s, x),
                Some((Binary::Mul, x, s)) => (factor, base) = (factor * s, x),
                Some((Binary::Div, x, s)) if s != 0.0 => (factor, base) = (factor / s, x),
                _ => break,
            }
        }
        (factor, offset, base)
    }

    /// `(factor, base)` such that the value is `factor * base`.
    fn scaled(&self, id: TensorId) -> Option<(f64, TensorId)> {
        match self.affine(id) {
            (factor, 0.0, base) => Some((factor, base)),
            _ => None,
        }
    }

    /// The number `k` such that the value is `k * x`.
    fn times(&self, id: TensorId, x: TensorId) -> Option<f64> {
        let ((factor, offset, base), (own, shift, root)) = (self.affine(id), self.affine(x));
        let k = factor / own;
        (base == root && k.is_finite() && near(offset, k * shift)).then_some(k)
    }

    /// `factor * f(inner * x)` with the scalars of `x` itself drawn into `inner`, unless that is 1 without.
    fn curve(&self, x: TensorId, inner: f64, by: Curve, factor: f64) -> Form {
        let snap = |v: f64| if near(v, 1.0) { 1.0 } else { v };
        let (x, inner) = match self.scaled(x) {
            Some((own, base)) if !near(inner, 1.0) => (base, inner * own),
            _ => (x, inner),
        };
        Form::Curve { x, inner: snap(inner), by, factor: snap(factor) }
    }

    /// `x * gate(x)`.
    fn gated(&self, step: &Step) -> Option<Form> {
        let (scalar, base) = self.scaled(step.out)?;
        let Step { prim: Prim::Binary(Binary::Mul), inputs, .. } = self.step(base)? else { return None };
        let [a, b] = inputs.as_slice() else { return None };
        self.gate(*a, *b, scalar).or_else(|| self.gate(*b, *a, scalar))
    }

    /// `scalar * x * gate`, where the gate looks at `c * x`: `scalar / c` times a curve of `c * x`.
    fn gate(&self, x: TensorId, gate: TensorId, scalar: f64) -> Option<Form> {
        let of = |c: f64, by, factor: f64| (c != 0.0).then(|| self.curve(x, c, by, factor / c));
        let step = self.step(gate)?;
        match (&step.prim, step.inputs.as_slice()) {
            (Prim::Unary(Unary::Sigmoid), [u]) => return of(self.times(*u, x)?, Curve::Silu, scalar),
            (Prim::Unary(Unary::Recip), [u]) => return self.over(x, *u, scalar),
            (Prim::HardSigmoid { alpha, beta }, [u]) if near(*alpha, 1.0 / 6.0) && *beta == 0.5 => {
                return of(self.times(*u, x)?, Curve::HardSwish, scalar);
            }
            (Prim::Unary(Unary::Tanh), [u]) => {
                if let Form::Curve { x: v, inner, by: Curve::Softplus, factor: 1.0 } = self.form(self.step(*u)?) {
                    return of(self.times(v, x)? * inner, Curve::Mish, scalar);
                }
            }
            _ => {}
        }
        let (factor, offset, h) = self.affine(gate);
        if !near(factor, offset) {
            return None;
        }
        if let Some(u) = self.under(h, Unary::Erf) {
            let c = self.times(u, x)? * std::f64::consts::SQRT_2;
            return of(c, Curve::Gelu { tanh: false }, 2.0 * offset * scalar);
        }
        let (k, w) = self.scaled(self.under(h, Unary::Tanh)?)?;
        let c = self.cubed(w, x)?;
        let root = (2.0 / std::f64::consts::PI).sqrt();
        near(k, root).then(|| of(c, Curve::Gelu { tanh: true }, 2.0 * offset * scalar))?
    }

    /// The number `c` such that the value is `z + 0.044715 z^3`, `z = c * x`.
    fn cubed(&self, id: TensorId, x: TensorId) -> Option<f64> {
        let Step { prim: Prim::Binary(Binary::Add), inputs, .. } = self.step(id)? else { return None };
        let [a, b] = inputs.as_slice() else { return None };
        let cube = |z: TensorId, id| {
            let (factor, base) = self.scaled(id)?;
            let step = self.step(base)?;
            let power = match (&step.prim, step.inputs.as_slice()) {
                (Prim::Scalar(Binary::Pow, 3.0), [y]) => *y == z,
                (Prim::Binary(Binary::Mul), [p, q]) => {
                    let square = |id| {
                        self.step(id).is_some_and(|s| match s.prim {
                            Prim::Binary(Binary::Mul) => s.inputs == [z, z],
                            Prim::Scalar(Binary::Pow, 2.0) => s.inputs == [z],
                            _ => false,
                        })
                    };
                    (*p == z && square(*q)) || (*q == z && square(*p))
                }
                _ => false,
            };
            (power && near(factor, 0.044715)).then_some(z)
        };
        self.times(cube(*a, *b).or_else(|| cube(*b, *a))?, x)
    }

    /// `factor / (1 + exp(-x))`, `id` being the divisor.
    fn sigmoid(&self, id: TensorId, factor: f64) -> Option<Form> {
        let (1.0, 1.0, e) = self.affine(id) else { return None };
        let (inner, x) = self.scaled(self.under(e, Unary::Exp)?)?;
        Some(self.curve(x, -inner, Curve::Sigmoid, factor))
    }

    /// `scalar * x / (1 + exp(-c * x))`, `id` being the divisor.
    fn over(&self, x: TensorId, id: TensorId, scalar: f64) -> Option<Form> {
        let Form::Curve { x: v, inner, .. } = self.sigmoid(id, 1.0)? else { return None };
        let c = self.times(v, x)? * inner;
        (c != 0.0).then(|| self.curve(x, c, Curve::Silu, scalar / c))
    }

    /// Softsign, softmax, silu and sigmoid.
    fn quotient(&self, step: &Step) -> Option<Form> {
        let (Prim::Binary(Binary::Div), [x, y]) = (&step.prim, step.inputs.as_slice()) else { return None };
        if let Some(factor) = self.uniform(*x) {
            return self.sigmoid(*y, factor);
        }
        if let (1.0, 1.0, h) = self.affine(*y)
            && self.under(h, Unary::Abs) == Some(*x)
        {
            return Some(Form::Curve { x: *x, inner: 1.0, by: Curve::Softsign, factor: 1.0 });
        }
        if let Some(silu) = self.over(*x, *y, 1.0) {
            return Some(silu);
        }
        let exponent = self.under(*x, Unary::Exp)?;
        let sum = self.step(*y)?;
        let Prim::Reduce { by: Reduce::Sum, axes } = &sum.prim else { return None };
        let [axis] = axes.as_slice() else { return None };
        if sum.inputs[0] != *x {
            return None;
        }
        // A maximum along the same axis changes nothing but the size of the exponents.
        let shifted = self.step(exponent).and_then(|s| match (&s.prim, s.inputs.as_slice()) {
            (Prim::Binary(Binary::Sub), [x, m]) => {
                let max = self.step(*m)?;
                let along = max.prim == Prim::Reduce { by: Reduce::Max, axes: vec![*axis] };
                (along && max.inputs[0] == *x).then_some(*x)
            }
            _ => None,
        });
        Some(Form::Softmax { x: shifted.unwrap_or(exponent), axis: *axis })
    }

    /// `log(1 + exp(x))`.
    fn softplus(&self, step: &Step) -> Option<Form> {
        let e = match step.prim {
            Prim::Unary(Unary::Log) => match self.affine(step.inputs[0]) {
                (1.0, 1.0, e) => e,
                _ => return None,
            },
            _ => step.inputs[0],
        };
        let (inner, x) = self.scaled(self.under(e, Unary::Exp)?)?;
        Some(Form::Curve { x, inner, by: Curve::Softplus, factor: 1.0 })
    }

    /// `where(mask, value, tensor)`: the activations of two pieces, and the larger or smaller of two.
    fn chosen(&self, step: &Step) -> Option<Form> {
        let [tensor, mask, value] = step.inputs.as_slice() else { return None };
        let (tensor, value) = (*tensor, *value);
        let test = self.step(*mask)?;
        match (&test.prim, test.inputs.as_slice()) {
            (Prim::Binary(by), [a, b]) => {
                // Whether the value is taken where it is the larger one.
                let larger = match by {
                    Binary::Lower | Binary::LowerEqual => true,
                    Binary::Greater | Binary::GreaterEqual => false,
                    _ => return None,
                };
                match (*a == tensor && *b == value, *a == value && *b == tensor) {
                    (true, _) if larger => Some(Form::Maximum(tensor, value)),
                    (true, _) => Some(Form::Minimum(tensor, value)),
                    (_, true) if larger => Some(Form::Minimum(tensor, value)),
                    (_, true) => Some(Form::Maximum(tensor, value)),
                    _ => None,
                }
            }
            (Prim::Scalar(Binary::LowerEqual | Binary::Lower, 0.0), [x]) if *x == tensor => {
                let (alpha, inner) = self.expm1(value, *x)?;
                let by = match inner {
                    1.0 => Curve::Elu(alpha),
                    _ if near(alpha * inner, 1.0) => Curve::Celu(alpha),
                    _ => return None,
                };
                Some(Form::Curve { x: *x, inner: 1.0, by, factor: 1.0 })
            }
            (Prim::Scalar(Binary::GreaterEqual | Binary::Greater, 0.0), [x]) => {
                let (alpha, inner) = self.expm1(tensor, *x)?;
                let gamma = self.times(value, *x)?;
                let selu = near(gamma, 1.0507009873554805) && near(alpha / gamma, 1.6732632423543772);
                (inner == 1.0 && selu).then_some(Form::Curve { x: *x, inner: 1.0, by: Curve::Selu, factor: 1.0 })
            }
            (Prim::Scalar(Binary::Greater, threshold), [z]) => {
                // Above the threshold softplus is the identity, to the last bit of a 32-bit float.
                let beta = self.times(*z, value)?;
                let (scale, log) = self.scaled(tensor)?;
                let filled = self.step(self.under(self.under(log, Unary::Log1p)?, Unary::Exp)?)?;
                let capped = filled.prim == Prim::MaskFill(*threshold) && filled.inputs == [*z, *mask];
                (capped && near(scale * beta, 1.0) && *threshold >= 10.0)
                    .then(|| self.curve(value, beta, Curve::Softplus, scale))
            }
            _ => None,
        }
    }

    /// `(alpha, inner)` if the value is `alpha * (exp(inner * x) - 1)`.
    fn expm1(&self, id: TensorId, x: TensorId) -> Option<(f64, f64)> {
        let (alpha, offset, e) = self.affine(id);
        let inner = self.times(self.under(e, Unary::Exp)?, x)?;
        near(-offset, alpha).then_some((alpha, inner))
    }

    /// `x` where it is above a threshold, else zero.
    fn cut(&self, step: &Step, value: f64) -> Option<Form> {
        let [x, mask] = step.inputs.as_slice() else { return None };
        let test = self.step(*mask)?;
        match test.prim {
            Prim::Scalar(Binary::LowerEqual, alpha) if test.inputs[0] == *x && value == 0.0 && alpha >= 0.0 => {
                Some(Form::Curve { x: *x, inner: 1.0, by: Curve::ThresholdedRelu(alpha), factor: 1.0 })
            }
            _ => None,
        }
    }

    /// A pool whose padding is its input's.
    fn bordered(&self, step: &Step, windows: &Windows) -> Option<Form> {
        let pad = self.step(step.inputs[0])?;
        let Prim::Pad { by, with: Fill::Constant(f64::NEG_INFINITY) } = &pad.prim else { return None };
        let whole = windows.padding.iter().all(|p| *p == (0, 0)) && by[..2] == [(0, 0); 2];
        let windows = Windows { padding: by[2..].to_vec(), ..windows.clone() };
        whole.then(|| Form::MaxPool { x: pad.inputs[0], windows })
    }

    /// A norm, with the factor and offset after it.
    fn norm(&self, step: &Step) -> Option<Form> {
        let with = |id: TensorId, by| {
            let step = self.step(id)?;
            let [a, b] = step.inputs.as_slice() else { return None };
            if step.prim != Prim::Binary(by) || self.shape(*a) != Some(step.shape.as_slice()) {
                return None;
            }
            self.constant(*b).map(|_| (*a, *b))
        };
        let (rest, beta) = with(step.out, Binary::Add).map_or((step.out, None), |(x, b)| (x, Some(b)));
        let (rest, gamma) = with(rest, Binary::Mul).map_or((rest, None), |(x, g)| (x, Some(g)));
        let mut rest = self.uncast(rest);
        // Group norms reshape to `[1, groups, ..]` and back before their factors, which are one a channel.
        if let Some(Step { prim: Prim::Reshape, inputs, shape, .. }) = self.step(rest)
            && (gamma.is_some() || beta.is_some())
            && self.shape(inputs[0]).is_some_and(|s| s.len() == 3 && s[..2] == shape[..2])
        {
            rest = self.uncast(inputs[0]);
        }
        let (x, axes, epsilon, centred) = self.normed(rest)?;
        Some(Form::Norm(Norm { x, axes, epsilon, centred, gamma, beta }))
    }

    /// `c / sqrt(mean(c * c) + epsilon)`, `c` being `x` or `x - mean(x)`.
    fn normed(&self, id: TensorId) -> Option<(TensorId, Vec<usize>, f64, bool)> {
        let step = self.step(id)?;
        let (Prim::Binary(Binary::Div), [c, root]) = (&step.prim, step.inputs.as_slice()) else { return None };
        let (1.0, epsilon, mean) = self.affine(self.under(*root, Unary::Sqrt)?) else { return None };
        let mean = self.step(mean)?;
        let Prim::Reduce { by: Reduce::Mean, axes } = &mean.prim else { return None };
        let square = self.step(mean.inputs[0])?;
        let c = self.uncast(*c);
        let squared = match square.prim {
            Prim::Binary(Binary::Mul) => square.inputs.iter().all(|i| self.uncast(*i) == c),
            Prim::Scalar(Binary::Pow, 2.0) => self.uncast(square.inputs[0]) == c,
            _ => false,
        };
        if !squared {
            return None;
        }
        let centred = self.step(c).and_then(|s| match (&s.prim, s.inputs.as_slice()) {
            (Prim::Binary(Binary::Sub), [x, m]) => {
                let mean = self.step(*m)?;
                let along = mean.prim == Prim::Reduce { by: Reduce::Mean, axes: axes.clone() };
                (along && mean.inputs[0] == *x).then_some(*x)
            }
            _ => None,
        });
        Some((centred.unwrap_or(c), axes.clone(), epsilon, centred.is_some()))
    }

    /// `x W + b`, both constants.
    fn dense(&self, step: &Step) -> Option<Form> {
        let (Prim::Binary(Binary::Add), [a, b]) = (&step.prim, step.inputs.as_slice()) else { return None };
        let of = |product: TensorId, bias: TensorId| {
            let inner = self.step(product)?;
            let [x, weight] = inner.inputs.as_slice() else { return None };
            let units = *step.shape.last()?;
            let vector = self.constant(bias)?;
            let fits = vector.len() == units && vector.shape().dims().last() == Some(&units);
            let alone = self.uses.get(&product) == Some(&1);
            let bare = matches!(inner.prim, Prim::Matmul | Prim::Linear);
            (bare && fits && alone && inner.shape == step.shape && self.is_matrix(*weight)).then_some(Form::Dense {
                x: *x,
                weight: *weight,
                bias,
            })
        };
        of(*a, *b).or_else(|| of(*b, *a))
    }

    /// Whether a constant is one matrix, whatever axes of one element precede it.
    pub fn is_matrix(&self, id: TensorId) -> bool {
        self.constant(id).is_some_and(|w| {
            let dims = w.shape().dims();
            dims.len() >= 2 && dims[..dims.len() - 2].iter().all(|d| *d == 1)
        })
    }

    /// A chain of `+ - * /` by constants that are not the same everywhere.
    fn affine_by(&self, step: &Step) -> Option<Form> {
        let shape = Shape::new(step.shape.clone());
        let fill = |value: f64| Tensor::from_fn(vec![1; shape.rank()].as_slice(), |_| value);
        let (mut scale, mut offset) = (fill(1.0), fill(0.0));
        let (mut scales, mut moves) = (false, false);
        let mut path = None;
        let mut x = step.out;
        let (mut number, mut trained) = (true, false);
        // What is used elsewhere as well is computed anyway, so the chain ends there.
        while let Some(step) = self.step(x).filter(|s| x == step.out || self.uses.get(&s.out) == Some(&1)) {
            let mut neutral = false;
            let (by, inner, constant) = match (&step.prim, step.inputs.as_slice()) {
                (Prim::Scalar(by, s), [a]) => {
                    neutral = *s == if matches!(by, Binary::Mul | Binary::Div) { 1.0 } else { 0.0 };
                    (*by, *a, fill(*s))
                }
                (Prim::Binary(by), [a, b]) => {
                    let (inner, constant, turned) = match (self.constants.get(a), self.constants.get(b)) {
                        (None, Some(c)) => (*a, c, false),
                        (Some(c), None) => (*b, c, true),
                        _ => break,
                    };
                    if turned && !matches!(by, Binary::Add | Binary::Mul) {
                        break;
                    }
                    number &= constant.is_number();
                    trained |= constant.trained;
                    path = path.or_else(|| constant.path.clone());
                    (*by, inner, constant.value.clone())
                }
                _ => break,
            };
            if self.shape(inner).is_some_and(|s| s != shape.dims()) {
                break;
            }
            match by {
                Binary::Add => offset = zip(&offset, &zip(&scale, &constant, |s, c| s * c)?, |o, c| o + c)?,
                Binary::Sub => offset = zip(&offset, &zip(&scale, &constant, |s, c| s * c)?, |o, c| o - c)?,
                Binary::Mul => scale = zip(&scale, &constant, |s, c| s * c)?,
                Binary::Div => scale = zip(&scale, &constant, |s, c| s / c)?,
                _ => break,
            }
            match by {
                Binary::Mul | Binary::Div => scales |= !neutral,
                _ => moves |= !neutral,
            }
            x = inner;
        }
        let (scale, offset) = (scales.then_some(scale), moves.then_some(offset));
        (x != step.out && !number).then_some(Form::Affine(Affine { x, scale, offset, path, trained }))
    }
}

/// Two tensors of one rank, axes of one element broadcast.
fn zip(a: &Tensor, b: &Tensor, f: impl Fn(f64, f64) -> f64) -> Option<Tensor> {
    let dims: Vec<usize> = a.shape().dims().iter().zip(b.shape().dims()).map(|(a, b)| *a.max(b)).collect();
    let shape = Shape::new(dims);
    let (a, b) = (fold::expand(a, &shape)?, fold::expand(b, &shape)?);
    Some(Tensor::from_fn(shape, |i| f(a.data()[i], b.data()[i])))
}
