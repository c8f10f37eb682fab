"""The user's word that a folder may run programs, kept outside of it.

The word is for a real path and for the content of its project file of that moment: a pull
that changes ``.agent-ls.toml`` takes the trust away until the user has looked.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast, final

from agent_ls.core.errors import WorkspaceError
from agent_ls.core.text import content_hash
from agent_ls.workspace.config import PROJECT_FILE, project_file
from agent_ls.workspace.state import private_dir


@final
class Trust:
    """The words given so far, in one file, mode 0600. Read anew each time: other processes write it too."""

    def __init__(self, file: Path, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._clock = clock

    def trusted(self, root: Path) -> bool:
        """Whether the word of now covers the folder as it is now."""
        return not self.doubt(root)

    def doubt(self, root: Path) -> str:
        """Why nothing may run here, as a sentence; ``""`` where it may."""
        return self._doubt(root, project_file(root))

    def approved(self, root: Path) -> bytes:
        """The content of the project file, where the word covers it; else empty."""
        content = project_file(root)
        return b"" if content is None or self._doubt(root, content) else content

    def give(self, root: Path, project: bytes | None = None) -> None:
        """Trust the folder with the project file's content that the user has seen; default: that of now.

        Raises:
            WorkspaceError: the word cannot be kept.
        """
        words = self._words()
        seen = project_file(root) if project is None else project
        words[_real(root)] = {"project": _fingerprint(seen), "at": self._clock()}
        self._write(words)

    def _doubt(self, root: Path, project: bytes | None) -> str:
        word = self._words().get(_real(root))
        if not isinstance(word, dict):
            return "This folder is not trusted, so no program was run"
        if project is None:
            return f"{PROJECT_FILE} cannot be read, so no program was run"
        if cast("dict[str, Any]", word).get("project") != _fingerprint(project):
            return f"{PROJECT_FILE} has changed since this folder was trusted, so no program was run"
        return ""

    def take(self, root: Path) -> None:
        """Take the word back."""
        words = self._words()
        if words.pop(_real(root), None) is not None:
            self._write(words)

    def _words(self) -> dict[str, Any]:
        """A file that is missing, foreign or broken trusts nothing."""
        try:
            if self._file.stat().st_uid != os.getuid():
                return {}
            value: object = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}
        return cast("dict[str, Any]", value) if isinstance(value, dict) else {}

    def _write(self, words: dict[str, Any]) -> None:
        try:
            folder = private_dir(self._file.parent)
            handle, name = tempfile.mkstemp(prefix=".trust-", dir=folder)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(words, file, indent=1, sort_keys=True)
            Path(name).replace(self._file)
        except OSError as error:
            raise WorkspaceError(
                f"Trust could not be recorded: {error.strerror}",
                kept="It is as it was before",
                remedy=f"Check the rights of {self._file.parent}",
            ) from error


def _real(root: Path) -> str:
    return os.path.realpath(root)


def _fingerprint(project: bytes | None) -> str:
    """Of the project file's content: its hash, ``""`` where there is none."""
    return content_hash(project) if project else ""
