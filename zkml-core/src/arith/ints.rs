//! The reading of exact arithmetic as plain integers: the exact forward pass.

use std::{
    fmt,
    marker::PhantomData,
    ops::{Add, Mul, Shl, Shr, Sub},
};

use super::{Arith, ArithError, Cut, Int};
use crate::gadget::{self, lack::Lack, piecewise::Piecewise};

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
/// Only the width of a [`Cut`] is checked here: the bounds of the plan, which are exact, say which `T` holds every value.
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

    fn rescale(&mut self, a: &T, cut: Cut) -> Result<T, ArithError> {
        Ok(gadget::rescale::eval(cut.admit(*a)?, cut.shift, cut.saturate))
    }

    fn relu(&mut self, a: &T, cut: Cut) -> Result<T, ArithError> {
        Ok(gadget::relu::eval(cut.admit(*a)?, cut.shift, cut.saturate))
    }

    fn max(&mut self, a: &T, b: &T) -> Result<T, ArithError> {
        Ok(gadget::max::eval(*a, *b))
    }

    fn clip(&mut self, a: &T, cut: Cut, lo: Int, hi: Int) -> Result<T, ArithError> {
        Ok(gadget::clip::eval(*a, cut, lo, hi))
    }

    fn leaky(&mut self, a: &T, slope: &T, unit: Int, cut: Cut) -> Result<T, ArithError> {
        Ok(gadget::leaky::eval(*a, *slope, unit, cut))
    }

    fn abs(&mut self, a: &T, cut: Cut) -> Result<T, ArithError> {
        Ok(gadget::abs::eval(*a, cut))
    }

    fn sign(&mut self, a: &T) -> Result<T, ArithError> {
        Ok(gadget::sign::eval(*a))
    }

    fn non_negative(&mut self, a: &T) -> Result<T, ArithError> {
        Ok(gadget::non_negative::eval(*a))
    }

    fn is_zero(&mut self, a: &T) -> Result<T, ArithError> {
        Ok(gadget::is_zero::eval(*a))
    }

    fn square(&mut self, a: &T) -> Result<T, ArithError> {
        Ok(gadget::square::eval(*a))
    }

    fn select(&mut self, condition: &T, a: &T, b: &T) -> Result<T, ArithError> {
        Ok(gadget::select::eval(*condition, *a, *b))
    }

    fn argmax(&mut self, values: &[T]) -> Result<T, ArithError> {
        Ok(T::of(Int::from(gadget::argmax::eval(values) as u64)))
    }

    fn piecewise(&mut self, a: &T, table: &Piecewise) -> Result<T, ArithError> {
        Ok(gadget::piecewise::eval(*a, table))
    }

    fn leading(&mut self, a: &T, table: &Piecewise) -> Result<(T, T), ArithError> {
        Ok(gadget::leading::eval(*a, table))
    }

    fn lack(&mut self, values: &[T], table: &Piecewise) -> Result<Lack<T>, ArithError> {
        Ok(gadget::lack::eval(values, table))
    }

    fn divisor(&mut self, a: &T) -> Result<(T, T), ArithError> {
        Ok(gadget::divisor::eval(*a))
    }

    fn div(&mut self, a: &T, b: &T, within: Option<u32>) -> Result<T, ArithError> {
        Ok(gadget::div::eval(*a, *b, within))
    }

    fn sqrt(&mut self, a: &T, least: Int) -> Result<T, ArithError> {
        Ok(gadget::sqrt::eval(*a, least))
    }

    fn settle(&mut self, a: &T, _: usize) -> Result<T, ArithError> {
        Ok(*a)
    }

    fn enter(&mut self, _: usize) {}
}
