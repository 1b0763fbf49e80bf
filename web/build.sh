#!/usr/bin/env bash
# Builds the page in dist/: static files for any server, once `node configure.js dist CONFIG.json` has said which chain, factory and gateways it is about.
# Prints their sizes. The library is compiled as zkml-wasm/build.sh says.
set -euo pipefail
cd "$(dirname "$0")"
source ../tools.sh
installed .
here="$PWD"
../zkml-wasm/build.sh "$here/wasm" bounty
npx vite build
