#!/usr/bin/env bash
# A development chain, a store of files, and the page, with a funded host and a funded hunter: ./web/demo/demo.sh [PORT]. Ctrl-C ends it all.
# Needs a Rust toolchain (1.91 or newer) and Node.js (20.19 or newer). `ZKML_COMMAND` names a command `zkml` with bounties; without, it is built.
set -euo pipefail
cd "$(dirname "$0")/.."
source ../tools.sh
installed ../contracts
../contracts/tool.sh anvil --version
[ -f dist/index.html ] || ./build.sh
if [ -z "${ZKML_COMMAND:-}" ]; then
  cargo build --release --manifest-path ../Cargo.toml --features cli,bounty --bin zkml
  export ZKML_COMMAND="$target/release/zkml"
fi
exec node demo/demo.js "$target/web-demo" "${1:-8000}"
