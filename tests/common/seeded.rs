//! Seeded models, and inputs of them.

use zkml::{
    graph::{Graph, Range, Visibility},
    model::{Model, Weights},
    rand::{Rng, SeedableRng, rngs::StdRng},
    tensor::Tensor,
};

/// A model whose parameters are all random, those included that start as constants.
pub fn model(graph: Graph, seed: u64) -> Model {
    let mut rng = StdRng::seed_from_u64(seed);
    let fresh = Model::init(graph, Visibility::default(), &mut rng).unwrap();
    let mut weights = Weights::new();
    for (name, param) in fresh.graph().all_params() {
        let range = if param.non_negative { 0.5..2.0 } else { -1.0..1.0 };
        let start = fresh.weights().get(&name).unwrap();
        let constant = start.data().iter().all(|x| *x == start.data()[0]);
        let value = |i: usize| if constant { rng.gen_range(range.clone()) } else { start.data()[i] };
        weights.insert(name, Tensor::from_fn(param.shape, value));
    }
    Model::new(fresh.graph().clone(), fresh.visibility(), weights).unwrap()
}

/// Inputs of the graph: both ends of its range and zero everywhere, then `n` random ones.
pub fn samples(graph: &Graph, n: usize, seed: u64) -> Vec<Tensor> {
    let mut rng = StdRng::seed_from_u64(seed);
    let range = graph.range().unwrap();
    let shape = graph.shape(graph.input()).clone();
    let (lo, hi) = range.ends();
    let mut all: Vec<Tensor> = [lo, hi, 0.0].into_iter().map(|x| Tensor::from_fn(shape.clone(), |_| x)).collect();
    all.extend((0..n).map(|_| {
        Tensor::from_fn(shape.clone(), |_| match range {
            Range::Whole(lo, hi) => rng.gen_range(lo..=hi) as f64,
            Range::Real(lo, hi) => rng.gen_range(lo..=hi),
        })
    }));
    all
}
