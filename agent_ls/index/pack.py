"""One file on disk to its packed facts, in a parse worker."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import final

from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex, content_hash
from agent_ls.index.extract import ParseTimeoutError, Survey, dialect, parse, survey
from agent_ls.index.imports import tails
from agent_ls.index.names import KEYWORDS, words_of
from agent_ls.index.packed import PackedFile, pack_facts, pack_lines
from agent_ls.index.uses import pack_uses

_WORD = re.compile(rb"[A-Za-z_$\x80-\xff][\w$\x80-\xff]*+")
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
        sum(weights.values()),
        len(found.definitions),
        len(found.uses.ids),
        "",
        pack_facts(found.definitions, found.imports),
        pack_lines(found.lines),
        pack_uses(found.uses),
        b"\n".join(found.uses.names),
        _joined(d.name for d in found.definitions),
        "\n".join(weights).encode(),
        bytes(weights.values()),
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


def _weights(data: bytes, path: RelPath, found: Survey) -> dict[str, int]:
    """How much each word (and each whole name in lower case) says about a file, as BM25 term counts.

    At most 255: saturation makes more of them the same.
    """
    counts: defaultdict[str, int] = defaultdict(int)
    written = found.uses.counts
    prose = b"\n".join([data[start:end] for start, end in (*found.strings, *found.comments)])
    written.update(_WORD.findall(prose))
    _add(counts, written)
    _add(counts, Counter([d.name.encode() for d in found.definitions]), _IN_DEFINITION)
    _add(counts, Counter([part.encode() for part in re.split(r"[/.]", path)]), _IN_PATH)
    for keyword in counts.keys() & KEYWORDS[found.language]:
        del counts[keyword]
    return {word: min(count, 0xFF) for word, count in counts.items()}


def _add(counts: defaultdict[str, int], written: Counter[bytes], times: int = 1) -> None:
    terms = _TERMS
    for raw, count in written.items():
        for word in terms[raw]:
            counts[word] += times * count


@final
class _Terms(dict[bytes, tuple[str, ...]]):
    """Search terms of a name: its words, and itself in lower case when they are several. A cache."""

    def __missing__(self, raw: bytes) -> tuple[str, ...]:
        if len(raw) > _LONGEST_NAME:
            return ()
        if len(self) > _MOST_CACHED:
            self.clear()
        name = raw.decode("utf-8", "replace")
        words = words_of(name) if not name[:1].isdigit() else []
        terms = tuple(dict.fromkeys([*words, name.lower()])) if len(words) > 1 else tuple(words)
        self[raw] = terms
        return terms


_TERMS = _Terms()
