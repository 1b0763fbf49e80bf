//! No module of the crate imports one above it, so that no two import each other.
//!
//! This reads the sources: the paths `crate::..` and `super::..` that leave a module, in `use` lines and elsewhere. Tests within
//! the sources may import anything, and links in documentation are no imports.

use std::{collections::BTreeSet, path::Path};

use super::{read, sources};

/// The modules, from the ground up: each may import those before it.
const ORDER: &[&str] = &[
    "number",   // exact numbers and their bounds
    "bounded",  // files up to a size
    "shape",    // extents
    "tensor",   // values with a shape
    "digest",   // SHA-256 names
    "error",    // what can go wrong in graphs, models and plans
    "gadget",   // constraints for one formula on integers
    "prove",    // keys and proofs of constraint matrices
    "arith",    // readings of exact arithmetic
    "layer",    // formulas on tensors
    "graph",    // the network
    "model",    // a network with its weights
    "optimize", // rewrites of both
    "plan",     // scales and shifts
    "circuit",  // constraints of a planned network
    "dev",      // diagnosis of circuits
    "evm",      // verifiers on a chain, and calls of them
    "bounty",   // data named by CIDs, statements about models and data, keys
];

/// What a module imports from above nevertheless, and why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("error", "layer", "a message compares two `layer::TableError`"),
    ("circuit", "dev", "`Circuit::cost` and `Circuit::check`, where users look for them, give reports of `dev`"),
];

/// What these must not import, although it is below them: a gadget knows no proof system.
const FORBIDDEN: &[(&str, &str)] =
    &[("gadget", "prove"), ("gadget", "error"), ("gadget", "tensor"), ("gadget", "shape")];

/// The source without its comments and without what is compiled for tests only.
fn shipped(source: &str) -> String {
    let (mut kept, mut lines) = (String::new(), source.lines());
    while let Some(line) = lines.next() {
        let code = line.trim_start();
        if code.starts_with("#[cfg(test)]") || code.starts_with("#[cfg(all(test") {
            // An item ends on its first line, or with a brace at its own indentation.
            let end = format!("{}}}", &line[..line.len() - code.len()]);
            for line in lines.by_ref() {
                if line == end || line.ends_with(';') && line.len() - line.trim_start().len() == end.len() - 1 {
                    break;
                }
            }
        } else if !code.starts_with("//") {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// The first names of what follows a path: one, or those of a list in braces.
fn heads(rest: &str) -> Vec<String> {
    let name =
        |text: &str| -> String { text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    let Some(list) = rest.strip_prefix('{') else { return vec![name(rest)] };
    let (mut depth, mut items) = (1, vec![String::new()]);
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => items.push(String::new()),
            c if depth == 1 => items.last_mut().expect("one item at least").push(c),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    items.iter().map(|item| name(item)).filter(|item| !item.is_empty()).collect()
}

/// The modules at the root of the crate that a file names; it lies `depth` modules below the root.
fn imports(source: &str, depth: usize) -> BTreeSet<String> {
    let source = shipped(source);
    let mut found = BTreeSet::new();
    for path in ["crate::".to_owned(), "super::".repeat(depth)] {
        for (at, _) in source.match_indices(&path) {
            let before = source[..at].chars().next_back();
            if before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':') {
                found.extend(heads(&source[at + path.len()..]));
            }
        }
    }
    found
}

/// The module at the root of the crate that a file belongs to, and how many modules below the root it lies.
fn place(path: &Path) -> (String, usize) {
    let mut names: Vec<String> = path.iter().map(|part| part.to_string_lossy().replace(".rs", "")).collect();
    if names.last().is_some_and(|last| last == "mod") {
        names.pop();
    }
    (names[0].clone(), names.len())
}

fn is_test(path: &Path) -> bool {
    path.iter().any(|part| part == "tests" || part == "tests.rs")
}

fn rank(module: &str) -> usize {
    ORDER.iter().position(|m| *m == module).unwrap_or_else(|| panic!("`{module}` has no place in the order"))
}

/// All imports between modules, with a file that has each.
fn all() -> Vec<(String, String, String)> {
    let mut all = vec![];
    for (path, source) in sources() {
        if path == Path::new("lib.rs") || is_test(&path) {
            continue;
        }
        let (module, depth) = place(&path);
        let others = imports(&source, depth).into_iter().filter(|to| *to != module);
        all.extend(others.map(|to| (module.clone(), to, path.display().to_string())));
    }
    all
}

#[test]
fn no_module_imports_one_above_it() {
    let all = all();
    assert!(all.len() > 200, "only {} imports found", all.len());
    for (from, to, file) in &all {
        let excepted = EXCEPTIONS.iter().any(|(a, b, _)| a == from && b == to);
        assert!(excepted || rank(to) < rank(from), "{file}: `{from}` imports `{to}`, which is above it");
        assert!(!FORBIDDEN.contains(&(from.as_str(), to.as_str())), "{file}: `{from}` must not know of `{to}`");
    }
    // What is no longer needed is not listed.
    for (from, to, why) in EXCEPTIONS {
        assert!(all.iter().any(|(a, b, _)| a == from && b == to), "`{from}` no longer imports `{to}`: {why}");
        assert!(rank(to) > rank(from), "`{from}` may import `{to}`");
    }
}

#[test]
fn every_module_has_its_place() {
    let declared = read("src/lib.rs");
    let declared: BTreeSet<&str> =
        declared.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(declared, ORDER.iter().copied().collect::<BTreeSet<_>>());
}

#[test]
fn a_planted_import_is_found() {
    let found = |source: &str, depth| imports(source, depth).into_iter().collect::<Vec<_>>();
    assert_eq!(found("use crate::plan::Plan;\n", 1), ["plan"]);
    assert_eq!(
        found("use crate::{\n    arith::{Arith, counts::Counts},\n    layer::Step,\n};\n", 2),
        ["arith", "layer"]
    );
    assert_eq!(found("fn f() -> crate::prove::Matrices {\n", 1), ["prove"]);
    assert_eq!(found("use super::super::plan;\n", 2), ["plan"]);
    assert_eq!(found("macro_rules! m { () => { $crate::layer::Step } }\n", 1), ["layer"]);
    // What is below the module itself, what is in a test, and what is said, is no import.
    assert_eq!(found("use super::{decompose, range};\n/// See [`crate::plan`].\n", 2), [""; 0]);
    assert_eq!(found("#[cfg(test)]\nmod tests {\n    use crate::plan::Plan;\n}\n", 1), [""; 0]);
    assert_eq!(found("#[cfg(all(test, feature = \"prove\"))]\nmod tests;\nuse crate::plan::Plan;\n", 1), ["plan"]);
}
