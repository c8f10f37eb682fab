"""The board by its keys: real jobs, real journals, real files; the terminal is Textual's pilot."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from agent_ls.core.job import Intent, IntentKind, JobId, JobState
from agent_ls.core.settings import Settings
from agent_ls.faces.cli.board_acts import Acts
from agent_ls.faces.cli.board_app import BoardApp
from agent_ls.faces.cli.disk import DiskPort
from agent_ls.faces.cli.session import Place, opened
from agent_ls.faces.cli.terminal import stderr, stdout
from agent_ls.jobs.service import Service
from agent_ls.workspace.state import StateDirs
from tests.faces.cli.conftest import Opener

ENVIRON = {"ANTHROPIC_API_KEY": "none", "PYTHONPATH": str(Path(__file__).parents[3]), "PATH": "/usr/bin:/bin"}
READY: list[dict[str, Any]] = [{"turn": 1, "files": {"a.py": "ONE\n"}, "cost": 0.04}, {"outcome": "ready"}]


@dataclass
class Desk:
    """A folder, the process that works on its jobs, and a board beside it."""

    here: Place
    worker: Service
    app: BoardApp
    pilot: Pilot[None]

    def job(self, steps: list[dict[str, Any]], title: str = "t") -> JobId:
        return self.worker.delegate(Intent(IntentKind.DELEGATE, title, task=json.dumps(steps)))

    async def made(self, steps: list[dict[str, Any]], title: str = "t") -> JobId:
        job = self.job(steps, title)
        await self.worker.wait(job, for_question=True)
        return job

    @property
    def lines(self) -> list[str]:
        jobs = self.app.screen_stack[0].query_one("#jobs", OptionList)
        return [str(option.prompt).rstrip() for option in jobs.options]

    def text(self, where: str) -> str:
        return str(self.app.screen_stack[0].query_one(f"#{where}", Static).content)

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        for _ in range(1200):
            if condition():
                return
            await self.pilot.pause(0.02)
        raise AssertionError(f"never: {what}\n" + "\n".join([*self.lines, self.text("detail")]))

    async def shows(self, text: str) -> None:
        await self.until(lambda: any(text in line for line in self.lines), text)

    def state(self, job: JobId) -> JobState:
        return self.worker.job(job).view.state

    def read(self) -> str:
        return (self.here.root / "a.py").read_text()


@asynccontextmanager
async def desk_in(folder: Path, environ: Mapping[str, str] = ENVIRON) -> AsyncGenerator[Desk]:
    root = folder / "project"
    root.mkdir()
    (root / "a.py").write_text("one\n")
    dirs = StateDirs(folder / "state", folder / "config", folder / "cache")
    here = Place(root, dirs, Settings(), environ, stdout(), stderr())
    worker = await Service.open(
        *(root,),
        port=DiskPort(root),
        settings=Settings(),
        dirs=dirs,
        environ=environ,
        worker_module="tests.support.fake_worker",
    )
    try:
        async with opened(here) as service:
            app = BoardApp(service, Acts(here))
            async with app.run_test(size=(80, 24)) as pilot:
                yield Desk(here, worker, app, pilot)
    finally:
        await worker.close()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[Desk]:
    async with desk_in(tmp_path) as made:
        yield made


async def test_an_empty_folder_says_how_to_begin(desk: Desk) -> None:
    assert "no jobs yet" in desk.text("summary")
    assert "agent-ls delegate" in desk.text("detail")
    await desk.pilot.press("a", "d", "c", "t", "r")
    assert desk.app.is_running


async def test_jobs_come_and_change_on_their_own(desk: Desk) -> None:
    job = desk.job(
        [{"progress": "editing a.py"}, {"ask": "q", "text": "Which?"}, *READY], "Retry on timeouts"
    )
    await desk.shows("Waiting for you 1")
    await desk.shows("Which?")
    assert "asks: Which?" in desk.text("detail")
    await desk.worker.answer(job, "q", "this")
    await desk.shows("Ready 1")
    await desk.shows("unverified 1 file +1 -1")
    assert "$0.04" in desk.text("summary")


async def test_the_step_of_a_job_in_another_process(desk: Desk) -> None:
    desk.job([{"progress": "editing a.py"}, {"hang": True}])
    await desk.shows("1/2 editing a.py")


async def test_the_diff_is_read_then_applied_without_a_further_question_and_undone(desk: Desk) -> None:
    job = await desk.made(READY)
    await desk.shows("Ready 1")
    await desk.pilot.press("enter")
    await desk.pilot.press("a")
    await desk.until(lambda: desk.state(job) is JobState.APPLIED, "applied")
    assert desk.read() == "ONE\n"
    await desk.shows("Done 1")
    await desk.pilot.press("u")
    await desk.until(lambda: desk.state(job) is JobState.UNDONE, "undone")
    assert desk.read() == "one\n"


async def test_an_apply_unseen_asks_once(desk: Desk) -> None:
    job = await desk.made(READY)
    await desk.shows("Ready 1")
    await desk.pilot.press("a", "n")
    assert (desk.state(job), desk.read()) == (JobState.READY, "one\n")
    await desk.pilot.press("a", "y")
    await desk.until(lambda: desk.state(job) is JobState.APPLIED, "applied")
    assert desk.read() == "ONE\n"


async def test_a_plan_that_is_worse_asks_even_after_its_diff(desk: Desk) -> None:
    steps = [{"turn": 1, "files": {"a.py": "ONE\n"}}, {"outcome": "ready", "verdict": "worse"}]
    job = await desk.made(steps)
    await desk.shows("worse 1 file")
    await desk.pilot.press("d", "a")
    assert "Checks that passed before fail" in str(desk.app.screen.query_one(Static).content)
    await desk.pilot.press("escape")
    assert desk.read() == "one\n"
    await desk.pilot.press("d", "a", "y")
    await desk.until(lambda: desk.state(job) is JobState.APPLIED, "applied")


async def test_a_question_is_answered_by_the_number_of_a_choice_or_in_words(desk: Desk) -> None:
    job = await desk.made([{"ask": "q", "text": "Which?"}, {"hang": True}])
    await desk.shows("Waiting for you 1")
    await desk.pilot.press("r", *"the first", "enter")
    await desk.until(lambda: desk.state(job) is JobState.RUNNING, "answered")
    assert any("the first" in event.text for event in desk.worker.job(job).events)


async def test_telling_and_cancelling(desk: Desk) -> None:
    job = desk.job([{"turn": 1}, {"hang": True}])
    await desk.shows("Running 1")
    await desk.pilot.press("t", *"be quick", "enter")
    await desk.until(lambda: any("be quick" in event.text for event in desk.worker.job(job).events), "told")
    await desk.pilot.press("c")
    await desk.until(lambda: desk.state(job) is JobState.CANCELLED, "cancelled")


async def test_discarding(desk: Desk) -> None:
    job = await desk.made(READY)
    await desk.shows("Ready 1")
    await desk.pilot.press("x", "y")
    await desk.until(lambda: desk.state(job) is JobState.DISCARDED, "discarded")
    assert desk.read() == "one\n"


async def test_a_wish_that_does_not_fit_changes_nothing_and_says_so(desk: Desk) -> None:
    job = await desk.made(READY)
    await desk.shows("Ready 1")
    await desk.pilot.press("u", "c", "r", "s", "t")
    await desk.pilot.pause()
    assert len(desk.app.screen_stack) == 1
    assert desk.state(job) is JobState.READY


async def test_fifty_jobs_filter_and_the_choice_stays_where_it_was(desk: Desk) -> None:
    for number in range(50):
        desk.job([{"outcome": "failed", "problem": "no"}], f"task number {number}")
    await desk.until(lambda: any("Done 50" in line for line in desk.lines), "fifty jobs")
    jobs = desk.app.query_one("#jobs", OptionList)
    await desk.pilot.press("j", "j", "j")
    chosen = jobs.highlighted_option
    assert chosen is not None
    await desk.made(READY, "another")
    await desk.shows("Ready 1")
    assert jobs.highlighted_option is not None
    assert jobs.highlighted_option.id == chosen.id
    await desk.pilot.press("slash", *"number 17", "enter")
    assert [line.split("  ")[0].strip() for line in desk.lines] == ["Done 1 of 50", "failed"]
    assert "number 17" in desk.text("detail")
    await desk.pilot.press("escape")
    assert len(desk.lines) == 53


async def test_nothing_is_read_while_nothing_happens(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.made(READY)
    await desk.shows("Ready 1")
    await desk.app.look()
    looked: list[int] = []
    monkeypatch.setattr(Service, "jobs", lambda _self: looked.append(1) or [])
    for _ in range(3):
        await desk.app.look()
    assert looked == []


async def test_the_board_holds_no_job_and_a_worker_that_dies_is_seen(desk: Desk) -> None:
    job = desk.job([{"hang": True}])
    await desk.shows("Running 1")
    await desk.worker.close()
    await desk.shows("Paused 1")
    assert "here" not in {view.owner for view in desk.app._views}
    assert desk.worker.job(job).view.state is JobState.INTERRUPTED


def test_without_a_terminal_or_beside_an_action_it_says_what_to_do(opener: Opener) -> None:
    shell = opener()
    said = shell("jobs", "--watch")
    assert (said.code, "needs a terminal" in said.err) == (2, True)
    assert shell("jobs", "--watch", "--json").code == 2
    assert "no action" in shell("jobs", "--watch", "show", "x").err


def test_without_textual_it_names_the_extra(opener: Opener) -> None:
    shell = opener()
    hook = shell.folder / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(
        "import importlib.util as u\nreal = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'textual' else real(name, *more)\n"
    )
    said = shell("jobs", "--watch", env={"PYTHONPATH": f"{hook}:{shell.env['PYTHONPATH']}"})
    assert said.code == 2
    assert "agent-ls[board]" in said.err
