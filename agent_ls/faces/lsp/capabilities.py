"""The answer to ``initialize``, from plain data: it goes out before any feature is imported."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent_ls import __version__
from agent_ls.faces.lsp.convert import Encoding
from agent_ls.faces.lsp.json_values import Json, as_array, as_object
from agent_ls.faces.lsp.uris import uri_to_path


def initialize_result(params: Json, offers: Mapping[str, Any]) -> Json:
    """The ``InitializeResult``: what the edge itself does, plus ``offers`` (capabilities of the features)."""
    return {
        "capabilities": {
            "positionEncoding": choose_encoding(params["capabilities"]).value,
            "textDocumentSync": {"openClose": True, "change": 2, "save": {"includeText": False}},
            **offers,
            "workspace": {
                "workspaceFolders": {"supported": True, "changeNotifications": True},
                **offers.get("workspace", {}),
            },
        },
        "serverInfo": {"name": "agent-ls", "version": __version__},
    }


def choose_encoding(capabilities: Json) -> Encoding:
    """utf-8 where the client offers it (it is what we store), else its first one that we know, else utf-16."""
    general = as_object(capabilities.get("general")) or {}
    offered = as_array(general.get("positionEncodings")) or []
    known = [encoding for name in offered for encoding in Encoding if encoding.value == name]
    if Encoding.UTF8 in known:
        return Encoding.UTF8
    return known[0] if known else Encoding.UTF16


def workspace_roots(params: Json) -> tuple[Path, ...]:
    """The folders the client opened, as paths; folders of other schemes have none and are left out."""
    folders = params.get("workspaceFolders")
    if folders:
        uris = [folder["uri"] for folder in folders]
    elif params.get("rootUri"):
        uris = [params["rootUri"]]
    else:
        root = params.get("rootPath")
        return (Path(root),) if root and Path(root).is_absolute() else ()
    return tuple(path for path in map(uri_to_path, uris) if path is not None)
