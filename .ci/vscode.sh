#!/usr/bin/env bash
# The VS Code stage: the packed extension in a real VS Code, in a browser without a screen, with the real server.
#   .ci/vscode.sh [SCENARIO…]      all of editors/tools/vscode/scenarios, unless some are named
# AGENT_LS_EDITORS_CACHE keeps VS Code; default: agent-ls-editors in the user's cache. An empty one is filled:
# about 410 MB from the registries and two to four minutes. Screenshots of every step stay in build/vscode.
# PYTHON names another interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${AGENT_LS_EDITORS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/agent-ls-editors}

places=$(editors/get-vscode.sh "$cache")
set -a
eval "$places"
set +a
PATH=$NODE_DIR:$PATH
(cd editors/vscode && npm install --no-save --no-audit --no-fund && npm run -s package)
(cd editors/tools && npm ci --no-audit --no-fund)
PYTHON=$(command -v "${PYTHON:-python3}") node editors/tools/vscode/run.mjs build/vscode "$@"
