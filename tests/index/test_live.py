"""The live worker as a process."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from agent_ls.core.edits import TextEdit
from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.index.live import Live
from agent_ls.index.live_facts import LiveFacts

PATH = RelPath("a.py")


class Watched:
    """A live worker and a way to wait for facts."""

    def __init__(self, state_dir: Path, **options: object) -> None:
        self.changed = asyncio.Condition()
        self.tasks: set[asyncio.Task[None]] = set()
        self.live = Live(state_dir, os.environ, on_facts=self._heard, **options)  # type: ignore[arg-type]

    def _heard(self, path: RelPath) -> None:
        self.tasks.add(asyncio.ensure_future(self._notify()))

    async def _notify(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def until(self, when: Callable[[LiveFacts | None], bool], path: RelPath = PATH) -> LiveFacts:
        async with asyncio.timeout(30), self.changed:
            await self.changed.wait_for(lambda: when(self.live.facts(path)))
        facts = self.live.facts(path)
        assert facts is not None
        return facts


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    found = Watched(tmp_path)
    await found.live.start()
    yield found
    await found.live.close()


def names(facts: LiveFacts) -> list[str]:
    return [d.name for d in facts.definitions]


def at_version(version: int) -> Callable[[LiveFacts | None], bool]:
    return lambda facts: facts is not None and facts.version == version


async def test_facts_follow_what_is_typed(watched: Watched) -> None:
    live = watched.live
    live.open(PATH, "python", b"def a(): pass\n", 1)
    assert names(await watched.until(at_version(1))) == ["a"]
    live.change(
        PATH, 2, [TextEdit(Span(4, 5), b"bcd"), TextEdit(Span(14, 14), b"# agent: test this\nx = (\n")]
    )
    facts = await watched.until(at_version(2))
    assert names(facts) == ["bcd", "x"] or names(facts) == ["bcd"]
    assert [a.text for a in facts.anchors] == ["test this"]
    assert facts.problems
    live.close_document(PATH)
    assert live.facts(PATH) is None


async def test_changes_before_the_worker_is_there_are_not_lost(watched: Watched) -> None:
    watched.live.open(PATH, "python", b"", 0)
    for version in range(1, 200):
        watched.live.change(PATH, version, [TextEdit(Span(0, 0), b"x%d = 1\n" % version)])
    facts = await watched.until(at_version(199))
    assert len(facts.definitions) == 199


async def test_a_killed_worker_is_replaced_and_told_again(watched: Watched) -> None:
    live = watched.live
    live.open(PATH, "python", b"def a(): pass\n", 1)
    await watched.until(at_version(1))
    pid = live.worker_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    live.change(PATH, 2, [TextEdit(Span(4, 5), b"b")])
    assert names(await watched.until(at_version(2))) == ["b"]
    assert live.worker_pid != pid


async def test_a_stuck_worker_is_replaced(tmp_path: Path) -> None:
    watched = Watched(tmp_path, patience_s=0.5)
    await watched.live.start()
    try:
        watched.live.open(PATH, "python", b"def a(): pass\n", 1)
        await watched.until(at_version(1))
        stuck = watched.live.worker_pid
        assert stuck is not None
        psutil.Process(stuck).suspend()
        watched.live.change(PATH, 2, [TextEdit(Span(4, 5), b"b")])
        assert names(await watched.until(at_version(2))) == ["b"]
        assert not psutil.pid_exists(stuck)
    finally:
        await watched.live.close()


async def test_other_markers(watched: Watched) -> None:
    watched.live.open(PATH, "python", b"# bot: do this\n", 1)
    await watched.until(at_version(1))
    watched.live.markers(("bot:",))
    facts = await watched.until(lambda facts: facts is not None and bool(facts.anchors))
    assert [a.text for a in facts.anchors] == ["do this"]


async def test_an_edit_that_does_not_fit_is_refused_here(watched: Watched) -> None:
    watched.live.open(PATH, "python", b"x = 1\n", 1)
    with pytest.raises(ValueError, match="out of bounds"):
        watched.live.change(PATH, 2, [TextEdit(Span(0, 99), b"")])
    assert watched.live.text(PATH) == b"x = 1\n"


async def test_close_ends_the_process(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    await watched.live.start()
    watched.live.open(PATH, "python", b"x = 1\n", 1)
    await watched.until(at_version(1))
    pid = watched.live.worker_pid
    assert pid is not None
    await watched.live.close()
    assert not psutil.pid_exists(pid)
