//! Scalar multiplication on Baby Jubjub: `s P = P + sum_i 2^i b_i P`, where the `b_i` are the bits of `s - 1`, `1 <= s < l`
//!
//! The bits are those of `s - 1`, so that zero, whose multiples are all the identity, has none. A fixed base is multiplied by
//! three bits at once, with the multiples of the base as constants; a variable one by two bits at once, from the highest down.

use std::sync::OnceLock;

use ark_bn254::Fr;
use ark_ff::{One, PrimeField, Zero};

use super::baby_jubjub::{self, Coordinates, Point, Scalar, add, constant, double};
use crate::{
    gadget::{FieldCs, bits::range},
    number::{Cost, Int, Interval},
};

/// The bits of a scalar.
const BITS: usize = 251;

/// The bits that a fixed base is multiplied by at once, and how often.
const FIXED: usize = 3;
const FIXED_WINDOWS: usize = BITS.div_ceil(FIXED);

/// How often a variable base is multiplied by two bits, after the highest bit.
const VARIABLE_WINDOWS: usize = BITS / 2;

/// Bits of a scalar from 1 to `l - 1`, less one, the lowest first: each a variable.
#[derive(Clone, Debug)]
pub struct ScalarBits<F>(Vec<F>);

/// A scalar as the integer from 0 to `l - 1`.
fn integer(limbs: [u64; 4]) -> Int {
    let [a, b, c, d] = limbs.map(u128::from);
    Int::from_words((d << 64 | c) as i128, (b << 64 | a) as i128)
}

/// From 1 to `l - 1`.
fn interval() -> Interval {
    Interval { lo: Int::ONE, hi: integer(Scalar::MODULUS.0) - Int::ONE }
}

/// Secret scalar: one constraint for each of the 251 bits of `l - 2`, and one for every one among them, but the first, that has a
/// zero below it: 363.
pub fn scalar_cost() -> Cost {
    let Interval { lo, hi } = interval();
    range::cost_unchecked(hi - lo)
}

/// Fixed-base multiplication: three constraints for each of 83 windows of three bits, one for the last, of two, and an addition for
/// each but the first: 748.
pub fn fixed_cost() -> Cost {
    let full = BITS / FIXED;
    let selected = 3 * full + 1;
    Cost::new(selected, selected) + baby_jubjub::add_cost() * (FIXED_WINDOWS - 1)
}

/// Variable-base multiplication: two constraints for the highest bit; for each of 125 windows of two bits two doublings, an
/// addition, and six constraints that choose what is added; and two doublings and an addition for the multiples of the base: 2768.
pub fn variable_cost() -> Cost {
    let (add, double) = (baby_jubjub::add_cost(), baby_jubjub::double_cost());
    let window = double * 2 + add + Cost::new(6, 6);
    Cost::new(2, 2) + window * VARIABLE_WINDOWS + double * 2 + add
}

/// Allocates a secret scalar, from 1 to `l - 1`. Zero has no witness.
///
/// # Constraints
/// See [`scalar_cost`].
///
/// # Soundness
/// See [`range::allocate_bits`]: the bits spell an integer from 0 to `l - 2`, which is below the modulus of the field. So
/// there is one assignment of the bits for every scalar; `s + l`, which has the same multiples of points of order `l` but others of
/// other points, has none.
pub fn allocate<C: FieldCs>(cs: &mut C, scalar: Option<Scalar>) -> ScalarBits<C::F> {
    allocate_integer(cs, scalar.map(|s| integer(s.into_bigint().0)))
}

fn allocate_integer<C: FieldCs>(cs: &mut C, value: Option<Int>) -> ScalarBits<C::F> {
    cs.label("baby jubjub");
    let bits = range::allocate_bits(cs, &interval(), value);
    ScalarBits(bits.iter().map(|b| cs.lift(b)).collect())
}

/// The multiples of the base point that the bits of every window choose from, by the number that they spell.
fn fixed_tables() -> &'static [Vec<Point>] {
    static TABLES: OnceLock<Vec<Vec<Point>>> = OnceLock::new();
    TABLES.get_or_init(|| {
        let mut step = Point::BASE;
        (0..FIXED_WINDOWS)
            .map(|window| {
                let bits = FIXED.min(BITS - window * FIXED);
                // The one that the bits lack is in the first window.
                let first = if window == 0 { step } else { Point::IDENTITY };
                let table: Vec<Point> =
                    std::iter::successors(Some(first), |p| Some(*p + step)).take(1 << bits).collect();
                step = step * Scalar::from(1u64 << bits);
                table
            })
            .collect()
    })
}

/// The multiple of the base point `B`: two variables.
///
/// # Constraints
/// See [`fixed_cost`].
///
/// # Soundness
/// The bits choose one entry of every table, each a point on the curve, and [`add`] adds them.
pub fn fixed<C: FieldCs>(cs: &mut C, scalar: &ScalarBits<C::F>) -> Coordinates<C::F> {
    cs.label("baby jubjub");
    let mut sum: Option<Coordinates<C::F>> = None;
    for (bits, table) in scalar.0.chunks(FIXED).zip(fixed_tables()) {
        let chosen = choose_constant(cs, table, bits);
        sum = Some(match sum {
            Some(sum) => add(cs, &sum, &chosen),
            None => chosen,
        });
    }
    sum.unwrap_or_else(|| constant(cs, &Point::IDENTITY))
}

/// The point of the table that two or three bits choose: `t_0 + b_0 (t_1 - t_0) + b_1 (t_2 - t_0) + b_0 b_1 (t_3 - t_2 - t_1 + t_0)` for
/// two, and of two such by the third bit. One constraint, and two more for a third bit.
fn choose_constant<C: FieldCs>(cs: &mut C, table: &[Point], bits: &[C::F]) -> Coordinates<C::F> {
    let both = cs.field_product(&bits[0], &bits[1]);
    let [x, y] = [Point::x, Point::y].map(|coordinate| {
        let mut fours = table.chunks(4).map(|points| {
            let t: Vec<Fr> = points.iter().map(coordinate).collect();
            let terms = [(t[1] - t[0], &bits[0]), (t[2] - t[0], &bits[1]), (t[3] - t[2] - t[1] + t[0], &both)];
            cs.field_linear(&terms, t[0])
        });
        let fours: [Option<C::F>; 2] = [fours.next(), fours.next()];
        match (fours, bits.get(2)) {
            ([Some(low), Some(high)], Some(bit)) => mux(cs, bit, &low, &high),
            ([low, _], _) => low.unwrap_or_else(|| cs.field_linear(&[], Fr::zero())),
        }
    });
    Coordinates { x, y }
}

/// `low + bit * (high - low)`: one constraint.
fn mux<C: FieldCs>(cs: &mut C, bit: &C::F, low: &C::F, high: &C::F) -> C::F {
    let difference = cs.field_linear(&[(Fr::one(), high), (-Fr::one(), low)], Fr::zero());
    let added = cs.field_product(&difference, bit);
    cs.field_linear(&[(Fr::one(), low), (Fr::one(), &added)], Fr::zero())
}

fn mux_point<C: FieldCs>(
    cs: &mut C,
    bit: &C::F,
    low: &Coordinates<C::F>,
    high: &Coordinates<C::F>,
) -> Coordinates<C::F> {
    Coordinates { x: mux(cs, bit, &low.x, &high.x), y: mux(cs, bit, &low.y, &high.y) }
}

/// The multiple of a point: two variables.
///
/// # Constraints
/// See [`variable_cost`].
///
/// # Soundness
/// The point must be on the curve, of whatever order. All that is added or doubled then is on the curve, as every choice by bits is
/// one of its points. So the result is the product with the integer that the bits spell, and one.
pub fn variable<C: FieldCs>(cs: &mut C, scalar: &ScalarBits<C::F>, point: &Coordinates<C::F>) -> Coordinates<C::F> {
    cs.label("baby jubjub");
    let twice = double(cs, point);
    let thrice = add(cs, &twice, point);
    let fourfold = double(cs, &twice);
    let identity = constant(cs, &Point::IDENTITY);
    let multiples = [&identity, point, &twice, &thrice, &fourfold];

    let (pairs, highest) = scalar.0.split_at(2 * VARIABLE_WINDOWS);
    let mut sum = identity.clone();
    for bit in highest {
        sum = mux_point(cs, bit, &identity, point);
    }
    for (window, pair) in pairs.chunks(2).enumerate().rev() {
        for _ in pair {
            sum = double(cs, &sum);
        }
        // The one that the bits lack is in the last window.
        let from = usize::from(window == 0);
        let [low, high] = [from, from + 2].map(|i| mux_point(cs, &pair[0], multiples[i], multiples[i + 1]));
        let chosen = mux_point(cs, &pair[1], &low, &high);
        sum = add(cs, &sum, &chosen);
    }
    sum
}

#[cfg(test)]
mod tests {
    use ark_ff::Field;

    use super::{
        super::baby_jubjub::{enforce_on_curve, instance, output, testing},
        *,
    };
    use crate::{
        arith::r1cs::{Assign, Build},
        dev::tamper::Harness,
        prove::Matrices,
    };

    /// Multiples of the base and of a public point, all public.
    fn run<C: FieldCs>(cs: &mut C, point: &Point, scalar: Int) -> [Coordinates<C::F>; 2] {
        let point = instance(cs, Some(point));
        let bits = allocate_integer(cs, Some(scalar));
        let products = [fixed(cs, &bits), variable(cs, &bits, &point)];
        products.iter().for_each(|p| output(cs, p));
        products
    }

    fn matrices() -> Matrices {
        let mut build = Build::new();
        run(&mut build, &Point::BASE, Int::ONE);
        build.finish().0
    }

    fn of(scalar: Scalar) -> Int {
        integer(scalar.into_bigint().0)
    }

    #[test]
    fn circuit_equals_native() {
        let matrices = matrices();
        let last = -Scalar::ONE;
        let mut scalars: Vec<Scalar> = [1, 2, 3, 4, 5, 8, 9].map(Scalar::from).into();
        scalars.extend([last, last - Scalar::ONE]);
        scalars.extend(testing::scalars(5));
        let mut points = testing::torsion();
        points.extend([Point::BASE, testing::generator(), Point::BASE * scalars[9]]);
        for (i, scalar) in scalars.iter().enumerate() {
            // Points of every order, and the identity: the law is complete.
            for point in points.iter().skip(i % 3).step_by(3) {
                let mut assign = Assign::new();
                let [fixed, variable] = run(&mut assign, point, of(*scalar));
                let native = [Point::BASE * *scalar, *point * *scalar];
                for (circuit, native) in [fixed, variable].iter().zip(native) {
                    assert_eq!((circuit.x, circuit.y), (native.x(), native.y()), "{scalar} times {point:?}");
                }
                assert!(Harness::new(&matrices, &assign.finish(), &[]).holds());
            }
        }
    }

    #[test]
    fn costs_what_it_says() {
        let mut build = Build::new();
        let mut paid = Cost::default();
        let mut since = |build: &Build, expected: Cost, known: usize| {
            let total = Cost::new(build.constraints(), build.witnesses());
            let now = paid + expected;
            assert_eq!((total, expected.constraints), (now, known));
            paid = now;
        };
        let point = instance(&mut build, None);
        enforce_on_curve(&mut build, &point);
        since(&build, baby_jubjub::on_curve_cost(), 3);
        let bits = allocate(&mut build, None);
        assert_eq!(bits.0.len(), BITS);
        since(&build, scalar_cost(), 363);
        fixed(&mut build, &bits);
        since(&build, fixed_cost(), 748);
        variable(&mut build, &bits, &point);
        since(&build, variable_cost(), 2768);
    }

    #[test]
    fn no_variable_can_change() {
        let (matrices, mut assign) = (matrices(), Assign::new());
        run(&mut assign, &(Point::BASE * testing::scalars(1)[0]), of(testing::scalars(2)[1]));
        let z = assign.finish();
        assert_eq!(Harness::new(&matrices, &z, &[]).run(usize::MAX), vec![]);
    }

    /// `s + l` spells in 251 bits too, for small `s`, and has the same multiples of points of order `l`.
    #[test]
    fn aliases_of_a_scalar_have_no_witness() {
        let matrices = matrices();
        let l = integer(Scalar::MODULUS.0);
        let holds = |scalar: Int, point: &Point| {
            let mut assign = Assign::new();
            let [fixed, variable] = run(&mut assign, point, scalar);
            let products = [fixed, variable].map(|p| (p.x, p.y));
            (Harness::new(&matrices, &assign.finish(), &[]).holds(), products)
        };
        let peer = Point::BASE * testing::scalars(1)[0];
        for s in [1i64, 2, 77, 1 << 60] {
            let s = Int::from(s);
            let ((honest, products), (alias, same)) = (holds(s, &peer), holds(s + l, &peer));
            assert!(honest && !alias, "{s}");
            assert_eq!(products, same, "only the range check tells them apart");
            // Points of another order have other multiples.
            let (low, other) = (holds(s, &testing::generator()), holds(s + l, &testing::generator()));
            assert!(low.0 && !other.0 && low.1[1] != other.1[1]);
        }
        // Zero, as such and as `l`; and the ends of the interval.
        for (s, accepted) in [(Int::ZERO, false), (Int::ONE, true), (l - Int::ONE, true), (l, false)] {
            assert_eq!(holds(s, &peer).0, accepted, "{s}");
        }
    }
}
