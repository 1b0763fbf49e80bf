//! Integer arithmetic: the reading of exact arithmetic that is the exact forward pass.

use std::marker::PhantomData;

use super::{Arith, direct};
use crate::{
    gadget::{
        Gadget, Of, Wires,
        product::{
            kernel::{self, Vectors},
            linear_map::LinearMap,
            winograd::Grid,
        },
    },
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

/// As vectors of this length, if all fit 64 bits.
fn vectors<'a, T: Integer + 'a>(length: usize, values: impl Iterator<Item = &'a T>) -> Option<Vectors> {
    Some(Vectors::new(length, values.map(|x| x.short()).collect::<Option<_>>()?))
}

/// The sums by row and column, if the kernels hold them.
fn products<T: Integer>(rows: &Vectors, columns: &Vectors) -> Option<Vec<T>> {
    let mut sums = vec![T::ZERO; rows.count() * columns.count()];
    kernel::products(rows, columns, &mut |f, t, sum| sums[f * columns.count() + t] = T::of_short(sum))?;
    Some(sums)
}

/// A convolution as the product of its filters and the inputs of each window, with zeros in the padding.
fn unfolded<T: Integer>(grid: &Grid, x: &[T], w: &[T], bias: &[T]) -> Option<Vec<T>> {
    let (channels, _) = grid.channels_and_filters(x.len(), w.len());
    let map = LinearMap::convolution(grid, x.len(), w.len());
    if !map.is_worth_unfolding() {
        return None;
    }
    let (windows, length) = (map.positions(), map.length());
    let short: Vec<i64> = x.iter().map(|x| x.short()).collect::<Option<_>>()?;
    let columns = kernel::unfold(grid, channels, |place| place.map_or(0, |place| short[place]));
    let mut y = products(&vectors(length, w.iter())?, &Vectors::new(length, columns))?;
    for (row, bias) in y.chunks_mut(windows).zip(bias) {
        row.iter_mut().for_each(|y: &mut T| *y = *y + *bias);
    }
    Some(y)
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

    fn convolve(&mut self, grid: &Grid, x: &[T], w: &[T], bias: &[T]) -> Result<Vec<T>, ArithError> {
        unfolded(grid, x, w, bias).map_or_else(|| direct::convolve(self, grid, x, w, bias), Ok)
    }

    fn matmul(&mut self, rows: &[Vec<&T>], columns: &[Vec<&T>], bias: &[&T]) -> Result<Vec<T>, ArithError> {
        let length = rows.first().map_or(0, Vec::len);
        let fast = || {
            let gather = |all: &[Vec<&T>]| vectors(length, all.iter().flatten().copied());
            let mut sums = products(&gather(rows)?, &gather(columns)?)?;
            for (row, bias) in sums.chunks_mut(columns.len()).zip(bias) {
                row.iter_mut().for_each(|y: &mut T| *y = *y + **bias);
            }
            Some(sums)
        };
        // A single column is read as often as it would be copied.
        let worth = columns.len() > 1 && length > 0 && rows.len() * columns.len() * length >= kernel::WORTH;
        if worth && let Some(sums) = fast() { Ok(sums) } else { direct::matmul(self, rows, columns, bias) }
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
