//! What defines a circuit, and the one description of it over both constraint systems.

use ark_bn254::Fr;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{CircuitError, Opening};
use crate::{
    arith::{
        Arith, ArithError, Int,
        interval::Interval,
        r1cs::{Accumulate, R1cs, Wire},
    },
    gadget::commitment,
    graph::{Graph, Node, NodeId, Visibility, Visible},
    layer::AnyLayer,
    plan::{Plan, walk},
    prove::public::PublicKind,
    tensor::Tensor,
};

/// The most values that a circuit read from a file may compute, over its batch.
const MAX_VALUES: usize = 1 << 24;

/// The most parameters that a circuit read from a file may have.
const MAX_PARAMETERS: usize = 1 << 26;

/// The most summands that a circuit read from a file may have, over its batch: a small file may describe huge windows.
const MAX_TERMS: usize = 1 << 30;

/// What defines a circuit; its digest covers all of it.
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

    /// The summands of all values, those in padding included.
    fn terms(&self) -> usize {
        let each = |(i, node): (usize, &Node)| {
            let inputs = self.graph.input_shapes(NodeId(i));
            let taken: usize = inputs.iter().map(|s| s.len()).sum();
            let weights = self.graph.params(NodeId(i)).into_iter().map(|(_, p)| p.shape.len() / p.shape.dims()[0]);
            // What one value is made of.
            let one = match &node.layer {
                Some(AnyLayer::AvgPool1d(l)) => l.window.area(),
                Some(AnyLayer::AvgPool2d(l)) => l.window.area(),
                Some(AnyLayer::SumPool1d(l)) => l.window.area(),
                Some(AnyLayer::SumPool2d(l)) => l.window.area(),
                Some(AnyLayer::MaxPool1d(l)) => l.window.area(),
                Some(AnyLayer::MaxPool2d(l)) => l.window.area(),
                Some(AnyLayer::MatMul(_)) => inputs[0].dims().last().copied().unwrap_or(1),
                _ => weights.fold(taken / node.shape.len(), usize::saturating_add),
            };
            // What one element is part of: those of a transposed convolution are not seen by its rows.
            let part = match (inputs.as_slice(), &node.layer) {
                ([x], Some(layer)) => x.len().saturating_mul(layer.fanout(&inputs)),
                _ => 0,
            };
            node.shape.len().saturating_mul(one.max(1)).max(part).saturating_mul(self.batch)
        };
        self.graph.nodes().iter().enumerate().map(each).fold(0, usize::saturating_add)
    }

    /// Checks what a file may have wrong: its size, the plan, the shapes of public weights.
    pub(super) fn check(&self) -> Result<(), CircuitError> {
        let values = self.graph.nodes().iter().fold(0usize, |n, node| n.saturating_add(node.shape.len()));
        for (what, found, most) in [
            ("values", values.saturating_mul(self.batch), MAX_VALUES),
            ("parameters", self.graph.parameter_count(), MAX_PARAMETERS),
            ("terms", self.terms(), MAX_TERMS),
        ] {
            if found > most {
                return Err(CircuitError::Malformed(format!("it has {found} {what}, more than {most}")));
            }
        }
        self.plan.check(&self.graph)?;
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

    /// The shapes of every node's lowered parameters.
    fn param_shapes(&self) -> Vec<Vec<crate::shape::Shape>> {
        (0..self.graph.nodes().len())
            .map(|i| {
                let id = NodeId(i);
                let zeros: Vec<Tensor> =
                    self.graph.params(id).iter().map(|(_, p)| Tensor::from_fn(p.shape.clone(), |_| 1.0)).collect();
                let refs: Vec<&Tensor> = zeros.iter().collect();
                self.graph.node(id).layer.as_ref().map_or_else(Vec::new, |l| {
                    l.lower(&self.graph.input_shapes(id), &refs).iter().map(|l| l.values.shape().clone()).collect()
                })
            })
            .collect()
    }

    /// The one description of the circuit, over both constraint systems.
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
            commit(&mut a, &wires, secrets.map(|s| s.opening.weights)).map_err(named("weights"))?;
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
                    commit(&mut a, &wires, secrets.map(|s| s.opening.inputs[item])).map_err(named("input"))?;
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
                    commit(&mut a, &wires, secrets.map(|s| s.opening.outputs[item])).map_err(named("output"))?;
                    table.push(("output".to_owned(), item, PublicKind::Commitment));
                }
                Visible::Private => {}
            }
        }
        Ok((a.finish().map_err(named("circuit"))?, table))
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
fn commit<C: Accumulate>(a: &mut R1cs<C>, wires: &[&Wire<C::W>], salt: Option<Fr>) -> Result<(), ArithError> {
    let parts: Vec<(&C::W, Interval)> = wires.iter().map(|w| (&w.w, w.measure.interval)).collect();
    let salt = a.cs.field_witness(salt);
    a.cs.label("commitment");
    let commitment = commitment::enforce_unchecked(&mut a.cs, &parts, &salt);
    a.cs.field_output(&commitment);
    Ok(())
}
