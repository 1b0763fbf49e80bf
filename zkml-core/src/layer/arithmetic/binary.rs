//! Elementwise functions of two tensors: broadcasting, and operands at the finer of both scales.

use super::broadcast;
use crate::layer::Step;
use crate::{
    arith::Arith,
    error::LayerError,
    number::{ArithError, Int, MAX_BITS},
    shape::Shape,
    tensor::Tensor,
};

/// The shape that both inputs grow to.
pub(in crate::layer) fn shape(layer: &str, inputs: &[&Shape]) -> Result<Shape, LayerError> {
    broadcast::shape(layer, inputs)
}

/// How often an element of an input is paired, at most.
pub(in crate::layer) fn fanout(inputs: &[&Shape]) -> usize {
    broadcast::common(inputs[0], inputs[1]).map_or(1, |to| broadcast::repeats(inputs, &to))
}

/// For each element of the output, the two that make it; nothing for inputs that [`shape`] refuses.
pub(in crate::layer) fn places<T>(x: &[&Tensor<T>]) -> Tensor<(usize, usize)> {
    let Some(shape) = broadcast::common(x[0].shape(), x[1].shape()) else { return Tensor::vector(vec![]) };
    let (a, b) = (broadcast::places(x[0].shape(), &shape), broadcast::places(x[1].shape(), &shape));
    Tensor::from_fn(shape, |i| (a[i], b[i]))
}

/// `f`, for every pair of elements.
pub(in crate::layer) fn float(x: &[&Tensor], f: impl Fn(f64, f64) -> f64) -> Tensor {
    places(x).map(|(i, j)| f(x[0].data()[*i], x[1].data()[*j]))
}

/// The finest of all scales.
pub(in crate::layer) fn scale(step: &Step) -> i32 {
    step.inputs.iter().copied().max().unwrap_or(0)
}

/// What brings the `i`th input to the finest of all scales: a power of two.
pub(in crate::layer) fn refinement(step: &Step, i: usize) -> Result<Int, ArithError> {
    let bits = scale(step).abs_diff(step.inputs[i]);
    if bits > MAX_BITS {
        return Err(ArithError::Overflow { bits });
    }
    Ok(Int::ONE << bits)
}

/// [`refinement`] of every input.
pub(in crate::layer) fn refinements(step: &Step) -> Result<Vec<Int>, ArithError> {
    (0..step.inputs.len()).map(|i| refinement(step, i)).collect()
}

/// `a + sign * b + constant`, of every pair of elements, at the finer of both scales.
pub(in crate::layer) fn combination<A: Arith>(
    a: &mut A,
    x: &[&Tensor<A::Wire>],
    sign: Int,
    constant: Int,
    step: &Step,
) -> Result<Tensor<A::Wire>, ArithError> {
    let (first, second) = (refinement(step, 0)?, sign * refinement(step, 1)?);
    places(x).try_map(|(i, j)| {
        let terms = [(first, &x[0].data()[*i]), (second, &x[1].data()[*j])];
        a.linear(terms.into_iter(), constant)
    })
}

/// `f` of every pair of elements, both at the finer of their scales.
pub(in crate::layer) fn each<A: Arith>(
    a: &mut A,
    x: &[&Tensor<A::Wire>],
    step: &Step,
    mut f: impl FnMut(&mut A, &A::Wire, &A::Wire) -> Result<A::Wire, ArithError>,
) -> Result<Tensor<A::Wire>, ArithError> {
    let factors = [refinement(step, 0)?, refinement(step, 1)?];
    places(x).try_map(|(i, j)| {
        let mut refined = |side: usize, at: usize| {
            let wire = &x[side].data()[at];
            if factors[side] == Int::ONE {
                return Ok(wire.clone());
            }
            a.linear(std::iter::once((factors[side], wire)), Int::ZERO)
        };
        let (p, q) = (refined(0, *i)?, refined(1, *j)?);
        f(a, &p, &q)
    })
}

/// A layer of two tensors without arguments. `$name`: float, scale, fan-out in units of the broadcast, kind and exact semantics
/// before the rescale.
macro_rules! binary {
    (
        $(#[$doc:meta])*
        pub struct $name:ident;
        float: $float:expr,
        scale: $scale:expr,
        fanout: $fanout:expr,
        kind: $kind:expr,
        exact: |$a:ident, $x:ident, $step:ident| $exact:expr;
        $card:expr
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name;

        impl Layer for $name {
            const CARD: Card = $card;

            fn parse(_: &mut Args) -> Result<Self, LayerError> {
                Ok(Self)
            }

            fn args(&self) -> Vec<(&'static str, Literal)> {
                vec![]
            }

            fn shape(&self, inputs: &[&Shape]) -> Result<Shape, LayerError> {
                binary::shape(Self::CARD.name, inputs)
            }

            fn params(&self, _: &[&Shape]) -> Vec<Param> {
                vec![]
            }

            fn float(&self, inputs: &[&Tensor], _: &[&Tensor]) -> Tensor {
                binary::float(inputs, $float)
            }

            fn factors(&self) -> Factors {
                Factors::None
            }

            fn scale(&self, step: &Step) -> i32 {
                let scale: fn(&Step) -> i32 = $scale;
                scale(step)
            }

            fn fanout(&self, inputs: &[&Shape]) -> usize {
                $fanout * binary::fanout(inputs)
            }

            fn kind(&self) -> Kind {
                $kind
            }

            fn fuses_rescale(&self) -> bool {
                false
            }

            fn exact<A: Arith>(
                &self,
                $a: &mut A,
                $x: &[&Tensor<A::Wire>],
                _: &[Tensor<A::Wire>],
                $step: &Step,
            ) -> Result<Tensor<A::Wire>, ArithError> {
                let y = $exact?;
                $step.finish($a, y)
            }
        }
    };
}
pub(in crate::layer) use binary;

#[cfg(test)]
pub(in crate::layer) mod tests {
    use crate::{
        arith::ints::Ints,
        layer::{Args, Step, testing::layer},
        shape::Shape,
        tensor::Tensor,
    };

    /// Inputs at scales 1 and 3 are brought to one: the exact semantics are `expected`, and the float reference.
    pub fn both_are_brought_to_one_scale(name: &str, expected: [i64; 4]) {
        let (a, b) = (Tensor::vector(vec![3i64, -2, 4, 5]), Tensor::vector(vec![12, -9, 16, 21]));
        let step = Step { inputs: vec![1, 3], ..Step::default() };
        let layer = layer(name, Args::new());
        let y = layer.exact(&mut Ints::<i64>::new(), &[&a, &b], &[], &step).unwrap();
        assert_eq!(y.data(), expected, "{name}");
        let float = layer.float(&[&a.map(|q| *q as f64 / 2.0), &b.map(|q| *q as f64 / 8.0)], &[]);
        assert_eq!(y.map(|q| *q as f64 * 2f64.powi(-layer.scale(&step))), float, "{name}");
    }

    /// Shapes broadcast in both semantics, or are refused.
    pub fn shapes_broadcast(name: &str) {
        let layer = layer(name, Args::new());
        let (wide, row) = (Shape::new([2, 3]), Shape::new([3]));
        assert_eq!(layer.shape(&[&row, &wide]), Ok(wide.clone()));
        assert!(layer.shape(&[&wide, &Shape::new([2])]).is_err());
        let (x, r) = (Tensor::from_fn(wide.clone(), |i| i as i64), Tensor::vector(vec![2i64, 1, 4]));
        let step = Step { inputs: vec![0, 0], ..Step::default() };
        let y = layer.exact(&mut Ints::<i64>::new(), &[&x, &r], &[], &step).unwrap();
        let float = layer.float(&[&x.map(|q| *q as f64), &r.map(|q| *q as f64)], &[]);
        assert_eq!((y.shape(), y.map(|q| *q as f64)), (&wide, float), "{name}");
    }
}
