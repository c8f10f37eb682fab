"""Two jobs at one place: told early, merged or refused when they land, never mixed up."""

from __future__ import annotations

import asyncio
from pathlib import Path

from agent_ls.core.job import Intent, IntentKind, JobState, Site
from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.jobs.service import Service
from tests.jobs.conftest import Opener, task
from tests.support.paper_editor import PaperEditor

TEN = "".join(f"line {n}\n" for n in range(10))


def changed(text: str, **lines: str) -> str:
    """A text with some lines replaced; ``n3`` is the fourth."""
    out = text.splitlines(keepends=True)
    for name, line in lines.items():
        out[int(name[1:])] = line + "\n"
    return "".join(out)


async def planned(service: Service, text: str, title: str) -> str:
    steps = ({"turn": 1, "files": {"a.py": text}}, {"outcome": "ready"})
    job = service.delegate(task(*steps, title=title))
    await service.wait(job)
    return job


async def test_plans_that_touch_each_other_are_announced_once_and_clash_or_merge(
    opener: Opener, root: Path
) -> None:
    (root / "a.py").write_text(TEN)
    editor = PaperEditor(root)
    service = await opener(editor)
    first = await planned(service, changed(TEN, n3="first"), "the first")
    away = await planned(service, changed(TEN, n8="away"), "far away")
    assert not editor.notices
    second = await planned(service, changed(TEN, n3="second", n4="too"), "the second")
    assert editor.notices == ["the second: another job (the first) has a plan for line 4 of a.py too."]
    assert [o.job for o in service.job(second).view.overlaps] == [first]
    assert [o.job for o in service.job(first).view.overlaps] == [second]
    assert service.job(second).wire()["overlaps"][0]["jobId"] == first
    assert service.job(away).view.overlaps == ()
    done = await service.apply(first)
    assert done.message.endswith("Mind that another job (the second) has a plan for line 4 of a.py too.")
    assert (await service.apply(away)).state is JobState.APPLIED
    clash = await service.apply(second)
    assert clash.conflicts
    assert (root / "a.py").read_text() == changed(TEN, n3="first", n8="away"), (
        "merged, and nothing of the clash"
    )
    assert service.job(first).view.overlaps == (), "what has landed claims nothing any more"


async def test_a_job_in_the_same_function_is_announced_when_it_begins(opener: Opener, root: Path) -> None:
    text = "def one():\n    a = 1\n    b = 2\n    c = 3\n    return a\n\n\ndef two():\n    return 2\n"
    (root / "a.py").write_text(text)
    editor = PaperEditor(root)
    service = await opener(editor)
    await _indexed(service)
    await planned(service, text.replace("a = 1", "a = 7"), "the first")

    def at(place: str) -> Intent:
        here = text.index(place)
        site = Site(RelPath("a.py"), Span(here, here))
        hang = task({"turn": 1, "files": {}}, {"hang": True}).task
        return Intent(IntentKind.DELEGATE, f"at {place}", hang, site=site)

    near = service.delegate(at("return a"))
    far = service.delegate(at("return 2"))
    assert editor.notices == ["at return a: another job (the first) has a plan for one in a.py too."]
    for job in (near, far):
        await service.cancel(job)


async def _indexed(service: Service) -> None:
    await service.indexer.refresh()
    async with asyncio.timeout(30):
        while not service.index.hash_of(RelPath("a.py")):
            await asyncio.sleep(0.02)
