//! Standardization over groups of elements, for the norms: `z = (x - mean) / sqrt(var + epsilon)`.
//!
//! With `n` elements `q_i` of scale `s` in a group, `t_i = n * q_i - sum q` (or `n * q_i` where the mean is left alone) and
//! `v = n * sum q^2 - (sum q)^2` (or `n * sum q^2`); with `e = max(1, round(epsilon * n^2 * 2^(2 * (s + g))))`:
//!
//! `r = floor(2^(f + g + h) / floor(sqrt(v * 2^(2 * g) + e)))` and `z_i = round(t_i * r / 2^h)`, at scale `f`
//!
//! with as many bits `g` as make the root's rounding less than a quarter of a unit of `z` (where any `t_i` is not zero, `v` is
//! not either), and as many bits `h` as make that of `r` less than another quarter, for inputs of at most the step's reach. One
//! quotient serves the whole group. As `t_i^2 <= n * v`, no `z` is larger than `4 / 3 * sqrt(n)`: the circuit enforces a power of
//! two above that, `2^(ceil(log2(n) / 2) + 1)`.

use crate::layer::{Arg, Args, Init, Param, Role, Step, quotient::power};
use crate::{
    arith::Arith,
    error::LayerError,
    number::{
        ArithError, Cut, Fixed, Int,
        float::{self, ceil_log2},
    },
    shape::Shape,
    tensor::Tensor,
};

/// A norm without its parameters.
pub(in crate::layer) struct Norm<'a> {
    /// The elements of each group.
    pub groups: &'a [Vec<usize>],
    /// Whether the mean is subtracted.
    pub centred: bool,
    /// Added to the variance.
    pub epsilon: f64,
}

/// The scale of `z`: two bits more than that of the weights.
pub(in crate::layer) fn scale(step: &Step) -> i32 {
    (step.weight_scale + 2).clamp(2, 60)
}

impl Norm<'_> {
    /// `z` in floats.
    pub fn float(&self, x: &Tensor) -> Vec<f64> {
        let mut z = vec![0.0; x.len()];
        for group in self.groups {
            let n = group.len() as f64;
            let mean = if self.centred { group.iter().map(|i| x.data()[*i]).sum::<f64>() / n } else { 0.0 };
            let square = |i: &usize| (x.data()[*i] - mean) * (x.data()[*i] - mean);
            let variance = group.iter().map(square).sum::<f64>() / n;
            let scale = (variance + self.epsilon).sqrt();
            group.iter().for_each(|i| z[*i] = (x.data()[*i] - mean) / scale);
        }
        z
    }

    /// `floor(log2(sqrt(epsilon) * n))`: the least root of a sum of `n` squares, in bits.
    fn root(&self, n: usize) -> i32 {
        let (m, e) = float::parts(self.epsilon.max(1e-300)).unwrap_or_default();
        let count = Int::from(n as u64);
        float::floor_log2(Int::from(m) * count * count).unwrap_or_default().saturating_add(e).div_euclid(2)
    }

    /// `z` in integers, at [`scale`].
    pub fn exact<A: Arith>(&self, a: &mut A, x: &Tensor<A::Wire>, step: &Step) -> Result<Vec<A::Wire>, ArithError> {
        let zero = a.constant(Int::ZERO);
        let mut z = vec![zero.clone(); x.len()];
        let (s, f) = (step.inputs[0], scale(step));
        for group in self.groups {
            let n = group.len();
            let count = Int::from(n as u64);
            let log = ceil_log2(n) as i32;
            let g = (f + 4 - self.root(n).saturating_add(s).max(0)).max(2) + half(log);
            let values: Vec<&A::Wire> = group.iter().map(|i| &x.data()[*i]).collect();
            let sum = match self.centred {
                true => a.linear(values.iter().map(|v| (Int::ONE, *v)), Int::ZERO)?,
                false => zero.clone(),
            };
            let sum = a.settle(&sum, n + 1)?;
            let mut squares = values.iter().map(|v| a.mul(v, v)).collect::<Result<Vec<_>, _>>()?;
            squares.push(a.mul(&sum, &sum)?);
            let up = power(2 * g)?;
            // Zero would be no divisor.
            let least = Fixed::new(self.epsilon * (n * n) as f64, 2 * (s + g))?.at_least(Int::ONE);
            let factor = |i: usize| if i == n { -up } else { up * count };
            let total = a.affine(squares.iter().enumerate().map(|(i, q)| (factor(i).into(), q)), least)?;
            let root = a.sqrt(&total, least.integer())?;
            // |t| is at most 2 * n * 2^(reach + s).
            let shift = step.reach.saturating_add(s + 3 + log).max(1);
            let whole = a.constant(power(shift.saturating_add(f + g))?);
            let reciprocal = a.div(&whole, &root, None)?;
            let reciprocal = a.settle(&reciprocal, n)?;
            let shift = shift.unsigned_abs();
            let bits = Some(shift + (f + half(log) + 1).unsigned_abs());
            for (i, v) in group.iter().zip(values) {
                let t = a.linear([(count, v), (-Int::ONE, &sum)].into_iter(), Int::ZERO)?;
                let product = a.mul(&t, &reciprocal)?;
                z[*i] = a.rescale(&product, Cut { shift, saturate: None, bits })?;
            }
        }
        Ok(z)
    }
}

/// `ceil(x / 2)`, of what is not negative.
fn half(x: i32) -> i32 {
    (x + 1) / 2
}

/// The argument `epsilon`.
pub(in crate::layer) const EPSILON: Arg = Arg { name: "epsilon", takes: "a number", default: Some("1e-5") };

/// From the argument `epsilon`.
pub(in crate::layer) fn epsilon(args: &Args) -> Result<f64, LayerError> {
    let epsilon = args.float("epsilon", Some(1e-5))?;
    if epsilon < 0.0 {
        return Err(LayerError::argument("epsilon", format!("`epsilon` is {epsilon}, expected at least 0")));
    }
    Ok(epsilon)
}

/// The parameters of a norm: `gamma`, and `beta` if it is centred.
pub(in crate::layer) fn params(shape: Shape, centred: bool) -> Vec<Param> {
    let param = |name, role, value| Param {
        name,
        shape: shape.clone(),
        role,
        init: Init::Constant(value),
        non_negative: false,
    };
    let beta = centred.then(|| param("beta", Role::Bias, 0.0));
    std::iter::once(param("gamma", Role::Weight, 1.0)).chain(beta).collect()
}

/// `gamma * z + beta` in floats, with the parameter that each element has.
pub(in crate::layer) fn affine_float(x: &Tensor, z: &[f64], p: &[&Tensor], of: &[usize]) -> Tensor {
    Tensor::from_fn(x.shape().clone(), |i| {
        let bias = p.get(1).map_or(0.0, |beta| beta.data()[of[i]]);
        p[0].data()[of[i]] * z[i] + bias
    })
}

/// `gamma * z + beta` in integers, with the parameter that each element has.
pub(in crate::layer) fn affine<A: Arith>(
    a: &mut A,
    x: &Tensor<A::Wire>,
    z: &[A::Wire],
    p: &[Tensor<A::Wire>],
    of: &[usize],
) -> Result<Tensor<A::Wire>, ArithError> {
    Tensor::from_fn(x.shape().clone(), |i| i).try_map(|i| {
        let bias = p.get(1).map(|beta| &beta.data()[of[*i]]);
        a.dot(std::iter::once((&p[0].data()[of[*i]], &z[*i])), bias)
    })
}

/// All of [`Layer`](crate::layer::Layer) that norms share. They have `epsilon`, `axes(&self, &Shape)`, along which they
/// normalise, and `param_axes(&self, &Shape)`, along which their parameters lie; they are `centred` if the mean is subtracted.
macro_rules! standardizes {
    (centred: $centred:expr) => {
        fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
            self.axes(inputs[0]).map(|_| inputs[0].clone())
        }

        fn params(&self, inputs: &[&Shape]) -> Vec<Param> {
            let axes = self.param_axes(inputs[0]);
            let extents = axes.iter().map(|axis| inputs[0].dims()[*axis]).collect::<Vec<_>>();
            standardize::params(Shape::new(extents), $centred)
        }

        fn float(&self, inputs: &[&Tensor], params: &[&Tensor]) -> Tensor {
            let shape = inputs[0].shape();
            let groups = axes::groups(shape, &self.axes(shape).unwrap_or_default());
            let z = Norm { groups: &groups, centred: $centred, epsilon: self.epsilon }.float(inputs[0]);
            standardize::affine_float(inputs[0], &z, params, &axes::places(shape, &self.param_axes(shape)))
        }

        fn factors(&self) -> Factors {
            Factors::Weights
        }

        fn scale(&self, step: &Step) -> i32 {
            standardize::scale(step) + step.weight_scale
        }

        fn reaches(&self) -> bool {
            true
        }

        fn fanout(&self, _: &[&Shape]) -> usize {
            6
        }

        fn kind(&self) -> Kind {
            Kind::Other
        }

        fn fuses_rescale(&self) -> bool {
            false
        }

        fn exact<A: Arith>(
            &self,
            a: &mut A,
            x: &[&Tensor<A::Wire>],
            p: &[Tensor<A::Wire>],
            step: &Step,
        ) -> Result<Tensor<A::Wire>, ArithError> {
            let shape = x[0].shape();
            let groups = axes::groups(shape, &self.axes(shape).unwrap_or_default());
            let z = Norm { groups: &groups, centred: $centred, epsilon: self.epsilon }.exact(a, x[0], step)?;
            let y = standardize::affine(a, x[0], &z, p, &axes::places(shape, &self.param_axes(shape)))?;
            step.finish(a, y)
        }
    };
}
pub(in crate::layer) use standardizes;

#[cfg(test)]
pub(in crate::layer) mod tests {
    use super::*;
    use crate::{
        arith::{bounds::Bounds, counts::Counts, ints::Ints},
        layer::Layer,
        number::{Interval, Measure},
    };

    /// Of a layer with `x` and parameters that give `expected`: the exact semantics are within two units of `z` of the float
    /// ones, for many inputs of the shape of `x`.
    pub fn float_is_the_formula_and_exact_is_near<L: Layer>(
        layer: &L,
        x: &Tensor,
        params: &[Tensor],
        expected: &[f64],
    ) {
        let floats: Vec<&Tensor> = params.iter().collect();
        let y = layer.float(&[x], &floats);
        for (y, expected) in y.data().iter().zip(expected) {
            assert!((y - expected).abs() < 1e-6, "{y} is not {expected}");
        }
        assert_eq!((y.len(), layer.params(&[x.shape()]).len()), (expected.len(), params.len()));
        let step = Step { inputs: vec![5], weight_scale: 6, reach: 5, ..Step::default() };
        let held = [6, layer.scale(&step)];
        let p: Vec<Tensor<i128>> =
            params.iter().zip(held).map(|(p, s)| p.map(|v| (v * 2f64.powi(s)).round() as i128)).collect();
        for k in 0..50i128 {
            let x = Tensor::from_fn(x.shape().clone(), |i| (i as i128 * 37 * (k + 1) + k * k) % (k * 9 + 1) - k * 4);
            let y = layer.exact(&mut Ints::<i128>::new(), &[&x], &p, &step).unwrap();
            let float = layer.float(&[&x.map(|q| *q as f64 / 32.0)], &floats);
            let unit = 2f64.powi(-scale(&step)) * 2.0;
            for (q, y) in y.data().iter().zip(float.data()) {
                let held = *q as f64 * 2f64.powi(-layer.scale(&step));
                assert!((held - y).abs() <= unit, "{held} is not {y}");
            }
        }
    }

    /// A norm of one group.
    #[derive(Debug)]
    struct Case {
        n: usize,
        centred: bool,
        epsilon: f64,
        step: Step,
        /// No input is larger.
        most: i64,
    }

    impl Case {
        fn norm<T>(&self, f: impl FnOnce(&Norm) -> T) -> T {
            f(&Norm { groups: &[(0..self.n).collect()], centred: self.centred, epsilon: self.epsilon })
        }

        fn z(&self, q: &[i64]) -> Vec<Int> {
            let x = Tensor::vector(q.iter().map(|q| Int::from(*q)).collect());
            self.norm(|norm| norm.exact(&mut Ints::<Int>::new(), &x, &self.step)).unwrap()
        }

        fn read<A: Arith>(&self, a: &mut A, wire: A::Wire) -> Result<Vec<A::Wire>, ArithError> {
            let x = Tensor::from_fn(Shape::new([self.n]), |_| wire.clone());
            self.norm(|norm| norm.exact(a, &x, &self.step))
        }

        fn interval(&self) -> Interval {
            Interval { lo: Int::from(-self.most), hi: Int::from(self.most) }
        }

        /// By how many units `z` is off, and how many it may be.
        fn off(&self, q: &[i64], z: &[Int]) -> (f64, f64) {
            let x = Tensor::vector(q.iter().map(|q| *q as f64 * 2f64.powi(-self.step.inputs[0])).collect());
            let unit = 2f64.powi(scale(&self.step));
            let worst = z.iter().zip(self.norm(|norm| norm.float(&x))).fold(0.0, |worst: f64, (z, y)| {
                // Without an epsilon, values that are all the same are zero by zero.
                worst.max((z.as_f64() - if y.is_nan() { 0.0 } else { y * unit }).abs())
            });
            let times = x.max_abs() * 2f64.powi(-self.step.reach);
            (worst, if times <= 1.0 { 1.0 } else { 1.0 + times / 4.0 })
        }
    }

    /// Every `n` numbers from `-most` to `most`.
    fn all(n: usize, most: i64, f: &mut dyn FnMut(&[i64])) {
        let mut q = vec![-most; n];
        loop {
            f(&q);
            let Some(at) = q.iter().position(|x| *x < most) else { return };
            q[at] += 1;
            q[..at].iter_mut().for_each(|x| *x = -most);
        }
    }

    /// Every scale and epsilon that matters.
    fn cases(n: usize, most: i64) -> Vec<Case> {
        let steps = [
            (0, 0, 3),
            (0, 0, -9),
            (3, 2, 0),
            (-2, 5, 4),
            (6, 8, -5),
            (4, -3, 1),
            (10, 12, -7),
            (2, 9, 40),
            (20, 1, -18),
            (0, 0, -60),
        ];
        let mut cases = vec![];
        for centred in [false, true] {
            for epsilon in [0.0, 1e-300, 1e-5, 0.4, 3.0, 1e6] {
                for (s, factor, reach) in steps {
                    let step = Step { inputs: vec![s], weight_scale: factor, reach, ..Step::default() };
                    cases.push(Case { n, centred, epsilon, step, most });
                }
            }
        }
        cases
    }

    /// Within the bits of the rescale, the interval and the documented error.
    fn check(case: &Case, bound: Option<&Vec<Interval>>, q: &[i64]) {
        // A value beyond these bits would be an error here.
        let z = case.z(q);
        let most = 4.0 / 3.0 * (case.n as f64).sqrt() * 2f64.powi(scale(&case.step)) + 0.5;
        assert!(z.iter().all(|z| z.as_f64().abs() <= most), "{z:?} of {q:?}, {case:?}");
        let held = bound.is_none_or(|bound| bound.iter().zip(&z).all(|(i, z)| i.contains(*z)));
        assert!(held, "{z:?} of {q:?} is not in {bound:?}, {case:?}");
        let (off, allowed) = case.off(q, &z);
        assert!(off <= allowed + 1e-6, "{off} of {allowed} units off: {z:?} of {q:?}, {case:?}");
    }

    #[test]
    fn every_small_group_is_within_its_bits_its_interval_and_its_error() {
        for (n, most) in [(1, 40), (2, 9), (3, 4), (4, 2), (5, 1), (7, 1)] {
            for case in cases(n, most) {
                let bound = case.read(&mut Bounds::new(), case.interval()).ok();
                all(n, most, &mut |q| check(&case, bound.as_ref(), q));
            }
        }
    }

    #[test]
    fn large_groups_of_the_least_and_the_largest_variance_are_too() {
        for n in [9, 16, 17, 100, 257, 1000] {
            for case in cases(n, 1 << 12) {
                let bound = case.read(&mut Bounds::new(), case.interval()).ok();
                let (first, last) = (|i: usize| i64::from(i == 0), n - 1);
                let groups: [&dyn Fn(usize) -> i64; 8] = [
                    &|i| first(i),
                    &|i| -first(i),
                    &|i| 1 - first(i),
                    &|i| first(i) - i64::from(i == last),
                    &|i| 4096 * (1 - 2 * first(i)),
                    &|i| 4096 - first(i),
                    &|i| if i % 2 == 0 { 4096 } else { -4096 },
                    &|i| (i as i64 * 7919) % 8191 - 4095,
                ];
                for f in groups {
                    check(&case, bound.as_ref(), &(0..n).map(f).collect::<Vec<_>>());
                }
            }
        }
    }

    #[test]
    fn an_epsilon_of_more_bits_than_a_machine_integer_is_the_epsilon_still_or_is_refused() {
        for (s, epsilon) in [(40, 1e5), (50, 1e6), (70, 1e6), (70, 1e-5), (90, 1e3)] {
            for centred in [false, true] {
                let step = Step { inputs: vec![s], weight_scale: 4, reach: -s + 12, ..Step::default() };
                let case = Case { n: 2, centred, epsilon, step, most: 1 << 12 };
                for q in [[1, -1], [4096, -4096], [4096, 0], [0, 0]] {
                    check(&case, None, &q);
                }
                // Values that are not small next to the epsilon.
                let step = Step { inputs: vec![s], weight_scale: 4, reach: 0, ..Step::default() };
                let case = Case { n: 2, centred, epsilon, step, most: 0 };
                let one = Int::ONE << s;
                let x = Tensor::vector(vec![one, -one]);
                let float = case.norm(|norm| norm.float(&x.map(|q| q.as_f64() * 2f64.powi(-s))));
                let unit = 2f64.powi(-scale(&case.step));
                let Ok(z) = case.norm(|norm| norm.exact(&mut Ints::<Int>::new(), &x, &case.step)) else { continue };
                for (z, y) in z.iter().zip(float) {
                    assert!((z.as_f64() * unit - y).abs() <= unit, "{z} is not {y}, {case:?}");
                }
            }
        }
        let step = Step { inputs: vec![4], weight_scale: 4, reach: 0, ..Step::default() };
        let case = Case { n: 2, centred: true, epsilon: 1e300, step, most: 1 };
        assert!(matches!(case.read(&mut Bounds::new(), case.interval()), Err(ArithError::Overflow { .. })));
    }

    #[test]
    fn constraints_are_those_that_are_documented() {
        for n in [1, 2, 3, 8, 100] {
            for case in cases(n, 1 << 20) {
                let mut counts = Counts::new();
                if case.read(&mut counts, Measure::variable(case.interval())).is_err() {
                    continue;
                }
                let paid = |gadget: &str| counts.budget().get(&(0, gadget)).map_or(0, |cost| cost.constraints);
                let each = ["product", "rescale"].into_iter().map(paid).sum::<usize>() as i64;
                let (s, log) = (case.step.inputs[0], (n as f64).log2());
                let shift = (case.step.reach + s + log.ceil() as i32 + 3).max(1);
                let most = shift + scale(&case.step) + (log / 2.0).ceil() as i32 + 4;
                // And once the square of the sum.
                let most = n as i64 * i64::from(most) + 1;
                assert!(each <= most && paid("settle") <= 2, "{each} of {most}, {case:?}");
                // Nothing narrower is known where the reciprocal may be as large as it gets.
                if case.epsilon == 0.0 && n > 1 {
                    assert!(each >= most - 1, "{each} of {most}, {case:?}");
                }
            }
        }
    }
}
