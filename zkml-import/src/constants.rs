//! Arithmetic on constants, which all readers share: conversion to integers, rounding modes, transposition.

use zkml_core::{shape::Shape, tensor::Tensor};

/// The integer that a float is; nothing for a fraction, an infinity or what is no number.
///
/// Beyond 64 bits it is the nearest end: formats write the largest integer for "to the end", and store it as a float.
///
/// ```
/// # use zkml_import::constants::whole;
/// assert_eq!([whole(-3.0), whole(0.5), whole(f64::NAN), whole(1e30)], [Some(-3), None, None, Some(i64::MAX)]);
/// ```
pub fn whole(x: f64) -> Option<i64> {
    (x.fract() == 0.0).then_some(x as i64)
}

/// The index that a float is: a whole number of zero or more, below `2^53`.
///
/// ```
/// # use zkml_import::constants::index;
/// assert_eq!([index(3.0), index(-1.0), index(0.5), index(1e30)], [Some(3), None, None, None]);
/// ```
pub fn index(x: f64) -> Option<usize> {
    whole(x).filter(|i| *i < 1 << 53).and_then(|i| usize::try_from(i).ok())
}

/// Rounding of a float to a whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rounding {
    /// To the one below.
    Down,
    /// To the one above.
    Up,
    /// To the one towards zero, as a cast does.
    TowardsZero,
    /// To the nearest, halves to the even one.
    HalfEven,
    /// To the nearest, halves down.
    HalfDown,
    /// To the nearest, halves up.
    HalfUp,
}

impl Rounding {
    /// The rounded number.
    ///
    /// ```
    /// # use zkml_import::constants::Rounding;
    /// assert_eq!([Rounding::TowardsZero, Rounding::Down, Rounding::HalfEven].map(|r| r.of(-2.5)), [-2.0, -3.0, -2.0]);
    /// assert_eq!([Rounding::HalfDown, Rounding::HalfUp, Rounding::Up].map(|r| r.of(2.5)), [2.0, 3.0, 3.0]);
    /// ```
    pub fn of(self, x: f64) -> f64 {
        match self {
            Self::Down => x.floor(),
            Self::Up => x.ceil(),
            Self::TowardsZero => x.trunc(),
            Self::HalfEven => x.round_ties_even(),
            Self::HalfDown => (x - 0.5).ceil(),
            Self::HalfUp => (x + 0.5).floor(),
        }
    }
}

/// `a / b`; of whole numbers, rounded towards zero.
pub fn quotient(a: f64, b: f64, whole: bool) -> f64 {
    if whole { Rounding::TowardsZero.of(a / b) } else { a / b }
}

/// The number of a boolean: 0 or 1.
pub fn truth(value: bool) -> f64 {
    f64::from(u8::from(value))
}

/// The tensor whose axis `i` is axis `axes[i]` of `x`; nothing, unless `axes` are those of `x`, each once.
///
/// ```
/// # use zkml_core::tensor::Tensor;
/// # use zkml_import::constants::permuted;
/// let matrix = Tensor::of([2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])?;
/// assert_eq!(permuted(&matrix, &[1, 0]).unwrap().data(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
/// assert_eq!(permuted(&matrix, &[0]), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn permuted(x: &Tensor, axes: &[usize]) -> Option<Tensor> {
    let (dims, own) = (x.shape().dims(), x.shape().strides());
    let mut sorted = axes.to_vec();
    sorted.sort_unstable();
    if !sorted.into_iter().eq(0..dims.len()) {
        return None;
    }
    let shape = Shape::new(axes.iter().map(|axis| dims[*axis]).collect::<Vec<_>>());
    let (dims, strides) = (shape.dims().to_vec(), shape.strides());
    Some(Tensor::from_fn(shape, |flat| {
        let index: usize = (0..dims.len()).map(|i| flat / strides[i] % dims[i] * own[axes[i]]).sum();
        x.data()[index]
    }))
}

/// A matrix with its axes swapped; anything else as it is.
pub fn transposed(matrix: &Tensor) -> Tensor {
    permuted(matrix, &[1, 0]).unwrap_or_else(|| matrix.clone())
}
