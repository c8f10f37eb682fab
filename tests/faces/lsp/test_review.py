"""A plan before the user's eyes: shown as this editor can, asked about once, hunk by hunk."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agent_ls.core.errors import UsageError
from agent_ls.core.job import JobId, JobState
from agent_ls.core.settings import Settings
from agent_ls.faces.lsp.client import ClientError
from agent_ls.faces.lsp.editor import Editor
from agent_ls.faces.lsp.review import Reviews
from agent_ls.faces.lsp.shown import Shown
from agent_ls.faces.lsp.uris import uri_to_path
from agent_ls.jobs.service import Service
from agent_ls.workspace.state import StateDirs
from tests.jobs.conftest import WORKER, task
from tests.support.paper_editor import PaperEditor

Json = dict[str, Any]
BEFORE = "".join(f"{n}\n" for n in range(20))
AFTER = BEFORE.replace("3\n", "three\n", 1).replace("16\n", "sixteen\n")
ASKS = Editor(show_document=True, questions=True)


class Wire:
    """A peer that remembers; ``answer`` is what the user presses."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Json]] = []
        self.answer: str | Exception | None = None

    async def request(self, method: str, params: Any = None, *, timeout_s: float = 0) -> Any:
        self.sent.append((method, params))
        if method == "window/showDocument":
            return {"success": True}
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"title": self.answer} if self.answer else None

    def notify(self, method: str, params: Any = None) -> None:
        self.sent.append((method, params))

    @property
    def methods(self) -> list[str]:
        return [method for method, _ in self.sent]

    @property
    def questions(self) -> list[str]:
        return [p["message"] for m, p in self.sent if m == "window/showMessageRequest"]


class Stage:
    """A workspace with a plan, and reviews for any editor."""

    def __init__(self, folder: Path, service: Service, paper: PaperEditor, job: JobId) -> None:
        port = SimpleNamespace(uri=lambda path: (paper.root / path).as_uri())
        self.folder: Any = SimpleNamespace(service=service, port=port)
        self.shown_in = folder / "review"
        self.service, self.paper, self.job = service, paper, job
        self.wire = Wire()
        self.notices: list[str] = []
        self.work: list[asyncio.Task[None]] = []

    def reviews(self, editor: Editor) -> Reviews:
        shown = Shown(self.shown_in, self.wire, editor, self.notices.append)
        return Reviews(editor, self.wire, shown, run=self.run)

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        self.work.append(asyncio.get_running_loop().create_task(work))

    async def done(self) -> None:
        await asyncio.gather(*self.work)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    root = tmp_path / "w"
    root.mkdir()
    (root / "a.py").write_text(BEFORE)
    with tempfile.TemporaryDirectory() as runtime:
        paper = PaperEditor(root)
        service = await Service.open(
            root,
            port=paper,
            settings=Settings(),
            dirs=StateDirs(tmp_path / "state", tmp_path / "config", tmp_path / "cache", Path(runtime)),
            environ={"PATH": os.environ["PATH"], "ANTHROPIC_API_KEY": "k"},
            worker_module=WORKER,
        )
        steps = {"turn": 1, "files": {"a.py": AFTER, "new.py": "n\n"}}, {"check": "verified"}
        job = service.delegate(task(*steps, {"outcome": "ready", "verdict": "verified"}))
        await service.wait(job)
        yield Stage(tmp_path, service, paper, job)
        await service.close()


async def test_a_plugin_shows_it_itself(stage: Stage) -> None:
    told = stage.reviews(Editor(reviews=True, show_document=True)).show(stage.folder, stage.job)
    await stage.done()
    assert stage.wire.sent == [("agentLs/showPlan", {"jobId": stage.job})]
    assert told["patch"].startswith("diff --git")


async def test_elsewhere_it_is_a_document_whose_hunks_say_why(stage: Stage) -> None:
    told = stage.reviews(ASKS).show(stage.folder, stage.job)
    await stage.done()
    assert stage.wire.sent == [("window/showDocument", {"uri": told["uri"], "takeFocus": True})]
    path = uri_to_path(told["uri"])
    assert path is not None
    assert path.stat().st_mode & 0o777 == 0o600
    headings = [line for line in path.read_text().splitlines() if line.startswith("@@")]
    assert [h.rpartition("@@ ")[2] for h in headings] == ["turn 1 · tests passed"] * 3
    assert "turn 1" not in told["patch"], "the patch for programs has no words"


async def test_or_a_notice_with_its_place(stage: Stage) -> None:
    told = stage.reviews(Editor()).show(stage.folder, stage.job)
    await stage.done()
    assert stage.notices == [f"The plan stands in {uri_to_path(told['uri'])}"]


async def test_a_job_without_a_plan_has_nothing_to_show(stage: Stage) -> None:
    empty = stage.service.delegate(task({"outcome": "failed"}))
    await stage.service.wait(empty)
    with pytest.raises(UsageError, match="no plan to show"):
        stage.reviews(ASKS).show(stage.folder, empty)


async def test_an_unseen_plan_is_asked_about_once_with_its_doubts(stage: Stage) -> None:
    reviews = stage.reviews(ASKS)
    assert not await reviews.agreed(stage.folder, stage.job, reviewed=False), "no answer is no"
    stage.wire.answer = "Apply"
    assert await reviews.agreed(stage.folder, stage.job, reviewed=False)
    assert len(stage.wire.questions) == 2
    assert stage.wire.questions[0].startswith("Apply “a task”? 2 files +3 −2, verified.")


@pytest.mark.parametrize("how", ["shown", "previewed", "just now"])
async def test_what_was_seen_is_not_asked_about(stage: Stage, how: str) -> None:
    reviews = stage.reviews(ASKS)
    if how == "shown":
        reviews.show(stage.folder, stage.job)
    elif how == "previewed":
        reviews.preview(stage.folder, stage.job, None)
    assert await reviews.agreed(stage.folder, stage.job, reviewed=how == "just now")
    assert stage.wire.questions == []
    assert await reviews.agreed(stage.folder, stage.job, reviewed=False), "nor the next time"


async def test_review_is_an_answer_too(stage: Stage) -> None:
    stage.wire.answer = "Review"
    reviews = stage.reviews(ASKS)
    assert not await reviews.agreed(stage.folder, stage.job, reviewed=False)
    await stage.done()
    assert stage.wire.methods == ["window/showMessageRequest", "window/showDocument"]
    assert await reviews.agreed(stage.folder, stage.job, reviewed=False)
    assert len(stage.wire.questions) == 1


async def test_an_editor_that_cannot_ask_after_all_lands_it(stage: Stage) -> None:
    stage.wire.answer = ClientError(-32601, "Method not found")
    assert await stage.reviews(ASKS).agreed(stage.folder, stage.job, reviewed=False)


async def test_a_question_that_nobody_answers_is_no_yes(stage: Stage) -> None:
    stage.wire.answer = TimeoutError()
    assert not await stage.reviews(ASKS).agreed(stage.folder, stage.job, reviewed=False)


async def test_a_yes_to_a_plan_that_is_another_one_by_now_is_asked_for_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.wire.answer = "Apply"
    job, seen = stage.service.job, 0

    def changing(name: JobId) -> object:
        nonlocal seen
        seen += 1
        detail = job(name)
        return detail if seen == 1 else replace(detail, patch="another plan")

    monkeypatch.setattr(stage.service, "job", changing)
    assert await stage.reviews(ASKS).agreed(stage.folder, stage.job, reviewed=False)
    assert len(stage.wire.questions) == 2


@pytest.mark.parametrize(
    "editor",
    [
        Editor(show_document=True, questions=True, previews=True, annotations=True),
        Editor(show_document=True, questions=True, confirms=True),
        Editor(questions=True),
    ],
    ids=["its preview asks", "it asks itself", "nothing could be shown"],
)
async def test_nobody_asks_twice(stage: Stage, editor: Editor) -> None:
    assert await stage.reviews(editor).agreed(stage.folder, stage.job, reviewed=False)
    assert stage.wire.questions == []


async def test_the_preview_is_the_chosen_hunks_on_the_text_of_now(stage: Stage) -> None:
    typed = BEFORE + "typed\n"
    stage.paper.type("a.py", typed.encode())
    reviews = stage.reviews(Editor(reviews=True))
    whole = reviews.preview(stage.folder, stage.job, None)
    assert (whole["title"], whole["state"], whole["verdict"]) == ("a task", "ready", "verified")
    first, new = whole["files"]
    assert (first["before"], first["after"]) == (typed, AFTER + "typed\n")
    assert (new["op"], new["before"], new["after"]) == ("create", None, "n\n")
    assert [(h["reason"], h["check"]["status"], h["chosen"]) for h in first["hunks"]] == [
        ("turn 1", "passed", True)
    ] * 2
    one = reviews.preview(stage.folder, stage.job, [first["hunks"][1]["id"]])
    assert one["files"][0]["after"] == typed.replace("16\n", "sixteen\n")
    assert [h["chosen"] for h in one["files"][0]["hunks"]] == [False, True]
    await stage.service.apply(stage.job, None, [first["hunks"][1]["id"]])
    left = reviews.preview(stage.folder, stage.job, None)
    assert left["state"] == JobState.PARTLY_APPLIED.value
    assert [len(f["hunks"]) for f in left["files"]] == [1, 1]
