//! Baby Jubjub, the twisted Edwards curve of EIP-2494: `a x^2 + y^2 = 1 + d x^2 y^2`, `a = 168700`, `d = 168696`
//!
//! Over the scalar field of BN254, so that a circuit computes with its coordinates as they are. It has `8 l` points, with the prime
//! `l = 2736030358979909402780800718157159386076813972158567259200215660948447373041`; the base point `B` is of order `l`.
//!
//! ```text
//! (x1, y1) + (x2, y2) = ((x1 y2 + y1 x2) / (1 + t), (y1 y2 - a x1 x2) / (1 - t)),   t = d x1 x2 y1 y2
//! ```
//!
//! The law is complete: as `a` is a square and `d` is none, neither denominator is zero for any two points of the curve, those of
//! small order and the identity `(0, 1)` among them.
//!
//! arkworks' curve is the same with `a = 1`: it has `sqrt(a) x` for `x`. Multiplication is not in constant time.
//!
//! Sources: EIP-2494; Bernstein, Birkner, Joye, Lange, Peters, "Twisted Edwards Curves" (AFRICACRYPT 2008), section 6.

use std::{fmt, ops};

use ark_bn254::Fr;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ed_on_bn254::EdwardsAffine;
use ark_ff::{Field, MontFp, PrimeField, Zero};

use crate::{
    gadget::FieldCs,
    number::{Cost, field::to_int},
};

/// Integers modulo `l`, by which points of order `l` are multiplied.
pub type Scalar = ark_ed_on_bn254::Fr;

const A: Fr = MontFp!("168700");
const D: Fr = MontFp!("168696");

/// `sqrt(a)`, and its inverse.
const ROOT: Fr = MontFp!("7214280148105020021932206872019688659210616427216992810330019057549499971851");
const ROOT_INVERSE: Fr = MontFp!("2957874849018779266517920829765869116077630550401372566248359756137677864698");

/// A point on Baby Jubjub, of any order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Point(EdwardsAffine);

/// Coordinates that are no point, or no point that is a public key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PointError {
    /// It is not on the curve.
    #[error("({x}, {y}) is not on Baby Jubjub, expected coordinates as in EIP-2494, with a = 168700")]
    Curve {
        /// Its first coordinate.
        x: Fr,
        /// Its second one.
        y: Fr,
    },
    /// It is the identity: all products with it are the same.
    #[error("the point is the identity (0, 1), expected one of prime order")]
    Identity,
    /// Its order is not the prime `l`: products with it tell a secret modulo 2, 4 or 8, and may be one of only eight points.
    #[error("the order of ({x}, {y}) is not the prime l, expected a multiple of the base point of EIP-2494")]
    Order {
        /// Its first coordinate.
        x: Fr,
        /// Its second one.
        y: Fr,
    },
}

impl Point {
    /// The identity `(0, 1)`.
    pub const IDENTITY: Self = Self(EdwardsAffine::zero());

    /// The base point `B` of EIP-2494, of order `l`; circomlib and zk-kit have it as `B8`.
    pub const BASE: Self = Self(EdwardsAffine::new_unchecked(
        MontFp!("15863623088992515880085393097393553694825975317405843389771115419751650972659"),
        MontFp!("16950150798460657717958625567821834550301663161624707787222815936182638968203"),
    ));

    /// The point with these coordinates.
    ///
    /// # Errors
    /// If it is not on the curve.
    pub fn new(x: Fr, y: Fr) -> Result<Self, PointError> {
        let point = EdwardsAffine::new_unchecked(x * ROOT, y);
        if point.is_on_curve() { Ok(Self(point)) } else { Err(PointError::Curve { x, y }) }
    }

    /// Its first coordinate.
    pub fn x(&self) -> Fr {
        self.0.x * ROOT_INVERSE
    }

    /// Its second coordinate.
    pub fn y(&self) -> Fr {
        self.0.y
    }

    /// Whether it may be a public key: its order is `l`.
    ///
    /// # Errors
    /// If it is the identity, or its order is another.
    pub fn check_prime_order(&self) -> Result<(), PointError> {
        if self.0.is_zero() {
            return Err(PointError::Identity);
        }
        if !self.0.is_in_correct_subgroup_assuming_on_curve() {
            return Err(PointError::Order { x: self.x(), y: self.y() });
        }
        Ok(())
    }
}

impl fmt::Debug for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Point").field("x", &self.x()).field("y", &self.y()).finish()
    }
}

impl ops::Add for Point {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self((self.0 + other.0).into_affine())
    }
}

/// The multiple by the least non-negative integer of the scalar.
impl ops::Mul<Scalar> for Point {
    type Output = Self;
    fn mul(self, scalar: Scalar) -> Self {
        Self(self.0.mul_bigint(scalar.into_bigint()).into_affine())
    }
}

/// Affine coordinates, as the circuit has them.
#[derive(Clone, Debug)]
pub struct Coordinates<F> {
    /// The first.
    pub x: F,
    /// The second.
    pub y: F,
}

/// A known point, which costs nothing.
pub fn constant<C: FieldCs>(cs: &mut C, point: &Point) -> Coordinates<C::F> {
    Coordinates { x: cs.field_linear(&[], point.x()), y: cs.field_linear(&[], point.y()) }
}

/// Two public inputs, of which nothing is enforced.
pub fn instance<C: FieldCs>(cs: &mut C, point: Option<&Point>) -> Coordinates<C::F> {
    let [x, y] = [Point::x, Point::y].map(|coordinate| {
        let wire = cs.instance(point.map(|p| to_int(coordinate(p))));
        cs.lift(&wire)
    });
    Coordinates { x, y }
}

/// Makes the coordinates public: two constraints.
pub fn output<C: FieldCs>(cs: &mut C, point: &Coordinates<C::F>) {
    cs.field_output(&point.x);
    cs.field_output(&point.y);
}

/// The cost of [`enforce_on_curve`].
pub fn on_curve_cost() -> Cost {
    Cost::new(3, 2)
}

/// The cost of [`add`].
pub fn add_cost() -> Cost {
    Cost::new(6, 6)
}

/// The cost of [`double`].
pub fn double_cost() -> Cost {
    Cost::new(5, 5)
}

/// Enforces that the coordinates are a point on the curve.
///
/// # Constraints
/// Three, and two witness variables.
///
/// # Soundness
/// It is the curve's equation, of two squares that are variables. Nothing is said of the order.
pub fn enforce_on_curve<C: FieldCs>(cs: &mut C, point: &Coordinates<C::F>) {
    let xx = cs.field_product(&point.x, &point.x);
    let yy = cs.field_product(&point.y, &point.y);
    let scaled = cs.field_linear(&[(D, &xx)], Fr::zero());
    let rest = cs.field_linear(&[(A, &xx), (Fr::ONE, &yy)], -Fr::ONE);
    cs.field_enforce(&scaled, &yy, &rest);
}

/// The sum of two points: two variables.
///
/// # Constraints
/// Six, each with a witness variable: `x1 y2`, `y1 x2`, their product, `(y1 - a x1) (x2 + y2)`, and two quotients.
///
/// # Soundness
/// Both points must be on the curve. Then the denominators are not zero, as the law is complete, the quotients are
/// unique, and the sum is on the curve again.
pub fn add<C: FieldCs>(cs: &mut C, p: &Coordinates<C::F>, q: &Coordinates<C::F>) -> Coordinates<C::F> {
    let beta = cs.field_product(&q.y, &p.x);
    let gamma = cs.field_product(&q.x, &p.y);
    let sum = cs.field_linear(&[(Fr::ONE, &q.x), (Fr::ONE, &q.y)], Fr::zero());
    let difference = cs.field_linear(&[(Fr::ONE, &p.y), (-A, &p.x)], Fr::zero());
    let delta = cs.field_product(&sum, &difference);
    let tau = cs.field_product(&beta, &gamma);

    let over = cs.field_linear(&[(Fr::ONE, &beta), (Fr::ONE, &gamma)], Fr::zero());
    let under = cs.field_linear(&[(D, &tau)], Fr::ONE);
    let x = cs.field_quotient(&over, &under);
    let over = cs.field_linear(&[(Fr::ONE, &delta), (A, &beta), (-Fr::ONE, &gamma)], Fr::zero());
    let under = cs.field_linear(&[(-D, &tau)], Fr::ONE);
    let y = cs.field_quotient(&over, &under);
    Coordinates { x, y }
}

/// Twice a point: two variables, `2 x y / (a x^2 + y^2)` and `(y^2 - a x^2) / (2 - a x^2 - y^2)`.
///
/// # Constraints
/// Five, each with a witness variable: `x y`, `x^2`, `y^2` and two quotients.
///
/// # Soundness
/// As [`add`]: by the curve's equation `a x^2 + y^2 = 1 + d x^2 y^2`, so that the denominators are those of the law.
pub fn double<C: FieldCs>(cs: &mut C, p: &Coordinates<C::F>) -> Coordinates<C::F> {
    let xy = cs.field_product(&p.x, &p.y);
    let xx = cs.field_product(&p.x, &p.x);
    let yy = cs.field_product(&p.y, &p.y);

    let two = Fr::from(2u64);
    let over = cs.field_linear(&[(two, &xy)], Fr::zero());
    let under = cs.field_linear(&[(A, &xx), (Fr::ONE, &yy)], Fr::zero());
    let x = cs.field_quotient(&over, &under);
    let over = cs.field_linear(&[(Fr::ONE, &yy), (-A, &xx)], Fr::zero());
    let under = cs.field_linear(&[(-A, &xx), (-Fr::ONE, &yy)], two);
    let y = cs.field_quotient(&over, &under);
    Coordinates { x, y }
}

/// What tests of the curve and of what is built on it share.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// The generator of all `8 l` points in EIP-2494.
    pub(in crate::gadget) fn generator() -> Point {
        let x = MontFp!("995203441582195749578291179787384436505546430278305826713579947235728471134");
        let y = MontFp!("5472060717959818805561601436314318772137091100104008585924551046643952123905");
        Point::new(x, y).unwrap()
    }

    /// The eight points whose order divides eight, the identity first.
    pub(crate) fn torsion() -> Vec<Point> {
        let step = Point(generator().0.mul_bigint(Scalar::MODULUS).into_affine());
        (0..8u64).map(|k| step * Scalar::from(k)).collect()
    }

    /// Scalars spread below `l`, none of them zero.
    pub(in crate::gadget) fn scalars(n: u64) -> Vec<Scalar> {
        (0..n).map(|i| Scalar::from(i + 3).inverse().unwrap().square()).collect()
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::{AdditiveGroup, LegendreSymbol};
    use serde::Deserialize;

    use super::{testing::*, *};
    use crate::{
        arith::r1cs::{Assign, Build},
        dev::tamper::Harness,
    };

    /// The base point, as the standard has it.
    const BASE: [Fr; 2] = [
        MontFp!("5299619240641551281634865583518297030282874472190772894086521144482721001553"),
        MontFp!("16950150798460657717958625567821834550301663161624707787222815936182638968203"),
    ];

    fn point(x: &str, y: &str) -> Point {
        Point::new(x.parse().unwrap(), y.parse().unwrap()).unwrap()
    }

    #[test]
    fn constants_are_those_of_the_standard() {
        assert_eq!((ROOT.square(), ROOT * ROOT_INVERSE), (A, Fr::ONE));
        // The law is complete.
        assert_eq!(D.legendre(), LegendreSymbol::QuadraticNonResidue);
        assert_eq!(Point::new(BASE[0], BASE[1]), Ok(Point::BASE));
        assert_eq!((Point::BASE.x(), Point::BASE.y()), (BASE[0], BASE[1]));
        assert_eq!(generator() * Scalar::from(8u64), Point::BASE);
        assert_eq!(
            Scalar::MODULUS.to_string(),
            "2736030358979909402780800718157159386076813972158567259200215660948447373041"
        );
    }

    #[test]
    fn sum_of_the_standard() {
        let p = point(
            "17777552123799933955779906779655732241715742912184938656739573121738514868268",
            "2626589144620713026669568689430873010625803728049924121243784502389097019475",
        );
        let q = point(
            "16540640123574156134436876038791482806971768689494387082833631921987005038935",
            "20819045374670962167435360035096875258406992893633759881276124905556507972311",
        );
        let sum = point(
            "7916061937171219682591368294088513039687205273691143098332585753343424131937",
            "14035240266687799601661095864649209771790948434046947201833777492504781204499",
        );
        assert_eq!((p + q, p + Point::IDENTITY), (sum, p));
    }

    #[derive(Deserialize)]
    struct Multiple {
        secret: String,
        point: [String; 2],
        double: [String; 2],
        #[serde(rename = "plusBase")]
        plus_base: [String; 2],
    }

    #[derive(Deserialize)]
    struct File {
        points: Vec<Multiple>,
    }

    #[test]
    fn multiples_are_those_of_zk_kit() {
        let file: File = serde_json::from_str(include_str!("../../../tests/data/poseidon_cipher.json")).unwrap();
        assert_eq!(file.points.len(), 6);
        let read = |p: &[String; 2]| point(&p[0], &p[1]);
        for multiple in &file.points {
            let p = Point::BASE * multiple.secret.parse::<Scalar>().unwrap();
            assert_eq!(p, read(&multiple.point), "{}", multiple.secret);
            assert_eq!(p + p, read(&multiple.double));
            assert_eq!(p + Point::BASE, read(&multiple.plus_base));
        }
    }

    #[test]
    fn only_points_of_prime_order_pass() {
        for s in scalars(4) {
            assert_eq!((Point::BASE * s).check_prime_order(), Ok(()));
        }
        let torsion = torsion();
        assert_eq!(torsion[0].check_prime_order(), Err(PointError::Identity));
        assert_eq!(torsion[4], Point::new(Fr::ZERO, -Fr::ONE).unwrap());
        for (k, low) in torsion.iter().enumerate().skip(1) {
            assert!(!torsion[..k].contains(low), "eight different points");
            for p in [*low, *low + Point::BASE] {
                let refused = PointError::Order { x: p.x(), y: p.y() };
                assert_eq!(p.check_prime_order(), Err(refused), "{k}");
            }
        }
        let off = Point::new(BASE[0], BASE[1] + Fr::ONE).unwrap_err();
        assert_eq!(off, PointError::Curve { x: BASE[0], y: BASE[1] + Fr::ONE });
        // In the coordinates of arkworks it is another curve.
        assert!(Point::new(Point::BASE.0.x, BASE[1]).is_err());
        assert_eq!(Point::new(Fr::ZERO, Fr::ONE), Ok(Point::IDENTITY));
    }

    /// Two public points, checked, with their sum and the double of the first.
    fn run<C: FieldCs>(cs: &mut C, [p, q]: [&Point; 2]) -> [Coordinates<C::F>; 2] {
        let [p, q] = [p, q].map(|p| instance(cs, Some(p)));
        enforce_on_curve(cs, &p);
        enforce_on_curve(cs, &q);
        let results = [add(cs, &p, &q), double(cs, &p)];
        results.iter().for_each(|r| output(cs, r));
        results
    }

    #[test]
    fn circuit_equals_native_and_costs_what_it_says() {
        let mut points = torsion();
        points.extend(scalars(2).into_iter().map(|s| Point::BASE * s));
        points.push(generator());
        for p in &points {
            for q in &points {
                let (mut build, mut assign) = (Build::new(), Assign::new());
                run(&mut build, [p, q]);
                let results = run(&mut assign, [p, q]);
                let expected = [*p + *q, *p + *p];
                for (result, expected) in results.iter().zip(expected) {
                    assert_eq!((result.x, result.y), (expected.x(), expected.y()), "{p:?} + {q:?}");
                }
                let counted = Cost::new(build.constraints() - 4, build.witnesses());
                assert_eq!(counted, on_curve_cost() * 2 + add_cost() + double_cost());
                let (matrices, z) = (build.finish().0, assign.finish());
                let harness = Harness::new(&matrices, &z, &[]);
                assert!(harness.holds());
                assert_eq!(harness.run(usize::MAX), vec![], "{p:?} + {q:?}");
                assert_eq!(harness.freedom(&[].into()), 0, "{p:?} + {q:?}");
            }
        }
    }

    #[test]
    fn what_is_not_on_the_curve_has_no_witness() {
        let off = Coordinates { x: BASE[0], y: BASE[1] + Fr::ONE };
        for (point, holds) in [(Coordinates { x: BASE[0], y: BASE[1] }, true), (off, false)] {
            let (mut build, mut assign) = (Build::new(), Assign::new());
            let in_build = Coordinates { x: build.field_witness(None), y: build.field_witness(None) };
            enforce_on_curve(&mut build, &in_build);
            let in_assign =
                Coordinates { x: assign.field_witness(Some(point.x)), y: assign.field_witness(Some(point.y)) };
            enforce_on_curve(&mut assign, &in_assign);
            assert_eq!(Harness::new(&build.finish().0, &assign.finish(), &[]).holds(), holds);
        }
    }
}
