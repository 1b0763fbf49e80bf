//! Norms that Burn writes out: layer, instance, group and root-mean-square norms.

use burn::backend::capture::TensorId;

use super::{Norm, Pattern};
use crate::{
    dataflow::Dataflow,
    primitive::{Binary, Operation, Primitive, Reduce, Unary},
};

impl Dataflow<'_> {
    /// A norm, with the factor and offset after it.
    pub(super) fn norm(&self, operation: &Operation) -> Option<Pattern> {
        let with = |id: TensorId, by| {
            let operation = self.operation(id)?;
            let [a, b] = operation.inputs.as_slice() else { return None };
            if operation.primitive != Primitive::Binary(by) || self.shape(*a) != Some(operation.shape.as_slice()) {
                return None;
            }
            self.constant(*b).map(|_| (*a, *b))
        };
        let (rest, beta) = with(operation.out, Binary::Add).map_or((operation.out, None), |(x, b)| (x, Some(b)));
        let (rest, gamma) = with(rest, Binary::Mul).map_or((rest, None), |(x, g)| (x, Some(g)));
        let mut rest = self.without_casts(rest);
        // Group norms reshape to `[1, groups, ..]` and back before their factors, which are one a channel.
        if let Some(Operation { primitive: Primitive::Reshape, inputs, shape, .. }) = self.operation(rest)
            && (gamma.is_some() || beta.is_some())
            && self.shape(inputs[0]).is_some_and(|s| s.len() == 3 && s[..2] == shape[..2])
        {
            rest = self.without_casts(inputs[0]);
        }
        let (x, axes, epsilon, centred) = self.normalized(rest)?;
        Some(Pattern::Norm(Norm { x, axes, epsilon, centred, gamma, beta }))
    }

    /// Normalisation: `c / sqrt(mean(c * c) + epsilon)`, `c` being `x` or `x - mean(x)`.
    fn normalized(&self, id: TensorId) -> Option<(TensorId, Vec<usize>, f64, bool)> {
        let operation = self.operation(id)?;
        let (Primitive::Binary(Binary::Div), [c, root]) = (&operation.primitive, operation.inputs.as_slice()) else {
            return None;
        };
        let (1.0, epsilon, mean) = self.scalar_affine(self.argument_of(*root, Unary::Sqrt)?) else { return None };
        let mean = self.operation(mean)?;
        let Primitive::Reduce { by: Reduce::Mean, axes } = &mean.primitive else { return None };
        let square = self.operation(mean.inputs[0])?;
        let c = self.without_casts(*c);
        let squared = match square.primitive {
            Primitive::Binary(Binary::Mul) => square.inputs.iter().all(|i| self.without_casts(*i) == c),
            Primitive::Scalar(Binary::Pow, 2.0) => self.without_casts(square.inputs[0]) == c,
            _ => false,
        };
        if !squared {
            return None;
        }
        let centred = self.operation(c).and_then(|s| match (&s.primitive, s.inputs.as_slice()) {
            (Primitive::Binary(Binary::Sub), [x, m]) => {
                let mean = self.operation(*m)?;
                let along = mean.primitive == Primitive::Reduce { by: Reduce::Mean, axes: axes.clone() };
                (along && mean.inputs[0] == *x).then_some(*x)
            }
            _ => None,
        });
        Some((centred.unwrap_or(c), axes.clone(), epsilon, centred.is_some()))
    }
}
