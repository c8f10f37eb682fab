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

fail() { echo "get-neovim: $*" >&2; exit 1; }
for tool in apt-get apt-cache dpkg-deb; do
  command -v "$tool" >/dev/null || fail "needs a Debian machine: there is no $tool"
done

mirror() { # the first package archive that apt knows, security updates left out
  { cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || true; } \
    | sed -n -e 's/^URIs: *//p' -e 's/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' | tr ' ' '\n' | grep -v security | head -n 1
}

use_suite() { # sets the array apt: options that make apt-get look at this suite only, in the cache only
  local suite=$1 uri key=/usr/share/keyrings/debian-archive-keyring.gpg
  uri=$(mirror) || fail "no package archive is configured in /etc/apt"
  mkdir -p "$cache/apt/$suite/lists/partial" "$cache/apt/$suite/cache/archives/partial"
  echo "deb [signed-by=$key] $uri $suite main" >"$cache/apt/$suite.list"
  apt=(-o "Dir::Etc::sourcelist=$cache/apt/$suite.list" -o Dir::Etc::sourceparts=-
    -o "Dir::State::lists=$cache/apt/$suite/lists" -o "Dir::Cache=$cache/apt/$suite/cache" -o "APT::Sandbox::User=$(id -un)")
  apt-get "${apt[@]}" update >>"$cache/log" 2>&1 || fail "apt-get update of $suite failed: see $cache/log"
}

unpack() { # neovim and everything it needs, down to the libc
  local suite=$1 tree=$2 packages
  use_suite "$suite"
  packages=$(apt-cache "${apt[@]}" depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
    --no-replaces --no-enhances neovim | grep -E '^[a-z0-9]' | sort -u)
  rm -rf "$tree" "$tree.debs"
  mkdir -p "$tree" "$tree.debs"
  # shellcheck disable=SC2086  # the names are words
  (cd "$tree.debs" && apt-get "${apt[@]}" download $packages >>"$cache/log" 2>&1) || fail "download of $suite failed: see $cache/log"
  for package in "$tree.debs"/*.deb; do dpkg-deb -x "$package" "$tree"; done
  rm -rf "$tree.debs"
}

wrap() { # its own loader and libraries, its own runtime
  local tree=$1 loader libraries
  loader=$(find "$tree" -name 'ld-linux*.so.*' | head -n 1)
  libraries=$(dirname "$(find "$tree" -name 'libc.so.6' | head -n 1)")
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
    unpack "$suite" "$tree"
    wrap "$tree"
    "$tree/nvim" --version >/dev/null || fail "the Neovim of $suite does not start"
  fi
  echo "$tree/nvim"
done
