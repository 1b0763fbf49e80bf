//! Comparing a module with its recording.

use burn::{
    module::{Module, ModuleMapper, Param},
    tensor::{Device, Tensor, TensorData},
};
use zkml::{
    burn::{Import, capture_module},
    graph::Visibility,
    rand::{Rng, SeedableRng, rngs::StdRng},
    tensor::Tensor as Sample,
};

/// Weights that are not what they start as: else norms would do nothing.
struct Shake(StdRng);

impl ModuleMapper for Shake {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        // Vectors may be variances, which are above zero.
        let (lo, hi) = if D == 1 { (0.2, 1.2) } else { (-0.5, 0.5) };
        let dims = param.val().dims();
        let data: Vec<f32> = (0..dims.iter().product()).map(|_| self.0.gen_range(lo..hi)).collect();
        param.map(|t| Tensor::from_data(TensorData::new(data, dims), &t.device()))
    }
}

/// Weights by their place in their tensor.
pub struct Filled<F>(pub F);

impl<F: Fn(usize) -> f32> ModuleMapper for Filled<F> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let dims = param.val().dims();
        let data: Vec<f32> = (0..dims.iter().product()).map(&self.0).collect();
        param.map(|t| Tensor::from_data(TensorData::new(data, dims), &t.device()))
    }
}

/// The module with other weights.
pub fn shaken<M: Module>(module: M) -> M {
    module.map(&mut Shake(StdRng::seed_from_u64(3)))
}

/// The device that everything here runs on.
pub fn device() -> Device {
    Device::flex()
}

/// A tensor of small numbers, and the same as a sample of a network.
pub fn random<const D: usize>(shape: [usize; D], seed: u64) -> (Tensor<D>, Sample) {
    let mut rng = StdRng::seed_from_u64(seed);
    let data: Vec<f32> = (0..shape.iter().product()).map(|_| rng.gen_range(-2.0..2.0)).collect();
    let rest = if D > 1 { &shape[1..] } else { &shape[..] };
    let sample = Sample::of(rest, &data).unwrap();
    (Tensor::from_data(TensorData::new(data, shape), &device()), sample)
}

/// Records a module, and checks that network and module give the same numbers.
pub fn agree<M: Module, const D: usize, const R: usize>(
    module: M,
    shape: [usize; D],
    forward: impl Fn(&M, Tensor<D>) -> Tensor<R>,
) -> Import {
    let module = shaken(module);
    let import = capture_module(&module, shape, &forward).unwrap_or_else(|e| panic!("{e}"));
    let model = import.clone().model(Visibility::default()).unwrap();
    for seed in 0..3 {
        let (x, sample) = random(shape, seed);
        let expected: Vec<f64> = forward(&module, x).into_data().iter::<f64>().collect();
        let found = model.forward(&sample).unwrap();
        assert_eq!(found.len(), expected.len(), "{}", import.graph);
        let scale = expected.iter().fold(1e-3, |m: f64, v| m.max(v.abs()));
        for (i, (a, b)) in found.data().iter().zip(&expected).enumerate() {
            assert!((a - b).abs() <= 1e-4 * scale, "element {i}: {a}, in burn {b}\n{}", import.graph);
        }
    }
    import
}

/// The layers of a network, in order.
pub fn layers(import: &Import) -> Vec<&'static str> {
    import.graph.nodes().iter().filter_map(|n| n.layer.as_ref()).map(|l| l.card().name).collect()
}

/// A module without weights.
#[derive(Module, Debug)]
pub struct Bare {}
