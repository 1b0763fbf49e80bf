//! Exponentials of a softmax, with the maximum subtracted: `y_i = table(max_j x_j - x_i)`, `sum_i y_i`, `max_j x_j`

use crate::{
    gadget::{Card, Cs, Functions, Gadget, Many, Piecewise, Wires, bits::zero, card},
    number::{Approximate, ArithError, Cost, Int, Integer, Interval, Measure},
};

/// Exponentials of a softmax: a table's values, such as `e^-x`, at the distance of each value from the largest; with their
/// sum, and the largest.
///
/// # Constraints
/// `10 * (bits + 7) + 1` for ten values of so many bits with their sign, and a table of four parabolas: in general the
/// table's, of a value that is never negative, and a zero test (2) each; and one more.
#[derive(Clone, Copy, Debug)]
pub struct Exponentials<'t> {
    /// The table, of distances.
    pub table: &'t Piecewise,
}

/// Exponentials, their sum and the maximum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shifted<W> {
    /// The table's value for each value.
    pub values: Vec<W>,
    /// Their sum.
    pub sum: W,
    /// The largest value.
    pub max: W,
}

impl Wires for Shifted<()> {
    type Of<W> = Shifted<W>;

    fn map<A, B>(all: Shifted<A>, mut f: impl FnMut(A) -> B) -> Shifted<B> {
        Shifted { values: all.values.into_iter().map(&mut f).collect(), sum: f(all.sum), max: f(all.max) }
    }

    fn map_ref<A, B>(all: &Shifted<A>, mut f: impl FnMut(&A) -> B) -> Shifted<B> {
        Shifted { values: all.values.iter().map(&mut f).collect(), sum: f(&all.sum), max: f(&all.max) }
    }

    fn zip<A, B>(a: Shifted<A>, b: Shifted<B>) -> Shifted<(A, B)> {
        Shifted { values: a.values.into_iter().zip(b.values).collect(), sum: (a.sum, b.sum), max: (a.max, b.max) }
    }

    fn refs<A>(all: &Shifted<A>) -> Shifted<&A> {
        Shifted { values: all.values.iter().collect(), sum: &all.sum, max: &all.max }
    }
}

/// The intervals of the distances from the largest: none is negative.
fn distances<'a>(values: impl Iterator<Item = &'a Interval> + Clone) -> Vec<Interval> {
    let most = values.clone().map(|v| v.hi).max().unwrap_or_default();
    values.map(|v| Interval { lo: Int::ZERO, hi: most - v.lo }).collect()
}

impl Gadget for Exponentials<'_> {
    const CARD: Card = Card {
        name: "exponentials",
        formula: "y_i = table(max_j x_j - x_i), sum_i y_i, max_j x_j",
        constraints: "10 * (bits + 7) + 1",
        example: |bits| {
            let of = card::signed(bits);
            Exponentials { table: &card::table(8)? }.cost(vec![&of; 10])
        },
        published: &[],
    };
    type In = Many;
    type Out = Shifted<()>;

    fn eval<T: Integer>(&self, values: Vec<T>) -> Shifted<T> {
        let max = values.iter().copied().max().unwrap_or(T::ZERO);
        let values: Vec<T> = values.iter().map(|x| self.table.at(max - *x)).collect();
        let sum = values.iter().fold(T::ZERO, |sum, y| sum + *y);
        Shifted { values, sum, max }
    }

    /// One of the distances is zero, which the sum's interval tells.
    ///
    /// # Errors
    /// If a value may outgrow the field.
    fn bound(&self, values: Vec<&Interval>) -> Result<Shifted<Interval>, ArithError> {
        let distances = distances(values.iter().copied());
        let all: Vec<Interval> = distances.iter().map(|i| self.table.bound(i)).collect::<Result<_, _>>()?;
        let (mut sum, mut gain) = (Interval::point(Int::ZERO), None::<Int>);
        let full = self.table.at(Int::ZERO);
        for y in &all {
            sum = sum.add(y)?;
            gain = Some(gain.map_or(full - y.lo, |g| g.min(full - y.lo)));
        }
        let sum = Interval::new(sum.lo + gain.unwrap_or_default(), sum.hi)?;
        let end = |f: fn(&Interval) -> Int| values.iter().map(|v| f(v)).max().unwrap_or_default();
        Ok(Shifted { values: all, sum, max: Interval::new(end(|v| v.lo), end(|v| v.hi))? })
    }

    fn error(
        &self,
        values: Vec<&Approximate>,
        _: &Shifted<Interval>,
        functions: &mut dyn Functions,
    ) -> Result<Shifted<f64>, ArithError> {
        let max = values.iter().fold(0.0, |m: f64, v| m.max(v.error));
        let all = distances(values.iter().map(|v| &v.interval)).into_iter().zip(&values);
        let all: Vec<f64> = all.map(|(d, v)| functions.error(self.table, &d, v.error + max)).collect();
        Ok(Shifted { sum: all.iter().sum(), values: all, max })
    }

    fn intermediate(&self, values: Vec<&Interval>) -> Result<u32, ArithError> {
        let distances = distances(values.iter().copied()).iter().map(Interval::bits).max();
        Ok(self.table.widest().max(distances.unwrap_or_default()))
    }

    /// # Errors
    /// If a value may outgrow the field.
    fn cost(&self, values: Vec<&Interval>) -> Result<Cost, ArithError> {
        if values.len() < 2 {
            return Ok(Cost::default());
        }
        let mut total = Cost::new(1, 2);
        for distance in distances(values.iter().copied()) {
            let known = usize::from(distance.is_point());
            total += self.table.cost(&distance)? + zero::cost() + Cost::new(known, 0);
        }
        Ok(total)
    }

    fn terms(&self, values: Vec<&Measure>) -> Result<Shifted<u32>, ArithError> {
        if values.len() < 2 {
            let max = values.first().map_or(0, |v| v.terms);
            return Ok(Shifted { values: vec![0; values.len()], sum: 0, max });
        }
        let all = distances(values.iter().map(|v| &v.interval)).into_iter().zip(&values);
        // The largest value is a variable.
        let distance =
            |(interval, value): (Interval, &&Measure)| Measure { interval, terms: value.terms.saturating_add(1) };
        let all: Vec<u32> = all.map(|v| self.table.terms(&distance(v))).collect::<Result<_, _>>()?;
        let sum = all.iter().fold(0, |sum: u32, n| sum.saturating_add(*n));
        Ok(Shifted { values: all, sum, max: 1 })
    }

    /// # Soundness
    /// Every `max - x_i` is cut into limbs as a value that is not negative (or, where it can only be zero, enforced to be), so that
    /// `max` is no less than any `x_i`. Each is tested for zero, and the sum of the answers has an inverse: it is not zero, so `max`
    /// is one of them. Both together leave one `max`, and the rest is a function of it.
    fn enforce<C: Cs>(&self, cs: &mut C, values: Vec<(&C::W, &Interval)>) -> Result<Shifted<C::W>, ArithError> {
        cs.label(Self::CARD.name);
        let (max, all) = if values.len() < 2 {
            let y = self.table.at(Int::ZERO);
            let max = values.first().map_or_else(|| cs.constant(Int::ZERO), |v| v.0.clone());
            (max, values.iter().map(|_| cs.constant(y)).collect())
        } else {
            self.largest(cs, &values)?
        };
        let terms: Vec<(Int, &C::W)> = all.iter().map(|w| (Int::ONE, w)).collect();
        let sum = cs.linear(&terms, Int::ZERO);
        Ok(Shifted { values: all, sum, max })
    }
}

impl Exponentials<'_> {
    /// The largest value of several, and the table's values.
    fn largest<C: Cs>(&self, cs: &mut C, values: &[(&C::W, &Interval)]) -> Result<(C::W, Vec<C::W>), ArithError> {
        let numbers: Option<Vec<Int>> = values.iter().map(|v| cs.value(v.0)).collect();
        let max = cs.witness(numbers.and_then(|n| n.into_iter().max()));
        let (mut all, mut zeros) = (Vec::new(), Vec::new());
        for ((value, _), interval) in values.iter().zip(distances(values.iter().map(|v| v.1))) {
            let distance = cs.linear(&[(Int::ONE, &max), (-Int::ONE, value)], Int::ZERO);
            if interval.is_point() {
                cs.enforce_zero(&distance);
            }
            all.push(self.table.enforce(cs, (&distance, &interval))?);
            cs.label(Self::CARD.name);
            zeros.push(zero::enforce(cs, &distance));
        }
        let terms: Vec<(Int, &C::W)> = zeros.iter().map(|z| (Int::ONE, z)).collect();
        let some = cs.linear(&terms, Int::ZERO);
        let one = cs.constant(Int::ONE);
        cs.inverse(&some, &one);
        Ok((max, all))
    }
}
