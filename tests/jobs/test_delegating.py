"""A job from its intent to its plan, with a real worker process that dies, hangs and lies."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent_ls.agent.wirelog import WireLog
from agent_ls.core.errors import ConfigError, NotTrustedError, UnknownJobError, UsageError
from agent_ls.core.job import Intent, IntentKind, JobId, JobState, Verdict
from agent_ls.core.settings import Budgets, Jobs, Settings
from agent_ls.jobs.journal import Entry, read
from agent_ls.jobs.service import Service
from agent_ls.workspace.state import StateDirs
from tests.jobs.conftest import Opener, close, task
from tests.support.paper_editor import PaperEditor

EDITED = "one\nTWO\nthree\nfour\nfive\n"
TURN = {"turn": 1, "files": {"a.py": EDITED}, "cost": 0.25}
READY = {"outcome": "ready", "summary": "shouted", "verdict": "verified"}


def journalled(service: Service, dirs: StateDirs, job: JobId) -> Sequence[Entry]:
    return read(dirs.job(service.root, job) / "journal.jsonl").entries


async def test_a_job_becomes_a_plan(opener: Opener) -> None:
    service = await opener()
    job = service.delegate(task(TURN, READY))
    view = await service.wait(job)
    assert (view.state, view.verdict, view.owner) == (JobState.READY, Verdict.VERIFIED, "here")
    assert [(f.path, f.op, f.added, f.removed) for f in view.files] == [("a.py", "edit", 1, 1)]
    detail = service.job(job)
    assert "-two\n+TWO\n" in detail.patch
    assert detail.result()["cost_usd"] == 0.25
    assert detail.result()["usage"] == {"input": 10, "output": 5, "cache_read": 0, "cache_write": 0}
    assert [event.kind for event in detail.events] == ["Created", "Started", "TurnDone", "Outcome"]


async def test_a_job_may_have_a_ceiling_of_its_own(opener: Opener, root: Path, dirs: StateDirs) -> None:
    service = await opener()
    job = service.delegate(task(TURN, READY), budget_usd=0.5)
    created = read(dirs.job(root, job) / "journal.jsonl").entries[0].value["request"]
    assert created["budget"]["usd"] == 0.5
    await service.wait(job)


async def test_unsaved_text_is_what_the_attempt_sees(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    editor.type("a.py", b"typed\n")
    service = await opener(editor)
    job = service.delegate(task({"turn": 1, "files": {"a.py": "typed\nmore\n"}}, READY))
    await service.wait(job)
    assert "+more" in service.job(job).patch
    assert "-two" not in service.job(job).patch


@pytest.mark.parametrize("where", ["before turn 1", "after turn 1", "after the check", "after the question"])
async def test_the_worker_is_killed_and_the_attempt_goes_on(
    opener: Opener, dirs: StateDirs, where: str
) -> None:
    steps = [
        *([{"die": where}] if where == "before turn 1" else []),
        TURN,
        *([{"die": where}] if where == "after turn 1" else []),
        {"check": "verified"},
        *([{"die": where}] if where == "after the check" else []),
        {"ask": "q1", "text": "Sure?"},
        *([{"die": where}] if where == "after the question" else []),
        {"turn": 2, "files": {"b.py": "beta\n"}, "cost": 0.5},
        READY,
    ]
    service = await opener()
    job = service.delegate(task(*steps))
    asked = await service.wait(job, for_question=True)
    assert asked.question is not None
    await service.answer(job, asked.question.id, "yes")
    view = await service.wait(job)
    assert view.state is JobState.READY
    assert view.spent.turns == 2  # no recorded turn is repeated
    assert view.spent.cost_usd == 0.75
    assert sorted(f.path for f in view.files) == ["a.py", "b.py"]
    assert service.job(job).runs == 2
    kinds = [entry.kind for entry in journalled(service, dirs, job)]
    assert kinds.count("WorkerLost") == 1
    assert kinds.count("Answered") == 1


async def test_three_deaths_at_one_place_are_enough(opener: Opener) -> None:
    service = await opener()
    job = service.delegate(task(TURN, {"die": "here", "times": 9}, READY))
    view = await service.wait(job)
    assert view.state is JobState.FAILED
    assert "ended 3 times at the same place" in view.problem
    assert [f.path for f in view.files] == ["a.py"]  # the work up to there is kept


async def test_deaths_at_different_places_are_not_counted_together(opener: Opener) -> None:
    deaths = [[{"turn": n, "files": {}}, {"die": f"after {n}", "times": 2}] for n in range(1, 4)]
    service = await opener()
    job = service.delegate(task(*(step for pair in deaths for step in pair), READY))
    assert (await service.wait(job)).state is JobState.READY
    assert service.job(job).runs == 7


async def test_a_worker_that_cannot_start_is_a_sentence(opener: Opener) -> None:
    service = await opener(worker_module="tests.support.no_such_worker")
    view = await service.wait(service.delegate(task(TURN, READY)))
    assert view.state is JobState.FAILED
    assert "no_such_worker" in view.problem


async def test_an_event_that_does_not_read_ends_the_job_not_the_service(opener: Opener) -> None:
    service = await opener()
    view = await service.wait(service.delegate(task(TURN, {"garbage": True}, {"hang": True})))
    assert view.state is JobState.FAILED
    assert "unknown event" in view.problem
    assert (await service.wait(service.delegate(task(TURN, READY)))).state is JobState.READY


async def test_cancel_is_recorded_at_once_and_the_draft_is_kept(opener: Opener) -> None:
    service = await opener()
    job = service.delegate(task(TURN, {"hang": True}))
    await until(lambda: service.job(job).view.spent.turns == 1)
    started = time.monotonic()
    view = await service.cancel(job)
    assert time.monotonic() - started < 1.0  # nothing here waits for the worker
    assert view.state is JobState.CANCELLED
    assert [f.path for f in view.files] == ["a.py"]
    assert (await service.cancel(job)).state is JobState.CANCELLED  # twice is no error


async def test_an_attempt_that_does_not_react_is_killed_and_the_others_go_on(opener: Opener) -> None:
    service = await opener()
    deaf = service.delegate(task(TURN, {"deaf": True}))
    other = service.delegate(task(TURN, {"ask": "q", "text": "go on?"}, READY))
    await until(lambda: service.job(deaf).view.spent.turns == 1)
    await service.wait(other, for_question=True)
    pid = service.status()["workerPid"]
    await service.cancel(deaf)
    await until(lambda: service.status()["workerPid"] not in (pid, None))
    asked = await service.wait(other, for_question=True)
    assert asked.question is not None
    await service.answer(other, asked.question.id, "yes")
    assert (await service.wait(other)).state is JobState.READY
    assert service.job(deaf).view.state is JobState.CANCELLED


async def test_a_cancelled_job_resumes_from_its_last_turn(opener: Opener) -> None:
    service = await opener()
    job = service.delegate(task(TURN, {"ask": "q"}, {"turn": 2, "files": {"b.py": "b\n"}}, READY))
    await service.wait(job, for_question=True)
    await service.cancel(job)
    await service.resume(job)  # while the worker may still be ending the first run
    await service.wait(job, for_question=True)
    await service.answer(job, "q", "x")
    view = await service.wait(job)
    assert (view.state, view.spent.turns) == (JobState.READY, 2)


async def test_what_is_told_reaches_the_next_turn_also_of_another_worker(opener: Opener) -> None:
    service = await opener()
    steps = (TURN, {"ask": "q"}, {"die": "told"}, {"turn": 2, "files": {}}, READY)
    job = service.delegate(task(*steps))
    await service.wait(job, for_question=True)
    await service.tell(job, "use the other file")
    await service.answer(job, "q", "ok")
    await service.wait(job)
    said = [e.text for e in service.job(job).events if e.kind == "TurnDone"]
    assert said == ["turn 1: turn 1", "turn 2: turn 2; told use the other file"]


async def test_an_answer_given_to_a_dying_worker_is_given_again(opener: Opener) -> None:
    service = await opener()
    job = service.delegate(task(TURN, {"ask": "q", "text": "Which?"}, READY))
    await service.wait(job, for_question=True)
    pid = service.status()["workerPid"]
    os.kill(pid, signal.SIGSTOP)  # it will never hear the answer
    await service.answer(job, "q", "this one")
    os.kill(pid, signal.SIGKILL)
    assert (await service.wait(job)).state is JobState.READY
    assert "answered: this one" in [event.text for event in service.job(job).events]


async def test_at_most_so_many_attempts_and_renames_do_not_wait_for_them(opener: Opener) -> None:
    service = await opener(settings=Settings(jobs=Jobs(parallel=1)))
    first = service.delegate(task({"ask": "q"}, READY))
    second = service.delegate(task(TURN, READY))
    quick = task({"turn": 1, "files": {}}, {"outcome": "ready"}).task
    service.trust(trusted=True)
    engine = service.run(Intent(IntentKind.RUN, "engine", task=quick, argv=("true",)))
    assert (await service.wait(engine)).state is JobState.READY
    await service.wait(first, for_question=True)
    assert service.job(second).view.state is JobState.QUEUED
    await service.answer(first, "q", "x")
    assert (await service.wait(second)).state is JobState.READY


async def test_the_day_has_a_ceiling_across_services(opener: Opener) -> None:
    dear = Settings(budgets=Budgets(day_usd=0.4))
    service = await opener(settings=dear)
    job = service.delegate(task(TURN, {"turn": 2, "files": {}, "cost": 0.25}, {"hang": True}))
    view = await service.wait(job)
    assert view.state is JobState.OUT_OF_BUDGET
    assert "$0.40" in view.problem
    await close(service)
    again = await opener(settings=dear)
    assert again.status()["spentTodayUsd"] == 0.5
    assert (await again.wait(again.delegate(task(TURN, READY)))).state is JobState.OUT_OF_BUDGET
    again.update_settings(Settings())
    resumed = await again.resume(job)
    assert resumed.state in (JobState.QUEUED, JobState.RUNNING)
    assert again.job(job).view.spent.cost_usd == 0.5


async def test_closing_pauses_and_the_next_service_resumes(opener: Opener) -> None:
    first = await opener()
    job = first.delegate(task(TURN, {"ask": "q"}, {"turn": 2, "files": {"b.py": "b\n"}}, READY))
    waits = first.delegate(task({"hang": True}))
    await first.wait(job, for_question=True)
    started = time.monotonic()
    await close(first)
    assert time.monotonic() - started < 4.0
    second = await opener()
    assert {view.id: view.state for view in second.jobs()} == {
        job: JobState.INTERRUPTED,
        waits: JobState.INTERRUPTED,
    }
    await second.resume(job)
    await second.wait(job, for_question=True)
    await second.answer(job, "q", "x")
    view = await second.wait(job)
    assert (view.state, view.spent.turns) == (JobState.READY, 2)


async def test_closing_may_wait_for_the_jobs(opener: Opener) -> None:
    service = await opener(settings=Settings(jobs=Jobs(parallel=1)))
    jobs = [service.delegate(task(TURN, READY)) for _ in range(3)]
    await service.close(interrupt=False)
    again = await opener()
    assert [again.job(job).view.state for job in jobs] == [JobState.READY] * 3


async def test_progress_is_shown_and_never_recorded(opener: Opener, root: Path, dirs: StateDirs) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    steps = ({"progress": "running tests", "state": "checking"}, {"ask": "q"}, READY)
    job = service.delegate(task(*steps))
    await service.wait(job, for_question=True)
    seen = [view.changed() for view in editor.views if view.state is JobState.CHECKING]
    assert seen[0] | {"step": "running tests", "done": 1, "total": 2} == seen[0]
    assert "Progressed" not in [entry.kind for entry in journalled(service, dirs, job)]


async def test_what_deserves_a_second_look_is_shown(opener: Opener) -> None:
    service = await opener()
    notes = ["scripted turns, no model was called", "conftest.py: it runs by itself in every test run"]
    job = service.delegate(task(TURN, {**READY, "evidence": notes}))
    await service.wait(job)
    detail = service.job(job)
    assert list(detail.evidence) == notes
    assert detail.wire()["evidence"] == detail.result()["evidence"] == notes


async def test_the_wire_log_is_what_the_worker_sent_not_the_journal(opener: Opener, dirs: StateDirs) -> None:
    service = await opener()
    job = service.delegate(task(TURN, READY))
    await service.wait(job)
    assert list(service.wire_log(job)) == []
    log = WireLog(dirs.job(service.root, job))
    log("sent", b'{"messages": []}')
    log("received", b"event: ping")
    with (dirs.job(service.root, job) / "wire.jsonl").open(
        "ab"
    ) as file:  # not closed: its worker is killed now
        file.write(b'{"direction": "sent", "te')
    assert list(service.wire_log(job)) == [
        {"direction": "sent", "text": '{"messages": []}'},
        {"direction": "received", "text": "event: ping"},
    ]
    log.close()
    with pytest.raises(UnknownJobError):
        service.wire_log(JobId("0" * 16))


async def test_retry_is_a_new_job_on_the_texts_of_now(opener: Opener, root: Path, dirs: StateDirs) -> None:
    service = await opener()
    job = service.delegate(task(TURN, READY))
    await service.wait(job)
    (root / "a.py").write_bytes(b"new\n")
    again = service.retry(job)
    await service.wait(again)
    assert "-new\n" in service.job(again).patch
    assert journalled(service, dirs, again)[0].value["retry_of"] == job


async def test_each_refusal_says_what_to_do(opener: Opener) -> None:
    bare = await opener(environ={"PATH": os.environ["PATH"]})
    with pytest.raises(ConfigError, match="No model is configured") as no_model:
        bare.delegate(task(READY))
    assert "ANTHROPIC_API_KEY" in no_model.value.remedy
    with pytest.raises(NotTrustedError, match="not trusted"):
        bare.run(Intent(IntentKind.RUN, "x", argv=("true",)))
    with pytest.raises(UsageError, match="no command"):
        bare.run(Intent(IntentKind.RUN, "x"))
    with pytest.raises(UsageError, match="task is empty"):
        bare.delegate(Intent(IntentKind.DELEGATE, "x"))
    for unknown in ("0000", "../../etc", "", "ABC"):
        with pytest.raises(UnknownJobError):
            bare.job(JobId(unknown))
        with pytest.raises(UnknownJobError):
            await bare.apply(JobId(unknown))
    assert bare.jobs() == []


async def test_wishes_that_do_not_fit_the_state(opener: Opener) -> None:
    service = await opener()
    job = service.delegate(task(TURN, READY))
    with pytest.raises(UsageError, match="still at work"):
        await service.discard(job)
    with pytest.raises(UsageError, match="still at work"):
        await service.purge(job)
    assert "still at work" in (await service.apply(job)).message
    await service.wait(job)
    with pytest.raises(UsageError, match="not at work"):
        await service.tell(job, "x")
    with pytest.raises(UsageError, match="not asking"):
        await service.answer(job, "q", "x")
    with pytest.raises(UsageError, match="ready cannot be resumed"):
        await service.resume(job)
    assert (await service.discard(job)).state is JobState.DISCARDED
    assert "discarded" in (await service.apply(job)).message
    await service.purge(job)
    with pytest.raises(UnknownJobError):
        service.job(job)


async def test_what_was_over_long_ago_is_forgotten(opener: Opener) -> None:
    now = [1_800_000_000.0]
    first = await opener(clock=lambda: now[0])
    old, waiting = first.delegate(task(TURN, READY)), first.delegate(task(TURN, READY))
    await first.wait(old)
    await first.discard(old)
    await first.wait(waiting)
    paused = first.delegate(task({"ask": "q"}))
    await first.wait(paused, for_question=True)
    await close(first)
    now[0] += 31 * 86400
    again = await opener(clock=lambda: now[0])
    assert [view.id for view in again.jobs()] == [paused, waiting]


async def test_the_state_directory_must_be_usable(root: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(Exception, match="state directory") as refused:
        await Service.open(
            root,
            port=PaperEditor(root),
            settings=Settings(),
            dirs=StateDirs(blocked / "x", blocked / "y", blocked / "z"),
            environ={},
        )
    assert "AGENT_LS_STATE_DIR" in refused.value.remedy  # type: ignore[attr-defined]


async def until(condition: object) -> None:
    """Wait for something that has no event of its own; far beyond any real time it fails."""
    async with asyncio.timeout(20):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.01)
