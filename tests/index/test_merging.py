"""The merge worker from its owner's side: answers in, and whatever goes wrong leaves the clash."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent_ls.core.paths import RelPath, rel_path
from agent_ls.index.merging import Clashing, Resolved, SyntaxMerge

STUBBORN = "tests.index.stubborn_merger"


def clash(word: str = "a") -> Clashing:
    base, ours, theirs = (
        f"import {word}\n{more}\nx()\n".encode() for more in ("", "import b\n", "import c\n")
    )
    return Clashing("python", base, ours, theirs)


def files(*words: str) -> dict[RelPath, Clashing]:
    return {rel_path(f"{word}.py"): clash(word) for word in words}


async def test_each_file_is_answered_or_stays_a_clash(tmp_path: Path):
    doubt = Clashing("python", b"x = 1\n", b"x = 2\n", b"x = 3\n")
    resolved = await SyntaxMerge(tmp_path, os.environ)({**files("a"), rel_path("x.py"): doubt, **files("z")})
    assert resolved == {
        rel_path(f"{word}.py"): Resolved(f"import {word}\nimport b\nimport c\n\nx()\n".encode(), 1)
        for word in "az"
    }


@pytest.mark.parametrize("word", ["hang", "crash", "nonsense"])
async def test_a_worker_that_fails_leaves_the_clash_and_keeps_what_it_said_before(tmp_path: Path, word: str):
    merge = SyntaxMerge(tmp_path, os.environ, module=STUBBORN, deadline_s=5.0)
    assert set(await merge(files("a", word, "z"))) == {rel_path("a.py")}


async def test_nothing_to_ask_starts_nothing(tmp_path: Path):
    assert await SyntaxMerge(tmp_path / "none", {})({}) == {}
    assert not (tmp_path / "none").exists()
