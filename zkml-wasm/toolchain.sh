#!/usr/bin/env bash
# Prints the environment to compile to wasm32-unknown-unknown with, and how to call cargo (`ZKML_WASM_STD`): nothing, if the Rust
# toolchain at hand has that target (`rustup target add wasm32-unknown-unknown`). Else that of one of Debian's packages (12 or newer), which are
# unpacked into a folder beside what cargo builds, and not installed:
#   eval "$(./toolchain.sh)"
set -euo pipefail
cd "$(dirname "$0")"
target="${CARGO_TARGET_DIR:-../target}"

libraries="$(rustc --print target-libdir --target wasm32-unknown-unknown 2>/dev/null || true)"
if [ -n "$libraries" ] && compgen -G "$libraries/libcore-*.rlib" >/dev/null; then
  echo "export ZKML_WASM_STD="
  exit
fi
if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
  echo "rustc has no libraries for wasm32-unknown-unknown; run \`rustup target add wasm32-unknown-unknown\`" >&2
  exit 1
fi

root="$(mkdir -p "$target/wasm-toolchain" && cd "$target/wasm-toolchain" && pwd)"
if [ ! -e "$root/complete" ]; then
  {
    rm -rf "${root:?}"
    mkdir -p "$root/debs"
    # Lists that are old name packages that are gone.
    [ "$(id -u)" -ne 0 ] || apt-get update -qq
    # Debian has one version of `rustc-web`: the compiler that its browsers are built with. The packages beside it have its number, and
    # that of the LLVM that it links.
    version="$(apt-cache policy rustc-web | sed -n 's/^ *Candidate: *\([0-9]*\.[0-9]*\).*/\1/p')"
    if [ -z "$version" ]; then
      echo "there is no package \`rustc-web\`; run \`rustup target add wasm32-unknown-unknown\`"
      exit 1
    fi
    llvm="$(apt-cache depends "libstd-rust-web-$version" | sed -n 's/^ *Depends: *libllvm\([0-9]*\).*/\1/p')"
    (cd "$root/debs" && apt-get download -qq rustc-web rust-web-src "libstd-rust-web-$version" libstd-rust-web-dev \
      "libllvm$llvm" "lld-$llvm" "liblld-$llvm" libz3-4)
    for package in "$root"/debs/*.deb; do dpkg -x "$package" "$root"; done
    # Of the sources, the standard library is needed, and is where cargo looks for it.
    rm -rf "$root/debs" "$root/usr/lib/rustlib/src/rust" "$root"/usr/src/rustc-*/{src,compiler}
    ln -s ../../../src/"$(basename "$root"/usr/src/rustc-*)" "$root/usr/lib/rustlib/src/rust"
    touch "$root/complete"
  } >&2
fi
linker="$(compgen -G "$root/usr/lib/llvm-*/bin/wasm-ld" | head -1)"
cat <<END
export LD_LIBRARY_PATH='$root/usr/lib/$(uname -m)-linux-gnu:$root/usr/lib'
export RUSTC='$root/usr/bin/rustc' RUSTC_BOOTSTRAP=1
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER='$linker'
export ZKML_WASM_STD='-Z build-std=std,panic_abort'
END
