"""The features' part of the server capabilities, as plain data: it goes out before they are imported."""

from __future__ import annotations

from typing import Any

from agent_ls.faces.lsp import wire

CAPABILITIES: dict[str, Any] = {
    "codeActionProvider": {"codeActionKinds": list(wire.KINDS)},
    "hoverProvider": True,
    "codeLensProvider": {"resolveProvider": False},
    "executeCommandProvider": {"commands": list(wire.COMMANDS), "workDoneProgress": False},
}
