"""A folder in a page of text: its files, with as many of their outermost definitions as there is room for."""

from __future__ import annotations

from collections.abc import Sequence

from agent_ls.core.paths import RelPath
from agent_ls.index.facts import Definition
from agent_ls.index.query import Index

_MOST_OUTLINED = 400
_PER_FILE = (40, 12, 5, 2, 0)
_DOC = 160


def files_below(index: Index, folder: str) -> list[RelPath]:
    """The indexed files of a folder (``""``: all of them), those that lie directly in it first."""
    prefix = f"{folder}/" if folder else ""
    found = [path for path in index.files() if path.startswith(prefix)]
    return sorted(found, key=lambda path: (path.count("/"), path))


def skeleton(index: Index, folder: str, most_chars: int) -> str:
    """What a folder holds, from the index alone: the same facts give the same text.

    Definitions are left out before files are; where not even the files have room, the rest is counted.
    ``""``: nothing of it is indexed. Cost: one look-up for each of the first 400 files.
    """
    files = files_below(index, folder)
    outlines = [(path, _outermost(index.outline(path))) for path in files[:_MOST_OUTLINED]]
    outlines += [(path, []) for path in files[_MOST_OUTLINED:]]
    page = ""
    for most in _PER_FILE:
        page = "\n".join(_entry(path, outline, most) for path, outline in outlines)
        if len(page) <= most_chars:
            return page
    kept = page[:most_chars].rpartition("\n")[0]
    return f"{kept}\n… and {len(files) - kept.count(chr(10)) - 1} more files"


def _outermost(outline: Sequence[Definition]) -> list[Definition]:
    return [definition for definition in outline if not definition.container]


def _entry(path: RelPath, outline: Sequence[Definition], most: int) -> str:
    lines: list[str] = [path]
    for found in outline[:most]:
        doc = f" — {' '.join(found.doc.split())[:_DOC]}" if found.doc else ""
        lines.append(f"  {found.signature or f'{found.kind} {found.name}'}{doc}")
    if most and len(outline) > most:
        lines.append(f"  … {len(outline) - most} more")
    return "\n".join(lines)
