"""Several processes on one workspace: one owner per job, the others ask it; what dies is taken over."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent_ls.core.errors import BusyError, UsageError
from agent_ls.core.job import JobId, JobState
from agent_ls.core.paths import RelPath
from agent_ls.jobs.control import ask, listen
from agent_ls.jobs.lease import Holder, holder_of, take
from agent_ls.workspace.state import StateDirs
from tests.jobs.conftest import Opener, task
from tests.support.children import ended, first_line
from tests.support.paper_editor import PaperEditor

ROOT = Path(__file__).parents[2]
TURN = {"turn": 1, "files": {"a.py": "ONE\n"}}
READY = {"outcome": "ready"}


async def test_a_second_owner_asks_the_first(opener: Opener, root: Path) -> None:
    editor, terminal = PaperEditor(root), PaperEditor(root)
    first, second = await opener(editor), await opener(terminal)
    job = first.delegate(task(TURN, {"ask": "q"}, READY))
    await first.wait(job, for_question=True)
    seen = await second.wait(job, for_question=True)
    assert (seen.owner, seen.state) == ("elsewhere", JobState.WAITING)
    await second.tell(job, "hello")
    assert (await second.answer(job, "q", "yes")).id == job
    assert (await second.wait(job)).state is JobState.READY
    with pytest.raises(UsageError, match="not asking") as refused:
        await second.answer(job, "q", "again")
    assert refused.value.remedy
    done = await second.apply(job)
    assert (done.state, [f.path for f in done.landed]) == (JobState.APPLIED, ["a.py"])
    assert (editor.asked, terminal.asked) == (1, 0)  # the owner's editor did it
    assert (await second.undo(job)).state is JobState.UNDONE
    assert (await second.discard(job)).state is JobState.DISCARDED
    await second.purge(job)
    assert first.jobs() == []


async def test_cancel_and_resume_through_the_owner(opener: Opener) -> None:
    first, second = await opener(), await opener()
    job = first.delegate(task(TURN, {"hang": True}))
    cancelled = await second.cancel(job)
    assert (cancelled.state, cancelled.owner) == (JobState.CANCELLED, "elsewhere")
    assert (await second.resume(job)).state.live
    assert first.job(job).view.owner == "here"


async def test_conflicts_travel_whole(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    first, second = await opener(editor), await opener()
    job = first.delegate(task(TURN, READY))
    await first.wait(job)
    editor.type("a.py", b"mine\n")
    done = await second.apply(job, files=[RelPath("a.py")])
    assert [(c.path, c.theirs) for c in done.conflicts] == [("a.py", "mine\n")]


async def test_after_the_owner_closed_the_next_one_acts_itself(opener: Opener, root: Path) -> None:
    first = await opener()
    job = first.delegate(task(TURN, READY))
    await first.wait(job)
    await first.close()
    editor = PaperEditor(root)
    second = await opener(editor)
    assert second.job(job).view.owner == "nobody"
    assert (await second.apply(job)).state is JobState.APPLIED
    assert editor.asked == 1


async def test_an_owner_killed_at_work_leaves_a_job_that_resumes(
    opener: Opener, root: Path, dirs: StateDirs
) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-m", "tests.support.owner", str(root), str(dirs.base)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "ANTHROPIC_API_KEY": "k"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    job = JobId(await asyncio.to_thread(first_line, owner, "the owner"))
    service = await opener()
    assert (await service.wait(job, for_question=True)).owner == "elsewhere"
    owner.send_signal(signal.SIGSTOP)  # alive, but it does not answer
    with pytest.raises(BusyError, match="does not answer"):
        await ask(_socket(dirs, root, job), "cancel", {"job": job}, timeout_s=0.2)
    owner.kill()
    await asyncio.to_thread(ended, owner, "the owner")
    view = service.job(job).view
    assert (view.state, view.owner) == (JobState.INTERRUPTED, "nobody")
    assert "is gone" in view.problem
    await service.resume(job)
    asked = await service.wait(job, for_question=True)
    assert asked.owner == "here"
    await service.answer(job, "q", "yes")
    done = await service.wait(job)
    assert (done.state, done.spent.turns) == (JobState.READY, 1)


async def test_sockets_are_private_and_dead_ones_are_removed(
    opener: Opener, root: Path, dirs: StateDirs
) -> None:
    folder = dirs.socket(root).parent
    folder.mkdir(parents=True)
    dead = folder / "dead.sock"
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(dead))
    service = await opener()
    assert not dead.exists()
    (own,) = folder.glob("*.sock")
    assert stat.S_IMODE(own.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    other = await opener()
    assert len(list(folder.glob("*.sock"))) == 2  # a living one stays
    await service.close()
    await other.close()
    assert list(folder.glob("*.sock")) == []


@pytest.mark.parametrize("line", [b"\n", b"nonsense\n", b"[1]\n", b'{"method": 1}\n', b'{"method": "apply"'])
async def test_nonsense_on_the_socket_harms_nobody(tmp_path: Path, line: bytes) -> None:
    async def answer(method: str, params: Any) -> object:
        return {"method": method, **params}

    listening = await listen(tmp_path / "private" / "control.sock", answer)
    _, writer = await asyncio.open_unix_connection(str(listening.path))
    writer.write(line)
    writer.write_eof()
    writer.close()
    assert await ask(str(listening.path), "x", {"a": 1}, timeout_s=5) == {"method": "x", "a": 1}
    await listening.close()
    with pytest.raises(BusyError):
        await ask(str(listening.path), "x", {}, timeout_s=5)


def test_a_lease_has_one_holder_and_ends_with_it(tmp_path: Path) -> None:
    path = tmp_path / "lease"
    assert holder_of(path) is None
    lease = take(path, Holder(7, "/s"))
    assert lease is not None
    assert take(path, Holder(8)) is None
    assert holder_of(path) == Holder(7, "/s")
    lease.release()
    assert holder_of(path) is None
    assert take(path, Holder(8)) is not None


def _socket(dirs: StateDirs, root: Path, job: JobId) -> str:
    holder = holder_of(dirs.job(root, job) / "lease")
    assert holder is not None
    return holder.socket
