#!/usr/bin/env bash
# All checks of the contracts, and all tests: ./test.sh. Needs Node 20 and npm, which installs the rest.
# ./test.sh quick: without the long invariants and coverage. ./test.sh gas: writes gas.md and the snapshots anew.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source ../tools.sh
forge() { ./tool.sh forge "$@"; }
say() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }
die() { printf 'test.sh: %s\n' "$*" >&2; exit 1; }

installed .

if [ "${1:-}" = gas ]; then
  GAS_WRITE=1 forge test --match-test gas
  exit
fi

say "format"
forge fmt --check

say "build, and EIP-170: 24,576 bytes"
# forge fails if one is larger.
forge build --skip test --sizes | grep -E 'Contract |Bounty'

say "a suite that fails, fails"
set +e
output="$(FOUNDRY_TEST=failing FOUNDRY_OUT=out/failing FOUNDRY_CACHE_PATH=cache/failing forge test --match-path failing/Failing.sol 2>&1)"
code=$?
set -e
[ "$code" -ne 0 ] || die "found exit code 0 of a failing suite, expected another"
grep -q '1 failed' <<<"$output" || die "expected one failed test, found: $output"

say "tests"
if [ "${1:-}" = quick ]; then
  FORGE_SNAPSHOT_CHECK=true forge test
  say "done"
  exit
fi
# Values of snapshots/ are checked in: the tests that take them fail when they differ.
FORGE_SNAPSHOT_CHECK=true FOUNDRY_PROFILE=full forge test | tee out/tests.txt
calls="$(sed -n 's/.*invariant.*calls: \([0-9]*\).*/\1/p' out/tests.txt | awk '{ sum += $1 } END { print sum + 0 }')"
[ "$calls" -ge 100000 ] || die "found $calls calls of the invariants, expected at least 100,000"

say "coverage of src/"
# Gas is another without the optimiser, and invariants reach nothing that tests do not. (The analysis finds no import
# relative to a file outside of this folder, as Groth16Verifier.sol and TwoPhase.sol have one.)
forge coverage --report lcov --report-file out/lcov.info --skip Groth16.t.sol --skip TwoPhase.t.sol \
  --skip Gas.t.sol --skip Phases.sol \
  --no-match-contract Invariants >out/coverage.txt 2>&1 \
  || { tail -40 out/coverage.txt; die "coverage failed"; }
awk -F: '
  /^SF:/ { ours = $2 ~ /^src\// }
  ours && /^LF:/ { all += $2 }
  ours && /^LH:/ { hit += $2 }
  END {
    if (!all) { print "no lines of src/ found"; exit 1 }
    printf "%d of %d lines: %.1f%%\n", hit, all, 100 * hit / all
    exit hit < 0.95 * all
  }' out/lcov.info || die "expected at least 95% of the lines of src/"

say "done"
