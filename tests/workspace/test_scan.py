from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent_ls.core.errors import WorkspaceError
from agent_ls.workspace.ignore import Rules
from agent_ls.workspace.scan import scan
from tests.workspace.files import plant


def test_lists_what_is_ours_and_counts_the_rest(tmp_path: Path) -> None:
    root = plant(
        tmp_path / "w",
        "-- .git/HEAD --\n-- .gitignore --\n*.log\n-- b/z.py --\nz\n-- b/a.py --\n-- a.py --\n-- x.log --\n"
        "-- .env --\n-- logo.PNG --\n-- node_modules/m/index.js --\n-- sub/.git --\ngitdir: ../.git/modules/sub\n"
        "-- sub/s.py --\n-- big.txt --\n" + "x" * 500 + "\n",
    )
    (root / "link.py").symlink_to("a.py")
    (root / "out").symlink_to("/etc")
    os.mkfifo(root / "pipe")
    found = scan(root, Rules(root, index_bytes=400))
    assert [f.path for f in found.files] == [".gitignore", "a.py", "b/a.py", "b/z.py", "sub/s.py"]
    assert found.skipped == {
        "built_in": 3, "ignored": 1, "secret": 1, "binary": 1, "too_large": 1, "link": 2, "special": 1,
    }  # fmt: skip
    assert found.git
    (size,) = (f.size for f in found.files if f.path == "b/z.py")
    assert size == 2


def test_a_link_loop_and_a_name_that_is_no_text_are_passed_over(tmp_path: Path) -> None:
    root = plant(tmp_path / "w", "-- a/x.py --\n")
    (root / "a" / "loop").symlink_to("..")
    (root / os.fsdecode(b"\xff.py")).write_text("")
    (root / "two\nlines.py").write_text("")
    found = scan(root)
    assert [f.path for f in found.files] == ["a/x.py"]
    assert found.skipped == {"link": 1, "name": 2}
    assert not found.git


def test_an_empty_workspace_is_one_and_a_missing_one_is_an_error(tmp_path: Path) -> None:
    assert scan(plant(tmp_path / "w", "")).files == ()
    with pytest.raises(WorkspaceError, match="cannot be read as a folder"):
        scan(tmp_path / "nowhere")
