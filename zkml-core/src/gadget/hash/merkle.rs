//! Merkle tree of Poseidon hashes: `node = Poseidon(left, right)`
//!
//! A tree of depth `d` has `2^d` leaves; those that are missing are zero, which no hash is. The depth is a constant of the circuit, so that an
//! inner node is never taken for a leaf.
//!
//! Source: Merkle, "A Digital Signature Based on a Conventional Encryption Function" (CRYPTO 1987); the nodes are those of circomlibjs'
//! `poseidon([left, right])`.

use ark_bn254::Fr;
use ark_ff::Zero;

use crate::{
    gadget::{FieldCs, hash::poseidon},
    number::Cost,
};

/// All nodes of a tree: the leaves first, the root last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    levels: Vec<Vec<Fr>>,
}

impl Tree {
    /// The tree of this depth over these leaves; `None` if they are more than `2^depth`, or the depth is above 32.
    ///
    /// ```
    /// # use zkml_core::{gadget::hash::merkle::{Tree, root}, prove::Fr};
    /// let leaves = [3, 4, 5].map(Fr::from);
    /// let tree = Tree::new(2, &leaves).ok_or("too many leaves")?;
    /// assert_eq!(root(leaves[2], 2, &tree.path(2)), tree.root());
    /// assert_ne!(root(leaves[2], 1, &tree.path(2)), tree.root());
    /// # Ok::<(), &str>(())
    /// ```
    pub fn new(depth: usize, leaves: &[Fr]) -> Option<Self> {
        if depth > 32 || leaves.len() as u64 > 1 << depth {
            return None;
        }
        let mut levels = vec![leaves.to_vec()];
        let mut missing = Fr::zero();
        for _ in 0..depth {
            let below = levels.last()?;
            let node = |pair: &[Fr]| poseidon::eval(&[pair[0], pair.get(1).copied().unwrap_or(missing)]);
            let mut level: Vec<Fr> = below.chunks(2).map(node).collect();
            missing = poseidon::eval(&[missing, missing]);
            if level.is_empty() {
                level.push(missing);
            }
            levels.push(level);
        }
        Some(Self { levels })
    }

    /// The root.
    pub fn root(&self) -> Fr {
        self.levels.last().and_then(|top| top.first()).copied().unwrap_or_default()
    }

    /// The siblings of a leaf and of the nodes above it, the lowest first.
    pub fn path(&self, leaf: usize) -> Vec<Fr> {
        let mut missing = Fr::zero();
        let inner = self.levels.len().saturating_sub(1);
        let sibling = |(level, nodes): (usize, &Vec<Fr>)| {
            let found = nodes.get((leaf >> level) ^ 1).copied().unwrap_or(missing);
            missing = poseidon::eval(&[missing, missing]);
            found
        };
        self.levels[..inner].iter().enumerate().map(sibling).collect()
    }
}

/// The root of the tree that has this leaf at this position, with these siblings.
pub fn root(leaf: Fr, position: usize, path: &[Fr]) -> Fr {
    path.iter().enumerate().fold(leaf, |node, (level, sibling)| {
        if position >> level & 1 == 1 { poseidon::eval(&[*sibling, node]) } else { poseidon::eval(&[node, *sibling]) }
    })
}

/// Membership: 241 constraints a level, those of a hash of two and one to order them; the siblings are witness variables of the caller's.
pub fn cost(depth: usize) -> Cost {
    (poseidon::cost(2) + Cost::new(1, 1)) * depth
}

/// Enforces the root of a leaf at a position, whose bits come lowest first.
///
/// # Constraints
/// See [`cost`].
///
/// # Soundness
/// *Unchecked*: the position must be bits. Then each level orders node and sibling as its bit says, and a root determines the leaf at each
/// position, up to a collision. Nothing is assumed of the siblings.
pub fn enforce_unchecked<C: FieldCs>(cs: &mut C, leaf: &C::F, position: &[C::W], siblings: &[C::F]) -> C::F {
    cs.label("merkle");
    let one = Fr::from(1u64);
    position.iter().zip(siblings).fold(leaf.clone(), |node, (bit, sibling)| {
        // left = node + bit (sibling - node), right = node + sibling - left
        let difference = cs.field_linear(&[(one, sibling), (-one, &node)], Fr::zero());
        let bit = cs.lift(bit);
        let moved = cs.field_product(&difference, &bit);
        let left = cs.field_linear(&[(one, &node), (one, &moved)], Fr::zero());
        let right = cs.field_linear(&[(one, sibling), (-one, &moved)], Fr::zero());
        let lanes = [left, right].map(poseidon::Lane::Wire);
        poseidon::hash(cs, &lanes)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        arith::r1cs::{Assign, Build},
        dev::tamper::Harness,
        gadget::Limb,
        number::Int,
    };

    fn leaves(n: usize) -> Vec<Fr> {
        (1..=n as u64).map(|i| Fr::from(i * 1000)).collect()
    }

    fn run<C: FieldCs>(cs: &mut C, leaf: Fr, position: usize, path: &[Fr]) -> C::F {
        let leaf = cs.field_witness(Some(leaf));
        let [bits] = cs.fresh([Limb::Bits(path.len() as u32)], Some(Int::from(position as u64)));
        let siblings: Vec<C::F> = path.iter().map(|s| cs.field_witness(Some(*s))).collect();
        let root = enforce_unchecked(cs, &leaf, &bits, &siblings);
        cs.field_output(&root);
        root
    }

    #[test]
    fn natively_and_in_the_circuit_at_its_cost() {
        assert_eq!(cost(7).constraints, 7 * 241);
        for (depth, count) in [(0, 1), (1, 1), (3, 5), (3, 8), (7, 3)] {
            let all = leaves(count);
            let tree = Tree::new(depth, &all).unwrap();
            let mut build = Build::new();
            run(&mut build, Fr::zero(), 0, &vec![Fr::zero(); depth]);
            // The output and the bits; the leaf, bits and siblings.
            let cost_found = Cost::new(build.constraints() - 1 - depth, build.witnesses() - 1 - 2 * depth);
            assert_eq!(cost_found, cost(depth));
            let (matrices, _, free) = build.finish();
            for (i, leaf) in all.iter().enumerate() {
                let path = tree.path(i);
                assert_eq!(path.len(), depth);
                let mut assign = Assign::new();
                assert_eq!(run(&mut assign, *leaf, i, &path), tree.root());
                assert_eq!(root(*leaf, i, &path), tree.root());
                let harness = Harness::new(&matrices, &assign.finish(), &free);
                assert!(harness.holds());
                if i == 4 {
                    // Of the 747 witness variables.
                    assert_eq!(harness.run(1000), vec![]);
                }
            }
        }
    }

    #[test]
    fn missing_leaves_are_zero_and_too_many_are_refused() {
        let mut all = leaves(3);
        let tree = Tree::new(2, &all).unwrap();
        all.push(Fr::zero());
        assert_eq!(Tree::new(2, &all).unwrap().root(), tree.root());
        assert_eq!(Tree::new(1, &all), None);
        assert_eq!(Tree::new(40, &all), None);
        assert_eq!(Tree::new(2, &[]).unwrap().root(), Tree::new(2, &[Fr::zero(); 4]).unwrap().root());
        // Another order is another tree.
        all.swap(0, 1);
        assert_ne!(Tree::new(2, &all).unwrap().root(), tree.root());
    }
}
