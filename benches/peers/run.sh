#!/usr/bin/env bash
# The same ONNX file, the same input, in EZKL and here, one after the other on this machine: keys, a proof, its verification.
#   run.sh [MODEL.onnx INPUT.json]      without: the network of handwritten digits that ships
# Needs Rust and Python (3.10 or newer, with venv). Inputs are private, weights fixed, outputs public.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../.." && pwd)"
target="${CARGO_TARGET_DIR:-$root/target}"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
environment="$target/peers"
if [ ! -x "$environment/bin/python" ]; then
  python3 -m venv "$environment"
  "$environment/bin/pip" install --quiet --disable-pip-version-check 'ezkl==23.0.5' 'onnx>=1.17'
fi
cargo build --release --manifest-path "$root/Cargo.toml" --package zkml-dsl --features cli --bin zkml
zkml="$target/release/zkml"
if [ $# -ge 2 ]; then
  model="$(realpath "$1")"
  cp "$2" "$folder/input.json"
  range="${ZKML_RANGE:-[0.0, 1.0]}"
else
  model="$root/zkml-import/tests/onnx/digits.onnx"
  head -n 1 "$root/examples/digits/digits-uci.csv" | cut -d, -f1-64 | sed 's/.*/[&]/' > "$folder/input.json"
  range="[0, 16]"
fi
cd "$folder"
cp "$model" model.onnx
"$zkml" init model.onnx --samples input.json --quiet
sed -i "s/^\(# \)\?range = .*/range = $range/; s/^answer = .*/answer = \"model\"/" zkml.toml
for system in groth16 two-phase; do
  sed -i "s/^system = .*/system = \"$system\"/" zkml.toml
  "$zkml" quantize --quiet
  printf '%s ' "$system"
  "$zkml" bench input.json --json
done
printf 'ezkl '
"$environment/bin/python" "$here/ezkl_bench.py" "$model" "$(cat input.json)" | tail -n 1
