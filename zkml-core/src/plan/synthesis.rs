//! Circuit synthesis: one description of a circuit over every reading that makes one, how weights, inputs and outputs enter, are published and
//! committed to, and the forward pass between them.
//!
//! Counting, estimates, building, the witness, and the dishonest provers of the tests are readings of [`Relation::synthesize`]. So a count
//! can't drift from the circuit, and a larger statement about a model is made of the same pieces: [`Relation::weights`],
//! [`Relation::input`], [`Relation::output`].

use ark_bn254::Fr;

use super::{
    Plan,
    walk::{self, Parameters},
};
use crate::{
    arith::{
        Arith,
        bounds::Bounds,
        counts::Counts,
        r1cs::{Accumulate, R1cs, Sizes, Wire},
    },
    gadget::{
        bits::range,
        hash::commitment::{self, Domain, Subject},
    },
    graph::{Graph, NodeId, Visibility, Visible},
    number::{ArithError, Cost, Int, Interval, Measure, interval::bit_len},
    prove::public::PublicKind,
    shape::Shape,
    tensor::Tensor,
};

/// A reading of exact arithmetic in which values enter a circuit and leave it.
pub trait Synthesis: Arith {
    /// Witnesses, each within the interval because the circuit enforces it. They have values where the reading has any.
    ///
    /// # Errors
    /// If the interval is too wide to be checked.
    fn witnesses(
        &mut self,
        interval: &Interval,
        shape: &Shape,
        values: Option<&Tensor<Int>>,
    ) -> Result<Tensor<Self::Wire>, ArithError>;

    /// Weights: witnesses, each within the interval because the circuit enforces it; or because it is shown of what is registered.
    ///
    /// # Errors
    /// If the interval is too wide to be checked.
    fn weights(
        &mut self,
        interval: &Interval,
        shape: &Shape,
        values: Option<&Tensor<Int>>,
    ) -> Result<Tensor<Self::Wire>, ArithError> {
        self.witnesses(interval, shape, values)
    }

    /// Public inputs, each within the interval because the circuit enforces it.
    ///
    /// # Errors
    /// If the interval is too wide to be checked.
    fn instances(
        &mut self,
        interval: &Interval,
        shape: &Shape,
        values: Option<&Tensor<Int>>,
    ) -> Result<Tensor<Self::Wire>, ArithError>;

    /// Makes each of these wires a public input: one constraint each.
    fn publish(&mut self, wires: &Tensor<Self::Wire>);

    /// Publishes the commitment to wires whose intervals are enforced already: one public input.
    fn commit(&mut self, domain: &Domain, wires: &[&Self::Wire], salt: Option<Fr>);

    /// What is known of a wire's value.
    fn interval(&self, wire: &Self::Wire) -> Interval;

    /// Describes every item of a batch. A reading to which all are alike may look at the first alone.
    ///
    /// # Errors
    /// As `item`.
    fn items<E>(&mut self, batch: usize, item: &mut dyn FnMut(&mut Self, usize) -> Result<(), E>) -> Result<(), E>
    where
        Self: Sized,
    {
        (0..batch).try_for_each(|i| item(self, i))
    }
}

/// The values of a circuit that only the prover knows.
#[derive(Clone, Copy)]
pub struct Secrets<'a> {
    /// The weights, for every node its lowered parameters.
    pub weights: &'a [Vec<Tensor<Int>>],
    /// The inputs, one for each item of the batch.
    pub inputs: &'a [Tensor<Int>],
    /// The salts of the commitments.
    pub opening: &'a Opening,
}

/// The salts of a proof's commitments: who knows them can open the commitments. Keep them secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Opening {
    /// Of the weights.
    pub weights: Fr,
    /// Of each input.
    pub inputs: Vec<Fr>,
    /// Of each output.
    pub outputs: Vec<Fr>,
}

/// Without the salts.
impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opening").finish_non_exhaustive()
    }
}

/// Where a synthesis failed, and why.
pub type Refused = (NodeId, ArithError);

/// The parameters of every node, as wires.
pub type Params<W> = Vec<Vec<Tensor<W>>>;

/// A row of the table of public inputs: its name, the item of the batch, and what it means.
pub type Row = (String, usize, PublicKind);

/// Relation that a circuit proves: the answers of a graph under a plan, with who sees what.
#[derive(Clone, Copy, Debug)]
pub struct Relation<'a> {
    /// The network.
    pub graph: &'a Graph,
    /// Its scales and widths.
    pub plan: &'a Plan,
    /// Who sees weights, input and output.
    pub visibility: Visibility,
    /// How many inputs are proven at once.
    pub batch: usize,
    /// The weights, where they are public: constants of the circuit.
    pub constants: Option<&'a [Vec<Tensor<Int>>]>,
}

impl Relation<'_> {
    /// The circuit, in the reading `s`; the rows of its table of public inputs, of each item that the reading looks at.
    ///
    /// # Errors
    /// If a value may outgrow the field, or an interval is too wide to be checked: the node, and why.
    pub fn synthesize<S: Synthesis>(&self, s: &mut S, secrets: Option<&Secrets<'_>>) -> Result<Vec<Row>, Refused> {
        let mut rows = vec![];
        let params = self.weights(s, secrets, &mut rows)?;
        s.items(self.batch, &mut |s, item| {
            let input = self.input(s, item, secrets, &mut rows)?;
            let output = self.forward(s, item, input, &params)?;
            self.output(s, item, &output, secrets, &mut rows);
            Ok(())
        })?;
        Ok(rows)
    }

    /// The shapes of every node's lowered parameters.
    pub fn param_shapes(&self) -> Vec<Vec<Shape>> {
        let of = |(i, node): (usize, &crate::graph::Node)| {
            node.layer.as_ref().map_or_else(Vec::new, |l| l.lowered(&self.graph.input_shapes(NodeId(i))))
        };
        self.graph.nodes().iter().enumerate().map(of).collect()
    }

    /// Whether these may be its weights: in the shapes of every node's lowered parameters, each within its declared width.
    pub fn admits(&self, weights: &[Vec<Tensor<Int>>]) -> bool {
        let shapes = self.param_shapes();
        weights.len() == shapes.len()
            && weights.iter().zip(&shapes).zip(&self.plan.params).all(|((tensors, shapes), plans)| {
                tensors.len() == shapes.len()
                    && tensors.iter().zip(shapes).zip(plans).all(|((t, s), p)| {
                        // Of a tensor from a file, shape and data may disagree.
                        t.shape() == s
                            && t.len() == s.len()
                            && t.data().len() == s.len()
                            && t.data().iter().all(|q| p.interval().contains(*q))
                    })
            })
    }

    /// The domain of a commitment to the weights, or to one input or output.
    pub fn domain(&self, subject: Subject) -> Domain {
        match subject {
            Subject::Weights => Domain::weights(self.plan),
            Subject::Input => Domain::tensor(subject, self.graph.shape(self.graph.input()), self.plan.input.scale),
            Subject::Output => {
                let node = self.graph.output();
                Domain::tensor(subject, self.graph.shape(node), self.plan.scales[node.0])
            }
        }
    }

    /// The weights: witnesses within their declared widths, and their commitment; none where they are [constants](Relation::parameters).
    ///
    /// # Errors
    /// As [`Relation::synthesize`].
    pub fn weights<S: Synthesis>(
        &self,
        s: &mut S,
        secrets: Option<&Secrets<'_>>,
        rows: &mut Vec<Row>,
    ) -> Result<Params<S::Wire>, Refused> {
        if self.constants.is_some() {
            return Ok(vec![]);
        }
        let mut params: Params<S::Wire> = Vec::with_capacity(self.plan.params.len());
        for (i, (shapes, plans)) in self.param_shapes().iter().zip(&self.plan.params).enumerate() {
            s.enter(i);
            let witnesses = |(j, (shape, plan)): (usize, (&Shape, &super::ParamPlan))| {
                s.weights(&plan.interval(), shape, secrets.and_then(|secrets| secrets.weights.get(i)?.get(j)))
            };
            let node = shapes.iter().zip(plans).enumerate().map(witnesses).collect::<Result<_, _>>();
            params.push(node.map_err(|e| (NodeId(i), e))?);
        }
        if self.visibility.weights == Visible::Committed {
            s.enter(0);
            let wires: Vec<&S::Wire> = params.iter().flatten().flat_map(Tensor::data).collect();
            s.commit(&self.domain(Subject::Weights), &wires, secrets.map(|secrets| secrets.opening.weights));
            rows.push(("weights".to_owned(), 0, PublicKind::Commitment));
        }
        // The commitment packs the bits of weights; all else uses them settled.
        for (i, node) in params.iter_mut().enumerate() {
            s.enter(i);
            let fanout = walk::param_fanout(self.graph, NodeId(i)) * self.batch;
            for tensor in node {
                *tensor = tensor.try_map(|w| s.settle(w, fanout)).map_err(|e| (NodeId(i), e))?;
            }
        }
        Ok(params)
    }

    /// An input: public inputs or witnesses within the declared range, and their commitment.
    ///
    /// # Errors
    /// If the range is too wide to be checked.
    pub fn input<S: Synthesis>(
        &self,
        s: &mut S,
        item: usize,
        secrets: Option<&Secrets<'_>>,
        rows: &mut Vec<Row>,
    ) -> Result<Tensor<S::Wire>, Refused> {
        s.enter(self.number(item, self.graph.input()));
        let (interval, shape) = (&self.plan.input.interval, self.graph.shape(self.graph.input()));
        let values = secrets.and_then(|secrets| secrets.inputs.get(item));
        let input = match self.visibility.input {
            Visible::Public => s.instances(interval, shape, values),
            Visible::Private | Visible::Committed => s.witnesses(interval, shape, values),
        };
        let input = input.map_err(|e| (self.graph.input(), e))?;
        match self.visibility.input {
            Visible::Public => {
                let (shape, scale) = (shape.clone(), self.plan.input.scale);
                let kind = PublicKind::Tensor { shape, scale, lo: interval.lo, hi: interval.hi };
                rows.push(("input".to_owned(), item, kind));
            }
            Visible::Committed => {
                let wires: Vec<&S::Wire> = input.data().iter().collect();
                s.commit(
                    &self.domain(Subject::Input),
                    &wires,
                    secrets.and_then(|secrets| secrets.opening.inputs.get(item).copied()),
                );
                rows.push(("input".to_owned(), item, PublicKind::Commitment));
            }
            Visible::Private => {}
        }
        Ok(input)
    }

    /// The forward pass of one item.
    ///
    /// # Errors
    /// If a value may outgrow the field.
    pub fn forward<S: Synthesis>(
        &self,
        s: &mut S,
        item: usize,
        input: Tensor<S::Wire>,
        params: &[Vec<Tensor<S::Wire>>],
    ) -> Result<Tensor<S::Wire>, Refused> {
        let offset = self.number(item, NodeId(0));
        let params = self.parameters(params);
        walk::walk(self.graph, self.plan, s, input, params, offset, &mut |_, _| {}).map(|walked| walked.output)
    }

    /// What a forward pass takes as parameters: the constants, or these [weights](Relation::weights).
    pub fn parameters<'a, W>(&'a self, weights: &'a [Vec<Tensor<W>>]) -> Parameters<'a, W> {
        self.constants.map_or(Parameters::Wires(weights), Parameters::Known)
    }

    /// An output, published or committed to.
    pub fn output<S: Synthesis>(
        &self,
        s: &mut S,
        item: usize,
        output: &Tensor<S::Wire>,
        secrets: Option<&Secrets<'_>>,
        rows: &mut Vec<Row>,
    ) {
        s.enter(self.number(item, self.graph.output()));
        match self.visibility.output {
            Visible::Public => {
                s.publish(output);
                rows.push(("output".to_owned(), item, self.output_kind(s, output)));
            }
            Visible::Committed => {
                let wires: Vec<&S::Wire> = output.data().iter().collect();
                s.commit(
                    &self.domain(Subject::Output),
                    &wires,
                    secrets.and_then(|secrets| secrets.opening.outputs.get(item).copied()),
                );
                rows.push(("output".to_owned(), item, PublicKind::Commitment));
            }
            Visible::Private => {}
        }
    }

    /// The number under which readings know a node of one item.
    fn number(&self, item: usize, node: NodeId) -> usize {
        item * self.graph.nodes().len() + node.0
    }

    fn output_kind<S: Synthesis>(&self, s: &S, output: &Tensor<S::Wire>) -> PublicKind {
        if let Some(classes) = self.graph.classes() {
            return PublicKind::Class { classes };
        }
        let intervals = || output.data().iter().map(|w| s.interval(w));
        PublicKind::Tensor {
            shape: output.shape().clone(),
            scale: self.plan.scales[self.graph.output().0],
            lo: intervals().map(|i| i.lo).min().unwrap_or_default(),
            hi: intervals().map(|i| i.hi).max().unwrap_or_default(),
        }
    }
}

impl<C: Accumulate> Synthesis for R1cs<C> {
    fn witnesses(
        &mut self,
        interval: &Interval,
        shape: &Shape,
        values: Option<&Tensor<Int>>,
    ) -> Result<Tensor<Wire<C::W>>, ArithError> {
        places(shape).try_map(|i| self.allocate(interval, values.and_then(|t| t.data().get(*i).copied())))
    }

    /// A weight of one value is a constant.
    fn weights(
        &mut self,
        interval: &Interval,
        shape: &Shape,
        values: Option<&Tensor<Int>>,
    ) -> Result<Tensor<Wire<C::W>>, ArithError> {
        places(shape).try_map(|i| {
            let value = values.and_then(|t| t.data().get(*i).copied());
            let registered = if interval.is_point() { None } else { self.cs.weight(value) };
            match registered {
                Some(w) => Ok(Wire::new(Measure::variable(*interval), w)),
                None => self.allocate(interval, value),
            }
        })
    }

    fn instances(
        &mut self,
        interval: &Interval,
        shape: &Shape,
        values: Option<&Tensor<Int>>,
    ) -> Result<Tensor<Wire<C::W>>, ArithError> {
        places(shape).try_map(|i| self.instance(interval, values.and_then(|t| t.data().get(*i).copied())))
    }

    fn publish(&mut self, wires: &Tensor<Wire<C::W>>) {
        wires.data().iter().for_each(|wire| R1cs::publish(self, wire));
    }

    fn commit(&mut self, domain: &Domain, wires: &[&Wire<C::W>], salt: Option<Fr>) {
        let parts: Vec<(&C::W, Interval)> = wires.iter().map(|w| (&w.w, w.measure.interval)).collect();
        self.cs.label("commitment");
        let salt = self.cs.field_witness(salt);
        let commitment = commitment::enforce_unchecked(&mut self.cs, domain, &parts, &salt);
        self.cs.field_output(&commitment);
    }

    fn interval(&self, wire: &Wire<C::W>) -> Interval {
        wire.measure.interval
    }
}

impl Synthesis for Counts {
    fn witnesses(
        &mut self,
        interval: &Interval,
        shape: &Shape,
        _: Option<&Tensor<Int>>,
    ) -> Result<Tensor<Measure>, ArithError> {
        let cost = range::cost(interval)? * shape.len();
        if self.looks_up() {
            self.ask("range", &Sizes::of_range(interval, true), shape.len());
            return Ok(Tensor::from_fn(shape.clone(), |_| Measure::variable(*interval)));
        }
        self.pay("range", cost);
        let measure = Measure { interval: *interval, terms: bit_len(interval.hi - interval.lo) };
        Ok(Tensor::from_fn(shape.clone(), |_| measure))
    }

    fn instances(
        &mut self,
        interval: &Interval,
        shape: &Shape,
        _: Option<&Tensor<Int>>,
    ) -> Result<Tensor<Measure>, ArithError> {
        let cost = range::cost(interval)?;
        if self.looks_up() {
            self.ask("range", &Sizes::of_range(interval, false), shape.len());
        } else {
            // One constraint ties the public input to the bits.
            self.pay("range", (cost + Cost::new(1, 0)) * shape.len());
        }
        self.show(shape.len());
        Ok(Tensor::from_fn(shape.clone(), |_| Measure { interval: *interval, terms: 1 }))
    }

    fn publish(&mut self, wires: &Tensor<Measure>) {
        self.pay("output", Cost::new(wires.len(), 0));
        self.show(wires.len());
    }

    fn commit(&mut self, _: &Domain, wires: &[&Measure], _: Option<Fr>) {
        let intervals: Vec<Interval> = wires.iter().map(|w| w.interval).collect();
        // The salt is a witness variable, and publishing the commitment a constraint.
        self.pay("commitment", commitment::cost(&intervals) + Cost::new(1, 1));
        self.show(1);
    }

    fn interval(&self, wire: &Measure) -> Interval {
        wire.interval
    }

    fn items<E>(&mut self, batch: usize, item: &mut dyn FnMut(&mut Self, usize) -> Result<(), E>) -> Result<(), E> {
        self.repeat(batch, |counts| item(counts, 0))
    }
}

impl Synthesis for Bounds {
    fn witnesses(
        &mut self,
        interval: &Interval,
        shape: &Shape,
        _: Option<&Tensor<Int>>,
    ) -> Result<Tensor<Interval>, ArithError> {
        // What is only compared is not seen otherwise, and would be cut off by integers that are too narrow.
        let seen = self.see(*interval);
        Ok(Tensor::from_fn(shape.clone(), |_| seen))
    }

    fn instances(
        &mut self,
        interval: &Interval,
        shape: &Shape,
        values: Option<&Tensor<Int>>,
    ) -> Result<Tensor<Interval>, ArithError> {
        self.witnesses(interval, shape, values)
    }

    fn publish(&mut self, _: &Tensor<Interval>) {}

    fn commit(&mut self, _: &Domain, _: &[&Interval], _: Option<Fr>) {}

    fn interval(&self, wire: &Interval) -> Interval {
        *wire
    }

    fn items<E>(&mut self, batch: usize, item: &mut dyn FnMut(&mut Self, usize) -> Result<(), E>) -> Result<(), E> {
        if batch == 0 { Ok(()) } else { item(self, 0) }
    }
}

/// The flat index of each element.
fn places(shape: &Shape) -> Tensor<usize> {
    Tensor::from_fn(shape.clone(), |i| i)
}
