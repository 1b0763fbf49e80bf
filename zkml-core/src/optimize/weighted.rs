//! The layers `y_o = sum_i w_oi x_i + b_o`, dense and of any convolution: what a pass may write into their parameters.

use super::Draft;
use crate::{graph::NodeId, layer::AnyLayer, tensor::Tensor};

/// What adds a bias to a dense or convolution, and the parameter that it multiplies by last.
fn parts(layer: &mut AnyLayer) -> Option<(&'static str, &mut bool)> {
    match layer {
        AnyLayer::Dense(l) => Some(("weight", &mut l.bias)),
        AnyLayer::Conv1d(l) => Some(("weight", &mut l.bias)),
        AnyLayer::Conv2d(l) => Some(("weight", &mut l.bias)),
        AnyLayer::DepthwiseConv2d(l) => Some(("weight", &mut l.bias)),
        AnyLayer::PointwiseConv2d(l) => Some(("weight", &mut l.bias)),
        AnyLayer::SeparableConv2d(l) => Some(("pointwise", &mut l.bias)),
        AnyLayer::Conv1dTranspose(l) => Some(("weight", &mut l.bias)),
        AnyLayer::Conv2dTranspose(l) => Some(("weight", &mut l.bias)),
        _ => None,
    }
}

/// In how many groups the channels of a transposed convolution are split: its weight has one row an input channel.
fn transposed(layer: &AnyLayer) -> Option<usize> {
    match layer {
        AnyLayer::Conv1dTranspose(l) => Some(l.groups),
        AnyLayer::Conv2dTranspose(l) => Some(l.groups),
        _ => None,
    }
}

impl Draft {
    /// Whether a node is a dense or convolution, of any rank.
    pub(super) fn is_weighted(&self, id: NodeId) -> bool {
        self.nodes[id.0].layer.clone().is_some_and(|mut layer| parts(&mut layer).is_some())
    }

    /// Whether a node is a dense or convolution with the channels as the first axis of its output.
    pub(super) fn has_channels_first(&self, id: NodeId) -> bool {
        let dense = matches!(self.nodes[id.0].layer, Some(AnyLayer::Dense(_)));
        self.is_weighted(id) && (!dense || self.nodes[id.0].shape.rank() == 1)
    }

    /// The parameter that a dense or convolution multiplies by last: its output is linear in it.
    pub(super) fn multiplier(&self, id: NodeId) -> Option<(&'static str, &Tensor)> {
        let name = parts(&mut self.nodes[id.0].layer.clone()?)?.0;
        Some((name, self.weight(id, name)?))
    }

    /// Gives a dense or convolution a new multiplier, and a bias if it is to have one.
    pub(super) fn set_affine(&mut self, id: NodeId, weight: Tensor, bias: Option<Tensor>) {
        let node = &mut self.nodes[id.0];
        let Some((multiplier, has_bias)) = node.layer.as_mut().and_then(parts) else { return };
        self.weights.insert(format!("{}.{multiplier}", node.name), weight);
        if let Some(bias) = bias {
            self.weights.insert(format!("{}.bias", node.name), bias);
            *has_bias = true;
        }
    }

    /// Multiplies the output channels of a dense or convolution by `factor` and adds `offset`, if there is one. With it comes
    /// a bias; only where weights are public is one of zeros left out.
    pub(super) fn affine(&mut self, id: NodeId, factor: &[f64], offset: Option<&[f64]>) {
        let Some((_, weight)) = self.multiplier(id) else { return };
        let (dims, len) = (weight.shape().dims(), weight.len());
        let scaled = match self.nodes[id.0].layer.as_ref().and_then(transposed) {
            // `[channels, filters / groups, ..]`: a channel reaches the filters of its group.
            Some(groups) => {
                let (channels, filters) = (dims[0] / groups, dims[1]);
                let per = len / (dims[0] * filters);
                let filter = |j: usize| j / (filters * per) / channels * filters + j / per % filters;
                Tensor::from_fn(weight.shape().clone(), |j| weight.data()[j] * factor[filter(j)])
            }
            None => {
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
