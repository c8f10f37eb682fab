"""What an editor hears of jobs: each thing once, progress in doses, questions where they can be answered."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest

from agent_ls.core.job import IntentKind, JobId, JobState, Progress, Question, Spent, Verdict
from agent_ls.core.paths import RelPath
from agent_ls.faces.lsp.client import ClientError
from agent_ls.faces.lsp.editor import Editor
from agent_ls.faces.lsp.report import Report, outcome_line
from agent_ls.jobs.views import FileView, JobView

Json = dict[str, Any]
VIEW = JobView(JobId("j1"), IntentKind.DELEGATE, JobState.QUEUED, "Delegate: shout", 0.0, 0.0)
PLAN = (FileView(RelPath("a.py"), "edit", 4, 2),)


class Wire:
    """A peer that remembers; ``answers`` by method, an exception is raised."""

    def __init__(self, **answers: Any) -> None:
        self.sent: list[tuple[str, Json]] = []
        self.answers = answers

    async def request(self, method: str, params: Any = None, *, timeout_s: float = 0) -> Any:
        self.sent.append((method, params))
        answer = self.answers.get(method.rpartition("/")[2])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def notify(self, method: str, params: Any = None) -> None:
        self.sent.append((method, params))

    def of(self, method: str) -> list[Json]:
        return [params for name, params in self.sent if name.endswith(method)]


class Desk:
    """A report with its background work, and what it has had done."""

    def __init__(self, editor: Editor, **answers: Any) -> None:
        self.wire = Wire(**answers)
        self.acts: list[tuple[str, Json]] = []
        self.work: list[asyncio.Task[None]] = []
        self.report = Report(
            self.wire,
            editor,
            run=self.run,
            act=lambda command, argument: self.acts.append((command, argument)),
        )

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        self.work.append(asyncio.get_running_loop().create_task(work))

    async def hear(self, *views: JobView) -> None:
        for view in views:
            self.report.job_changed(view)
        await asyncio.gather(*self.work)

    @property
    def notices(self) -> list[str]:
        return [params["message"] for params in self.wire.of("showMessage")]


def at(state: JobState, **more: Any) -> JobView:
    return replace(VIEW, state=state, **more)


async def test_a_plan_is_told_once() -> None:
    desk = Desk(Editor())
    ready = at(JobState.READY, files=PLAN, verdict=Verdict.VERIFIED)
    await desk.hear(at(JobState.QUEUED), at(JobState.RUNNING), at(JobState.RUNNING), ready, ready)
    assert desk.notices == [
        "Delegate: shout: the plan is ready, 1 file +4 −2, verified. Review or apply it from the code-action menu."
    ]


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.OUT_OF_BUDGET])
async def test_a_job_without_an_end_says_why_and_what_was_kept(state: JobState) -> None:
    desk = Desk(Editor())
    await desk.hear(at(JobState.RUNNING), at(state, problem="the service refused the key"))
    [notice] = desk.wire.of("showMessage")
    assert notice["type"] == 2
    assert "the service refused the key" in notice["message"]
    assert "No file was changed" in notice["message"] or "The work is kept" in notice["message"]


async def test_states_that_the_user_made_are_no_news() -> None:
    desk = Desk(Editor())
    await desk.hear(at(JobState.READY), at(JobState.APPLIED), at(JobState.UNDONE), at(JobState.DISCARDED))
    assert desk.notices == []


async def test_jobs_of_before_are_not_announced() -> None:
    desk = Desk(Editor(progress=True))
    desk.report.seen(at(JobState.INTERRUPTED))
    desk.report.seen(at(JobState.READY))
    assert desk.wire.sent == []


async def test_what_waits_from_before_is_one_notice_with_what_going_on_costs() -> None:
    desk = Desk(Editor())
    paid = Spent(turns=4, cost_usd=0.12)
    views = [
        at(JobState.READY, files=PLAN, verdict=Verdict.VERIFIED, title="one"),
        at(JobState.INTERRUPTED, spent=paid, title="two"),
        at(JobState.OUT_OF_BUDGET, kind=IntentKind.RUN, title="three"),
        at(JobState.RUNNING, owner="elsewhere", title="theirs"),
        at(JobState.INTERRUPTED, owner="elsewhere", title="theirs"),
        at(JobState.APPLIED, title="done"),
    ]
    views = [replace(view, id=JobId(f"j{n}")) for n, view in enumerate(views)]
    desk.report.reopened(views, attempt_usd=1.0, now=3600.0)
    [notice] = desk.notices
    assert notice == (
        "From before: “one” is ready (1 file +4 −2, verified); "
        "“two” was interrupted after 4 turns, $0.12 spent, resuming costs $1.00 at most; "
        "“three” reached its ceiling after 0 turns."
        " Go on from the code-action menu of their files, or with the job list."
    )
    await desk.hear(*views)
    assert len(desk.notices) == 1, "nothing of it is news"
    desk.report.reopened([at(JobState.INTERRUPTED)] * 8, attempt_usd=1.0, now=3600.0)
    assert "; and 3 more. Go on" in desk.notices[-1]
    desk.report.reopened(views, attempt_usd=1.0, now=30 * 86400.0)
    assert len(desk.notices) == 2, "what waits for a month is not told every morning"


async def test_job_changed_goes_to_those_who_asked() -> None:
    quiet, loud = Desk(Editor()), Desk(Editor(events=True))
    for desk in (quiet, loud):
        await desk.hear(at(JobState.RUNNING, progress=Progress("editing a.py", 3, 8)))
    assert quiet.wire.of("jobChanged") == []
    [params] = loud.wire.of("jobChanged")
    assert set(params) == {"jobId", "state", "title", "step", "done", "total", "usage", "costUsd", "verdict"}
    assert (params["state"], params["step"], params["done"], params["total"]) == (
        "running",
        "editing a.py",
        3,
        8,
    )


async def test_progress_comes_in_doses() -> None:
    desk = Desk(Editor(progress=True))
    steps = [at(JobState.RUNNING, progress=Progress(f"step {n}", n, 1000)) for n in range(1000)]
    await desk.hear(steps[0])
    await desk.hear(*steps[1:])
    [begin] = [p["value"] for p in desk.wire.of("progress")]
    assert begin == {
        "kind": "begin",
        "title": "Delegate: shout",
        "message": "0/1000 step 0",
        "cancellable": True,
        "percentage": 0,
    }
    while len(desk.wire.of("progress")) < 2:
        await asyncio.sleep(0.01)
    assert desk.wire.of("progress")[1]["value"]["message"] == "999/1000 step 999", "the last one, not all"
    await desk.hear(at(JobState.READY, files=PLAN))
    kinds = [p["value"]["kind"] for p in desk.wire.of("progress")]
    assert kinds == ["begin", "report", "end"]
    assert desk.report.job_of_token(begin.get("token")) is None


async def test_the_token_names_the_job_while_it_runs() -> None:
    desk = Desk(Editor(progress=True))
    await desk.hear(at(JobState.RUNNING))
    [created] = desk.wire.of("create")
    assert desk.report.job_of_token(created["token"]) == VIEW.id
    assert desk.report.job_of_token("other") is None
    assert desk.report.job_of_token("") is None
    await desk.hear(at(JobState.CANCELLED))
    assert desk.report.job_of_token(created["token"]) is None


async def test_an_editor_that_refuses_the_token_hears_no_progress() -> None:
    desk = Desk(Editor(progress=True), create=ClientError(-32601, "no"))
    await desk.hear(at(JobState.RUNNING), at(JobState.RUNNING, progress=Progress("more", 1, 2)))
    await desk.hear(at(JobState.READY, files=PLAN))
    assert desk.wire.of("$/progress") == []
    assert len(desk.notices) == 1


ASKED = at(JobState.WAITING, question=Question("q1", "Which licence?", ("MIT", "BSD"), "MIT"))
VS_CODE = Editor(previews=True)


async def test_a_question_is_told_once_with_its_default() -> None:
    desk = Desk(Editor())
    await desk.hear(at(JobState.RUNNING), ASKED, ASKED)
    [notice] = desk.notices
    assert "Which licence? (MIT / BSD)" in notice
    assert "goes on with: MIT" in notice


async def test_a_plugin_that_puts_questions_itself_hears_no_notice_of_them() -> None:
    desk = Desk(Editor(asks=True, events=True))
    await desk.hear(at(JobState.RUNNING), ASKED)
    assert desk.notices == []
    deaf = Desk(Editor(asks=True))  # it would never hear of the question
    await deaf.hear(at(JobState.RUNNING), ASKED)
    assert len(deaf.notices) == 1


async def test_buttons_only_where_they_block_nothing() -> None:
    """A request that asks stops the whole editor in Neovim and eglot."""
    desk = Desk(VS_CODE, showMessageRequest={"title": "BSD"})
    await desk.hear(at(JobState.RUNNING), ASKED)
    assert desk.acts == [("agentLs.answer", {"jobId": "j1", "questionId": "q1", "answer": "BSD"})]
    assert desk.notices == []
    ready = Desk(VS_CODE, showMessageRequest={"title": "Apply"})
    await ready.hear(at(JobState.RUNNING), at(JobState.READY, files=PLAN))
    assert ready.acts == [("agentLs.apply", {"jobId": "j1"})]


async def test_the_job_gets_the_choice_as_it_was_asked() -> None:
    """It compares with its own words; what was shown is without what hides or acts."""
    words = ("keep\u200b it", "drop\x1b[31m it", "keep it")
    asked = replace(ASKED, question=Question("q1", "Which?", words, "keep it"))
    for title, choice in (("keep it", words[0]), ("drop it", words[1])):
        desk = Desk(VS_CODE, showMessageRequest={"title": title})
        await desk.hear(at(JobState.RUNNING), asked)
        [request] = desk.wire.of("showMessageRequest")
        assert [action["title"] for action in request["actions"]] == ["keep it", "drop it"]
        assert [argument["answer"] for _, argument in desk.acts] == [choice]


@pytest.mark.parametrize("answer", [None, {}, {"title": 7}, "Apply", {"title": "Other"}, ClientError(1, "x")])
async def test_an_answer_that_chooses_nothing_does_nothing(answer: object) -> None:
    desk = Desk(VS_CODE, showMessageRequest=answer)
    await desk.hear(at(JobState.RUNNING), at(JobState.READY, files=PLAN))
    assert desk.acts == []


async def test_nothing_that_a_model_wrote_acts_in_a_notice() -> None:
    desk = Desk(Editor())
    await desk.hear(
        at(JobState.RUNNING), at(JobState.FAILED, title="a\u202eb\x1b[31m", problem="c\u200bd\x00")
    )
    assert desk.notices == ["ab failed: cd. No file was changed."]


def test_costs_are_told_only_where_something_was_paid() -> None:
    paid = at(JobState.RUNNING, progress=Progress("editing", 1, 2), spent=Spent(cost_usd=0.04))
    assert outcome_line(paid).endswith("1/2 editing · $0.04")
    assert "$" not in outcome_line(replace(paid, spent=Spent(cost_usd=None)))


@pytest.mark.parametrize("state", list(JobState))
def test_every_state_has_its_line(state: JobState) -> None:
    assert outcome_line(at(state, files=PLAN)).startswith("Delegate: shout")
