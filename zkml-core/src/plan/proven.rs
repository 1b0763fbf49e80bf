//! Proven error: `|exact - float| <= error` over the whole declared range, and the check that a plan states no less.

use serde::Serialize;

use super::{
    InputPlan, ParamPlan, Plan,
    errors::{Errors, Tabulated},
    to_integer,
    walk::{self, Parameters},
};
use crate::{
    error::PlanError,
    graph::{Graph, Node, NodeId, Range},
    layer::{Step, TableError},
    number::{Approximate, Int, Interval, float},
    shape::Shape,
    tensor::Tensor,
};

/// How far the exact forward pass may be from the float one, over every input of the declared range.
///
/// The float one is that of any weights that round to these integers, or of any within the declared widths where the weights are not known, in
/// real numbers: what 64-bit floats round is not in it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proven {
    /// The largest error of any score; nothing where no bound is known.
    pub error: Option<f64>,
    /// The largest error of each node's values.
    pub nodes: Vec<Option<f64>>,
    /// How far each node's tables are from their functions.
    #[serde(skip)]
    tables: Vec<TableError>,
}

/// What a stated error may be larger by: the functions of another machine's mathematical library differ in the last bit.
const SLACK: f64 = 1.0 / (1 << 20) as f64;

fn known(error: f64) -> Option<f64> {
    error.is_finite().then_some(error)
}

impl Proven {
    /// The proof for these weights, or for all of the declared widths.
    ///
    /// # Errors
    /// If a value may outgrow the field.
    pub(super) fn of(plan: &Plan, graph: &Graph, weights: Option<&[Vec<Tensor<Int>>]>) -> Result<Self, PlanError> {
        let functions = |node: &Node, step: &Step| node.layer.as_ref().map_or_else(Vec::new, |l| l.functions(step));
        let tables = graph.nodes().iter().zip(&plan.steps).map(|(node, step)| {
            let tables = step.tables.iter().zip(functions(node, step)).map(|(t, f)| Tabulated::new(t, f));
            (tables.collect(), step.stated)
        });
        let mut a = Errors::new(tables);
        let input = input(graph, plan);
        let input = Tensor::from_fn(graph.shape(graph.input()).clone(), |_| input);
        let params = params(graph, plan, weights);
        let mut nodes = vec![0.0; graph.nodes().len()];
        let mut see = |id: NodeId, t: &Tensor<Approximate>| {
            let unit = float::exp2(-plan.scales[id.0]);
            nodes[id.0] = t.data().iter().fold(0.0, |m: f64, w| m.max(w.error)) * unit;
        };
        walk::walk(graph, plan, &mut a, input, Parameters::Wires(&params), 0, &mut see).map_err(|(id, error)| {
            let node = graph.node(id);
            PlanError::Arith { layer: node.name.clone(), origin: node.origin.clone(), error }
        })?;
        Ok(Self {
            error: known(nodes[graph.scores().0]),
            tables: a.tables().collect(),
            nodes: nodes.into_iter().map(known).collect(),
        })
    }
}

/// The input: its rounding, and at the upper end of the range the integer that is left out.
fn input(graph: &Graph, plan: &Plan) -> Approximate {
    let InputPlan { scale, interval } = plan.input;
    let error = match graph.range() {
        Some(Range::Whole(_, hi)) if Int::from(hi) <= interval.hi => 0.0,
        // One more than the largest integer is held as the largest.
        Some(Range::Whole(..)) => 1.0,
        Some(Range::Real(_, hi)) if to_integer(hi, scale) <= interval.hi => 0.5,
        Some(Range::Real(..)) | None => 1.5,
    };
    Approximate { interval, error }
}

/// The parameters: rounded, and one and a half units from the largest integer, which holds the next one too.
fn params(graph: &Graph, plan: &Plan, weights: Option<&[Vec<Tensor<Int>>]>) -> Vec<Vec<Tensor<Approximate>>> {
    let error = |q: Int, p: &ParamPlan| if q == p.interval().hi { 1.5 } else { 0.5 };
    if let Some(weights) = weights {
        let node = |(tensors, plans): (&Vec<Tensor<Int>>, &Vec<ParamPlan>)| {
            let each = |(t, p): (&Tensor<Int>, &ParamPlan)| {
                t.map(|q| Approximate { interval: Interval::point(*q), error: error(*q, p) })
            };
            tensors.iter().zip(plans).map(each).collect()
        };
        return weights.iter().zip(&plan.params).map(node).collect();
    }
    let node = |(i, plans): (usize, &Vec<ParamPlan>)| {
        let each = |(shape, p): (Shape, &ParamPlan)| {
            Tensor::from_fn(shape, |_| Approximate { interval: p.interval(), error: 1.5 })
        };
        let shapes = graph.node(NodeId(i)).layer.as_ref().map(|l| l.lowered(&graph.input_shapes(NodeId(i))));
        shapes.unwrap_or_default().into_iter().zip(plans).map(each).collect()
    };
    plan.params.iter().enumerate().map(node).collect()
}

impl Plan {
    /// Checks that the plan is one for this graph, and that it is what it says: with these weights, or with all that fit the declared widths.
    ///
    /// # Errors
    /// If it is inconsistent or another graph's, a table is farther from its function than the plan states, the error that the plan
    /// states is not proven for all weights that fit it, or a value may outgrow the field.
    pub fn check(&self, graph: &Graph, weights: Option<&[Vec<Tensor<Int>>]>) -> Result<Proven, PlanError> {
        self.fits(graph)?;
        let proven = Proven::of(self, graph, weights)?;
        for ((node, step), found) in graph.nodes().iter().zip(&self.steps).zip(&proven.tables) {
            let stated = step.stated.unwrap_or_default();
            let holds = found.error <= stated.error && (stated.saturates || !found.saturates);
            if !(holds && stated.error.is_finite() && step.stated.is_some() != step.tables.is_empty()) {
                let (layer, origin) = (node.name.clone(), node.origin.clone());
                return Err(PlanError::Table { layer, origin, stated: step.stated, found: *found });
            }
        }
        if let Some(stated) = self.error {
            let found = match weights {
                None => proven.error,
                Some(_) => Proven::of(self, graph, None).ok().and_then(|p| p.error),
            };
            let holds = stated.is_finite() && found.is_some_and(|found| found <= stated);
            if !holds {
                return Err(PlanError::Error { stated, found });
            }
        }
        Ok(proven)
    }

    /// The plan with what is proven of it: how far its tables are from their functions, and how far the scores are from those of the float
    /// forward pass, for all weights that fit the declared widths. Where those outgrow the field, the tables are measured with these weights.
    ///
    /// # Errors
    /// If the plan is not one for this graph, or a value may outgrow the field.
    pub fn stated(mut self, graph: &Graph, weights: Option<&[Vec<Tensor<Int>>]>) -> Result<Self, PlanError> {
        self.fits(graph)?;
        self.steps.iter_mut().for_each(|step| step.stated = None);
        let mut any = Proven::of(&self, graph, None);
        if self.steps.iter().any(|step| !step.tables.is_empty()) {
            let proven = match (any, weights) {
                (Ok(proven), _) => proven,
                (Err(_), Some(_)) => Proven::of(&self, graph, weights)?,
                (Err(error), None) => return Err(error),
            };
            for (step, found) in self.steps.iter_mut().zip(proven.tables) {
                let stated = TableError { error: found.error * (1.0 + SLACK), ..found };
                step.stated = (!step.tables.is_empty()).then_some(stated);
            }
            any = Proven::of(&self, graph, None);
        }
        self.error = any.ok().and_then(|p| p.error);
        Ok(self)
    }
}
