//! No layer is known by its name outside `src/layer/`: what passes, plan and circuit know of it, its own file says.
//!
//! This reads the sources. A layer's name is that of the list `layers!`, as a variant of `AnyLayer` or after its module.
//! And what a layer's documentation says of its constraints is what its card says.

use std::path::PathBuf;

use zkml_core::layer::CARDS;

use super::{list, sources};

/// All sources of the crate that are not in `src/layer/`, with their contents.
fn outside() -> Vec<(PathBuf, String)> {
    sources().into_iter().filter(|(path, _)| !path.starts_with("layer")).collect()
}

/// `layer::Name` and `module::Name` of every layer, the latter where no gadget has that path.
fn layers() -> Vec<String> {
    let gadgets = list("src/gadget/mod.rs", "\ngadgets! {\n");
    let gadgets: Vec<String> = gadgets.iter().map(|line| line.replace(": ", "::")).collect();
    let mut paths = vec![];
    for line in list("src/layer/mod.rs", "\nlayers! {\n") {
        if let Some((module, names)) = line.split_once(": ").filter(|(module, _)| !module.starts_with("//")) {
            for name in names.split(' ') {
                paths.push(format!("layer::{name}"));
                paths.push(format!("{module}::{name}"));
            }
        }
    }
    paths.retain(|path| !gadgets.contains(path));
    paths
}

/// The lines that name a layer.
fn mentions(source: &str, layers: &[String]) -> Vec<String> {
    let names = |line: &str| {
        let variant = line.split("AnyLayer::").skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
        variant || layers.iter().any(|layer| line.contains(layer.as_str()))
    };
    let imported =
        source.split("layer::{").skip(1).flat_map(|rest| rest.split_once(';').map_or("", |(list, _)| list).split(','));
    let imported = imported.map(|item| format!("layer::{}", item.trim_matches(|c: char| !c.is_alphanumeric())));
    let lines = source.lines().filter(|line| names(line)).map(|line| line.trim().to_owned());
    lines.chain(imported.filter(|item| layers.contains(item))).collect()
}

/// The arms that take any other layer, in matches on layers, on their kinds or on parts of those.
fn catch_alls(source: &str) -> Vec<String> {
    let starts = source.match_indices("match ").filter_map(|(at, _)| Some(at + source[at..].find('{')? + 1));
    starts.flat_map(|start| of_match(&source[start..])).collect()
}

/// As [`catch_alls`], of the match whose arms begin here.
fn of_match(source: &str) -> Vec<String> {
    // The arms without what is in braces, in their blocks or in their patterns.
    let (mut depth, mut arms) = (0, String::new());
    for c in source.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            c if depth == 0 => arms.push(c),
            _ => {}
        }
    }
    let patterns: Vec<&str> = arms.lines().map(|line| line.split("=>").next().unwrap_or_default().trim()).collect();
    let on_layers = ["AnyLayer::", "Kind::", "Binary::", "Over::", "Layout::", "Groups::"];
    if !patterns.iter().any(|pattern| on_layers.iter().any(|on| pattern.contains(on))) {
        return vec![];
    }
    let takes_all = |line: &&str| {
        let (pattern, arm) = line.split_once("=>").map_or(("", false), |(pattern, _)| (pattern.trim(), true));
        let name = pattern.split(" if ").next().unwrap_or_default();
        let inner = name.strip_prefix("Some(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(name);
        arm && !inner.is_empty() && inner.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    };
    arms.lines().filter(takes_all).map(|line| line.trim().to_owned()).collect()
}

/// The name of each card in a source, and the first line of what the documentation before it says under `# Constraints`; nothing
/// if that is missing.
fn documented(source: &str) -> Vec<(String, Option<String>)> {
    let mut found = vec![];
    let mut before = 0;
    for (at, _) in source.match_indices("Card {\n") {
        let card = source[at..].lines().nth(1).unwrap_or_default().trim();
        let Some(name) = card.strip_prefix("name: \"").and_then(|rest| rest.strip_suffix("\",")) else { continue };
        // The documentation of one layer is no other's.
        let (_, constraints) = source[before..at].rsplit_once("/// # Constraints\n").unzip();
        let line = constraints.and_then(|text| text.lines().next()?.trim().strip_prefix("/// "));
        found.push((name.to_owned(), line.map(str::to_owned)));
        before = at;
    }
    found
}

/// Whether that line opens with the formula of the card, or says that there are no constraints.
fn opens_with(line: &str, constraints: &str) -> bool {
    match constraints {
        "0" => line.starts_with("None: ") || line.starts_with("None with public weights"),
        formula => line.starts_with(&format!("`{formula}` an output element. ")),
    }
}

#[test]
fn the_constraints_in_the_documentation_of_a_layer_are_those_of_its_card() {
    let mut found: Vec<String> = vec![];
    for (path, source) in sources().iter().filter(|(path, _)| path.starts_with("layer")) {
        for (name, line) in documented(source) {
            let card = CARDS.iter().find(|card| card.name == name).expect("the card of a layer");
            let line = line.unwrap_or_else(|| panic!("{}: `{name}` has no `# Constraints`", path.display()));
            assert!(opens_with(&line, card.constraints), "{}: {line}, not `{}`", path.display(), card.constraints);
            found.push(name);
        }
    }
    found.sort_unstable();
    let mut all: Vec<&str> = CARDS.iter().map(|card| card.name).collect();
    all.sort_unstable();
    assert_eq!(found, all);
}

#[test]
fn documentation_that_lies_is_found() {
    let layer = |doc: &str| {
        format!(
            "{doc}pub struct Relu;\n\nimpl Layer for Relu {{\n    const CARD: Card = Card {{\n        name: \"relu\",\n"
        )
    };
    let doc = "/// # Constraints\n/// `bits + 1` an output element. See `relu`.\n///\n";
    let source = layer(doc) + &layer("");
    let line = "`bits + 1` an output element. See `relu`.".to_owned();
    assert_eq!(documented(&source), [("relu".to_owned(), Some(line.clone())), ("relu".to_owned(), None)]);
    assert!(opens_with(&line, "bits + 1") && !opens_with(&line, "bits + 2") && !opens_with(&line, "0"));
    assert!(opens_with("None: the wires are the same.", "0") && !opens_with("Two an element.", "2"));
}

#[test]
fn no_layer_is_named_outside_its_folder() {
    let (files, layers) = (outside(), layers());
    assert!(files.len() > 50 && layers.len() > 170, "{} files, {} layers", files.len(), layers.len());
    for (path, source) in files {
        let found = mentions(&source, &layers);
        assert_eq!(found, [""; 0], "{}: ask the layer for its `Kind`", path.display());
    }
}

#[test]
fn no_match_on_layers_takes_all_others() {
    for (path, source) in outside() {
        let found = catch_alls(&source);
        assert_eq!(found, [""; 0], "{}: name the kinds", path.display());
    }
}

#[test]
fn a_planted_mention_is_found() {
    let layers = layers();
    let planted = "match &node.layer {\n    Some(AnyLayer::Dense(_)) => true,\n    _ => false,\n}\n";
    assert_eq!(mentions(planted, &layers), ["Some(AnyLayer::Dense(_)) => true,"]);
    assert_eq!(catch_alls(planted), ["_ => false,"]);
    assert_eq!(mentions("use crate::layer::{\n    AnyLayer,\n    Relu6,\n};", &layers), ["layer::Relu6"]);
    assert_eq!(mentions("use crate::layer::activation::relu6::Relu6;", &layers).len(), 1);
    assert_eq!(mentions("AnyLayer::parse(name, args)?.kind()", &layers), [""; 0]);
    let named = |last: &str| {
        format!(
            "let y = match x.kind() {{\n    Kind::Scale(f) => {{\n        f\n    }}\n    Kind::BatchNorm {{ .. }}\n    | Kind::Other => 0.0,\n{last}}};"
        )
    };
    assert_eq!(catch_alls(&named("")), [""; 0]);
    assert_eq!(catch_alls(&named("    other if other.is_linear() => 1.0,\n")), ["other if other.is_linear() => 1.0,"]);
    assert_eq!(catch_alls(&named("    Some(_) => 1.0,\n")), ["Some(_) => 1.0,"]);
    // A match on something else, within an arm or around one, may.
    assert_eq!(
        catch_alls(&named("    Kind::Relu => match n {\n        0 => 1.0,\n        _ => 2.0,\n    },\n")),
        [""; 0]
    );
}
