#!/usr/bin/env bash
# Serves the page at http://localhost:8000/ (`serve.sh PORT` elsewhere): builds the package of npm, and makes a circuit and keys, if they are not there.
set -euo pipefail
cd "$(dirname "$0")/../.."
files="${CARGO_TARGET_DIR:-target}/browser"
[ -f zkml-wasm/dist/index.js ] || ./zkml-wasm/build.sh
[ -f "$files/samples.json" ] || cargo run --release --example browser -- "$files"
exec node examples/browser/serve.js "$files" "${1:-8000}"
