"""Text search is the same with ripgrep and without; ripgrep never decides what is shown."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent_ls.agent.bench import SearchAnswer, SearchQuery
from agent_ls.agent.ripgrep import sieve
from agent_ls.agent.search import DraftSearcher, SearchProcess
from agent_ls.core.paths import RelPath
from agent_ls.workspace.blobs import BlobStore
from agent_ls.workspace.overlay import Overlay
from agent_ls.workspace.snapshot import Snapshot

MANY = 450
ODD = {
    "-e": "needle in an odd name\n",
    "--pre=touch": "needle in an option\n",
    "-": "needle in a dash\n",
    "with space/ü ñ.txt": "x\nneedle in Größe\n",
    ".hidden/file.txt": "needle hidden\n",
    "binary.dat": b"needle\0binary\n",
    "late.txt": "a" * 9000 + "\n\0 needle late\n",
    "utf16.txt": "needle".encode("utf-16"),
    "mac.txt": "x\rneedle at the start\ry",
    "dos.txt": "needle at the end\r\nx\r\n",
    "latin.txt": b"needle \xe9\n",
    "kelvin.txt": "\u212a\u212a needle\n",
}


@asynccontextmanager
async def searching(root: Path, state: Path, path: str) -> AsyncIterator[tuple[DraftSearcher, Overlay]]:
    blobs = BlobStore(state / "blobs")
    unsaved = {RelPath("many/7.txt"): b"unsaved needle\n"}
    hashes = {name: blobs.put(data) for name, data in unsaved.items()}
    process = SearchProcess({"PATH": path}, state, deadline_s=60)
    try:
        yield (
            DraftSearcher(process, blobs, state / "blobs", hashes),
            Overlay(Snapshot(root, unsaved, blobs)),
        )
    finally:
        await process.close()


def tree(tmp_path: Path) -> Path:
    root = tmp_path / "work"
    for number in range(MANY):
        file = root / "many" / f"{number}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"line {number}\nnothing here\n")
    for name, text in ODD.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


@pytest.mark.parametrize(
    ("pattern", "regex", "ignore_case"),
    [
        ("needle", False, False),
        ("NEEDLE", False, True),
        ("kk needle", False, True),
        (r"^needle .* end$", True, False),
        (r"^needle at the start", True, False),
        (r"needle\s+(?:in|late)\b", True, False),
        ("Größe", False, False),
        ("(?i)NEEDLE", True, False),
        ("line", False, False),
    ],
)
async def test_the_answer_does_not_depend_on_ripgrep(
    tmp_path: Path, pattern: str, regex: bool, ignore_case: bool
) -> None:
    root = tree(tmp_path)
    answers: list[SearchAnswer] = []
    for path in (os.environ["PATH"], "/nowhere"):
        async with searching(root, tmp_path / "state", path) as (searcher, draft):
            paths = draft.files()
            (root / "many" / "3.txt").unlink(missing_ok=True)  # gone since it was listed
            answers.append(await searcher.search(draft, SearchQuery(pattern, regex, ignore_case, paths)))
    with_it, without = answers
    assert with_it == without
    assert with_it.lines


async def test_a_file_that_became_a_link_is_not_shown(tmp_path: Path) -> None:
    root = tree(tmp_path)
    (tmp_path / "outside.txt").write_text("needle outside canary\n")
    async with searching(root, tmp_path / "state", os.environ["PATH"]) as (searcher, draft):
        paths = draft.files()
        (root / "dos.txt").unlink()
        (root / "dos.txt").symlink_to(tmp_path / "outside.txt")
        answer = await searcher.search(draft, SearchQuery("needle", False, False, paths))
    assert "-e" in {path for path, _, _ in answer.lines}
    assert not any("canary" in text for _, _, text in answer.lines)


async def test_more_than_the_limit_is_told(tmp_path: Path) -> None:
    root = tree(tmp_path)
    (root / "a.txt").write_text("needle\n" * 600)
    async with searching(root, tmp_path / "state", os.environ["PATH"]) as (searcher, draft):
        answer = await searcher.search(draft, SearchQuery("needle", False, False, draft.files()))
    assert (len(answer.lines), answer.more) == (500, True)


def stand_in(tmp_path: Path, script: str) -> dict[str, str]:
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "rg"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": str(folder)}


async def sieved(tmp_path: Path, environ: dict[str, str], paths: list[str]) -> list[str]:
    root = tmp_path / "work"
    root.mkdir(exist_ok=True)
    found = await sieve(root, paths, ["needle"], ignore_case=False, environ=environ, timeout_s=30)
    return list(found)


async def test_what_ripgrep_names_is_left_in_our_order(tmp_path: Path) -> None:
    environ = stand_in(tmp_path, r"printf './b\0./a\0./never asked for\0'")
    paths = ["a", "b", *(f"f{n}" for n in range(MANY))]
    assert await sieved(tmp_path, environ, paths) == ["a", "b"]


@pytest.mark.parametrize("script", ["exit 2", "kill -9 $$", r"printf './a\0'; exit 3"])
async def test_a_ripgrep_that_fails_passes_over_nothing(tmp_path: Path, script: str) -> None:
    root = tmp_path / "work"
    root.mkdir()
    paths = [f"f{n}" for n in range(MANY)]
    for path in paths:
        (root / path).touch()
    assert await sieved(tmp_path, stand_in(tmp_path, script), paths) == paths


async def test_a_ripgrep_inside_the_workspace_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    environ = stand_in(tmp_path / "work", "exit 1")
    paths = [f"f{n}" for n in range(MANY)]
    assert await sieved(tmp_path, environ, paths) == paths
