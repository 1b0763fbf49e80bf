//! Accuracy statement: *the model that is committed to answers so many samples of a chunk correctly*, `correct = sum_i [class_i = label_i]`
//!
//! ```text
//! weights ──> commitment C_w, public
//!    │
//! pixels ──> forward pass ──> class ─┐
//!    │                               ├─> equal? ──> sum, public
//!    └──┬─> sample S ──> chunk ──> root, public
//! label ┴────────────────────────────┘
//! ```
//!
//! | public input | what it is |
//! |---|---|
//! | `weights` | the commitment `C_w` |
//! | `dataset` | the root: see [`dataset`] |
//! | `context` | who proves it for which bounty |
//! | `chunk` | the number of the chunk, `0..=127` |
//! | `correct` | how many answers are correct |
//!
//! The model's input is the bytes of the pixels: it is declared with `range = 0..=255`, and its plan has input scale
//! 0. With a narrower range there would be datasets on which nothing can be proven, whose host would have hunters lose
//! their bonds. A division by 255 is the model's first layer, and joins the weights of the next.

use ark_bn254::Fr;

use super::{
    compose::{self, Composition, StatementError},
    dataset::{self, Chunk, Layout},
};
use crate::{
    arith::{
        Arith,
        r1cs::{Accumulate, R1cs},
    },
    circuit::{Circuit, Opening},
    gadget::IsZero,
    graph::{Visibility, Visible},
    number::Int,
    plan::{
        Quantized,
        synthesis::{Relation, Row, Secrets},
    },
    prove::PublicKind,
    shape::Shape,
    tensor::Tensor,
};

/// Who sees what of the model in an accuracy statement: its weights are committed to, all else is private.
pub const VISIBILITY: Visibility =
    Visibility { weights: Visible::Committed, input: Visible::Private, output: Visible::Private };

/// Accuracy statement: a model's graph and plan, and how samples are put together.
#[derive(Clone, Debug)]
pub struct Accuracy {
    model: Circuit,
    layout: Layout,
}

/// What the prover of an accuracy statement knows.
#[derive(Clone)]
pub struct AccuracyWitness<'a> {
    /// The weights, for every node its lowered parameters: [`Quantized::params`].
    pub weights: &'a [Vec<Tensor<Int>>],
    /// The salt of their commitment.
    pub salt: Fr,
    /// The chunk.
    pub chunk: Chunk<'a>,
    /// Who proves it for which bounty.
    pub context: Fr,
}

impl Accuracy {
    /// The statement about models of this graph and plan. The weights of this one do not matter.
    ///
    /// # Errors
    /// If the model answers no class, or has not as many as the layout; its input has not as many elements as a sample pixels; its
    /// input is not the integers `0..=255`; or the plan says something of the weights.
    pub fn new(quantized: &Quantized, layout: Layout) -> Result<Self, StatementError> {
        Self::of(quantized.circuit_for(VISIBILITY)?, layout)
    }

    /// As [`Accuracy::new`], of the circuit of one answer: what is published of a bounty has no weights.
    ///
    /// # Errors
    /// As there; and if the circuit has another [visibility](VISIBILITY), or proves several answers.
    pub fn of(model: Circuit, layout: Layout) -> Result<Self, StatementError> {
        if model.visibility() != VISIBILITY || model.batch() != 1 {
            return Err(StatementError::Model {
                found: format!("has a circuit of {} answers, for which {:?}", model.batch(), model.visibility()),
                expected: format!("one of 1 answer, for which {VISIBILITY:?}"),
            });
        }
        let graph = model.graph();
        let classes = graph.classes();
        if classes != Some(layout.classes()) {
            let found = classes.map_or("answers no class".to_owned(), |n| format!("tells {n} classes apart"));
            return Err(StatementError::Model { found, expected: format!("{} classes", layout.classes()) });
        }
        let (shape, expected) = (graph.shape(graph.input()), layout.shape());
        if shape.len() != expected.len() {
            let found = format!("takes inputs of shape {shape}");
            return Err(StatementError::Model { found, expected: format!("as many elements as in {expected}") });
        }
        let input = &model.plan().input;
        if input.scale != 0 || input.interval != dataset::byte() {
            return Err(StatementError::Model {
                found: format!(
                    "takes inputs from {} to {} in steps of 2^{}",
                    input.interval.lo, input.interval.hi, -input.scale
                ),
                expected: "integers from 0 to 255: declare it with `range = 0..=255`".to_owned(),
            });
        }
        Ok(Self { model, layout })
    }

    /// The circuit of one answer of the model, for its graph, plan and domains.
    pub fn model(&self) -> &Circuit {
        &self.model
    }

    /// How samples are put together.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The relation between weights, inputs and answers, of all samples of a chunk.
    fn relation(&self) -> Relation<'_> {
        Relation { batch: self.layout.samples(), ..self.model.relation() }
    }

    /// The samples' pixels as inputs of the model, and their labels.
    fn inputs(&self, chunk: &Chunk<'_>) -> Vec<Tensor<Int>> {
        let shape = self.model.graph().shape(self.model.graph().input());
        let pixel = |pixels: &[u8], i: usize| Int::from(pixels.get(i).copied().unwrap_or_default());
        chunk.samples.iter().map(|sample| Tensor::from_fn(shape.clone(), |i| pixel(&sample.pixels, i))).collect()
    }
}

/// # Soundness
/// The weights are within their declared widths and determined by `C_w`; pixels are bytes, labels below the number of
/// classes, and both are determined by the root, the chunk's number and their place. Classes are functions of weights and pixels, as in every
/// circuit of the model, and whether they equal the labels is a function of both. So `correct` is the number of correct answers.
impl Composition for Accuracy {
    type Witness<'a> = AccuracyWitness<'a>;
    const TAG: &'static str = "zkml bounty accuracy circuit 1";

    /// The contents of the model's circuit, and the layout; its shape is the model's as far as it matters, and in the samples' domain.
    fn parameters(&self) -> Vec<u8> {
        let mut bytes = self.model.contents().as_ref().to_vec();
        let layout = &self.layout;
        let numbers = [layout.samples(), layout.classes(), layout.shape().rank()];
        for n in numbers.iter().chain(layout.shape().dims()) {
            bytes.extend((*n as u64).to_le_bytes());
        }
        bytes
    }

    fn admit(&self, witness: &AccuracyWitness<'_>) -> Result<(), StatementError> {
        let (found, expected) = (witness.chunk.samples.len(), self.layout.samples());
        if found != expected {
            return Err(StatementError::Count { what: "samples of a chunk", found, expected });
        }
        for (index, sample) in witness.chunk.samples.iter().enumerate() {
            self.layout.check(index, sample)?;
        }
        compose::check_salt(witness.salt)?;
        if self.model.relation().admits(witness.weights) {
            Ok(())
        } else {
            Err(StatementError::Model {
                found: "has weights that are not of its plan".to_owned(),
                expected: "those of a model quantised to the plan of the bounty".to_owned(),
            })
        }
    }

    fn enforce<C: Accumulate>(
        &self,
        s: &mut R1cs<C>,
        witness: Option<&AccuracyWitness<'_>>,
    ) -> Result<Vec<Row>, StatementError> {
        let relation = self.relation();
        let inputs = witness.map(|w| self.inputs(&w.chunk)).unwrap_or_default();
        let opening = Opening { weights: witness.map(|w| w.salt).unwrap_or_default(), inputs: vec![], outputs: vec![] };
        let secrets = witness.map(|w| Secrets { weights: w.weights, inputs: &inputs, opening: &opening });
        let secrets = secrets.as_ref();
        let refused = |(id, error): (crate::graph::NodeId, _)| StatementError::Arith {
            part: format!("layer `{}`", self.model.graph().node(id).name),
            error,
        };
        let mut rows = vec![];
        let params = relation.weights(s, secrets, &mut rows).map_err(refused)?;

        let salt = s.cs.field_witness(witness.map(|w| w.chunk.salt));
        let (mut samples, mut right) = (vec![], vec![]);
        for item in 0..self.layout.samples() {
            let input = relation.input(s, item, secrets, &mut rows).map_err(refused)?;
            let label = witness.and_then(|w| w.chunk.samples.get(item)).map(|sample| Int::from(sample.label as u64));
            let arith = || StatementError::arith("label");
            let label = s.allocate(&self.layout.label_interval(), label).map_err(arith())?;
            let pixels: Vec<&C::W> = input.data().iter().map(|wire| &wire.w).collect();
            samples.push(dataset::enforce_sample_unchecked(&mut s.cs, &self.layout, &pixels, &label.w, &salt));
            let output = relation.forward(s, item, input, &params).map_err(refused)?;
            for class in output.data() {
                let terms = [(Int::ONE, class), (-Int::ONE, &label)];
                let difference = s.linear(terms.into_iter(), Int::ZERO).map_err(arith())?;
                right.push(s.apply(&IsZero, &difference).map_err(arith())?);
            }
        }
        let sum = s.linear(right.iter().map(|r| (Int::ONE, r)), Int::ZERO).map_err(StatementError::arith("sum"))?;
        let place = dataset::enforce_root(&mut s.cs, &samples, witness.map(|w| &w.chunk));
        let context = s.cs.field_witness(witness.map(|w| w.context));
        s.cs.label("output");
        s.cs.field_output(&place.root);
        s.cs.field_output(&context);
        rows.push(("dataset".to_owned(), 0, PublicKind::Commitment));
        rows.push(("context".to_owned(), 0, PublicKind::Element));
        for (name, number, most) in
            [("chunk", &place.number, dataset::MAX_CHUNKS - 1), ("correct", &sum.w, self.layout.samples())]
        {
            let number = s.cs.lift(number);
            s.cs.field_output(&number);
            let (lo, hi) = (Int::ZERO, Int::from(most as u64));
            rows.push((name.to_owned(), 0, PublicKind::Tensor { shape: Shape::new([1]), scale: 0, lo, hi }));
        }
        Ok(rows)
    }
}
