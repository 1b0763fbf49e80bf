//! Message binding: a message of any length behind four public inputs, `C_m = Poseidon(tag, m)`, `ctx`, `z` and `v = sum_i m_i z^i`
//!
//! The verifier, a contract, has the message. It computes `z = keccak256(tag, ctx, root, C_m, m) mod p` and `v` itself, which takes a
//! multiplication an element, where as many public inputs would take one on the curve each.
//!
//! # Soundness
//! The circuit has a message `m'`. `C_m` determines it, up to a collision of Poseidon, and `z` depends on `C_m`: so `m'` is fixed before `z`
//! is known. If `m'` is not `m`, `sum_i (m'_i - m_i) z^i` is a polynomial that is not zero, of degree below `n`, and `z` is one of its
//! roots with probability at most `n / p`, `z` being a hash of all that either depends on. So `m'` is `m`, element for element.
//!
//! This holds if the verifier computes `z` and `v`, checks that every element is below `p`, and that there are as many as the circuit has.

use ark_bn254::Fr;
use ark_ff::Zero;

use crate::{
    evm,
    gadget::{FieldCs, hash::chain},
    number::Cost,
    plan::synthesis::Row,
    prove::PublicKind,
};

/// What a message is of: the tag of its hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// Samples of a dataset.
    Data,
    /// Encrypted weights.
    Delivery,
}

impl Tag {
    /// Its name, of at most 32 bytes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Data => "zkml bounty data 1",
            Self::Delivery => "zkml bounty delivery 1",
        }
    }

    /// Its name as a word of Solidity: `bytes32(name)`, zeros to the right.
    pub fn word(self) -> [u8; 32] {
        let mut word = [0; 32];
        for (byte, letter) in word.iter_mut().zip(self.name().bytes()) {
            *byte = letter;
        }
        word
    }
}

/// `C_m = Poseidon(tag, m)`: the [digest](chain::digest) of the message.
pub fn digest(tag: Tag, message: &[Fr]) -> Fr {
    chain::digest(tag.name().as_bytes(), message)
}

pub use crate::evm::combine;

/// What of a binding the circuit does not make itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Who proves what to whom: see [`crate::bounty`].
    pub context: Fr,
    /// `z`.
    pub z: Fr,
}

/// A message bound: what its verifier computes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// `C_m`, which the prover says and the circuit computes.
    pub digest: Fr,
    /// `ctx` and `z`.
    pub challenge: Challenge,
    /// `v`.
    pub combination: Fr,
}

/// The binding of a message as a contract computes it: `z = keccak256(tag, ctx, root, C_m, m) mod p`, where the root is that of the
/// dataset, or the commitment to the weights.
pub fn bind(tag: Tag, context: Fr, root: Fr, message: &[Fr]) -> Binding {
    let digest = digest(tag, message);
    let z = evm::challenge(&tag.word(), context, root, digest, message);
    Binding { digest, challenge: Challenge { context, z }, combination: combine(z, message) }
}

/// Binding of `n` elements: a hash of all of them, `n - 1` products, and `C_m`, `ctx`, `z` and `v` as public inputs.
pub fn cost(n: usize) -> Cost {
    let products = n.saturating_sub(1);
    chain::cost(true, n) + Cost::new(products, products) + Cost::new(4, 2)
}

/// Enforces a binding, and publishes it: `C_m`, `ctx`, `z`, `v`, in this order. Their rows join the table.
///
/// # Constraints
/// See [`cost`].
///
/// # Soundness
/// `C_m` and `v` are functions of the message, as [`chain::enforce_digest`] is one, and of `z`. See [the module](self) for what the verifier does.
pub fn enforce<C: FieldCs>(cs: &mut C, tag: Tag, message: &[C::F], challenge: Option<&Challenge>, rows: &mut Vec<Row>) {
    let digest = chain::enforce_digest(cs, tag.name().as_bytes(), message);
    cs.label("message");
    let context = cs.field_witness(challenge.map(|c| c.context));
    let z = cs.field_witness(challenge.map(|c| c.z));
    let one = Fr::from(1u64);
    let v = message.iter().rev().fold(None, |v, m| {
        Some(match v {
            None => m.clone(),
            Some(v) => {
                let product = cs.field_product(&v, &z);
                cs.field_linear(&[(one, &product), (one, m)], Fr::zero())
            }
        })
    });
    let v = v.unwrap_or_else(|| cs.field_linear(&[], Fr::zero()));
    for (name, value) in [("message", &digest), ("context", &context), ("challenge", &z), ("combination", &v)] {
        cs.field_output(value);
        rows.push((name.to_owned(), 0, PublicKind::Element));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        arith::r1cs::{Assign, Build},
        dev::tamper::Harness,
    };

    fn message(n: u64) -> Vec<Fr> {
        (0..n).map(|i| Fr::from(i * i + 7)).collect()
    }

    const Z: u64 = 1_000_003;

    fn run<C: FieldCs>(cs: &mut C, n: u64) -> Vec<Row> {
        let wires: Vec<C::F> = message(n).into_iter().map(|m| cs.field_witness(Some(m))).collect();
        let challenge = Challenge { context: Fr::from(99u64), z: Fr::from(Z) };
        let mut rows = vec![];
        enforce(cs, Tag::Delivery, &wires, Some(&challenge), &mut rows);
        rows
    }

    #[test]
    fn natively_and_in_the_circuit_at_its_cost() {
        for n in [1, 2, 11, 30] {
            let mut build = Build::new();
            assert_eq!(run(&mut build, n).len(), 4);
            assert_eq!(Cost::new(build.constraints(), build.witnesses() - n as usize), cost(n as usize));
            let mut assign = Assign::new();
            run(&mut assign, n);
            let z = assign.finish();
            let m = message(n);
            let expected = [digest(Tag::Delivery, &m), Fr::from(99u64), Fr::from(Z), combine(Fr::from(Z), &m)];
            assert_eq!(z[1..5], expected);
            let (matrices, _, free) = build.finish();
            let harness = Harness::new(&matrices, &z, &free);
            assert!(harness.holds());
            if n == 11 {
                assert_eq!(harness.run(400), vec![]);
            }
        }
    }

    #[test]
    fn the_first_element_is_the_constant_term() {
        let m = message(3);
        let z = Fr::from(10u64);
        assert_eq!(combine(z, &m), m[0] + m[1] * z + m[2] * z * z);
        assert_eq!(combine(z, &[]), Fr::zero());
    }

    #[test]
    fn tags_are_words() {
        for tag in [Tag::Data, Tag::Delivery] {
            assert!(tag.name().len() <= 31);
            assert_eq!(&tag.word()[..tag.name().len()], tag.name().as_bytes());
            assert!(tag.word()[tag.name().len()..].iter().all(|byte| *byte == 0));
        }
        assert_ne!(digest(Tag::Data, &message(3)), digest(Tag::Delivery, &message(3)));
    }
}
