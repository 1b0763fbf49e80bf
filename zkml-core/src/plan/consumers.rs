//! Consumers: which rescale or ReLU reads the outputs of a linear layer or a matrix product, with nothing but max pooling and flattening between them

use std::sync::OnceLock;

use super::Plan;
use crate::{
    gadget::product::consumer::Consumer,
    graph::{Graph, NodeId},
    layer::{Kind, Layout, Over},
};

/// What the search for consumers asks of a graph again and again.
#[derive(Debug)]
pub(super) struct Consumers {
    /// Of each node, those that it is an input of.
    pub(super) users: Vec<Vec<NodeId>>,
    /// Of each node, [`Layer::maxima`](crate::layer::Layer::maxima), once it has been asked for.
    maxima: Vec<OnceLock<Option<u32>>>,
}

impl Consumers {
    /// Those of a graph.
    pub(super) fn new(graph: &Graph) -> Self {
        let maxima = graph.nodes().iter().map(|_| OnceLock::new()).collect();
        Self { users: graph.users(), maxima }
    }

    /// What reads all outputs of a linear layer or a matrix product, and is the only one that does; nothing if there is no such thing, or the node
    /// is neither.
    pub(super) fn of(&self, graph: &Graph, plan: &Plan, id: NodeId) -> Option<Consumer> {
        let kind = graph.node(id).layer.as_ref()?.kind();
        // The depthwise part of a separable convolution is read by its pointwise part.
        let linear = kind.linear().is_some_and(|linear| linear.layout != Layout::Separable);
        if !linear && kind != Kind::MatMul {
            return None;
        }
        let step = &plan.steps[id.0];
        if step.cuts() {
            return step.channels.is_empty().then(|| Consumer { cut: step.cut(), rectifies: false, maxima: 0 });
        }
        let (mut at, mut maxima) = (id, 0u32);
        loop {
            let [user] = self.users[at.0][..] else { return None };
            if at == graph.output() || at == graph.scores() {
                return None;
            }
            let (layer, step) = (graph.node(user).layer.as_ref()?, &plan.steps[user.0]);
            let kind = layer.kind();
            if kind == Kind::Relu {
                return step.channels.is_empty().then(|| Consumer { cut: step.cut(), rectifies: true, maxima });
            }
            if step.cuts() {
                return None;
            }
            if matches!(kind, Kind::Maximum(Over::Window(_) | Over::Channel)) {
                let known = self.maxima[user.0].get_or_init(|| layer.maxima(graph.shape(at)));
                maxima = maxima.saturating_add((*known)?);
            } else if kind != Kind::Flatten {
                return None;
            }
            at = user;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        layer::Args,
        number::Cut,
        plan::{InputPlan, Policy, Step},
        shape::Shape,
    };

    /// What reads the first node after the input, of these layers in a row and these steps.
    fn found(shape: &[usize], layers: &[(&str, Args)], steps: &[(usize, Step)]) -> Option<Consumer> {
        let mut graph = Graph::new("x", Shape::new(shape));
        let mut x = graph.input();
        for (layer, args) in layers {
            x = graph.add(layer, args.clone(), &[x]).unwrap();
        }
        let n = graph.nodes().len();
        let interval = crate::number::Interval::point(0.into());
        let mut plan = Plan {
            graph: graph.digest(),
            policy: Policy::Static,
            input: InputPlan { scale: 0, interval },
            steps: vec![Step::default(); n],
            params: vec![vec![]; n],
            scales: vec![0; n],
            error: None,
        };
        steps.iter().for_each(|(i, step)| plan.steps[*i] = step.clone());
        Consumers::new(&graph).of(&graph, &plan, NodeId(1))
    }

    #[test]
    fn a_consumer_reads_all_outputs_and_alone() {
        let conv = |name: &'static str| (name, Args::new().with("filters", 2usize).with("kernel", 3usize));
        let of = |name: &'static str| (name, Args::new());
        let pool = |size: usize, stride: usize| ("max_pool2d", Args::new().with("size", size).with("stride", stride));
        let relu = |maxima| Some(Consumer { cut: Cut::default(), rectifies: true, maxima });
        let image = [1, 6, 6];
        let after = |layers: &[(&str, Args)]| {
            let all: Vec<(&str, Args)> = [conv("conv2d")].into_iter().chain(layers.iter().cloned()).collect();
            found(&image, &all, &[])
        };
        assert_eq!(after(&[of("relu")]), relu(0));
        assert_eq!(after(&[of("flatten"), of("relu")]), relu(0));
        assert_eq!(after(&[pool(2, 2), of("relu")]), relu(2));
        assert_eq!(after(&[pool(2, 2), of("flatten"), of("relu")]), relu(2));
        assert_eq!(after(&[pool(2, 1), pool(3, 3), of("relu")]), relu(2 + 4));
        assert_eq!(after(&[of("global_max_pool2d"), of("relu")]), relu(4));
        // Elements that no window has, or that no output is.
        assert_eq!(after(&[pool(1, 2), of("relu")]), None);
        assert_eq!(after(&[pool(3, 3), of("relu")]), None);
        assert_eq!(after(&[of("reduce_max"), of("relu")]), None);
        for other in ["sigmoid", "square", "leaky_relu", "abs", "avg_pool2d", "global_avg_pool2d", "flatten"] {
            let args = if other == "avg_pool2d" { Args::new().with("size", 2usize) } else { Args::new() };
            assert_eq!(after(&[(other, args), of("relu")]).is_some(), other == "flatten", "{other}");
        }
        // The output of the network, and what is no sum, or the first part of one.
        assert_eq!(after(&[]), None);
        assert_eq!(after(&[of("flatten")]), None);
        assert_eq!(found(&image, &[conv("separable_conv2d"), of("relu")], &[]), None);
        assert_eq!(found(&image, &[of("relu"), of("relu")], &[]), None);
        assert_eq!(found(&[4], &[("dense", Args::new().with("units", 3usize)), of("relu")], &[]), relu(0));
    }

    #[test]
    fn a_rescale_of_its_own_comes_first() {
        let layers = [("dense", Args::new().with("units", 3usize)), ("relu", Args::new())];
        let cut = Step { shift: 3, bits: Some(9), ..Step::default() };
        let rescale = |rectifies| Some(Consumer { cut: cut.cut(), rectifies, maxima: 0 });
        assert_eq!(found(&[4], &layers, &[(1, cut.clone())]), rescale(false));
        assert_eq!(found(&[4], &layers, &[(2, cut.clone())]), rescale(true));
        // Of channels that are held finer, each has a rescale of its own.
        let finer = Step { channels: vec![1, 0, 2], ..cut.clone() };
        assert_eq!(found(&[4], &layers, &[(1, finer.clone())]), None);
        assert_eq!(found(&[4], &layers, &[(2, finer)]), None);
        // What is rescaled on the way is read by that.
        let flat = [("dense", Args::new().with("units", 3usize)), ("flatten", Args::new()), ("relu", Args::new())];
        assert_eq!(found(&[4], &flat, &[(2, cut.clone())]), None);
        assert_eq!(found(&[4], &flat, &[(3, cut.clone())]), rescale(true));
    }
}
