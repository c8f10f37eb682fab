"""What every run gets around it, confined or not: its environment and its limits."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, final

from agent_ls.verify.toolchain import MANAGERS

_PASSED = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "GOMODCACHE", *MANAGERS)
OFFLINE = {"CARGO_NET_OFFLINE": "true", "GOPROXY": "off", "npm_config_offline": "true"}
"""Without a network, tools that try it first wait for it: they are told."""

LIMITS: Mapping[str, int] = {"nproc": 1024, "fsize": 2_000_000_000, "core": 0}
"""Of every check: processes (counted within the sandbox), bytes per file, no core dumps."""


def scrubbed(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that a check may know of: where programs and the home are, language, time zone."""
    return {name: environ[name] for name in ("PATH", "HOME", *_PASSED) if environ.get(name)}


@final
@dataclass(frozen=True, slots=True)
class NoSandbox:
    """Why there is none, what to do about it, and the scrubbed environment for a run without one."""

    reason: str
    remedy: str
    environ: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    name: str = "none"
    in_place: ClassVar[bool] = False

    def env(self, tree: Path) -> dict[str, str]:
        """The environment of a program that runs plainly in ``tree``: no keys, no variables of the user's."""
        return {**common(self.environ), "HOME": self.environ.get("HOME", "/"), "PATH": self._path(tree)}

    def _path(self, tree: Path) -> str:
        entries = self.environ.get("PATH", os.defpath).split(os.pathsep)
        fence = os.path.realpath(tree)
        kept = [
            e for e in entries if e.startswith("/") and not f"{os.path.realpath(e)}/".startswith(f"{fence}/")
        ]
        return os.pathsep.join(kept)


def common(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables of every run: language, time zone, tool homes, and that nobody watches."""
    passed = {name: environ[name] for name in _PASSED if environ.get(name)}
    fixed = {"TERM": "dumb", "NO_COLOR": "1", "CI": "1", "TMPDIR": "/tmp", "PYTHONDONTWRITEBYTECODE": "1"}  # noqa: S108
    return {"LANG": "C.UTF-8", **passed, **fixed}
