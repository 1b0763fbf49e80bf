//! What defines a circuit, and the one description of it over all constraint systems.

use ark_bn254::Fr;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{CircuitError, Limits, Opening};
use crate::{
    arith::{
        Arith,
        r1cs::{Accumulate, R1cs, Wire},
    },
    gadget::hash::commitment::{self, Domain, Subject},
    graph::{Graph, NodeId, Visibility, Visible},
    number::{ArithError, Int, Interval},
    plan::{Plan, walk},
    prove::public::PublicKind,
    tensor::Tensor,
};

/// What defines a circuit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Spec {
    pub(super) graph: Graph,
    pub(super) plan: Plan,
    pub(super) visibility: Visibility,
    pub(super) batch: usize,
    /// The weights, where they are public.
    pub(super) constants: Option<Vec<Vec<Tensor<Int>>>>,
}

/// What only the prover knows.
pub(super) struct Secrets<'a> {
    pub(super) weights: &'a [Vec<Tensor<Int>>],
    pub(super) inputs: &'a [Tensor<Int>],
    pub(super) opening: &'a Opening,
}

impl Spec {
    /// SHA-256 of all of it: what [`super::Circuit::contents`] says.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"zkml circuit 1");
        hash.update(self.graph.digest());
        let rest = serde_json::to_vec(&(&self.plan, &self.visibility, self.batch)).unwrap_or_default();
        hash.update((rest.len() as u64).to_le_bytes());
        hash.update(&rest);
        for tensor in self.constants.iter().flatten().flatten() {
            hash.update((tensor.len() as u64).to_le_bytes());
            for q in tensor.data() {
                hash.update(q.to_le_bytes());
            }
        }
        hash.finalize().into()
    }

    /// Checks what a file may have wrong: its size, the plan, the shapes of public weights.
    pub(super) fn check(&self, limits: &Limits) -> Result<(), CircuitError> {
        self.measure(limits)?;
        self.plan.fits(&self.graph)?;
        let public = self.visibility.weights == Visible::Public;
        if public != self.constants.is_some() {
            return Err(CircuitError::Malformed("weights are there if and only if they are public".to_owned()));
        }
        let shapes = self.param_shapes();
        if self.plan.params.iter().zip(&shapes).any(|(p, s)| p.len() != s.len()) {
            return Err(CircuitError::Malformed("the plan has another number of parameters than the graph".to_owned()));
        }
        if let Some(constants) = &self.constants {
            let fits = constants.len() == shapes.len()
                && constants.iter().zip(&shapes).zip(&self.plan.params).all(|((tensors, shapes), plans)| {
                    tensors.len() == shapes.len()
                        && tensors.iter().zip(shapes).zip(plans).all(|((t, s), p)| {
                            t.shape() == s
                                && t.len() == s.len()
                                && t.data().len() == s.len()
                                && t.data().iter().all(|q| p.interval().contains(*q))
                        })
                });
            if !fits {
                return Err(CircuitError::Malformed("the weights are not those of the graph and plan".to_owned()));
            }
        }
        Ok(())
    }

    /// The one description of the circuit, over all constraint systems.
    #[allow(clippy::type_complexity)]
    pub(super) fn synthesize<C: Accumulate>(
        &self,
        cs: C,
        secrets: Option<&Secrets<'_>>,
    ) -> Result<(C, Vec<(String, usize, PublicKind)>), CircuitError> {
        let nodes = self.graph.nodes().len();
        let mut a = R1cs::new(cs);
        let mut table = Vec::new();
        let named = |layer: &str| {
            let layer = layer.to_owned();
            move |error| CircuitError::Arith { layer, error }
        };
        let params = self.params(&mut a, secrets).map_err(named("weights"))?;
        if self.visibility.weights == Visible::Committed {
            let wires: Vec<&Wire<C::W>> = params.iter().flatten().flat_map(|t| t.data()).collect();
            let domain = self.domain(Subject::Weights);
            commit(&mut a, &domain, &wires, secrets.map(|s| s.opening.weights)).map_err(named("weights"))?;
            table.push(("weights".to_owned(), 0, PublicKind::Commitment));
        }
        // Weights are used settled; the commitment packs their bits.
        let params = self.settle(&mut a, params).map_err(named("weights"))?;
        for item in 0..self.batch {
            let offset = item * nodes;
            a.enter(offset);
            let interval = self.plan.input.interval;
            let shape = self.graph.shape(self.graph.input()).clone();
            let value = |i: usize| secrets.map(|s| s.inputs[item].data()[i]);
            let public = self.visibility.input == Visible::Public;
            let wires = (0..shape.len())
                .map(|i| if public { a.instance(&interval, value(i)) } else { a.allocate(&interval, value(i)) })
                .collect::<Result<Vec<_>, _>>()
                .map_err(named("input"))?;
            let input = Tensor::new(shape.clone(), wires).map_err(|e| CircuitError::Malformed(e.to_string()))?;
            match self.visibility.input {
                Visible::Public => {
                    let kind =
                        PublicKind::Tensor { shape, scale: self.plan.input.scale, lo: interval.lo, hi: interval.hi };
                    table.push(("input".to_owned(), item, kind));
                }
                Visible::Committed => {
                    let wires: Vec<&Wire<C::W>> = input.data().iter().collect();
                    let domain = self.domain(Subject::Input);
                    commit(&mut a, &domain, &wires, secrets.map(|s| s.opening.inputs[item])).map_err(named("input"))?;
                    table.push(("input".to_owned(), item, PublicKind::Commitment));
                }
                Visible::Private => {}
            }
            let walked = walk::walk(&self.graph, &self.plan, &mut a, input, &params, offset, &mut |_, _| {})
                .map_err(|(id, error)| CircuitError::Arith { layer: self.graph.node(id).name.clone(), error })?;
            a.enter(offset + self.graph.output().0);
            let output = walked.output;
            match self.visibility.output {
                Visible::Public => {
                    for wire in output.data() {
                        a.publish(wire);
                    }
                    table.push(("output".to_owned(), item, self.output_kind(&output)));
                }
                Visible::Committed => {
                    let wires: Vec<&Wire<C::W>> = output.data().iter().collect();
                    let (domain, salt) = (self.domain(Subject::Output), secrets.map(|s| s.opening.outputs[item]));
                    commit(&mut a, &domain, &wires, salt).map_err(named("output"))?;
                    table.push(("output".to_owned(), item, PublicKind::Commitment));
                }
                Visible::Private => {}
            }
        }
        Ok((a.finish().map_err(named("circuit"))?, table))
    }

    /// The domain of a commitment to the weights, or to one input or output.
    pub(super) fn domain(&self, subject: Subject) -> Domain {
        match subject {
            Subject::Weights => Domain::weights(&self.plan),
            Subject::Input => Domain::tensor(subject, self.graph.shape(self.graph.input()), self.plan.input.scale),
            Subject::Output => {
                let node = self.graph.output();
                Domain::tensor(subject, self.graph.shape(node), self.plan.scales[node.0])
            }
        }
    }

    fn output_kind<W>(&self, output: &Tensor<Wire<W>>) -> PublicKind {
        match self.graph.classes() {
            Some(classes) => PublicKind::Class { classes },
            None => {
                let intervals = || output.data().iter().map(|w| w.measure.interval);
                PublicKind::Tensor {
                    shape: output.shape().clone(),
                    scale: self.plan.scales[self.graph.output().0],
                    lo: intervals().map(|i| i.lo).min().unwrap_or_default(),
                    hi: intervals().map(|i| i.hi).max().unwrap_or_default(),
                }
            }
        }
    }

    /// The weights: constants, or witnesses within their declared widths.
    #[allow(clippy::type_complexity)]
    fn params<C: Accumulate>(
        &self,
        a: &mut R1cs<C>,
        secrets: Option<&Secrets<'_>>,
    ) -> Result<Vec<Vec<Tensor<Wire<C::W>>>>, ArithError> {
        if let Some(constants) = &self.constants {
            return Ok(constants.iter().map(|node| node.iter().map(|t| t.map(|q| a.constant(*q))).collect()).collect());
        }
        let mut all = Vec::new();
        for (i, (shapes, plans)) in self.param_shapes().into_iter().zip(&self.plan.params).enumerate() {
            a.enter(i);
            let mut node = Vec::new();
            for (j, (shape, plan)) in shapes.into_iter().zip(plans).enumerate() {
                let interval: Interval = plan.interval();
                let wires = (0..shape.len())
                    .map(|k| a.allocate(&interval, secrets.map(|s| s.weights[i][j].data()[k])))
                    .collect::<Result<Vec<_>, _>>()?;
                node.push(Tensor::new(shape, wires).map_err(|e| ArithError::Backend(e.to_string()))?);
            }
            all.push(node);
        }
        Ok(all)
    }

    #[allow(clippy::type_complexity)]
    fn settle<C: Accumulate>(
        &self,
        a: &mut R1cs<C>,
        params: Vec<Vec<Tensor<Wire<C::W>>>>,
    ) -> Result<Vec<Vec<Tensor<Wire<C::W>>>>, ArithError> {
        if self.constants.is_some() {
            return Ok(params);
        }
        params
            .into_iter()
            .enumerate()
            .map(|(i, node)| {
                a.enter(i);
                let fanout = walk::param_fanout(&self.graph, NodeId(i)) * self.batch;
                node.into_iter().map(|t| t.try_map(|w| a.settle(w, fanout))).collect()
            })
            .collect()
    }
}

/// Publishes a commitment to wires whose intervals are enforced already.
fn commit<C: Accumulate>(
    a: &mut R1cs<C>,
    domain: &Domain,
    wires: &[&Wire<C::W>],
    salt: Option<Fr>,
) -> Result<(), ArithError> {
    let parts: Vec<(&C::W, Interval)> = wires.iter().map(|w| (&w.w, w.measure.interval)).collect();
    let salt = a.cs.field_witness(salt);
    a.cs.label("commitment");
    let commitment = commitment::enforce_unchecked(&mut a.cs, domain, &parts, &salt);
    a.cs.field_output(&commitment);
    Ok(())
}
