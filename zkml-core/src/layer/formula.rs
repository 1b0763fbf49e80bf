//! Layers that passes write: one for each formula, and the same layer with another argument.

use super::{
    AnyLayer, Args, Literal, clip::Clip, dense::Dense, offset::Offset, parameter::Parameter, relu::Relu, relu6::Relu6,
    scale::Scale,
};
use crate::{error::LayerError, shape::Shape};

impl AnyLayer {
    /// The same layer with another value of one of its arguments.
    ///
    /// # Errors
    /// If the layer refuses the value, or has no such argument.
    pub fn with(&self, argument: &str, value: impl Into<Literal>) -> Result<Self, LayerError> {
        let others = self.args().into_iter().filter(|(name, _)| *name != argument);
        let args = others.fold(Args::new().with(argument, value), |args, (name, value)| args.with(name, value));
        Self::parse(self.card().name, args)
    }

    /// `y_o = sum_i weight_oi * x_i`, without a bias.
    pub fn product(outputs: usize) -> Self {
        Dense { units: outputs, bias: false }.into()
    }

    /// The values of a parameter.
    pub fn parameter(shape: Shape) -> Self {
        Parameter { shape }.into()
    }

    /// `y = factor * x`, for a factor other than zero.
    pub fn scaling(factor: f64) -> Self {
        Scale { factor }.into()
    }

    /// `y = x + value`.
    pub fn offset(value: f64) -> Self {
        Offset { value }.into()
    }

    /// `y = min(max(x, lo), hi)`, for `lo <= hi`, perhaps infinite.
    pub fn clip(lo: f64, hi: f64) -> Self {
        match (lo, hi) {
            (0.0, f64::INFINITY) => Relu.into(),
            (0.0, 6.0) => Relu6.into(),
            (lo, hi) => Clip { min: lo.is_finite().then_some(lo), max: hi.is_finite().then_some(hi) }.into(),
        }
    }
}
