#!/usr/bin/env bash
# All checks and all tests. `./test.sh quick`: those of everyday work, without Burn, what needs another build, and the most exhaustive.
# Needs a Rust toolchain (1.95 or newer, for Burn). Where there is Node.js (20 or newer), the compiler of Solidity and snarkjs are
# installed in tests/evm, Foundry in contracts, and Helia with the Node.js that it needs in zkml-bounty/tests/ipfs (350 MB), and
# the tests that need them run; so do those of the package for browsers, and of its pages in Chromium, where there is one. Where there is
# Python (3.10 or newer, with venv), its package is tested in an environment of its own.
set -euo pipefail
cd "$(dirname "$0")"
export CARGO_TERM_COLOR=never
source tools.sh
features="onnx,keras,burn,bounty,evm,cli,r1cs-std"

say() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }

say "format"
cargo fmt --all --check
# Layers and gadgets are declared by macros, where cargo fmt does not find them.
rustfmt --check --edition 2024 zkml-core/src/{layer,gadget}/*.rs zkml-core/src/{layer,gadget}/*/*.rs

if [ "${1:-}" = quick ]; then
  say "lints"
  cargo clippy -p zkml-core -p zkml-dsl --all-targets --features bounty,evm -- -D warnings
  say "tests"
  # Those that try all of many cases, and take the longest, are left to the whole run.
  exhaustive=(
    outputs_cannot_be_shifted_into_each_other no_interval_lets_an_output_wrap prices_are_counts_and_trials_are_forward_passes
    registered::files_come_back_the_same_and_damaged_ones_do_not every_truncation_and_every_flip_is_an_error
    a_thousand_proofs_hold_and_a_thousand_corrupted_ones_do_not ceremonies_of_all_three_keys_can_be_demanded
    the_work_that_is_counted_is_that_of_the_circuit
  )
  cargo test -p zkml-core -p zkml-dsl --features bounty,evm --lib --tests -- "${exhaustive[@]/#/--skip=}"
  say "done"
  exit
fi

# What is fetched, and what is built elsewhere than in target/debug, is waited for where it is needed: meanwhile all else goes on, and has the processor
# first.
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
if command -v npm >/dev/null; then
  {
    for folder in contracts zkml-bounty/tests/ipfs tests/evm zkml-wasm web; do installed "$folder"; done
  } >"$target/fetched.txt" 2>&1 &
  fetching=$!
fi
fetched() { wait "$fetching" || { cat "$target/fetched.txt"; exit 1; }; }
mdbook="$target/tools/bin/mdbook"
(
  renice -n 19 "$BASHPID" >/dev/null
  [ -x "$mdbook" ] || CARGO_TARGET_DIR="$target/tools/build" \
    cargo install mdbook@0.5.4 --locked --no-default-features --debug --root "$target/tools"
  if command -v npm >/dev/null; then ./zkml-wasm/build.sh; fi
  cargo build --release --example digits --example browser
) >"$target/built.txt" 2>&1 &
building=$!
built() { wait "$building" || { cat "$target/built.txt"; exit 1; }; }

say "lints"
cargo clippy --workspace --all-targets --features "$features" -- -D warnings
# The smaller feature sets: the front half, and the verifier alone.
cargo clippy -p zkml-core --no-default-features -- -D warnings
cargo clippy -p zkml-core --lib -- -D warnings
cargo clippy -p zkml-dsl --no-default-features --features verify --lib --test verifier -- -D warnings
cargo clippy -p zkml-dsl --no-default-features --features evm --lib -- -D warnings
cargo clippy -p zkml-bounty --no-default-features --lib -- -D warnings

say "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --features "$features"

say "packages, as a registry gets them"
packages=(zkml-groth16 zkml-core zkml-import zkml-burn zkml-bounty zkml-macros zkml-dsl)
packaged="$(cargo package --no-verify --allow-dirty "${packages[@]/#/--package=}" 2>&1)" || { echo "$packaged"; exit 1; }
if grep -i '^warning' <<<"$packaged"; then
  exit 1
fi

say "tests"
cargo test --workspace --features "$features" --no-fail-fast
# What other tests load. (With the tests, whose dependencies ask for more features: without, nearly all would be compiled again.)
cargo build --workspace --features "$features" --lib --bins --tests

# Tests that need the cases of other engines are ignored above.
data="${ZKML_DATA:-../shared/data}"
if [ -d "$data" ]; then
  say "other engines"
  ZKML_DATA="$(cd "$data" && pwd)" cargo test --workspace --features "$features" \
    --test conformance --test vectors --test keras --test cids -- --ignored
else
  say "other engines: ignored, there is no $data"
fi

if command -v npm >/dev/null; then
  fetched
  say "the contracts of bounties"
  ./contracts/test.sh
  say "whole bounties, on a development chain, and over IPFS"
  ./contracts/tool.sh anvil --version
  cargo test --workspace --features "$features" --lib -- --ignored
  cargo test --workspace --features "$features" --test cli -- --ignored
  say "contracts, compiled here, and snarkjs"
  cargo test --workspace --features "$features" --test solidity --test solidity_two_phase --test snarkjs -- --ignored
  say "a bounty, from its terms to the payment, on the digits that ship"
  ZKML_DATA=none "$target/debug/examples/bounty"
else
  say "contracts, bounties, and snarkjs: ignored, there is no npm"
fi

if command -v python3 >/dev/null && python3 -c 'import ensurepip, venv' 2>/dev/null; then
  say "Python"
  ZKML_PYTHON_LIBRARY="$target/debug/libzkml_python.so" ./zkml-python/test.sh
else
  say "Python: ignored, there is no python3 with venv"
fi

say "a model in a circuit of arkworks"
"$target/debug/examples/merkle"

say "from training to a proof"
"$target/debug/examples/train_and_prove"

say "a digit, verified by a contract"
"$target/debug/examples/evm"

say "the verifier alone"
cargo test -p zkml-dsl --no-default-features --features verify --test verifier

say "what is switched off is said"
cargo test -p zkml-ui --test ui switched_off

say "the fuzz targets compile"
cargo check --manifest-path fuzz/Cargo.toml

say "the book"
built
"$mdbook" build docs

if command -v npm >/dev/null; then
  say "browsers"
  ZKML_COMMAND="$target/debug/zkml" ./zkml-wasm/test.sh
  say "the page of bounties"
  ZKML_COMMAND="$target/debug/zkml" ./web/test.sh
else
  say "browsers: ignored, there is no npm"
fi

say "the main job, on the data that ships"
cargo run --release --example digits

say "done"
