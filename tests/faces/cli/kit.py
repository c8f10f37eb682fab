"""A person at a shell, for tests: the real command as a process, in folders of the test's own."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[3]
TOOLS = ("sh", "sed", "cat", "rm", "mv", "mkdir", "sleep", "touch", "chmod", "kill", "git", "python3", "bash")
_DEADLINE_S = 120.0


@dataclass
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out)


@dataclass
class Shell:
    """One user with one workspace. No sandbox is on the PATH: checks and engines run plainly, as allowed."""

    folder: Path
    files: Mapping[str, str | bytes] = field(default_factory=lambda: {"a.py": "one\ntwo\nthree\n"})
    trusted: bool = True
    config: str = "[checks]\nallow_unsandboxed = true\n"

    def __post_init__(self) -> None:
        self.root = self.folder / "project"
        self.root.mkdir()
        for name, text in self.files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        programs = self.folder / "bin"
        programs.mkdir()
        for tool in TOOLS:
            real = sys.executable if tool == "python3" else shutil.which(tool)
            if real:
                (programs / tool).symlink_to(real)
        for name in ("state", "config", "home"):
            (self.folder / name).mkdir()
        (self.folder / "config" / "config.toml").write_text(self.config)
        self.env = {
            "PATH": str(programs),
            "PYTHONPATH": str(REPOSITORY),
            "HOME": str(self.folder / "home"),
            "LC_ALL": "C.UTF-8",
            "AGENT_LS_STATE_DIR": str(self.folder / "state"),
            "AGENT_LS_CONFIG_DIR": str(self.folder / "config"),
            "AGENT_LS_CACHE_DIR": str(self.folder / "cache"),
            "GIT_AUTHOR_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "A",
            "GIT_COMMITTER_EMAIL": "a@example.org",
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        if self.trusted:
            from agent_ls.jobs.trust import Trust

            Trust(self.folder / "state" / "trust.json").give(self.root)

    def __call__(
        self, *words: str, stdin: bytes = b"", env: Mapping[str, str] | None = None, **more: Any
    ) -> Said:
        """Run a command in the workspace and wait for its end."""
        done = subprocess.run(
            self.argv(*words),
            cwd=more.pop("cwd", self.root),
            env={**self.env, **(env or {})},
            input=stdin,
            capture_output=True,
            timeout=_DEADLINE_S,
            check=False,
            **more,
        )
        said = Said(
            done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        )
        assert "Traceback" not in said.err, said.err
        return said

    def start(
        self, *words: str, env: Mapping[str, str] | None = None, **more: Any
    ) -> subprocess.Popen[bytes]:
        """Run a command without waiting."""
        return subprocess.Popen(
            self.argv(*words),
            cwd=self.root,
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **more,
        )

    def argv(self, *words: str) -> list[str]:
        return [sys.executable, "-P", "-m", "agent_ls", *words]

    def read(self, name: str) -> str:
        return (self.root / name).read_text()

    def tree(self) -> dict[str, bytes]:
        """Every file of the workspace by its path, git's own left out."""
        return {
            p.relative_to(self.root).as_posix(): p.read_bytes()
            for p in sorted(self.root.rglob("*"))
            if p.is_file() and ".git" not in p.relative_to(self.root).parts
        }

    def git(self, *words: str) -> str:
        return subprocess.run(
            ["git", "-c", "init.defaultBranch=main", *words],
            cwd=self.root,
            env={**os.environ, **self.env, "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def commit_all(self) -> None:
        self.git("init", "-q")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "first")

    def script(self, turns: Sequence[Mapping[str, Any]]) -> None:
        """Let these be the model's turns."""
        path = self.folder / "script.json"
        calls = [sum(block["type"] == "tool_use" for block in turn["content"]) for turn in turns]
        expects = [[{"contains": []}] * count for count in (0, *calls)]
        made = [{"expect": expect, **turn} for expect, turn in zip(expects, turns, strict=False)]
        path.write_text(json.dumps({"turns": made}))
        self.env["AGENT_LS_SCRIPT"] = str(path)


def call(name: str, **arguments: Any) -> dict[str, Any]:
    """A turn that calls one tool."""
    return {"content": [{"type": "tool_use", "name": name, "input": arguments}]}


def says(text: str) -> dict[str, Any]:
    """A turn of words."""
    return {"content": [{"type": "text", "text": text}]}


def without_override() -> None:
    """In a child before it starts: give up root's right to write where the mode forbids it."""
    libc = ctypes.CDLL(None)
    for capability in (1, 2, 3):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP; nothing to drop where we are nobody special


def interrupt(child: subprocess.Popen[bytes]) -> Said:
    """Press Ctrl-C and wait for the end."""
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=_DEADLINE_S)
    return Said(child.returncode, out.decode(), err.decode())
