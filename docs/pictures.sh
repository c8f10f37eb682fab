#!/usr/bin/env bash
# The pictures of VS Code in docs/pictures: screens of the scenarios that CI plays, of the real editor and server.
#   docs/pictures.sh        plays them (.ci/vscode.sh says what that needs), then takes over the screens below
set -euo pipefail
cd "$(dirname "$0")/.."
most=150000 # bytes
.ci/vscode.sh marks review fleet
mkdir -p docs/pictures
while read -r name screen; do
  # The number before a screen's name changes with the scenario; of several the last: what failed is played again in a folder of its own.
  taken=$(find build/vscode -path "*/${screen%/*}*/shots/*-${screen#*/}.png" | sort | tail -n 1)
  [ -n "$taken" ] || { echo "pictures: no screen $screen" >&2; exit 1; }
  [ "$(stat -c %s "$taken")" -le "$most" ] || { echo "pictures: $taken is larger than $most bytes" >&2; exit 1; }
  cp "$taken" "docs/pictures/vscode-$name.png"
done <<'END'
menu marks/menu
review review/review
proven marks/proven
marks marks/made
preview review/preview
jobs fleet/ten
END
