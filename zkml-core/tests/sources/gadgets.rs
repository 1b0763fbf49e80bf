//! A gadget's documentation has a section `# Constraints`, with the formula of its card, which tests hold against what it costs.

use std::collections::BTreeMap;

use zkml_core::gadget::CARDS;

use super::{list, read, sources};

/// The file and the type of every gadget, by the name of its card.
fn gadgets() -> BTreeMap<String, (String, String)> {
    let (mut room, mut found) = (String::new(), BTreeMap::new());
    for line in list("src/gadget/mod.rs", "\ngadgets! {\n") {
        if let Some((name, _)) = line.split_once('(').filter(|_| line.ends_with('{')) {
            room = name.to_owned();
        } else if let Some((file, name)) = line.split_once(": ").filter(|(file, _)| !file.starts_with('/')) {
            found.insert(file.to_owned(), (format!("src/gadget/{room}/{file}.rs"), name.to_owned()));
        }
    }
    found
}

/// The section `# Constraints` in the documentation of a type, which is that of its declaration or of its `impl Gadget`.
fn constraints(source: &str, name: &str) -> Option<String> {
    let lines: Vec<&str> = source.lines().collect();
    let heads = [format!("pub struct {name}"), format!("impl Gadget for {name}")];
    let is_head = |line: &str| {
        let of = |head: &String| line.strip_prefix(head).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
        heads.iter().any(of)
    };
    let documentation = |head: usize| {
        let above = lines[..head].iter().rev().take_while(|line| line.starts_with("///") || line.starts_with("#["));
        let above: Vec<&str> = above.filter_map(|line| line.strip_prefix("///")).map(str::trim).collect();
        above.into_iter().rev().skip_while(|line| *line != "# Constraints").skip(1).collect::<Vec<_>>()
    };
    let mut sections = (0..lines.len()).filter(|i| is_head(lines[*i])).map(documentation).filter(|s| !s.is_empty());
    let section = sections.next()?;
    assert!(sections.next().is_none(), "`{name}` has two sections");
    Some(section.into_iter().take_while(|line| !line.starts_with("# ")).collect::<Vec<_>>().join(" "))
}

#[test]
fn every_gadget_says_its_constraints() {
    let gadgets = gadgets();
    assert!(CARDS.len() >= 18 && CARDS.len() == gadgets.len(), "{} cards of {} files", CARDS.len(), gadgets.len());
    for card in CARDS {
        let (file, name) = &gadgets[card.name];
        let section = constraints(&read(file), name).unwrap_or_else(|| panic!("{file}: no section `# Constraints`"));
        let formula = format!("`{}`", card.constraints);
        assert!(
            section.starts_with(&formula),
            "{file}: `# Constraints` must begin with {formula}, the formula of the card"
        );
    }
}

#[test]
fn every_gadget_is_tested() {
    let tests: Vec<String> =
        sources().into_iter().filter(|(path, _)| path.starts_with("gadget/tests")).map(|(_, source)| source).collect();
    assert!(tests.len() > 5, "{} files of tests", tests.len());
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    for (file, (_, name)) in gadgets() {
        let method = format!("a.{file}(");
        let tested =
            |source: &String| source.split(|c| !is_name(c)).any(|word| word == name) || source.contains(&method);
        assert!(tests.iter().any(tested), "no `Use` in `src/gadget/tests` applies the gadget `{name}`");
    }
}

#[test]
fn a_section_is_that_of_its_gadget() {
    let source = "/// Max.\n///\n/// # Constraints\n/// `bits`, or\n/// none.\n///\n/// # Soundness\n/// It is.\n#[derive(Debug)]\npub struct Max;\n\npub struct Maxima;\n";
    assert_eq!(constraints(source, "Max").as_deref().map(str::trim), Some("`bits`, or none."));
    assert_eq!(constraints(source, "Maxima"), None);
    assert_eq!(constraints(&source.replace("# Constraints", "Constraints"), "Max"), None);
}
