"""Within the right files: which definitions to show, and how many fit the budget."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import final

from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex, content_hash
from agent_ls.index.facts import Definition
from agent_ls.index.names import words_of
from agent_ls.index.query import Index

_K1 = 1.2
_USUAL_TERMS, _IN_NAME = 120, 1.5
_WHOLE = frozenset({"function", "method", "macro", "constant", "variable", "type", "enum", "field"})
NAME = re.compile(r"[A-Za-z_$\x80-\U0010ffff][\w$]*")
_STOP = frozenset(
    [
        "the",
        "an",
        "and",
        "or",
        "of",
        "to",
        "in",
        "is",
        "it",
        "for",
        "on",
        "with",
        "as",
        "by",
        "be",
        "this",
        "that",
        "from",
        "at",
        "are",
        "not",
        "if",
        "we",
        "can",
        "should",
        "would",
        "will",
        "when",
        "was",
        "has",
        "have",
        "do",
        "does",
        "did",
        "but",
        "so",
        "which",
        "into",
        "than",
        "then",
        "there",
        "been",
        "no",
        "its",
        "also",
        "only",
        "use",
        "used",
        "using",
        "fix",
        "add",
        "remove",
        "change",
        "make",
        "update",
        "instead",
        "more",
        "some",
        "all",
        "any",
    ]
)


@final
@dataclass(frozen=True, slots=True)
class RankedFile:
    """A file that matters; ``why`` in words for people, the strongest reason first."""

    path: RelPath
    score: float
    why: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True)
class ContextSpan:
    """Lines worth showing, 1-based and inclusive. ``tokens``: its characters / 4, rounded up."""

    path: RelPath
    symbol: str
    start_line: int
    end_line: int
    score: float
    tokens: int


def terms_of(text: str) -> list[str]:
    """Search terms of a text: the words of its names, and names of several words as a whole."""
    found: list[str] = []
    for name in NAME.findall(text):
        found += _name_terms(name)
    return found


@lru_cache(maxsize=50_000)
def _name_terms(name: str) -> tuple[str, ...]:
    words = words_of(name)
    whole = (name.lower(),) if len(words) > 1 else ()
    return (*(word for word in words if word not in _STOP), *whole)


@final
@dataclass(frozen=True, slots=True)
class Candidate:
    """A definition worth showing: 0-based first and last line, and its size in characters."""

    path: RelPath
    symbol: str
    first: int
    last: int
    score: float
    size: int


def candidates(
    index: Index,
    read: Callable[[RelPath], bytes | None],
    files: Sequence[RankedFile],
    query: Mapping[str, float],
) -> list[Candidate]:
    """Definitions of the best files, best first by (file score times own score)."""
    found: list[Candidate] = []
    for rank, file in enumerate(files):
        data = read(file.path)
        if data is None:
            continue
        definitions = _current(index, file.path, data)
        lines = LineIndex(data)
        for definition in _leaves(definitions):
            body = data[definition.span.start : definition.span.end]
            own = _score(definition, body, query)
            if own > 0:
                first, last = (
                    lines.line_of(definition.span.start),
                    lines.line_of(max(definition.span.start, definition.span.end - 1)),
                )
                shown = data[lines.start(first) : lines.start(last + 1)]
                size = len(shown.decode("utf-8", "replace"))
                weight = own * file.score / math.sqrt(1 + rank / 4)
                found.append(Candidate(file.path, definition.path, first, last, weight, size))
    found.sort(key=lambda c: (-c.score, c.path, c.first))
    return found


def _current(index: Index, path: RelPath, data: bytes) -> list[Definition]:
    """The indexed definitions that still stand where they were; all, if the text is the indexed one."""
    definitions = index.outline(path)
    if content_hash(data) == index.hash_of(path):
        return definitions
    return [
        d
        for d in definitions
        if d.span.end <= len(data) and data[d.name_span.start : d.name_span.end] == d.name.encode()
    ]


def _leaves(definitions: Sequence[Definition]) -> list[Definition]:
    """Definitions shown whole: functions and their like, and classes too small to be cut; no nested ones."""
    shown: list[Definition] = []
    end = -1
    for definition in definitions:
        if definition.span.start < end:
            continue
        if definition.kind in _WHOLE or definition.span.end - definition.span.start < 1200:
            shown.append(definition)
            end = definition.span.end
    return shown


def _score(definition: Definition, body: bytes, query: Mapping[str, float]) -> float:
    """How much of the query a definition holds; its name counts most, length is damped."""
    counts = Counter(terms_of(body.decode("utf-8", "replace")))
    damping = _K1 * (0.4 + 0.6 * sum(counts.values()) / _USUAL_TERMS)
    score = 0.0
    for term, count in counts.items():
        weight = query.get(term)
        if weight:
            score += weight * count * (_K1 + 1) / (count + damping)
    for term in dict.fromkeys(terms_of(definition.path)):
        score += _IN_NAME * query.get(term, 0.0)
    return score


def pack(candidates: Sequence[Candidate], budget: int) -> tuple[tuple[ContextSpan, ...], int]:
    """Take what fits, best first."""
    spans: list[ContextSpan] = []
    paid: set[RelPath] = set()
    used = 0
    for c in candidates:
        tokens = math.ceil(c.size / 4)
        header = 0 if c.path in paid else math.ceil(len(c.path) / 4) + 2
        if used + tokens + header > budget:
            continue
        used += tokens + header
        paid.add(c.path)
        spans.append(ContextSpan(c.path, c.symbol, c.first + 1, c.last + 1, round(c.score, 3), tokens))
    return tuple(spans), used
