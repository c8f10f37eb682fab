"""One file on disk to its packed facts, in a parse worker."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex, content_hash
from agent_ls.index.extract import ParseTimeoutError, Survey, dialect, survey_for_store
from agent_ls.index.imports import tails
from agent_ls.index.names import DATA, HOSTS, MARKUP
from agent_ls.index.packed import PackedFile, pack_facts
from agent_ls.index.uses import KEYWORD_BYTES, find_uses, pack_uses, words_of_prose

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
        found, code = survey_for_store(data, language, deadline_s)
    except ParseTimeoutError:
        return PackedFile(path, digest, size, mtime_ns, language, reason="too slow to parse")
    defined = Counter([row[0].encode() for row in found.rows])
    own = defined
    if language in HOSTS:  # a heading or an id is no place of the code
        own = Counter([row[0].encode() for row in found.rows if row[1] not in MARKUP])
    uses = find_uses(code, language, own)
    weights = _weights(data, path, found, uses.counts, defined)
    return PackedFile(
        path,
        digest,
        size,
        mtime_ns,
        language,
        len(found.lines),
        weights.total(),
        len(found.rows),
        uses.total,
        "",
        pack_facts(found.rows, found.imports, found.lines),
        pack_uses(uses),
        uses.names,
        _listed(defined),
        list(weights),
        _capped(weights.values()),
        _listed(tail.encode() for i in found.imports for tail in tails(language, i.module, i.names)),
    )


def _unfit(data: bytes) -> str:
    if b"\0" in data:
        return "binary"
    # Counting line feeds is quick; lines that end otherwise are looked for where those are few.
    if len(data) > _LONGEST_LINE + 1000 * data.count(b"\n") and len(data) > 1000 * len(LineIndex(data)):
        return "minified"
    return ""


def _listed(names: Iterable[bytes]) -> list[bytes]:
    return [name for name in dict.fromkeys(names) if len(name) <= _LONGEST_NAME and b"\n" not in name]


def _capped(values: Iterable[int]) -> list[int]:
    """Numbers that fit into a byte; they nearly always do."""
    found = list(values)
    return found if max(found, default=0) <= 0xFF else [min(value, 0xFF) for value in found]


def _weights(
    data: bytes, path: RelPath, found: Survey, counts: Counter[bytes], defined: Counter[bytes]
) -> Counter[bytes]:
    """How much each word as it is written says about a file: its count, more in names and the path.

    Names are taken apart once per part of the store (`terms`), not here once per file.
    ``counts``: of the words of the code; they become the answer.
    """
    if found.language in DATA:
        return Counter()
    counts.update(words_of_prose([data[start:end] for start, end in (*found.strings, *found.comments)]))
    for name, times in defined.items():
        counts[name] += _IN_DEFINITION * times
    for part in re.split(r"[/.]", path):
        counts[part.encode()] += _IN_PATH
    for keyword in counts.keys() & KEYWORD_BYTES[found.language]:
        del counts[keyword]
    return counts
