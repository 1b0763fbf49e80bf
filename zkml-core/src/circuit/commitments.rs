//! Commitments of circuits, made outside of them: what a proof shows where weights, input or output are committed to.

use ark_bn254::Fr;

use crate::{
    error::{InputError, PlanError},
    gadget::hash::{
        commitment::{self, Domain, Subject},
        packing::PackError,
    },
    graph::Visibility,
    number::{Int, Interval},
    plan::Quantized,
    tensor::Tensor,
};

/// A commitment that can't be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// The input is not one of the model's.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A value may outgrow the field.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A value is out of its interval.
    #[error(transparent)]
    Values(#[from] PackError),
    /// The salt can be guessed.
    #[error("the salt is below 2^64 and can be guessed; draw it from a cryptographic random generator")]
    Salt,
}

impl Quantized {
    /// The commitment to the weights that a proof shows whose circuit has [this salt](super::Circuit::with_salt).
    ///
    /// # Errors
    /// If the salt is below `2^64`: that can be guessed.
    pub fn commit_weights(&self, salt: Fr) -> Result<Fr, CommitError> {
        let tensors =
            self.params().iter().zip(&self.plan().params).flat_map(|(tensors, plans)| tensors.iter().zip(plans));
        let values = tensors.flat_map(|(tensor, plan)| tensor.data().iter().map(|q| (*q, plan.interval()))).collect();
        commit(&Domain::weights(self.plan()), values, salt)
    }

    /// The commitment to an input that a proof shows whose [`Opening`](super::Opening) has this salt for it.
    ///
    /// # Errors
    /// If the input is not one of the model's, or the salt can be guessed.
    pub fn commit_input(&self, input: &Tensor, salt: Fr) -> Result<Fr, CommitError> {
        let (integers, plan) = (self.integers(input)?, &self.plan().input);
        let values = integers.data().iter().map(|q| (*q, plan.interval)).collect();
        commit(&Domain::tensor(Subject::Input, integers.shape(), plan.scale), values, salt)
    }

    /// The commitment to the answer on an input that a proof shows whose [`Opening`](super::Opening) has this salt for it, where so much is
    /// seen.
    ///
    /// # Errors
    /// If the input is not one of the model's or leads beyond a calibrated width, or the salt can be guessed.
    pub fn commit_output(&self, visibility: Visibility, input: &Tensor, salt: Fr) -> Result<Fr, CommitError> {
        let prediction = self.forward(input)?;
        let answer = match prediction.class {
            Some(class) => Tensor::vector(vec![Int::from(class as u64)]),
            None => prediction.integers,
        };
        let output = self.graph().output();
        let domain = Domain::tensor(Subject::Output, self.graph().shape(output), self.plan().scales[output.0]);
        let values = answer.data().iter().copied().zip(self.output_intervals(visibility)?).collect();
        commit(&domain, values, salt)
    }
}

fn commit(domain: &Domain, values: Vec<(Int, Interval)>, salt: Fr) -> Result<Fr, CommitError> {
    if commitment::guessable(salt) {
        return Err(CommitError::Salt);
    }
    Ok(commitment::commit(domain, &values, salt)?)
}

#[cfg(test)]
mod tests {
    use ark_std::rand::{SeedableRng, rngs::StdRng};

    use super::*;
    use crate::{
        graph::{Graph, Range, Visible},
        layer::Args,
        model::Model,
        plan::Target,
        prove::statement::Value,
        shape::Shape,
    };

    /// What a circuit shows, for scores and for a class.
    #[test]
    fn commitments_are_those_of_the_circuit() {
        for class in [false, true] {
            let visibility =
                Visibility { input: Visible::Committed, weights: Visible::Committed, output: Visible::Committed };
            let mut graph = Graph::new("three", Shape::new([4])).with_range(Range::Real(-1.0, 1.0)).unwrap();
            let scores = graph.add("dense", Args::new().with("units", 3), &[graph.input()]).unwrap();
            if class {
                graph.add("argmax", Args::new(), &[scores]).unwrap();
            }
            let rng = &mut StdRng::seed_from_u64(5);
            let model = Model::init(graph, visibility, rng).unwrap();
            let input = Tensor::vector(vec![0.5, -0.25, 1.0, 0.125]);
            let quantized = model.quantize(std::slice::from_ref(&input), Target::default()).unwrap();
            let circuit = quantized.circuit().unwrap();
            let (assignment, opening) = circuit.witness(std::slice::from_ref(&input), rng).unwrap();
            let said = circuit.table().decode(&assignment[1..circuit.matrices().instance]).unwrap();
            for (name, commitment) in [
                ("weights", quantized.commit_weights(opening.weights).unwrap()),
                ("input", quantized.commit_input(&input, opening.inputs[0]).unwrap()),
                ("output", quantized.commit_output(visibility, &input, opening.outputs[0]).unwrap()),
            ] {
                assert_eq!(said.get(name, 0), Some(&Value::Commitment(commitment)), "{name}");
            }
            assert_eq!(quantized.commit_weights(Fr::from(3u64)), Err(CommitError::Salt));
            let wrong = quantized.commit_input(&Tensor::vector(vec![0.5]), opening.inputs[0]);
            assert!(matches!(wrong, Err(CommitError::Input(_))));
        }
    }
}
