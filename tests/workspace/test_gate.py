"""Attacks on paths. Each first shows that the plain way would fall for it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agent_ls.core.errors import OutsideWorkspaceError, WorkspaceError
from agent_ls.core.paths import RelPath, rel_path
from agent_ls.workspace.gate import Gate
from agent_ls.workspace.ignore import Rules
from tests.workspace.files import paths, plant

SECRET = b"the user's key"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "key.txt").write_bytes(SECRET)
    return plant(
        tmp_path / "w",
        "-- src/a.py --\na = 1\n-- .gitignore --\nhidden/\n-- .git/HEAD --\n-- hidden/h.py --\nh\n",
    )


def link_file(root: Path) -> None:
    (root / "evil.txt").symlink_to(root.parent / "home" / "key.txt")


def link_folder(root: Path) -> None:
    (root / "up").symlink_to("..")


def link_chain(root: Path) -> None:
    (root / "one").symlink_to("two")
    (root / "two").symlink_to(root.parent / "home")


@pytest.mark.parametrize(
    ("attack", "path"),
    [(link_file, "evil.txt"), (link_folder, "up/home/key.txt"), (link_chain, "one/key.txt")],
)
def test_a_link_that_leads_outside(root: Path, attack: Callable[[Path], None], path: str) -> None:
    attack(root)
    assert (root / path).read_bytes() == SECRET
    gate = Gate(root)
    for door in (gate.readable, gate.writable, gate.resolve, gate.read):
        with pytest.raises(OutsideWorkspaceError):
            door(rel_path(path))


def test_a_link_swapped_in_between_check_and_use(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Swapped(Gate):
        def _real(self, path: RelPath) -> RelPath:
            checked = super()._real(path)
            (root / "src").rename(root / "gone")
            (root / "src").symlink_to(root.parent / "home")
            return checked

    (root / "src" / "key.txt").write_text("harmless")
    gate = Swapped(root)
    with pytest.raises(OutsideWorkspaceError, match="became a link"):
        gate.read(rel_path("src/key.txt"))
    assert (root / "src" / "key.txt").read_bytes() == SECRET, "a plain open after the check reads it"


def test_a_last_part_swapped_in_between(root: Path) -> None:
    class Swapped(Gate):
        def _real(self, path: RelPath) -> RelPath:
            checked = super()._real(path)
            (root / path).unlink()
            (root / path).symlink_to(root.parent / "home" / "key.txt")
            return checked

    with pytest.raises(OutsideWorkspaceError, match="became a link"):
        Swapped(root).read(rel_path("src/a.py"))


def test_links_that_stay_inside_may_be_read_but_not_written(root: Path) -> None:
    (root / "alias.py").symlink_to("src/a.py")
    (root / "dir").symlink_to("src")
    (root / "way-in").symlink_to("hidden")
    gate = Gate(root)
    assert gate.read(rel_path("alias.py")) == b"a = 1\n"
    assert gate.read(rel_path("dir/a.py")) == b"a = 1\n"
    assert gate.resolve(rel_path("alias.py")) == root.resolve() / "src" / "a.py"
    with pytest.raises(WorkspaceError, match="is a link to src"):
        gate.writable(rel_path("alias.py"))
    with pytest.raises(WorkspaceError, match="ignore rules"):
        gate.read(rel_path("way-in/h.py"))


def test_what_is_no_file_neither_hangs_nor_reads(root: Path) -> None:
    os.mkfifo(root / "pipe")
    gate = Gate(root)
    for path in ("pipe", "src"):
        with pytest.raises(WorkspaceError, match=r"no regular file|is a folder"):
            gate.read(rel_path(path))
        with pytest.raises(WorkspaceError):
            gate.writable(rel_path(path))


def test_absent_files_read_as_absent(root: Path) -> None:
    gate = Gate(root)
    for path in paths("new.py", "no/such/folder.py", "src/a.py/below"):
        assert gate.read(path) is None
    gate.readable(rel_path("new.py"))
    with pytest.raises(WorkspaceError, match="below something that is a file"):
        gate.writable(rel_path("src/a.py/below"))


def test_large_files_are_not_read(root: Path) -> None:
    (root / "big.txt").write_bytes(b"x" * 101)
    gate = Gate(root, Rules(root, read_bytes=100))
    with pytest.raises(WorkspaceError, match="too large"):
        gate.read(rel_path("big.txt"))


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "~/x", "C:\\x", "a\0b", "a\nb", ""])
def test_words_that_leave_never_become_a_path(path: str) -> None:
    with pytest.raises(WorkspaceError):
        rel_path(path)


@pytest.mark.parametrize(
    "path",
    [".git/hooks/pre-commit", ".GIT/config", ".git./config", "sub/.git/config", ".g\u200bit/config", ".vscode/tasks.json",
     ".idea/workspace.xml", ".github/workflows/ci.yml", "pkg/.github/workflows/ci.yml", ".gitlab-ci.yml", "x.pth",
     "lib/sitecustomize.py", "SiteCustomize.py", ".envrc", ".exrc", ".claude/settings.json", ".cursor/rules/a.md",
     ".agent-ls.toml", ".agentignore", ".pre-commit-config.yaml", ".husky/pre-push", "Jenkinsfile", ".gitattributes",
     ".devcontainer/devcontainer.json", ".mcp.json"],
)  # fmt: skip
def test_protected_names_are_not_written(root: Path, path: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        Gate(root).writable(rel_path(path))
    assert "protected" in caught.value.what or "cannot be used" in caught.value.what


def test_ordinary_names_are_written_and_risky_ones_marked(root: Path) -> None:
    gate = Gate(root)
    for path in paths("src/a.py", "new/deep/file.ts", "gitlab.py", "README.md", ".github/ISSUE_TEMPLATE.md"):
        gate.writable(path)
        assert gate.marked(path) == ""
    for path in paths(
        "conftest.py", "tests/conftest.py", "package.json", "Makefile", "AGENTS.md", ".gitignore"
    ):
        gate.writable(path)
        assert gate.marked(path)
    os.link(root / "src" / "a.py", root / "src" / "b.py")
    assert "hard link" in gate.marked(rel_path("src/b.py"))


def test_dependencies_are_read_only_and_their_secrets_closed(root: Path) -> None:
    plant(root, "-- node_modules/m/index.js --\nm\n-- node_modules/m/.env --\nK\n-- .venv/lib/x.py --\nx\n")
    gate = Gate(root)
    assert gate.read(rel_path("node_modules/m/index.js")) == b"m\n"
    assert gate.read(rel_path(".venv/lib/x.py")) == b"x\n"
    for path in ("node_modules/m/index.js", ".venv/lib/x.py"):
        with pytest.raises(WorkspaceError):
            gate.writable(rel_path(path))
    for path in ("node_modules/m/.env", "node_modules/m/.git/config"):
        with pytest.raises(WorkspaceError):
            gate.read(rel_path(path))


def test_what_is_only_called_like_a_dependency_stays_hidden(tmp_path: Path) -> None:
    root = plant(
        tmp_path / "w",
        "-- .gitignore --\nenv/\n-- env/production.yaml --\npassword\n"
        "-- venv/pyvenv.cfg --\n-- venv/lib/x.py --\nx\n"
        "-- .agentignore --\nnode_modules/@mine/\n"
        "-- node_modules/@mine/a.js --\nours\n-- node_modules/b/b.js --\nb\n",
    )
    gate = Gate(root)
    for hidden in paths("env/production.yaml", "node_modules/@mine/a.js"):
        for door in (gate.allowed, gate.readable, gate.read):
            with pytest.raises(WorkspaceError):
                door(hidden)
    assert [gate.read(p) for p in paths("venv/lib/x.py", "node_modules/b/b.js")] == [b"x\n", b"b\n"]


def test_a_root_that_is_a_link_itself_is_fine(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    assert Gate(tmp_path / "link").read(rel_path("src/a.py")) == b"a = 1\n"
