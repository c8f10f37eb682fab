"""Several attempts at one task, over a worker that thinks nothing: begun, compared, chosen, resumed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from agent_ls.core.errors import UsageError
from agent_ls.core.job import Intent, IntentKind, JobState, Verdict
from agent_ls.core.settings import Budgets, Jobs, Settings
from agent_ls.jobs.service import Service
from tests.jobs.conftest import Opener, close, task

Steps = list[dict[str, Any]]


def wide(attempts: dict[int, Steps], choose: dict[str, Any] | None = None, **more: Any) -> Intent:
    """A task with steps for every attempt."""
    said = {"attempts": {str(n): steps for n, steps in attempts.items()}, "choose": choose or {}}
    return Intent(
        IntentKind.DELEGATE, "a task", json.dumps(said), attempts=more.pop("wanted", len(attempts)), **more
    )


def writes(text: str, turn: int = 1, **end: Any) -> Steps:
    return [
        {"turn": turn, "files": {"a.py": text}, "cost": 0.25},
        {"outcome": end.pop("outcome", "ready"), "summary": text, **end},
    ]


FAILED = {"outcome": "failed", "problem": "It went wrong"}


async def test_the_chosen_attempt_is_the_plan_and_the_others_stay_to_be_looked_at(opener: Opener) -> None:
    service = await opener()
    job = service.delegate(
        wide({1: writes("one\n"), 2: writes("two\n", verdict="verified"), 3: [FAILED]}, {"attempt": 2})
    )
    view = await service.wait(job)
    detail = service.job(job)
    assert (view.state, view.verdict, detail.summary) == (JobState.READY, Verdict.VERIFIED, "two\n")
    assert (detail.selection, detail.runs) == ("It is the one", 3)
    assert [(a.number, a.state, a.chosen, a.problem) for a in detail.attempts] == [
        (1, JobState.READY, False, ""),
        (2, JobState.READY, True, ""),
        (3, JobState.FAILED, False, "It went wrong"),
    ]
    assert view.spent.cost_usd == 0.5, "what all of them have spent"
    after = [service.plan(job, n) for n in (None, 1, 2, 3)]
    assert [[c.after for c in plan] for plan in after] == [[b"two\n"], [b"one\n"], [b"two\n"], []]
    assert "-three\n" in detail.patch


async def test_another_attempt_can_be_used_instead_also_after_an_undo(opener: Opener, root: Path) -> None:
    service = await opener()
    job = service.delegate(wide({1: writes("one\n"), 2: writes("two\n")}, {"attempt": 1}))
    await service.wait(job)
    assert (await service.apply(job)).state is JobState.APPLIED
    with pytest.raises(UsageError, match="in your files"):
        await service.use(job, 2)
    await service.undo(job)
    with pytest.raises(UsageError, match="2 attempts"):
        await service.use(job, 3)
    view = await service.use(job, 2)
    assert view.state is JobState.READY
    assert [a.chosen for a in service.job(job).attempts] == [False, True]
    assert (await service.apply(job)).state is JobState.APPLIED
    assert (root / "a.py").read_bytes() == b"two\n"


async def test_the_only_plan_needs_no_choice_and_none_is_said_so(opener: Opener) -> None:
    service = await opener()
    job = service.delegate(wide({1: [FAILED], 2: writes("two\n")}))
    assert (await service.wait(job)).state is JobState.READY
    assert service.job(job).selection == "It is the only attempt with a plan"
    job = service.delegate(wide({1: [FAILED], 2: [FAILED]}))
    view = await service.wait(job)
    assert view.state is JobState.FAILED
    assert view.problem.startswith("None of 2 attempts came to a plan (attempt 1: It went wrong; attempt 2")


async def test_checks_that_fail_ask_for_one_more_attempt_that_knows_of_it(opener: Opener) -> None:
    first = writes("one\n", verdict="worse", checks={"pytest": "failed"})
    service = await opener()
    job = service.delegate(wide({1: first, 2: writes("two\n", verdict="verified")}, {"attempt": 2}, wanted=1))
    view = await service.wait(job)
    assert (view.state, view.verdict) == (JobState.READY, Verdict.VERIFIED)
    second = service.job(job).attempts[1]
    assert "effort high" in second.how
    events = [event.text for event in service.job(job).events]
    assert "2 attempts in all: pytest failed on the first attempt" in events
    service.update_settings(Settings(jobs=Jobs(attempts_after_failure=1)))
    job = service.delegate(wide({1: first}, wanted=1))
    assert (await service.wait(job)).verdict is Verdict.WORSE
    assert len(service.job(job).attempts) == 1


async def test_attempts_run_side_by_side_and_jobs_take_turns(opener: Opener) -> None:
    service = await opener(settings=Settings(jobs=Jobs(parallel=2)))
    hang: Steps = [{"turn": 1, "files": {}}, {"hang": True}]
    many = service.delegate(wide({1: hang, 2: hang, 3: hang, 4: hang}))
    other = service.delegate(task(*writes("other\n")))
    await _until(lambda: service._rooms.fleet.running(service._rooms.runs.name(many, 2)))
    assert not service._rooms.fleet.running(other)
    await service.cancel(many)
    assert (await service.wait(other)).state is JobState.READY


async def test_a_task_does_not_wait_for_all_attempts_at_another(opener: Opener) -> None:
    service = await opener(settings=Settings(jobs=Jobs(parallel=1)))
    ask: Steps = [{"turn": 1, "files": {}}, {"ask": "q1", "text": "Go on?"}, *writes("one\n", 2)]
    order: list[str] = []
    many = service.delegate(wide({1: ask, 2: writes("two\n"), 3: writes("three\n")}, {"attempt": 1}))
    other = service.delegate(task(*writes("other\n")))
    asked = await service.wait(many, for_question=True)
    assert asked.question is not None
    for name, job in (("many", many), ("other", other)):
        asyncio.create_task(service.wait(job)).add_done_callback(lambda _, name=name: order.append(name))
    await service.answer(many, asked.question.id, "yes")
    await service.wait(many)
    await service.wait(other)
    assert order[:1] == ["other"]


async def test_a_question_of_a_further_attempt_reaches_the_user(opener: Opener) -> None:
    service = await opener()
    ask: Steps = [{"turn": 1, "files": {}}, {"ask": "q1", "text": "Which?"}, *writes("two\n", 2)]
    job = service.delegate(wide({1: writes("one\n"), 2: ask}, {"attempt": 2}))
    asked = await service.wait(job, for_question=True)
    assert asked.question is not None
    assert asked.question.text == "Which?"
    with pytest.raises(UsageError, match="not asking that"):
        await service.answer(job, "q1", "this")
    await service.answer(job, asked.question.id, "this")
    assert (await service.wait(job)).state is JobState.READY
    assert service.job(job).attempts[1].chosen


@pytest.mark.parametrize("who", ["attempt 1", "attempt 2", "the choice"])
async def test_a_killed_worker_costs_at_most_a_turn_of_any_attempt(opener: Opener, who: str) -> None:
    def steps(n: int) -> Steps:
        die: Steps = [{"die": f"in {n}"}] if who == f"attempt {n}" else []
        return [{"turn": 1, "files": {"a.py": "x\n"}, "cost": 0.25}, *die, *writes(f"{n}\n", 2)]

    choose = {"attempt": 2, **({"die": "in choice"} if who == "the choice" else {})}
    service = await opener()
    job = service.delegate(wide({1: steps(1), 2: steps(2)}, choose))
    view = await service.wait(job)
    assert view.state is JobState.READY
    assert service.job(job).attempts[1].chosen
    assert (view.spent.turns, view.spent.cost_usd) == (4, 1.0), "no recorded turn is repeated"


async def test_a_choice_that_comes_to_no_end_is_made_from_what_is_known(opener: Opener) -> None:
    service = await opener()
    for choose in ({"fail": "no room"}, {"attempt": 1, "die": "always", "times": 9}):
        two = writes("two\n", verdict="verified")
        job = service.delegate(wide({1: writes("one\n"), 2: two}, choose))
        view = await service.wait(job)
        assert (view.state, view.verdict) == (JobState.READY, Verdict.VERIFIED)
        assert "not compared by running them" in service.job(job).selection


async def test_a_cancelled_or_interrupted_job_goes_on_with_what_is_not_at_its_end(opener: Opener) -> None:
    ask: Steps = [{"turn": 1, "files": {}}, {"ask": "q1", "text": "Which?"}, *writes("two\n", 2)]
    service = await opener()
    job = service.delegate(wide({1: writes("one\n"), 2: ask}, {"attempt": 2}))
    await service.wait(job, for_question=True)
    await _until(lambda: service._rooms.book.get(job).own is not None)
    assert (await service.cancel(job)).state is JobState.CANCELLED
    assert [a.state for a in service.job(job).attempts] == [JobState.READY, JobState.CANCELLED]
    await service.resume(job)
    await service.wait(job, for_question=True)
    await close(service)
    service = await opener()
    assert service.job(job).view.state is JobState.INTERRUPTED
    await service.resume(job)
    asked = await service.wait(job, for_question=True)
    assert asked.question is not None
    await service.answer(job, asked.question.id, "this")
    view = await service.wait(job)
    assert (view.state, service.job(job).summary) == (JobState.READY, "two\n")
    assert service.job(job).runs == 2
    assert view.spent.turns == 3


async def test_an_owner_that_is_gone_without_a_word_leaves_every_attempt_resumable(
    opener: Opener, root: Path
) -> None:
    hang: Steps = [{"turn": 1, "files": {"a.py": "x\n"}}, {"ask": "q1", "text": "Which?"}, *writes("2\n", 2)]
    service = await opener()
    job = service.delegate(wide({1: writes("one\n"), 2: hang}, {"attempt": 2}))
    await service.wait(job, for_question=True)
    await _until(lambda: service._rooms.book.get(job).own is not None)
    _die(service)
    other = await opener()
    assert other.job(job).view.state is JobState.INTERRUPTED
    assert [a.chosen for a in other.job(job).attempts] == [False, False]
    await other.resume(job)
    asked = await other.wait(job, for_question=True)
    assert asked.question is not None
    await other.answer(job, asked.question.id, "this")
    assert (await other.wait(job)).state is JobState.READY
    assert other.job(job).summary == "2\n"


async def test_ceilings_of_the_day_and_of_an_attempt_keep_the_plans_there_are(opener: Opener) -> None:
    service = await opener(settings=Settings(jobs=Jobs(parallel=1), budgets=Budgets(day_usd=0.3)))
    job = service.delegate(wide({1: writes("one\n"), 2: writes("two\n"), 3: writes("three\n")}))
    view = await service.wait(job)
    states = [a.state for a in service.job(job).attempts]
    assert states == [JobState.READY, JobState.OUT_OF_BUDGET, JobState.OUT_OF_BUDGET]
    assert view.state is JobState.READY
    broke = writes("x\n", outcome="out_of_budget", problem="The ceiling of $1 is reached")
    service.update_settings(Settings())
    job = service.delegate(wide({1: broke, 2: broke}))
    view = await service.wait(job)
    assert view.state is JobState.OUT_OF_BUDGET
    assert "attempt 2: The ceiling of $1 is reached" in view.problem


async def test_what_the_user_says_reaches_every_attempt(opener: Opener) -> None:
    service = await opener()
    ask: Steps = [{"turn": 1, "files": {}}, {"ask": "q1", "text": "?"}, *writes("x\n", 2)]
    job = service.delegate(wide({1: ask, 2: ask}, {"attempt": 1}))
    for _ in range(2):
        asked = await service.wait(job, for_question=True)
        assert asked.question is not None
        await service.tell(job, "shorter")
        await service.answer(job, asked.question.id, "yes")
    await service.wait(job)
    for run in (job, service._rooms.runs.name(job, 2)):
        told = [e.value["text"] for e in service._rooms.runs.entries(run) if e.kind == "Told"]
        assert told[:1] == ["shorter"]


async def test_purging_takes_the_attempts_with_it(opener: Opener) -> None:
    service = await opener()
    job = service.delegate(wide({1: writes("one\n"), 2: writes("two\n")}, {"attempt": 1}))
    await service.wait(job)
    folder = service._rooms.book.folder(job)
    assert (folder / "attempts").is_dir()
    await service.purge(job)
    assert not folder.exists()


async def test_an_attempt_is_no_job(opener: Opener) -> None:
    service = await opener()
    job = service.delegate(wide({1: writes("one\n"), 2: writes("two\n")}, {"attempt": 1}))
    await service.wait(job)
    assert not service.has(service._rooms.runs.name(job, 2))
    assert [view.id for view in service.jobs()] == [job]


async def _until(true: Any) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


def _die(service: Service) -> None:
    """Leave as a killed process does: nothing more is written, the locks are gone."""
    service._rooms.fleet._runs.mine = lambda run: False  # type: ignore[method-assign]
    service._rooms.runs.close()
    service._rooms.book.close()
