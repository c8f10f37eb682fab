"""Questions as findings in the text: where they stand, and that they go."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from agent_ls.core.job import IntentKind, JobId, JobState, Question, Site
from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.faces.lsp.documents import Documents
from agent_ls.faces.lsp.editor import Editor
from agent_ls.faces.lsp.port import LspPort
from agent_ls.faces.lsp.questions import Questions
from agent_ls.jobs.views import JobView

Json = dict[str, Any]
TEXT = "one\n😀 two = 2\nthree\n"
QUESTION = Question("q1", "Which?", ("a", "b"), "a")


class Session:
    def __init__(self, root: Path, *, wanted: bool = True) -> None:
        self.documents = Documents()
        self.sent: list[Json] = []
        editor = Editor(diagnostics=wanted)
        self.port = LspPort(
            root,
            documents=self.documents,
            editor=editor,
            peer=self,
            on_job=lambda _view: None,
            on_notice=lambda _text, _severity: None,
        )
        self.questions = Questions(self, self.documents, editor)
        self.uri = (root / "a.py").as_uri()

    def notify(self, method: str, params: Any = None) -> None:
        assert method == "textDocument/publishDiagnostics"
        self.sent.append(params)

    async def request(self, method: str, params: Any = None, *, timeout_s: float = 0) -> Any:
        raise AssertionError(method)

    def open(self) -> None:
        item = {"uri": self.uri, "languageId": "python", "version": 1, "text": TEXT}
        self.documents.did_open({"textDocument": item})

    def hear(self, *views: JobView) -> None:
        for view in views:
            self.questions.follow(view, self.port)


def view(
    state: JobState, question: Question | None = None, *, job: str = "j1", span: Span | None = None
) -> JobView:
    start = TEXT.encode().index(b"two")
    site = Site(RelPath("a.py"), span or Span(start, start + 3))
    return JobView(
        JobId(job), IntentKind.DELEGATE, state, "Delegate: x", 0.0, 0.0, site=site, question=question
    )


WAITING = view(JobState.WAITING, QUESTION)


def test_a_question_moves_with_its_text_and_goes_when_answered(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.open()
    session.hear(view(JobState.RUNNING))
    zero = {"line": 0, "character": 0}
    change = {"range": {"start": zero, "end": zero}, "text": "more\n"}
    session.documents.did_change(
        {"textDocument": {"uri": session.uri, "version": 2}, "contentChanges": [change]}
    )
    session.hear(WAITING, WAITING, view(JobState.RUNNING), view(JobState.READY))
    asked, cleared = session.sent
    [finding] = asked["diagnostics"]
    assert finding["range"] == {"start": {"line": 2, "character": 3}, "end": {"line": 2, "character": 6}}
    assert (finding["severity"], finding["source"]) == (3, "agent-ls")
    assert finding["data"] == {"jobId": "j1", "questionId": "q1"}
    assert cleared == {"uri": session.uri, "diagnostics": []}


def test_two_jobs_in_one_file_do_not_clear_each_other(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.open()
    session.hear(WAITING, view(JobState.WAITING, QUESTION, job="j2"), view(JobState.CANCELLED))
    assert [len(params["diagnostics"]) for params in session.sent] == [1, 2, 1]
    assert session.sent[-1]["diagnostics"][0]["data"]["jobId"] == "j2"


def test_the_next_question_takes_the_place_of_the_last(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.open()
    session.hear(WAITING, replace(WAITING, question=replace(QUESTION, id="q2", text="And?")))
    assert ["And?" in params["diagnostics"][0]["message"] for params in session.sent] == [False, True]


def test_a_closed_file_and_a_place_that_is_gone(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("short\n")
    session = Session(tmp_path)
    session.hear(view(JobState.WAITING, QUESTION, span=Span(500, 510)))
    [finding] = session.sent[0]["diagnostics"]
    assert finding["range"]["start"] == finding["range"]["end"] == {"line": 1, "character": 0}
    session.hear(view(JobState.READY, span=Span(500, 510)))
    (tmp_path / "a.py").unlink()
    session.hear(WAITING)
    assert session.sent[-1]["diagnostics"][0]["range"]["start"] == {"line": 0, "character": 0}


def test_a_long_selection_is_marked_by_its_first_line(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.open()
    session.hear(view(JobState.WAITING, QUESTION, span=Span(0, len(TEXT.encode()))))
    [finding] = session.sent[0]["diagnostics"]
    assert finding["range"]["end"] == {"line": 0, "character": 3}


def test_a_closed_folder_keeps_nothing_of_ours(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.open()
    session.hear(WAITING)
    session.questions.leave(session.port)
    assert session.sent[-1] == {"uri": session.uri, "diagnostics": []}


def test_no_findings_for_editors_that_do_not_take_them(tmp_path: Path) -> None:
    session = Session(tmp_path, wanted=False)
    session.open()
    session.hear(WAITING)
    assert session.sent == []
