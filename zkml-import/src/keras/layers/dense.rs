//! `Dense`: its kernel is stored `[inputs, units]`, ours is `[units, inputs]`.

use zkml_core::{shape::Shape, tensor::Tensor};

use super::{
    super::{
        fault::misuse,
        lower::{Layout, Value},
    },
    Job, flat_order,
};
use crate::{constants::transposed, error::ImportError, ops::Op};

impl Job<'_, '_, '_> {
    /// The last axis becomes the units. A vector that was flattened with the channels first keeps its order: the
    /// columns of the kernel are permuted instead.
    pub(super) fn dense(&mut self, x: Value) -> Result<Value, ImportError> {
        let units: usize = self.options.need("units")?;
        let Some(inputs) = x.shape.dims().last().copied() else {
            return Err(misuse(&self.layer, "its input is a single number, expected at least one axis"));
        };
        let bias = self.flag("use_bias", true)?;
        let mut expected = vec![("kernel", vec![inputs, units])];
        if bias {
            expected.push(("bias", vec![units]));
        }
        let mut tensors = self.weights(&expected)?.into_iter();
        let kernel = tensors.next().unwrap_or_else(|| Tensor::from_fn([0], |_| 0.0));
        let mut weight = transposed(&kernel);
        let node = match &x.layout {
            Layout::Flat(image) => {
                let order = flat_order(image);
                let stored = weight;
                let element = |i: usize| stored.data()[i / inputs * inputs + order(i % inputs)];
                weight = Tensor::from_fn(Shape::new([units, inputs]), element);
                x.node
            }
            Layout::Keras | Layout::ChannelsFirst => self.lowering.keras(&x)?,
        };
        let constants = [weight].into_iter().chain(tensors).collect();
        let node = self.lowering.op(Op::Dense, &[node], constants)?;
        let value = self.lowering.as_keras(node);
        self.fused(value)
    }
}
