"""What a job's requests sent and received, as its worker wrote it down: ``jobs log --wire``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from agent_ls.core.attempt import MOST_ATTEMPTS, wire_log
from agent_ls.core.errors import WorkspaceError


def read_wire_log(folder: Path) -> Iterator[dict[str, Any]]:
    """The lines of a job's wire logs, attempt by attempt; nothing where no model's service was called.

    One line at a time: a long conversation is sent anew with every turn. A line that a killed
    worker left unfinished is passed over.

    Raises:
        WorkspaceError: it cannot be read.
    """
    for attempt in range(1, MOST_ATTEMPTS + 1):
        yield from _read(folder / wire_log(attempt))


def _read(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open("rb") as file:
            for line in file:
                try:
                    value: object = json.loads(line)
                except ValueError:
                    continue
                if isinstance(value, dict):
                    yield cast("dict[str, Any]", value)
    except FileNotFoundError:
        return
    except OSError as error:
        raise WorkspaceError(f"The wire log cannot be read: {error.strerror}") from error
