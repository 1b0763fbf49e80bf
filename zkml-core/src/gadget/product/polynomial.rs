//! Polynomial identities: `sum_i a_i(X) * b_i(X) = c(X)`, checked at a challenge `r` that is drawn when all coefficients are fixed

use std::collections::BTreeSet;

#[cfg(feature = "prove")]
use std::collections::BTreeMap;

#[cfg(feature = "prove")]
use ark_bn254::Fr;
#[cfg(feature = "prove")]
use ark_ff::{One, Zero};

#[cfg(feature = "prove")]
use crate::gadget::FieldCs;
#[cfg(feature = "prove")]
use crate::number::ArithError;
use crate::number::Cost;

/// Polynomial: its terms, by exponents that rise; there is at least one.
pub type Polynomial<F> = Vec<(usize, F)>;

/// Polynomial identities: sums of products of polynomials, and what they are equal to.
///
/// # Constraints
/// Horner's rule takes a product a term but the highest, and one more if the lowest exponent is not zero; a power of `r` a distinct gap between
/// exponents, by squaring and multiplying; and each product of two polynomials takes one, the last of a sum with the sum. See
/// [`Identities::cost`].
///
/// # Soundness
/// The coefficients are fixed before `r` is known: [`FieldCs::precedes_challenge`] is asked of every one. If both sides differ as polynomials, they
/// are equal at no more points than the degree of their difference (Schwartz and Zippel), which is below the number of rows that the exponents span, and
/// `r` is one of these with a probability of at most `1.14 * degree / p` a try.
#[derive(Clone, Debug, Default)]
pub struct Identities<F> {
    /// The polynomials.
    pub polynomials: Vec<Polynomial<F>>,
    /// For each identity, the factors of its products and what their sum is, all of them indices of polynomials. There is at least one
    /// product.
    pub sums: Vec<(Vec<(usize, usize)>, usize)>,
}

/// How a power of `r` is made of a lower one: its square, or `r` times it.
fn steps(gaps: &BTreeSet<usize>) -> Vec<(usize, usize)> {
    let (mut made, mut steps) = (BTreeSet::from([0, 1]), vec![]);
    for gap in gaps {
        let (mut chain, mut power) = (vec![], *gap);
        while made.insert(power) {
            let lower = if power.is_multiple_of(2) { power / 2 } else { power - 1 };
            chain.push((power, lower));
            power = lower;
        }
        steps.extend(chain.into_iter().rev());
    }
    steps
}

impl<F> Identities<F> {
    /// Adds a polynomial: its index.
    pub fn polynomial(&mut self, terms: Polynomial<F>) -> usize {
        self.polynomials.push(terms);
        self.polynomials.len() - 1
    }

    /// The powers of `r` that Horner's rule takes.
    fn gaps(&self) -> BTreeSet<usize> {
        let between = |terms: &[(usize, F)]| terms.windows(2).map(|pair| pair[1].0 - pair[0].0).collect::<Vec<_>>();
        let lowest =
            |terms: &[(usize, F)]| terms.first().map(|(exponent, _)| *exponent).filter(|exponent| *exponent > 0);
        self.polynomials.iter().flat_map(|terms| between(terms).into_iter().chain(lowest(terms))).collect()
    }

    /// What checking them costs, once `r` is known.
    pub fn cost(&self) -> Cost {
        let horner = |terms: &Polynomial<F>| {
            terms.len().saturating_sub(1) + usize::from(terms.first().is_some_and(|(exponent, _)| *exponent > 0))
        };
        let values = steps(&self.gaps()).len() + self.polynomials.iter().map(horner).sum::<usize>();
        let products: usize = self.sums.iter().map(|(products, _)| products.len()).sum();
        Cost::new(values + products, values + products - self.sums.len())
    }
}

#[cfg(feature = "prove")]
impl<F: Clone> Identities<F> {
    /// Enforces them at the challenge.
    ///
    /// # Errors
    /// If a coefficient is not fixed before it.
    pub fn enforce<C: FieldCs<F = F>>(&self, cs: &mut C, r: &F) -> Result<(), ArithError> {
        if self.polynomials.iter().flatten().any(|(_, c)| !cs.precedes_challenge(c)) {
            let message = "a coefficient of a polynomial identity is not fixed before the challenge is known; ask for the identity before";
            return Err(ArithError::Backend(message.to_owned()));
        }
        let one = cs.field_linear(&[], Fr::one());
        let mut powers = BTreeMap::from([(0, one.clone()), (1, r.clone())]);
        for (power, lower) in steps(&self.gaps()) {
            let (Some(a), Some(b)) = (powers.get(&lower), powers.get(&(power - lower))) else { continue };
            let product = cs.field_product(a, b);
            powers.insert(power, product);
        }
        let zero = cs.field_linear(&[], Fr::zero());
        let mut values = Vec::with_capacity(self.polynomials.len());
        for terms in &self.polynomials {
            let mut value: Option<(usize, F)> = None;
            for (exponent, coefficient) in terms.iter().rev() {
                let next = match &value {
                    None => coefficient.clone(),
                    Some((above, sum)) => {
                        let product = cs.field_product(sum, powers.get(&(above - exponent)).unwrap_or(&one));
                        cs.field_linear(&[(Fr::one(), &product), (Fr::one(), coefficient)], Fr::zero())
                    }
                };
                value = Some((*exponent, next));
            }
            values.push(match value {
                None => zero.clone(),
                Some((0, value)) => value,
                Some((lowest, value)) => cs.field_product(&value, powers.get(&lowest).unwrap_or(&one)),
            });
        }
        for (products, sum) in &self.sums {
            let Some(((a, b), others)) = products.split_last() else { continue };
            let others: Vec<F> = others.iter().map(|(a, b)| cs.field_product(&values[*a], &values[*b])).collect();
            let mut terms = vec![(Fr::one(), &values[*sum])];
            terms.extend(others.iter().map(|product| (-Fr::one(), product)));
            let last = cs.field_linear(&terms, Fr::zero());
            cs.field_enforce(&values[*a], &values[*b], &last);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_power_is_made_of_what_is_there() {
        for gaps in [vec![], vec![1], vec![7], vec![2, 3, 29], vec![1000], (0..40).collect()] {
            let gaps: BTreeSet<usize> = gaps.into_iter().collect();
            let mut made = BTreeSet::from([0, 1]);
            for (power, lower) in steps(&gaps) {
                assert!(made.contains(&lower) && made.contains(&(power - lower)), "{power} of {lower}");
                assert!(made.insert(power));
            }
            assert!(gaps.is_subset(&made));
        }
        assert_eq!(steps(&BTreeSet::from([29])).len(), 7);
    }
}
