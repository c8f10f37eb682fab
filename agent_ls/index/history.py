"""What the history of HEAD tells: which files changed together, and for which words.

`parse_log` reads what ``git log`` printed; a `History` answers from memory. Who reads git and
keeps the answer is `history_file`: never the one who asks for context.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

from agent_ls.core.paths import RelPath
from agent_ls.index.words import terms_of

MOST_COMMITS = 4000
LOG = (
    "log", "--no-renames", "--name-only", "--no-merges", "-z", f"--max-count={MOST_COMMITS}",
    "--format=%x01%H%x02%s",
)  # fmt: skip
_MOST_FILES = 40
"""A commit of more files is a sweep: it says nothing about which belong together."""
_RECENT = 40.0
"""After so many changes of a file, an older one counts for a third."""
_MOST_CHANGES, _MOST_SAYING = 150, 200


@final
@dataclass(frozen=True, slots=True)
class Commit:
    """One commit: the first line of its message, and the paths it changed."""

    id: str
    subject: str
    paths: tuple[str, ...]


def parse_log(log: bytes) -> list[Commit]:
    """What git prints for the arguments `LOG`, newest first. Never raises."""
    commits: list[Commit] = []
    for block in log.decode("utf-8", "replace").split("\x01")[1:]:
        head, _, rest = block.partition("\0")
        name, mark, subject = head.partition("\x02")
        if mark:
            paths = tuple(path.lstrip("\n") for path in rest.split("\0") if path.strip("\n"))
            commits.append(Commit(name, subject, paths))
    return commits


@final
class History:
    """Questions to the commits of one history, newest first. Each answer is 0..1 per path."""

    def __init__(self, commits: Sequence[Commit]) -> None:
        self._paths = [
            tuple(RelPath(p) for p in c.paths) if len(c.paths) <= _MOST_FILES else () for c in commits
        ]
        self._of: defaultdict[RelPath, list[int]] = defaultdict(list)
        self._saying: defaultdict[str, list[int]] = defaultdict(list)
        for at, (commit, paths) in enumerate(zip(commits, self._paths, strict=True)):
            for path in paths:
                self._of[path].append(at)
            for term in set(terms_of(commit.subject)) if paths else ():
                self._saying[term].append(at)

    def together(self, path: RelPath) -> dict[RelPath, float]:
        """How often each other file changed when this one did; late changes and small commits count more."""
        weights: defaultdict[RelPath, float] = defaultdict(float)
        total = 0.5
        for age, at in enumerate(self._of.get(path, ())[:_MOST_CHANGES]):
            weight = math.exp(-age / _RECENT)
            total += weight
            others = self._paths[at]
            share = weight / math.log2(1 + len(others)) if len(others) > 1 else 0.0
            for other in others:
                weights[other] += share
        weights.pop(path, None)
        return {other: weight / total for other, weight in weights.items()}

    def said(self, query: Mapping[str, float]) -> dict[RelPath, float]:
        """Files changed by commits whose message has the query's words; the best one has 1."""
        count = len(self._paths) + 1
        scores: defaultdict[int, float] = defaultdict(float)
        for term, weight in query.items():
            found = self._saying.get(term, ())
            for at in found:
                scores[at] += weight * math.log(1 + count / (1 + len(found)))
        files: defaultdict[RelPath, float] = defaultdict(float)
        for at in sorted(scores, key=lambda at: (-scores[at], at))[:_MOST_SAYING]:
            score = scores[at]
            share = score * score / math.log2(1 + len(self._paths[at]))
            for path in self._paths[at]:
                files[path] += share
        return _to_one(files)

    def lively(self, paths: Iterable[RelPath]) -> dict[RelPath, float]:
        """How much each file changed of late: 1 for one that is in every commit."""
        rates = {
            path: sum(math.exp(-at / 300) for at in self._of.get(path, ())[:_MOST_CHANGES]) for path in paths
        }
        return _to_one({path: math.log1p(rate) for path, rate in rates.items()})


def _to_one(scores: Mapping[RelPath, float]) -> dict[RelPath, float]:
    top = max(scores.values(), default=0.0)
    return {path: score / top for path, score in scores.items() if score > 0} if top else {}
