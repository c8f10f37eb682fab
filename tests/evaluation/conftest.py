"""One user and an empty suite."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faces.cli.kit import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    return tmp_path / "suite"
