"""Every byte that a job's requests sent and received, beside its journal: ``jobs log --wire``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import IO, Literal, final

from agent_ls.core.attempt import wire_log


@final
class WireLog:
    """A 0600 file of JSON lines ``{"direction", "text"}``; headers, and so keys, never come here."""

    def __init__(self, job_dir: Path, attempt: int = 1) -> None:
        self._path = job_dir / wire_log(attempt)
        self._file: IO[str] | None = None

    def __call__(self, direction: Literal["sent", "received"], data: bytes) -> None:
        """Write one request body or one event line, kept whatever becomes of this process.

        The file is opened at the first one.
        """
        if self._file is None:
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._file = os.fdopen(handle, "a", encoding="utf-8")
        text = data.decode("utf-8", "replace")
        self._file.write(json.dumps({"direction": direction, "text": text}, ensure_ascii=False) + "\n")
        self._file.flush()  # a killed worker must not take with it what it has sent

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
