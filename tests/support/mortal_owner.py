"""An owner that may be killed at any moment: ``python -m tests.support.mortal_owner ROOT FOLDER``.

It opens the workspace, begins the job or goes on with it, lands its plan with an editor on paper, and
leaves. ``AGENT_LS_*`` and the script come by the environment; so does ``DIE``, where it is to kill itself:

``journal N SHARE``    inside the N-th write of this process to the journal, when that share of the line is out
``landing N SHARE``    between applyEdit and its answer, when that share of the N files of the edit is written
``landing-note N``     the answer is here, the journal does not know it yet
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from agent_ls.core.edits import ChangeSet
from agent_ls.core.job import Intent, IntentKind, JobState
from agent_ls.core.settings import Budgets, Checks, Settings
from agent_ls.jobs import journal
from agent_ls.jobs.port import Landing, Order
from agent_ls.jobs.service import Service
from agent_ls.workspace.state import state_dirs
from tests.support.paper_editor import PaperEditor

TASK = "Make add() add."


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class MortalEditor(PaperEditor):
    """Writes a share of the edit, then is gone with the whole process."""

    how: list[str]

    async def land(self, changes: ChangeSet, order: Order) -> Landing:
        if self.how[:1] == ["landing"]:
            for change in list(changes)[: round(float(self.how[2]) * len(changes.changes))]:
                self._put(change)
            die()
        landing = await super().land(changes, order)
        if self.how[:1] == ["landing-note"]:
            die()
        return landing


def tear_the_journal(number: int, share: float) -> None:
    """Make the process die inside a write."""
    write, count = os.write, 0

    def torn(handle: int, data: bytes) -> int:
        nonlocal count
        if data.startswith(b'{"v":'):
            count += 1
            if count == number:
                write(handle, data[: int(len(data) * share)])
                die()
        return write(handle, data)

    journal.os.write = torn  # type: ignore[attr-defined]


async def main() -> None:
    root = Path(sys.argv[1])
    how = os.environ.get("DIE", "").split()
    if how[:1] == ["journal"]:
        tear_the_journal(int(how[1]), float(how[2]))
    editor = MortalEditor(root)
    editor.how = how
    service = await Service.open(
        root,
        port=editor,
        settings=Settings(
            checks=Checks(commands=(("python3", "-c", "pass"),), timeout_s=60.0, allow_unsandboxed=True),
            budgets=Budgets(1.0, 60),
        ),
        dirs=state_dirs(os.environ),
        environ=dict(os.environ),
    )
    await go_on(service)
    await service.close()


async def go_on(service: Service) -> None:
    views = service.jobs()
    job = views[0].id if views else service.delegate(Intent(IntentKind.DELEGATE, "Fix add", TASK))
    view = service.job(job).view
    if view.state is JobState.INTERRUPTED:
        await service.resume(job)
    print("at work", service.status()["workerPid"] or 0, flush=True)
    view: Any = await service.wait(job)
    if view.state in (JobState.READY, JobState.PARTLY_APPLIED):
        await service.apply(job)
    print(service.job(job).view.state.value, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
