//! Activations: those that layers carry as an option, and those that are layers.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    config::{Options, excerpt},
    fault::{self, LayerRef, malformed, misuse},
    lower::{Layout, Lowering, Softmax, Value},
};
use crate::{
    error::ImportError,
    ops::{Binary, Op, Unary},
};

/// An activation with its numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Activation {
    /// `x`.
    Linear,
    /// `max` from `max` on, `x` from `threshold` on, `slope * (x - threshold)` below.
    Relu { slope: f64, max: Option<f64>, threshold: f64 },
    /// `x`, or `alpha * (e^x - 1)` below zero.
    Elu(f64),
    /// `1.0507 * elu(x, 1.6733)`.
    Selu,
    /// `max(0, x) + min(0, e^x - 1)`.
    Celu,
    /// `x * P(X <= x)` for a standard normal `X`.
    Gelu,
    /// `x * sigmoid(x)`.
    Silu,
    /// `ln(1 + e^x)`.
    Softplus,
    /// `x / (1 + |x|)`.
    Softsign,
    /// The hyperbolic tangent.
    Tanh,
    /// `1 / (1 + e^-x)`.
    Sigmoid,
    /// `-softplus(-x)`.
    LogSigmoid,
    /// `clip(alpha * x + 1 / 2, 0, 1)`; `alpha` is 1/6 in Keras 3 and 0.2 before.
    HardSigmoid(f64),
    /// `x * relu6(x + 3) / 6`.
    HardSilu,
    /// `clip(x, -1, 1)`.
    HardTanh,
    /// `x - tanh(x)`.
    TanhShrink,
    /// `e^x`.
    Exponential,
    /// `x * tanh(softplus(x))`.
    Mish,
    /// `softmax` or `log_softmax` along an axis.
    Softmax(Softmax, i64),
}

/// `alpha` of Keras's `selu`, and what it multiplies by.
const SELU: [f64; 2] = [1.673_263_242_354_377_2, 1.050_700_987_355_480_5];

impl Activation {
    const RELU: Self = Self::Relu { slope: 0.0, max: None, threshold: 0.0 };

    /// The activation of that name, with its defaults.
    fn named(name: &str, keras2: bool) -> Option<Self> {
        Some(match name {
            "linear" => Self::Linear,
            "relu" => Self::RELU,
            "relu6" => Self::Relu { slope: 0.0, max: Some(6.0), threshold: 0.0 },
            "leaky_relu" => Self::Relu { slope: 0.2, max: None, threshold: 0.0 },
            "elu" => Self::Elu(1.0),
            "selu" => Self::Selu,
            "celu" => Self::Celu,
            "gelu" => Self::Gelu,
            "silu" | "swish" => Self::Silu,
            "softplus" => Self::Softplus,
            "softsign" => Self::Softsign,
            "tanh" => Self::Tanh,
            "sigmoid" => Self::Sigmoid,
            "log_sigmoid" => Self::LogSigmoid,
            "hard_sigmoid" => Self::HardSigmoid(if keras2 { 0.2 } else { 1.0 / 6.0 }),
            "hard_silu" | "hard_swish" => Self::HardSilu,
            "hard_tanh" => Self::HardTanh,
            "tanh_shrink" => Self::TanhShrink,
            "exponential" => Self::Exponential,
            "mish" => Self::Mish,
            "softmax" => Self::Softmax(Softmax::Plain, -1),
            "log_softmax" => Self::Softmax(Softmax::Log, -1),
            _ => return None,
        })
    }

    /// The option `activation` of a layer: a name, a stored function, or a stored layer.
    pub(super) fn option(options: &mut Options<'_>, layer: &LayerRef, keras2: bool) -> Result<Self, ImportError> {
        match options.raw("activation") {
            None => Ok(Self::Linear),
            Some(raw) => Self::stored(raw, layer, keras2),
        }
    }

    fn stored(raw: &RawValue, layer: &LayerRef, keras2: bool) -> Result<Self, ImportError> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Stored {
            Name(String),
            Object { class_name: String, config: serde_json::Value },
        }
        let unsupported = |found: String| {
            let help = "expected one of the activations of Keras by its name, such as relu, tanh or softmax";
            fault::option(layer, "activation", &found, help)
        };
        let stored = serde_json::from_str(raw.get()).map_err(|_| unsupported(excerpt(raw.get())))?;
        match stored {
            Stored::Name(name) => Self::named(&name, keras2).ok_or_else(|| unsupported(format!("`{name}`"))),
            Stored::Object { class_name, config } if class_name == "function" => {
                let name = config.as_str().unwrap_or_default();
                Self::named(name, keras2).ok_or_else(|| unsupported(format!("`{}`", excerpt(name))))
            }
            Stored::Object { class_name, config } => {
                let raw = serde_json::value::to_raw_value(&config).map_err(|e| malformed(e.to_string()))?;
                let inner = LayerRef { name: layer.name.clone(), class: class_name.clone() };
                let mut options = Options::read(&inner, &raw)?;
                let found = Self::layer(&mut options, &inner, keras2)?;
                options.finish()?;
                found.ok_or_else(|| unsupported(format!("`{class_name}`")))
            }
        }
    }

    /// The activation that a layer of an activation's class is, `None` for other classes.
    pub(super) fn layer(
        options: &mut Options<'_>,
        layer: &LayerRef,
        keras2: bool,
    ) -> Result<Option<Self>, ImportError> {
        Ok(Some(match layer.class.as_str() {
            "Activation" => Self::option(options, layer, keras2)?,
            "ReLU" => Self::Relu {
                slope: options.take("negative_slope")?.unwrap_or(0.0),
                max: options.take("max_value")?,
                threshold: options.take("threshold")?.unwrap_or(0.0),
            },
            "LeakyReLU" => {
                let alpha: Option<f64> = number(options, "alpha")?;
                let slope = number(options, "negative_slope")?.or(alpha).unwrap_or(0.3);
                Self::Relu { slope, max: None, threshold: 0.0 }
            }
            "ThresholdedReLU" => {
                Self::Relu { slope: 0.0, max: None, threshold: number(options, "theta")?.unwrap_or(1.0) }
            }
            "ELU" => Self::Elu(number(options, "alpha")?.unwrap_or(1.0)),
            "Softmax" => {
                let axis = options.raw("axis").map_or("-1", RawValue::get);
                let single = axis.trim_start_matches('[').trim_end_matches(']');
                let axis = single.trim();
                let axis =
                    axis.parse().map_err(|_| fault::option(layer, "axis", &excerpt(axis), "expected one axis"))?;
                Self::Softmax(Softmax::Plain, axis)
            }
            _ => return Ok(None),
        }))
    }
}

/// A number, which older versions wrote as an array of one.
fn number(options: &mut Options<'_>, key: &str) -> Result<Option<f64>, ImportError> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Plain(f64),
        Array { value: f64 },
    }
    Ok(options.take(key)?.map(|n| match n {
        Number::Plain(x) | Number::Array { value: x } => x,
    }))
}

impl Lowering {
    /// The activation of a value.
    pub(super) fn activate(&mut self, value: Value, activation: &Activation) -> Result<Value, ImportError> {
        let op = match activation {
            Activation::Linear => return Ok(value),
            Activation::Relu { slope, max, threshold } => return self.relu(value, *slope, *max, *threshold),
            Activation::Softmax(kind, axis) => return self.softmax(value, *kind, *axis),
            Activation::LogSigmoid => {
                let value = self.each(Unary::Neg, &value)?;
                let value = self.each(Unary::Softplus, &value)?;
                return self.each(Unary::Neg, &value);
            }
            Activation::TanhShrink => {
                let tanh = self.each(Unary::Tanh, &value)?;
                let node = self.op(Op::Binary(Binary::Sub), &[value.node, tanh.node], vec![])?;
                return Ok(Value { node, ..value });
            }
            Activation::Elu(alpha) => Unary::Elu { alpha: *alpha },
            Activation::Selu => Unary::Selu { alpha: SELU[0], gamma: SELU[1] },
            Activation::Celu => Unary::Celu { alpha: 1.0 },
            Activation::Gelu => Unary::Gelu { tanh: false },
            Activation::Silu => Unary::Silu,
            Activation::Softplus => Unary::Softplus,
            Activation::Softsign => Unary::Softsign,
            Activation::Tanh => Unary::Tanh,
            Activation::Sigmoid => Unary::Sigmoid,
            Activation::HardSigmoid(alpha) => Unary::HardSigmoid { alpha: *alpha, beta: 0.5 },
            Activation::HardSilu => Unary::HardSwish,
            Activation::HardTanh => Unary::HardTanh,
            Activation::Exponential => Unary::Exp,
            Activation::Mish => Unary::Mish,
        };
        self.each(op, &value)
    }

    fn relu(&mut self, value: Value, slope: f64, max: Option<f64>, threshold: f64) -> Result<Value, ImportError> {
        let numbers = [slope, threshold, max.unwrap_or(0.0)];
        if numbers.iter().any(|n| !n.is_finite()) || max.is_some_and(|max| max <= threshold.max(0.0)) {
            return Err(misuse(
                &self.layer,
                format!(
                    "`max_value` {max:?} with `threshold` {threshold} and `negative_slope` {slope}; expected finite \
                     numbers and a maximum above zero and the threshold"
                ),
            ));
        }
        match (slope == 0.0, threshold == 0.0, max) {
            (true, true, None) => self.each(Unary::Relu, &value),
            (true, true, max) => self.each(Unary::Clip { min: Some(0.0), max }, &value),
            (_, no_threshold, max) => {
                let above = match no_threshold {
                    true => Unary::LeakyRelu { alpha: slope },
                    false => Unary::ThresholdedRelu { alpha: threshold },
                };
                let mut y = self.each(above, &value)?;
                if !no_threshold && slope != 0.0 {
                    // Below the threshold: slope * (x - threshold) = -slope * relu(threshold - x).
                    let below = self.each(Unary::Neg, &value)?;
                    let below = self.each(Unary::Offset { value: threshold }, &below)?;
                    let below = self.each(Unary::Relu, &below)?;
                    let below = self.each(Unary::Scale { factor: slope }, &below)?;
                    y.node = self.op(Op::Binary(Binary::Sub), &[y.node, below.node], vec![])?;
                }
                match max {
                    None => Ok(y),
                    max => self.each(Unary::Clip { min: None, max }, &y),
                }
            }
        }
    }

    fn softmax(&mut self, value: Value, kind: Softmax, axis: i64) -> Result<Value, ImportError> {
        // Keras counts the batch, except from the end.
        let rank = value.shape.rank();
        let axis = self.axis(axis, rank)?;
        if rank == 1 {
            return Ok(Value { softmax: Some(kind), ..value });
        }
        let axis = match value.layout {
            Layout::ChannelsFirst => (axis + 1) % rank,
            Layout::Keras | Layout::Flat(_) => axis,
        };
        let node = self.op(kind.op(axis), &[value.node], vec![])?;
        Ok(Value { node, ..value })
    }

    /// An axis as Keras counts it (the batch is axis 0), without the batch.
    pub(super) fn axis(&self, axis: i64, rank: usize) -> Result<usize, ImportError> {
        let found = if axis < 0 { axis + rank as i64 } else { axis - 1 };
        match usize::try_from(found) {
            Ok(found) if found < rank && axis != 0 => Ok(found),
            _ => Err(misuse(
                &self.layer,
                format!("axis {axis} of a tensor with {rank} axes and the batch; the batch can't be mixed"),
            )),
        }
    }
}
