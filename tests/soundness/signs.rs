//! Forged signs: what compares, clips and selects, with a lie and everything after it computed from the lie.

use std::collections::BTreeMap;

use ark_bn254::Fr;
use ark_ff::{Field, Zero};
use zkml::{
    arith::r1cs::Build,
    dev::dishonest::Dishonest,
    gadget::{self, Cs, FieldCs, Gadget as _},
    graph::{Graph, Range, Visible},
    layer::{Args, Literal},
    number::{Cut, Int, Interval, field::to_field},
    plan::Quantized,
    prove::Matrices,
    shape::Shape,
};

use crate::{
    common::{OPEN, cheap, int, samples},
    forge::refuse_all,
};

/// A gadget of public inputs, whose result is public.
trait Gadget {
    fn intervals(&self) -> Vec<Interval>;
    fn enforce<C: Cs>(&self, cs: &mut C, x: &[C::W]) -> C::W;
}

fn matrices(gadget: &impl Gadget) -> Matrices {
    let mut cs = Build::new();
    let x: Vec<_> = gadget.intervals().iter().map(|_| cs.instance(None)).collect();
    let y = gadget.enforce(&mut cs, &x);
    let y = cs.lift(&y);
    cs.field_output(&y);
    cs.finish().0
}

/// The assignment with these lies, and the result that it claims.
fn assignment(gadget: &impl Gadget, x: &[i64], lies: &[(usize, i64)]) -> (Vec<Fr>, Int) {
    let told: BTreeMap<usize, Int> = lies.iter().map(|(at, lie)| (*at, int(*lie))).collect();
    let mut cs = Dishonest::new(told);
    let x: Vec<Int> = x.iter().map(|x| cs.instance(Some(int(*x)))).collect();
    let y = gadget.enforce(&mut cs, &x);
    let f = cs.lift(&y);
    cs.field_output(&f);
    (cs.finish(), y)
}

/// The honest witness is accepted and gives `expected`; these lies give something else, and are not.
fn refused(gadget: &impl Gadget, x: &[i64], expected: i64, lies: &[(usize, i64)]) {
    let matrices = matrices(gadget);
    let (honest, y) = assignment(gadget, x, &[]);
    assert_eq!(y, int(expected), "at {x:?}");
    assert!(matrices.unsatisfied(&honest).is_empty(), "at {x:?}");
    let (forged, _) = assignment(gadget, x, lies);
    assert_ne!(forged, honest, "nothing is forged at {x:?}");
    assert!(!matrices.unsatisfied(&forged).is_empty(), "{lies:?} are accepted at {x:?}");
}

fn of(lo: i64, hi: i64) -> Interval {
    Interval { lo: int(lo), hi: int(hi) }
}

fn shifted(shift: u32) -> Cut {
    Cut { shift, ..Cut::default() }
}

/// Where the bits of a decomposition are: all of them variables, or all but the lowest, which is what the others leave.
enum Bits {
    All(std::ops::Range<usize>),
    High(std::ops::Range<usize>),
}

/// A forgery by bits that spell a value of the field, for every bit that may hold what is no bit: `rows` constraints
/// refuse it, and no more. `finish` makes the rest fit.
fn wrapped(matrices: &Matrices, honest: &[Fr], bits: Bits, spelt: Fr, rows: usize, finish: impl Fn(&mut [Fr], &[Fr])) {
    let (variables, implied) = match bits {
        Bits::All(variables) => (variables, 0),
        Bits::High(variables) => (variables, 1),
    };
    for place in 0..variables.len() + implied {
        let mut told = vec![Fr::zero(); variables.len() + implied];
        told[place] = spelt * Fr::from(1u64 << place).inverse().unwrap();
        let mut forged = honest.to_vec();
        variables.clone().zip(&told[implied..]).for_each(|(i, bit)| forged[matrices.instance + i] = *bit);
        finish(&mut forged, &told);
        assert_eq!(matrices.unsatisfied(&forged).len(), rows, "bit {place} holds the rest");
    }
}

/// `sum_i 2^i * b_i`.
fn weighted(bits: &[Fr]) -> Fr {
    bits.iter().rev().fold(Fr::zero(), |sum, b| sum + sum + b)
}

struct NonNegative;
impl Gadget for NonNegative {
    fn intervals(&self) -> Vec<Interval> {
        vec![of(-8, 7)]
    }
    fn enforce<C: Cs>(&self, cs: &mut C, x: &[C::W]) -> C::W {
        gadget::IsNonNegative.enforce(cs, (&x[0], &of(-8, 7))).unwrap()
    }
}

#[test]
fn a_negative_value_is_not_non_negative_because_its_bits_wrap_the_field() {
    // The variables are two bits of three and the sign. With the sign set, the bits must spell x, which is -5.
    let m = matrices(&NonNegative);
    let (honest, _) = assignment(&NonNegative, &[-5], &[]);
    let claim = |sign: u64| {
        let (i, sign) = (m.instance, Fr::from(sign));
        move |z: &mut [Fr], _: &[Fr]| (z[i + 2], z[i - 1]) = (sign, sign)
    };
    wrapped(&m, &honest, Bits::High(0..2), to_field(int(-5)), 1, claim(1));
    // And with the sign cleared, x + 8 of a positive one.
    let (honest, _) = assignment(&NonNegative, &[5], &[]);
    wrapped(&m, &honest, Bits::High(0..2), Fr::from(13u64), 1, claim(0));
    refused(&NonNegative, &[0], 1, &[(2, 0), (1, 2)]);
    refused(&NonNegative, &[-1], 0, &[(2, 1), (0, 0), (1, 0)]);
}

/// `slope = 3`, `unit = 8`, over `-8..=7`: the variables are the sign, its product with `x`, and the bits but the lowest.
struct Leaky(u32);
impl Gadget for Leaky {
    fn intervals(&self) -> Vec<Interval> {
        vec![of(-8, 7)]
    }
    fn enforce<C: Cs>(&self, cs: &mut C, x: &[C::W]) -> C::W {
        let slope = cs.constant(int(3));
        let leaky = gadget::Leaky { unit: int(8), cut: shifted(self.0) };
        leaky.enforce(cs, ((&x[0], &of(-8, 7)), (&slope, &of(3, 3)))).unwrap()
    }
}

#[test]
fn no_value_takes_the_other_branch() {
    for x in -8..8i64 {
        let y = if x >= 0 { 8 * x } else { 3 * x };
        let other = if x >= 0 { 3 * x } else { 8 * x };
        let rounded = (y + 4).div_euclid(8);
        refused(&Leaky(3), &[x], rounded, &[(0, i64::from(x < 0))]);
        // The product too, so that the other slope is taken, and bits that spell what is left in the field.
        let m = matrices(&Leaky(3));
        let (honest, _) = assignment(&Leaky(3), &[x], &[]);
        let claimed = if x >= 0 { 0 } else { x };
        let sign = Fr::from(u64::from(x < 0));
        let rest = if x >= 0 { other + 64 } else { other };
        let i = m.instance;
        wrapped(&m, &honest, Bits::High(2..7), to_field(int(rest)), 1, |z, bits| {
            (z[i], z[i + 1]) = (sign, to_field(int(claimed)));
            z[i - 1] = weighted(&bits[3..]) + bits[2] + (sign - Fr::from(1u64)) * Fr::from(8u64);
        });
    }
}

#[test]
fn zero_is_not_of_both_signs() {
    // y is zero whatever the sign says; only the bits tell.
    refused(&Leaky(3), &[0], 0, &[(0, 0)]);
    refused(&Leaky(3), &[0], 0, &[(0, 0), (7, 2)]);
    refused(&Leaky(3), &[0], 0, &[(0, 0), (2, 2), (3, 1), (4, 1), (5, 1), (6, 1), (7, 1)]);
}

#[test]
fn a_remainder_of_leaky_is_not_beyond_its_divisor() {
    // x = 5 is 40, that is five times eight: four and a remainder of eight, or six and a remainder of minus eight.
    let bit = |at: usize| 2 + at;
    refused(&Leaky(3), &[5], 5, &[(bit(3), 0), (bit(0), 8)]);
    refused(&Leaky(3), &[5], 5, &[(bit(3), 0), (bit(2), 2)]);
    refused(&Leaky(3), &[5], 5, &[(bit(3), 2), (bit(0), -8)]);
    // The bit that rounds, borrowed from the ones below it.
    refused(&Leaky(3), &[5], 5, &[(bit(2), 1), (bit(0), -4)]);
    refused(&Leaky(3), &[-4], -1, &[(bit(2), 0), (bit(1), 2)]);
}

struct Abs;
impl Gadget for Abs {
    fn intervals(&self) -> Vec<Interval> {
        vec![of(-8, 7)]
    }
    fn enforce<C: Cs>(&self, cs: &mut C, x: &[C::W]) -> C::W {
        gadget::Abs { cut: shifted(1) }.enforce(cs, (&x[0], &of(-8, 7))).unwrap()
    }
}

#[test]
fn a_magnitude_is_not_negative_because_its_bits_wrap_the_field() {
    let m = matrices(&Abs);
    for x in [-5i64, 5] {
        let (honest, y) = assignment(&Abs, &[x], &[]);
        assert_eq!(y, int(3));
        // The bits spell -|x|: the product holds.
        let i = m.instance;
        wrapped(&m, &honest, Bits::All(0..4), to_field(int(-5)), 1, |z, bits| {
            z[i - 1] = weighted(&bits[1..]) + bits[0]
        });
    }
    refused(&Abs, &[0], 0, &[(0, 1)]);
    refused(&Abs, &[5], 3, &[(0, 0), (1, 1)]);
    // |x| = 5 as 4 + 1 twice a half, so that the rounding bit is gone.
    refused(&Abs, &[5], 3, &[(0, -1), (1, 1)]);
}

struct Max;
impl Gadget for Max {
    fn intervals(&self) -> Vec<Interval> {
        vec![of(-8, 7), of(-3, 9)]
    }
    fn enforce<C: Cs>(&self, cs: &mut C, x: &[C::W]) -> C::W {
        gadget::Max.enforce(cs, ((&x[0], &of(-8, 7)), (&x[1], &of(-3, 9)))).unwrap()
    }
}

#[test]
fn neither_the_smaller_nor_another_value_is_the_larger() {
    // The variables are the larger one, and four bits of the distance, of five.
    for (a, b) in [(5, 2), (2, 5), (-8, 9), (7, 7)] {
        let m = matrices(&Max);
        let (honest, _) = assignment(&Max, &[a, b], &[]);
        for lie in (-9..10).filter(|lie| *lie != a.max(b)) {
            refused(&Max, &[a, b], a.max(b), &[(0, lie)]);
            let (i, claimed) = (m.instance, to_field(int(lie)));
            // The bits wrap; what is neither of both breaks the product as well.
            let rows = if lie == a.min(b) { 1 } else { 2 };
            let spelt = 2 * lie - a - b;
            if spelt < 0 {
                wrapped(&m, &honest, Bits::High(1..5), to_field(int(spelt)), rows, |z, _| {
                    (z[i], z[i - 1]) = (claimed, claimed)
                });
            }
        }
    }
}

struct Sign;
impl Gadget for Sign {
    fn intervals(&self) -> Vec<Interval> {
        vec![of(-8, 7)]
    }
    fn enforce<C: Cs>(&self, cs: &mut C, x: &[C::W]) -> C::W {
        gadget::Sign.enforce(cs, (&x[0], &of(-8, 7))).unwrap()
    }
}

#[test]
fn nothing_has_another_sign_and_zero_has_none() {
    // The variables are four bits, the sign and the hint.
    for (x, y) in [(5, 1), (-5, -1), (0, 0)] {
        for lie in (-2..3).filter(|lie| *lie != y) {
            refused(&Sign, &[x], y, &[(4, lie)]);
            // With the bits of a magnitude of zero, and with some that wrap the field.
            refused(&Sign, &[x], y, &[(4, lie), (0, 0), (1, 0), (2, 0), (3, 0)]);
            let m = matrices(&Sign);
            let (honest, _) = assignment(&Sign, &[x], &[(4, lie)]);
            // The bit that is none; at zero the hint, and for a sign of zero the magnitude. Two break both.
            let rows = if lie.abs() == 2 && x != 0 { 2 } else { 1 };
            wrapped(&m, &honest, Bits::All(0..4), to_field(int(x * lie)), rows, |_, _| {});
        }
    }
    // Any hint there is: at zero the sign is the hint times zero.
    let m = matrices(&Sign);
    let (mut forged, _) = assignment(&Sign, &[0], &[(4, 1)]);
    for hint in [0u64, 1, 2, 1 << 40] {
        forged[m.instance + 5] = Fr::from(hint);
        assert!(!m.unsatisfied(&forged).is_empty());
    }
}

/// `0..=6` of `-16..=15`: the variables are the bits of `x + 16`, the sign last, then the comparison with the ends.
struct Clip;
impl Gadget for Clip {
    fn intervals(&self) -> Vec<Interval> {
        vec![of(-16, 15)]
    }
    fn enforce<C: Cs>(&self, cs: &mut C, x: &[C::W]) -> C::W {
        let clip = gadget::Clip { cut: Cut::default(), lo: Int::ZERO, hi: int(6) };
        clip.enforce(cs, (&x[0], &of(-16, 15))).unwrap()
    }
}

#[test]
fn no_end_of_a_clip_is_skipped() {
    let m = matrices(&Clip);
    for x in -16..16i64 {
        let y = x.clamp(0, 6);
        let (honest, claimed) = assignment(&Clip, &[x], &[]);
        assert_eq!(claimed, int(y));
        assert!(m.unsatisfied(&honest).is_empty());
        // Every variable that says something of the ends, and every two of them, turned over and followed through.
        let value = |at: usize| i64::from(honest[m.instance + at] == Fr::from(1u64));
        for i in 4..m.witness {
            refused(&Clip, &[x], y, &[(i, 1 - value(i))]);
            for j in i + 1..m.witness {
                refused(&Clip, &[x], y, &[(i, 1 - value(i)), (j, 1 - value(j))]);
            }
        }
        // The output alone.
        for lie in [x, 0, 6, y + 1, y - 1].into_iter().filter(|lie| *lie != y) {
            let mut forged = honest.clone();
            forged[m.instance - 1] = to_field(int(lie));
            assert!(!m.unsatisfied(&forged).is_empty(), "{lie} for {y}");
        }
    }
}

struct Select;
impl Gadget for Select {
    fn intervals(&self) -> Vec<Interval> {
        vec![of(-3, 4), of(0, 9), of(-9, 0)]
    }
    fn enforce<C: Cs>(&self, cs: &mut C, x: &[C::W]) -> C::W {
        let zero = gadget::IsZero.enforce(cs, (&x[0], &of(-3, 4))).unwrap();
        let inputs = ((&zero, &of(0, 1)), (&x[1], &of(0, 9)), (&x[2], &of(-9, 0)));
        gadget::Select.enforce(cs, inputs).unwrap()
    }
}

#[test]
fn a_selector_is_not_free() {
    // The variables are the bit, the hint and the product.
    for (x, y) in [(0, 7), (2, -5), (-3, -5)] {
        for lie in [-1, 0, 1, 2].into_iter().filter(|lie| *lie != i64::from(x == 0)) {
            refused(&Select, &[x, 7, -5], y, &[(0, lie)]);
        }
        refused(&Select, &[x, 7, -5], y, &[(2, 3)]);
        // Any hint with the wrong bit: it does not help.
        let m = matrices(&Select);
        let (mut forged, _) = assignment(&Select, &[x, 7, -5], &[(0, i64::from(x != 0))]);
        for hint in [Fr::zero(), Fr::from(1u64), to_field(int(x)).inverse().unwrap_or_default()] {
            forged[m.instance + 1] = hint;
            assert!(!m.unsatisfied(&forged).is_empty());
        }
    }
}

/// The index of the smallest of four, or the last one of the largest, made of the first one of the largest.
struct Index {
    smallest: bool,
    last: bool,
}

impl Gadget for Index {
    fn intervals(&self) -> Vec<Interval> {
        vec![of(-8, 7); 4]
    }
    fn enforce<C: Cs>(&self, cs: &mut C, x: &[C::W]) -> C::W {
        let factor = if self.smallest { int(-1) } else { int(1) };
        let mut values: Vec<C::W> = x.iter().map(|w| cs.linear(&[(factor, w)], Int::ZERO)).collect();
        if self.last {
            values.reverse();
        }
        let within = if self.smallest { of(-7, 8) } else { of(-8, 7) };
        let parts: Vec<(&C::W, &Interval)> = values.iter().map(|w| (w, &within)).collect();
        let first = gadget::Argmax.enforce(cs, parts).unwrap();
        if self.last { cs.linear(&[(int(-1), &first)], int(3)) } else { first }
    }
}

#[test]
fn no_other_index_among_equals_is_accepted() {
    for (smallest, last, x, y) in [
        (true, false, [3, -2, -2, 5], 1),
        (true, true, [3, -2, -2, 5], 2),
        (false, true, [7, -2, 7, 5], 2),
        (false, true, [1, 1, 1, 1], 3),
        (true, false, [1, 1, 1, 1], 0),
        (true, true, [-8, 0, 0, 0], 0),
    ] {
        let index = Index { smallest, last };
        let inner = if last { 3 - y } else { y };
        for claimed in (0..4).filter(|i| *i != inner) {
            // The first variables say of each but the last whether it is before the selected; then comes the selected value.
            let at = if last { 3 - claimed } else { claimed };
            let value = if smallest { -x[at as usize] } else { x[at as usize] };
            let mut lies: Vec<(usize, i64)> = (0..3).map(|i| (i, i64::from((i as i64) < claimed))).collect();
            lies.push((3, value));
            refused(&index, &x, y, &lies);
            // The greatest value kept.
            refused(&index, &x, y, &lies[..3]);
        }
    }
}

/// One layer behind a dense one, or of two tensors.
fn network(add: impl Fn(&mut Graph, zkml::graph::NodeId) -> zkml::graph::NodeId) -> Quantized {
    let mut graph = Graph::new("model", Shape::new([3])).with_range(Range::Real(-2.0, 2.0)).unwrap();
    let x = graph.add("dense", Args::new().with("units", 2), &[graph.input()]).unwrap();
    add(&mut graph, x);
    cheap(graph, Visible::Public)
}

#[test]
fn no_lie_about_any_variable_of_a_network_changes_its_answer() {
    let one = |layer: &'static str, args: Args| network(move |g, x| g.add(layer, args.clone(), &[x]).unwrap());
    let two = |layer: &'static str| {
        network(move |g, x| {
            let y = g.add("abs", Args::new(), &[x]).unwrap();
            g.add(layer, Args::new(), &[x, y]).unwrap()
        })
    };
    let networks = [
        ("abs", one("abs", Args::new())),
        ("sign", one("sign", Args::new())),
        ("relu6", one("relu6", Args::new())),
        ("clip", one("clip", Args::new().with("min", -0.3).with("max", 0.4))),
        ("leaky_relu", one("leaky_relu", Args::new().with("alpha", 0.3))),
        ("leaky_relu, falling", one("leaky_relu", Args::new().with("alpha", -0.3))),
        ("prelu", one("prelu", Args::new())),
        ("thresholded_relu", one("thresholded_relu", Args::new().with("alpha", 0.25))),
        ("hard_sigmoid", one("hard_sigmoid", Args::new())),
        ("hard_swish", one("hard_swish", Args::new())),
        ("zanh", one("zanh", Args::new())),
        ("argmin", one("argmin", Args::new().with("last", true))),
        ("reduce_min", one("reduce_min", Args::new().with("axes", Literal::List(vec![0])))),
        ("minimum", two("minimum")),
        ("greater", two("greater")),
        ("equal", two("equal")),
    ];
    for (name, quantized) in networks {
        let mut plan = quantized.plan().clone();
        let last = quantized.graph().output().0;
        let shift = if matches!(name, "sign" | "argmin" | "greater" | "equal") { 0 } else { 2 };
        plan.scales[last] += plan.steps[last].shift as i32 - shift as i32;
        (plan.steps[last].shift, plan.steps[last].saturate) = (shift, None);
        for quantized in [quantized.model().quantize_to(&plan).unwrap(), quantized] {
            let circuit = quantized.circuit_for(OPEN).unwrap();
            refuse_all(name, &circuit, &quantized, &samples(quantized.graph(), 1), 0);
        }
    }
}
