#!/usr/bin/env bash
# Builds the npm package in dist/: the library as WebAssembly, and the JavaScript and the types around it. Prints its size.
# `./build.sh FOLDER FEATURES` builds it elsewhere, with features: see `web/`.
# Needs a Rust toolchain that compiles to wasm32-unknown-unknown, or Debian's packages of one: see toolchain.sh.
set -euo pipefail
cd "$(dirname "$0")"
target="${CARGO_TARGET_DIR:-../target}"
dist="${1:-dist}"
features="${2:-}"

# In this shell only, so that the writer of the JavaScript is built by the toolchain of everything else.
(
  eval "$(./toolchain.sh)"
  # shellcheck disable=SC2086 -- two words, or none
  cargo build --profile wasm --package zkml-wasm --features "$features" --target wasm32-unknown-unknown $ZKML_WASM_STD
)
cargo build --manifest-path bindgen/Cargo.toml --target-dir "$target/bindgen"

rm -rf "$dist"
"$target/bindgen/debug/zkml-bindgen" "$target/wasm32-unknown-unknown/wasm/zkml_wasm.wasm" "$dist"
cp js/*.js js/*.d.ts "$dist/"
size() { printf '%s: %d bytes, %d compressed by gzip\n' "$1" "$(wc -c <"$1")" "$(gzip -9 -c "$1" | wc -c)"; }
size "$dist/zkml_bg.wasm"
size "$dist/zkml.js"
