//! The reading of exact arithmetic as plain integers: the exact forward pass.

use std::{
    fmt,
    marker::PhantomData,
    ops::{Add, Mul, Shl, Shr, Sub},
};

use super::{Arith, ArithError, Int};
use crate::gadget::{Gadget, Of, Wires};

/// A machine integer wide enough for a plan's bounds.
pub trait Integer:
    Copy
    + Ord
    + fmt::Debug
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Shl<u32, Output = Self>
    + Shr<u32, Output = Self>
{
    /// `0`.
    const ZERO: Self;
    /// `1`.
    const ONE: Self;
    /// The magnitude that it holds, in bits, with room for the offsets of a decomposition.
    const BITS: u32;
    /// From the widest one, of which the low bits are taken.
    fn of(value: Int) -> Self;
    /// To the widest one.
    fn wide(self) -> Int;
}

impl Integer for i64 {
    const ZERO: Self = 0;
    const ONE: Self = 1;
    const BITS: u32 = 61;
    fn of(value: Int) -> Self {
        value.as_i64()
    }
    fn wide(self) -> Int {
        Int::from(self)
    }
}

impl Integer for i128 {
    const ZERO: Self = 0;
    const ONE: Self = 1;
    const BITS: u32 = 125;
    fn of(value: Int) -> Self {
        value.as_i128()
    }
    fn wide(self) -> Int {
        Int::from(self)
    }
}

impl Integer for Int {
    const ZERO: Self = Self::ZERO;
    const ONE: Self = Self::ONE;
    const BITS: u32 = 253;
    fn of(value: Int) -> Self {
        value
    }
    fn wide(self) -> Int {
        self
    }
}

/// Exact arithmetic on integers of type `T`.
///
/// Only the width of a [`Cut`](super::Cut) is checked here: the bounds of the plan, which are exact, say which `T` holds every value.
#[derive(Clone, Copy, Debug)]
pub struct Ints<T>(PhantomData<T>);

impl<T> Ints<T> {
    /// The reading.
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Default for Ints<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Integer> Arith for Ints<T> {
    type Wire = T;

    fn constant(&mut self, value: Int) -> T {
        T::of(value)
    }

    fn dot<'a>(&mut self, terms: impl Iterator<Item = (&'a T, &'a T)>, bias: Option<&'a T>) -> Result<T, ArithError>
    where
        T: 'a,
    {
        Ok(terms.fold(bias.copied().unwrap_or(T::ZERO), |sum, (a, b)| sum + *a * *b))
    }

    fn linear<'a>(&mut self, terms: impl Iterator<Item = (Int, &'a T)>, constant: Int) -> Result<T, ArithError>
    where
        T: 'a,
    {
        Ok(terms.fold(T::of(constant), |sum, (c, a)| sum + T::of(c) * *a))
    }

    fn mul(&mut self, a: &T, b: &T) -> Result<T, ArithError> {
        Ok(*a * *b)
    }

    fn apply<'a, G: Gadget>(&mut self, gadget: &G, x: Of<G::In, &'a T>) -> Result<Of<G::Out, T>, ArithError>
    where
        T: 'a,
    {
        let x = G::In::map(x, |x| *x);
        gadget.admit(&x)?;
        Ok(gadget.eval(x))
    }

    fn settle(&mut self, a: &T, _: usize) -> Result<T, ArithError> {
        Ok(*a)
    }

    fn enter(&mut self, _: usize) {}
}
