//! Boolean logic: AND, NOT, and the comparison of a bit decomposition with a constant.

use crate::{
    gadget::{Cs, bits::zero},
    number::{Cost, Int},
};

/// The cost of [`all`] for so many bits.
pub(in crate::gadget) fn all_cost(n: usize) -> Cost {
    match n {
        0 | 1 => Cost::default(),
        2 => Cost::new(1, 1),
        3 => Cost::new(2, 2),
        _ => zero::cost(),
    }
}

/// AND: `1` if all bits are one, `0` otherwise.
///
/// # Soundness
/// Each must be a bit. Up to three are multiplied. Of more, the number of zeros is below the modulus, and the zero test
/// of it is a function of it.
pub(in crate::gadget) fn all<C: Cs>(cs: &mut C, bits: &[C::W]) -> C::W {
    match bits {
        [] => cs.constant(Int::ONE),
        [bit] => bit.clone(),
        [a, b] => cs.product(a, b),
        [a, b, c] => {
            let both = cs.product(a, b);
            cs.product(&both, c)
        }
        _ => {
            let terms: Vec<(Int, &C::W)> = bits.iter().map(|b| (-Int::ONE, b)).collect();
            let zeros = cs.linear(&terms, Int::from(bits.len() as u64));
            zero::enforce(cs, &zeros)
        }
    }
}

/// NOT: `1 - bit`.
pub(in crate::gadget) fn not<C: Cs>(cs: &mut C, bit: &C::W) -> C::W {
    cs.linear(&[(-Int::ONE, bit)], Int::ONE)
}

/// The runs of equal bits of a constant above its trailing zeros, the lowest first: ones, zeros, .., ones.
fn runs(limit: Int) -> Vec<(bool, usize)> {
    let mut runs: Vec<(bool, usize)> = Vec::new();
    for i in limit.trailing_zeros()..256 - limit.leading_zeros() {
        let one = (limit >> i) & Int::ONE == Int::ONE;
        match runs.last_mut() {
            Some((kind, length)) if *kind == one => *length += 1,
            _ => runs.push((one, 1)),
        }
    }
    runs
}

/// The cost of [`below`] for `n` bits, and the number of bits that it gives.
pub(in crate::gadget) fn below_cost(n: usize, limit: Int) -> (Cost, usize) {
    let top = 256 - limit.leading_zeros() as usize;
    if limit <= Int::ZERO || top > n {
        return (Cost::default(), usize::from(limit <= Int::ZERO));
    }
    let cost = runs(limit).iter().enumerate().map(|(i, (_, length))| all_cost(length + usize::from(i > 0))).sum();
    (cost, 1 + n - top)
}

/// Comparison with a constant: bits that are all one exactly if the number of these bits, the lowest first, is below `limit`.
///
/// # Constraints
/// For the lowest run of ones of `limit`, and for every further run of equal bits with one bit more, those of [`all`];
/// trailing zeros and the bits above the highest one cost nothing.
///
/// # Soundness
/// `reached` says whether the bits up to here are at least those of `limit`. Below a one, that needs the bit; below a
/// zero, the bit suffices. So it is a function of the bits, by [`all`].
pub(in crate::gadget) fn below<C: Cs>(cs: &mut C, bits: &[C::W], limit: Int) -> Vec<C::W> {
    let top = 256 - limit.leading_zeros() as usize;
    if limit <= Int::ZERO {
        return vec![cs.constant(Int::ZERO)];
    }
    if top > bits.len() {
        return vec![];
    }
    let mut at = limit.trailing_zeros() as usize;
    let mut reached: Option<C::W> = None;
    for (one, length) in runs(limit) {
        let run = &bits[at..at + length];
        at += length;
        reached = Some(if one {
            let mut needed: Vec<C::W> = run.to_vec();
            needed.extend(reached);
            all(cs, &needed)
        } else {
            let none: Vec<C::W> = run.iter().chain(&reached).map(|b| not(cs, b)).collect();
            let less = all(cs, &none);
            not(cs, &less)
        });
    }
    reached.iter().chain(&bits[at..]).map(|b| not(cs, b)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(n: usize, limit: i64) -> (usize, usize) {
        let (cost, terms) = below_cost(n, Int::from(limit));
        (cost.constraints, terms)
    }

    #[test]
    fn runs_start_above_the_trailing_zeros() {
        assert_eq!(runs(Int::from(0b110_0100)), [(true, 1), (false, 2), (true, 2)]);
        assert_eq!(runs(Int::from(8)), [(true, 1)]);
    }

    #[test]
    fn few_significant_bits_cost_little() {
        // A power of two is a look at the bits from there up.
        assert_eq!(count(8, 16), (0, 4));
        // 6 * 16 is 3 << 5: one product.
        assert_eq!(count(8, 96), (1, 2));
        assert_eq!(count(8, 255), (2, 1));
        assert_eq!(count(8, 0b1010_0000), (2, 1));
        // Out of reach, and never.
        assert_eq!(count(8, 256), (0, 0));
        assert_eq!(count(8, 0), (0, 1));
    }
}
