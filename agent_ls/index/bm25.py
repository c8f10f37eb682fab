"""Which files have a request's words, and how much these tell. Source: BM25, Robertson and Zaragoza, 2009."""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from agent_ls.core.paths import RelPath
from agent_ls.index.corpus import Corpus
from agent_ls.index.postings import Kind
from agent_ls.index.query import Index
from agent_ls.index.request import Request

Scores = dict[RelPath, float]

_K1, _B = 1.2, 0.75
_FILE_TERMS = 25
_BEST_TERMS, _TOLD = 4, 150


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
    terms: Mapping[RelPath, Sequence[str]]


def words(index: Index, request: Request) -> Words:
    """Who has the request's words. Cost: the lists of at most some 200 terms."""
    corpus = index.corpus()
    lists = index.lists(Kind.WORDS, {**request.task, **request.around, **request.file})
    held = {term: len(set(lists[term][0])) if term in lists else 0 for term in _asked(request)}
    total = corpus.worded
    # A term that a third of all files hold tells little and costs most.
    most = max(60, total // 3)
    found = {term: min(count, most) for term, count in held.items()}
    rarity = {
        term: math.log(1 + (total - count + 0.5) / (count + 0.5)) if total else 0.0
        for term, count in found.items()
    }
    sides = (request.task, request.around, _telling(request.file, rarity))
    useful = [term for term in held if 0 < held[term] <= most and any(term in side for side in sides)]
    gains = _gains(corpus, {term: lists[term] for term in useful})
    sums = [_sums(gains, side, rarity) for side in sides]
    task, around, alike = (to_one(_paths(corpus, some), without=request.path) for some in sums)
    return Words(task, around, alike, rarity, _best_terms(corpus, gains, request.task, rarity, sums[0]))


def _asked(request: Request) -> list[str]:
    return list({**request.task, **request.around, **request.file})


def _telling(counts: Mapping[str, float], rarity: Mapping[str, float]) -> dict[str, float]:
    """The terms that tell a file from others: often here and rare elsewhere."""
    best = sorted(counts, key=lambda term: (-counts[term] * rarity[term], term))
    return {term: counts[term] for term in best[:_FILE_TERMS]}


def _gains(
    corpus: Corpus, lists: Mapping[str, tuple[array[int], array[int]]]
) -> dict[str, list[tuple[int, float]]]:
    """For each term the files that have it, each with 0..1 for how much of it they have."""
    lengths, mean = corpus.terms, corpus.mean
    base, slope = _K1 * (1 - _B), _K1 * _B / mean
    gains: dict[str, list[tuple[int, float]]] = {}
    for term, (files, weights) in lists.items():
        counts = dict.fromkeys(files, 0)
        for file, weight in zip(files, weights, strict=True):
            counts[file] += weight
        gains[term] = [
            (file, count / (count + base + slope * lengths[file]))
            for file, count in counts.items()
            if file in lengths
        ]
    return gains


def _sums(
    gains: Mapping[str, Sequence[tuple[int, float]]], side: Mapping[str, float], rarity: Mapping[str, float]
) -> dict[int, float]:
    sums: dict[int, float] = {}
    for term, files in gains.items():
        if term in side:
            factor = side[term] * rarity[term]
            for file, gain in files:
                sums[file] = sums.get(file, 0.0) + factor * gain
    return sums


def _paths(corpus: Corpus, sums: Mapping[int, float]) -> dict[RelPath, float]:
    return {corpus.paths[file]: score for file, score in sums.items()}


def _best_terms(
    corpus: Corpus,
    gains: Mapping[str, Sequence[tuple[int, float]]],
    task: Mapping[str, float],
    rarity: Mapping[str, float],
    sums: Mapping[int, float],
) -> dict[RelPath, list[str]]:
    least = sorted(sums.values())[-_TOLD:][0] if sums else 0.0
    parts: defaultdict[int, list[tuple[float, str]]] = defaultdict(list)
    for term, files in gains.items():
        if term in task:
            for file, gain in files:
                if sums[file] >= least:
                    parts[file].append((task[term] * rarity[term] * gain, term))
    return {
        corpus.paths[file]: [term for _, term in sorted(some, reverse=True)[:_BEST_TERMS]]
        for file, some in parts.items()
    }


def to_one(scores: Mapping[RelPath, float], *, without: RelPath | None = None) -> Scores:
    """Scores divided by the best one; ``without`` a path that is given anyway."""
    rest = {path: score for path, score in scores.items() if path != without}
    top = max(rest.values(), default=0.0)
    return {path: score / top for path, score in rest.items()} if top else {}
