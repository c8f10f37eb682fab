"""Reads the settings files: the user's ``config.toml`` and a project's ``.agent-ls.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from agent_ls.core.settings import Settings, Source, parse

USER_FILE = "config.toml"
PROJECT_FILE = ".agent-ls.toml"
_CAP = 256 * 1024


def read_settings(
    config_dir: Path,
    root: Path | None,
    editor: object = None,
    *,
    project_approved: bool,
) -> tuple[Settings, tuple[str, ...]]:
    """The settings that hold for a workspace, and every problem as a sentence.

    Order, weakest first: defaults, project file (only when its content was approved), the
    user's general file, the editor. Where only the user's file may speak, the others' values
    are refused by `parse`.
    """
    problems: list[str] = []
    tree = Settings()
    layers: list[tuple[object, Source]] = []
    if root is not None and project_approved and (table := _load(root / PROJECT_FILE, problems)) is not None:
        layers.append((table, Source.PROJECT))
    if (table := _load(config_dir / USER_FILE, problems)) is not None:
        layers.append((table, Source.USER))
    if isinstance(editor, Mapping):
        layers.append((cast("object", editor), Source.EDITOR))
    for values, source in layers:
        tree, found = parse(values, source, tree)
        problems += found
    return tree, tuple(problems)


def project_file(root: Path) -> bytes:
    """The project file's bytes, empty where there is none; its hash is part of what trust binds to."""
    try:
        with (root / PROJECT_FILE).open("rb") as file:
            return file.read(_CAP)
    except OSError:
        return b""


def _load(path: Path, problems: list[str]) -> object | None:
    try:
        with path.open("rb") as file:
            return tomllib.loads(file.read(_CAP).decode("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        problems.append(
            f"{path.name} cannot be read ({error}); the other settings hold. Mend or remove {path}"
        )
        return None
