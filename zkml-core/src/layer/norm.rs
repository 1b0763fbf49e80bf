//! `z = (x - mean) / sqrt(var + epsilon)` over groups of elements: what the norms share.
//!
//! With `n` elements `q_i` of scale `s` in a group, `t_i = n * q_i - sum q` (or `n * q_i` where the mean is left alone) and
//! `v = n * sum q^2 - (sum q)^2` (or `n * sum q^2`); with `e = max(1, round(epsilon * n^2 * 2^(2 * (s + g))))`:
//!
//! `r = floor(2^(f + g + h) / floor(sqrt(v * 2^(2 * g) + e)))` and `z_i = round(t_i * r / 2^h)`, at scale `f`
//!
//! with as many bits `g` as make the root's rounding less than a quarter of a unit of `z` (where any `t_i` is not zero, `v` is
//! not either), and as many bits `h` as make that of `r` less than another quarter, for inputs of at most the step's reach. One
//! quotient serves the whole group. As `t_i^2 <= n * v`, no `z` is larger than `4 / 3 * sqrt(n)`, of which the circuit enforces
//! the next power of two.

use super::{Step, constant, quotient::power};
use crate::{
    arith::{Arith, ArithError, Cut, Int},
    tensor::Tensor,
};

/// A norm without its parameters.
pub(super) struct Norm<'a> {
    /// The elements of each group.
    pub groups: &'a [Vec<usize>],
    /// Whether the mean is subtracted.
    pub centred: bool,
    /// Added to the variance.
    pub epsilon: f64,
}

/// The scale of `z`: two bits more than that of the weights.
pub(super) fn scale(step: &Step) -> i32 {
    (step.factor + 2).clamp(2, 60)
}

impl Norm<'_> {
    /// `z` in floats.
    pub fn float(&self, x: &Tensor) -> Vec<f64> {
        let mut z = vec![0.0; x.len()];
        for group in self.groups {
            let n = group.len() as f64;
            let mean = if self.centred { group.iter().map(|i| x.data()[*i]).sum::<f64>() / n } else { 0.0 };
            let variance = group.iter().map(|i| (x.data()[*i] - mean).powi(2)).sum::<f64>() / n;
            let scale = (variance + self.epsilon).sqrt();
            group.iter().for_each(|i| z[*i] = (x.data()[*i] - mean) / scale);
        }
        z
    }

    /// `z` in integers, at [`scale`].
    pub fn exact<A: Arith>(&self, a: &mut A, x: &Tensor<A::Wire>, step: &Step) -> Result<Vec<A::Wire>, ArithError> {
        let zero = a.constant(Int::ZERO);
        let mut z = vec![zero.clone(); x.len()];
        let (s, f) = (step.inputs[0], scale(step));
        for group in self.groups {
            let n = group.len();
            let count = Int::from(n as u64);
            let log = (n as f64).log2();
            let root = 0.5 * (self.epsilon.max(1e-300).log2()) + f64::from(s) + log;
            let g = (f + 4 - root.max(0.0).floor() as i32).max(2) + (log / 2.0).ceil() as i32;
            let values: Vec<&A::Wire> = group.iter().map(|i| &x.data()[*i]).collect();
            let sum = match self.centred {
                true => a.linear(values.iter().map(|v| (Int::ONE, *v)), Int::ZERO)?,
                false => zero.clone(),
            };
            let sum = a.settle(&sum, n + 1)?;
            let mut squares = values.iter().map(|v| a.mul(v, v)).collect::<Result<Vec<_>, _>>()?;
            squares.push(a.mul(&sum, &sum)?);
            let up = power(2 * g)?;
            let least = constant::integer(self.epsilon * (n * n) as f64, 2 * (s + g)).max(Int::ONE);
            let factor = |i: usize| if i == n { -up } else { up * count };
            let total = a.linear(squares.iter().enumerate().map(|(i, q)| (factor(i), q)), least)?;
            let root = a.sqrt(&total, least)?;
            // |t| is at most 2 * n * 2^(reach + s).
            let shift = step.reach.saturating_add(s + 3 + log.ceil() as i32).max(1);
            let whole = a.constant(power(shift.saturating_add(f + g))?);
            let reciprocal = a.div(&whole, &root, None)?;
            let reciprocal = a.settle(&reciprocal, n)?;
            let shift = shift.unsigned_abs();
            let width = Some(shift + (f + (log / 2.0).ceil() as i32 + 1).unsigned_abs());
            for (i, v) in group.iter().zip(values) {
                let t = a.linear([(count, v), (-Int::ONE, &sum)].into_iter(), Int::ZERO)?;
                let product = a.mul(&t, &reciprocal)?;
                z[*i] = a.rescale(&product, Cut { shift, saturate: None, width })?;
            }
        }
        Ok(z)
    }
}

/// `gamma * z + beta`, with the parameter that each element has.
pub(super) fn affine<A: Arith>(
    a: &mut A,
    x: &Tensor<A::Wire>,
    z: &[A::Wire],
    p: &[Tensor<A::Wire>],
    of: impl Fn(usize) -> usize,
) -> Result<Tensor<A::Wire>, ArithError> {
    Tensor::from_fn(x.shape().clone(), |i| i).try_map(|i| {
        let bias = p.get(1).map(|beta| &beta.data()[of(*i)]);
        a.dot(std::iter::once((&p[0].data()[of(*i)], &z[*i])), bias)
    })
}
