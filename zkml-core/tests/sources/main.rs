//! Rules that hold for the sources themselves: these tests read them.

mod gadgets;
mod glossary;
mod layers;
mod modules;
mod packages;

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the crate.
pub fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// All files below `src/`, with their contents; paths begin there.
pub fn sources() -> Vec<(PathBuf, String)> {
    let src = root().join("src");
    let (mut folders, mut files) = (vec![src.clone()], vec![]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let source = fs::read_to_string(&path).unwrap();
                files.push((path.strip_prefix(&src).unwrap().to_owned(), source));
            }
        }
    }
    files.sort();
    files
}

/// The lines of a list that a macro takes in a source file.
pub fn list(file: &str, head: &str) -> Vec<String> {
    let source = read(file);
    let list = source.split_once(head).expect("the list").1;
    list.lines().take_while(|line| *line != "}").map(|line| line.trim().trim_end_matches(',').to_owned()).collect()
}
