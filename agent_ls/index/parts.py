"""A part of the store: the facts of some files and their inverted lists, made where the files are parsed.

The writer puts a part into the store as it is: the sorting and packing of lists is work for the
parse workers, of whom there are several.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, count, pairwise, repeat
from typing import Any, final

from agent_ls.core.paths import RelPath
from agent_ls.index import postings
from agent_ls.index.names import stem_of
from agent_ls.index.packed import PackedFile
from agent_ls.index.postings import Kind, Lists
from agent_ls.index.terms import by_term

FileRow = tuple[int, str, str, str, int, int, str, int, int, int, int, str]
"""A row of the store's ``files``."""


@final
@dataclass(frozen=True, slots=True)
class Part:
    """Rows of the store. ``size``: number of files with facts; those have a row in ``facts``."""

    files: Sequence[FileRow]
    facts: Sequence[tuple[int, bytes, bytes]]
    blocks: Sequence[tuple[int, bytes, bytes]]
    size: int

    def to_json(self) -> dict[str, Any]:
        """The form on the pipe: numbers and short texts as they are, all bytes as one base64 text."""
        chunks = [chunk for _, *row in (*self.facts, *self.blocks) for chunk in row]
        return {
            "files": self.files,
            "facts": [row for row, _, _ in self.facts],
            "blocks": [kind for kind, _, _ in self.blocks],
            "lengths": list(map(len, chunks)),
            "data": base64.b64encode(b"".join(chunks)).decode("ascii"),
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Part:
        """Read the form on the pipe."""
        data = base64.b64decode(value["data"])
        ends = accumulate(value["lengths"], initial=0)
        chunks = (data[start:end] for start, end in pairwise(ends))
        return Part(
            value["files"],
            [(row, next(chunks), next(chunks)) for row in value["facts"]],
            [(kind, next(chunks), next(chunks)) for kind in value["blocks"]],
            len(value["facts"]),
        )


@final
class PartMaker:
    """Takes packed files, each with the number that it gets in the store."""

    def __init__(self) -> None:
        self._files: list[FileRow] = []
        self._facts: list[tuple[int, bytes, bytes]] = []
        self._lists: dict[Kind, Lists] = {kind: defaultdict(list) for kind in Kind}

    def add(self, row: int, file: PackedFile) -> None:
        """Add one file."""
        self._files.append(
            (
                row, file.path, stem_of(RelPath(file.path)), file.language, file.size, file.mtime_ns, file.hash,
                file.lines, file.terms, file.symbols, file.references, file.reason,
            )
        )  # fmt: skip
        if file.reason:
            return
        self._facts.append((row, file.facts, file.uses))
        lists = self._lists
        postings.add(lists[Kind.USES], file.names, row, count())
        postings.add(lists[Kind.DEFINED], file.defined, row, repeat(0))
        postings.add(lists[Kind.WORDS], file.words, row, file.weights)
        postings.add(lists[Kind.TAILS], file.tails, row, repeat(0))

    def part(self) -> Part:
        """All that was added, with its lists sorted and packed."""
        self._lists[Kind.WORDS] = by_term(self._lists[Kind.WORDS])
        blocks = [
            (int(kind), first, block)
            for kind, found in self._lists.items()
            for first, block in postings.blocks(found)
        ]
        return Part(self._files, self._facts, blocks, len(self._facts))
