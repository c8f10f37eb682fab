"""URIs and paths. Only ``file:`` URIs of this machine name paths; every other one stays opaque."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit


def uri_to_path(uri: str) -> Path | None:
    """The absolute path that a ``file:`` URI names, else ``None``.

    Percent-encoding is undone byte by byte (file names need not be UTF-8). ``None`` for other
    schemes, for another host, and for what cannot be a path (relative, NUL).
    """
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme.lower() != "file" or parts.netloc.lower() not in ("", "localhost"):
        return None
    raw = unquote_to_bytes(parts.path)
    if not raw.startswith(b"/") or b"\0" in raw:
        return None
    return Path(os.path.normpath(os.fsdecode(raw)))


def path_to_uri(path: Path) -> str:
    """The ``file:`` URI of an absolute path, as VS Code and Neovim both read it."""
    return "file://" + quote_from_bytes(os.fsencode(path), safe="/~")
