"""What `demo` holds its claims against: the sample's tests in a scratch tree, the script against the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast, final

from agent_ls.core.job import JobId
from agent_ls.jobs.journal import read
from agent_ls.model.script import Script, tool_results
from agent_ls.verify.checks import prove
from agent_ls.verify.detection import named_checks
from agent_ls.verify.sandbox import Sandbox, detect
from agent_ls.verify.scratch import Scratch
from agent_ls.workspace.blobs import BlobStore
from agent_ls.workspace.overlay import Overlay
from agent_ls.workspace.snapshot import Snapshot
from agent_ls.workspace.state import state_dirs

TESTS: Final = ("python3", "-m", "unittest", "-q")
_TIMEOUT_S: Final = 120.0


@final
@dataclass(frozen=True, slots=True)
class TestRun:
    """One run of the sample's tests."""

    passed: bool
    line: str
    where: str


@final
class Proofs:
    """Runs the sample's tests on its files as they lie on disk."""

    def __init__(self, root: Path, state: Path, environ: Mapping[str, str]) -> None:
        self._root = root
        self._environ = environ
        self._dirs = state_dirs({**environ, "AGENT_LS_STATE_DIR": str(state)})

    async def test(self) -> TestRun:
        """The tests, in a scratch tree, in the sandbox where there is one."""
        sandbox = await detect(self._root, self._dirs.base, self._environ)
        blobs = BlobStore(self._dirs.base / "demo-blobs")
        draft = Overlay(Snapshot(self._root, {}, blobs))
        scratch = await Scratch.prepare(self._root, draft, self._dirs.scratch(self._root))
        try:
            proof = await prove(
                scratch,
                named_checks([TESTS]),
                sandbox,
                trusted=True,  # our own sample, in a folder that we just made
                allow_unsandboxed=True,
                timeout_s=_TIMEOUT_S,
                baseline=False,
            )
        finally:
            await scratch.close()
        report = proof.reports[0]
        line = next((text for text in reversed(report.output.splitlines()) if text.strip()), report.status)
        where = f"sandboxed by {sandbox.name}" if isinstance(sandbox, Sandbox) else f"not sandboxed: {sandbox.reason}"
        return TestRun(report.status == "passed", f"{report.status}: {line}", where)


def matched_results(script: Script, journal: Path) -> tuple[int, int]:
    """How many tool results of a job's journal equal the script's, of how many it expects.

    A result is the text of a ``tool_result`` block in the message that follows a turn; the one
    that a turn of the script expects is that of the turn before it.
    """
    answers = {
        cast("int", entry.value["turn"]): tool_results({"content": entry.value["user"]})
        for entry in read(journal).entries
        if entry.kind == "TurnDone"
    }
    matched = 0
    for number, turn in enumerate(script.turns[1:], 1):
        given = answers.get(number, [])
        matched += sum(not e.difference(g) for e, g in zip(turn.expect, given, strict=False))
    return matched, script.expected


def journal_of(state: Path, root: Path, job: str, environ: Mapping[str, str]) -> Path:
    """Where a job's journal lies."""
    dirs = state_dirs({**environ, "AGENT_LS_STATE_DIR": str(state)})
    return dirs.job(root, JobId(job)) / "journal.jsonl"


