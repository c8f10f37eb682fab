"""A candidate as trees: its program and its tests apart, on the files of now, and what needs no run to be known."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import final

from agent_ls.agent.ground import Ground
from agent_ls.agent.tools.syntax import problems_of
from agent_ls.core.attempt import Candidate, DraftFile
from agent_ls.core.diff import stat
from agent_ls.core.edits import ChangeSet, FileChange
from agent_ls.core.errors import WorkspaceError
from agent_ls.core.merge import rebase
from agent_ls.core.paths import RelPath
from agent_ls.core.selection import Evidence
from agent_ls.index.extract import ParseTimeoutError, parse
from agent_ls.index.names import is_test, language_of
from agent_ls.workspace.overlay import Overlay

_SIZE_LIMIT = 1_000_000


@final
@dataclass(frozen=True, slots=True)
class Contender:
    """A candidate's changes on the texts of now. ``code`` and ``tests``: the two parts of ``changes``.

    ``clash``: it does not go there whole; then nothing of it is run.
    """

    candidate: Candidate
    changes: ChangeSet = field(default_factory=ChangeSet)
    clash: bool = False

    @property
    def attempt(self) -> int:
        return self.candidate.attempt

    @property
    def code(self) -> ChangeSet:
        return ChangeSet.of(c for c in self.changes if not _tests(c))

    @property
    def tests(self) -> ChangeSet:
        return ChangeSet.of(c for c in self.changes if _tests(c))


def contender(ground: Ground, candidate: Candidate) -> Contender:
    """A candidate on the snapshot that all are compared on, which may be newer than its own."""
    try:
        changes = ChangeSet.of(_change(ground, file) for file in candidate.outcome.files)
        now = {path: ground.snapshot.read(path) for path in changes.paths}
        moved = rebase(changes, now)
        draft(ground, moved.changes)
    except WorkspaceError:
        return Contender(candidate, clash=True)
    return Contender(candidate, moved.changes, clash=bool(moved.conflicts))


def draft(ground: Ground, *parts: ChangeSet) -> Overlay:
    """Some parts of candidates as one draft; of two changes of a file the later part's stands.

    Raises:
        WorkspaceError: a path may not be written.
    """
    made = Overlay(ground.snapshot)
    for part in parts:
        for change in part:
            if change.moved_from is not None and made.exists(change.moved_from):
                made.delete(change.moved_from)
            if change.after is not None:
                made.write(change.path, change.after)
            elif made.exists(change.path):
                made.delete(change.path)
    return made


def static_evidence(one: Contender, linters: Collection[str]) -> Evidence:
    """What is known of a candidate without running anything. ``linters``: names of those checks."""
    outcome = one.candidate.outcome
    worse = [r for r in outcome.checks if r.name in linters and r.status == "failed" != r.baseline]
    numbers = [
        -r.number if r.direction == "lower" else r.number for r in outcome.checks if r.number is not None
    ]
    before, after = gist(one.changes, before=True), gist(one.changes)
    return Evidence(
        attempt=one.attempt,
        applies=not one.clash,
        syntax=len(problems_of(one.changes)),
        idle=not one.clash and before == after,
        findings=sum(max(1, report.failed or 0) for report in worse),
        verdict=outcome.verdict,
        number=numbers[0] if numbers else None,
        weakened=len(outcome.warnings),
        likeness="" if one.clash else after,
        paths=frozenset(one.code.paths or one.changes.paths),
        size=sum(sum(stat(change.before, change.after)) for change in one.code or one.changes),
    )


def gist(changes: ChangeSet, *, before: bool = False) -> str:
    """What the files of a change set say to a program: equal for texts that differ in comments and blanks only."""
    digest = hashlib.sha256()
    for change in sorted(changes, key=lambda c: c.path):
        path, data = (change.source, change.before) if before else (change.path, change.after)
        digest.update(f"\0{path}\0".encode() + (b"" if data is None else _meaning(path, data)))
    return digest.hexdigest()[:16]


def _meaning(path: RelPath, data: bytes) -> bytes:
    """A text's syntax tree without its comments, as bytes; the text itself where no grammar reads it."""
    language = language_of(path)
    if language is None or len(data) > _SIZE_LIMIT:
        return b"\n".join(line.rstrip() for line in data.splitlines() if line.strip())
    try:
        tree = parse(data, language)
    except ParseTimeoutError:
        return data
    out: list[bytes] = []
    stack = [(tree.root_node, 0)]
    while stack:
        node, depth = stack.pop()
        if "comment" in node.type:
            continue
        # The depth says what the indentation said.
        out.append(
            b"%d %s %s"
            % (depth, node.type.encode(), b"" if node.child_count else data[node.start_byte : node.end_byte])
        )
        stack += [(child, depth + 1) for child in reversed(node.children)]
    return b"\n".join(out)


def _change(ground: Ground, file: DraftFile) -> FileChange:
    get = ground.blobs.get
    before = None if file.before is None else get(file.before)
    after = None if file.after is None else get(file.after)
    return FileChange(file.path, before, after, file.moved_from)


def _tests(change: FileChange) -> bool:
    return is_test(change.path) or is_test(change.source)


def texts_of_tests(one: Contender) -> Mapping[RelPath, bytes]:
    """The test files that a candidate wrote or changed and that are still there."""
    return {c.path: c.after for c in one.tests if c.after is not None}
