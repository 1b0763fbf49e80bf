#!/usr/bin/env bash
# All checks and all tests. Needs a Rust toolchain; installs nothing else, for nothing else is needed yet.
set -euo pipefail
cd "$(dirname "$0")"
export CARGO_TERM_COLOR=never

say() { printf '\n== %s\n' "$*"; }

say "format"
cargo fmt --all --check

say "lints"
cargo clippy --workspace --all-targets --features onnx,keras -- -D warnings
# The two smaller feature sets: the front half, and the verifier alone.
cargo clippy -p zkml-core --no-default-features -- -D warnings
cargo clippy -p zkml --no-default-features --features verify --lib --test verifier -- -D warnings

say "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --features onnx,keras

say "tests"
cargo test --workspace --features onnx,keras

say "the verifier alone"
cargo test -p zkml --no-default-features --features verify --test verifier

say "the main job, on the data that ships"
cargo run --release --example digits
