//! Programs of Node.js that tests run: the compiler of Solidity, and snarkjs.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Of this package.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// An empty folder for the files of a test.
///
/// # Panics
/// If it can't be made.
pub fn scratch(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("zkml-evm-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("a folder");
    path
}

/// What a program printed, if it exited with 0; otherwise all that it said.
///
/// # Errors
/// If it exited with another code.
///
/// # Panics
/// If it can't be run.
pub fn run(program: &str, arguments: &[&str], at: &Path) -> Result<String, String> {
    assert!(
        folder().join("node_modules").exists(),
        "found no node_modules in {}: install Node.js 20 and run `npm ci` there",
        folder().display()
    );
    let output = Command::new("node")
        .arg(folder().join(program))
        .args(arguments)
        .current_dir(at)
        .output()
        .unwrap_or_else(|error| panic!("cannot run `node`, install Node.js 20: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stdout) + &text(&output.stderr)) }
}

/// The creation code of a contract.
///
/// # Panics
/// If it does not compile without a warning.
pub fn compile(file: &Path, contract: &str) -> Vec<u8> {
    let file = file.to_str().expect("a path in UTF-8");
    let text = run("compile.js", &[file, contract], &folder()).unwrap_or_else(|error| panic!("{file}: {error}"));
    let text = text.trim_end();
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).expect("hexadecimal")).collect()
}
