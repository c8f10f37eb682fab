"""A job that waits with its steps: shown, decided by every way there is, held against the work."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from agent_ls.core.errors import UsageError
from agent_ls.core.job import Intent, IntentKind, JobId, JobState
from agent_ls.core.paths import RelPath
from agent_ls.core.steps import PlanStep
from agent_ls.jobs.service import AGENT_WORKER, Service
from agent_ls.jobs.views import JobView
from tests.agent.attempts import call, edit, filled, finish, turn
from tests.jobs.conftest import Opener, close
from tests.support.paper_editor import PaperEditor

STEPS = [{"text": "Shout in a.py", "files": ["a.py"]}]
FIRST = Intent(IntentKind.DELEGATE, "shout", task="shout", plan_first=True)
TURNS = [turn(call("propose_plan", steps=STEPS)), turn(edit("a.py", "two", "TWO")), turn(finish("Shouted."))]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "script.json"
    path.write_text(json.dumps({"turns": filled(TURNS)}))
    return {"PATH": os.environ["PATH"], "AGENT_LS_SCRIPT": str(path)}


async def waiting(opener: Opener, environ: dict[str, str], **more: Any) -> tuple[Service, JobId, JobView]:
    service = await opener(environ=environ, worker_module=AGENT_WORKER, **more)
    job = service.delegate(FIRST)
    view = await service.wait(job, for_question=True)
    assert view.state is JobState.WAITING, view
    return service, job, view


async def test_the_steps_are_shown_and_an_approval_lets_it_go_on(
    opener: Opener, environ: dict[str, str]
) -> None:
    service, job, view = await waiting(opener, environ)
    assert view.question is not None
    assert "1. Shout in a.py [a.py]" in view.question.text
    shown = service.job(job).wire()
    assert (shown["steps"], shown["planState"]) == (STEPS, "proposed")
    await service.decide_plan(job, approve=True)
    done = await service.wait(job)
    assert (done.state, [f.path for f in done.files]) == (JobState.READY, ["a.py"])
    assert service.job(job).wire()["planState"] == "approved"
    assert "plan approved: 1 steps" in [event.text for event in service.job(job).events]


async def test_a_rejection_ends_it_without_a_change(opener: Opener, environ: dict[str, str]) -> None:
    service, job, _ = await waiting(opener, environ)
    await service.decide_plan(job, approve=False)
    view = await service.wait(job)
    assert (view.state, view.files) == (JobState.CANCELLED, ())
    assert "You rejected the plan" in view.problem


async def test_edited_steps_are_the_plan_from_then_on(opener: Opener, environ: dict[str, str]) -> None:
    service, job, _ = await waiting(opener, environ)
    await service.decide_plan(job, approve=True, steps=[PlanStep("Shout elsewhere", (RelPath("b.py"),))])
    await service.wait(job)
    assert service.job(job).wire()["steps"] == [{"text": "Shout elsewhere", "files": ["b.py"]}]


async def test_a_face_that_only_answers_questions_can_decide(opener: Opener, environ: dict[str, str]) -> None:
    service, job, view = await waiting(opener, environ)
    assert view.question is not None
    await service.answer(job, view.question.id, view.question.choices[0])
    assert (await service.wait(job)).state is JobState.READY


async def test_another_process_decides_through_the_owner(
    opener: Opener, environ: dict[str, str], root: Path
) -> None:
    service, job, _ = await waiting(opener, environ)
    other = await opener(PaperEditor(root), environ=environ, worker_module=AGENT_WORKER)
    assert other.job(job).wire()["planState"] == "proposed"
    await other.decide_plan(job, approve=True)
    assert (await service.wait(job)).state is JobState.READY


async def test_closed_while_it_waits_it_asks_again_when_resumed(
    opener: Opener, environ: dict[str, str]
) -> None:
    service, job, _ = await waiting(opener, environ)
    await close(service)
    again = await opener(environ=environ, worker_module=AGENT_WORKER)
    with pytest.raises(UsageError, match="does not wait with a plan"):
        await again.decide_plan(job, approve=True)
    await again.resume(job)
    assert (await again.wait(job, for_question=True)).state is JobState.WAITING
    await again.decide_plan(job, approve=True)
    assert (await again.wait(job)).state is JobState.READY


async def test_what_waits_with_no_plan_cannot_be_decided(opener: Opener, environ: dict[str, str]) -> None:
    service, job, _ = await waiting(opener, environ)
    with pytest.raises(UsageError, match="without steps"):
        await service.decide_plan(job, approve=True, steps=[])
    await service.decide_plan(job, approve=True)
    await service.wait(job)
    with pytest.raises(UsageError, match="does not wait with a plan"):
        await service.decide_plan(job, approve=True)
