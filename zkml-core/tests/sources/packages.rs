//! What the registry shows of each package is there, and no dependency needs a later compiler than the package says.
//!
//! What of the standard library the sources use is held to that by `clippy::incompatible_msrv`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use serde_json::Value;

/// Features of their own, which say what they need: dependencies that are looked at as part of no package but these.
const LATER: [(&str, &str); 2] = [("burn", "zkml-burn"), ("alloy", "zkml-bounty")];

/// `cargo metadata` of the whole workspace, with all features.
fn metadata() -> Value {
    let manifest = super::root().join("../Cargo.toml");
    let mut command = Command::new(env!("CARGO"));
    command.args(["metadata", "--format-version", "1", "--all-features", "--locked", "--filter-platform"]);
    let host = if cfg!(target_arch = "aarch64") { "aarch64-unknown-linux-gnu" } else { "x86_64-unknown-linux-gnu" };
    let output = command.arg(host).arg("--manifest-path").arg(manifest).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> Vec<&'a str> {
    value[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The packages of the workspace that are published.
fn published(metadata: &Value) -> Vec<&Value> {
    let members = list(metadata, "workspace_members");
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages.filter(|p| members.contains(&text(p, "id")) && p["publish"].is_null()).collect()
}

#[test]
fn packages_say_what_a_registry_shows() {
    let metadata = metadata();
    let packages = published(&metadata);
    let names: BTreeSet<&str> = packages.iter().map(|p| text(p, "name")).collect();
    let expected = ["zkml-bounty", "zkml-burn", "zkml-core", "zkml-dsl", "zkml-groth16", "zkml-import", "zkml-macros"];
    assert_eq!(names, BTreeSet::from(expected));
    for package in packages {
        let name = text(package, "name");
        for key in ["description", "license", "repository", "readme", "rust_version"] {
            assert!(!text(package, key).is_empty(), "{name} has no {key}");
        }
        assert_eq!(text(package, "license"), "MIT OR Apache-2.0");
        // A registry takes at most five keywords, and categories that it knows.
        assert!((1..=5).contains(&list(package, "keywords").len()), "{name}: keywords");
        assert!(!list(package, "categories").is_empty(), "{name}: categories");
        // Hosted documentation shows what is behind features.
        assert_eq!(package["metadata"]["docs"]["rs"]["all-features"], Value::Bool(true), "{name}");
        let folder = Path::new(text(package, "manifest_path")).parent().unwrap();
        assert!(folder.join(text(package, "readme")).exists(), "{name}: its readme");
        // What it depends on is published as well, in a version.
        for dependency in package["dependencies"].as_array().unwrap().iter().filter(|d| d["kind"].is_null()) {
            let ours = !dependency["path"].is_null();
            assert!(!ours || names.contains(text(dependency, "name")), "{name}: {}", text(dependency, "name"));
            assert_ne!(text(dependency, "req"), "*", "{name}: {}", text(dependency, "name"));
        }
    }
}

fn version(text: &str) -> (u32, u32) {
    let mut parts = text.split('.').map(|part| part.parse().unwrap());
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

#[test]
fn no_dependency_needs_a_later_compiler() {
    let metadata = metadata();
    let packages: BTreeMap<&str, &Value> =
        metadata["packages"].as_array().unwrap().iter().map(|p| (text(p, "id"), p)).collect();
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap().iter();
    let nodes: BTreeMap<&str, &Value> = nodes.map(|node| (text(node, "id"), node)).collect();
    for package in published(&metadata) {
        let (name, own) = (text(package, "name"), version(text(package, "rust_version")));
        let (mut seen, mut next) = (BTreeSet::new(), vec![text(package, "id")]);
        while let Some(id) = next.pop() {
            let dependency = packages[id];
            let of = text(dependency, "name");
            let later = LATER.iter().any(|(root, home)| (of == *root || of == *home) && name != *home);
            if later || !seen.insert(id) {
                continue;
            }
            if let Some(needs) = dependency["rust_version"].as_str() {
                assert!(version(needs) <= own, "{name} says Rust {own:?}, and {of} needs {needs}");
            }
            for edge in nodes[id]["deps"].as_array().unwrap() {
                if edge["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].is_null()) {
                    next.push(text(edge, "pkg"));
                }
            }
        }
        assert!(seen.len() > 10, "{name}");
    }
}
