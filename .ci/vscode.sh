#!/usr/bin/env bash
# The main job in a real VS Code with the packed extension and the real server, in a browser without a screen.
#   .ci/vscode.sh [CACHE]      CACHE keeps code-server; default: agent-ls-editors in the user's cache
# Screenshots of every step stay in build/vscode. PYTHON names another interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/agent-ls-editors}

places=$(editors/get-vscode.sh "$cache")
set -a
eval "$places"
set +a
(cd editors/vscode && npm install --no-save --no-audit --no-fund && npm run -s package)
(cd editors/tools && npm ci --no-audit --no-fund)
PYTHON=$(command -v "${PYTHON:-python3}") node editors/tools/vscode/run.mjs build/vscode
