//! Dense tensors: a shape and its elements, row major.

use serde::{Deserialize, Serialize};

use crate::shape::Shape;

/// A dense tensor of `T`, row major. `Tensor` alone is a tensor of `f64`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored<T>")]
pub struct Tensor<T = f64> {
    shape: Shape,
    data: Vec<T>,
}

/// A tensor as it is stored: read back through the check of [`Tensor::new`].
#[derive(Deserialize)]
struct Stored<T> {
    shape: Shape,
    data: Vec<T>,
}

impl<T> TryFrom<Stored<T>> for Tensor<T> {
    type Error = LengthError;

    fn try_from(stored: Stored<T>) -> Result<Self, LengthError> {
        Self::new(stored.shape, stored.data)
    }
}

/// A tensor whose number of elements is not that of its shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} elements for shape {shape}, found {found}")]
pub struct LengthError {
    /// The shape asked for.
    pub shape: Shape,
    /// The number of elements that shape has.
    pub expected: usize,
    /// The number of elements given.
    pub found: usize,
}

impl<T> Tensor<T> {
    /// A tensor from its shape and its elements, row major.
    ///
    /// # Errors
    /// If the number of elements is not the product of the extents.
    ///
    /// ```
    /// # use zkml_core::tensor::Tensor;
    /// assert!(Tensor::new([2, 2], vec![1.0, 2.0, 3.0, 4.0]).is_ok());
    /// assert_eq!(
    ///     Tensor::new([2, 2], vec![1.0]).unwrap_err().to_string(),
    ///     "expected 4 elements for shape [2, 2], found 1"
    /// );
    /// ```
    pub fn new(shape: impl Into<Shape>, data: Vec<T>) -> Result<Self, LengthError> {
        let shape = shape.into();
        if shape.len() != data.len() {
            return Err(LengthError { expected: shape.len(), found: data.len(), shape });
        }
        Ok(Self { shape, data })
    }

    /// A tensor whose elements are `f(flat index)`.
    pub fn from_fn(shape: impl Into<Shape>, mut f: impl FnMut(usize) -> T) -> Self {
        Self::fill(shape.into(), &mut f)
    }

    /// Compiled once a type, and not once for each of hundreds of closures, as those below are.
    #[inline(never)]
    fn fill(shape: Shape, f: &mut dyn FnMut(usize) -> T) -> Self {
        let mut data = Vec::with_capacity(shape.len());
        for i in 0..shape.len() {
            data.push(f(i));
        }
        Self { shape, data }
    }

    /// A one-axis tensor.
    pub fn vector(data: Vec<T>) -> Self {
        Self { shape: Shape::new([data.len()]), data }
    }

    /// The shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The elements, row major.
    pub fn data(&self) -> &[T] {
        &self.data
    }

    /// The elements, row major.
    pub fn into_data(self) -> Vec<T> {
        self.data
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// The tensor of `f(element)`.
    pub fn map<U>(&self, mut f: impl FnMut(&T) -> U) -> Tensor<U> {
        self.each(&mut f)
    }

    #[inline(never)]
    fn each<U>(&self, f: &mut dyn FnMut(&T) -> U) -> Tensor<U> {
        let mut data = Vec::with_capacity(self.data.len());
        for x in &self.data {
            data.push(f(x));
        }
        Tensor { shape: self.shape.clone(), data }
    }

    /// The tensor of `f(element)`, or the first error.
    pub fn try_map<U, E>(&self, mut f: impl FnMut(&T) -> Result<U, E>) -> Result<Tensor<U>, E> {
        self.try_each(&mut f)
    }

    #[inline(never)]
    fn try_each<U, E>(&self, f: &mut dyn FnMut(&T) -> Result<U, E>) -> Result<Tensor<U>, E> {
        let mut data = Vec::with_capacity(self.data.len());
        for x in &self.data {
            data.push(f(x)?);
        }
        Ok(Tensor { shape: self.shape.clone(), data })
    }

    /// The same elements under another shape of the same length.
    ///
    /// # Errors
    /// If the lengths differ.
    pub fn reshape(self, shape: impl Into<Shape>) -> Result<Self, LengthError> {
        Self::new(shape, self.data)
    }
}

impl Tensor<f64> {
    /// A tensor of `f64` from anything that converts, such as pixels (`u8`) or `f32`.
    ///
    /// # Errors
    /// If the number of elements is not the product of the extents.
    pub fn of<T: Copy + Into<f64>>(shape: impl Into<Shape>, data: &[T]) -> Result<Self, LengthError> {
        Self::new(shape, data.iter().map(|x| (*x).into()).collect())
    }

    /// The largest magnitude, `0` for an empty tensor.
    pub fn max_abs(&self) -> f64 {
        self.data.iter().fold(0.0, |m, x| x.abs().max(m))
    }

    /// The index of the largest element, the first one among equals.
    pub fn argmax(&self) -> usize {
        self.data.iter().enumerate().fold(0, |best, (i, x)| if *x > self.data[best] { i } else { best })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_tensor_must_fill_its_shape() {
        assert!(serde_json::from_str::<Tensor>(r#"{"shape":[2],"data":[1.0,2.0]}"#).is_ok());
        let error = serde_json::from_str::<Tensor>(r#"{"shape":[3],"data":[1.0,2.0]}"#).unwrap_err();
        assert!(error.to_string().starts_with("expected 3 elements for shape [3], found 2"));
    }

    #[test]
    fn the_first_maximum_wins() {
        assert_eq!(Tensor::vector(vec![1.0, 3.0, 3.0]).argmax(), 1);
    }
}
