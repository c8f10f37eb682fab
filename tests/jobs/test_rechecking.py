"""A verdict is about one tree: after a merge with the user's edits it can be had again."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_ls.core.errors import CheckError, UsageError
from agent_ls.core.job import JobState, Verdict
from agent_ls.jobs.service import Service
from tests.jobs.conftest import Opener, task
from tests.support.paper_editor import PaperEditor

BEFORE = "one\ntwo\nthree\nfour\nfive\n"
PLAN = (
    {"turn": 1, "files": {"a.py": BEFORE.replace("two", "TWO")}},
    {"outcome": "ready", "verdict": "verified"},
)


async def planned(service: Service) -> str:
    job = service.delegate(task(*PLAN))
    await service.wait(job)
    return job


async def test_what_was_merged_is_unverified_until_it_is_checked_again(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    job = await planned(service)
    editor.type("a.py", BEFORE.replace("five", "FIVE").encode())
    await service.apply(job)
    view = service.job(job).view
    assert (view.verdict, "not re-checked" in view.verdict_note) == (Verdict.UNVERIFIED, True)
    view = await service.check(job)
    assert (view.state, view.verdict, view.verdict_note) == (JobState.APPLIED, Verdict.VERIFIED, "")
    assert service.job(job).tree_hash == "tree of now"
    editor.type("a.py", editor.open["a.py"].data + b"BAD\n")  # type: ignore[index]
    assert (await service.check(job)).verdict is Verdict.WORSE, "what is not saved counts"


async def test_a_plan_that_has_not_landed_is_checked_as_it_would(opener: Opener, root: Path) -> None:
    service = await opener()
    job = await planned(service)
    (root / "a.py").write_text(BEFORE + "BAD\n")
    view = await service.check(job)
    assert (view.state, view.verdict) == (JobState.READY, Verdict.WORSE)
    assert (root / "a.py").read_text() == BEFORE + "BAD\n"
    (root / "a.py").write_text(BEFORE.replace("two", "other"))
    with pytest.raises(UsageError, match=r"clashes with your text at a\.py:2"):
        await service.check(job)
    assert service.job(job).view.verdict is Verdict.WORSE


async def test_a_check_that_is_lost_says_so_and_can_be_had_again(opener: Opener, root: Path) -> None:
    service = await opener()
    job = await planned(service)
    (root / "a.py").write_text(BEFORE + "DIE\n")
    with pytest.raises(CheckError, match="not checked"):
        await service.check(job)
    assert service.job(job).view.verdict is Verdict.VERIFIED
    assert (await service.check(job)).state is JobState.READY
    other = service.delegate(task({"outcome": "failed"}))
    await service.wait(other)
    with pytest.raises(UsageError, match="no plan"):
        await service.check(other)
