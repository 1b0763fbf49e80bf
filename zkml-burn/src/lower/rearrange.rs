//! Lowering of rearrangements: operations that move elements and compute nothing.

use burn::backend::capture::TensorId;
use zkml_import::{builder::Value, error::ImportError, ops::Op};

use super::{Lowering, sample};
use crate::{
    fold,
    primitive::{Operation, Primitive},
};

impl Lowering<'_> {
    /// The value of a rearrangement.
    pub(crate) fn rearranged(&mut self, operation: &Operation) -> Result<Value, ImportError> {
        match (&operation.primitive, operation.inputs.as_slice()) {
            (Primitive::Expand, [x]) => {
                let x = self.value(*x)?;
                self.push(&Op::Broadcast { shape: sample(&operation.shape).to_vec() }, &[x], "")
            }
            (Primitive::Permute(axes), [x]) => self.permute(*x, axes),
            (Primitive::Flip(axes), [x]) => {
                let dims = self.dims(*x);
                let whole = |(axis, size): (usize, &usize)| (0, *size, if axes.contains(&axis) { -1 } else { 1 });
                self.slice(operation, *x, &dims.iter().enumerate().map(whole).collect::<Vec<_>>())
            }
            (Primitive::Slice(ranges), [x]) => self.slice(operation, *x, ranges),
            (Primitive::Cat { axis }, inputs) => {
                // Along the batch, which grows.
                let batch_axes = if *axis == 0 { 0 } else { operation.shape.len() - sample(&operation.shape).len() };
                let mut values = Vec::new();
                for id in inputs {
                    let dims = self.dims(*id);
                    values.push(self.operand(*id, &dims[batch_axes..])?);
                }
                self.push(&Op::Concat { axis: axis - batch_axes }, &values, "")
            }
            (Primitive::Repeat { axis, times }, [x]) => {
                let dims = self.dims(*x);
                let batch_axes = if *axis == 0 { 0 } else { dims.len() - sample(&dims).len() };
                let repeats = (batch_axes..dims.len()).map(|a| if a == *axis { *times } else { 1 }).collect();
                let x = self.shaped(*x, &dims[batch_axes..])?;
                self.push(&Op::Tile { repeats }, &[x], "")
            }
            (Primitive::Pad { by, with }, [x]) => {
                let dims = self.dims(*x);
                let batch_axes = if by[0] == (0, 0) { dims.len() - sample(&dims).len() } else { 0 };
                let before = by[batch_axes..].iter().map(|p| p.0 as i64).collect();
                let after = by[batch_axes..].iter().map(|p| p.1 as i64).collect();
                let x = self.shaped(*x, &dims[batch_axes..])?;
                self.push(&Op::Pad { before, after, mode: *with }, &[x], "")
            }
            (Primitive::Select { axis }, [x, indices]) => {
                let Some(indices) = self.flow.constant(*indices).and_then(fold::indices) else {
                    return Err(self.unsupported(operation, "select", "indices that are constant"));
                };
                let dims = self.dims(*x);
                let batch_axes = if *axis == 0 { 0 } else { dims.len() - sample(&dims).len() };
                let x = self.shaped(*x, &dims[batch_axes..])?;
                self.push(&Op::Gather { axis: axis - batch_axes, indices }, &[x], "")
            }
            (primitive, _) => Err(self.malformed(&format!("`{primitive:?}` moves nothing"))),
        }
    }

    fn permute(&mut self, x: TensorId, axes: &[usize]) -> Result<Value, ImportError> {
        let dims = self.dims(x);
        // Axes of one element may stand anywhere.
        let long: Vec<usize> = axes.iter().copied().filter(|a| dims[*a] != 1).collect();
        if long.is_sorted() {
            return self.elements(x);
        }
        let batch_axes = if axes[0] == 0 { dims.len() - sample(&dims).len() } else { 0 };
        let axes = axes[batch_axes..].iter().map(|a| a - batch_axes).collect();
        let x = self.shaped(x, &dims[batch_axes..])?;
        self.push(&Op::Permute { axes }, &[x], "")
    }

    fn slice(
        &mut self,
        operation: &Operation,
        x: TensorId,
        ranges: &[(usize, usize, isize)],
    ) -> Result<Value, ImportError> {
        let dims = self.dims(x);
        let batch_axes = dims.len() - sample(&dims).len();
        let mut y = self.value(x)?;
        for (axis, (start, end, by)) in ranges.iter().enumerate() {
            let (size, by) = (dims[axis], *by as i64);
            if (*start, *end) == (0, size) && by == 1 || axis < batch_axes {
                continue;
            }
            if end <= start {
                return Err(self.unsupported(operation, "slice", "at least one element"));
            }
            // Burn takes the range and then reads it backwards; one before the first is written as before all.
            let (start, end) = match by {
                by if by < 0 && *start == 0 => (*end as i64 - 1, -(size as i64) - 1),
                by if by < 0 => (*end as i64 - 1, *start as i64 - 1),
                _ => (*start as i64, *end as i64),
            };
            y = self.push(&Op::Slice { axis: axis - batch_axes, start, end, step: by }, &[y], "")?;
        }
        Ok(y)
    }
}
