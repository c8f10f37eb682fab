"""One file on disk to its packed facts, in a parse worker."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import final

from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex, content_hash
from agent_ls.index.extract import ParseTimeoutError, Survey, dialect, parse, survey
from agent_ls.index.imports import tails
from agent_ls.index.names import KEYWORDS, words_of
from agent_ls.index.packed import PackedFile, pack_facts, pack_lines, pack_offsets

_WORD = re.compile(rb"[A-Za-z_$\x80-\xff][\w$\x80-\xff]*")
_LONGEST_LINE = 20_000
_LONGEST_NAME = 200
_MOST_CACHED = 100_000
_IN_PATH, _IN_DEFINITION = 8, 3
"""How often a word counts extra as a search term when the path or a definition's name has it."""


def pack_file(
    data: bytes, path: RelPath, language: str, stat: tuple[int, int], deadline_s: float
) -> PackedFile:
    """Facts of one file. ``stat``: its size and mtime in ns. Never raises for what a text can contain."""
    size, mtime_ns = stat
    language = dialect(data, language)
    digest = content_hash(data)
    lines = LineIndex(data)
    bare = PackedFile(path, digest, size, mtime_ns, language, len(lines))
    reason = _unfit(data, lines)
    if reason:
        return _with_reason(bare, reason)
    try:
        found = survey(data, language, parse(data, language, deadline_s=deadline_s))
    except ParseTimeoutError:
        return _with_reason(bare, "too slow to parse")
    weights = _weights(data, path, found)
    uses = {name: starts for name, starts in found.uses.items() if len(name) <= _LONGEST_NAME}
    postings = [(name, weights.pop(name, 0), pack_offsets(starts)) for name, starts in uses.items()]
    postings += [(name, weight, b"") for name, weight in weights.items()]
    return PackedFile(
        path,
        digest,
        size,
        mtime_ns,
        language,
        len(lines),
        sum(weight for _, weight, _ in postings),
        len(found.definitions),
        sum(map(len, uses.values())),
        "",
        pack_facts(found.definitions, found.imports),
        pack_lines(data),
        postings,
        list({d.name for d in found.definitions if len(d.name) <= _LONGEST_NAME}),
        sorted({(tail, i.module) for i in found.imports for tail in tails(language, i.module, i.names)}),
    )


def _with_reason(bare: PackedFile, reason: str) -> PackedFile:
    return PackedFile(
        bare.path, bare.hash, bare.size, bare.mtime_ns, bare.language, bare.lines, reason=reason
    )


def _unfit(data: bytes, lines: LineIndex) -> str:
    if b"\0" in data:
        return "binary"
    if len(data) > _LONGEST_LINE and len(data) > 1000 * len(lines):
        return "minified"
    return ""


def _weights(data: bytes, path: RelPath, found: Survey) -> dict[str, int]:
    """How much each word (and each whole name in lower case) says about a file, as BM25 term counts."""
    counts: defaultdict[str, int] = defaultdict(int)
    for raw, count in Counter(_WORD.findall(data)).items():
        for word in _TERMS[raw]:
            counts[word] += count
    for definition in found.definitions:
        for word in _TERMS[definition.name.encode()]:
            counts[word] += _IN_DEFINITION
    for part in re.split(r"[/.]", path):
        for word in _TERMS[part.encode()]:
            counts[word] += _IN_PATH
    for keyword in KEYWORDS[found.language]:
        counts.pop(keyword, None)
    return {word: min(count, 0xFFFF) for word, count in counts.items()}


@final
class _Terms(dict[bytes, tuple[str, ...]]):
    """Search terms of a name: its words, and itself in lower case when they are several. A cache."""

    def __missing__(self, raw: bytes) -> tuple[str, ...]:
        if len(raw) > _LONGEST_NAME:
            return ()
        if len(self) > _MOST_CACHED:
            self.clear()
        name = raw.decode("utf-8", "replace")
        words = words_of(name)
        terms = tuple(dict.fromkeys([*words, name.lower()])) if len(words) > 1 else tuple(words)
        self[raw] = terms
        return terms


_TERMS = _Terms()
