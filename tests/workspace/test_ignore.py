from __future__ import annotations

from pathlib import Path

import pytest

from agent_ls.core.paths import rel_path
from agent_ls.workspace.ignore import Rules
from tests.workspace.files import plant


def check_reason(root: Path, expected: dict[str, str], **options: object) -> None:
    rules = Rules(root, **options)  # type: ignore[arg-type]
    found = {text: rules.reason(rel_path(text.rstrip("/")), is_dir=text.endswith("/")) for text in expected}
    assert found == expected


def test_nested_files_negation_and_folder_patterns(tmp_path: Path) -> None:
    root = plant(
        tmp_path / "w",
        """\
-- .git/info/exclude --
private/
-- .gitignore --
*.log
/build/
!keep.log
docs/*
!docs/index.md
temp/
-- sub/.gitignore --
!*.log
/only-here
-- a.py --
""",
    )
    check_reason(
        root,
        {
            "a.log": "ignored",
            "keep.log": "",
            "sub/a.log": "",
            "sub/deep/a.log": "",
            "other/a.log": "ignored",
            "build/x.py": "ignored",
            "sub/build/x.py": "",
            "docs/index.md": "",
            "docs/other.md": "ignored",
            "temp": "",
            "temp/": "ignored",
            "sub/only-here": "ignored",
            "sub/deep/only-here": "",
            "private/x": "ignored",
            "a.py": "",
        },
    )


def test_a_file_below_an_ignored_folder_cannot_be_let_in_again(tmp_path: Path) -> None:
    root = plant(tmp_path / "w", "-- .git/HEAD --\n-- .gitignore --\nout/\n-- out/.gitignore --\n!*\n")
    check_reason(root, {"out/x.py": "ignored"})


def test_letting_a_folder_in_does_not_let_in_what_is_in_it(tmp_path: Path) -> None:
    root = plant(
        tmp_path / "w", "-- .git/HEAD --\n-- .gitignore --\n*.key.txt\n-- s/.gitignore --\n!*/\n!d\n"
    )
    check_reason(root, {"s/d/x.key.txt": "ignored", "s/d/": "", "s/e/x.key.txt": "ignored"})


def test_ignore_files_above_the_workspace_count_up_to_the_repository(tmp_path: Path) -> None:
    plant(
        tmp_path,
        "-- .gitignore --\n*.py\n-- r/.git/HEAD --\n-- r/.gitignore --\n/w/gen/\n*.tmp\n-- r/w/a.py --\n",
    )
    check_reason(tmp_path / "r" / "w", {"a.py": "", "gen/x.py": "ignored", "x.tmp": "ignored"})


def test_ignore_files_count_without_a_repository_too(tmp_path: Path) -> None:
    plant(
        tmp_path, "-- .gitignore --\n*.py\n"
    )  # above the workspace nobody has said where a repository begins
    root = plant(
        tmp_path / "w",
        "-- .gitignore --\n*.log\n-- s/.gitignore --\n!a.log\n"
        "-- .agentignore --\nsecret-plans/\n-- s/.agentignore --\n!*\n",
    )
    check_reason(root, {"a.log": "ignored", "s/a.log": "", "a.py": "", "secret-plans/x.md": "agentignore"})
    assert not Rules(root).git


def test_no_repository_can_let_in_what_is_built_in(tmp_path: Path) -> None:
    root = plant(
        tmp_path / "w",
        "-- .git/HEAD --\n-- .gitignore --\n!.env\n!.git\n-- .agentignore --\n!.env\n!id_rsa\n",
    )
    check_reason(
        root,
        {
            ".env": "secret",
            ".env.local": "secret",
            "deploy/ID_RSA": "secret",
            "key.PEM": "secret",
            ".aws/config": "secret",
            "id_rsa.pub": "",
            ".git/config": "built_in",
            ".GIT/config": "built_in",
            ".g\u200cit/config": "built_in",
            "node_modules/x/index.js": "built_in",
            "environment.py": "",
        },
    )


def test_a_folder_called_venv_is_an_environment_only_if_it_is_one(tmp_path: Path) -> None:
    root = plant(tmp_path / "w", "-- venv/pyvenv.cfg --\n-- lib/venv/__init__.py --\n")
    check_reason(root, {"venv/x.py": "built_in", "lib/venv/__init__.py": ""})


def test_the_users_own_patterns_add(tmp_path: Path) -> None:
    check_reason(plant(tmp_path / "w", ""), {"a.sql": "ignored", "b.py": ""}, extra=("*.sql",))


@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "binary"])
def test_a_strange_ignore_file_neither_hangs_nor_counts(tmp_path: Path, kind: str) -> None:
    root = plant(tmp_path / "w", "-- .git/HEAD --\n")
    place = root / ".gitignore"
    if kind == "link":
        (tmp_path / "outside").write_text("*\n")
        place.symlink_to(tmp_path / "outside")
    elif kind == "fifo":
        import os

        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    else:
        place.write_bytes(b"\xff\xfe\n[z-a]x\n**zz**\n")
    check_reason(root, {"a.py": ""})
