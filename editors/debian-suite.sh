# To be sourced: programs of another Debian suite, unpacked beside the system's own; nothing is installed or upgraded.
# Needs $cache, a folder whose content is used again. Packages come from the mirror that the machine itself uses.

fail() { echo "$(basename "$0" .sh): $*" >&2; exit 1; }
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

unpack() { # a package and everything it needs, down to the libc
  local suite=$1 tree=$2 package=$3 packages
  use_suite "$suite"
  packages=$(apt-cache "${apt[@]}" depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
    --no-replaces --no-enhances "$package" | grep -E '^[a-z0-9]' | sort -u)
  rm -rf "$tree" "$tree.debs"
  mkdir -p "$tree" "$tree.debs"
  # shellcheck disable=SC2086  # the names are words
  (cd "$tree.debs" && apt-get "${apt[@]}" download $packages >>"$cache/log" 2>&1) || fail "download of $suite failed: see $cache/log"
  for package in "$tree.debs"/*.deb; do dpkg-deb -x "$package" "$tree"; done
  rm -rf "$tree.debs"
}

find_libc() { # sets loader and libraries: the libc that came with a tree
  loader=$(find "$1" -name 'ld-linux*.so.*' | head -n 1)
  libraries=$(dirname "$(find "$1" -name 'libc.so.6' | head -n 1)")
}
