"""The lens stays with its comment while the facts are older than the text; a job's lenses say what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from agent_ls.core.errors import WorkspaceError
from agent_ls.core.job import IntentKind, JobId, JobState, Question, Verdict
from agent_ls.core.paths import RelPath
from agent_ls.core.settings import Lens, Settings
from agent_ls.core.text import Span
from agent_ls.faces.lsp.documents import Documents
from agent_ls.faces.lsp.features.lens import Lenses
from agent_ls.faces.lsp.features.marks import mark_lenses, mark_wire
from agent_ls.index.facts import Anchor
from agent_ls.index.live_facts import LiveFacts
from agent_ls.jobs.marks import Mark, MarkKind
from agent_ls.jobs.views import FileView, JobView

URI = "file:///w/a.py"
TEXT = "x = 1\n# agent: do it well\n"


class OneFolder:
    def __init__(self, facts: LiveFacts | None, marks: Sequence[Mark] = ()) -> None:
        self.facts = facts
        self.service = SimpleNamespace(settings=Settings(), marks=lambda _path: list(marks))

    def of_uri(self, uri: str) -> tuple[Any, RelPath]:
        if uri != URI:
            raise WorkspaceError("elsewhere")
        live = SimpleNamespace(facts=lambda _path: self.facts)
        return SimpleNamespace(live=live, service=self.service), RelPath("a.py")


def lenses(documents: Documents, facts: LiveFacts | None, uri: str = URI) -> list[dict[str, Any]]:
    return Lenses(OneFolder(facts), documents).code_lens({"textDocument": {"uri": uri}})  # type: ignore[arg-type]


def opened() -> Documents:
    documents = Documents()
    item = {"uri": URI, "languageId": "python", "version": 1, "text": TEXT}
    documents.did_open({"textDocument": item})
    return documents


def typed(documents: Documents, line: int, start: int, end: int, text: str) -> None:
    version = (documents.text(URI) or documents.by_path(Path("/w/a.py"))).version + 1  # type: ignore[union-attr]
    span = {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}
    params = {
        "textDocument": {"uri": URI, "version": version},
        "contentChanges": [{"range": span, "text": text}],
    }
    documents.did_change(params)


FACTS = LiveFacts(1, anchors=(Anchor(Span(6, 25), "do it well"),))


def test_a_lens_of_facts_that_are_behind_is_where_the_comment_is_now() -> None:
    documents = opened()
    typed(documents, 0, 0, 0, "\n\n")
    [lens] = lenses(documents, FACTS)
    assert lens["range"] == {"start": {"line": 3, "character": 0}, "end": {"line": 3, "character": 19}}
    [argument] = lens["command"]["arguments"]
    assert (argument["range"], argument["version"], argument["kind"]) == (lens["range"], 2, "anchor")


def test_no_lens_where_the_comment_was_torn_or_nothing_is_known() -> None:
    documents = opened()
    typed(documents, 1, 0, 19, "")
    assert lenses(documents, FACTS) == []
    assert lenses(documents, None) == []
    assert lenses(documents, FACTS, "file:///elsewhere.py") == []


def test_the_lenses_of_comments_can_be_turned_off() -> None:
    folder = OneFolder(FACTS)
    folder.service.settings = Settings(lens=Lens(anchors=False))
    params = {"textDocument": {"uri": URI}}
    assert Lenses(folder, opened()).code_lens(params) == []  # type: ignore[arg-type]


def mark(kind: MarkKind, state: JobState, *parts: tuple[int, int], **more: Any) -> Mark:
    files = tuple(FileView(RelPath(name), "edit", 2, 1, landed=True) for name in ("a.py", "b.py"))
    view = JobView(
        JobId("j"), IntentKind.DELEGATE, state, "Delegate: *x*\u202e", 0.0, 0.0, files=files, **more
    )
    return Mark(view, kind, parts)


def titles(*marks: Mark) -> list[tuple[int, str, str]]:
    made = mark_lenses(marks, URI)
    return [(m["range"]["start"]["line"], m["command"]["title"], m["command"]["command"]) for m in made]


def test_what_a_job_made_can_be_looked_at_and_taken_back() -> None:
    made = mark(MarkKind.MADE, JobState.APPLIED, (3, 4), (6, 8), verdict=Verdict.VERIFIED)
    assert titles(made) == [
        (3, "Delegate: *x* · verified", "agentLs.review"),
        (3, "Undo (2 files)", "agentLs.undo"),
    ]
    assert mark_wire(made) == {
        "jobId": "j",
        "kind": "made",
        "title": "Delegate: *x*",
        "state": "applied",
        "verdict": "verified",
        "ranges": [
            {"start": {"line": 3, "character": 0}, "end": {"line": 4, "character": 0}},
            {"start": {"line": 6, "character": 0}, "end": {"line": 8, "character": 0}},
        ],
    }


def test_a_plan_and_a_job_at_work_say_what_can_be_done() -> None:
    plan = mark(MarkKind.PLAN, JobState.READY, (0, 1), verdict=Verdict.WORSE)
    asks = mark(MarkKind.WORK, JobState.WAITING, (7, 9), question=Question("q", "Which?", ("this", "that")))
    assert titles(plan, asks) == [
        (0, "Review plan: Delegate: *x* (2 files +4 −2, checks got worse)", "agentLs.review"),
        (0, "Apply plan", "agentLs.apply"),
        (7, "Answer “this”: Which?", "agentLs.answer"),
        (7, "Answer “that”: Which?", "agentLs.answer"),
        (7, "Cancel: Delegate: *x* (waiting)", "agentLs.cancel"),
    ]


def test_many_jobs_at_one_place_are_one_line() -> None:
    plans = [mark(MarkKind.PLAN, JobState.READY, (3, 4)) for _ in range(7)]
    assert [title for _, title, _ in titles(*plans)] == [
        "Review plan: Delegate: *x* (2 files +4 −2, unverified)",
        "Apply plan",
        "6 more jobs here …",
    ]
    [*_, more] = mark_lenses(plans, URI)
    place = {"line": 3, "character": 0}
    assert more["command"]["arguments"] == [
        {"more": True, "uri": URI, "range": {"start": place, "end": place}}
    ]
    assert len(titles(*plans[:2])) == 4


def test_a_file_of_many_marks_is_still_readable() -> None:
    assert len(titles(*(mark(MarkKind.MADE, JobState.APPLIED, (n, n + 1)) for n in range(0, 500, 5)))) == 40
