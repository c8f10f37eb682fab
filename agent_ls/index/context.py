"""Which code matters for a request: files by their words, then the definitions worth showing.

First stage: BM25 over file terms (names, paths, comments and bodies; see `pack`) with the words
of the request, some forty words round the cursor and the cursor's path; files that import or are
imported by the cursor's file, and its namesakes, are lifted. Second stage: the definitions of
the best files, scored by the same words, packed within the budget (`packing`).
Source: BM25 (Robertson, Zaragoza, 2009); the words round the cursor are the cheapest gain that
was measured.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, final

from agent_ls.core.job import Site
from agent_ls.core.paths import RelPath
from agent_ls.index.names import is_test
from agent_ls.index.packing import NAME, ContextSpan, RankedFile, candidates, pack, terms_of
from agent_ls.index.query import Index

_K1, _B = 1.2, 0.75
_AROUND = 40
_SITE_WEIGHT, _PATH_WEIGHT = 0.25, 0.5
_NEIGHBOUR, _KIN = 0.15, 0.2
_CANDIDATES = 40
_MOST_TERMS = 120


@final
@dataclass(frozen=True, slots=True)
class Context:
    """Files best first, and spans that fit the budget together, best first."""

    files: tuple[RankedFile, ...]
    spans: tuple[ContextSpan, ...]
    used_tokens: int

    def to_json(self, *, budget: int, elapsed_ms: float) -> dict[str, Any]:
        """The object of ``agent-ls context --json``."""
        return {
            "files": [asdict(file) for file in self.files],
            "spans": [asdict(span) for span in self.spans],
            "budget": budget,
            "used_tokens": self.used_tokens,
            "elapsed_ms": round(elapsed_ms, 1),
        }


def context(
    index: Index,
    snapshot_read: Callable[[RelPath], bytes | None],
    task: str,
    site: Site | None,
    budget_tokens: int,
) -> Context:
    """Rank files and pick definitions for a task.

    Args:
        index: The workspace's facts.
        snapshot_read: Text of now, ``None`` for what is not there or may not be read.
        task: The request in the user's words.
        site: Where the cursor is. Its file is taken as given: neither ranked nor packed.
        budget_tokens: A token is four characters; each file costs its path / 4 + 2 once.

    Reads at most 40 files. Never raises for an empty or missing index.
    """
    query = _query(task, site, snapshot_read)
    scores, reasons = _rank(index, query, site)
    best = sorted(scores, key=lambda path: (-scores[path], path))[:_CANDIDATES]
    top = scores[best[0]] if best else 1.0
    files = tuple(RankedFile(p, round(scores[p] / top, 4), tuple(reasons[p])) for p in best)
    spans, used = pack(candidates(index, snapshot_read, files, query), budget_tokens)
    return Context(files, spans, used)


def _query(task: str, site: Site | None, read: Callable[[RelPath], bytes | None]) -> dict[str, float]:
    """Search terms and their weights."""
    weights: defaultdict[str, float] = defaultdict(float)
    for term, count in Counter(terms_of(task)).items():
        weights[term] += 1.0 + math.log(count)
    if site is not None:
        for part in re.split(r"[/.]", site.path):
            for term in terms_of(part):
                weights[term] += _PATH_WEIGHT
        for term in dict.fromkeys(_around(read(site.path) or b"", site)):
            weights[term] += _SITE_WEIGHT
    strongest = sorted(weights, key=lambda term: (-weights[term], term))[:_MOST_TERMS]
    return {term: weights[term] for term in strongest}


def _around(data: bytes, site: Site) -> list[str]:
    """Terms of the words nearest to the cursor, half before it and half behind."""
    start, end = site.span.start, site.span.end
    before = NAME.findall(data[max(0, start - 4000) : start].decode("utf-8", "replace"))[-_AROUND // 2 :]
    behind = NAME.findall(data[start : max(end, start) + 4000].decode("utf-8", "replace"))[: _AROUND // 2]
    return terms_of(" ".join([*before, *behind]))


def _rank(
    index: Index, query: Mapping[str, float], site: Site | None
) -> tuple[dict[RelPath, float], dict[RelPath, list[str]]]:
    total, mean = index.shape()
    # A term that a third of all files hold tells nothing and costs most.
    most = max(50, total // 3)
    postings = {term: rows for term in query if (rows := index.term(term, most))}
    lengths = index.lengths({row for rows in postings.values() for row, _ in rows})
    scores: defaultdict[RelPath, float] = defaultdict(float)
    parts: defaultdict[RelPath, list[tuple[float, str]]] = defaultdict(list)
    for term, rows in postings.items():
        idf = math.log(1 + (total - len(rows) + 0.5) / (len(rows) + 0.5))
        for row, count in rows:
            if row not in lengths:
                continue
            path, length = lengths[row]
            gain = query[term] * idf * count * (_K1 + 1) / (count + _K1 * (1 - _B + _B * length / mean))
            scores[path] += gain
            parts[path].append((gain, term))
    reasons = {
        path: ["words: " + ", ".join(term for _, term in sorted(found, key=lambda g: (-g[0], g[1]))[:4])]
        for path, found in parts.items()
    }
    _lift(index, scores, reasons, site)
    if site is not None:
        scores.pop(site.path, None)
    return scores, reasons


def _lift(
    index: Index, scores: defaultdict[RelPath, float], reasons: dict[RelPath, list[str]], site: Site | None
) -> None:
    """Import neighbours and namesakes of the cursor's file."""
    if site is None:
        return
    top = max((score for path, score in scores.items() if path != site.path), default=1.0)
    imported = {path for _, targets in index.imports_of(site.path) for path in targets}
    for paths, words in ((imported, "imported here"), (set(index.importers(site.path)), "imports this file")):
        for path in sorted(paths):
            scores[path] += _NEIGHBOUR * top
            reasons.setdefault(path, []).append(words)
    for path in index.namesakes(site.path):
        scores[path] += _KIN * top
        reasons.setdefault(path, []).append("its test" if is_test(path) else "same name")
