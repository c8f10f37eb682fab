"""The tests next to a draft's changes: those that are run first, because they answer soonest."""

from __future__ import annotations

from collections import Counter

from agent_ls.core.edits import ChangeSet
from agent_ls.core.hunks import hunks
from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex
from agent_ls.index.names import is_test, kin_stem
from agent_ls.index.query import Index
from agent_ls.workspace.overlay import Overlay

_MOST = 6
_NAMES = 12
_COMMON = 40  # a name that more files use than this says nothing about any of them
_CHANGED, _KIN, _IMPORTS, _USES = 100, 10, 3, 2


def nearest_tests(draft: Overlay, index: Index) -> tuple[RelPath, ...]:
    """Test files to run first, best first, at most six.

    A test that was itself changed; one that is called after a changed file, imports it, or uses
    a definition in which lines were changed. An index that knows nothing yet leaves the names.
    Cost: a few index look-ups per changed definition.
    """
    changes = draft.changes()
    files = frozenset(draft.files())
    scores: Counter[RelPath] = Counter()
    for path in changes.paths:
        if is_test(path):
            scores[path] += _CHANGED
    sources = [change.path for change in changes if not is_test(change.path)]
    for path in sources:
        found = {*index.tests_of(path), *_namesakes(path, files)}
        for test in found:
            scores[test] += _KIN if kin_stem(test) == kin_stem(path) else _IMPORTS
    for name in _changed_names(changes, index):
        users = index.files_with(name, _COMMON + 1)
        for test in users if len(users) <= _COMMON else ():
            if is_test(test):
                scores[test] += _USES
    there = [(path, score) for path, score in scores.items() if path in files]
    return tuple(path for path, _ in sorted(there, key=lambda item: (-item[1], item[0]))[:_MOST])


def _namesakes(path: RelPath, files: frozenset[RelPath]) -> set[RelPath]:
    stem = kin_stem(path)
    return {other for other in files if is_test(other) and kin_stem(other) == stem}


def _changed_names(changes: ChangeSet, index: Index) -> list[str]:
    """Names of the definitions in which lines were changed, innermost first, each once."""
    names: dict[str, None] = {}
    before = {change.path: change.before for change in changes if change.before is not None}
    for hunk in hunks(changes):
        data = before.get(hunk.path)
        if data is None or is_test(hunk.path):
            continue
        lines = LineIndex(data)
        last = len(lines) - 1
        for line in {hunk.old_start_line, hunk.old_start_line + max(0, hunk.old_lines - 1)}:
            around = index.symbol_at(hunk.path, lines.span_of_lines(min(line, last), min(line, last)).start)
            if around is not None and not around.name.startswith("__"):
                names[around.name] = None
    return list(names)[:_NAMES]
