//! Shape layers: they move elements and compute nothing.

use serde::Deserialize;
use zkml_core::shape::Shape;

use super::{
    super::{
        fault::misuse,
        lower::{Layout, Value},
    },
    Job,
};
use crate::{
    error::ImportError,
    ops::{Op, PadMode},
};

/// How much is added or removed at the ends: the same everywhere, on each axis, or at each end.
#[derive(Deserialize)]
#[serde(untagged)]
enum Border {
    Same(usize),
    Each(Vec<usize>),
    Ends(Vec<[usize; 2]>),
}

impl Border {
    /// `(before, after)` for each axis.
    fn ends(self, axes: usize) -> Option<Vec<[usize; 2]>> {
        match (self, axes) {
            (Self::Same(n), _) => Some(vec![[n, n]; axes]),
            (Self::Each(ends), 1) => <[usize; 2]>::try_from(ends).ok().map(|ends| vec![ends]),
            (Self::Each(each), _) => (each.len() == axes).then(|| each.into_iter().map(|n| [n, n]).collect()),
            (Self::Ends(ends), _) => (ends.len() == axes).then_some(ends),
        }
    }
}

impl Job<'_, '_, '_> {
    /// Keras flattens with the channels last, also what is stored with the channels first. What we hold with the
    /// channels first is flattened so, and whoever takes it must know.
    pub(super) fn flatten(&mut self, x: Value) -> Result<Value, ImportError> {
        let channels_first = self.channels_first()?;
        let x = match (&x.layout, channels_first) {
            (Layout::Keras, true) if x.shape.rank() > 1 => self.lowering.as_first(x.node),
            (Layout::ChannelsFirst, true) => {
                let node = self.lowering.keras(&x)?;
                self.lowering.as_first(node)
            }
            _ => x,
        };
        if x.shape.rank() == 1 {
            return Ok(x);
        }
        let node = self.lowering.op(Op::Flatten, &[x.node], vec![])?;
        let channels = x.shape.dims().last().copied().unwrap_or(1);
        let flat = self.lowering.as_keras(node);
        // Where there is one channel or one pixel, both orders are the same.
        let mixed = x.layout == Layout::ChannelsFirst && channels > 1 && x.shape.len() > channels;
        Ok(if mixed { Value { layout: Layout::Flat(x.shape), ..flat } } else { flat })
    }

    pub(super) fn reshape(&mut self, x: Value) -> Result<Value, ImportError> {
        let target: Vec<i64> = self.options.need("target_shape")?;
        let length = x.shape.len();
        let known: usize = target.iter().filter(|d| **d > 0).fold(1, |n, d| n.saturating_mul(*d as usize));
        let free = target.iter().filter(|d| **d == -1).count();
        let whole = target.iter().all(|d| *d == -1 || *d > 0);
        if !whole || free > 1 || !length.is_multiple_of(known) || (free == 0 && known != length) {
            return Err(misuse(
                &self.layer,
                format!("`target_shape` {target:?} does not hold the {length} elements of its input {}", x.shape),
            ));
        }
        let dims: Vec<usize> = target.iter().map(|d| if *d == -1 { length / known } else { *d as usize }).collect();
        if x.shape.dims() == dims {
            return Ok(x);
        }
        let node = self.lowering.keras(&x)?;
        let node = self.lowering.reshape(node, &Shape::new(dims))?;
        Ok(self.lowering.as_keras(node))
    }

    pub(super) fn permute(&mut self, x: Value) -> Result<Value, ImportError> {
        let dims: Vec<usize> = self.options.need("dims")?;
        let rank = x.shape.rank();
        let mut sorted = dims.clone();
        sorted.sort_unstable();
        if sorted != (1..=rank).collect::<Vec<_>>() {
            return Err(misuse(&self.layer, format!("`dims` {dims:?} is no order of the {rank} axes of its input")));
        }
        let axes: Vec<usize> = match x.layout {
            // One permutation does both.
            Layout::ChannelsFirst => dims.iter().map(|d| d % rank).collect(),
            Layout::Keras | Layout::Flat(_) => dims.iter().map(|d| d - 1).collect(),
        };
        let node = self.lowering.permute(x.node, &axes)?;
        Ok(Value {
            shape: self.lowering.shape(node),
            node,
            layout: if rank == 1 { x.layout } else { Layout::Keras },
            ..x
        })
    }

    pub(super) fn repeat_vector(&mut self, x: Value) -> Result<Value, ImportError> {
        let n: usize = self.options.need("n")?;
        let &[features] = x.shape.dims() else {
            return Err(misuse(&self.layer, format!("its input has shape {}, expected a vector", x.shape)));
        };
        let node = self.lowering.keras(&x)?;
        let row = self.lowering.reshape(node, &Shape::new([1, features]))?;
        let node = self.lowering.op(Op::Broadcast { shape: vec![n, features] }, &[row], vec![])?;
        Ok(self.lowering.as_keras(node))
    }

    /// Padding and cropping.
    pub(super) fn border(&mut self, option: &str, axes: usize, x: Value) -> Result<Value, ImportError> {
        let channels_first = self.channels_first()?;
        let border: Border = self.options.need(option)?;
        let Some(ends) = border.ends(axes).filter(|ends| ends.iter().flatten().all(|n| *n <= 1 << 28)) else {
            return Err(misuse(&self.layer, format!("`{option}` is not one number, or two for each of {axes} axes")));
        };
        let node = self.lowering.image(&x, axes + 1, channels_first)?;
        let sign = if option == "cropping" { -1 } else { 1 };
        let numbers = |end: usize| [0].into_iter().chain(ends.iter().map(|ends| sign * ends[end] as i64)).collect();
        let pad = Op::Pad { before: numbers(0), after: numbers(1), mode: PadMode::Constant(0.0) };
        let node = self.lowering.op(pad, &[node], vec![])?;
        Ok(self.lowering.as_image(node, channels_first))
    }

    pub(super) fn upsample(&mut self, axes: usize, x: Value) -> Result<Value, ImportError> {
        let channels_first = self.channels_first()?;
        let factors = self.options.sizes("size", axes, &[2, 2][..axes])?;
        self.options.word("interpolation", &["nearest"])?;
        let node = self.lowering.image(&x, axes + 1, channels_first)?;
        let node = self.lowering.op(Op::Upsample { factors }, &[node], vec![])?;
        Ok(self.lowering.as_image(node, channels_first))
    }
}
