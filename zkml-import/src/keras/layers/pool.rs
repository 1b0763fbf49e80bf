//! Pooling layers.

use super::{super::lower::Value, Job};
use crate::{
    error::ImportError,
    ops::{Op, Padding, PoolKind, Window},
};

impl Job<'_, '_, '_> {
    pub(super) fn pool(&mut self, kind: PoolKind, axes: usize, x: Value) -> Result<Value, ImportError> {
        let kernel = self.options.sizes("pool_size", axes, &[2, 2][..axes])?;
        let stride = self.options.sizes("strides", axes, &kernel)?;
        let padding = match self.options.word("padding", &["valid", "same"])? {
            "same" => Padding::Same,
            _ => Padding::Valid,
        };
        let channels_first = self.channels_first()?;
        let node = self.lowering.image(&x, axes + 1, channels_first)?;
        let window = Window { kernel, stride, dilation: vec![1; axes], padding };
        let node = self.lowering.op(Op::Pool { kind, window, ceil: false }, &[node], vec![])?;
        Ok(self.lowering.as_image(node, channels_first))
    }

    pub(super) fn global_pool(&mut self, kind: PoolKind, axes: usize, x: Value) -> Result<Value, ImportError> {
        let keepdims = self.flag("keepdims", false)?;
        let channels_first = self.channels_first()?;
        let node = self.lowering.image(&x, axes + 1, channels_first)?;
        let node = self.lowering.op(Op::GlobalPool { kind, keepdims }, &[node], vec![])?;
        Ok(self.lowering.as_image(node, channels_first))
    }
}
