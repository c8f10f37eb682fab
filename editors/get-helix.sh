#!/usr/bin/env bash
# Unpacks Helix beside the system's own programs, on a Debian machine, without installing anything.
#   editors/get-helix.sh CACHE [SUITE]      default suite: trixie (25.01)
# Prints the path of the program. It brings its own libc; what is in CACHE is used again.
set -euo pipefail
cache=${1:?usage: get-helix.sh CACHE [SUITE]}
suite=${2:-trixie}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
. "$(dirname "$0")/debian-suite.sh"

wrap() { # its own loader and libraries, its own runtime
  local tree=$1 loader libraries
  find_libc "$tree"
  cat >"$tree/helix" <<EOF
#!/bin/sh
export HELIX_RUNTIME="$tree/usr/lib/hx/runtime"
exec "$loader" --library-path "$libraries" "$tree/usr/lib/hx/hx" "\$@"
EOF
  chmod +x "$tree/helix"
}

tree=$cache/helix-$suite
if ! "$tree/helix" --version >/dev/null 2>&1; then
  unpack "$suite" "$tree" hx
  wrap "$tree"
  "$tree/helix" --version >/dev/null || fail "the Helix of $suite does not start"
fi
echo "$tree/helix"
