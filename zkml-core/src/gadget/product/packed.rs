//! Packed products: several outputs share each product, `sum_j p_j * x_j = sum_k 2^(ck) * y_k` for `p_j = sum_k 2^(ck) * w_kj`

use std::ops::Range;

#[cfg(feature = "prove")]
use ark_bn254::Fr;
#[cfg(feature = "prove")]
use ark_ff::{One, Zero};

use super::{consumer::Consumer, linear_map::LinearMap, polynomial::Identities, polynomial_products::Products};
use crate::number::{
    ArithError, Cost, Interval, Measure,
    cost::{self, settles},
};
#[cfg(feature = "prove")]
use crate::{
    gadget::{Cs, FieldCs},
    number::{
        Int,
        field::{self, to_field},
        interval::{self, pow2},
    },
};

/// How the sums are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    /// Product by product; the packed weights are variables if that is cheaper.
    Products { settled: bool },
    /// As an identity of polynomials, at a challenge.
    Identity,
}

/// How a linear map is made of packed products, and what is known of its outputs.
///
/// # Constraints
/// `k` filters share each product of a packed weight and an element, `n / k` in all of the `n` of the formula: or, in a system that has a
/// challenge, the rows of [polynomial identities](Identities), about one an element of the input, of a packed weight and of a packed
/// output. Each output is a variable, range-checked to `b + 1` bits, for the least `b` with all outputs below `2^b` in magnitude; `c = b + 1`
/// and `k = floor(253 / c)`. Where a [`Consumer`] confines the outputs, they have no range checks, and `c` is what it takes that no two values of an
/// output, its own or confined ones, are `2^c` or more apart.
///
/// # Soundness
/// Let `Y_k` be the sums of the formula, `y_k` the outputs. The products or the identity enforce
/// `sum_k 2^(ck) * y_k = sum_k 2^(ck) * Y_k` in the field, of values `-2^b <= y_k < 2^b` by their range checks, and `-2^b < Y_k < 2^b` by
/// the intervals of weights and elements, which are enforced where these were made. Each `y_k - Y_k` is below `2^c` in magnitude, so
/// the difference of both sides is below `2^253`, less than the order of the field, hence zero as an integer; modulo `2^c` the first
/// `y_k - Y_k` is zero, then the next.
///
/// `2^c` is as large as the range check of an output, though `1 + 2^b + M` would do for outputs of at most `M` in magnitude. So two lists of
/// outputs never have one packed sum, whatever it is: with registered weights, of which nobody has shown that they are in their ranges, an
/// input still has one answer.
///
/// Outputs without range checks are confined by constraints of others, [whatever they are](crate::gadget::Gadget::confines): then
/// `|y_k - Y_k| < 2^c` again, and two confined lists of outputs differ by less than `2^c` in each place. Of which outputs that holds is asked
/// when the circuit is complete, [by each output](crate::arith::r1cs::Owing), and all others get their range checks then.
#[derive(Clone, Debug)]
pub struct Packed {
    map: LinearMap,
    /// `b + 1`: the bits of an output, its sign among them, which are range-checked.
    digit: u32,
    /// `c`: how far apart outputs are in a packed sum.
    place: u32,
    /// Whether outputs have range checks of their own.
    checked: bool,
    /// Filters that share their products.
    groups: Vec<Range<usize>>,
    check: Check,
    /// The outputs, by filter and position.
    pub results: Vec<Measure>,
}

/// Most bits of a packed number: the order of the field is above `2^253`.
const BITS: u32 = 253;

/// The time of a range check of so many bits, in the unit of [`cost::ROW`].
fn range_time(bits: u32, looks_up: bool) -> usize {
    // Eleven bits a lookup, roughly.
    bits as usize * if looks_up { cost::LOOKUP / 11 } else { cost::ROW }
}

/// Whether packed products pay for a linear map of so many positions, and how: nothing if they take no less than `least`, in the unit of
/// [`cost::ROW`], or a factor is known. Counting and building ask here, and nowhere else.
///
/// # Errors
/// If an output may reach `2^250`.
pub fn decide(
    map: LinearMap,
    x: &[&Measure],
    w: &[&Measure],
    bias: &[&Measure],
    consumer: Option<&Consumer>,
    looks_up: bool,
    least: usize,
) -> Result<Option<Packed>, ArithError> {
    let filters = map.filters();
    if filters < 2 || x.iter().chain(w).any(|m| m.interval.is_point()) {
        return Ok(None);
    }
    let (products, _) = map.count();
    let terms = |of: &[&Measure]| of.iter().map(|m| m.terms as usize).max().unwrap_or(0);
    let (of_x, of_w) = (terms(x), terms(w));
    // As many filters as possible share a product, and outputs need a bit at least.
    if (products / filters.min(BITS as usize)).saturating_mul(cost::FULL) > least {
        return Ok(None);
    }
    let all = map.positions();
    let met: Vec<bool> = (0..all).map(|t| !map.taps(t).is_empty()).collect();
    let intervals = map.intervals(w, x, bias)?;
    let sums: Vec<usize> = (0..intervals.len()).filter(|i| met[i % all]).collect();
    let bits = sums.iter().map(|i| intervals[*i].bits()).max().unwrap_or(0);
    let result = |(i, interval): (usize, Interval)| {
        let terms = if met[i % all] { 1 } else { bias.get(i / all).map_or(0, |b| b.terms) };
        Measure { interval, terms }
    };
    let results: Vec<Measure> = intervals.into_iter().enumerate().map(result).collect();
    let digit = bits + 1;
    // A maximum of an output and a bias alone may be known to be the bias.
    let consumer = consumer.filter(|consumer| consumer.maxima == 0 || sums.len() == results.len());
    let sums: Vec<&Interval> = sums.iter().map(|i| &results[*i].interval).collect();
    let apart = consumer.and_then(|consumer| consumer.apart(&sums, looks_up));
    let terms = (of_x, of_w);
    let ways = std::iter::once((digit, true)).chain(apart.map(|apart| (apart.max(digit), false)));
    let mut best: Option<(usize, Packed)> = None;
    for (place, checked) in ways {
        let packed = Packed {
            map,
            digit,
            place,
            checked,
            groups: vec![],
            check: Check::Products { settled: false },
            results: vec![],
        };
        let found = packed.grouped(terms, looks_up);
        best = match (best, found) {
            (Some((least, _)), Some((time, packed))) if time < least => Some((time, packed)),
            (best, found) => best.or(found),
        };
    }
    Ok(best.filter(|(time, _)| *time < least).map(|(_, packed)| Packed { results, ..packed }))
}

impl Packed {
    /// The way that takes the least time, for elements and weights of so many terms, and its time; nothing if no two outputs share a product.
    fn grouped(mut self, (of_x, of_w): (usize, usize), looks_up: bool) -> Option<(usize, Self)> {
        let most = (BITS / self.place) as usize;
        if most < 2 {
            return None;
        }
        let (filters, length) = (self.map.filters(), self.map.length());
        let (products, positions) = self.map.count();
        let count = filters.div_ceil(most);
        let groups: Vec<Range<usize>> = (0..count).map(|g| g * filters / count..(g + 1) * filters / count).collect();
        let ranges = self.ranges().saturating_mul(range_time(self.digit, looks_up));
        let packed_terms = of_w.saturating_mul(filters.div_ceil(count));
        let settled = settles(u32::try_from(packed_terms).unwrap_or(u32::MAX), positions);
        let entries = if settled { 1 } else { packed_terms } + of_x + 1;
        let mut time = products.saturating_mul(count).saturating_mul(cost::ROW + cost::FULL + entries);
        if settled {
            time = time.saturating_add(count * length * (cost::ROW + 2 * cost::FULL + packed_terms));
        }
        (self.groups, self.check) = (groups, Check::Products { settled });
        let mut time = time.saturating_add(ranges);
        if looks_up && self.map.has_products() {
            let identity = self.identity_time((of_x, packed_terms)).saturating_add(ranges);
            if identity < time {
                (time, self.check) = (identity, Check::Identity);
            }
        }
        Some((time, self))
    }

    /// The bits of the range check of an output, whose magnitude has one less.
    pub fn digit(&self) -> u32 {
        self.digit
    }

    /// The same by products, or by an identity.
    #[cfg(test)]
    pub(crate) fn by_identity(mut self, identity: bool) -> Self {
        let settled = matches!(self.check, Check::Products { settled: true });
        self.check = if identity { Check::Identity } else { Check::Products { settled } };
        self
    }

    /// The same with packed weights that are variables.
    #[cfg(test)]
    pub(crate) fn settled(mut self) -> Self {
        self.check = Check::Products { settled: true };
        self
    }

    /// The same with range checks of other bits, and outputs so far apart: unsound.
    #[cfg(test)]
    pub(crate) fn broken(mut self, digit: u32, place: u32) -> Self {
        (self.digit, self.place) = (digit, place);
        self
    }

    /// The most outputs that share a product.
    #[cfg(test)]
    pub(crate) fn shared(&self) -> usize {
        self.groups.iter().map(ExactSizeIterator::len).max().unwrap_or(0)
    }

    /// How many outputs are variables.
    fn outputs(&self) -> usize {
        self.map.count().1 * self.map.filters()
    }

    /// How many outputs are range-checked.
    pub fn ranges(&self) -> usize {
        if self.checked { self.outputs() } else { 0 }
    }

    /// The place of outputs that are variables without range checks; nothing if there are none.
    pub fn owes(&self) -> Option<u32> {
        (!self.checked).then_some(self.place)
    }

    /// Whether an output at this position is a variable, and not a bias alone.
    pub fn is_sum(&self, position: usize) -> bool {
        !self.map.taps(position).is_empty()
    }

    /// How many positions there are.
    pub fn positions(&self) -> usize {
        self.map.positions()
    }

    /// The range check of an output.
    #[cfg(feature = "prove")]
    pub fn range<C: Cs>(cs: &mut C, y: &C::W, digit: u32) {
        let raised = cs.linear(&[(Int::ONE, y)], pow2(digit - 1));
        cs.range(&raised, digit);
    }

    /// Whether it takes a challenge.
    pub fn takes_challenge(&self) -> bool {
        self.check == Check::Identity
    }

    /// Constraints and variables, without those of range checks and of what is checked at a challenge.
    pub fn cost(&self) -> Cost {
        let ((products, positions), groups) = (self.map.count(), self.groups.len());
        let outputs = self.outputs();
        match self.check {
            Check::Products { settled } => {
                let settled = if settled { groups * self.map.length() } else { 0 };
                let products = products * groups;
                Cost::new(products + settled, products - positions * groups + settled + outputs)
            }
            Check::Identity => {
                let beside = self.map.products().support.len() - positions;
                Cost::new(0, beside * groups + outputs)
            }
        }
    }

    /// Constraints of products if any part of an output could share one with others: less for every bit that an output has less, where the
    /// [cost](Self::cost) falls in steps.
    pub fn constraints_by_bits(&self) -> usize {
        let outputs = self.map.count().0.saturating_mul(self.map.filters());
        outputs.saturating_mul(self.place as usize) / BITS as usize
    }

    /// What is checked at a challenge.
    pub fn closing_cost(&self) -> Cost {
        match self.check {
            Check::Products { .. } => Cost::default(),
            Check::Identity => self.identities(&self.map.products(), |_, _| (), |_| (), |_, _| ()).cost(),
        }
    }

    /// The time of an identity, for elements and packed weights of so many terms.
    fn identity_time(&self, (of_x, of_p): (usize, usize)) -> usize {
        let products = self.map.products();
        let groups = self.groups.len();
        let (kernels, inputs) =
            products.factors.iter().fold((0, 0), |(a, b), [p, x]| (a + p.len() * groups, b + x.len()));
        let sums = products.support.len() * groups;
        // A product of Horner's rule has a variable that enters the next, and a coefficient.
        let horner = (kernels + inputs + sums).saturating_mul(cost::HORNER) + kernels * of_p + inputs * of_x;
        let beside = (sums - self.map.count().1 * groups).saturating_mul(2 * cost::FULL);
        // The value of an input is the second factor.
        let values = products.factors.len().saturating_mul(groups * (cost::ROW + cost::FULL) + cost::FULL_SECOND);
        horner.saturating_add(beside).saturating_add(values)
    }

    /// The identities of all groups, of packed weights by group and place, elements, and packed outputs by group and exponent.
    fn identities<F: Clone>(
        &self,
        products: &Products,
        mut weight: impl FnMut(usize, usize) -> F,
        element: impl Fn(usize) -> F,
        mut output: impl FnMut(usize, usize) -> F,
    ) -> Identities<F> {
        let mut all = Identities { polynomials: vec![], sums: vec![] };
        let terms = |terms: &[(usize, usize)]| terms.iter().map(|(e, i)| (*e, element(*i))).collect();
        let inputs: Vec<usize> = products.factors.iter().map(|[_, input]| all.polynomial(terms(input))).collect();
        for g in 0..self.groups.len() {
            let factors = products.factors.iter().zip(&inputs);
            let factors = factors.map(|([kernel, _], input)| {
                let kernel = kernel.iter().map(|(e, j)| (*e, weight(g, *j))).collect();
                (all.polynomial(kernel), *input)
            });
            let factors: Vec<(usize, usize)> = factors.collect();
            let sum = products.support.iter().map(|e| (*e, output(g, *e))).collect();
            let sum = all.polynomial(sum);
            if !factors.is_empty() {
                all.sums.push((factors, sum));
            }
        }
        all
    }
}

/// The outputs, by filter and position, each a variable.
///
/// # Errors
/// If an identity is asked for where there is no challenge.
#[cfg(feature = "prove")]
pub fn enforce<C: FieldCs>(
    cs: &mut C,
    packed: &Packed,
    (x, w): (&[&C::W], &[&C::W]),
    bias: &[&C::W],
) -> Result<Vec<C::W>, ArithError> {
    let Packed { map, digit, place, checked, groups, check, .. } = packed;
    let (length, positions) = (map.length(), map.positions());
    cs.label("product");
    let known = |cs: &C, of: &[&C::W]| of.iter().map(|w| cs.value(w)).collect::<Option<Vec<Int>>>();
    let values = known(cs, x).zip(known(cs, w)).zip(known(cs, bias));
    let elements: Vec<C::F> = x.iter().map(|x| cs.lift(x)).collect();
    let places: Vec<Fr> = field::places(*place).take((BITS / place) as usize).collect();

    // Packed weights, by group and place.
    let mut weights: Vec<Vec<C::F>> = Vec::with_capacity(groups.len());
    // A weight that meets no element is in no product.
    let mut meets = vec![false; length];
    (0..positions).flat_map(|t| map.taps(t)).for_each(|(j, _)| meets[j] = true);
    for group in groups {
        let (products, settled) = match check {
            Check::Products { settled } => (true, *settled),
            Check::Identity => (false, false),
        };
        let packed = |j: usize| {
            let of_group: Vec<&C::W> = group.clone().map(|f| w[f * length + j]).collect();
            cs.packed(&of_group, *place, settled, products && meets[j])
        };
        weights.push((0..length).map(packed).collect());
    }

    // Packed biases: a part of the sum of each position that has products.
    let mut biases: Vec<Option<C::F>> = vec![None; groups.len()];
    if !bias.is_empty() && (0..positions).any(|t| !map.taps(t).is_empty()) {
        for (group, packed_bias) in groups.iter().zip(&mut biases) {
            let of_group: Vec<&C::W> = group.clone().filter_map(|f| bias.get(f).copied()).collect();
            *packed_bias = Some(cs.packed(&of_group, *place, false, false));
        }
    }

    // Outputs, and for each group what their products sum up to: nothing for a position without products.
    let zero = cs.constant(Int::ZERO);
    let mut outputs = vec![zero; map.filters() * positions];
    let mut sums: Vec<Vec<Option<C::F>>> = vec![vec![None; positions]; groups.len()];
    for t in 0..positions {
        let taps = map.taps(t);
        for ((group, packed_bias), sums) in groups.iter().zip(&biases).zip(&mut sums) {
            let mut parts = vec![];
            for (k, f) in group.clone().enumerate() {
                if taps.is_empty() {
                    if let Some(bias) = bias.get(f) {
                        outputs[f * positions + t] = (*bias).clone();
                    }
                    continue;
                }
                let value = values.as_ref().map(|((x, w), bias)| {
                    let bias = bias.get(f).copied().unwrap_or(Int::ZERO);
                    taps.iter().fold(bias, |sum, (j, i)| sum.wrapping_add(interval::product(w[f * length + j], x[*i])))
                });
                let y = cs.witness(value);
                if *checked {
                    Packed::range(cs, &y, *digit);
                }
                parts.push((places[k], cs.lift(&y)));
                outputs[f * positions + t] = y;
            }
            if !taps.is_empty() {
                parts.extend(packed_bias.iter().map(|bias| (-Fr::one(), bias.clone())));
                let terms: Vec<(Fr, &C::F)> = parts.iter().map(|(c, part)| (*c, part)).collect();
                sums[t] = Some(cs.field_linear(&terms, Fr::zero()));
            }
        }
    }

    if let Check::Products { .. } = check {
        for t in 0..positions {
            let taps = map.taps(t);
            for (weights, sums) in weights.iter().zip(&sums) {
                let (Some(((j, i), others)), Some(sum)) = (taps.split_last(), &sums[t]) else { continue };
                let others: Vec<C::F> =
                    others.iter().map(|(j, i)| cs.field_product(&weights[*j], &elements[*i])).collect();
                let mut terms = vec![(Fr::one(), sum)];
                terms.extend(others.iter().map(|product| (-Fr::one(), product)));
                let last = cs.field_linear(&terms, Fr::zero());
                cs.field_enforce(&weights[*j], &elements[*i], &last);
            }
        }
        return Ok(outputs);
    }

    // Coefficients beside the outputs: variables of which only the identity says what they are.
    let products = map.products();
    let highest = products.support.last().map_or(0, |highest| highest + 1);
    let mut position = vec![None; highest];
    for (t, exponent) in products.outputs.iter().enumerate() {
        if let Some(place) = exponent.and_then(|exponent| position.get_mut(exponent)) {
            *place = Some(t);
        }
    }
    let mut coefficients: Vec<Vec<Option<C::F>>> = Vec::with_capacity(groups.len());
    for (group, sums) in groups.iter().zip(&sums) {
        let beside = values.as_ref().map(|((x, w), _)| {
            let mut packed = vec![Fr::zero(); length];
            for (f, place) in group.clone().zip(&places) {
                packed.iter_mut().zip(&w[f * length..]).for_each(|(sum, w)| *sum += *place * to_field(*w));
            }
            products.beside(&position, &packed, x)
        });
        let mut of_group = vec![None; highest];
        for exponent in &products.support {
            of_group[*exponent] = match position[*exponent] {
                Some(t) => sums[t].clone(),
                None => Some(cs.field_witness(beside.as_ref().map(|beside| beside[*exponent]))),
            };
        }
        coefficients.push(of_group);
    }
    let none = cs.field_linear(&[], Fr::zero());
    let coefficient = |g: usize, e: usize| coefficients[g][e].clone().unwrap_or_else(|| none.clone());
    let identities = packed.identities(&products, |g, j| weights[g][j].clone(), |i| elements[i].clone(), coefficient);
    cs.identities(identities)?;
    Ok(outputs)
}
