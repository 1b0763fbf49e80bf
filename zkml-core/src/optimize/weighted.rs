//! The layers `y_o = sum_i w_oi x_i + b_o`, dense and of any convolution: what a pass may write into their parameters.

use super::Draft;
use crate::{
    graph::NodeId,
    layer::{Layout, Linear},
    tensor::Tensor,
};

impl Draft {
    /// How a node's layer is linear, if it is a dense or convolution.
    pub(super) fn linear(&self, id: NodeId) -> Option<Linear> {
        self.kind(id)?.linear().copied()
    }

    /// Whether a node is a dense or convolution, of any rank.
    pub(super) fn is_weighted(&self, id: NodeId) -> bool {
        self.linear(id).is_some()
    }

    /// Whether a node is a dense or convolution with the channels as the first axis of its output.
    pub(super) fn has_channels_first(&self, id: NodeId) -> bool {
        self.linear(id).is_some_and(|linear| linear.has_channels_first(self.nodes[id.0].shape.rank()))
    }

    /// The parameter that a dense or convolution multiplies by last: its output is linear in it.
    pub(super) fn multiplier(&self, id: NodeId) -> Option<(&'static str, &Tensor)> {
        let name = self.linear(id)?.multiplier();
        Some((name, self.weight(id, name)?))
    }

    /// Gives a dense or convolution a new multiplier, and a bias if it is to have one.
    pub(super) fn set_affine(&mut self, id: NodeId, weight: Tensor, bias: Option<Tensor>) {
        let Some(multiplier) = self.linear(id).map(|linear| linear.multiplier()) else { return };
        let node = &mut self.nodes[id.0];
        self.weights.insert(format!("{}.{multiplier}", node.name), weight);
        let with_bias = node.layer.as_ref().and_then(|layer| layer.with("bias", true).ok());
        if let (Some(bias), Some(layer)) = (bias, with_bias) {
            self.weights.insert(format!("{}.bias", node.name), bias);
            node.layer = Some(layer);
        }
    }

    /// Multiplies the output channels of a dense or convolution by `factor` and adds `offset`, if there is one. With it comes
    /// a bias; only where weights are public is one of zeros left out.
    pub(super) fn affine(&mut self, id: NodeId, factor: &[f64], offset: Option<&[f64]>) {
        let Some((_, weight)) = self.multiplier(id) else { return };
        let (dims, len) = (weight.shape().dims(), weight.len());
        let scaled = match self.linear(id).map(|linear| linear.layout) {
            // `[channels, filters / groups, ..]`: a channel reaches the filters of its group.
            Some(Layout::ByInput { groups }) => {
                let (channels, filters) = (dims[0] / groups, dims[1]);
                let per = len / (dims[0] * filters);
                let filter = |j: usize| j / (filters * per) / channels * filters + j / per % filters;
                Tensor::from_fn(weight.shape().clone(), |j| weight.data()[j] * factor[filter(j)])
            }
            Some(Layout::ByOutput(_) | Layout::Separable) | None => {
                let per = len / factor.len().max(1);
                Tensor::from_fn(weight.shape().clone(), |j| weight.data()[j] * factor[j / per])
            }
        };
        let old = self.weight(id, "bias");
        let added = |c: usize| offset.map_or(0.0, |offset| offset[c]);
        let bias = Tensor::from_fn([factor.len()], |c| old.map_or(0.0, |b| b.data()[c]) * factor[c] + added(c));
        let asked = old.is_some() || offset.is_some();
        let zeros = old.is_none() && !self.hidden && offset.is_some_and(|offset| offset.iter().all(|c| *c == 0.0));
        self.values |= zeros;
        self.set_affine(id, scaled, (asked && !zeros).then_some(bias));
    }
}
