//! From the operators of ONNX to [`crate::ops::Op`]s: the table of operators, and one file of functions a family.

mod activations;
mod arithmetic;
mod constants;
mod indexing;
mod linear;
mod maps;
mod norms;
mod picks;
mod pools;
mod reductions;
mod resize;
mod shapes;
mod table;

use zkml_core::layer::nearest;

pub(super) use self::table::{Fold, OPERATORS, Operator};
use self::table::{KNOWN, Translate};
use super::{call::Call, proto::Node, reader, traced::Traced};
use crate::error::ImportError;

/// Whether the node is of ONNX's default domain.
pub(super) fn is_standard(node: &Node<'_>) -> bool {
    matches!(node.domain, "" | "ai.onnx")
}

/// The node's operator, if it is read.
pub(super) fn find(node: &Node<'_>) -> Option<&'static Operator> {
    OPERATORS.iter().find(|operator| operator.name == node.operator).filter(|_| is_standard(node))
}

/// The error of a node whose operator is not read at all, whatever it is applied to.
pub(super) fn unknown(node: &Node<'_>) -> Option<ImportError> {
    let (origin, name) = (reader::origin(node), node.operator);
    if !is_standard(node) {
        let found = format!("operator `{name}` of domain `{}`", node.domain);
        return Some(ImportError::unsupported(&origin, found, "operators of ONNX itself"));
    }
    let refused = || ImportError::unsupported(&origin, format!("operator `{name}`"), "an operator that has layers");
    find(node).is_none().then(|| refused().help(help(name)))
}

/// The values of a node.
pub(super) fn translate(call: &mut Call<'_, '_, '_>) -> Result<Vec<Traced>, ImportError> {
    if !is_standard(call.node) {
        let found = format!("operator `{}` of domain `{}` on {}", call.node.operator, call.node.domain, call.shapes());
        return Err(call.unsupported(found, "operators of ONNX itself"));
    }
    match find(call.node).map_or(Translate::Constants, |operator| operator.translate) {
        Translate::One(translate) => translate(call).map(|value| vec![value]),
        Translate::All(translate) => translate(call),
        Translate::Constants => {
            let name = call.node.operator;
            let found = format!("operator `{name}` of operator set {} on {}", call.opset(), call.shapes());
            Err(call.unsupported(found, "an operator that has layers").help(help(name)))
        }
    }
}

/// Operators of networks that another tool has quantised.
const QUANTISED: [&str; 8] = [
    "ConvInteger",
    "DequantizeLinear",
    "DynamicQuantizeLinear",
    "MatMulInteger",
    "MatMulNBits",
    "QLinearConv",
    "QLinearMatMul",
    "QuantizeLinear",
];

/// What may help where an operator has no layers: a name like it, unless it is one of ONNX itself.
fn help(name: &str) -> String {
    if QUANTISED.contains(&name) {
        return "the file is quantised; export the network as it was before, in floats: `quantize` finds integers that cost least to prove"
            .to_owned();
    }
    let names: Vec<&str> = OPERATORS.iter().map(|operator| operator.name).collect();
    let known = names.contains(&name) || KNOWN.contains(&name);
    match nearest(name, &names).filter(|_| !known) {
        Some(near) => format!("did you mean `{near}`? `zkml_import::onnx` lists the operators"),
        None => "`zkml_import::onnx` lists those that have".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fmt::Write as _, path::Path};

    use super::*;

    /// The page that the documentation includes.
    fn page() -> String {
        let mut page = String::from("| operator | what is read | where all inputs are constant |\n|---|---|---|\n");
        for operator in OPERATORS {
            let fold = match (operator.translate, operator.fold) {
                (Translate::Constants, _) => "computed while reading; not read otherwise",
                (_, Fold::Never) => "",
                (_, Fold::Constant | Fold::Each(..) | Fold::Any(_) | Fold::Test(..) | Fold::Own(_) | Fold::Layers) => {
                    "computed while reading"
                }
            };
            writeln!(page, "| `{}` | {} | {fold} |", operator.name, operator.doc).unwrap();
        }
        let is_read = |name: &&&str| OPERATORS.iter().any(|operator| operator.name == **name);
        let unread: Vec<String> = KNOWN.iter().filter(|n| !is_read(n)).map(|name| format!("`{name}`")).collect();
        writeln!(page, "\nNot read: {}.", unread.join(", ")).unwrap();
        page
    }

    #[test]
    fn the_documentation_lists_the_table() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/onnx/operators.md");
        if std::env::var_os("ZKML_BLESS").is_some() {
            std::fs::write(&path, page()).unwrap();
        }
        let stored = std::fs::read_to_string(&path).unwrap();
        assert!(stored == page(), "{} is not that of the table; write it anew with ZKML_BLESS=1", path.display());
    }

    #[test]
    fn every_operator_stands_once() {
        let names: Vec<&str> = OPERATORS.iter().map(|o| o.name).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        for operator in OPERATORS {
            let nothing = matches!((operator.translate, operator.fold), (Translate::Constants, Fold::Never));
            assert!(!nothing && !operator.doc.is_empty(), "{}", operator.name);
        }
    }

    #[test]
    fn a_misspelt_operator_is_told_what_it_may_be() {
        assert_eq!(help("Softmaks"), "did you mean `Softmax`? `zkml_import::onnx` lists the operators");
        // Operators of ONNX are what they are, though `Tanh` and `Sign` are near.
        for name in ["Tan", "Sin", "Floor", "MyOwnOperator"] {
            assert_eq!(help(name), "`zkml_import::onnx` lists those that have");
        }
    }
}
