"""Shells for tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faces.cli.kit import Shell

Opener = Callable[..., Shell]


@pytest.fixture
def opener(tmp_path: Path) -> Opener:
    """Makes a shell with given files and settings."""

    def open_one(files: dict[str, str | bytes] | None = None, **more: Any) -> Shell:
        return Shell(tmp_path, **({} if files is None else {"files": files}), **more)

    return open_one


@pytest.fixture
def shell(opener: Opener) -> Shell:
    """A trusted workspace with one small file."""
    return opener()
