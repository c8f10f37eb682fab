"""The house rules that a machine can hold: floors, lint, strict types, silence at import."""

from __future__ import annotations

import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import agent_ls

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(agent_ls.__path__, "agent_ls.")
    if "demo_data" not in module.name
)


def run_tool(*argv: str) -> None:
    done = subprocess.run(
        [sys.executable, *argv],
        check=False,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_imports_go_down_the_floors() -> None:
    run_tool(
        "-c",
        "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())",
    )


def test_lint() -> None:
    run_tool("-m", "ruff", "check", "--no-cache", ".")


def test_format() -> None:
    run_tool("-m", "ruff", "format", "--no-cache", "--check", ".")


def test_strict_types() -> None:
    run_tool("-m", "basedpyright", "--level", "error", "--pythonpath", sys.executable)


_PROBE = """
import sys, builtins, os, threading, logging
events = []
def watch(event, args):
    if event == "open" and isinstance(args[0], (str, bytes)):
        mode, flags = args[1], args[2]
        if (mode and any(c in str(mode) for c in "wax+")) or flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            events.append(f"opens {args[0]!r} for writing")
    elif event in ("os.mkdir", "subprocess.Popen", "socket.connect", "socket.bind", "os.system", "os.putenv"):
        events.append(f"{event} {args!r}")
sys.dont_write_bytecode = True
sys.addaudithook(watch)
handlers, threads, environment = list(logging.root.handlers), threading.active_count(), dict(os.environ)
for name in sys.argv[1:]:
    __import__(name)
if logging.root.handlers != handlers: events.append("sets up logging")
if threading.active_count() != threads: events.append("starts a thread")
if dict(os.environ) != environment: events.append("changes the environment")
print("\\n".join(events), end="")
"""


def test_importing_does_nothing() -> None:
    """Every module is imported in one process that watches files, processes, sockets, threads, logging."""
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, *MODULES],
        check=False,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert done.stderr == ""


@pytest.mark.parametrize(
    "absent",
    [
        ("agent_ls.faces.lsp", "anthropic"),
        ("agent_ls.faces.lsp", "tree_sitter"),
        ("agent_ls.jobs", "anthropic"),
    ],
)
def test_the_server_process_stays_light(absent: tuple[str, str]) -> None:
    """What the server imports, however indirectly, is neither the SDK nor a grammar."""
    package, heavy = absent
    names = [name for name in MODULES if name.startswith(package)]
    assert names
    code = f"import sys\nfor n in {names!r}: __import__(n)\nsys.exit(any(m.split('.')[0] == {heavy!r} for m in sys.modules))"
    run_tool("-c", code)


def test_only_one_room_starts_processes() -> None:
    door = ROOT / "agent_ls" / "workspace" / "process"
    pattern = re.compile(
        r"\bsubprocess\b|create_subprocess|os\.(system|popen|fork|spawn|exec|posix_spawn)|\bpty\b|multiprocessing"
    )
    code = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in sorted((ROOT / "agent_ls").rglob("*.py"))
        if door not in path.parents and "demo_data" not in path.parts
        for line in path.read_text("utf-8").splitlines()
        if pattern.search(line.split("#")[0]) and ("import" in line or "(" in line) and '"""' not in line
    ]
    assert code == []


def test_broad_excepts_stand_at_their_doors() -> None:
    """Each carries its reason on the line; the list is the whole list."""
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted((ROOT / "agent_ls").rglob("*.py"))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(r"except (Base)?Exception\b", line)
        and not re.search(r"#( noqa: BLE001)?\s+\S.{10,}", line)
    ]
    assert found == []
