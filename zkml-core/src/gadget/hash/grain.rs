//! Grain register: `b_(i+80) = b_(i+62) + b_(i+51) + b_(i+38) + b_(i+23) + b_(i+13) + b_i` modulo 2, which draws the constants and matrices of Poseidon
//!
//! Source: Grassi, Khovratovich, Rechberger, Roy, Schofnegger, "Poseidon" (USENIX Security 2021), appendix F.

use ark_bn254::Fr;
use ark_ff::{BigInt, Field, PrimeField};

/// The register, which starts with what the constants are for.
struct Grain {
    state: [bool; 80],
    head: usize,
}

impl Grain {
    /// For a prime field, the S-box `x^5`, and so many lanes and rounds.
    fn new(lanes: usize, full_rounds: usize, partial_rounds: usize) -> Self {
        let fields = [
            (1, 2),
            (0, 4),
            (Fr::MODULUS_BIT_SIZE as usize, 12),
            (lanes, 12),
            (full_rounds, 10),
            (partial_rounds, 10),
            ((1 << 30) - 1, 30),
        ];
        let mut state = [true; 80];
        let bits = fields.iter().flat_map(|(value, width)| (0..*width).rev().map(move |i| value >> i & 1 == 1));
        state.iter_mut().zip(bits).for_each(|(to, bit)| *to = bit);
        let mut grain = Self { state, head: 0 };
        (0..160).for_each(|_| {
            grain.clock();
        });
        grain
    }

    fn clock(&mut self) -> bool {
        let at = |i: usize| self.state[(self.head + i) % 80];
        let bit = at(62) ^ at(51) ^ at(38) ^ at(23) ^ at(13) ^ at(0);
        self.state[self.head] = bit;
        self.head = (self.head + 1) % 80;
        bit
    }

    /// The second bit of the next pair whose first is one.
    fn bit(&mut self) -> bool {
        while !self.clock() {
            self.clock();
        }
        self.clock()
    }

    /// The number of the next bits, the highest first.
    fn number(&mut self) -> BigInt<4> {
        let mut limbs = [0u64; 4];
        for i in (0..Fr::MODULUS_BIT_SIZE as usize).rev() {
            limbs[i / 64] |= u64::from(self.bit()) << (i % 64);
        }
        BigInt(limbs)
    }

    /// The next number that is below the modulus.
    fn below(&mut self) -> Fr {
        loop {
            if let Some(x) = Fr::from_bigint(self.number()) {
                return x;
            }
        }
    }

    /// The next number, modulo the modulus.
    fn modulo(&mut self) -> Fr {
        let bytes: Vec<u8> = self.number().0.iter().flat_map(|limb| limb.to_le_bytes()).collect();
        Fr::from_le_bytes_mod_order(&bytes)
    }
}

/// The constants, as many a round as there are lanes, and the matrix `1 / (x_i + y_j)`.
pub(super) fn parameters(lanes: usize, full_rounds: usize, partial_rounds: usize) -> (Vec<Fr>, Vec<Vec<Fr>>) {
    let mut grain = Grain::new(lanes, full_rounds, partial_rounds);
    let constants = (0..(full_rounds + partial_rounds) * lanes).map(|_| grain.below()).collect();
    let [x, y] = [(); 2].map(|()| (0..lanes).map(|_| grain.modulo()).collect::<Vec<_>>());
    // No sum is zero for the numbers of lanes that there are: see the test.
    let entry = |x: &Fr, y: &Fr| (*x + y).inverse().unwrap_or_default();
    (constants, x.iter().map(|x| y.iter().map(|y| entry(x, y)).collect()).collect())
}

#[cfg(test)]
mod tests {
    use ark_crypto_primitives::sponge::poseidon::find_poseidon_ark_and_mds;
    use ark_ff::Zero;

    use super::*;

    #[test]
    fn arkworks_draws_the_same() {
        for (lanes, full, partial) in [(2, 8, 56), (3, 8, 57), (5, 8, 60), (13, 8, 65), (4, 6, 3)] {
            let bits = u64::from(Fr::MODULUS_BIT_SIZE);
            let theirs = find_poseidon_ark_and_mds::<Fr>(bits, lanes - 1, full as u64, partial as u64, 0);
            let (constants, matrix) = parameters(lanes, full, partial);
            assert_eq!(constants, theirs.0.concat());
            assert_eq!(matrix, theirs.1);
            assert!(matrix.iter().flatten().all(|entry| !entry.is_zero()));
        }
    }
}
