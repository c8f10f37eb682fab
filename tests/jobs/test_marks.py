"""Where jobs are in a text of now: carried by lines, the user's own lines never marked, gone with a commit."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

from agent_ls.core.job import JobId, JobState, Site
from agent_ls.core.paths import RelPath
from agent_ls.core.settings import Lens, Settings
from agent_ls.core.text import Span
from agent_ls.jobs.marks import MarkKind
from agent_ls.jobs.service import Service
from agent_ls.jobs.shifting import common, still_there
from tests.jobs.conftest import Opener, close, task
from tests.support.paper_editor import PaperEditor

A = RelPath("a.py")
AFTER = b"ONE\ntwo\nthree\nfour\nfive\nsix\nseven\n"
Told = list[tuple[str, str, list[tuple[int, int]]]]


def git(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgSign=false")
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True, timeout=60)


def marks(service: Service, path: str = "a.py") -> Told:
    return [(m.kind.value, m.view.title, list(m.parts)) for m in service.marks(RelPath(path))]


async def until(service: Service, wanted: Told, path: str = "a.py") -> None:
    """Git is asked behind the request path."""
    try:
        async with asyncio.timeout(20):
            while marks(service, path) != wanted:
                await asyncio.sleep(0.02)
    except TimeoutError:
        assert marks(service, path) == wanted


async def landed(service: Service, text: bytes = AFTER, path: str = "a.py") -> JobId:
    job = service.delegate(
        task({"turn": 1, "files": {path: text.decode()}}, {"outcome": "ready"}, title="count")
    )
    async with asyncio.timeout(20):
        assert (await service.wait(job)).state is JobState.READY
        assert (await service.apply(job)).state is JobState.APPLIED
    return job


async def test_made_lines_are_marked_until_they_are_committed(opener: Opener, root: Path) -> None:
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "begin")
    news = asyncio.Event()
    editor = PaperEditor(root)
    service = await opener(editor, on_commit=news.set)
    job = await landed(service)
    made: Told = [("made", "count", [(0, 1)]), ("made", "count", [(5, 7)])]
    await until(service, made)
    assert news.is_set()
    # What is typed shifts a mark; a line that the user has touched is nobody else's.
    editor.type("a.py", b"zero\nONE\ntwo\nthree\nfour\nfive\nsix\nSEVEN\n")
    assert marks(service) == [("made", "count", [(1, 2)]), ("made", "count", [(6, 7)])]
    # In the working tree only: a save is no commit.
    editor.open.pop(A)
    assert marks(service) == made
    (root / "a.py").write_bytes(AFTER)
    git(root, "commit", "-qm", "half of it", "--", "a.py")
    news.clear()
    marks(service)  # a look at HEAD's file tells that it has moved
    async with asyncio.timeout(20):
        await news.wait()
    assert marks(service) == []
    # And once more after a reset, and gone with an undo.
    git(root, "reset", "-q", "--soft", "HEAD~1")
    await until(service, made)
    async with asyncio.timeout(20):
        assert (await service.undo(job)).state is JobState.UNDONE
    assert marks(service) == []


async def test_a_new_file_is_all_the_jobs_and_line_ends_do_not_count(opener: Opener, root: Path) -> None:
    git(root, "init", "-q")
    git(root, "-c", "core.autocrlf=false", "add", "b.py")
    git(root, "commit", "-qm", "begin")
    service = await opener(PaperEditor(root))
    await landed(service, b"x\ny\n", "c.py")
    await until(service, [("made", "count", [(0, 2)])], "c.py")
    (root / "b.py").write_bytes(b"alpha\r\nbeta\r\n")
    await landed(service, b"alpha\r\nbeta\r\ngamma\r\n", "b.py")
    await until(service, [("made", "count", [(2, 3)])], "b.py")


async def test_without_a_repository_a_mark_stands_for_a_day(opener: Opener, root: Path) -> None:
    now = [1_000_000.0]
    service = await opener(PaperEditor(root), clock=lambda: now[0])
    await landed(service)
    assert [kind for kind, _, _ in marks(service)] == ["made", "made"]
    now[0] += 90_000
    assert marks(service) == []


async def test_a_job_is_marked_where_it_works_and_its_plan_where_it_waits(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    site = Site(A, Span(4, 9))  # "two", into "three"
    steps = ({"ask": "q", "text": "?"}, {"turn": 1, "files": {"a.py": AFTER.decode()}}, {"ask": "r"})
    job = service.delegate(task(*steps, {"outcome": "ready"}, title="count", site=site))
    assert marks(service) == [("work", "count", [(1, 3)])]
    editor.type("a.py", b"zero\none\ntwo\nthree\nfour\nfive\n")
    assert marks(service) == [("work", "count", [(2, 4)])]
    async with asyncio.timeout(20):
        view = await service.wait(job, for_question=True)
        await service.answer(job, view.question.id if view.question else "", "yes")
        while (view := await service.wait(job, for_question=True)).question is None or not view.files:
            await asyncio.sleep(0.01)
    # The draft knows better than the place where it began.
    assert marks(service) == [("work", "count", [(1, 6)])]
    async with asyncio.timeout(20):
        await service.answer(job, view.question.id, "yes")
        await service.wait(job)
    [mark] = service.marks(A)
    assert (mark.kind, mark.view.state) == (MarkKind.PLAN, JobState.READY)
    assert mark.parts[0] == (1, 2)
    async with asyncio.timeout(20):
        await service.discard(job)
    assert marks(service) == []


async def test_files_with_the_same_text_have_marks_of_their_own(opener: Opener, root: Path) -> None:
    for name in ("b.py", "c.py"):
        (root / name).write_bytes(b"same\n")
    service = await opener(PaperEditor(root))
    files = {"b.py": "same\nmore\n", "c.py": "less\n"}
    job = service.delegate(task({"turn": 1, "files": files}, {"outcome": "ready"}, title="two"))
    async with asyncio.timeout(20):
        assert (await service.wait(job)).state is JobState.READY
    # What comes behind the last line is marked at it: some editors have no line there.
    assert marks(service, "b.py") == [("plan", "two", [(0, 1)])]
    assert marks(service, "c.py") == [("plan", "two", [(0, 1)])]


async def test_a_large_text_of_before_is_no_hindrance(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    await landed(service, b"#" * 2_100_000 + b"\nlast\n")
    editor.type("a.py", b"last\n")
    assert marks(service) == [("made", "count", [(0, 1)])]


async def test_marks_survive_a_restart_and_can_be_turned_off(opener: Opener, root: Path) -> None:
    service = await opener(PaperEditor(root))
    await landed(service)
    await close(service)
    again = await opener(PaperEditor(root))
    assert [kind for kind, _, _ in marks(again)] == ["made", "made"]
    again.update_settings(Settings(lens=Lens(marks=False)))
    assert marks(again) == []


def test_lines_are_followed_and_torn_ones_are_gone() -> None:
    then = b"a\nb\nc\nd\n"
    assert still_there(then, then, [(1, 3)]) == [(1, 3)]
    assert still_there(then, b"x\na\nb\nd\n", [(1, 3)]) == [(2, 3)]
    assert still_there(then, b"a\nb\nx\nc\nd\n", [(1, 3)]) == [(1, 2), (3, 4)]
    assert still_there(then, b"", [(1, 3)]) == []
    assert still_there(b"", then, []) == []
    assert common([(0, 2), (4, 9)], [(1, 5), (6, 7), (8, 20)]) == [(1, 2), (4, 5), (6, 7), (8, 9)]
