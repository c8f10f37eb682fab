"""A folder's checks on its files as they lie on disk, in a scratch tree."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from agent_ls.core.job import CheckReport
from agent_ls.verify.check import named_checks
from agent_ls.verify.checks import prove
from agent_ls.verify.detection import detect_checks
from agent_ls.verify.sandbox import NoSandbox, detect
from agent_ls.verify.scratch import Scratch
from agent_ls.workspace.blobs import BlobStore
from agent_ls.workspace.overlay import Overlay
from agent_ls.workspace.snapshot import Snapshot
from agent_ls.workspace.state import StateDirs, private_dir


@final
@dataclass(frozen=True, slots=True)
class Proven:
    """The checks' reports, and in words where they ran."""

    reports: tuple[CheckReport, ...]
    where: str

    @property
    def passed(self) -> bool:
        return bool(self.reports) and all(report.status == "passed" for report in self.reports)


async def prove_folder(
    root: Path,
    dirs: StateDirs,
    environ: Mapping[str, str],
    *,
    commands: Sequence[Sequence[str]] = (),
    allow_unsandboxed: bool = False,
    timeout_s: float = 600.0,
) -> Proven:
    """Run the given commands, or the detected checks. The caller has the user's word that they may run."""
    sandbox = await detect(root, private_dir(dirs.base), environ)
    with tempfile.TemporaryDirectory(prefix="agent-ls-", dir=private_dir(dirs.base)) as folder:
        draft = Overlay(Snapshot(root, {}, BlobStore(Path(folder))))
        checks = named_checks(commands) if commands else detect_checks(draft.files(), draft.read)
        scratch = await Scratch.prepare(root, draft, dirs.scratch(root))
        try:
            proof = await prove(
                scratch,
                checks,
                sandbox,
                trusted=True,
                allow_unsandboxed=allow_unsandboxed,
                timeout_s=timeout_s,
                baseline=False,
            )
        finally:
            await scratch.close()
    where = (
        f"not sandboxed: {sandbox.reason}"
        if isinstance(sandbox, NoSandbox)
        else f"sandboxed by {sandbox.name}"
    )
    return Proven(proof.reports, where)


def last_line(report: CheckReport) -> str:
    """A check's own last words."""
    return next(
        (line.strip() for line in reversed(report.output.splitlines()) if line.strip()), report.status
    )
