//! Constraint diagnosis: every violated constraint, with its formula and the names of its variables.

use std::{collections::HashMap, fmt};

use ark_bn254::Fr;

use crate::{arith::r1cs::Label, circuit::Circuit, gadget::CARDS, number::field::to_int};

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
    /// What the gadget computes.
    pub formula: &'static str,
    /// The gadget's number within the node: the element, where a gadget is applied to each.
    pub element: usize,
    /// The linear combinations `a`, `b` and `c` of `a * b = c`.
    pub sides: [Side; 3],
}

/// A linear combination, with names and values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Its value, signed.
    pub value: String,
    /// Its first terms: coefficient, and the name and value of the variable; nothing of a variable is the constant one.
    pub terms: Vec<(String, Option<(String, String)>)>,
    /// How many terms follow: a row may have thousands, and all rows may be violated.
    pub more: usize,
}

/// The terms of a linear combination that are kept and written out.
const SHOWN: usize = 4;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { constraint, node, layer, item, gadget, formula, element, sides: [a, b, c] } = self;
        write!(
            f,
            "constraint {constraint}: {layer} `{node}`, input {item}: {gadget} {element}, `{formula}`, needs \
             ({a}) * ({b}) = {c}, found {} * {} and {}",
            a.value, b.value, c.value
        )
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.terms.is_empty() {
            return f.write_str("0");
        }
        for (i, (coefficient, variable)) in self.terms.iter().enumerate() {
            let (sign, size) = coefficient.strip_prefix('-').map_or(("+", coefficient.as_str()), |size| ("-", size));
            match (i, sign) {
                (0, "-") => f.write_str("-")?,
                (0, _) => {}
                (_, sign) => write!(f, " {sign} ")?,
            }
            match variable {
                None => f.write_str(size)?,
                Some((name, _)) if size == "1" => f.write_str(name)?,
                Some((name, _)) => write!(f, "{size} {name}")?,
            }
        }
        match self.more {
            0 => Ok(()),
            rest => write!(f, " + {rest} more"),
        }
    }
}

/// What each run of constraints enforces: the formula of its gadget, or of what a circuit has beside gadgets.
fn formula(gadget: &str) -> &'static str {
    match gadget {
        "range" => "lo <= x <= hi",
        "product" => "y = sum_i a_i * b_i",
        "settle" => "y = x",
        "output" => "public = y",
        "commitment" | "poseidon" => "h = Poseidon(..)",
        "sha256" => "d = SHA-256(m)",
        "format" => "header = constant",
        _ => CARDS.iter().find(|card| card.name == gadget).map_or("", |card| card.formula),
    }
}

/// A field element as a signed number: those above half the modulus are negative.
pub fn signed(x: Fr) -> String {
    to_int(x).to_string()
}

/// All constraints that the assignment violates, in order.
pub fn check(circuit: &Circuit, assignment: &[Fr]) -> Vec<Failure> {
    let matrices = circuit.matrices();
    let elements = elements(circuit);
    let extended = matrices.extended(assignment);
    let value = |v: usize| extended.get(v).copied().unwrap_or_default();
    let side = |row: &[(Fr, usize)]| Side {
        value: signed(row.iter().map(|(c, v)| *c * value(*v)).sum()),
        terms: row
            .iter()
            .take(SHOWN)
            .map(|(c, v)| (signed(*c), (*v > 0).then(|| (variable(circuit, &elements, *v), signed(value(*v))))))
            .collect(),
        more: row.len().saturating_sub(SHOWN),
    };
    matrices
        .unsatisfied(assignment)
        .into_iter()
        .map(|constraint| {
            let run = circuit.labels().partition_point(|l| l.first <= constraint).saturating_sub(1);
            let (node, layer, item, gadget, element) = place(circuit, &elements, run);
            Failure {
                constraint,
                node: node.to_owned(),
                layer,
                item,
                gadget,
                formula: formula(gadget),
                element,
                sides: std::array::from_fn(|k| side(matrices.abc[k].get(constraint).map_or(&[], Vec::as_slice))),
            }
        })
        .collect()
}

/// For each run of labels, which one of its gadget it is within its node.
fn elements(circuit: &Circuit) -> Vec<usize> {
    let (mut node, mut seen) = (None, HashMap::new());
    let number = |label: &Label| {
        if node.replace(label.node) != Some(label.node) {
            seen.clear();
        }
        let next = seen.entry(label.gadget).or_insert(0);
        *next += 1;
        *next - 1
    };
    circuit.labels().iter().map(number).collect()
}

/// The node, the layer, the item of the batch and the gadget of a run of labels, and which one of its gadget it is there.
fn place<'a>(
    circuit: &'a Circuit,
    elements: &[usize],
    run: usize,
) -> (&'a str, &'static str, usize, &'static str, usize) {
    let (number, gadget) = circuit.labels().get(run).map_or((0, "unknown"), |l| (l.node, l.gadget));
    let (node, item, layer) = circuit.locate(number);
    (node, layer, item, gadget, elements.get(run).copied().unwrap_or(0))
}

/// The name of a variable: an element of a row of the table of public inputs (`output[3]`), a sum of a large linear layer (`dense1.sum[3]`), or the `n`th variable of a gadget
/// (`relu1.relu[5].n`), with the item of the batch in front where there are several.
fn variable(circuit: &Circuit, elements: &[usize], column: usize) -> String {
    let of_batch = |item: usize| if circuit.batch() > 1 { format!("{item}:") } else { String::new() };
    if let Some((number, result)) = circuit.matrices().result(column) {
        let (node, item, _) = circuit.locate(number);
        return format!("{}{node}.sum[{result}]", of_batch(item));
    }
    let Some(witness) = column.checked_sub(circuit.matrices().instance) else {
        let entries = circuit.table().entries();
        let entry = entries.iter().find(|e| (e.first..e.first + e.len()).contains(&(column - 1)));
        return entry.map_or_else(String::new, |e| format!("{}{}[{}]", of_batch(e.item), e.name, column - 1 - e.first));
    };
    let labels = circuit.labels();
    let run = labels.partition_point(|l| l.witness <= witness).saturating_sub(1);
    let (node, _, item, gadget, element) = place(circuit, elements, run);
    let nth = witness - labels.get(run).map_or(0, |l| l.witness);
    format!("{}{node}.{gadget}[{element}].{nth}", of_batch(item))
}
