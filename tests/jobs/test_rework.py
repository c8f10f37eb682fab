"""A rejected hunk with words becomes a job that begins with the plan and takes its place."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agent_ls.core.errors import UsageError
from agent_ls.core.job import JobId, JobState
from agent_ls.core.paths import RelPath
from agent_ls.core.rework import Part
from agent_ls.jobs.service import Service
from tests.jobs.conftest import Opener, task
from tests.support.paper_editor import PaperEditor

A = RelPath("a.py")
PLAN = "ONE\ntwo\nthree\nfour\nFIVE\n"


async def planned(service: Service, files: dict[str, str | None]) -> JobId:
    job = service.delegate(task({"turn": 1, "files": files}, {"outcome": "ready"}))
    await service.wait(job)
    return job


async def test_the_new_job_begins_with_the_plan_on_the_text_of_now(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    job = await planned(service, {"a.py": PLAN, "new.py": "n\n"})
    editor.type("a.py", (root / "a.py").read_bytes().replace(b"three\n", b"three\ntyped\n"))
    last = service.job(job).hunks[1]
    assert last.excerpt == "-five\n+FIVE"
    again = service.retry(job, "call it cinq", [last.id])
    state = service._rooms.book.get(again)
    request = state.request
    assert request.intent.rework == (Part(A, 5, 6),)
    assert request.intent.site is not None
    assert [part in request.intent.task for part in ("call it cinq", "+FIVE", "a.py, line 6")] == [True] * 3
    get = service._rooms.book.blobs(again).get
    begun = {f.path: (f.before and get(f.before), f.after and get(f.after)) for f in request.plan}
    typed = b"one\ntwo\nthree\ntyped\nfour\nfive\n"
    assert begun == {
        "a.py": (typed, typed.replace(b"one", b"ONE").replace(b"five", b"FIVE")),
        "new.py": (None, b"n\n"),
    }
    await service.wait(again)


async def test_it_takes_the_place_of_the_old_plan_when_it_is_ready_and_not_before(opener: Opener) -> None:
    service = await opener()
    turn = {"turn": 1, "files": {"a.py": PLAN}}
    job = service.delegate(task(turn, {"outcome": "ready"}))
    await service.wait(job)
    again = service.retry(job, "louder", [service.job(job).hunks[0].id])
    assert service.job(job).view.state is JobState.READY, "the old plan stays until there is a new one"
    assert (await service.wait(again)).state is JobState.READY
    assert service.job(job).view.state is JobState.DISCARDED
    third = service.retry(again)
    assert service._rooms.book.get(third).request.intent.rework == (), (
        "the whole of it, and no plan to begin with"
    )
    await service.wait(third)
    assert service.job(again).view.state is JobState.READY


class Partly:
    """A plan of two hunks, ``ONE`` and ``FIVE``; the second one is done anew as ``CINQ``.

    The new job asks before it is ready, so that there is a meanwhile.
    """

    def __init__(self, service: Service, editor: PaperEditor, root: Path) -> None:
        self.service = service
        self.editor = editor
        self.file = root / "a.py"

    async def begin(self, *, landed: bool) -> None:
        """``landed``: the first hunk is in the file before the second one is done anew."""
        redone = PLAN.replace("FIVE", "CINQ")
        steps = {
            "steps": [{"turn": 1, "files": {"a.py": PLAN}}, {"outcome": "ready"}],
            "anew": [{"turn": 1, "files": {"a.py": redone}}, {"ask": "q"}, {"outcome": "ready"}],
        }
        self.old = self.service.delegate(replace(task(), task=json.dumps(steps)))
        await self.service.wait(self.old)
        self.first, self.second = (hunk.id for hunk in self.service.job(self.old).hunks)
        if landed:
            await self.apply(self.first)
        self.new = self.service.retry(self.old, "in French", [self.second])
        assert (await self.service.wait(self.new, for_question=True)).state is JobState.WAITING

    async def apply(self, *hunks: str) -> JobState:
        return (await self.service.apply(self.old, hunks=hunks)).state

    async def finish(self) -> None:
        await self.service.answer(self.new, "q", "go on")
        assert (await self.service.wait(self.new)).state is JobState.READY

    def pending(self) -> list[str]:
        return [hunk.excerpt for file in self.service.review(self.old) for hunk in file.hunks]

    def state(self) -> JobState:
        return self.service.job(self.old).view.state


@pytest.fixture
async def partly(opener: Opener, root: Path) -> Partly:
    editor = PaperEditor(root)
    return Partly(await opener(editor), editor, root)


async def test_of_a_plan_that_has_landed_in_part_the_new_one_takes_what_has_not(partly: Partly) -> None:
    await partly.begin(landed=True)
    assert (partly.state(), partly.pending()) == (JobState.PARTLY_APPLIED, ["-five\n+FIVE"])
    await partly.finish()
    assert (partly.state(), partly.pending()) == (JobState.APPLIED, [])
    assert partly.editor.notices == [], "that both are about the same lines goes without saying"
    assert partly.service.job(partly.old).view.verdict_note, "its verdict was about the whole"
    assert (await partly.service.apply(partly.new)).state is JobState.APPLIED
    assert partly.file.read_bytes() == b"ONE\ntwo\nthree\nfour\nCINQ\n"
    assert (await partly.service.undo(partly.old)).state is JobState.UNDONE
    assert partly.file.read_bytes() == b"one\ntwo\nthree\nfour\nCINQ\n"
    assert partly.pending() == ["-one\n+ONE"], "the other hunk is no longer its own"


async def test_what_landed_meanwhile_stays_and_can_be_undone(partly: Partly) -> None:
    await partly.begin(landed=False)
    await partly.apply(partly.first)
    await partly.finish()
    assert (partly.state(), partly.pending()) == (JobState.APPLIED, [])
    assert (await partly.service.apply(partly.new)).state is JobState.APPLIED
    assert partly.file.read_bytes() == b"ONE\ntwo\nthree\nfour\nCINQ\n"


async def test_what_was_to_be_done_anew_and_landed_all_the_same_clashes(partly: Partly) -> None:
    await partly.begin(landed=True)
    assert await partly.apply(partly.second) is JobState.APPLIED
    await partly.finish()
    assert partly.state() is JobState.APPLIED
    done = await partly.service.apply(partly.new)
    assert (done.state, len(done.conflicts)) == (JobState.READY, 1)
    assert partly.file.read_bytes() == PLAN.encode()


async def test_a_plan_that_was_undone_meanwhile_is_more_than_the_new_one_began_with(partly: Partly) -> None:
    await partly.begin(landed=True)
    assert (await partly.service.undo(partly.old)).state is JobState.UNDONE
    await partly.finish()
    assert (partly.state(), len(partly.pending())) == (JobState.UNDONE, 2)


async def test_a_new_plan_that_does_not_come_takes_nothing(partly: Partly) -> None:
    await partly.begin(landed=True)
    await partly.service.cancel(partly.new)
    assert (partly.state(), partly.pending()) == (JobState.PARTLY_APPLIED, ["-five\n+FIVE"])
    await partly.service.apply(partly.new, force=True)
    assert partly.file.read_bytes() == b"ONE\ntwo\nthree\nfour\nCINQ\n"
    assert (partly.state(), partly.pending()) == (JobState.APPLIED, []), "it is there now"


async def test_what_cannot_be_done_anew_is_said(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    job = await planned(service, {"a.py": PLAN, "b.py": None})
    a, b = service.job(job).hunks[0].id, service.job(job).hunks[-1].id
    for words, hunks, why in [
        ("x", ["nosuch"], "no such pending hunk"),
        ("x", [], "no such pending hunk"),
        (" ", [a], "different is missing"),
        ("x", [b], "no lines to do anew"),
    ]:
        with pytest.raises(UsageError, match=why):
            service.retry(job, words, hunks)
    editor.type("a.py", b"clash\ntwo\nthree\nfour\nfive\n")
    with pytest.raises(UsageError, match="clashes with your text"):
        service.retry(job, "x", [a])
