"""A rejected hunk with words becomes a job that begins with the plan and takes its place."""

from __future__ import annotations

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
    state = service._book.get(again)
    request = state.request
    assert request.intent.rework == (Part(A, 5, 6),)
    assert request.intent.site is not None
    assert [part in request.intent.task for part in ("call it cinq", "+FIVE", "a.py, line 6")] == [True] * 3
    get = service._book.blobs(again).get
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
    assert service._book.get(third).request.intent.rework == (), "the whole of it, and no plan to begin with"
    await service.wait(third)
    assert service.job(again).view.state is JobState.READY


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
