"""The board's values: groups, overlaps, filter, and lines that fit a terminal."""

from __future__ import annotations

from typing import Any

import pytest
from rich.cells import cell_len

from agent_ls.core.job import IntentKind, JobId, JobState, Progress, Question, Spent, Verdict
from agent_ls.core.paths import rel_path
from agent_ls.faces.cli.board_rows import GROUPS, Row, counts, grouped, overlaps
from agent_ls.faces.cli.board_text import detail_text, heading, row_text, summary_text
from agent_ls.jobs.views import FileView, JobView


def view(name: str, state: JobState, *files: str, **more: Any) -> JobView:
    changed = tuple(FileView(rel_path(path), "edit", 3, 1) for path in files)
    made: dict[str, Any] = {
        "title": f"title {name}",
        "created_at": 0.0,
        "updated_at": 0.0,
        "files": changed,
        **more,
    }
    return JobView(id=JobId(name), kind=IntentKind.DELEGATE, state=state, **made)


def test_every_state_has_one_group_and_what_wants_a_person_comes_first() -> None:
    named = [state for _, states in GROUPS for state in states]
    assert sorted(named) == sorted(JobState)
    views = [view(state.value, state) for state in JobState]
    assert [group.name for group in grouped(views)] == [
        *("Waiting for you", "Ready", "Running", "Paused", "Done")
    ]
    assert dict(counts(views)) == {"Waiting for you": 1, "Ready": 2, "Running": 3, "Paused": 2, "Done": 5}


def test_jobs_that_change_the_same_file_overlap_until_one_has_landed() -> None:
    one = view("1", JobState.READY, "a.py", "b.py")
    two = view("2", JobState.RUNNING, "b.py")
    three = view("3", JobState.APPLIED, "a.py")
    assert overlaps([one, two, three]) == {
        "1": (("2", ("b.py",)),),
        "2": (("1", ("b.py",)),),
    }
    landed = FileView(rel_path("b.py"), "edit", 1, 1, landed=True)
    assert overlaps([one, view("2", JobState.PARTLY_APPLIED, files=(landed,))]) == {}


def test_a_moved_file_overlaps_with_an_edit_of_its_old_name() -> None:
    moved = FileView(rel_path("new.py"), "move", 0, 0, moved_from=rel_path("old.py"))
    found = overlaps([view("1", JobState.READY, files=(moved,)), view("2", JobState.READY, "old.py")])
    assert found["2"] == (("1", ("old.py",)),)


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("", ["1", "2"]),
        ("title 2", ["2"]),
        ("VERIFIED a.py", ["1"]),
        ("partly", []),
        ("done", ["2"]),
    ],
)
def test_the_filter_wants_every_word_somewhere(words: str, left: list[str]) -> None:
    views = [
        view("1", JobState.READY, "a.py", verdict=Verdict.VERIFIED),
        view("2", JobState.APPLIED, "b.py", verdict=Verdict.WORSE),
    ]
    assert [row.view.id for group in grouped(views, words) for row in group.rows] == left


def test_a_heading_says_what_a_filter_leaves_out() -> None:
    views = [view("1", JobState.READY), view("2", JobState.READY)]
    assert heading(grouped(views)[0]).plain == "Ready 2"
    assert heading(grouped(views, "title 1")[0]).plain == "Ready 1 of 2"


def test_wishes_fit_states() -> None:
    ready = Row(view("1", JobState.READY, "a.py"))
    assert [ready.fits(verb) for verb in ("apply", "diff", "discard", "undo", "cancel")] == [
        *(True, True, True, False, False)
    ]
    waiting = Row(view("1", JobState.WAITING))
    assert [waiting.fits(verb) for verb in ("answer", "cancel", "tell", "diff")] == [True, True, True, False]


@pytest.mark.parametrize("width", [60, 79, 200])
@pytest.mark.parametrize(
    "title", ["short", "a title that is much longer than any column could ever be wide", "漢字の題名" * 20]
)
def test_a_line_is_as_wide_as_the_terminal_and_no_wider(title: str, width: int) -> None:
    for one in (
        view("1", JobState.READY, "a.py", title=title, spent=Spent(cost_usd=12.345), warnings=("x",)),
        view("2", JobState.RUNNING, title=title, progress=Progress("editing client.py " * 9, 3, 8)),
        view("3", JobState.WAITING, title=title, question=Question("q", "Which of the two\n do you want?")),
    ):
        text = row_text(Row(one), width).plain
        assert cell_len(text) <= width
        assert "\n" not in text


def test_what_a_repository_or_a_model_wrote_does_nothing_to_the_terminal() -> None:
    evil = "\x1b[2J[bold]x[/bold]\u202e\n\nsecond"
    job = view("1", JobState.WAITING, question=Question("q", evil, (evil,)), title=evil, problem=evil)
    shown = [row_text(Row(job), 80).plain, detail_text(Row(job), {}).plain, summary_text(evil, [], 0, evil)]
    for text in shown:
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "[bold]x[/bold]" in shown[1], "data, not markup"
