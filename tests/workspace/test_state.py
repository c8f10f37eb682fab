from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent_ls.core.job import JobId
from agent_ls.workspace.state import private_dir, state_dirs


def dirs(base: Path, **more: str):
    names = {f"AGENT_LS_{kind}_DIR": str(base / kind.lower()) for kind in ("STATE", "CONFIG", "CACHE")}
    return state_dirs({**names, **more})


def test_the_environment_moves_every_folder(tmp_path: Path) -> None:
    found = dirs(tmp_path)
    assert (found.base, found.config, found.cache) == (
        tmp_path / "state",
        tmp_path / "config",
        tmp_path / "cache",
    )
    assert not list(tmp_path.iterdir()), "naming a folder makes none"


def test_without_overrides_nothing_lies_in_the_working_folder() -> None:
    found = state_dirs({})
    assert all(p.is_absolute() for p in (found.base, found.config, found.cache))


def test_two_links_to_a_workspace_share_its_state_and_two_workspaces_never(tmp_path: Path) -> None:
    (tmp_path / "a" / "w").mkdir(parents=True)
    (tmp_path / "b" / "w").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "a" / "w")
    found = dirs(tmp_path)
    assert found.workspace(tmp_path / "link") == found.workspace(tmp_path / "a" / "w")
    assert found.workspace(tmp_path / "a" / "w") != found.workspace(tmp_path / "b" / "w")
    assert found.job(tmp_path / "a" / "w", JobId("j1")).parent == found.jobs(tmp_path / "a" / "w")


def test_a_name_that_is_no_file_name_is_made_one(tmp_path: Path) -> None:
    folder = tmp_path / "mein Projekt\n✨"
    folder.mkdir()
    assert dirs(tmp_path).workspace(folder).name.isascii()


def test_the_socket_is_short_however_deep_the_state_lies(tmp_path: Path) -> None:
    shallow = dirs(Path("/x"))
    assert shallow.socket(tmp_path).is_relative_to("/x/state")
    deep = dirs(tmp_path / ("d" * 120), XDG_RUNTIME_DIR="/run/user/7")
    assert deep.socket(tmp_path).is_relative_to("/run/user/7")
    nowhere = dirs(tmp_path / ("d" * 120), XDG_RUNTIME_DIR="/" + "r" * 120)
    assert len(os.fsencode(nowhere.socket(tmp_path))) < 100
    assert nowhere.socket(tmp_path) != nowhere.socket(tmp_path / "other")


def test_a_private_folder_is_private_also_when_it_was_not(tmp_path: Path) -> None:
    open_one = tmp_path / "open"
    open_one.mkdir(mode=0o755)
    assert private_dir(open_one).stat().st_mode & 0o777 == 0o700
    assert private_dir(tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_a_folder_of_someone_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = tmp_path / "planted"
    planted.mkdir()
    monkeypatch.setattr(os, "getuid", lambda: planted.stat().st_uid + 1)
    with pytest.raises(PermissionError):
        private_dir(planted)
