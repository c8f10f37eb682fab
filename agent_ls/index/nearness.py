"""What the names and folders of files tell: kindred names, near places, names that the request has."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import final

from agent_ls.core.paths import RelPath
from agent_ls.index.bm25 import Scores
from agent_ls.index.names import kin_stem, words_of
from agent_ls.index.words import terms_of


@final
@dataclass(frozen=True, slots=True)
class Places:
    """All paths of a workspace by the words of their names, by their stems and by their folders."""

    called: Mapping[str, Sequence[RelPath]]
    stems: Mapping[str, Sequence[RelPath]]
    stem_words: Mapping[str, Sequence[RelPath]]
    folders: Mapping[str, Sequence[RelPath]]
    count: int


@lru_cache(maxsize=2)
def places(files: tuple[RelPath, ...]) -> Places:
    """Where all files are. ~20 µs per file, once for the same files."""
    called: defaultdict[str, list[RelPath]] = defaultdict(list)
    stems: defaultdict[str, list[RelPath]] = defaultdict(list)
    stem_words: defaultdict[str, list[RelPath]] = defaultdict(list)
    folders: defaultdict[str, list[RelPath]] = defaultdict(list)
    for path in files:
        stem, words = _stem_words(path)
        stems[stem].append(path)
        folders[path.rpartition("/")[0]].append(path)
        for word in words:
            stem_words[word].append(path)
        for word in _path_words(path):
            called[word].append(path)
    return Places(called, stems, stem_words, folders, len(files))


def kin(path: RelPath, among: Places) -> Scores:
    """How much other files' names are like this one's: ``foo.c`` and ``foo.h``, a test and what it tests.

    1 for the same name; below that the share of common words, those that many names have
    counting less.
    """
    stem, mine = _stem_words(path)
    known = path in among.folders.get(path.rpartition("/")[0], ())

    def rare(word: str) -> float:
        others = len(among.stem_words.get(word, ())) - (known and word in mine)
        return 1 / (1 + math.log(max(1, others)))

    rarity = {word: rare(word) for word in sorted(mine)}
    total = sum(rarity.values())
    scores: Scores = {}
    for other in {p for word in mine for p in among.stem_words.get(word, ())} - {path}:
        _, theirs = _stem_words(other)
        both = sum(rarity[word] for word in sorted(mine & theirs))
        scores[other] = 0.8 * both / (total + sum(rare(word) for word in sorted(theirs - mine)))
    return scores | {other: 1.0 for other in among.stems.get(stem, ()) if other != path}


@lru_cache(maxsize=20_000)
def _stem_words(path: RelPath) -> tuple[str, frozenset[str]]:
    """The name that a file shares with its kin, and that name's words."""
    stem = kin_stem(path)
    return stem.lower(), frozenset(words_of(stem)) - {"test", "tests", "testing"}


def near_by(path: RelPath, files: Iterable[RelPath]) -> Scores:
    """Share of the folders that two paths have in common."""
    mine = path.split("/")[:-1]
    return {other: _common(mine, other.split("/")[:-1]) for other in files if other != path}


def nearest(path: RelPath, among: Places, most: int) -> Scores:
    """The files that are nearest, at least ``most`` if there are so many. Looks at folders, not at files."""
    mine = path.split("/")[:-1]
    shares = {folder: _common(mine, folder.split("/") if folder else []) for folder in among.folders}
    found: Scores = {}
    last = 0.0
    for folder in sorted(shares, key=lambda folder: -shares[folder]):
        if len(found) > most and shares[folder] < last:
            break
        last = shares[folder]
        found |= dict.fromkeys(among.folders[folder], last)
    found.pop(path, None)
    return found


def _common(mine: Sequence[str], theirs: Sequence[str]) -> float:
    same = 0
    for a, b in zip(mine, theirs, strict=False):
        if a != b:
            break
        same += 1
    return (1 + same) / (1 + max(len(mine), len(theirs)))


def called(task: Mapping[str, float], among: Places, without: RelPath | None) -> Scores:
    """Files whose own name has the task's words; words that many names have count less.

    ``without``: the path that is given anyway, and does not count.
    """
    total = among.count + (without is None)
    scores: defaultdict[RelPath, float] = defaultdict(float)
    for term, weight in task.items():
        files = [path for path in among.called.get(term, ()) if path != without]
        for path in files:
            scores[path] += weight * math.log(total / len(files))
    return {path: score / math.log(total) / 2 for path, score in scores.items()}


@lru_cache(maxsize=20_000)
def _path_words(path: RelPath) -> frozenset[str]:
    """The words of a file's name and of its folder."""
    return frozenset(terms_of(" ".join(path.split("/")[-2:]).replace(".", " ")))
