"""Hunks of a plan on the texts of now: chosen one by one, where they really stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agent_ls.core.edits import ChangeSet, FileChange, Op
from agent_ls.core.job import Intent, IntentKind, JobState, Site
from agent_ls.core.paths import RelPath, rel_path
from agent_ls.core.text import Span
from agent_ls.jobs.doubts import doubts
from agent_ls.jobs.preview import FilePreview, preview
from tests.jobs.conftest import Opener, task
from tests.support.paper_editor import PaperEditor

A = rel_path("a.py")
BASE = b"zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n"
PLAN = b"zero\nONE\ntwo\nthree\nFOUR\nand more\nfive\nsix\nseven\nEIGHT\n"


def shown(
    now: bytes | None, chosen: list[int] | None = None, change: FileChange | None = None
) -> FilePreview:
    pending = ChangeSet((change or FileChange(A, BASE, PLAN),))
    ids = [hunk.id for hunk in preview(pending, {A: now}, None)[0].hunks]
    return preview(pending, {A: now}, None if chosen is None else [ids[i] for i in chosen])[0]


def lines(text: bytes | None, start: int, count: int) -> list[bytes]:
    return (text or b"").splitlines()[start : start + count]


def test_every_hunk_stands_where_its_lines_say() -> None:
    typed = b"typed\nabove\n" + BASE.replace(b"six\n", b"six\ntyped\n")
    file = shown(typed)
    assert file.before == typed
    assert [lines(file.before, h.old_start_line, h.old_lines) for h in file.hunks] == [
        [b"one"],
        [b"four"],
        [b"eight"],
    ]
    assert [lines(file.after, h.new_start_line, h.new_lines) for h in file.hunks] == [
        [b"ONE"],
        [b"FOUR", b"and more"],
        [b"EIGHT"],
    ]


def test_a_rejected_hunk_shows_the_text_of_now() -> None:
    file = shown(BASE, [0, 2])
    assert file.after == PLAN.replace(b"FOUR\nand more\n", b"four\n")
    middle = file.hunks[1]
    assert middle.id not in file.chosen
    assert lines(file.after, middle.new_start_line, middle.new_lines) == [b"four"]
    last = file.hunks[2]
    assert lines(file.after, last.new_start_line, last.new_lines) == [b"EIGHT"]


def test_nothing_chosen_changes_nothing_and_keeps_every_hunk() -> None:
    file = shown(BASE, [])
    assert file.before == file.after == BASE
    assert len(file.hunks) == 3


def test_a_clash_shows_the_text_of_now_and_says_why() -> None:
    mine = BASE.replace(b"four", b"my four")
    file = shown(mine)
    assert file.before == file.after == mine
    assert len(file.conflicts) == 1
    without = shown(mine, [0, 2])
    assert without.conflicts == ()
    assert without.after == b"zero\nONE\ntwo\nthree\nmy four\nfive\nsix\nseven\nEIGHT\n"


def test_new_and_deleted_files() -> None:
    created = shown(None, change=FileChange(A, None, b"x\ny\n"))
    assert (created.before, created.after) == (None, b"x\ny\n")
    left = shown(None, [], change=FileChange(A, None, b"x\ny\n"))
    assert (left.before, left.after) == (None, None)
    assert shown(BASE, change=FileChange(A, BASE, None)).after is None


@given(st.sets(st.integers(0, 2)), st.lists(st.sampled_from([0, 3, 6, 7]), max_size=3))
def test_chosen_lines_are_the_plans_and_others_the_users(chosen: set[int], typed_at: list[int]) -> None:
    """Typing between the hunks, in any number of places, with any choice."""
    now = BASE.splitlines(keepends=True)
    for at in sorted(typed_at, reverse=True):
        now.insert(at, b"typed\n")
    file = shown(b"".join(now), sorted(chosen))
    assert file.conflicts == ()
    for number, (hunk, old, new) in enumerate(
        zip(
            file.hunks,
            ([b"one"], [b"four"], [b"eight"]),
            ([b"ONE"], [b"FOUR", b"and more"], [b"EIGHT"]),
            strict=True,
        )
    ):
        wanted = new if number in chosen else old
        assert lines(file.after, hunk.new_start_line, hunk.new_lines) == wanted
        assert lines(file.before, hunk.old_start_line, hunk.old_lines) == old


def intent(*files: str) -> Intent:
    site = Site(A, Span(0, 0))
    return Intent(IntentKind.DELEGATE, "t", site=site, files=tuple(rel_path(f) for f in files))


def test_what_deserves_a_yes_of_its_own() -> None:
    changes = ChangeSet.of(
        [
            FileChange(A, BASE, PLAN),
            FileChange(rel_path("b.py"), b"x", b"y"),
            FileChange(rel_path("c.py"), b"x", None),
            FileChange(rel_path("new.py"), None, b"y"),
            FileChange(rel_path("conftest.py"), None, b"y"),
        ]
    )
    assert {c.op for c in changes} == {Op.EDIT, Op.DELETE, Op.CREATE}
    assert sorted(doubts(changes, intent())) == ["c.py", "conftest.py"]
    named = doubts(changes, intent("c.py"))
    assert sorted(named) == ["b.py", "c.py", "conftest.py"]
    assert named[RelPath("b.py")] == "not one of the files that you named"


async def test_the_menu_offers_the_hunks_at_the_cursor_and_no_others(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    editor.type(A, BASE)
    service = await opener(editor)
    job = service.delegate(task({"turn": 1, "files": {"a.py": PLAN.decode()}}, {"outcome": "ready"}))
    await service.wait(job)

    def menu(start: int, end: int | None = None) -> dict[str, Any]:
        site = Site(A, Span(start, start if end is None else end))
        return {o.title: o.arguments for o in service.offers(site) if o.group == "hunk"}

    text = BASE.replace(b"six\n", b"six\nmine\n")
    editor.type(A, text)
    assert menu(0) == {}
    ((title, arguments),) = menu(text.index(b"four")).items()
    assert title == "Apply only this change (of 3 in this file): a task"
    (both,) = menu(text.index(b"three"), len(text))
    assert both.startswith("Apply only these 2 changes (of 3")
    done = await service.apply(job, None, arguments["hunks"])
    assert done.state is JobState.PARTLY_APPLIED
    assert editor.read(A) == text.replace(b"four\n", b"FOUR\nand more\n")
    assert menu(text.index(b"four")) == {}
    (title,) = menu((editor.read(A) or b"").index(b"eight"))
    assert title == "Apply only this change (of 2 in this file): a task"
