"""The texts of a small editor: open buffers, positions, WorkspaceEdits applied as editors do.

Written against the protocol's text alone and sharing no code with the server, so that a
mistake in one is not mirrored by the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final
from urllib.parse import unquote, urlsplit

Json = dict[str, Any]
_LINE = re.compile(r"\r\n|\n|\r")


@final
@dataclass(slots=True)
class Buffer:
    """An open document."""

    path: Path
    text: str
    version: int = 1
    language: str = "plaintext"

    @property
    def uri(self) -> str:
        return self.path.as_uri()


class EditRefusedError(Exception):
    """The edit does not fit the texts as they are; nothing was changed."""


def path_of(uri: str) -> Path:
    return Path(unquote(urlsplit(uri).path))


def lines_of(text: str) -> list[str]:
    """Lines without their ends, counted as the protocol counts them."""
    return _LINE.split(text)


def offset(text: str, position: Json, encoding: str) -> int:
    """Character offset of a position. Raises `EditRefusedError` past the text: a server must not send that."""
    starts = [0, *(match.end() for match in _LINE.finditer(text))]
    line, units = int(position["line"]), int(position["character"])
    if line >= len(starts):
        raise EditRefusedError(f"line {line} is past the text's {len(starts)} lines")
    end = next((m.start() for m in _LINE.finditer(text, starts[line])), len(text))
    at = starts[line]
    while units > 0:
        if at >= end:
            raise EditRefusedError(f"line {line} is shorter than {position['character']}")
        units -= _width(text[at], encoding)
        at += 1
    if units < 0:
        raise EditRefusedError(f"{position} is inside a character")
    return at


def position(text: str, at: int, encoding: str) -> Json:
    """The position of a character offset."""
    starts = [0, *(match.end() for match in _LINE.finditer(text, 0, at))]
    start = max(s for s in starts if s <= at)
    return {"line": starts.index(start), "character": sum(_width(c, encoding) for c in text[start:at])}


def apply_text_edits(text: str, edits: list[Json], encoding: str) -> str:
    """All edits refer to the same text; overlapping ones are refused."""
    spans = sorted(
        (
            offset(text, edit["range"]["start"], encoding),
            offset(text, edit["range"]["end"], encoding),
            number,
            str(edit["newText"]),
        )
        for number, edit in enumerate(edits)
    )
    out: list[str] = []
    at = 0
    for start, end, _number, new in spans:
        if start < at or end < start:
            raise EditRefusedError("the edits overlap")
        out += [text[at:start], new]
        at = end
    return "".join([*out, text[at:]])


def _width(character: str, encoding: str) -> int:
    if encoding == "utf-32":
        return 1
    return len(character.encode("utf-8" if encoding == "utf-8" else "utf-16-le")) // (
        1 if encoding == "utf-8" else 2
    )
