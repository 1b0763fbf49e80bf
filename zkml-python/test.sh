#!/usr/bin/env bash
# Builds the wheel, installs it in a fresh virtual environment, and runs the tests there. `ZKML_PYTHON_LIBRARY=libzkml_python.so ./test.sh`
# tests a library that is built already, without a wheel.
set -euo pipefail
cd "$(dirname "$0")"
environment="${CARGO_TARGET_DIR:-../target}/python"
python3 -m venv --clear "$environment"
# What the notebook needs.
notebook=('ipykernel>=6' 'nbclient>=0.10' 'scikit-learn>=1.5' 'skl2onnx>=1.17')
pip() { "$environment/bin/pip" install --quiet --disable-pip-version-check "$@"; }
if [ -n "${ZKML_PYTHON_LIBRARY:-}" ]; then
  pip 'numpy>=1.26' 'pytest>=8' 'onnx>=1.17' "${notebook[@]}"
  packages="$("$environment/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')"
  cp -r python/zkml "$packages/"
  cp "$ZKML_PYTHON_LIBRARY" "$packages/zkml/_zkml.abi3.so"
else
  pip 'maturin>=1.9,<2'
  "$environment/bin/maturin" build --quiet --release --out "$environment/wheels" --interpreter "$environment/bin/python"
  pip "$(ls "$environment"/wheels/*.whl | tail -1)[test]" "${notebook[@]}"
fi
"$environment/bin/pytest" "$@"
