//! Test helpers of the layers: float against exact semantics, and arguments that survive a round trip.

use super::{AnyLayer, Args, Factors, Step};
use crate::{arith::ints::Ints, shape::Shape, tensor::Tensor};

/// The layer of that name.
pub fn layer(name: &str, args: Args) -> AnyLayer {
    AnyLayer::parse(name, args).unwrap()
}

/// Whole numbers from -11 to 11 that look random.
pub fn numbers(shape: impl Into<Shape>, seed: usize) -> Tensor {
    Tensor::from_fn(shape, |i| ((i * 37 + seed * 11) % 23) as f64 - 11.0)
}

/// The arguments of a layer, parsed again, are the same layer.
pub fn arguments_come_back(layer: &AnyLayer) {
    let again = layer.args().into_iter().fold(Args::new(), |args, (name, value)| args.with(name, value));
    assert_eq!(AnyLayer::parse(layer.card().name, again).as_ref(), Ok(layer));
}

/// Of a layer with weights: float and exact semantics, on whole numbers, are what `naive` computes from input and parameters.
pub fn is_the_definition(layer: &AnyLayer, x: &Tensor, naive: impl Fn(&Tensor, &[Tensor]) -> Tensor) -> Step {
    let params = layer.params(&[x.shape()]);
    let params: Vec<Tensor> = params.iter().enumerate().map(|(i, p)| numbers(p.shape.clone(), i + 1)).collect();
    let expected = naive(x, &params);
    assert_eq!(&layer.shape(&[x.shape()]).unwrap(), expected.shape());
    assert_eq!(layer.float(&[x], &params.iter().collect::<Vec<_>>()), expected);
    let whole = |t: &Tensor| t.map(|x| *x as i64);
    let step = Step { inputs: vec![4], weight_scale: 3, ..Step::default() };
    let p: Vec<Tensor<i64>> = params.iter().map(whole).collect();
    let y = layer.exact(&mut Ints::<i64>::new(), &[&whole(x)], &p, &step).unwrap();
    assert_eq!(y.map(|q| *q as f64), expected);
    step
}

/// Of a layer without weights that keeps the scale: the exact semantics on whole numbers are the float reference.
pub fn exact_is_float(layer: &AnyLayer, x: &Tensor<i64>) -> Tensor<i64> {
    let step = Step { inputs: vec![3], ..Step::default() };
    let y = layer.exact(&mut Ints::<i64>::new(), &[x], &[], &step).unwrap();
    assert_eq!(y.map(|q| *q as f64), layer.float(&[&x.map(|q| *q as f64)], &[]));
    assert_eq!((y.shape(), layer.scale(&step)), (&layer.shape(&[x.shape()]).unwrap(), 3));
    y
}

/// Of a layer that only moves elements: both semantics move the same ones, and the scale stays.
pub fn moves_alike(layer: &AnyLayer, x: &Tensor) {
    exact_is_float(layer, &x.map(|x| *x as i64));
    assert_eq!(layer.factors(), Factors::None);
}
