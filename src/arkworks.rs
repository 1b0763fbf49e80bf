//! Circuits and models in constraint systems of arkworks (feature `r1cs-std`): for other provers, and as gadgets inside anyone's circuit.
//!
//! ```text
//! Circuit   ──> Synthesizer     a circuit of arkworks, row by row the same: its public inputs are the instance
//! Quantized ──> ModelGadget     variables in, variables out: inputs that another circuit makes, outputs that it goes on with
//! ```
//!
//! Numbers are integers: an input `x` is the variable `x 2^scale` with the [scale](ModelGadget::input_scale) of the plan, and so is an output.
//!
//! ```
//! use ark_r1cs_std::{GR1CSVar, alloc::AllocVar, fields::fp::FpVar};
//! use ark_relations::gr1cs::ConstraintSystem;
//! use zkml::{arkworks::ModelGadget, prelude::*, prove::Fr};
//!
//! /// The larger of two sums of four measurements.
//! #[zk_model(range = -8..=8)]
//! fn larger(x: Tensor<4>) -> Class<2> {
//!     argmax(dense(x, 2))
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let model = Larger::init(&mut zkml::rand::rngs::OsRng)?;
//! let samples: Vec<Tensor> = (0..8).map(|i| Tensor::from_fn([4], |j| f64::from((3 * i + 5 * j as i32) % 17 - 8))).collect();
//! let quantized = model.quantize(&samples, Target::top1(0.9))?;
//! let gadget = ModelGadget::new(&quantized)?;
//!
//! let cs = ConstraintSystem::<Fr>::new_ref();
//! let input = [3, -1, 7, 0].map(|q: i64| FpVar::new_witness(cs.clone(), || Ok(Fr::from(q))));
//! let input: Vec<FpVar<Fr>> = input.into_iter().collect::<Result<_, _>>()?;
//! let class = gadget.enforce(&cs, &input)?;
//! assert!(cs.is_satisfied()?);
//! let expected = quantized.forward(&Tensor::vector(vec![3.0, -1.0, 7.0, 0.0]))?.class;
//! assert_eq!(Some(class[0].value()?), expected.map(|class| Fr::from(class as u64)));
//! # Ok(())
//! # }
//! ```

use ark_ff::{One, Zero};
use ark_r1cs_std::{GR1CSVar, alloc::AllocVar, fields::fp::FpVar};
use ark_relations::gr1cs::{ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, SynthesisError, Variable};
use rand::rngs::OsRng;

use crate::{
    circuit::{Circuit, CircuitError},
    error::PlanError,
    graph::{Visibility, Visible},
    number::{field::to_int, float::exp2},
    plan::Quantized,
    prove::{Fr, Groth16, Matrices, ProveError},
    tensor::Tensor,
};

/// The most entries of the matrices that are written out.
const MOST_ENTRIES: usize = 1 << 28;

/// A circuit that can't be taken into a constraint system.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArkworksError {
    /// The circuit can't be built, or the input is none of the model's.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// The plan does not fit the field.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The matrices are malformed or too large to be written out, or the assignment has another length than they have columns.
    #[error(transparent)]
    Matrices(#[from] ProveError),
    /// arkworks refused.
    #[error("the constraint system refused: {0}")]
    Synthesis(#[from] SynthesisError),
    /// The circuit has a challenge, which arkworks' provers do not draw.
    #[error("the circuit is for a proof system of several phases, which arkworks has none of; build it for `Groth16`")]
    Challenge,
    /// The weights are committed to, which a gadget has no public input for.
    #[error(
        "the weights are committed to, expected public or private ones; commit to them in the circuit around the gadget"
    )]
    Committed,
    /// There are more or fewer variables than the model has inputs.
    #[error("{found} variables, expected {expected}, the elements of an input, row major")]
    Inputs {
        /// How many the model has.
        expected: usize,
        /// How many there are.
        found: usize,
    },
}

/// A circuit as arkworks' provers take it: the same rows over the same columns, public inputs as the instance.
///
/// # Constraints
/// Those of the circuit, in their order.
///
/// # Soundness
/// That of the circuit. arkworks' Groth16 adds the rows that make its instance independent, as ours does.
#[derive(Clone, Debug)]
pub struct Synthesizer<'a> {
    matrices: std::borrow::Cow<'a, Matrices>,
    assignment: Option<Vec<Fr>>,
}

impl<'a> Synthesizer<'a> {
    /// The circuit without values, for a setup.
    ///
    /// # Errors
    /// If it has a challenge, or more than 2^28 entries.
    pub fn new(circuit: &'a Circuit) -> Result<Self, ArkworksError> {
        let matrices = circuit.matrices();
        if matrices.challenges() > 0 {
            return Err(ArkworksError::Challenge);
        }
        Ok(Self { matrices: matrices.expanded(MOST_ENTRIES)?, assignment: None })
    }

    /// The circuit with an assignment, such as [`Circuit::witness`] makes, for a proof.
    ///
    /// # Errors
    /// If it has another length than the circuit has variables.
    pub fn with_assignment(self, assignment: Vec<Fr>) -> Result<Self, ArkworksError> {
        let (expected, found) = (self.matrices.variables(), assignment.len());
        if found != expected {
            return Err(ProveError::Assignment { expected, found }.into());
        }
        Ok(Self { assignment: Some(assignment), ..self })
    }
}

impl ConstraintSynthesizer<Fr> for Synthesizer<'_> {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let value = |column: usize| match &self.assignment {
            Some(values) => values.get(column).copied().ok_or(SynthesisError::AssignmentMissing),
            None => Err(SynthesisError::AssignmentMissing),
        };
        let mut columns = vec![Variable::One];
        for column in 1..self.matrices.instance {
            columns.push(cs.new_input_variable(|| value(column))?);
        }
        for column in self.matrices.instance..self.matrices.variables() {
            columns.push(cs.new_witness_variable(|| value(column))?);
        }
        let columns: Vec<Column> = columns.into_iter().map(|variable| (Fr::one(), variable)).collect();
        rows(&self.matrices, 0..self.matrices.constraints(), &columns, &cs)
    }
}

/// What stands for a column: a multiple of a variable.
type Column = (Fr, Variable);

/// Enforces rows over what stands for the columns.
fn rows(
    matrices: &Matrices,
    rows: impl Iterator<Item = usize>,
    columns: &[Column],
    cs: &ConstraintSystemRef<Fr>,
) -> Result<(), SynthesisError> {
    let side = |row: &[(Fr, usize)]| {
        let term = |(c, column): &(Fr, usize)| {
            let (factor, variable) = columns.get(*column).copied().unwrap_or((Fr::zero(), Variable::One));
            (*c * factor, variable)
        };
        let mut sum = LinearCombination(row.iter().map(term).filter(|(c, _)| !c.is_zero()).collect::<Vec<_>>());
        sum.compactify();
        sum
    };
    for i in rows {
        let [a, b, c] = matrices.abc.each_ref().map(|matrix| matrix.get(i).map_or(&[][..], Vec::as_slice));
        cs.enforce_r1cs_constraint(|| side(a), || side(b), || side(c))?;
    }
    Ok(())
}

/// A model as a gadget: it enforces that variables are the answer to other variables.
///
/// # Soundness
/// The rows are those of the model's [`Circuit`], with the caller's variables in place of its public inputs. [`ModelGadget::enforce`] checks that
/// each input is within the range of the plan, as the circuit does; without that, see [`ModelGadget::enforce_unchecked`].
#[derive(Clone, Debug)]
pub struct ModelGadget {
    circuit: Circuit,
    /// The rows that check the ranges of inputs.
    ranges: Vec<std::ops::Range<usize>>,
    inputs: std::ops::Range<usize>,
    outputs: std::ops::Range<usize>,
    output_scale: i32,
}

impl ModelGadget {
    /// The gadget of a model. Its weights are constants, or witnesses of the constraint system, as the model's visibility says; who sees input and
    /// output is for the circuit around it to say.
    ///
    /// # Errors
    /// If the weights are committed to, or a circuit can't be built.
    pub fn new(quantized: &Quantized) -> Result<Self, ArkworksError> {
        let weights = quantized.model().visibility().weights;
        if weights == Visible::Committed {
            return Err(ArkworksError::Committed);
        }
        let visibility = Visibility { input: Visible::Public, weights, output: Visible::Public };
        let circuit = quantized.circuit_in::<Groth16>(1, visibility)?;
        // What is too large to be written out is so here, and not when it is enforced.
        circuit.matrices().expanded(MOST_ENTRIES)?;
        let columns = |name| {
            let entry = circuit.table().find(name, 0);
            entry.map_or(0..0, |entry| 1 + entry.first..1 + entry.first + entry.len())
        };
        let (inputs, outputs) = (columns("input"), columns("output"));
        let labels = circuit.labels();
        let ends = labels.iter().skip(1).map(|label| label.first).chain([circuit.matrices().constraints()]);
        let input = circuit.graph().input().0;
        let checks = labels.iter().zip(ends).filter(|(label, _)| label.node == input && label.gadget == "range");
        let ranges = checks.map(|(label, end)| label.first..end).collect();
        let graph = circuit.graph();
        let output_scale = if graph.classes().is_some() { 0 } else { circuit.plan().scales[graph.output().0] };
        Ok(Self { ranges, inputs, outputs, output_scale, circuit })
    }

    /// An input `x` is the integer `x 2^scale`, of this scale.
    pub fn input_scale(&self) -> i32 {
        self.circuit.plan().input.scale
    }

    /// The least and the largest integer that an input may be.
    pub fn input_range(&self) -> (i128, i128) {
        let interval = self.circuit.plan().input.interval;
        (interval.lo.as_i128(), interval.hi.as_i128())
    }

    /// An output is the integer of this scale; a class is itself.
    pub fn output_scale(&self) -> i32 {
        self.output_scale
    }

    /// The constraints that [`ModelGadget::enforce`] adds.
    pub fn constraints(&self) -> usize {
        self.circuit.matrices().constraints()
    }

    /// The outputs for these inputs, row major; the inputs are checked to be in range.
    ///
    /// # Errors
    /// If there are more or fewer inputs than the model has, they are known and out of range, or the constraint system refuses.
    ///
    /// # Constraints
    /// [`ModelGadget::constraints`].
    pub fn enforce(&self, cs: &ConstraintSystemRef<Fr>, inputs: &[FpVar<Fr>]) -> Result<Vec<FpVar<Fr>>, ArkworksError> {
        self.enforce_rows(cs, inputs, &[])
    }

    /// As [`ModelGadget::enforce`], without the checks of the inputs' ranges.
    ///
    /// # Errors
    /// As there.
    ///
    /// # Soundness
    /// Inputs that are not within [the range](Self::input_range) make anything provable: comparisons and rescalings are right for values within
    /// the intervals that follow from it, and for no others. The circuit around must enforce it.
    pub fn enforce_unchecked(
        &self,
        cs: &ConstraintSystemRef<Fr>,
        inputs: &[FpVar<Fr>],
    ) -> Result<Vec<FpVar<Fr>>, ArkworksError> {
        self.enforce_rows(cs, inputs, &self.ranges)
    }

    fn enforce_rows(
        &self,
        cs: &ConstraintSystemRef<Fr>,
        inputs: &[FpVar<Fr>],
        without: &[std::ops::Range<usize>],
    ) -> Result<Vec<FpVar<Fr>>, ArkworksError> {
        let (expected, found) = (self.inputs.len(), inputs.len());
        if found != expected {
            return Err(ArkworksError::Inputs { expected, found });
        }
        let matrices = self.circuit.matrices().expanded(MOST_ENTRIES)?;
        let assignment = self.assignment(inputs)?;
        let value = |column: usize| match &assignment {
            Some(values) => values.get(column).copied().ok_or(SynthesisError::AssignmentMissing),
            None => Err(SynthesisError::AssignmentMissing),
        };
        let mut outputs = vec![];
        let mut columns: Vec<Column> = vec![];
        for column in 0..matrices.variables() {
            columns.push(match column.checked_sub(self.inputs.start).and_then(|i| inputs.get(i)) {
                _ if column == 0 => (Fr::one(), Variable::One),
                Some(FpVar::Constant(c)) => (*c, Variable::One),
                Some(FpVar::Var(v)) => (Fr::one(), v.variable),
                None if self.outputs.contains(&column) => {
                    let output = FpVar::new_witness(cs.clone(), || value(column))?;
                    let FpVar::Var(variable) = &output else { return Err(SynthesisError::AssignmentMissing.into()) };
                    let variable = variable.variable;
                    outputs.push(output);
                    (Fr::one(), variable)
                }
                None => (Fr::one(), cs.new_witness_variable(|| value(column))?),
            });
        }
        let kept = (0..matrices.constraints()).filter(|row| !without.iter().any(|range| range.contains(row)));
        rows(&matrices, kept, &columns, cs)?;
        Ok(outputs)
    }

    /// The values of all columns, if those of the inputs are known.
    fn assignment(&self, inputs: &[FpVar<Fr>]) -> Result<Option<Vec<Fr>>, ArkworksError> {
        let values: Result<Vec<Fr>, SynthesisError> = inputs.iter().map(GR1CSVar::value).collect();
        let Ok(values) = values else { return Ok(None) };
        let graph = self.circuit.graph();
        // Integers of an input are few enough bits to be floats.
        let real = |i: usize| to_int(values[i]).as_f64() * exp2(-self.input_scale());
        let input = Tensor::from_fn(graph.shape(graph.input()).clone(), real);
        Ok(Some(self.circuit.witness(&[input], &mut OsRng)?.0))
    }
}
