#!/usr/bin/env bash
# ./tool.sh forge|anvil|cast ARGUMENTS: the native binary of that name. (The shims that npm puts into .bin always exit with 0.)
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
name="${1:?expected forge, anvil or cast}"
binary="$here/node_modules/@foundry-rs/$name-linux-amd64/bin/$name"
[ -f "$binary" ] || { echo "tool.sh: found no $name at $binary: run npm ci in contracts/" >&2; exit 127; }
[ -x "$binary" ] || chmod +x "$binary"
shift
exec "$binary" "$@"
