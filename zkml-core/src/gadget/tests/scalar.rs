//! Products and squares of two variables, and sums that are made variables.

use super::{
    exhaustive::{SMALL, everywhere},
    *,
};
use crate::{gadget, number::interval::pow2};

struct Product;
impl Use for Product {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        let p = a.mul(&x[0], &x[1])?;
        a.dot([(&x[0], &x[1]), (&x[1], &x[1])].into_iter(), Some(&p))
    }
}

struct Settle;
impl Use for Settle {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        let sum = a.linear([(Int::from(1), &x[0]), (Int::from(2), &x[1])].into_iter(), Int::ZERO)?;
        let s = a.settle(&sum, 10_000)?;
        a.linear([(Int::from(3), &s)].into_iter(), Int::from(-1))
    }
}

struct Square;
impl Use for Square {
    fn apply<A: Arith>(&self, a: &mut A, x: &[A::Wire]) -> Result<A::Wire, ArithError> {
        a.square(&x[0])
    }
}

#[test]
fn products_and_settled_sums() {
    for (x, y) in [(0, 0), (3, -4), (-8, 7)] {
        verify(&Product, &[interval(-8, 7), interval(-8, 7)], &[x, y], 2 * x * y + y * y);
    }
    for x in [-8, 0, 7] {
        verify(&Settle, &[interval(-8, 7); 2], &[x, 3], 3 * (x + 6) - 1);
    }
}

#[test]
fn squares_over_all_forms() {
    everywhere(&Square, &SMALL, |x| x * x);
    assert_eq!(gadget::Square.cost(&interval(-1000, 1000)).unwrap().constraints, 1);
    let wide = Interval { lo: -pow2(249), hi: pow2(249) };
    assert_eq!(gadget::Square.bound(&wide), Err(ArithError::Overflow { bits: 500 }));
}
