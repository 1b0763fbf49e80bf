//! Statements of a bounty: three circuits, made from a plan, a layout of samples, a format of files, and how a
//! ciphertext is cut.

use rand::{CryptoRng, RngCore};
use zkml_core::{
    bounty::{
        accuracy::{Accuracy, VISIBILITY},
        cid::Form,
        compose::{Composed, StatementError},
        data::Data,
        dataset::Layout,
        delivery::Delivery,
        format::Format,
    },
    circuit::Circuit,
    graph::Graph,
    plan::{Plan, Quantized},
    prove::{
        Ceremony, CeremonyError, Digest, Groth16, Keys, Matrices, Powers,
        phased::{Openable, Phased},
    },
};

use crate::error::Error;

/// Which of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Files and labels are the dataset's.
    Data,
    /// A committed model answers so many samples correctly.
    Accuracy,
    /// A ciphertext holds the committed weights.
    Delivery,
}

impl Part {
    /// All of them, in the order in which terms and packages have them.
    pub const ALL: [Self; 3] = [Self::Data, Self::Accuracy, Self::Delivery];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Accuracy => "accuracy",
            Self::Delivery => "delivery",
        }
    }
}

/// The circuits of a bounty. They have no weights.
#[derive(Clone, Debug)]
pub struct Statements {
    data: Composed<Data>,
    accuracy: Composed<Accuracy>,
    delivery: Composed<Delivery>,
    most: usize,
}

impl Statements {
    /// The circuits for models of this circuit's graph and plan, with a ciphertext in parts of at most `most` elements.
    ///
    /// # Errors
    /// If the model is none for these samples, the format has another shape, or the parts have no size or are larger
    /// than a transaction takes.
    pub fn new(
        model: Circuit,
        layout: Layout,
        format: Format,
        form: Form,
        most: usize,
    ) -> Result<Self, StatementError> {
        let delivery = Composed::new(Delivery::in_chunks(&model, most)?)?;
        let data = Composed::new(Data::new(format, form, layout.clone())?)?;
        let accuracy = Composed::new(Accuracy::of(model, layout)?)?;
        Ok(Self { data, accuracy, delivery, most })
    }

    /// As [`Statements::new`], for models of the graph and plan of this one, whose weights do not matter.
    ///
    /// # Errors
    /// As there.
    pub fn of(
        quantized: &Quantized,
        layout: Layout,
        format: Format,
        form: Form,
        most: usize,
    ) -> Result<Self, StatementError> {
        Self::new(quantized.circuit_for(VISIBILITY)?, layout, format, form, most)
    }

    /// Runs the three setups, alone: whoever has run them can forge proofs, and the keys say so. For development: see
    /// [`ceremony_in`](Self::ceremony_in).
    ///
    /// # Errors
    /// If a circuit is too large.
    pub fn setup_for_development(&self, rng: &mut (impl RngCore + CryptoRng)) -> Result<[Keys; 3], StatementError> {
        Ok([
            self.data.setup::<Groth16>(rng)?,
            self.accuracy.setup::<Groth16>(rng)?,
            self.delivery.setup::<Groth16>(rng)?,
        ])
    }

    /// The data statement.
    pub fn data(&self) -> &Composed<Data> {
        &self.data
    }

    /// The accuracy statement.
    pub fn accuracy(&self) -> &Composed<Accuracy> {
        &self.accuracy
    }

    /// The delivery statement.
    pub fn delivery(&self) -> &Composed<Delivery> {
        &self.delivery
    }

    /// How samples are put together.
    pub fn layout(&self) -> &Layout {
        self.accuracy.composition().layout()
    }

    /// The circuit of one answer.
    pub fn model(&self) -> &Circuit {
        self.accuracy.composition().model()
    }

    /// The plan that every model of the bounty has.
    pub fn plan(&self) -> &Plan {
        self.model().plan()
    }

    /// The graph that the plan is of: that of the models, optimised.
    pub fn graph(&self) -> &Graph {
        self.model().graph()
    }

    /// The most elements of a part of the ciphertext that were asked for.
    pub fn most(&self) -> usize {
        self.most
    }

    /// The constraints of a circuit.
    pub fn matrices(&self, part: Part) -> &Matrices {
        match part {
            Part::Data => self.data.matrices(),
            Part::Accuracy => self.accuracy.matrices(),
            Part::Delivery => self.delivery.matrices(),
        }
    }

    /// A ceremony for the keys of a circuit, to which nobody has contributed yet. Its [`finish`](Ceremony::finish) takes
    /// the circuit's [matrices](Self::matrices) and [digest](Self::digest); what a bounty takes is `Groth16`.
    ///
    /// # Errors
    /// If there are powers for fewer rows than [`Size::domain`](zkml_core::prove::Size::domain) of the matrices, or they
    /// are not those of one `tau`.
    pub fn ceremony_in<S: Phased<Registered: Openable>>(
        &self,
        part: Part,
        powers: &Powers,
    ) -> Result<Ceremony<S>, CeremonyError> {
        let (table, contents) = match part {
            Part::Data => (self.data.table(), self.data.contents()),
            Part::Accuracy => (self.accuracy.table(), self.accuracy.contents()),
            Part::Delivery => (self.delivery.table(), self.delivery.contents()),
        };
        Ceremony::new(self.matrices(part), table.clone(), contents, powers)
    }

    /// The digest of a circuit, which its keys carry.
    pub fn digest(&self, part: Part) -> Digest {
        match part {
            Part::Data => self.data.digest(),
            Part::Accuracy => self.accuracy.digest(),
            Part::Delivery => self.delivery.digest(),
        }
    }

    /// Checks that a model is one of the bounty's: of its graph and plan.
    ///
    /// # Errors
    /// If it is not.
    pub fn admit(&self, quantized: &Quantized) -> Result<(), Error> {
        if self.model().is_of(quantized)? {
            return Ok(());
        }
        Err(StatementError::Model {
            found: "has another graph or plan than the bounty".to_owned(),
            expected: "a model quantised to the bounty's plan: see `Package::quantize`".to_owned(),
        }
        .into())
    }
}
