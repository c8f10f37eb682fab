"""Shims of a version manager: what they lead to is shown with them, wherever the manager lies."""

from __future__ import annotations

from pathlib import Path

from agent_ls.verify.toolchain import find_toolchain


def test_the_manager_behind_a_shim_is_shown(tmp_path: Path) -> None:
    manager = tmp_path / "elsewhere" / ".pyenv"
    for part in ("shims", "libexec", "versions", "tokens"):
        (manager / part).mkdir(parents=True)
    shim = manager / "shims" / "python3"
    shim.write_text("#!/bin/sh\n")
    shim.chmod(0o755)
    (tmp_path / "root").mkdir()
    found = find_toolchain(tmp_path / "root", {"HOME": str(tmp_path / "home"), "PATH": str(shim.parent)})
    assert {manager / "shims", manager / "libexec", manager / "versions"} <= set(found.mounts)
    assert manager / "tokens" not in found.mounts
    assert found.path[0] == str(shim.parent)
