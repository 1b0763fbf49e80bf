//! Trials: the exact forward pass of a plan on several samples at a time, as the search takes it.
//!
//! It is that of [`Quantized::forward`](super::Quantized::forward), in the narrowest integers that hold every value; where these have 64 bits,
//! samples share each pass over the weights of a fully connected layer.

use super::{
    Plan,
    quantized::{self, Runner},
    whole::{Whole, Wholes},
};
use crate::{
    arith::ints::Ints,
    gadget::product::kernel::{self, Vectors},
    graph::{Graph, NodeId},
    layer::{AnyLayer, Groups, Layout, Linear, Lowered},
    number::{Int, Integer},
    tensor::Tensor,
};

/// Whether it is a product of a matrix of weights, one row for each output, and the last axis of the input.
pub(super) fn is_dense(linear: &Linear) -> bool {
    !linear.channels_first && linear.layout == Layout::ByOutput(Groups::Of(1))
}

/// The parameters of a node.
enum Params {
    /// A matrix, and what is added to each row's sums.
    Matrix(Vectors, Vec<i64>),
    /// As the layer takes them.
    Tensors(Vec<Tensor<i64>>),
}

/// A plan that is ready to be run.
pub(super) struct Trial<'a> {
    graph: &'a Graph,
    plan: &'a Plan,
    how: How<'a>,
}

enum How<'a> {
    Narrow(Vec<Params>),
    Wide(Runner<'a>),
}

/// The scores of a sample and its class; nothing of one that leads beyond a calibrated width.
pub(super) type Answer = Option<(Tensor<Int>, Option<usize>)>;

impl<'a> Trial<'a> {
    /// The plan with these weights, which fit it, and of which no value is wider than so many bits.
    pub(super) fn new(
        graph: &'a Graph,
        plan: &'a Plan,
        lowered: &[Vec<Lowered>],
        wholes: &Wholes,
        widest: u32,
    ) -> Option<Self> {
        let node = |i: usize| wholes.node(i, &lowered[i], plan);
        let how = if widest < <i64 as Integer>::BITS {
            let mut params = Vec::with_capacity(lowered.len());
            for (i, lowered) in lowered.iter().enumerate() {
                let whole = node(i)?;
                params.push(narrow(graph.nodes()[i].layer.as_ref(), lowered, &whole));
            }
            How::Narrow(params)
        } else {
            let mut params = Vec::with_capacity(lowered.len());
            for (i, lowered) in lowered.iter().enumerate() {
                let whole = node(i)?;
                params.push(lowered.iter().zip(whole.iter()).map(|(l, w)| w.integers::<Int>(&l.values)).collect());
            }
            How::Wide(Runner::new(graph, plan, &params, widest))
        };
        Some(Self { graph, plan, how })
    }

    /// How many samples should be run together: few values of large layers.
    pub(super) fn together(&self) -> usize {
        let largest = self.graph.nodes().iter().map(|node| node.shape.len()).max().unwrap_or(1);
        ((1 << 17) / largest.max(1)).clamp(1, 16)
    }

    /// The answers to these samples.
    pub(super) fn run(&self, samples: &[&Tensor]) -> Vec<Answer> {
        let inputs = samples.iter().map(|x| quantized::quantize_input(self.plan, x).ok());
        match &self.how {
            How::Narrow(params) => self.narrow(params, inputs.collect()),
            How::Wide(runner) => inputs.map(|input| runner.run(&input?).ok()).collect(),
        }
    }

    fn narrow(&self, params: &[Params], inputs: Vec<Option<Tensor<Int>>>) -> Vec<Answer> {
        let (nodes, users) = (self.graph.nodes(), self.graph.users());
        let (output, scores) = (self.graph.output(), self.graph.scores());
        let mut left: Vec<usize> = users.iter().map(Vec::len).collect();
        left[output.0] += 1;
        left[scores.0] += 1;
        // By node and sample; a sample that is refused has no more values.
        let mut values: Vec<Vec<Option<Tensor<i64>>>> = vec![vec![]; nodes.len()];
        let mut a = Ints::<i64>::new();
        let samples = inputs.len();
        let mut inputs = Some(inputs);
        for (i, node) in nodes.iter().enumerate() {
            let step = &self.plan.steps[i];
            let of = |n: &NodeId, sample: usize| values[n.0].get(sample).and_then(Option::as_ref);
            values[i] = match (&node.layer, &params[i]) {
                (None, _) => inputs
                    .take()
                    .unwrap_or_default()
                    .into_iter()
                    .map(|input| step.finish(&mut a, input?.map(|q| i64::of(*q))).ok())
                    .collect(),
                (Some(_), Params::Matrix(rows, bias)) => {
                    let sums = self.sums(NodeId(i), rows, bias, &values[node.inputs[0].0]);
                    sums.into_iter().map(|sums| step.finish(&mut a, sums?).ok()).collect()
                }
                (Some(layer), Params::Tensors(params)) => {
                    let mut one = |sample: usize| {
                        let inputs: Option<Vec<&Tensor<i64>>> = node.inputs.iter().map(|n| of(n, sample)).collect();
                        layer.exact(&mut a, &inputs?, params, step).ok()
                    };
                    (0..samples).map(&mut one).collect()
                }
            };
            for n in &node.inputs {
                left[n.0] -= 1;
                if left[n.0] == 0 {
                    values[n.0] = vec![];
                }
            }
        }
        let classes = self.graph.classes().is_some();
        let answer = |sample: usize| {
            let (scores, output) = (values[scores.0][sample].as_ref()?, values[output.0][sample].as_ref()?);
            let class = if classes { output.data().first().map(|c| *c as usize) } else { None };
            Some((scores.map(|q| q.wide()), class))
        };
        (0..samples).map(answer).collect()
    }

    /// The sums of a matrix for all samples that are left.
    fn sums(
        &self,
        id: NodeId,
        rows: &Vectors,
        bias: &[i64],
        inputs: &[Option<Tensor<i64>>],
    ) -> Vec<Option<Tensor<i64>>> {
        let n = rows.length();
        let columns: Vec<i64> = inputs.iter().flatten().flat_map(|x| x.data().iter().copied()).collect();
        let columns = Vectors::new(n, columns);
        let units = rows.count();
        let mut sums = vec![0i64; units * columns.count()];
        let known = kernel::products(rows, &columns, &mut |o, t, sum| sums[t * units + o] = sum);
        if known.is_none() {
            // Partial sums are within the bounds of the plan, which 64 bits hold.
            let (w, x) = (rows.values(), columns.values());
            for (t, x) in x.chunks(n).enumerate() {
                for (o, w) in w.chunks(n).enumerate() {
                    sums[t * units + o] = w.iter().zip(x).fold(0, |sum, (w, x)| sum + w * x);
                }
            }
        }
        for sums in sums.chunks_mut(units) {
            sums.iter_mut().zip(bias).for_each(|(sum, bias)| *sum += bias);
        }
        let shape = self.graph.shape(id);
        let mut parts = sums.chunks(shape.len());
        let mut part = |sums: &[i64]| Tensor::from_fn(shape.clone(), |i| sums[i]);
        inputs.iter().map(|x| x.as_ref().and_then(|_| parts.next().map(&mut part))).collect()
    }
}

/// The parameters of a node of this layer, in 64 bits or fewer.
fn narrow(layer: Option<&AnyLayer>, lowered: &[Lowered], wholes: &[Whole]) -> Params {
    let dense = layer.is_some_and(|layer| layer.kind().linear().is_some_and(is_dense));
    let length = lowered.first().and_then(|l| l.values.shape().dims().last().copied()).unwrap_or(0);
    let tensors = || lowered.iter().zip(wholes).map(|(l, w)| w.integers::<i64>(&l.values));
    if !dense || length == 0 {
        return Params::Tensors(tensors().collect());
    }
    let rows = match wholes.first() {
        Some(Whole::Short(data)) => Vectors::short(length, data.clone()),
        _ => Vectors::new(length, tensors().next().map(Tensor::into_data).unwrap_or_default()),
    };
    Params::Matrix(rows, tensors().nth(1).map(Tensor::into_data).unwrap_or_default())
}
