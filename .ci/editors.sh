#!/usr/bin/env bash
# The editor stage: the Neovim plugin inside real Neovims, the whole loop against the real server,
# the terminal board in tmux, and the VS Code extension checked, tested and packed.
#   .ci/editors.sh [CACHE]      CACHE keeps the unpacked Neovims; default: agent-ls-editors in the user's cache
# Needs: Debian (apt-get), tmux, Node >= 20, Python with the extra "test". luacheck and the system's own
# Neovim are used where installed; PYTHON names another interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/agent-ls-editors}
python=${PYTHON:-python3}

. .ci/again.sh
step() { echo "== $*"; }

step "Neovims"
neovims=$(editors/get-neovim.sh "$cache" | paste -sd:)
old=$(command -v nvim || true)
export AGENT_LS_NEOVIMS="$neovims${old:+:$old}"
echo "$AGENT_LS_NEOVIMS"

step "Neovim plugin and the loop with the real server; the terminal board in tmux"
tests "$python" tests/editors -q --ignore=tests/editors/other

step "Lua: format and lint"
(cd editors/tools && npm ci --no-audit --no-fund && npm run -s check-lua)
if command -v luacheck >/dev/null; then
  luacheck --config editors/nvim/.luacheckrc --no-color -q editors/nvim editors/plain tests/editors
else
  echo "luacheck is not installed (Debian: lua-check): not linted"
fi

step "VS Code extension"
cd editors/vscode
# Not `npm ci`: it refuses a lock file that lacks the optional binaries of other platforms.
npm install --no-save --no-audit --no-fund
npm run -s check
npm run -s lint
npm test
npm run package
