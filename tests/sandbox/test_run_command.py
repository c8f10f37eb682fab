"""``agent-ls run`` and checks in the real sandbox, as a process."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.faces.cli.kit import Shell


def test_an_engine_sees_the_draft_at_the_workspaces_own_path_and_nothing_else(tmp_path: Path) -> None:
    shell = Shell(tmp_path, config="")
    bwrap = shutil.which("bwrap")
    assert bwrap is not None
    (tmp_path / "bin" / "bwrap").symlink_to(bwrap)
    (tmp_path / "home" / "secret").write_text("s\n")
    script = (
        f"test \"$PWD\" = '{shell.root}' && sed -i s/two/TWO/ '{shell.root}/a.py'; "
        f"cat '{tmp_path}/home/secret' > stolen 2>/dev/null || rm -f stolen; "
        "env > environment"
    )
    said = shell(
        "run",
        "--apply",
        "--json",
        "--check",
        "sh -c 'case \"$(cat a.py)\" in *TWO*) exit 0;; esac; exit 1'",
        "--",
        "sh",
        "-c",
        script,
        env={"ANTHROPIC_API_KEY": "sk-of-the-user"},
    )
    assert said.code == 0, said.out + said.err
    assert shell.read("a.py") == "one\nTWO\nthree\n"
    assert "stolen" not in shell.tree()
    assert "sk-of-the-user" not in shell.read("environment")
    assert [check["status"] for check in said.json["checks"]] == ["passed"]
