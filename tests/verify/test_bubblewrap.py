"""What the sandbox's command line says. That it holds is shown by ``tests/sandbox``, on real runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_ls.verify.bubblewrap import Bubblewrap
from agent_ls.verify.sandbox import detect
from agent_ls.verify.surroundings import NoSandbox
from agent_ls.verify.toolchain import find_toolchain, program_mounts
from tests.workspace.files import plant

SECRETS = {
    "ANTHROPIC_API_KEY": "k",
    "AWS_SECRET_ACCESS_KEY": "k",
    "SSH_AUTH_SOCK": "/run/agent",
    "PYTHONPATH": "/x",
}


def executable(place: Path) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("#!/bin/sh\n")
    place.chmod(0o755)
    return place


def words_after(argv: list[str], option: str) -> list[list[str]]:
    inside = argv[: argv.index("--")]
    return [inside[i + 1 : i + 3] for i, word in enumerate(inside) if word == option]


def command(tmp_path: Path, **how: object) -> list[str]:
    home = tmp_path / "home"
    (home / "w").mkdir(parents=True, exist_ok=True)
    box = Bubblewrap(Path("/usr/bin/bwrap"), {"HOME": str(home), "PATH": "/usr/bin:/bin", **SECRETS})
    return box.argv(["python3", "-m", "unittest"], scratch=tmp_path / "scratch", root=home / "w", **how)  # type: ignore[arg-type]


def test_the_tree_stands_at_the_workspaces_own_path_and_nothing_else_is_writable(tmp_path: Path) -> None:
    argv = command(tmp_path)
    assert words_after(argv, "--bind") == [[str(tmp_path / "scratch"), str(tmp_path / "home" / "w")]]
    assert words_after(argv, "--dev-bind") == []
    assert str(tmp_path / "home") not in [place for source, place in words_after(argv, "--ro-bind")]
    assert "--unshare-net" in argv
    assert {"--unshare-pid", "--unshare-ipc", "--die-with-parent", "--new-session", "--clearenv"} <= set(argv)
    assert argv[-3:] == ["python3", "-m", "unittest"]
    # The empty home is mounted before what lies in it: else it would hide the tree.
    assert argv.index(str(tmp_path / "home")) < argv.index(str(tmp_path / "home" / "w"))


def test_the_environment_is_named_not_inherited(tmp_path: Path) -> None:
    names = {name for name, _ in words_after(command(tmp_path), "--setenv")}
    assert names.isdisjoint(SECRETS)
    assert {"HOME", "PATH", "TMPDIR"} <= names
    assert set(NoSandbox("", "", SECRETS).env(tmp_path)).isdisjoint(SECRETS)


def test_a_read_only_tree_and_an_engines_network(tmp_path: Path) -> None:
    assert words_after(command(tmp_path, writable=False), "--bind") == []
    assert "--unshare-net" not in command(tmp_path, network=True)


def test_dependencies_are_read_only_at_their_own_place(tmp_path: Path) -> None:
    root = tmp_path / "home" / "w"
    argv = command(tmp_path, dependencies={".venv": root / ".venv"})
    assert [str(root / ".venv"), str(root / ".venv")] in words_after(argv, "--ro-bind")
    assert argv.index(str(root)) < argv.index(str(root / ".venv"))


@pytest.mark.parametrize("home_is", ["root", "/"])
def test_a_home_that_is_the_workspace_or_everything_is_replaced(tmp_path: Path, home_is: str) -> None:
    root = tmp_path / "w"
    root.mkdir()
    box = Bubblewrap(Path("/b"), {"HOME": str(root) if home_is == "root" else "/"})
    argv = box.argv(["x"], scratch=tmp_path / "s", root=root)
    assert ["HOME", "/tmp/home"] in words_after(argv, "--setenv")


def test_a_program_shows_its_installation_and_never_the_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    plant(home, "-- .ssh/id --\n-- node/lib/x --\n-- node/secret --\n-- lib/python3/x --\n")
    node, own = executable(home / "node" / "bin" / "node"), executable(home / "bin" / "tool")
    assert set(program_mounts(node, home)) == {node, node.parent, home / "node" / "lib"}
    assert set(program_mounts(own, home)) == {own}, "the prefix would be the home"
    local = executable(home / ".local" / "bin" / "ruff")
    assert set(program_mounts(local, home)) == {local}


def test_a_planted_environment_cannot_have_the_home_shown(tmp_path: Path) -> None:
    home = tmp_path / "home"
    root = plant(home / "w", f"-- .venv/pyvenv.cfg --\nhome = {home}/.ssh\n")
    plant(home, "-- .ssh/id --\n-- keys/id --\n")
    (root / ".venv" / "bin").mkdir()
    (root / ".venv" / "bin" / "python").symlink_to(executable(home / "keys" / "bin" / "python"))
    shown = find_toolchain(root, {"HOME": str(home), "PATH": str(root / ".venv" / "bin")})
    for place in shown.mounts:
        assert not (home / ".ssh").is_relative_to(place)
        assert not (home / "keys" / "id").is_relative_to(place)
    assert str(root / ".venv" / "bin") not in shown.path


async def test_without_bwrap_there_is_a_reason_and_a_remedy(tmp_path: Path) -> None:
    root = plant(tmp_path / "w", "")
    executable(root / "bwrap")
    found = await detect(root, tmp_path / "state", {"PATH": f"{root}:{tmp_path}"})
    assert isinstance(found, NoSandbox)
    assert "not installed" in found.reason
    assert "bubblewrap" in found.remedy


async def test_a_bwrap_that_does_not_confine_is_not_believed(tmp_path: Path) -> None:
    """A stand-in that runs the command plainly: everything that must fail works."""
    fake = executable(tmp_path / "bin" / "bwrap")
    fake.write_text('#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift 6\nexec "$@"\n')
    found = await detect(
        plant(tmp_path / "w", ""), tmp_path / "state", {"PATH": f"{fake.parent}:/usr/bin:/bin"}
    )
    assert isinstance(found, NoSandbox)
    assert found.reason
    assert (tmp_path / "state" / "sandbox.json").stat().st_mode & 0o077 == 0


def test_no_value_shows_the_environment(tmp_path: Path) -> None:
    box = Bubblewrap(Path("/b"), {"KEY": "the secret"})
    assert "the secret" not in repr(box) + repr(NoSandbox("a", "b", {"KEY": "the secret"}))
