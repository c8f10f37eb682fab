"""These tests need the system's bwrap: they run only when this folder is named (CI does)."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    asked = (Path(str(arg).partition("::")[0]) for arg in config.args)
    here = any((config.invocation_params.dir / path).resolve().is_relative_to(HERE) for path in asked)
    return None if here else collection_path.is_relative_to(HERE)
