//! Every term of the glossary is in a module that exists, and no term is there twice.

use super::{read, sources};

/// The terms of a table of `docs/glossary.md`, and the modules where they are defined.
fn entries(page: &str) -> Vec<(Vec<String>, Vec<String>)> {
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| term "));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [terms, _, modules] = cells.as_slice() else { panic!("a row of three: {row}") };
        let modules = modules.split(", ").map(|m| m.trim_matches('`').to_owned()).collect();
        (terms.split(", ").map(str::to_owned).collect(), modules)
    })
    .collect()
}

#[test]
fn every_term_is_where_the_glossary_says() {
    let mut files: Vec<String> = sources().into_iter().map(|(path, _)| path.display().to_string()).collect();
    // What `zkml::bounty` has from the crate of that name.
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../zkml-bounty/src")).unwrap() {
        files.push(format!("bounty/{}", entry.unwrap().file_name().display()));
    }
    let page = read("../docs/glossary.md");
    let entries = entries(&page);
    assert!(entries.len() > 40, "{} entries", entries.len());
    let mut seen = vec![];
    for (terms, modules) in entries {
        for module in modules {
            // The last part may be an item of the module.
            let path = module.replace("::", "/");
            let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
            let is_file =
                |path: &str| files.contains(&format!("{path}.rs")) || files.contains(&format!("{path}/mod.rs"));
            let item = module.rsplit("::").next().is_some_and(|last| last.starts_with(char::is_uppercase));
            assert!(is_file(if item { parent } else { &path }), "{terms:?} are not in {module}");
        }
        for term in terms {
            assert!(!seen.contains(&term), "{term} is there twice");
            seen.push(term);
        }
    }
}
