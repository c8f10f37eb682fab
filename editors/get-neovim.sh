#!/usr/bin/env bash
# Unpacks newer Neovims beside the system's own, on a Debian machine, without installing or upgrading anything.
#   editors/get-neovim.sh CACHE [SUITE...]      default suites: trixie (0.10) sid (0.12)
# Prints the path of one program per line. They bring their own libc; what is in CACHE is used again.
# Packages come from the mirror that the machine itself uses.
set -euo pipefail
cache=${1:?usage: get-neovim.sh CACHE [SUITE...]}
shift
[ $# -gt 0 ] || set -- trixie sid
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)

. "$(dirname "$0")/debian-suite.sh"

wrap() { # its own loader and libraries, its own runtime
  local tree=$1 loader libraries
  find_libc "$tree"
  cat >"$tree/nvim" <<EOF
#!/bin/sh
export VIMRUNTIME="$tree/usr/share/nvim/runtime"
export LUA_PATH="$tree/usr/share/lua/5.1/?.lua;;" LUA_CPATH="$libraries/lua/5.1/?.so;;"
exec "$loader" --library-path "$libraries" "$tree/usr/bin/nvim" --cmd "set rtp+=$tree/usr/lib/nvim" "\$@"
EOF
  chmod +x "$tree/nvim"
}

for suite in "$@"; do
  tree=$cache/neovim-$suite
  if ! "$tree/nvim" --version >/dev/null 2>&1; then
    unpack "$suite" "$tree" neovim
    wrap "$tree"
    "$tree/nvim" --version >/dev/null || fail "the Neovim of $suite does not start"
  fi
  echo "$tree/nvim"
done
