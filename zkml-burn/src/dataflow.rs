//! The dataflow graph of a trace: which operation makes a tensor, how many take it, which tensors are constant.

use std::collections::HashMap;

use burn::backend::capture::TensorId;
use zkml_core::tensor::Tensor;

use crate::primitive::{Binary, Operation, Primitive, Unary};

/// A constant: a value that is known without the input.
#[derive(Clone, Debug)]
pub struct Constant {
    /// The value, with the batch axis if it has one.
    pub value: Tensor,
    /// The module path of the weight that it is, perhaps with its axes moved.
    pub path: Option<String>,
    /// Whether it is a tensor of floats that was there before the network ran, or computed from one: then what an operation is
    /// may depend on its shape, not on its elements.
    pub trained: bool,
}

impl Constant {
    /// Whether it acts as one number: by its elements, or by its shape if it is trained.
    pub fn is_number(&self) -> bool {
        match self.trained {
            true => self.value.len() == 1,
            false => self.value.data().windows(2).all(|w| w[0] == w[1]),
        }
    }
}

/// The dataflow graph of a trace.
pub struct Dataflow<'a> {
    /// Every operation, by the tensor that it makes.
    pub operations: &'a HashMap<TensorId, Operation>,
    /// All constants.
    pub constants: &'a HashMap<TensorId, Constant>,
    /// How many operations take a tensor; the output counts as one.
    pub uses: &'a HashMap<TensorId, usize>,
}

/// Whether two constants of a formula are the same, as far as 32-bit floats tell.
pub fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * b.abs().max(1.0)
}

impl Dataflow<'_> {
    /// The operation that makes a tensor, `None` for constants.
    pub fn operation(&self, id: TensorId) -> Option<&Operation> {
        if self.constants.contains_key(&id) { None } else { self.operations.get(&id) }
    }

    /// The shape of a tensor, with the batch.
    pub fn shape(&self, id: TensorId) -> Option<&[usize]> {
        self.operations.get(&id).map(|s| s.shape.as_slice())
    }

    /// The value of a constant.
    pub fn constant(&self, id: TensorId) -> Option<&Tensor> {
        self.constants.get(&id).map(|c| &c.value)
    }

    /// Whether a constant is one matrix, whatever axes of one element precede it.
    pub fn is_matrix(&self, id: TensorId) -> bool {
        self.constant(id).is_some_and(|w| {
            let dims = w.shape().dims();
            dims.len() >= 2 && dims[..dims.len() - 2].iter().all(|d| *d == 1)
        })
    }

    /// A constant, not trained, whose elements are all the same.
    pub fn uniform(&self, id: TensorId) -> Option<f64> {
        let constant = self.constants.get(&id).filter(|c| !c.trained && c.is_number())?;
        constant.value.data().first().copied()
    }

    /// What a unary function is applied to.
    pub fn argument_of(&self, id: TensorId, by: Unary) -> Option<TensorId> {
        let operation = self.operation(self.without_casts(id))?;
        (operation.primitive == Primitive::Unary(by)).then(|| operation.inputs[0])
    }

    /// The same without changes of the number type.
    pub fn without_casts(&self, mut id: TensorId) -> TensorId {
        while let Some(operation) = self.operation(id) {
            match operation.primitive {
                Primitive::Cast if !operation.whole => id = operation.inputs[0],
                _ => break,
            }
        }
        id
    }

    /// `(factor, offset, base)` such that the value is `factor * base + offset`.
    pub fn scalar_affine(&self, id: TensorId) -> (f64, f64, TensorId) {
        let (mut factor, mut offset, mut base) = (1.0, 0.0, id);
        loop {
            base = self.without_casts(base);
            let Some(operation) = self.operation(base) else { break };
            let scalar = match (&operation.primitive, operation.inputs.as_slice()) {
                (Primitive::Scalar(by, s), [x]) => Some((*by, *x, *s)),
                (Primitive::Unary(Unary::Neg), [x]) => Some((Binary::Mul, *x, -1.0)),
                (Primitive::Binary(by), [a, b]) => {
                    let same = |id| self.shape(id) == Some(operation.shape.as_slice());
                    match (self.uniform(*a), self.uniform(*b)) {
                        (_, Some(s)) if same(*a) => Some((*by, *a, s)),
                        (Some(s), _) if same(*b) && matches!(by, Binary::Add | Binary::Mul) => Some((*by, *b, s)),
                        (Some(s), _) if same(*b) && *by == Binary::Sub => {
                            offset += factor * s;
                            factor = -factor;
                            base = *b;
                            continue;
                        }
                        _ => None,
                    }
                }
                _ => None,
            };
            match scalar {
                Some((Binary::Add, x, s)) => (offset, base) = (offset + factor * s, x),
                Some((Binary::Sub, x, s)) => (offset, base) = (offset - factor * s, x),
                Some((Binary::Mul, x, s)) => (factor, base) = (factor * s, x),
                Some((Binary::Div, x, s)) if s != 0.0 => (factor, base) = (factor / s, x),
                _ => break,
            }
        }
        (factor, offset, base)
    }

    /// `(factor, base)` such that the value is `factor * base`.
    pub fn scalar_multiple(&self, id: TensorId) -> Option<(f64, TensorId)> {
        match self.scalar_affine(id) {
            (factor, 0.0, base) => Some((factor, base)),
            _ => None,
        }
    }

    /// The number `k` such that the value is `k * x`.
    pub fn ratio(&self, id: TensorId, x: TensorId) -> Option<f64> {
        let ((factor, offset, base), (own, shift, root)) = (self.scalar_affine(id), self.scalar_affine(x));
        let k = factor / own;
        (base == root && k.is_finite() && near(offset, k * shift)).then_some(k)
    }
}
