//! Every violated constraint, readably.

use std::fmt;

use ark_bn254::Fr;
use ark_ff::{BigInteger, PrimeField, Zero};
use rayon::prelude::*;

use crate::circuit::Circuit;

/// A constraint that an assignment violates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The constraint's number.
    pub constraint: usize,
    /// The node of the graph.
    pub node: String,
    /// Its layer.
    pub layer: &'static str,
    /// The item of the batch.
    pub item: usize,
    /// The gadget.
    pub gadget: &'static str,
    /// The gadget's number within the node: the element, where a gadget is applied to each.
    pub element: usize,
    /// The values of `a`, `b` and `c` in `a * b = c`, signed.
    pub values: [String; 3],
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c] = &self.values;
        write!(
            f,
            "constraint {}: {} `{}` of layer `{}` (input {}), gadget {}: {a} * {b} is not {c}",
            self.constraint, self.layer, self.element, self.node, self.item, self.gadget
        )
    }
}

/// A field element as a signed number: those above half the modulus are negative.
pub fn signed(x: Fr) -> String {
    let half = Fr::MODULUS_MINUS_ONE_DIV_TWO;
    let value = x.into_bigint();
    let decimal = |b: &ark_ff::BigInt<4>| b.to_string();
    if value > half {
        let mut minus = Fr::MODULUS;
        minus.sub_with_borrow(&value);
        format!("-{}", decimal(&minus))
    } else {
        decimal(&value)
    }
}

/// All constraints that the assignment violates, in order.
pub fn check(circuit: &Circuit, assignment: &[Fr]) -> Vec<Failure> {
    let matrices = circuit.matrices();
    let evaluate = |row: &[(Fr, usize)]| {
        row.iter().fold(Fr::zero(), |sum, (c, v)| sum + *c * assignment.get(*v).copied().unwrap_or_default())
    };
    let violated: Vec<(usize, [Fr; 3])> = (0..matrices.constraints())
        .into_par_iter()
        .filter_map(|i| {
            let [a, b, c] = std::array::from_fn(|k| evaluate(&matrices.abc[k][i]));
            (a * b != c).then_some((i, [a, b, c]))
        })
        .collect();
    let labels = circuit.labels();
    violated
        .into_iter()
        .map(|(constraint, values)| {
            let run = labels.partition_point(|l| l.first <= constraint).saturating_sub(1);
            let (number, gadget) = labels.get(run).map_or((0, "unknown"), |l| (l.node, l.gadget));
            let element =
                labels[..run].iter().rev().take_while(|l| l.node == number).filter(|l| l.gadget == gadget).count();
            let (node, item, layer) = circuit.locate(number);
            Failure { constraint, node: node.to_owned(), layer, item, gadget, element, values: values.map(signed) }
        })
        .collect()
}
