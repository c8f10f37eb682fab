"""The room that writes the user's files: whole or not at all, and the truth about it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from agent_ls.core.edits import ChangeSet, FileChange
from agent_ls.core.paths import RelPath
from agent_ls.faces.cli.disk import DiskPort
from agent_ls.jobs.port import Landing, Order


def edit(path: str, before: str | None, after: str | None, moved_from: str | None = None) -> FileChange:
    old, new = (None if text is None else text.encode() for text in (before, after))
    return FileChange(RelPath(path), old, new, None if moved_from is None else RelPath(moved_from))


async def land(root: Path, *changes: FileChange) -> Landing:
    return await DiskPort(root).land(ChangeSet.of(changes), Order(""))


def tree(root: Path) -> dict[str, str]:
    return {
        p.relative_to(root).as_posix() + ("/" if p.is_dir() else ""): "" if p.is_dir() else p.read_text()
        for p in sorted(root.rglob("*"))
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "w"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "a").write_text("A")
    (folder / "b").write_text("B")
    (folder / "deep" / "er" / "c").write_text("C")
    return folder


async def test_edits_creates_moves_and_deletes_land_together(root: Path) -> None:
    landing = await land(
        root,
        edit("a", "A", "A2"),
        edit("new/folder/n", None, "N"),
        edit("moved/c", "C", "C2", moved_from="deep/er/c"),
        edit("b", "B", None),
    )
    assert landing.applied
    assert len(landing.landed) == 4
    # Folders that the plan emptied are gone, as in git, and no temporary file stays.
    assert tree(root) == {
        "a": "A2",
        "moved/": "",
        "moved/c": "C2",
        "new/": "",
        "new/folder/": "",
        "new/folder/n": "N",
    }


async def test_a_text_that_changed_meanwhile_stops_everything(root: Path) -> None:
    (root / "b").write_text("typed")
    before = tree(root)
    landing = await land(root, edit("a", "A", "A2"), edit("b", "B", "B2"), edit("x/y", None, "Y"))
    assert (landing.applied, landing.stale, len(landing.landed)) == (False, True, 0)
    assert "b changed in this moment" in landing.reason
    assert tree(root) == before


async def test_a_text_that_changes_while_the_new_ones_are_written_is_not_lost(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def someone_saves(handle: int) -> None:
        real(handle)
        (root / "a").write_text("saved")

    monkeypatch.setattr(os, "fsync", someone_saves)
    landing = await land(root, edit("a", "A", "A2"))
    assert (landing.applied, landing.stale) == (False, True)
    assert tree(root)["a"] == "saved"
    assert not list(root.glob(".agent-ls-*"))


@pytest.mark.parametrize("name", ["b", "deep/er/c"])
async def test_a_file_in_the_way_is_never_overwritten(root: Path, name: str) -> None:
    before = tree(root)
    assert (await land(root, edit(name, None, "mine"))).stale
    landing = await land(root, edit(name, "A", "A", moved_from="a"))
    assert "exists already" in landing.reason
    assert tree(root) == before


async def test_a_folder_in_the_way_is_a_refusal(root: Path) -> None:
    before = tree(root)
    assert not (await land(root, edit("deep", None, "mine"))).applied
    assert not (await land(root, edit("a/below", None, "mine"))).applied
    assert tree(root) == before


@pytest.mark.parametrize("mode", [0o755, 0o600, 0o444])
async def test_modes_stay(root: Path, mode: int) -> None:
    (root / "a").chmod(mode)
    (root / "b").chmod(mode)
    await land(root, edit("a", "A", "A2"), edit("moved", "B", "B", moved_from="b"))
    assert [stat.S_IMODE((root / name).stat().st_mode) for name in ("a", "moved")] == [mode, mode]


async def test_a_new_file_has_the_mode_of_any_new_file(root: Path) -> None:
    old = os.umask(0o027)
    try:
        await land(root, edit("fresh", None, "x"))
    finally:
        os.umask(old)
    assert stat.S_IMODE((root / "fresh").stat().st_mode) == 0o640


async def test_links_are_neither_followed_nor_replaced(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "f").write_text("theirs")
    (root / "link").symlink_to(outside / "f")
    (root / "way").symlink_to(outside)
    (root / "near").symlink_to("a")
    for change in (
        edit("link", "theirs", "x"),
        edit("way/f", "theirs", "x"),
        edit("way/g", None, "x"),
        edit("near", "A", "x"),
    ):
        landing = await land(root, change)
        assert not landing.applied
        assert "link" in landing.reason
    assert sorted(p.name for p in outside.iterdir()) == ["f"]
    assert (outside / "f").read_text() == "theirs"
    assert (root / "near").is_symlink()
    assert tree(root)["a"] == "A"


@pytest.mark.parametrize("name", [".git/config", ".github/workflows/ci.yml", ".vscode/tasks.json"])
async def test_what_could_run_later_is_protected_to_the_last(root: Path, name: str) -> None:
    landing = await land(root, edit(name, None, "x"))
    assert not landing.applied
    assert not (root / name).exists()


async def test_a_failure_in_the_middle_is_told_as_it_is(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.replace

    def breaks_at_b(self: Path, target: Path) -> Path:
        if Path(target).name == "b":
            raise OSError(5, "Input/output error", str(target))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", breaks_at_b)
    landing = await land(root, edit("a", "A", "A2"), edit("b", "B", "B2"), edit("z", None, "Z"))
    assert not landing.applied
    assert [c.path for c in landing.landed] == ["a"]
    assert list(landing.missing) == ["b", "z"]
    assert "Input/output error" in landing.reason
    assert tree(root) == {"a": "A2", "b": "B", "deep/": "", "deep/er/": "", "deep/er/c": "C"}


async def test_no_room_for_the_new_texts_changes_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree(root)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    landing = await land(root, edit("a", "A", "A2"), edit("x/y/z", None, "Z"))
    assert not landing.applied
    assert "No space left" in landing.reason
    assert "jobs apply" in landing.reason
    assert tree(root) == before, "neither temporary files nor new folders stay"
