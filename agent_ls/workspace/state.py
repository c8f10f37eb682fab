"""Where agent-ls keeps its own things: never inside the workspace, private to the user."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

import platformdirs

from agent_ls.core.job import JobId

_NAME = "agent-ls"
_SOCKET_LIMIT = 100  # bytes; sun_path holds 104 on macOS and 108 on Linux, with the NUL


@final
@dataclass(frozen=True, slots=True)
class StateDirs:
    """The three folders of a user, and where things lie below them. Pure names: nothing is created.

    ``runtime``: the session's folder for sockets where the system has one, else ``None``.
    """

    base: Path
    config: Path
    cache: Path
    runtime: Path | None = None

    def workspace(self, root: Path) -> Path:
        """The folder of one workspace, named by its real path: two links to it share their state."""
        real = os.path.realpath(root)
        plain = re.sub(r"[^A-Za-z0-9._-]", "_", os.path.basename(real))[:40] or "root"  # noqa: PTH119
        return self.base / "workspaces" / f"{plain}-{_digest(real)}"

    def jobs(self, root: Path) -> Path:
        return self.workspace(root) / "jobs"

    def job(self, root: Path, job: JobId) -> Path:
        return self.jobs(root) / job

    def index_db(self, root: Path) -> Path:
        return self.workspace(root) / "index.db"

    def scratch(self, root: Path) -> Path:
        return self.workspace(root) / "scratch"

    def trust_file(self) -> Path:
        return self.base / "trust.json"

    def logs(self) -> Path:
        return self.base / "logs"

    def socket(self, root: Path) -> Path:
        """The control socket's path, short enough for ``sun_path`` however deep the state lies."""
        own = self.workspace(root) / "control.sock"
        if len(os.fsencode(own)) < _SOCKET_LIMIT:
            return own
        name = f"{_digest(str(own))}.sock"
        for folder in (self.runtime, Path(tempfile.gettempdir())):
            if folder is not None:
                short = folder / f"{_NAME}-{os.getuid()}" / name
                if len(os.fsencode(short)) < _SOCKET_LIMIT:
                    return short
        return Path("/tmp") / f"{_NAME}-{os.getuid()}" / name  # noqa: S108 - `private_dir` refuses a foreign one


def state_dirs(environ: Mapping[str, str]) -> StateDirs:
    """The user's folders; ``AGENT_LS_{STATE,CONFIG,CACHE}_DIR`` override the platform's own."""
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    return StateDirs(
        base=_folder(environ, "AGENT_LS_STATE_DIR", platformdirs.user_state_path(_NAME)),
        config=_folder(environ, "AGENT_LS_CONFIG_DIR", platformdirs.user_config_path(_NAME)),
        cache=_folder(environ, "AGENT_LS_CACHE_DIR", platformdirs.user_cache_path(_NAME)),
        runtime=Path(runtime) if os.path.isabs(runtime) else None,  # noqa: PTH117
    )


def private_dir(path: Path) -> Path:
    """Make a folder, its parents included, that only this user can enter.

    Raises:
        PermissionError: the folder belongs to someone else (planted in a shared temp folder).
        OSError: it cannot be made.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = path.lstat()
    if status.st_uid != os.getuid():
        raise PermissionError(f"{path} belongs to another user")
    if status.st_mode & 0o077:
        path.chmod(0o700)
    return path


def _folder(environ: Mapping[str, str], name: str, default: Path) -> Path:
    value = environ.get(name, "")
    return Path(value).absolute() if value else default


def _digest(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:16]
