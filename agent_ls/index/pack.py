"""One file on disk to its packed facts, in a parse worker."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import repeat

from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex, content_hash
from agent_ls.index.extract import ParseTimeoutError, Survey, dialect, parse, survey
from agent_ls.index.imports import tails
from agent_ls.index.packed import PackedFile, pack_facts, pack_lines
from agent_ls.index.uses import KEYWORD_BYTES, pack_uses

_WORD = re.compile(rb"[A-Za-z_$\x80-\xff][\w$\x80-\xff]*+")
_LONGEST_LINE = 20_000
_LONGEST_NAME = 200
_IN_PATH, _IN_DEFINITION = 8, 3
"""How often a word counts extra as a search term when the path or a definition's name has it."""


def pack_file(
    data: bytes, path: RelPath, language: str, stat: tuple[int, int], deadline_s: float
) -> PackedFile:
    """Facts of one file. ``stat``: its size and mtime in ns. Never raises for what a text can contain."""
    size, mtime_ns = stat
    language = dialect(data, language)
    digest = content_hash(data)
    reason = _unfit(data)
    if reason:
        return PackedFile(path, digest, size, mtime_ns, language, reason=reason)
    try:
        found = survey(data, language, parse(data, language, deadline_s=deadline_s))
    except ParseTimeoutError:
        return PackedFile(path, digest, size, mtime_ns, language, reason="too slow to parse")
    weights = _weights(data, path, found)
    return PackedFile(
        path,
        digest,
        size,
        mtime_ns,
        language,
        len(found.lines),
        weights.total(),
        len(found.definitions),
        len(found.uses.ids),
        "",
        pack_facts(found.definitions, found.imports),
        pack_lines(found.lines),
        pack_uses(found.uses),
        b"\n".join(found.uses.names),
        _joined(d.name for d in found.definitions),
        b"\n".join(weights),
        bytes(map(min, weights.values(), repeat(0xFF))),
        _joined(tail for i in found.imports for tail in tails(language, i.module, i.names)),
    )


def _unfit(data: bytes) -> str:
    if b"\0" in data:
        return "binary"
    if len(data) > _LONGEST_LINE and len(data) > 1000 * len(LineIndex(data)):
        return "minified"
    return ""


def _joined(names: Iterable[str]) -> bytes:
    return "\n".join(
        name for name in dict.fromkeys(names) if len(name) <= _LONGEST_NAME and "\n" not in name
    ).encode("utf-8", "replace")


def _weights(data: bytes, path: RelPath, found: Survey) -> Counter[bytes]:
    """How much each word as it is written says about a file: its count, more in names and the path.

    Names are taken apart once per segment (`words`), not here once per file.
    """
    counts = found.uses.counts
    prose = b"\n".join([data[start:end] for start, end in (*found.strings, *found.comments)])
    counts.update(_WORD.findall(prose))
    for definition in found.definitions:
        counts[definition.name.encode()] += _IN_DEFINITION
    for part in re.split(r"[/.]", path):
        counts[part.encode()] += _IN_PATH
    for keyword in counts.keys() & KEYWORD_BYTES[found.language]:
        del counts[keyword]
    return counts
