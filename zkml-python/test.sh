#!/usr/bin/env bash
# Builds the wheel, installs it in a fresh virtual environment, and runs the tests there.
set -euo pipefail
cd "$(dirname "$0")"
environment="${CARGO_TARGET_DIR:-../target}/python"
python3 -m venv --clear "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check 'maturin>=1.9,<2'
# The profile of tests, of which the libraries are built already.
"$environment/bin/maturin" build --quiet --profile dev --out "$environment/wheels" --interpreter "$environment/bin/python"
"$environment/bin/pip" install --quiet --disable-pip-version-check "$(ls "$environment"/wheels/*.whl | tail -1)[test]"
"$environment/bin/pytest" "$@"
