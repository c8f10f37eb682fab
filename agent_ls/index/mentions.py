"""All uses of a name, found file by file: how many at once, where on demand.

The commonest name of a million lines stands in thousands of files, tens of thousands of times. To
count that takes tens of milliseconds; to name the line and the definition around each of them takes
ten times as long, and who asks looks at a page of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import NamedTuple, final

from agent_ls.core.paths import RelPath
from agent_ls.index.packed import FactsOfFile
from agent_ls.index.uses import Found


@final
@dataclass(frozen=True, slots=True)
class RefHit:
    """A use of a name; ``line`` is 1-based, ``enclosing`` the path of the definition around it, or ``""``."""

    path: RelPath
    line: int
    enclosing: str


@final
class UsesInFile(NamedTuple):
    """The uses of one name in one file. Thousands are made at once, and a tuple costs a fifth.

    ``defined``: lines on which the file defines the name itself, as often as it does so.
    """

    path: RelPath
    file: int
    found: Found
    defined: Counter[int] | None = None

    def times(self) -> int:
        """How many there are."""
        return self.found.times() if self.defined is None else len(self.lines())

    def lines(self) -> list[int]:
        """0-based lines, ascending, one per use."""
        lines = self.found.lines()
        if self.defined is None:
            return lines
        own = self.defined.copy()
        left: list[int] = []
        for line in lines:
            if own[line]:
                own[line] -= 1
            else:
                left.append(line)
        return left


@final
class Mentions:
    """Uses of a name in order of path and place; each is made when it is looked at.

    ``whole``: no file was left out. ~10 µs per file to make and count one, ~50 µs per file whose
    items are looked at.
    """

    def __init__(
        self,
        counted: Sequence[tuple[UsesInFile, int]],
        facts_of: Callable[[int], FactsOfFile],
        *,
        whole: bool = True,
    ) -> None:
        """``counted``: see `UsesInFile.times`; none of them is zero."""
        self._counted = counted
        self._ends = list(accumulate(count for _, count in counted))
        self._facts_of = facts_of
        self.whole = whole

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[RefHit]:
        for one, _ in self._counted:
            yield from self._hits(one)

    @property
    def files(self) -> list[tuple[RelPath, int]]:
        """Every file and how often it uses the name."""
        return [(one.path, count) for one, count in self._counted]

    def within(self, wanted: Callable[[RelPath], bool]) -> Mentions:
        """Those in some files only."""
        counted = [pair for pair in self._counted if wanted(pair[0].path)]
        return Mentions(counted, self._facts_of, whole=self.whole)

    def page(self, limit: int, start: int = 0) -> list[RefHit]:
        """At most ``limit`` of them, from the one at ``start``."""
        at = bisect_right(self._ends, start)
        skipped = start - (self._ends[at - 1] if at else 0)
        hits: list[RefHit] = []
        while at < len(self._counted) and len(hits) < limit:
            hits += islice(self._hits(self._counted[at][0]), skipped, skipped + limit - len(hits))
            skipped, at = 0, at + 1
        return hits

    def _hits(self, one: UsesInFile) -> Iterator[RefHit]:
        facts = self._facts_of(one.file)
        for line in one.lines():
            yield RefHit(one.path, line + 1, facts.enclosing(line))
