"""The user's own ignore file, as git finds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_ls.core.paths import RelPath
from agent_ls.workspace.git_config import excludes_file
from agent_ls.workspace.ignore import Rules
from agent_ls.workspace.scan import scan


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home" / ".config" / "git").mkdir(parents=True)
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    return tmp_path / "home"


def found(home: Path, **environ: str) -> Path | None:
    return excludes_file(home.parent / "repo" / ".git", {"HOME": str(home), **environ})


def test_the_default_place(home: Path) -> None:
    assert found(home) == home / ".config" / "git" / "ignore"
    assert found(home, XDG_CONFIG_HOME="/x") == Path("/x/git/ignore")
    assert excludes_file(home, {}) is None


def test_who_says_it_last_decides(home: Path) -> None:
    (home / ".config" / "git" / "config").write_text("[core]\n\texcludesFile = /from/xdg\n")
    assert found(home) == Path("/from/xdg")
    (home / ".gitconfig").write_text(
        '[user]\nname = x\n[Core]\n  excludesfile = "~/mine" ; why\n[alias]\na = b\n'
    )
    assert found(home) == home / "mine"
    (home / "other").write_text("[core]\nexcludesfile=/elsewhere\n")
    assert found(home, GIT_CONFIG_GLOBAL=str(home / "other")) == Path("/elsewhere")
    (home.parent / "repo" / ".git" / "config").write_text("[core] excludesfile = /of/repo\n")
    assert found(home) == Path("/of/repo")


def test_it_hides_files_of_the_workspace(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = home.parent / "repo"
    (home / ".config" / "git" / "ignore").write_text("*.local\n/top\nsub/deep\n")
    for name in ("a.local", "a.py", "top", "sub/deep", "sub/top"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    listed = scan(root)
    assert [file.path for file in listed.files] == ["a.py", "sub/top"]
    assert listed.skipped["ignored"] == 3
    assert Rules(root / "sub").reason(RelPath("deep")) == "ignored"
    (root / ".gitignore").write_text("!a.local\n")
    assert RelPath("a.local") in [file.path for file in scan(root).files]
