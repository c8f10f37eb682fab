"""Where jobs are in a text, as lenses for every editor and as marks for those that draw them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Final

from agent_ls.core.job import Verdict
from agent_ls.faces.lsp import wire
from agent_ls.faces.lsp.markdown import plain
from agent_ls.jobs.marks import Mark, MarkKind
from agent_ls.jobs.shifting import Lines
from agent_ls.jobs.views import JobView, plan_size

Json = dict[str, Any]
_TITLE: Final = 60
_CHOICES: Final = 3
_A_LINE: Final = 2
_MOST: Final = 40
"""A whole file rewritten in small pieces is not to be hidden behind its lenses."""
_VERDICTS: Final = {Verdict.WORSE: "checks got worse"}


def mark_lenses(marks: Iterable[Mark], uri: str) -> list[Json]:
    """The lenses of a text's marks (by place), each on the first line of it; few on one line."""
    made: list[Json] = []
    for line, group in groupby(marks, key=lambda mark: mark.first):
        here = list(group)
        shown = here if len(here) <= _A_LINE else here[: _A_LINE - 1]
        made += [_lens(line, *said) for mark in shown for said in _said(mark)]
        if shown != here:
            title, argument = f"{len(here) - len(shown)} more jobs here …", {"more": True, "uri": uri}
            made.append(_lens(line, title, wire.JOBS, argument | {"range": _line(line)}))
    return made[:_MOST]


def _lens(line: int, title: str, command: str, argument: Json) -> Json:
    return {
        "range": _line(line),
        "command": {"title": plain(title), "command": command, "arguments": [argument]},
    }


def mark_wire(mark: Mark) -> Json:
    """A mark as ``agentLs.marks`` tells it."""
    view = mark.view
    return {
        "jobId": view.id,
        "kind": mark.kind.value,
        "title": plain(view.title),
        "state": view.state.value,
        "verdict": view.verdict.value,
        "ranges": [_range(part) for part in mark.parts],
    }


def _said(mark: Mark) -> Iterator[tuple[str, str, Json]]:
    """Title, command and argument of each lens of a mark."""
    view = mark.view
    job: Json = {"jobId": view.id}
    title = _short(view.title)
    verdict = _VERDICTS.get(view.verdict, view.verdict.value)
    match mark.kind:
        case MarkKind.WORK:
            yield from _answers(view)
            yield f"Cancel: {title} ({view.state.value})", wire.CANCEL, job
        case MarkKind.PLAN:
            yield f"Review plan: {title} ({plan_size(view)}, {verdict})", wire.REVIEW, job
            yield "Apply plan", wire.APPLY, job
        case MarkKind.MADE:
            yield f"{title} · {verdict}", wire.REVIEW, job
            landed = sum(file.landed for file in view.files)
            yield "Undo" if landed < 2 else f"Undo ({landed} files)", wire.UNDO, job


def _answers(view: JobView) -> Iterator[tuple[str, str, Json]]:
    question = view.question
    if question is not None:
        for choice in question.choices[:_CHOICES]:
            argument = {"jobId": view.id, "questionId": question.id, "answer": choice}
            yield f"Answer “{_short(choice)}”: {_short(question.text)}", wire.ANSWER, argument


def _line(line: int) -> Json:
    """A lens stands above one line: where on it, no editor asks."""
    place = {"line": line, "character": 0}
    return {"start": place, "end": place}


def _range(lines: Lines) -> Json:
    """Whole lines, up to the beginning of the next."""
    return {"start": {"line": lines[0], "character": 0}, "end": {"line": lines[1], "character": 0}}


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _TITLE else line[: _TITLE - 1].rstrip() + "…"
