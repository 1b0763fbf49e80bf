//! Normalisations, and other layers that scale each channel by numbers of its own.

use serde::Deserialize;
use serde_json::Value as Json;
use zkml_core::{shape::Shape, tensor::Tensor};

use super::{
    super::{
        fault::misuse,
        lower::{Layout, Value},
    },
    Job, flat_order,
};
use crate::{
    error::ImportError,
    ops::{Binary, Op, Unary},
};

/// One axis, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Axes {
    One(i64),
    Many(Vec<i64>),
}

/// The epsilon of the batch norms that stand for other layers; their variance makes up for it.
const EPSILON: f64 = 1e-5;
/// What Keras divides by at least, in `Normalization`.
const LEAST_DEVIATION: f64 = 1e-7;

impl Job<'_, '_, '_> {
    /// The option `axis`, without the batch, in ascending order.
    fn axes(&mut self, rank: usize, default: i64) -> Result<Vec<usize>, ImportError> {
        let axes = match self.options.take("axis")?.unwrap_or(Axes::One(default)) {
            Axes::One(axis) => vec![axis],
            Axes::Many(axes) => axes,
        };
        let mut axes = axes.iter().map(|axis| self.lowering.axis(*axis, rank)).collect::<Result<Vec<_>, _>>()?;
        axes.sort_unstable();
        axes.dedup();
        Ok(axes)
    }

    pub(super) fn batch_norm(&mut self, x: Value) -> Result<Value, ImportError> {
        let axes = self.axes(x.shape.rank(), -1)?;
        let &[axis] = axes.as_slice() else {
            return Err(misuse(&self.layer, format!("it normalises {} axes, expected one", axes.len())));
        };
        let epsilon = self.options.take("epsilon")?.unwrap_or(1e-3);
        self.options.only("virtual_batch_size", &[])?;
        self.options.only("fused", &["true", "false"])?;
        let channels = x.shape.dims()[axis];
        let (scale, center) = (self.flag("scale", true)?, self.flag("center", true)?);
        let mut expected = vec![];
        expected.extend(scale.then(|| ("gamma", vec![channels])));
        expected.extend(center.then(|| ("beta", vec![channels])));
        expected.extend([("moving_mean", vec![channels]), ("moving_variance", vec![channels])]);
        let mut tensors = self.weights(&expected)?.into_iter();
        let constant = |value: f64| Tensor::from_fn([channels], |_| value);
        let gamma = if scale { tensors.next() } else { None }.unwrap_or_else(|| constant(1.0));
        let beta = if center { tensors.next() } else { None }.unwrap_or_else(|| constant(0.0));
        let mean = tensors.next().unwrap_or_else(|| constant(0.0));
        let var = tensors.next().unwrap_or_else(|| constant(1.0));
        self.by_channel(&x, axis, epsilon, [gamma, beta, mean, var])
    }

    /// A batch norm along an axis, in whichever layout has that axis first.
    fn by_channel(&mut self, x: &Value, axis: usize, epsilon: f64, params: [Tensor; 4]) -> Result<Value, ImportError> {
        let norm = Op::BatchNorm { epsilon };
        if let Layout::Flat(image) = &x.layout {
            let order = flat_order(image);
            let ordered = params.map(|p| Tensor::from_fn(p.shape().clone(), |i| p.data()[order(i)]));
            let node = self.lowering.op(norm, &[x.node], ordered.to_vec())?;
            return Ok(Value { node, ..x.clone() });
        }
        if axis + 1 == x.shape.rank() {
            let node = self.lowering.first(x)?;
            let node = self.lowering.op(norm, &[node], params.to_vec())?;
            return Ok(self.lowering.as_first(node));
        }
        // The axis to the front, and back.
        let others = (0..x.shape.rank()).filter(|a| *a != axis);
        let front: Vec<usize> = [axis].into_iter().chain(others).collect();
        let back: Vec<usize> = (1..=axis).chain([0]).chain(axis + 1..x.shape.rank()).collect();
        let node = self.lowering.keras(x)?;
        let node = self.lowering.permute(node, &front)?;
        let node = self.lowering.op(norm, &[node], params.to_vec())?;
        let node = self.lowering.permute(node, &back)?;
        Ok(self.lowering.as_keras(node))
    }

    /// `scale * x + offset`, each along an axis: a batch norm whose mean is 0 and whose deviation is 1.
    fn affine(&mut self, x: &Value, axis: usize, scale: &[f64], offset: Vec<f64>) -> Result<Value, ImportError> {
        let length = scale.len();
        let (mean, var) = (vec![0.0; length], vec![1.0 - EPSILON; length]);
        self.by_channel(x, axis, EPSILON, [scale.to_vec(), offset, mean, var].map(Tensor::vector))
    }

    pub(super) fn layer_norm(&mut self, x: Value) -> Result<Value, ImportError> {
        let axes = self.axes(x.shape.rank(), -1)?;
        let epsilon: f64 = self.options.take("epsilon")?.unwrap_or(1e-3);
        let dims: Vec<usize> = axes.iter().map(|axis| x.shape.dims()[*axis]).collect();
        let (scale, center) = (self.flag("scale", true)?, self.flag("center", true)?);
        let mut expected = vec![];
        expected.extend(scale.then(|| ("gamma", dims.clone())));
        expected.extend(center.then(|| ("beta", dims.clone())));
        let mut tensors = if expected.is_empty() { vec![] } else { self.weights(&expected)? }.into_iter();
        let constant = |value: f64| Tensor::from_fn(Shape::new(dims.clone()), |_| value);
        let gamma = if scale { tensors.next() } else { None }.unwrap_or_else(|| constant(1.0));
        let beta = if center { tensors.next() } else { None }.unwrap_or_else(|| constant(0.0));
        let node = self.lowering.keras(&x)?;
        let node = self.lowering.op(Op::LayerNorm { axes, epsilon }, &[node], vec![gamma, beta])?;
        Ok(self.lowering.as_keras(node))
    }

    pub(super) fn rms_norm(&mut self, x: Value) -> Result<Value, ImportError> {
        let axes = self.axes(x.shape.rank(), -1)?;
        let epsilon: f64 = self.options.take("epsilon")?.unwrap_or(1e-6);
        let dims: Vec<usize> = axes.iter().map(|axis| x.shape.dims()[*axis]).collect();
        let gamma = self.weights(&[("scale", dims)])?;
        let node = self.lowering.keras(&x)?;
        let node = self.lowering.op(Op::RmsNorm { axes, epsilon }, &[node], gamma)?;
        Ok(self.lowering.as_keras(node))
    }

    /// `(x - mean) / max(sqrt(variance), 1e-7)`, or its inverse.
    pub(super) fn normalization(&mut self, x: Value) -> Result<Value, ImportError> {
        let rank = x.shape.rank();
        let axes = match self.options.raw("axis").map(|raw| serde_json::from_str(raw.get())) {
            None => vec![],
            Some(Ok(Axes::One(axis))) => vec![axis],
            Some(Ok(Axes::Many(axes))) => axes,
            Some(Err(_)) => return Err(misuse(&self.layer, "`axis` is neither a whole number nor a list of them")),
        };
        let axis = match axes.as_slice() {
            [] => None,
            [axis] => Some(self.lowering.axis(*axis, rank)?),
            _ => return Err(misuse(&self.layer, format!("it normalises {} axes, expected one at most", axes.len()))),
        };
        let length = axis.map_or(1, |axis| x.shape.dims()[axis]);
        let invert = self.flag("invert", false)?;
        let given = [self.numbers("mean", length)?, self.numbers("variance", length)?];
        let stated = matches!(given, [Some(_), Some(_)]);
        let [mean, variance] = match given {
            [Some(mean), Some(variance)] => [mean, variance],
            _ => {
                let tensors = self.shelf.take(&self.layer, &["mean", "variance"], 1)?;
                let spread = |t: &Tensor| (t.len() == length).then(|| t.data().to_vec());
                match (spread(&tensors[0]), spread(&tensors[1])) {
                    (Some(mean), Some(variance)) => [mean, variance],
                    _ => {
                        return Err(misuse(
                            &self.layer,
                            format!("its mean has shape {}, expected {length} numbers", tensors[0].shape()),
                        ));
                    }
                }
            }
        };
        let deviation: Vec<f64> = variance.iter().map(|v| v.sqrt().max(LEAST_DEVIATION)).collect();
        let scale: Vec<f64> = deviation.iter().map(|d| if invert { *d } else { 1.0 / d }).collect();
        let offset = mean.iter().zip(&scale).map(|(m, s)| if invert { *m } else { -m * s }).collect();
        if stated { self.scale_and_offset(x, axis, &scale, offset) } else { self.trained(x, axis, scale, offset) }
    }

    /// `scale * x + offset`, both adapted to data: parameters, whatever they are.
    fn trained(
        &mut self,
        x: Value,
        axis: Option<usize>,
        scale: Vec<f64>,
        offset: Vec<f64>,
    ) -> Result<Value, ImportError> {
        if let Some(axis) = axis {
            return self.affine(&x, axis, &scale, offset);
        }
        let node = self.lowering.op(Op::Binary(Binary::Mul), &[x.node], vec![Tensor::vector(scale)])?;
        let node = self.lowering.op(Op::Binary(Binary::Add), &[node], vec![Tensor::vector(offset)])?;
        Ok(Value { node, ..x })
    }

    pub(super) fn rescaling(&mut self, x: Value) -> Result<Value, ImportError> {
        let channels = x.shape.dims().last().copied().unwrap_or(1);
        let scale = self.numbers("scale", channels)?.unwrap_or_else(|| vec![1.0; channels]);
        let offset = self.numbers("offset", channels)?.unwrap_or_else(|| vec![0.0; channels]);
        let axis = x.shape.rank().checked_sub(1);
        self.scale_and_offset(x, axis, &scale, offset)
    }

    /// `scale * x + offset`, by constants where all are the same.
    fn scale_and_offset(
        &mut self,
        x: Value,
        axis: Option<usize>,
        scale: &[f64],
        offset: Vec<f64>,
    ) -> Result<Value, ImportError> {
        let same = |values: &[f64]| values.windows(2).all(|pair| pair[0] == pair[1]);
        match axis {
            Some(axis) if !(same(scale) && same(&offset)) => self.affine(&x, axis, scale, offset),
            _ => {
                let factor = scale.first().copied().unwrap_or(1.0);
                let constant = offset.first().copied().unwrap_or(0.0);
                let y = self.lowering.each(Unary::Scale { factor }, &x)?;
                match constant == 0.0 {
                    true => Ok(y),
                    false => self.lowering.each(Unary::Offset { value: constant }, &y),
                }
            }
        }
    }

    /// An option that is a number for all or one for each: nested lists, or an array as Keras stores one.
    fn numbers(&mut self, key: &str, length: usize) -> Result<Option<Vec<f64>>, ImportError> {
        fn flatten(json: &Json, into: &mut Vec<f64>) -> Option<()> {
            match json {
                Json::Number(n) => into.push(n.as_f64()?),
                Json::Array(values) => values.iter().try_for_each(|v| flatten(v, into))?,
                Json::Object(fields) => flatten(fields.get("config")?.get("value")?, into)?,
                Json::Null | Json::Bool(_) | Json::String(_) => return None,
            }
            Some(())
        }
        let Some(raw) = self.options.raw(key) else { return Ok(None) };
        let mut values = vec![];
        let read = serde_json::from_str(raw.get()).ok().and_then(|json| flatten(&json, &mut values));
        match (read, values.as_slice()) {
            (Some(()), [one]) => Ok(Some(vec![*one; length])),
            (Some(()), many) if many.len() == length => Ok(Some(values)),
            _ => Err(self.options.refuse(key, raw, &format!("a number, or {length} of them"))),
        }
    }

    /// `x`, or `alpha * x` below zero, with trained `alpha`.
    pub(super) fn prelu(&mut self, x: Value) -> Result<Value, ImportError> {
        let rank = x.shape.rank();
        let shared: Vec<i64> = match self.options.take("shared_axes")? {
            None => vec![],
            Some(Axes::One(axis)) => vec![axis],
            Some(Axes::Many(axes)) => axes,
        };
        let shared = shared.iter().map(|axis| self.lowering.axis(*axis, rank)).collect::<Result<Vec<_>, _>>()?;
        let dims: Vec<usize> =
            x.shape.dims().iter().enumerate().map(|(i, d)| if shared.contains(&i) { 1 } else { *d }).collect();
        let alpha = self.weights(&[("alpha", dims.clone())])?.swap_remove(0);
        let last = rank.saturating_sub(1);
        let one_each = |dims: &[usize]| dims.iter().all(|d| *d == 1);
        if one_each(&dims) {
            let node = self.lowering.op(Op::Prelu, &[x.node], vec![Tensor::vector(alpha.into_data())])?;
            return Ok(Value { node, ..x });
        }
        if one_each(&dims[..last]) {
            let node = self.lowering.first(&x)?;
            let channels: Vec<usize> = [dims[last]].into_iter().chain(vec![1; last]).collect();
            let alpha = Tensor::from_fn(Shape::new(channels), |i| alpha.data()[i]);
            let node = self.lowering.op(Op::Prelu, &[node], vec![alpha])?;
            return Ok(self.lowering.as_first(node));
        }
        let node = self.lowering.keras(&x)?;
        let node = self.lowering.op(Op::Prelu, &[node], vec![alpha])?;
        Ok(self.lowering.as_keras(node))
    }
}
