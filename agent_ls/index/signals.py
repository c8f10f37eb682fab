"""What speaks for each file beside its words and its place: the graph of names and imports.

Each signal is one kind of evidence, a number between 0 and about 1, and the input of `ranking`;
``benchmarks/context.py --ablate`` measures what each is worth.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable

from agent_ls.core.paths import RelPath
from agent_ls.index.bm25 import Scores
from agent_ls.index.facts import Definition
from agent_ls.index.postings import Kind
from agent_ls.index.query import Index

_MOST_DEFINED = 12
_MOST_USERS = 60
_MOST_LOOKED_AT = 40
_MOST_IMPORTED = 8


def defined(index: Index, names: Iterable[str]) -> Scores:
    """Files that define names; a name that many files define says little."""
    scores: defaultdict[RelPath, float] = defaultdict(float)
    corpus = index.corpus()
    wanted = list(names)
    lists = index.lists(Kind.DEFINED, wanted)
    for name in wanted:
        files = corpus.paths_of(lists[name][0]) if name in lists else ()
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
