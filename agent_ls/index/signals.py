"""What speaks for each file, as numbers between 0 and about 1: the input of `ranking`.

Each signal is one kind of evidence; ``benchmarks/context.py fit`` measures what each is worth.
Source of BM25: Robertson and Zaragoza, 2009.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import final

from agent_ls.core.job import Site
from agent_ls.core.paths import RelPath
from agent_ls.index.facts import Definition
from agent_ls.index.names import kin_stem, words_of
from agent_ls.index.query import Index
from agent_ls.index.words import NAME, name_terms, terms_of

Scores = dict[RelPath, float]

_K1, _B = 1.2, 0.75
_AROUND = 40
_MOST_READ = 200_000
_MOST_TERMS = 100
_MOST_NAMES = 40
_MOST_DEFINED = 12
_MOST_USERS = 60
_MOST_LOOKED_AT = 150
_MOST_IMPORTED = 8
_FILE_TERMS, _LIKELY = 25, 60
_COMPOUND = re.compile(r"[a-z0-9][A-Z]|[A-Za-z]_[A-Za-z]|^[A-Z][A-Z]")


@final
@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, taken apart.

    ``task``, ``around`` and ``file``: search terms of the task, of the cursor's surroundings and of
    its whole file, with weights. ``named``: names in the task that look like code. ``near``: the
    names next to the cursor. ``used``: these and more of the definition around it, near ones first.
    ``here``: that definition, ``None`` outside of any.
    """

    task: Mapping[str, float]
    around: Mapping[str, float]
    named: Sequence[str]
    near: frozenset[str]
    used: Sequence[str]
    here: Definition | None
    path: RelPath | None
    file: Mapping[str, float]


def request_of(
    index: Index, read: Callable[[RelPath], bytes | None], task: str, site: Site | None
) -> Request:
    """Take a task and the place of the cursor apart. Reads the cursor's file."""
    words = {term: 1.0 + math.log(count) for term, count in Counter(terms_of(task)).items()}
    named = [
        name for name in dict.fromkeys(NAME.findall(task)) if _COMPOUND.search(name) or f"`{name}" in task
    ]
    if site is None:
        return Request(_strongest(words), {}, named[:_MOST_NAMES], frozenset(), (), None, None, {})
    data = read(site.path) or b""
    here = index.symbol_at(site.path, site.span.start)
    near = _near(data, site)
    around: defaultdict[str, float] = defaultdict(float)
    for name in near:
        for term in name_terms(name):
            around[term] = 1.0
    for part in re.split(r"[/.]", site.path):
        for term in terms_of(part):
            around[term] += 1.0
    used = list(dict.fromkeys([*near, *(_inside(data, here) if here else ())]))
    if here is not None:
        for term in terms_of(here.path):
            around[term] += 1.0
    return Request(
        _strongest(words),
        _strongest(around),
        named[:_MOST_NAMES],
        frozenset(near),
        used[:_MOST_NAMES],
        here,
        site.path,
        _whole(data),
    )


def _whole(data: bytes) -> dict[str, float]:
    """The words that a file has most often; `words` keeps those that tell it from others."""
    counts: Counter[str] = Counter()
    for name, count in Counter(NAME.findall(data[:_MOST_READ].decode("utf-8", "replace"))).items():
        for term in name_terms(name):
            counts[term] += count
    return {term: math.log1p(count) for term, count in counts.most_common(_LIKELY)}


def _strongest(words: Mapping[str, float]) -> dict[str, float]:
    return {term: words[term] for term in sorted(words, key=lambda t: (-words[t], t))[:_MOST_TERMS]}


def _near(data: bytes, site: Site) -> list[str]:
    """The words nearest to the cursor, half before it and half behind."""
    start, end = site.span.start, max(site.span.start, site.span.end)
    before = NAME.findall(data[max(0, start - 4000) : start].decode("utf-8", "replace"))[-_AROUND // 2 :]
    behind = NAME.findall(data[start : end + 4000].decode("utf-8", "replace"))[: _AROUND // 2]
    return [*before, *behind]


def _inside(data: bytes, here: Definition) -> list[str]:
    text = data[here.span.start : min(here.span.end, here.span.start + 8000)]
    return [name for name in NAME.findall(text.decode("utf-8", "replace")) if len(name) > 2]


@final
@dataclass(frozen=True, slots=True)
class Words:
    """BM25 of the task, of the cursor's surroundings and of its whole file, each 0..1.

    ``rarity``: inverse document frequency per term of the request. ``terms``: the task's best
    terms of each file.
    """

    task: Scores
    around: Scores
    alike: Scores
    rarity: Mapping[str, float]
    terms: Mapping[RelPath, list[str]]


def words(index: Index, request: Request) -> Words:
    """Who has the request's words. Cost: the postings of at most some 200 terms."""
    total, mean = index.shape()
    # A term that a third of all files hold tells little and costs most.
    most = max(60, total // 3)
    rarity: dict[str, float] = {}
    postings: dict[str, list[tuple[int, int]]] = {}
    for term in {**request.task, **request.around, **request.file}:
        rows = index.term(term, most)
        if rows:
            postings[term] = rows
        found = most if rows is None else len(rows)
        rarity[term] = math.log(1 + (total - found + 0.5) / (found + 0.5)) if total else 0.0
    weights = [request.task, request.around, _telling(request.file, rarity)]
    lengths = index.lengths({row for rows in postings.values() for row, _ in rows})
    damped = {row: _K1 * (1 - _B + _B * length / mean) for row, (_, length) in lengths.items()}
    sums: list[defaultdict[int, float]] = [defaultdict(float), defaultdict(float), defaultdict(float)]
    parts: defaultdict[int, list[tuple[float, str]]] = defaultdict(list)
    for term, rows in postings.items():
        factors = [
            (at, weight * rarity[term]) for at, side in enumerate(weights) if (weight := side.get(term))
        ]
        for row, count in rows:
            if row not in damped:
                continue
            gain = count / (count + damped[row])
            for at, factor in factors:
                sums[at][row] += factor * gain
            if factors and factors[0][0] == 0:
                parts[row].append((factors[0][1] * gain, term))
    task, around, alike = (
        to_one({lengths[row][0]: score for row, score in side.items()}, without=request.path) for side in sums
    )
    best = {
        lengths[row][0]: [term for _, term in sorted(some, reverse=True)[:4]] for row, some in parts.items()
    }
    return Words(task, around, alike, rarity, best)


def _telling(counts: Mapping[str, float], rarity: Mapping[str, float]) -> dict[str, float]:
    """The terms that tell a file from others: often here and rare elsewhere."""
    best = sorted(counts, key=lambda term: (-counts[term] * rarity[term], term))
    return {term: counts[term] for term in best[:_FILE_TERMS]}


def defined(index: Index, names: Iterable[str]) -> Scores:
    """Files that define names; a name that many files define says little."""
    scores: defaultdict[RelPath, float] = defaultdict(float)
    for name in names:
        files = index.definers(name, _MOST_DEFINED + 1)
        for path in files if len(files) <= _MOST_DEFINED else ():
            scores[path] += 1 / len(files)
    return {path: math.log1p(score) for path, score in scores.items()}


def users(index: Index, here: Definition | None) -> Scores:
    """Files that use the definition at the cursor by name; a name that many use says little."""
    files = index.files_with(here.name, _MOST_USERS) if here else []
    return {path: 1 / math.log2(2 + len(files)) for path in files} if len(files) < _MOST_USERS else {}


def linked(index: Index, path: RelPath | None) -> tuple[Scores, Scores]:
    """Files that a file imports, and files that import it; one of many counts less."""
    if path is None:
        return {}, {}
    imported = {
        target for _, targets in index.imports_of(path) if len(targets) < _MOST_IMPORTED for target in targets
    }
    importers = set(index.importers(path, _MOST_USERS, among=_MOST_LOOKED_AT))
    return (
        {p: 1.0 for p in imported if p != path},
        {p: 1 / math.log2(2 + len(importers) / 4) for p in importers if p != path},
    )


def kin(path: RelPath, files: Sequence[RelPath]) -> Scores:
    """How much other files' names are like this one's: ``foo.c`` and ``foo.h``, a test and what it tests.

    1 for the same name; below that the share of common words, those that many names have
    counting less.
    """
    stem, mine = _stem_words(path)
    common = Counter(word for other in files for word in _stem_words(other)[1])
    rare = {word: 1 / (1 + math.log(max(1, common[word]))) for word in {*common, *mine}}
    total = sum(rare[word] for word in mine)
    scores: Scores = {}
    for other in files:
        other_stem, theirs = _stem_words(other)
        if other == path:
            continue
        if other_stem == stem:
            scores[other] = 1.0
        elif both := mine & theirs:
            rest = sum(rare[word] for word in theirs - mine)
            scores[other] = 0.8 * sum(rare[word] for word in both) / (total + rest)
    return scores


@lru_cache(maxsize=20_000)
def _stem_words(path: RelPath) -> tuple[str, frozenset[str]]:
    """The name that a file shares with its kin, and that name's words."""
    stem = kin_stem(path)
    return stem.lower(), frozenset(words_of(stem)) - {"test", "tests", "testing"}


def near_by(path: RelPath, files: Iterable[RelPath]) -> Scores:
    """Share of the folders that two paths have in common."""
    mine = path.split("/")[:-1]
    scores: Scores = {}
    for other in files:
        theirs = other.split("/")[:-1]
        same = 0
        for a, b in zip(mine, theirs, strict=False):
            if a != b:
                break
            same += 1
        scores[other] = (1 + same) / (1 + max(len(mine), len(theirs)))
    return scores


def called(task: Mapping[str, float], files: Sequence[RelPath]) -> Scores:
    """Files whose own name has the task's words; words that many names have count less."""
    having: Counter[str] = Counter()
    found: dict[RelPath, set[str]] = {}
    for path in files:
        hits = task.keys() & _path_words(path)
        if hits:
            found[path] = hits
            having.update(hits)
    total = len(files) + 1
    return {
        path: sum(task[term] * math.log(total / having[term]) for term in hits) / math.log(total) / 2
        for path, hits in found.items()
    }


@lru_cache(maxsize=20_000)
def _path_words(path: RelPath) -> frozenset[str]:
    """The words of a file's name and of its folder."""
    return frozenset(terms_of(" ".join(path.split("/")[-2:]).replace(".", " ")))


def to_one(scores: Mapping[RelPath, float], *, without: RelPath | None = None) -> Scores:
    """Scores divided by the best one; ``without`` a path that is given anyway."""
    rest = {path: score for path, score in scores.items() if path != without}
    top = max(rest.values(), default=0.0)
    return {path: score / top for path, score in rest.items()} if top else {}
