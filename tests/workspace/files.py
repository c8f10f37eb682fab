"""Small workspaces for tests, written as ``-- path --`` sections."""

from __future__ import annotations

import re
from pathlib import Path

from agent_ls.core.paths import RelPath, rel_path
from agent_ls.workspace.blobs import BlobStore
from agent_ls.workspace.overlay import Overlay
from agent_ls.workspace.snapshot import Snapshot


def plant(root: Path, text: str) -> Path:
    """Write the sections of ``text`` as files below ``root``."""
    root.mkdir(parents=True, exist_ok=True)
    parts = re.split(r"^-- (.+) --\n", text, flags=re.MULTILINE)
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(body)
    return root


def draft_of(root: Path, buffers: dict[str, bytes] | None = None) -> Overlay:
    blobs = BlobStore(root.parent / f"{root.name}-blobs")
    return Overlay(Snapshot(root, {rel_path(p): data for p, data in (buffers or {}).items()}, blobs))


def tree_bytes(root: Path) -> dict[str, bytes]:
    """Every regular file below a folder, for "nothing was touched"."""
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def paths(*texts: str) -> tuple[RelPath, ...]:
    return tuple(rel_path(text) for text in texts)
