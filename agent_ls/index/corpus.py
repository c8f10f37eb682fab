"""All files of a store at once: what every ranking needs of each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

from agent_ls.core.paths import RelPath


@final
@dataclass(frozen=True, slots=True)
class Corpus:
    """The indexed files by their ids.

    ``terms``: lengths in search terms. ``files``: all paths, sorted. ``worded``: how many files
    have search terms. ``mean``: their mean length.
    """

    paths: Mapping[int, RelPath]
    terms: Mapping[int, int]
    files: tuple[RelPath, ...]
    worded: int
    mean: float

    @staticmethod
    def of(rows: Sequence[tuple[int, str, int]]) -> Corpus:
        """From (id, path, terms) of every file."""
        paths = {file: RelPath(path) for file, path, _ in rows}
        terms = {file: count for file, _, count in rows}
        lengths = [count for count in terms.values() if count > 0]
        mean = sum(lengths) / len(lengths) if lengths else 1.0
        return Corpus(paths, terms, tuple(sorted(paths.values())), len(lengths), mean)

    def paths_of(self, ids: Iterable[int]) -> set[RelPath]:
        """The paths of some ids, without those that are not known here."""
        return {self.paths[file] for file in ids if file in self.paths}
