//! Whether a circuit has one witness for an input, by the bounds of its variables: interval propagation and bisection, over the
//! integers wherever nothing comes near the modulus. The search of [`crate::witnesses`] can't tell, because the bits of quotients and
//! roots stand in equations whose coefficients are no powers of two.

use std::collections::BTreeSet;

use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};
use zkml::{
    circuit::Circuit,
    graph::{Range, Visible},
    layer::{Args, Literal},
    number::{
        Int,
        field::{to_field, to_int},
        interval::{bit_len, pow2},
    },
    plan::Quantized,
    prove::Matrices,
    shape::Shape,
    tensor::Tensor,
};

use crate::common::{OPEN, cheap, graph, rng};

/// What is known of the witnesses for some values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is none but the expected one, but for free variables. Proven, after so many cases.
    Unique(usize),
    /// There is one where that variable is something else.
    Other(usize),
    /// The search gave up.
    Unknown(&'static str),
}

/// A state that no witness is in.
struct Contradiction;

/// What follows from a constraint, or that nothing can.
type Step = Result<(), Contradiction>;

/// Integers below this in magnitude that are equal in the field are equal: twice as much is still below the modulus.
const BITS: u32 = 252;

/// `sum_i c_i * x_i + rest`, over what is not known.
#[derive(Clone, PartialEq)]
struct Linear {
    terms: Vec<(Fr, usize)>,
    rest: Fr,
}

/// The same over the integers: `(c, x)` and the rest, and the least and greatest value.
struct Whole {
    terms: Vec<(Int, usize)>,
    lo: Int,
    hi: Int,
}

#[derive(Clone)]
struct State {
    values: Vec<Option<Fr>>,
    /// The ends of each variable, as an integer; none of what may be any element of the field.
    bounds: Vec<Option<(Int, Int)>>,
    /// The rows to look at.
    open: BTreeSet<usize>,
}

struct Search<'a> {
    matrices: &'a Matrices,
    rows: Vec<Vec<usize>>,
    expected: &'a [Fr],
    free: &'a [u32],
    left: usize,
}

/// Whether there is a witness with the first `known` values of the expected one, and others after. Over the whole field: each step
/// follows from a constraint, or splits the range of one variable into both of its halves.
pub fn verdict(matrices: &Matrices, expected: &[Fr], known: usize, free: &[u32], cases: usize) -> Verdict {
    let variables = matrices.instance + matrices.witness;
    let mut rows = vec![Vec::new(); variables];
    let mut state = State {
        values: vec![None; variables],
        bounds: vec![None; variables],
        open: (0..matrices.constraints()).collect(),
    };
    for row in 0..matrices.constraints() {
        let [a, b, c] = [0, 1, 2].map(|side| &matrices.abc[side][row]);
        a.iter().chain(b).chain(c).for_each(|(_, x)| rows[*x].push(row));
        // x * (1 - x) = 0
        if let ([(one, x)], [_, _], []) = (a.as_slice(), b.as_slice(), c.as_slice())
            && [(Fr::one(), 0), (-Fr::one(), *x)].iter().all(|term| b.contains(term))
            && one.is_one()
            && *x != 0
        {
            state.bounds[*x] = Some((Int::ZERO, Int::ONE));
        }
    }
    state.values[..known].copy_from_slice(&expected[..known].iter().copied().map(Some).collect::<Vec<_>>());
    let mut search = Search { matrices, rows, expected, free, left: cases };
    match search.descend(state) {
        None => Verdict::Unique(cases - search.left),
        Some(verdict) => verdict,
    }
}

impl Search<'_> {
    /// Anything but that all witnesses in this state are the expected one.
    fn descend(&mut self, mut state: State) -> Option<Verdict> {
        let Some(left) = self.left.checked_sub(1) else { return Some(Verdict::Unknown("too many cases")) };
        self.left = left;
        while let Some(row) = state.open.pop_first() {
            if self.follow(&mut state, row).is_err() {
                return None;
            }
        }
        let open = (0..self.matrices.constraints()).map(|row| (row, self.fold(&state, row)));
        let open: Vec<_> = open.filter(|(_, sides)| !settled(sides)).collect();
        if open.is_empty() {
            return self.compare(&state).map(Verdict::Other);
        }
        // Of a product that is zero, one factor is.
        let factors = |(_, sides): &&(usize, [Linear; 3])| {
            let [a, b, c] = sides;
            let one = a.terms.len() == 1 && b.terms.len() == 1 && either(sides).is_none();
            one && c.terms.is_empty() && c.rest.is_zero()
        };
        if let Some((_, [a, b, _])) = open.iter().find(factors) {
            return [a, b].into_iter().find_map(|factor| {
                let mut case = state.clone();
                self.zero(&mut case, factor).ok().and_then(|()| self.descend(case))
            });
        }
        // The variable that says most, of any row whose integers are known.
        let mut best: Option<(Int, usize)> = None;
        for (_, sides) in &open {
            let forms: Vec<Linear> = linear(sides).map_or_else(|| sides.to_vec(), |sum| vec![sum]);
            for whole in forms.iter().filter_map(|form| scaled(&state, form)) {
                for (c, x) in whole.terms {
                    let (lo, hi) = state.bounds[x].unwrap_or_default();
                    let says = c.abs().saturating_mul(hi - lo);
                    if best.is_none_or(|b| says > b.0) {
                        best = Some((says, x));
                    }
                }
            }
        }
        let Some((_, x)) = best else { return Some(Verdict::Unknown("a constraint of unbounded variables")) };
        let (lo, hi) = state.bounds[x].unwrap_or_default();
        let middle = (lo + hi) >> 1u32;
        [(lo, middle), (middle + Int::ONE, hi)].into_iter().find_map(|(lo, hi)| {
            let mut case = state.clone();
            self.bound(&mut case, x, lo, hi).ok().and_then(|()| self.descend(case))
        })
    }

    /// The first variable that is not as expected.
    fn compare(&self, state: &State) -> Option<usize> {
        let free = |x: usize| x.checked_sub(self.matrices.instance).is_some_and(|w| self.free.contains(&(w as u32)));
        (0..state.values.len()).find(|x| state.values[*x] != Some(self.expected[*x]) && !free(*x))
    }

    fn fold(&self, state: &State, row: usize) -> [Linear; 3] {
        [0, 1, 2].map(|side| {
            let mut sum = Linear { terms: vec![], rest: Fr::zero() };
            for (c, x) in &self.matrices.abc[side][row] {
                match state.values[*x] {
                    Some(value) => sum.rest += *c * value,
                    None => add(&mut sum.terms, *c, *x),
                }
            }
            sum.terms.retain(|t| !t.0.is_zero());
            sum
        })
    }

    /// What a row says.
    fn follow(&self, state: &mut State, row: usize) -> Step {
        let sides = self.fold(state, row);
        if let Some(sum) = linear(&sides) {
            return self.zero(state, &sum);
        }
        let [a, b, c] = &sides;
        if let Some(most) = either(&sides) {
            let to = (Int::ZERO, most);
            return if whole(state, a).is_some() { self.within(state, a, to) } else { self.define(state, a, to) };
        }
        let ends = |state: &State, form| whole(state, form).map(|w| (w.lo, w.hi));
        let (Some(x), Some(y)) = (ends(state, a), ends(state, b)) else { return Ok(()) };
        if c.terms.is_empty() && c.rest.is_zero() {
            let never = |(lo, hi): (Int, Int)| lo > Int::ZERO || hi < Int::ZERO;
            if never(x) {
                return self.zero(state, b);
            }
            return if never(y) { self.zero(state, a) } else { Ok(()) };
        }
        let largest = |(lo, hi): (Int, Int)| bit_len(lo.abs().max(hi.abs()));
        if largest(x) + largest(y) >= BITS {
            return Ok(());
        }
        let corners = [x.0 * y.0, x.0 * y.1, x.1 * y.0, x.1 * y.1];
        let mut product = corners.into_iter().fold((corners[0], corners[0]), |(l, h), x| (l.min(x), h.max(x)));
        let square = a == b;
        if square {
            product.0 = product.0.max(Int::ZERO);
        }
        let Some(sum) = whole(state, c) else { return self.define(state, c, product) };
        let sum = (sum.lo.max(product.0), sum.hi.min(product.1));
        self.within(state, c, sum)?;
        if square {
            if sum.1 < Int::ZERO {
                return Err(Contradiction);
            }
            let most = root(sum.1);
            let least = if x.0 >= Int::ZERO && sum.0 > Int::ZERO { root(sum.0 - Int::ONE) + Int::ONE } else { -most };
            return self.within(state, a, (least, most));
        }
        for (one, other, ends) in [(a, y, x), (b, x, y)] {
            if other.0 > Int::ZERO {
                let quotient = |n: Int, up: bool| {
                    let [p, q] = [other.0, other.1].map(|d| if up { ceil(n, d) } else { n.div_euclid(d) });
                    if up { p.max(q) } else { p.min(q) }
                };
                let to = (quotient(sum.0, false).max(ends.0), quotient(sum.1, true).min(ends.1));
                self.within(state, one, to)?;
            }
        }
        Ok(())
    }

    /// `sum = 0`.
    fn zero(&self, state: &mut State, sum: &Linear) -> Step {
        match sum.terms.as_slice() {
            [] => {
                if sum.rest.is_zero() {
                    Ok(())
                } else {
                    Err(Contradiction)
                }
            }
            [(c, x)] => {
                let value = -sum.rest / c;
                let integer = to_int(value);
                if state.bounds[*x].is_some_and(|(lo, hi)| integer < lo || integer > hi) {
                    return Err(Contradiction);
                }
                self.know(state, *x, value);
                Ok(())
            }
            terms => {
                for unit in units(terms) {
                    let sum = times(sum, unit);
                    if whole(state, &sum).is_some() {
                        return self.within(state, &sum, (Int::ZERO, Int::ZERO));
                    }
                }
                self.define(state, sum, (Int::ZERO, Int::ZERO))
            }
        }
    }

    /// `lo <= sum <= hi`, where one variable of the sum has no bounds yet.
    fn define(&self, state: &mut State, sum: &Linear, (lo, hi): (Int, Int)) -> Step {
        let unbounded: Vec<_> = sum.terms.iter().filter(|t| state.bounds[t.1].is_none()).collect();
        let [(c, x)] = unbounded.as_slice() else { return Ok(()) };
        let exact = lo == hi;
        // Of a range, only what is a unit of it divides.
        let unit = if exact { -Fr::one() / c } else { -*c };
        if !(exact || unit.is_one() || (-unit).is_one()) {
            return Ok(());
        }
        let mut rest = times(sum, unit);
        rest.terms.retain(|t| t.1 != *x);
        // x = rest - unit * sum
        let shift = if exact {
            rest.rest -= unit * to_field(lo);
            (Int::ZERO, Int::ZERO)
        } else if unit.is_one() {
            (-hi, -lo)
        } else {
            (lo, hi)
        };
        let Some(rest) = whole(state, &rest) else { return Ok(()) };
        let fits = |q: Int| bit_len(q.abs()) < BITS;
        let (lo, hi) = (rest.lo + shift.0, rest.hi + shift.1);
        if fits(lo) && fits(hi) { self.bound(state, *x, lo, hi) } else { Ok(()) }
    }

    /// `lo <= sum <= hi`, which says something of each variable, given the others.
    fn within(&self, state: &mut State, sum: &Linear, (lo, hi): (Int, Int)) -> Step {
        let Some(whole) = whole(state, sum) else { return Ok(()) };
        if whole.lo > hi || whole.hi < lo {
            return Err(Contradiction);
        }
        for (c, x) in whole.terms {
            let Some((least, most)) = state.bounds[x] else { continue };
            let (own, top) = if c > Int::ZERO { (c * least, c * most) } else { (c * most, c * least) };
            let (from, to) = (lo - (whole.hi - top), hi - (whole.lo - own));
            let (from, to) = if c > Int::ZERO { (from, to) } else { (-to, -from) };
            self.bound(state, x, ceil(from, c.abs()), to.div_euclid(c.abs()))?;
        }
        Ok(())
    }

    fn know(&self, state: &mut State, x: usize, value: Fr) {
        state.values[x] = Some(value);
        state.open.extend(&self.rows[x]);
    }

    fn bound(&self, state: &mut State, x: usize, lo: Int, hi: Int) -> Step {
        let before = state.bounds[x];
        let (lo, hi) = before.map_or((lo, hi), |(l, h)| (l.max(lo), h.min(hi)));
        if lo > hi {
            return Err(Contradiction);
        }
        if before != Some((lo, hi)) {
            state.bounds[x] = Some((lo, hi));
            state.open.extend(&self.rows[x]);
            if lo == hi && state.values[x].is_none() {
                self.know(state, x, to_field(lo));
            }
        }
        Ok(())
    }
}

fn add(terms: &mut Vec<(Fr, usize)>, c: Fr, x: usize) {
    match terms.iter_mut().find(|t| t.1 == x) {
        Some(term) => term.0 += c,
        None => terms.push((c, x)),
    }
}

fn times(sum: &Linear, unit: Fr) -> Linear {
    Linear { terms: sum.terms.iter().map(|(c, x)| (*c * unit, *x)).collect(), rest: sum.rest * unit }
}

/// The row as `sum = 0`, if one of its factors is known.
fn linear([a, b, c]: &[Linear; 3]) -> Option<Linear> {
    let (factor, other) = match (a.terms.is_empty(), b.terms.is_empty()) {
        (true, _) => (a.rest, b),
        (_, true) => (b.rest, a),
        _ => return None,
    };
    let mut sum = times(other, factor);
    sum.rest -= c.rest;
    c.terms.iter().for_each(|(k, x)| add(&mut sum.terms, -*k, *x));
    sum.terms.retain(|t| !t.0.is_zero());
    Some(sum)
}

/// The `k` of a row `a * (k - a) = 0`: the lowest bit of a decomposition is what the others leave of the number.
fn either([a, b, c]: &[Linear; 3]) -> Option<Int> {
    let zero = c.terms.is_empty() && c.rest.is_zero();
    let opposite = a.terms.len() == b.terms.len() && a.terms.iter().all(|(k, x)| b.terms.contains(&(-*k, *x)));
    let most = to_int(a.rest + b.rest);
    (zero && opposite && most >= Int::ZERO && bit_len(most) < BITS).then_some(most)
}

fn settled(sides: &[Linear; 3]) -> bool {
    linear(sides).is_some_and(|sum| sum.terms.is_empty() && sum.rest.is_zero())
}

/// What may make the coefficients of an equation small.
fn units(terms: &[(Fr, usize)]) -> Vec<Fr> {
    let ends = [terms[0].0, terms[terms.len() - 1].0];
    std::iter::once(Fr::one()).chain(ends.iter().filter_map(Fr::inverse)).collect()
}

/// An equation over the integers, in the first unit that fits.
fn scaled(state: &State, sum: &Linear) -> Option<Whole> {
    units(sum.terms.first().map(|_| sum.terms.as_slice())?).into_iter().find_map(|unit| whole(state, &times(sum, unit)))
}

/// The sum over the integers, if all is bounded and nothing comes near the modulus.
fn whole(state: &State, sum: &Linear) -> Option<Whole> {
    let rest = to_int(sum.rest);
    let mut whole = Whole { terms: vec![], lo: rest, hi: rest };
    let mut most = rest.abs();
    for (c, x) in &sum.terms {
        let (c, (lo, hi)) = (to_int(*c), state.bounds[*x]?);
        let largest = lo.abs().max(hi.abs());
        if bit_len(c.abs()) + bit_len(largest) > BITS {
            return None;
        }
        most += c.abs() * largest;
        if most >= pow2(BITS) {
            return None;
        }
        let ends = (c * lo, c * hi);
        whole.lo += ends.0.min(ends.1);
        whole.hi += ends.0.max(ends.1);
        whole.terms.push((c, *x));
    }
    (most < pow2(BITS)).then_some(whole)
}

fn ceil(n: Int, d: Int) -> Int {
    -(-n).div_euclid(d)
}

/// `floor(sqrt(n))`
fn root(n: Int) -> Int {
    let mut root = Int::ZERO;
    for bit in (0..BITS / 2).rev() {
        let next = root + pow2(bit);
        if next * next <= n {
            root = next;
        }
    }
    root
}

/// The circuit of one layer, on inputs that are all integers of a range.
struct Case {
    quantized: Quantized,
    circuit: Circuit,
}

impl Case {
    fn new(layer: &str, args: Args, shape: impl Into<Shape>, (lo, hi): (i64, i64)) -> Self {
        let quantized = cheap(graph(shape, Range::Whole(lo, hi), vec![(layer, args)]), Visible::Public);
        let circuit = quantized.circuit_for(OPEN).unwrap();
        Self { quantized, circuit }
    }

    /// Each input and its witness.
    fn all(&self) -> Vec<Vec<Fr>> {
        let graph = self.quantized.graph();
        let (shape, (lo, hi)) = (graph.shape(graph.input()), graph.range().unwrap().ends());
        let choices = (hi - lo) as usize + 1;
        let input = |n: usize| Tensor::from_fn(shape.clone(), |i| lo + (n / choices.pow(i as u32) % choices) as f64);
        let witness = |x| self.circuit.witness(&[x], &mut rng(5)).unwrap().0;
        (0..choices.pow(shape.len() as u32)).map(|n| witness(input(n))).collect()
    }

    fn verdict(&self, matrices: &Matrices, honest: &[Fr], cases: usize) -> Verdict {
        let graph = self.quantized.graph();
        verdict(matrices, honest, 1 + graph.shape(graph.input()).len(), self.circuit.free(), cases)
    }
}

fn cases() -> Vec<(&'static str, Case)> {
    let axis = || Args::new().with("axis", Literal::Int(0));
    vec![
        ("softmax of 2", Case::new("softmax", axis(), [2], (-3, 3))),
        ("softmax of 3", Case::new("softmax", axis(), [3], (-2, 2))),
        ("log_softmax of 2", Case::new("log_softmax", axis(), [2], (-3, 3))),
        ("log_softmax of 3", Case::new("log_softmax", axis(), [3], (-2, 2))),
        ("layer_norm of 2", Case::new("layer_norm", Args::new(), [2], (-3, 3))),
        ("layer_norm of 3", Case::new("layer_norm", Args::new(), [3], (-2, 2))),
        ("rms_norm of 2", Case::new("rms_norm", Args::new(), [2], (-3, 3))),
        ("rms_norm of 3", Case::new("rms_norm", Args::new(), [3], (-2, 2))),
        ("instance_norm of 2", Case::new("instance_norm", Args::new(), [1, 2], (-3, 3))),
    ]
}

#[test]
fn softmax_and_the_norms_have_one_witness_for_every_input() {
    for (name, case) in cases() {
        for honest in case.all() {
            let verdict = case.verdict(case.circuit.matrices(), &honest, 60);
            assert!(matches!(verdict, Verdict::Unique(n) if n <= 13), "{name}: {verdict:?} for {:?}", &honest[1..4]);
        }
    }
}

/// The search proves nothing of a circuit that lacks any one of its constraints; without some, it finds the second witness.
#[test]
fn no_circuit_that_lacks_a_constraint_is_proven() {
    for (name, case) in cases() {
        let (matrices, all) = (case.circuit.matrices(), case.all());
        let mut others = 0;
        for row in 0..matrices.constraints() {
            let mut less = matrices.clone();
            less.abc.iter_mut().for_each(|side| drop(side.remove(row)));
            let doubt = |honest: &Vec<Fr>| match case.verdict(&less, honest, 60) {
                Verdict::Unique(_) => None,
                verdict => Some(verdict),
            };
            match all.iter().find_map(doubt) {
                Some(Verdict::Other(_)) => others += 1,
                Some(Verdict::Unknown(_)) => {}
                Some(Verdict::Unique(_)) | None => panic!("{name}: unique without constraint {row}"),
            }
        }
        assert!(others >= 13, "{name}: {others}");
    }
}
