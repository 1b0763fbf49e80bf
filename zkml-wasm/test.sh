#!/usr/bin/env bash
# Builds the package of npm and tests it: in Node.js, with the command `zkml` (`ZKML_COMMAND`; built if it is not named), and the page of
# examples/browser in Chromium (`CHROMIUM`; those tests are left out where there is none). ZKML_BLESS=1 makes docs/browser.png anew.
set -euo pipefail
cd "$(dirname "$0")"
source ../tools.sh

./build.sh
installed .
if [ -z "${ZKML_COMMAND:-}" ]; then
  cargo build --manifest-path ../Cargo.toml --features cli --bin zkml
  export ZKML_COMMAND="$target/debug/zkml"
fi

npx tsc --project tests
tests=(tests/digit.test.js tests/verify.test.js tests/prove.test.js)
if [ -x "${CHROMIUM:-/usr/bin/chromium}" ]; then
  export ZKML_BROWSER_FILES="$target/browser"
  [ -f "$ZKML_BROWSER_FILES/samples.json" ] ||
    (cd .. && cargo run --release --example browser -- "$ZKML_BROWSER_FILES")
  tests+=(tests/browser.test.js)
else
  echo "tests/browser.test.js: ignored, there is no Chromium"
fi
node --test --test-concurrency=1 "${tests[@]}"
