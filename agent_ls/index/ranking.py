"""Which files matter for a request: signals fused by few fitted weights."""

from __future__ import annotations

import math
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files as resources
from typing import final

from agent_ls.core.paths import RelPath
from agent_ls.index import nearness, signals
from agent_ls.index.bm25 import Scores, Words, words
from agent_ls.index.names import is_test
from agent_ls.index.query import Index
from agent_ls.index.request import Request

Weights = Mapping[str, float]

_POOL, _NEAR = 120, 20
"""How many files each signal may propose; being near proposes few, as it says little by itself."""
_FIRST = "_first"
_FIRSTS = ("task_words", "around_words", "alike", "together", "task_history")
"""Signals whose order says something beside their size: the first one of a weak signal is still its first."""
_HALF_PLACE = 5
"""The place at which being among the first counts for half."""
_ALWAYS_SAID = frozenset({"imported", "importers", "users"})
_SAID = 0.1
_MOST_REASONS = 6


@final
@dataclass(frozen=True, slots=True)
class RankedFile:
    """A file that matters; ``why`` in words for people, the strongest reason first.

    ``score``: how likely beside the best one, which has 1.
    """

    path: RelPath
    score: float
    why: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True)
class Evidence:
    """Every signal's score per file, by the signal's name."""

    signals: Mapping[str, Scores]
    words: Words


@lru_cache(maxsize=1)
def weights() -> Mapping[str, Weights]:
    """The fitted weights of files and of passages (``benchmarks/context.py fit`` writes them)."""
    return tomllib.loads(resources("agent_ls.index").joinpath("weights.toml").read_text("utf-8"))


def gather(index: Index, request: Request) -> Evidence:
    """All signals of the files that at least one of them puts among its first."""
    history = index.history()
    files = index.corpus().files
    places = nearness.places(files)
    told = words(index, request)
    found: dict[str, Scores] = {
        "task_words": told.task,
        "task_path": nearness.called(request.task, places, request.path),
        "task_names": signals.defined(index, request.named),
        "task_history": history.said(request.task),
    }
    if request.path is not None:
        imported, importers = signals.linked(index, request.path)
        found |= {
            "around_words": told.around,
            "around_names": signals.defined(index, request.used),
            "alike": told.alike,
            "users": signals.users(index, request.here),
            "together": history.together(request.path),
            "imported": imported,
            "importers": importers,
            "kin": nearness.kin(request.path, places),
            "near": nearness.nearest(request.path, places, _NEAR),
        }
    pool = _pool(found, set(files) - {request.path})
    found = {name: {p: scores[p] for p in pool if p in scores} for name, scores in found.items()}
    if request.path is not None:
        found["near"] = nearness.near_by(request.path, pool)
    found |= {f"{name}{_FIRST}": _firsts(found[name]) for name in _FIRSTS if name in found}
    found["lively"] = history.lively(pool)
    found["test"] = {path: 1.0 for path in pool if is_test(path)}
    return Evidence(found, told)


def _firsts(scores: Scores) -> Scores:
    """1 for the best file of a signal, less for each further one."""
    best = _best({path: score for path, score in scores.items() if score > 0}, len(scores))
    return {path: 1 / (1 + place / _HALF_PLACE) for place, path in enumerate(best)}


def _pool(found: Mapping[str, Scores], known: set[RelPath]) -> set[RelPath]:
    pool: set[RelPath] = set()
    for name, scores in found.items():
        pool.update(_best(scores, _NEAR if name == "near" else _POOL))
    return pool & known


def _best(scores: Scores, most: int) -> list[RelPath]:
    """The best paths in order; of thousands, only those that may be among them are sorted by path."""
    if 0 < most < len(scores):
        least = sorted(scores.values(), reverse=True)[most - 1]
        scores = {path: score for path, score in scores.items() if score >= least}
    return sorted(scores, key=lambda path: (-scores[path], path))[:most]


def rank(evidence: Evidence, weights: Weights) -> Scores:
    """The weighted sum of the signals: the logarithm of a file's odds but for a constant."""
    scores: defaultdict[RelPath, float] = defaultdict(float)
    for name, found in evidence.signals.items():
        weight = weights.get(name, 0.0)
        for path, score in found.items():
            scores[path] += weight * score
    return dict(scores)


def best_files(evidence: Evidence, weights: Weights, request: Request, most: int) -> list[RankedFile]:
    """The best files in order, with their reasons."""
    scores = rank(evidence, weights)
    best = _best(scores, most)
    return [
        RankedFile(
            path, round(math.exp(scores[path] - scores[best[0]]), 4), _why(path, evidence, weights, request)
        )
        for path in best
    ]


def _why(path: RelPath, evidence: Evidence, weights: Weights, request: Request) -> tuple[str, ...]:
    gains: defaultdict[str, float] = defaultdict(float)
    for name, scores in evidence.signals.items():
        if scores.get(path, 0.0) > 0:
            gains[name.removesuffix(_FIRST)] += weights.get(name, 0.0) * scores[path]
    told = [name for name, gain in gains.items() if gain > _SAID or name in _ALWAYS_SAID]
    told.sort(key=lambda name: (-gains[name], name))
    reasons = [_in_words(name, path, evidence, request) for name in told]
    return tuple(reason for reason in reasons if reason)[:_MOST_REASONS]


def _in_words(signal: str, path: RelPath, evidence: Evidence, request: Request) -> str:
    match signal:
        case "task_words":
            terms = evidence.words.terms.get(path)
            return "words: " + ", ".join(terms) if terms else ""
        case "kin":
            if evidence.signals["kin"][path] < 1.0:
                return "kindred name"
            return "its test" if is_test(path) else "same name"
        case "users":
            return f"uses {request.here.name}" if request.here else ""
        case _:
            return _WORDS.get(signal, "")


_WORDS: Mapping[str, str] = {
    "task_path": "named by the request",
    "task_names": "defines a name of the request",
    "task_history": "changed by commits about this",
    "around_words": "words round the cursor",
    "around_names": "defines what is used at the cursor",
    "alike": "much like the cursor's file",
    "together": "changes together with the cursor's file",
    "imported": "imported here",
    "importers": "imports this file",
    "near": "near by",
    "lively": "changes often",
}
