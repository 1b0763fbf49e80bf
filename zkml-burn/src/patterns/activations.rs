//! Activations that Burn writes out: with a gate, as a quotient, by a mask.

use burn::backend::capture::TensorId;
use zkml_import::ops::Unary as Function;

use super::Pattern;
use crate::{
    dataflow::{Dataflow, near},
    primitive::{Binary, Operation, Primitive, Reduce, Unary},
};

/// Selu, with the constants of its paper.
const SELU: Function = Function::Selu { alpha: 1.673_263_242_354_377_2, gamma: 1.050_700_987_355_480_5 };

impl Dataflow<'_> {
    /// The pattern `factor * f(inner * x)`, with the scalars of `x` itself drawn into `inner`, unless that is 1 without.
    fn activation(&self, x: TensorId, inner: f64, by: Function, factor: f64) -> Pattern {
        let snap = |v: f64| if near(v, 1.0) { 1.0 } else { v };
        let (x, inner) = match self.scalar_multiple(x) {
            Some((own, base)) if !near(inner, 1.0) => (base, inner * own),
            _ => (x, inner),
        };
        Pattern::Activation { x, inner: snap(inner), by, factor: snap(factor) }
    }

    /// An activation with a gate, `x * gate(x)`: silu, mish, gelu, hard swish.
    pub(super) fn gated_activation(&self, operation: &Operation) -> Option<Pattern> {
        let (scalar, base) = self.scalar_multiple(operation.out)?;
        let Operation { primitive: Primitive::Binary(Binary::Mul), inputs, .. } = self.operation(base)? else {
            return None;
        };
        let [a, b] = inputs.as_slice() else { return None };
        self.activation_of_gate(*a, *b, scalar).or_else(|| self.activation_of_gate(*b, *a, scalar))
    }

    /// `scalar * x * gate`, where the gate looks at `c * x`: `scalar / c` times an activation of `c * x`.
    fn activation_of_gate(&self, x: TensorId, gate: TensorId, scalar: f64) -> Option<Pattern> {
        let of = |c: f64, by, factor: f64| (c != 0.0).then(|| self.activation(x, c, by, factor / c));
        let operation = self.operation(gate)?;
        match (&operation.primitive, operation.inputs.as_slice()) {
            (Primitive::Unary(Unary::Sigmoid), [u]) => return of(self.ratio(*u, x)?, Function::Silu, scalar),
            (Primitive::Unary(Unary::Recip), [u]) => return self.silu_quotient(x, *u, scalar),
            (Primitive::HardSigmoid { alpha, beta }, [u]) if near(*alpha, 1.0 / 6.0) && *beta == 0.5 => {
                return of(self.ratio(*u, x)?, Function::HardSwish, scalar);
            }
            (Primitive::Unary(Unary::Tanh), [u]) => {
                if let Pattern::Activation { x: v, inner, by: Function::Softplus, factor: 1.0 } =
                    self.pattern(self.operation(*u)?)
                {
                    return of(self.ratio(v, x)? * inner, Function::Mish, scalar);
                }
            }
            _ => {}
        }
        let (factor, offset, h) = self.scalar_affine(gate);
        if !near(factor, offset) {
            return None;
        }
        if let Some(u) = self.argument_of(h, Unary::Erf) {
            let c = self.ratio(u, x)? * std::f64::consts::SQRT_2;
            return of(c, Function::Gelu { tanh: false }, 2.0 * offset * scalar);
        }
        let (k, w) = self.scalar_multiple(self.argument_of(h, Unary::Tanh)?)?;
        let c = self.gelu_cubic(w, x)?;
        let root = (2.0 / std::f64::consts::PI).sqrt();
        near(k, root).then(|| of(c, Function::Gelu { tanh: true }, 2.0 * offset * scalar))?
    }

    /// The inside of a gelu by `tanh`: the number `c` such that the value is `z + 0.044715 z^3`, `z = c * x`.
    fn gelu_cubic(&self, id: TensorId, x: TensorId) -> Option<f64> {
        let Operation { primitive: Primitive::Binary(Binary::Add), inputs, .. } = self.operation(id)? else {
            return None;
        };
        let [a, b] = inputs.as_slice() else { return None };
        let cube = |z: TensorId, id| {
            let (factor, base) = self.scalar_multiple(id)?;
            let operation = self.operation(base)?;
            let power = match (&operation.primitive, operation.inputs.as_slice()) {
                (Primitive::Scalar(Binary::Pow, 3.0), [y]) => *y == z,
                (Primitive::Binary(Binary::Mul), [p, q]) => {
                    let square = |id| {
                        self.operation(id).is_some_and(|s| match s.primitive {
                            Primitive::Binary(Binary::Mul) => s.inputs == [z, z],
                            Primitive::Scalar(Binary::Pow, 2.0) => s.inputs == [z],
                            _ => false,
                        })
                    };
                    (*p == z && square(*q)) || (*q == z && square(*p))
                }
                _ => false,
            };
            (power && near(factor, 0.044715)).then_some(z)
        };
        self.ratio(cube(*a, *b).or_else(|| cube(*b, *a))?, x)
    }

    /// Sigmoid: `factor / (1 + exp(-x))`, `id` being the divisor.
    pub(super) fn sigmoid(&self, id: TensorId, factor: f64) -> Option<Pattern> {
        let (1.0, 1.0, e) = self.scalar_affine(id) else { return None };
        let (inner, x) = self.scalar_multiple(self.argument_of(e, Unary::Exp)?)?;
        Some(self.activation(x, -inner, Function::Sigmoid, factor))
    }

    /// Silu: `scalar * x / (1 + exp(-c * x))`, `id` being the divisor.
    fn silu_quotient(&self, x: TensorId, id: TensorId, scalar: f64) -> Option<Pattern> {
        let Pattern::Activation { x: v, inner, .. } = self.sigmoid(id, 1.0)? else { return None };
        let c = self.ratio(v, x)? * inner;
        (c != 0.0).then(|| self.activation(x, c, Function::Silu, scalar / c))
    }

    /// Quotients: softsign, softmax, silu and sigmoid.
    pub(super) fn quotient_activation(&self, operation: &Operation) -> Option<Pattern> {
        let (Primitive::Binary(Binary::Div), [x, y]) = (&operation.primitive, operation.inputs.as_slice()) else {
            return None;
        };
        if let Some(factor) = self.uniform(*x) {
            return self.sigmoid(*y, factor);
        }
        if let (1.0, 1.0, h) = self.scalar_affine(*y)
            && self.argument_of(h, Unary::Abs) == Some(*x)
        {
            return Some(Pattern::Activation { x: *x, inner: 1.0, by: Function::Softsign, factor: 1.0 });
        }
        if let Some(silu) = self.silu_quotient(*x, *y, 1.0) {
            return Some(silu);
        }
        let exponent = self.argument_of(*x, Unary::Exp)?;
        let sum = self.operation(*y)?;
        let Primitive::Reduce { by: Reduce::Sum, axes } = &sum.primitive else { return None };
        let [axis] = axes.as_slice() else { return None };
        if sum.inputs[0] != *x {
            return None;
        }
        // A maximum along the same axis changes nothing but the size of the exponents.
        let shifted = self.operation(exponent).and_then(|s| match (&s.primitive, s.inputs.as_slice()) {
            (Primitive::Binary(Binary::Sub), [x, m]) => {
                let max = self.operation(*m)?;
                let along = max.primitive == Primitive::Reduce { by: Reduce::Max, axes: vec![*axis] };
                (along && max.inputs[0] == *x).then_some(*x)
            }
            _ => None,
        });
        Some(Pattern::Softmax { x: shifted.unwrap_or(exponent), axis: *axis })
    }

    /// Softplus: `log(1 + exp(x))`.
    pub(super) fn softplus(&self, operation: &Operation) -> Option<Pattern> {
        let e = match operation.primitive {
            Primitive::Unary(Unary::Log) => match self.scalar_affine(operation.inputs[0]) {
                (1.0, 1.0, e) => e,
                _ => return None,
            },
            _ => operation.inputs[0],
        };
        let (inner, x) = self.scalar_multiple(self.argument_of(e, Unary::Exp)?)?;
        Some(Pattern::Activation { x, inner, by: Function::Softplus, factor: 1.0 })
    }

    /// `where(mask, value, tensor)`: elu, celu, selu, softplus, and the maximum or minimum of two tensors.
    pub(super) fn where_activation(&self, operation: &Operation) -> Option<Pattern> {
        let [tensor, mask, value] = operation.inputs.as_slice() else { return None };
        let (tensor, value) = (*tensor, *value);
        let test = self.operation(*mask)?;
        match (&test.primitive, test.inputs.as_slice()) {
            (Primitive::Binary(by), [a, b]) => {
                // Whether the value is taken where it is the larger one.
                let larger = match by {
                    Binary::Lower | Binary::LowerEqual => true,
                    Binary::Greater | Binary::GreaterEqual => false,
                    _ => return None,
                };
                match (*a == tensor && *b == value, *a == value && *b == tensor) {
                    (true, _) if larger => Some(Pattern::Maximum(tensor, value)),
                    (true, _) => Some(Pattern::Minimum(tensor, value)),
                    (_, true) if larger => Some(Pattern::Minimum(tensor, value)),
                    (_, true) => Some(Pattern::Maximum(tensor, value)),
                    _ => None,
                }
            }
            (Primitive::Scalar(Binary::LowerEqual | Binary::Lower, 0.0), [x]) if *x == tensor => {
                let (alpha, inner) = self.expm1(value, *x)?;
                let by = match inner {
                    1.0 => Function::Elu { alpha },
                    _ if near(alpha * inner, 1.0) => Function::Celu { alpha },
                    _ => return None,
                };
                Some(Pattern::Activation { x: *x, inner: 1.0, by, factor: 1.0 })
            }
            (Primitive::Scalar(Binary::GreaterEqual | Binary::Greater, 0.0), [x]) => {
                let (alpha, inner) = self.expm1(tensor, *x)?;
                let gamma = self.ratio(value, *x)?;
                let selu = near(gamma, 1.0507009873554805) && near(alpha / gamma, 1.6732632423543772);
                (inner == 1.0 && selu).then_some(Pattern::Activation { x: *x, inner: 1.0, by: SELU, factor: 1.0 })
            }
            (Primitive::Scalar(Binary::Greater, threshold), [z]) => {
                // Above the threshold softplus is the identity, to the last bit of a 32-bit float.
                let beta = self.ratio(*z, value)?;
                let (scale, log) = self.scalar_multiple(tensor)?;
                let filled = self.operation(self.argument_of(self.argument_of(log, Unary::Log1p)?, Unary::Exp)?)?;
                let capped = filled.primitive == Primitive::MaskFill(*threshold) && filled.inputs == [*z, *mask];
                (capped && near(scale * beta, 1.0) && *threshold >= 10.0)
                    .then(|| self.activation(value, beta, Function::Softplus, scale))
            }
            _ => None,
        }
    }

    /// `(alpha, inner)` if the value is `alpha * (exp(inner * x) - 1)`.
    fn expm1(&self, id: TensorId, x: TensorId) -> Option<(f64, f64)> {
        let (alpha, offset, e) = self.scalar_affine(id);
        let inner = self.ratio(self.argument_of(e, Unary::Exp)?, x)?;
        near(-offset, alpha).then_some((alpha, inner))
    }

    /// Thresholded relu: `x` where it is above a threshold, else zero.
    pub(super) fn thresholded_relu(&self, operation: &Operation, value: f64) -> Option<Pattern> {
        let [x, mask] = operation.inputs.as_slice() else { return None };
        let test = self.operation(*mask)?;
        match test.primitive {
            Primitive::Scalar(Binary::LowerEqual, alpha) if test.inputs[0] == *x && value == 0.0 && alpha >= 0.0 => {
                Some(Pattern::Activation { x: *x, inner: 1.0, by: Function::ThresholdedRelu { alpha }, factor: 1.0 })
            }
            _ => None,
        }
    }
}
