//! Chain of Poseidon hashes over many elements: `h_0 = start`, `h_{i+1} = Poseidon(h_i, e_{11 i + 1}, .., e_{11 i + 11})`
//!
//! Zeros pad the last block. The last `h` determines all elements, up to a collision, where the start determines their number.

use ark_bn254::Fr;
use ark_ff::{PrimeField, Zero};

use crate::{
    gadget::{
        FieldCs,
        hash::poseidon::{self, Lane},
    },
    number::Cost,
};

/// The elements that one hash takes, after the hash before it.
pub const BLOCK: usize = poseidon::MAX_INPUTS - 1;

/// A domain tag as a field element: the big-endian integer of its bytes.
pub fn tag(tag: &[u8]) -> Fr {
    Fr::from_be_bytes_mod_order(tag)
}

/// The end of a chain.
pub fn eval(start: Fr, elements: &[Fr]) -> Fr {
    elements.chunks(BLOCK).fold(start, |hash, block| {
        let mut inputs = [Fr::zero(); BLOCK + 1];
        inputs[0] = hash;
        inputs[1..=block.len()].copy_from_slice(block);
        poseidon::eval(&inputs)
    })
}

/// Hash of a list, `start = Poseidon(tag, n)`: lists of other tags or lengths never have the same, but for a collision.
///
/// ```
/// # use zkml_core::{gadget::hash::chain::digest, prove::Fr};
/// let [one, zero] = [Fr::from(1), Fr::from(0)];
/// assert_ne!(digest(b"a", &[one]), digest(b"a", &[one, zero]));
/// assert_ne!(digest(b"a", &[one]), digest(b"b", &[one]));
/// ```
pub fn digest(name: &[u8], elements: &[Fr]) -> Fr {
    eval(start(name, elements.len()), elements)
}

fn start(name: &[u8], length: usize) -> Fr {
    poseidon::eval(&[tag(name), Fr::from(length as u64)])
}

/// A chain over `n` elements: 504 constraints for each of the `ceil(n / 11)` blocks, less three for every zero that pads the last one
/// and, where the circuit knows the start, for that.
pub fn cost(start_is_known: bool, n: usize) -> Cost {
    let blocks = n.div_ceil(BLOCK);
    let known = |block: usize| {
        let padding = if block + 1 == blocks { blocks * BLOCK - n } else { 0 };
        1 + padding + usize::from(block == 0 && start_is_known)
    };
    (0..blocks).map(|block| poseidon::cost_permutation(BLOCK + 2, known(block))).sum()
}

/// Enforces a chain: the end, a linear combination of 13 variables; the start, where there are no elements.
///
/// # Constraints
/// See [`cost`].
///
/// # Soundness
/// As [`poseidon::enforce`]: nothing is assumed of the elements, and they determine the end.
pub fn enforce<C: FieldCs>(cs: &mut C, start: Lane<C::F>, elements: &[C::F]) -> C::F {
    let mut hash = start;
    for block in elements.chunks(BLOCK) {
        let mut inputs = vec![hash];
        inputs.extend(block.iter().cloned().map(Lane::Wire));
        inputs.resize(BLOCK + 1, Lane::Known(Fr::zero()));
        hash = Lane::Wire(poseidon::hash(cs, &inputs));
    }
    match hash {
        Lane::Wire(hash) => hash,
        Lane::Known(hash) => cs.field_linear(&[], hash),
    }
}

/// Enforces the hash of a list, whose length is the circuit's.
///
/// # Constraints
/// See [`cost`], with a known start.
///
/// # Soundness
/// As [`enforce`].
pub fn enforce_digest<C: FieldCs>(cs: &mut C, name: &[u8], elements: &[C::F]) -> C::F {
    cs.label("poseidon");
    enforce(cs, Lane::Known(start(name, elements.len())), elements)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        arith::r1cs::{Assign, Build},
        dev::tamper::Harness,
    };

    fn elements(n: usize) -> Vec<Fr> {
        (0..n as u64).map(|i| Fr::from(i * i + 3)).collect()
    }

    fn run<C: FieldCs>(cs: &mut C, n: usize, known: bool) -> C::F {
        let wires: Vec<C::F> = elements(n).into_iter().map(|e| cs.field_witness(Some(e))).collect();
        let end = if known {
            enforce_digest(cs, b"test", &wires)
        } else {
            let start = cs.field_witness(Some(Fr::from(5u64)));
            enforce(cs, Lane::Wire(start), &wires)
        };
        cs.field_output(&end);
        end
    }

    #[test]
    fn natively_and_in_the_circuit_at_its_cost() {
        for n in [0, 1, 10, 11, 12, 22, 40] {
            for known in [true, false] {
                let mut build = Build::new();
                run(&mut build, n, known);
                // The output; the elements and an unknown start are witness variables.
                let inputs = n + usize::from(!known);
                assert_eq!(Cost::new(build.constraints() - 1, build.witnesses() - inputs), cost(known, n), "{n}");
                let mut assign = Assign::new();
                let end = run(&mut assign, n, known);
                let expected = if known { digest(b"test", &elements(n)) } else { eval(Fr::from(5u64), &elements(n)) };
                assert_eq!(end, expected);
                let (matrices, _, free) = build.finish();
                let harness = Harness::new(&matrices, &assign.finish(), &free);
                assert!(harness.holds());
                if n == 12 {
                    assert_eq!(harness.run(200), vec![]);
                }
            }
        }
    }

    #[test]
    fn every_element_and_their_order_count() {
        let all = elements(23);
        let whole = digest(b"test", &all);
        for i in 0..all.len() {
            let mut other = all.clone();
            other[i] += Fr::from(1u64);
            assert_ne!(digest(b"test", &other), whole);
        }
        let mut swapped = all.clone();
        swapped.swap(0, 22);
        assert_ne!(digest(b"test", &swapped), whole);
        assert_ne!(digest(b"test", &all[..22]), whole);
    }
}
