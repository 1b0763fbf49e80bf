//! The pages of `docs/`: each is a chapter of the book, links lead somewhere, and examples are compiled.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The pages of the book.
fn pages() -> BTreeSet<String> {
    let names =
        fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".md") && name != "SUMMARY.md").collect()
}

/// The text without its blocks of code.
fn prose(text: &str) -> String {
    let mut inside = false;
    let lines = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        !inside && !fence
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Where the links of a text lead: what is in parentheses after brackets.
fn links(text: &str) -> Vec<String> {
    let ends = text.match_indices("](").map(|(at, _)| &text[at + 2..]);
    ends.filter_map(|rest| rest.split_once(')')).map(|(link, _)| link.to_owned()).collect()
}

/// The anchors of a page, as they are made of its headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let anchor = |heading: &str| {
        let kept = heading.to_lowercase().replace(' ', "-");
        kept.chars().filter(|c| c.is_alphanumeric() || *c == '-' || *c == '_').collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn every_page_is_a_chapter() {
    let summary = links(&read(&root().join("docs/SUMMARY.md")));
    let chapters: BTreeSet<String> = summary.iter().cloned().collect();
    assert_eq!(chapters.len(), summary.len(), "a chapter is there twice");
    assert_eq!(chapters, pages());
}

#[test]
fn links_lead_to_files_and_headings() {
    let mut files: Vec<PathBuf> = pages().iter().map(|page| root().join("docs").join(page)).collect();
    for name in ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "zkml-python/README.md"] {
        files.push(root().join(name));
    }
    let mut wrong = vec![];
    for file in files {
        let text = prose(&read(&file));
        for link in links(&text) {
            let (path, anchor) = link.split_once('#').map_or((link.as_str(), None), |(p, a)| (p, Some(a)));
            if path.contains("://") || path.starts_with("mailto:") {
                continue;
            }
            let target = if path.is_empty() { file.clone() } else { file.parent().unwrap().join(path) };
            let found = target.exists()
                && anchor.is_none_or(|a| {
                    target.extension().is_none_or(|e| e != "md") || anchors(&prose(&read(&target))).contains(a)
                });
            if !found {
                wrong.push(format!("{}: {link}", file.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What begins a block of Rust that is not ignored is compiled and run where a doc comment includes the page.
#[test]
fn examples_are_tests() {
    let sources = read(&root().join("src/lib.rs")) + &read(&root().join("zkml-core/src/prove/ceremony/mod.rs"));
    for page in pages() {
        let text = read(&root().join("docs").join(&page));
        if text.lines().any(|line| line == "```rust") {
            assert!(sources.contains(&format!("docs/{page}\")")), "{page} has examples that nobody runs");
        }
    }
}
