//! Steps that move elements and compute nothing.

use burn::backend::capture::TensorId;

use crate::{
    emit::pad_mode,
    prim::{Prim, Step},
    translate::{Reader, sample},
};
use zkml_import::{builder::Value, error::ImportError, ops::Op};

impl Reader<'_> {
    /// The value of such a step.
    pub(crate) fn moved(&mut self, step: &Step) -> Result<Value, ImportError> {
        match (&step.prim, step.inputs.as_slice()) {
            (Prim::Expand, [x]) => {
                let x = self.value(*x)?;
                self.push(&Op::Broadcast { shape: sample(&step.shape).to_vec() }, &[x], "")
            }
            (Prim::Permute(axes), [x]) => self.permute(*x, axes),
            (Prim::Flip(axes), [x]) => {
                let dims = self.dims(*x);
                let whole = |(axis, size): (usize, &usize)| (0, *size, if axes.contains(&axis) { -1 } else { 1 });
                self.slice(step, *x, &dims.iter().enumerate().map(whole).collect::<Vec<_>>())
            }
            (Prim::Slice(ranges), [x]) => self.slice(step, *x, ranges),
            (Prim::Cat { axis }, inputs) => {
                // Along the batch, which grows.
                let lost = if *axis == 0 { 0 } else { step.shape.len() - sample(&step.shape).len() };
                let mut values = Vec::new();
                for id in inputs {
                    let dims = self.dims(*id);
                    values.push(self.operand(*id, &dims[lost..])?);
                }
                self.push(&Op::Concat { axis: axis - lost }, &values, "")
            }
            (Prim::Repeat { axis, times }, [x]) => {
                let dims = self.dims(*x);
                let lost = if *axis == 0 { 0 } else { dims.len() - sample(&dims).len() };
                let repeats = (lost..dims.len()).map(|a| if a == *axis { *times } else { 1 }).collect();
                let x = self.shaped(*x, &dims[lost..])?;
                self.push(&Op::Tile { repeats }, &[x], "")
            }
            (Prim::Pad { by, with }, [x]) => {
                let dims = self.dims(*x);
                let lost = if by[0] == (0, 0) { dims.len() - sample(&dims).len() } else { 0 };
                let before = by[lost..].iter().map(|p| p.0 as i64).collect();
                let after = by[lost..].iter().map(|p| p.1 as i64).collect();
                let x = self.shaped(*x, &dims[lost..])?;
                self.push(&Op::Pad { before, after, mode: pad_mode(*with) }, &[x], "")
            }
            (Prim::Select { axis }, [x, indices]) => {
                let Some(indices) = self.view.constant(*indices) else {
                    return Err(self.unsupported(step, "select", "indices that are constant"));
                };
                let indices = indices.data().iter().map(|i| *i as usize).collect();
                let dims = self.dims(*x);
                let lost = if *axis == 0 { 0 } else { dims.len() - sample(&dims).len() };
                let x = self.shaped(*x, &dims[lost..])?;
                self.push(&Op::Gather { axis: axis - lost, indices }, &[x], "")
            }
            (prim, _) => Err(self.broken(&format!("`{prim:?}` moves nothing"))),
        }
    }

    fn permute(&mut self, x: TensorId, axes: &[usize]) -> Result<Value, ImportError> {
        let dims = self.dims(x);
        // Axes of one element may stand anywhere.
        let long: Vec<usize> = axes.iter().copied().filter(|a| dims[*a] != 1).collect();
        if long.is_sorted() {
            return self.unmoved(x);
        }
        let lost = if axes[0] == 0 { dims.len() - sample(&dims).len() } else { 0 };
        let axes = axes[lost..].iter().map(|a| a - lost).collect();
        let x = self.shaped(x, &dims[lost..])?;
        self.push(&Op::Permute { axes }, &[x], "")
    }

    fn slice(&mut self, step: &Step, x: TensorId, ranges: &[(usize, usize, isize)]) -> Result<Value, ImportError> {
        let dims = self.dims(x);
        let lost = dims.len() - sample(&dims).len();
        let mut y = self.value(x)?;
        for (axis, (start, end, by)) in ranges.iter().enumerate() {
            let (size, by) = (dims[axis], *by as i64);
            if (*start, *end) == (0, size) && by == 1 || axis < lost {
                continue;
            }
            if end <= start {
                return Err(self.unsupported(step, "slice", "at least one element"));
            }
            // Burn takes the range and then reads it backwards; one before the first is written as before all.
            let (start, end) = match by {
                by if by < 0 && *start == 0 => (*end as i64 - 1, -(size as i64) - 1),
                by if by < 0 => (*end as i64 - 1, *start as i64 - 1),
                _ => (*start as i64, *end as i64),
            };
            y = self.push(&Op::Slice { axis: axis - lost, start, end, step: by }, &[y], "")?;
        }
        Ok(y)
    }
}
