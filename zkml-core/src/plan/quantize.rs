//! Quantization: from a model and samples to a model in integers.

use super::{Plan, Progress, Quantized, Target, search};
use crate::{error::PlanError, model::Model, tensor::Tensor};

impl Model {
    /// The cheapest fixed-point version of the model that keeps to the target on the samples.
    ///
    /// Its plan depends on the weights, and is public even where they are hidden: see
    /// [what a plan says of them](crate::plan#what-a-plan-says-of-hidden-weights), and how to make one that says nothing.
    ///
    /// # Errors
    /// If a sample is not an input of the model, or no plan reaches the target.
    pub fn quantize(&self, samples: &[Tensor], target: Target) -> Result<Quantized, PlanError> {
        self.quantize_with(samples, target, &mut |_| {})
    }

    /// As [`Model::quantize`], telling how far the search is.
    ///
    /// # Errors
    /// As there.
    pub fn quantize_with(
        &self,
        samples: &[Tensor],
        target: Target,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Quantized, PlanError> {
        search::search(self, samples, target, progress)
    }

    /// The fixed-point version of the model under an existing plan, so that existing keys serve new weights.
    ///
    /// Where weights are hidden, the circuit is the same to the byte for all weights of the graph that fit the plan.
    ///
    /// # Errors
    /// If the plan is another graph's, or a weight does not fit its declared width.
    pub fn quantize_to(&self, plan: &Plan) -> Result<Quantized, PlanError> {
        Quantized::new(self, plan.clone())
    }
}
