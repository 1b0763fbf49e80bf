//! Constructors of layers for the passes of the optimizer: by formula, or with another argument.

use super::{AnyLayer, Args, Clip, Dense, Literal, Offset, Parameter, Reciprocal, Relu, Relu6, Scale};
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

    /// Fully connected layer without a bias, `y_o = sum_i weight_oi * x_i`.
    pub fn product(outputs: usize) -> Self {
        Dense { units: outputs, bias: false }.into()
    }

    /// Parameter of that shape.
    pub fn parameter(shape: Shape) -> Self {
        Parameter { shape }.into()
    }

    /// Multiplication by a constant other than zero, `y = factor * x`.
    pub fn scaling(factor: f64) -> Self {
        Scale { factor }.into()
    }

    /// Addition of a constant, `y = x + value`.
    pub fn offset(value: f64) -> Self {
        Offset { value }.into()
    }

    /// Reciprocal, `y = 1 / x`.
    pub fn reciprocal() -> Self {
        Reciprocal.into()
    }

    /// Clipping, `y = min(max(x, lo), hi)`, for `lo <= hi`; an end may be infinite.
    pub fn clip(lo: f64, hi: f64) -> Self {
        match (lo, hi) {
            (0.0, f64::INFINITY) => Relu.into(),
            (0.0, 6.0) => Relu6.into(),
            (lo, hi) => Clip { min: lo.is_finite().then_some(lo), max: hi.is_finite().then_some(hi) }.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layer::Kind, tensor::Tensor};

    #[test]
    fn a_formula_is_the_kind_of_its_layer() {
        assert_eq!(AnyLayer::scaling(-2.5).kind(), Kind::Scale(-2.5));
        assert_eq!(AnyLayer::offset(0.3).kind(), Kind::Offset(0.3));
        assert_eq!(AnyLayer::parameter(Shape::new([2])).kind(), Kind::Parameter);
        assert!(AnyLayer::product(3).kind().linear().is_some_and(|linear| linear.has_independent_outputs()));
        let x = Tensor::vector(vec![-8.0, -0.5, 0.0, 2.0, 7.0]);
        for (lo, hi) in [(0.0, f64::INFINITY), (0.0, 6.0), (-1.0, 1.0), (f64::NEG_INFINITY, 2.0), (0.5, f64::INFINITY)]
        {
            let clip = AnyLayer::clip(lo, hi);
            assert_eq!(clip.kind().ends(), Some((lo, hi)));
            assert_eq!(clip.float(&[&x], &[]), x.map(|x| x.clamp(lo, hi)));
        }
        let reciprocal = AnyLayer::reciprocal().float(&[&Tensor::vector(vec![4.0])], &[]);
        assert_eq!(reciprocal.data(), [0.25]);
    }

    #[test]
    fn one_argument_changes_and_is_checked() {
        let dense = AnyLayer::product(3);
        let args = vec![("units", Literal::Int(5)), ("bias", Literal::Bool(false))];
        assert_eq!(dense.with("units", 5usize).unwrap().args(), args);
        assert!(dense.with("units", 0usize).is_err());
        assert!(dense.with("filters", 2usize).is_err());
    }
}
