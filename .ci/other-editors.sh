#!/usr/bin/env bash
# The editors that have no plugin of ours, for a weekly run: Emacs with eglot, Helix and Kate, real ones, with the
# configuration that editors/README.md gives, against the real server. Bytes on the disk are asserted.
#   .ci/other-editors.sh [CACHE]     CACHE keeps the unpacked Helix; default: agent-ls-editors in the user's cache
# Needs: Debian (as root, to install Emacs, eglot, Kate, Xvfb, xdotool and tmux by package name), Python with the extra "test"; PYTHON
# names another interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/agent-ls-editors}

need=()
for pair in emacs:emacs-nox tmux:tmux kate:kate Xvfb:xvfb xdotool:xdotool dbus-run-session:dbus-daemon; do
  command -v "${pair%%:*}" >/dev/null || need+=("${pair##*:}")
done
# Emacs 29 and newer bring eglot.
if [ "${#need[@]}" -gt 0 ] || ! emacs -q --no-site-file --batch -f package-initialize -l eglot >/dev/null 2>&1; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${need[@]}" elpa-eglot >/dev/null
fi
AGENT_LS_HELIX=$(editors/get-helix.sh "$cache")
export AGENT_LS_HELIX
"${PYTHON:-python3}" -m pytest tests/editors/other -q
