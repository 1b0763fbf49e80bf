#!/usr/bin/env bash
# Builds the page and tests it: types, lints, the size of its first load; and in Chromium (`CHROMIUM`; ignored where there is none) whole bounties, against
# a chain and an IPFS node on loopback, with sample projects that the command `zkml` makes (`ZKML_COMMAND`, with the feature `bounty`; built if it is not
# named). ZKML_BLESS=1 makes the pictures in docs/ anew.
set -euo pipefail
cd "$(dirname "$0")"
source ../tools.sh

installed .
./build.sh
npx tsc --noEmit
npx oxlint --deny-warnings
node --test tests/static.test.js

if [ ! -x "${CHROMIUM:-/usr/bin/chromium}" ]; then
  echo "bounties in the page: ignored, there is no Chromium"
  exit
fi
installed ../contracts
../contracts/tool.sh anvil --version
installed ../zkml-bounty/tests/ipfs
if [ -z "${ZKML_COMMAND:-}" ]; then
  cargo build --manifest-path ../Cargo.toml --features cli,bounty --bin zkml
  export ZKML_COMMAND="$target/debug/zkml"
fi
# Made anew each time: projects of another version of the command would prove nothing of this one.
export ZKML_WEB_FILES="$target/web"
rm -rf "$ZKML_WEB_FILES"
mkdir -p "$ZKML_WEB_FILES"
# Ceremonies take minutes: they are held if that is asked for (`ZKML_CEREMONIES=1`), and kept, so that later runs verify them alone.
if [ "${ZKML_CEREMONIES:-}" = 1 ] || [ -d "$target/web-ceremonies" ]; then
  export ZKML_WEB_CEREMONIES="$target/web-ceremonies"
fi
# Two at once, as each waits for blocks and pages most of the time; what they share is made before.
node tests/projects.js
node --test --test-concurrency=2 tests/events.test.js tests/page.test.js tests/demo.test.js tests/failures.test.js tests/hostile.test.js tests/files.test.js tests/winners.test.js \
  tests/ceremony.test.js tests/bounty.test.js
