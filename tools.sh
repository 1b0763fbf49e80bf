# What the scripts of tests and of the demonstration share: `source tools.sh`. A relative CARGO_TARGET_DIR is one of the folder that they are in.
target="${CARGO_TARGET_DIR:-$(dirname "${BASH_SOURCE[0]}")/target}"
mkdir -p "$target"
target="$(cd "$target" && pwd)"
export CARGO_TARGET_DIR="$target"

# What a folder's lock names, if it is not installed yet, or the lock is newer.
installed() {
  local lock="$1/node_modules/.package-lock.json"
  if [ ! -f "$lock" ] || [ "$1/package-lock.json" -nt "$lock" ]; then
    (cd "$1" && npm ci)
  fi
}
