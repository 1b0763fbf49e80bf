//! Sums of points in affine coordinates, whose divisions share one inversion.
//!
//! Additions are complete: equal and opposite points, and infinity, are added as any others.
//!
//! Source: Montgomery, "Speeding the Pollard and elliptic curve methods of factorization" (1987), section 10.3.1.

use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ff::{AdditiveGroup, Field, Zero};

use crate::field::Inlined;

/// Replaces the first point of each run `(start, length)` by the run's sum.
///
/// Each level adds the last half of a run to its first, all runs with one inversion.
pub(crate) fn sum_runs<P: SWCurveConfig<BaseField: Inlined>>(
    points: &mut [Affine<P>],
    runs: &mut Vec<(u32, u32)>,
    inverses: &mut Inverses<P::BaseField>,
) {
    loop {
        runs.retain(|(_, length)| *length > 1);
        if runs.is_empty() {
            return;
        }
        for (start, length) in runs.iter() {
            let run = &points[*start as usize..(start + length) as usize];
            let (left, right) = run.split_at(run.len().div_ceil(2));
            for (p, q) in left.iter().zip(right) {
                inverses.put(denominator(p, q));
            }
        }
        inverses.invert();
        for (start, length) in runs.iter_mut().rev() {
            let run = &mut points[*start as usize..(*start + *length) as usize];
            let (left, right) = run.split_at_mut(run.len().div_ceil(2));
            for (p, q) in left.iter_mut().zip(&*right).rev() {
                *p = add(p, q, inverses);
            }
            *length = length.div_ceil(2);
        }
    }
}

/// Adds points pairwise, `left_i += right_i`, with one inversion.
pub(crate) fn add_pairs<P: SWCurveConfig<BaseField: Inlined>>(
    left: &mut [Affine<P>],
    right: &[Affine<P>],
    inverses: &mut Inverses<P::BaseField>,
) {
    for (p, q) in left.iter().zip(right) {
        inverses.put(denominator(p, q));
    }
    inverses.invert();
    for (p, q) in left.iter_mut().zip(right).rev() {
        *p = add(p, q, inverses);
    }
}

/// Inverses of many elements, none of them zero, for the price of one: put all, invert, and take them in reverse order.
///
/// Two products take turns, so that a multiplication need not wait for the one before.
pub(crate) struct Inverses<F> {
    /// Of each element, the product of those before it in its turn.
    products: Vec<F>,
    turns: [F; 2],
}

impl<F: Inlined> Default for Inverses<F> {
    fn default() -> Self {
        Self { products: vec![], turns: [F::ONE; 2] }
    }
}

impl<F: Inlined> Inverses<F> {
    #[inline(always)]
    fn put(&mut self, x: F) {
        let [product, other] = self.turns;
        self.products.push(product);
        self.turns = [other, product.times(&x)];
    }

    fn invert(&mut self) {
        let [x, y] = self.turns;
        // A product of what is not zero.
        let inverse = (x * y).inverse().unwrap_or(F::ONE);
        self.turns = [inverse * y, inverse * x];
    }

    /// The inverse of `x`, the last element that was put and not taken.
    #[inline(always)]
    fn take(&mut self, x: F) -> F {
        let [other, inverse] = self.turns;
        let product = self.products.pop().unwrap_or(F::ONE);
        self.turns = if self.products.is_empty() { [F::ONE; 2] } else { [inverse.times(&x), other] };
        inverse.times(&product)
    }
}

/// Infinity is the point of both coordinates zero, which is on no curve with `b != 0`.
#[inline]
pub(crate) fn is_infinity<P: SWCurveConfig<BaseField: Inlined>>(p: &Affine<P>) -> bool {
    p.x.is_zero() && p.y.is_zero()
}

/// The denominator of the slope of the line through both points: never zero, and one where there is no slope to
/// compute.
#[inline(always)]
fn denominator<P: SWCurveConfig<BaseField: Inlined>>(p: &Affine<P>, q: &Affine<P>) -> P::BaseField {
    let difference = q.x.minus(&p.x);
    if difference.is_zero() || p.x.is_zero() || q.x.is_zero() { rare_denominator(p, q) } else { difference }
}

#[cold]
fn rare_denominator<P: SWCurveConfig<BaseField: Inlined>>(p: &Affine<P>, q: &Affine<P>) -> P::BaseField {
    let difference = q.x.minus(&p.x);
    if is_infinity(p) || is_infinity(q) {
        P::BaseField::ONE
    } else if !difference.is_zero() {
        difference
    } else if p.y == q.y && !p.y.is_zero() {
        p.y.double()
    } else {
        P::BaseField::ONE
    }
}

/// `p + q`, taking the inverse of their [`denominator`].
#[inline(always)]
fn add<P: SWCurveConfig<BaseField: Inlined>>(
    p: &Affine<P>,
    q: &Affine<P>,
    inverses: &mut Inverses<P::BaseField>,
) -> Affine<P> {
    let difference = q.x.minus(&p.x);
    if difference.is_zero() || p.x.is_zero() || q.x.is_zero() {
        return rare_add(p, q, inverses);
    }
    third(q.y.minus(&p.y).times(&inverses.take(difference)), p, q)
}

#[cold]
fn rare_add<P: SWCurveConfig<BaseField: Inlined>>(
    p: &Affine<P>,
    q: &Affine<P>,
    inverses: &mut Inverses<P::BaseField>,
) -> Affine<P> {
    let inverse = inverses.take(rare_denominator(p, q));
    if is_infinity(q) {
        *p
    } else if is_infinity(p) {
        *q
    } else if p.x != q.x {
        third((q.y - p.y) * inverse, p, q)
    } else if p.y == q.y && !p.y.is_zero() {
        // The tangent's slope; both curves have a = 0.
        let square = p.x.square();
        third((square.double() + square) * inverse, p, q)
    } else {
        Affine::identity()
    }
}

/// The sum of two points on a line with this slope.
#[inline(always)]
fn third<P: SWCurveConfig<BaseField: Inlined>>(slope: P::BaseField, p: &Affine<P>, q: &Affine<P>) -> Affine<P> {
    let x = slope.squared().minus(&p.x).minus(&q.x);
    Affine::new_unchecked(x, slope.times(&p.x.minus(&x)).minus(&p.y))
}
