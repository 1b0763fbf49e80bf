//! Losses of precision, layer by layer: how far each node's integers are from the float reference.

use rayon::prelude::*;
use serde::Serialize;

use super::{
    Quantized, input_error, to_real,
    walk::{self, Parameters},
};
use crate::{
    arith::ints::Ints,
    error::{InputError, PlanError},
    number::Int,
    plan::channels,
    tensor::Tensor,
};

/// What a node's integers lose against the float reference, over some samples.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Loss {
    /// The node's name.
    pub name: String,
    /// Its layer.
    pub layer: &'static str,
    /// The largest error of any element.
    pub max_error: f64,
    /// The mean error of an element.
    pub mean_error: f64,
    /// The largest magnitude of a float element, to compare errors with.
    pub max_value: f64,
}

impl Loss {
    /// The largest error as a fraction of the largest element.
    pub fn relative(&self) -> f64 {
        if self.max_value > 0.0 { self.max_error / self.max_value } else { self.max_error }
    }
}

/// Errors of a node, added up.
#[derive(Clone, Copy, Default)]
struct Sum {
    max: f64,
    sum: f64,
    count: usize,
    top: f64,
}

impl Sum {
    fn and(self, other: Self) -> Self {
        Self {
            max: self.max.max(other.max),
            sum: self.sum + other.sum,
            count: self.count + other.count,
            top: self.top.max(other.top),
        }
    }
}

impl Quantized {
    /// What every node of the [graph](Quantized::graph) loses, over these samples, in the order of the network: where it grows most is where
    /// finer scales would help. A sample that leads beyond a calibrated width is left out.
    ///
    /// # Errors
    /// If a sample is not an input of the model.
    pub fn losses(&self, samples: &[Tensor]) -> Result<Vec<Loss>, PlanError> {
        let nodes = self.graph().nodes();
        let sums = samples
            .par_iter()
            .enumerate()
            .map(|(index, sample)| match self.errors_of(sample) {
                Err(InputError::Beyond { .. }) => Ok(vec![Sum::default(); nodes.len()]),
                sums => sums.map_err(|error| PlanError::Sample { index, error }),
            })
            .collect::<Result<Vec<_>, _>>()?;
        let of = |(i, node): (usize, &crate::graph::Node)| {
            let sum = sums.iter().map(|sums| sums[i]).fold(Sum::default(), Sum::and);
            Loss {
                name: node.name.clone(),
                layer: node.layer.as_ref().map_or("input", |layer| layer.card().name),
                max_error: sum.max,
                mean_error: sum.sum / sum.count.max(1) as f64,
                max_value: sum.top,
            }
        };
        Ok(nodes.iter().enumerate().map(of).collect())
    }

    fn errors_of(&self, sample: &Tensor) -> Result<Vec<Sum>, InputError> {
        let (floats, input) = (self.optimized.trace(sample)?, self.integers(sample)?);
        let mut sums = vec![Sum::default(); floats.len()];
        let walked = walk::walk(
            self.graph(),
            &self.plan,
            &mut Ints::<Int>::new(),
            input,
            Parameters::Wires(&self.params),
            0,
            &mut |id, q| {
                let (scale, step, sum) = (self.plan.scales[id.0], &self.plan.steps[id.0], &mut sums[id.0]);
                let finer = channels::handed_on(self.graph(), id, step).then(|| step.finer(q.len()));
                for (i, (float, q)) in floats[id.0].data().iter().zip(q.data()).enumerate() {
                    let error = (float - to_real(*q, scale + finer.as_ref().map_or(0, |finer| finer(i)))).abs();
                    // Nothing is near what is no number.
                    let error = if error.is_nan() { f64::INFINITY } else { error };
                    *sum = sum.and(Sum { max: error, sum: error, count: 1, top: float.abs() });
                }
            },
        );
        walked.map_err(|refused| input_error(self.graph(), &self.plan, refused))?;
        Ok(sums)
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use crate::{
        graph::{Graph, Range, Visibility},
        layer::Args,
        model::Model,
        plan::Target,
        shape::Shape,
        tensor::Tensor,
    };

    /// The last node's loss is the fidelity of the scores; none is more than its numbers can be off.
    #[test]
    fn losses_end_in_the_fidelity_of_the_scores() {
        let mut graph = Graph::new("two", Shape::new([3])).with_range(Range::Real(-1.0, 1.0)).unwrap();
        let hidden = graph.add("dense", Args::new().with("units", 4), &[graph.input()]).unwrap();
        let hidden = graph.add("relu", Args::new(), &[hidden]).unwrap();
        graph.add("dense", Args::new().with("units", 2), &[hidden]).unwrap();
        let model = Model::init(graph, Visibility::default(), &mut StdRng::seed_from_u64(3)).unwrap();
        let samples: Vec<Tensor> = (0..6).map(|i| Tensor::from_fn([3], |j| (i as f64 - j as f64) / 6.0)).collect();
        let quantized = model.quantize(&samples, Target::default().max_error(0.05)).unwrap();
        let (losses, fidelity) = (quantized.losses(&samples).unwrap(), quantized.fidelity(&samples).unwrap());
        assert_eq!(losses.len(), quantized.graph().nodes().len());
        let last = losses.last().unwrap();
        assert_eq!((last.max_error, last.max_value), (fidelity.max_error, fidelity.max_score));
        assert!((last.mean_error - fidelity.mean_error).abs() < 1e-12);
        assert!(last.max_error > 0.0 && last.relative() < 0.2, "{last:?}");
        // Channels of their own scales are no errors.
        let mut plan = quantized.plan().widened(4);
        plan.steps[1..3].iter_mut().for_each(|step| step.channels = vec![0, 2, 1, 3]);
        for loss in model.quantize_to(&plan).unwrap().losses(&samples).unwrap() {
            assert!(loss.relative() < 0.2, "{loss:?}");
        }
        assert!(quantized.losses(&[Tensor::vector(vec![2.0, 0.0, 0.0])]).is_err());
    }
}
