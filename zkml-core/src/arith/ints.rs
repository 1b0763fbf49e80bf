//! Integer arithmetic: the reading of exact arithmetic that is the exact forward pass.

use std::marker::PhantomData;

use super::Arith;
use crate::{
    gadget::{Gadget, Of, Wires},
    number::{ArithError, Int, Integer},
};

/// Integer arithmetic, on machine integers of type `T`.
///
/// Only the bit width of a [`Cut`](crate::number::Cut) is checked here: the bounds of the plan, which are exact, say which `T`
/// holds every value.
#[derive(Clone, Copy, Debug)]
pub struct Ints<T> {
    of: PhantomData<T>,
    lookups: bool,
}

impl<T> Ints<T> {
    /// Arithmetic on this type.
    pub fn new() -> Self {
        Self { of: PhantomData, lookups: false }
    }

    /// The same of a circuit whose range checks are lookups.
    pub fn with_lookups() -> Self {
        Self { lookups: true, ..Self::new() }
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
        if self.lookups {
            gadget.admit_with_lookups(&x)?
        } else {
            gadget.admit(&x)?
        }
        Ok(gadget.eval(x))
    }

    fn settle(&mut self, a: &T, _: usize) -> Result<T, ArithError> {
        Ok(*a)
    }

    fn enter(&mut self, _: usize) {}
}
