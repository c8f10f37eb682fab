"""Reads the settings files: the user's ``config.toml`` and a project's ``.agent-ls.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from agent_ls.core.settings import Settings, Source, parse
from agent_ls.workspace.regular import open_regular

USER_FILE = "config.toml"
PROJECT_FILE = ".agent-ls.toml"
_CAP = 256 * 1024


def read_settings(
    config_dir: Path,
    project: bytes,
    editor: object = None,
) -> tuple[Settings, tuple[str, ...]]:
    """The settings that hold for a workspace, and every problem as a sentence.

    ``project``: the project file's content that the user has approved (`jobs.trust`), not read
    again here: what was looked at is what holds. Order, weakest first: defaults, project file, the
    user's general file, the editor. Where only the user's file may speak, the others' values
    are refused by `parse`.
    """
    problems: list[str] = []
    tree = Settings()
    layers: list[tuple[object, Source]] = []
    if (table := _table(project, Path(PROJECT_FILE), problems)) is not None:
        layers.append((table, Source.PROJECT))
    if (table := _load(config_dir / USER_FILE, problems)) is not None:
        layers.append((table, Source.USER))
    if isinstance(editor, Mapping):
        layers.append((cast("object", editor), Source.EDITOR))
    for values, source in layers:
        tree, found = parse(values, source, tree)
        problems += found
    return tree, tuple(problems)


def project_file(root: Path) -> bytes | None:
    """The project file's bytes, empty where there is none; ``None`` for one that cannot be used.

    Its hash is part of what trust binds to. A folder nobody trusts yet may have planted anything
    under that name: a pipe does not block, and what is no regular file or too large is not used.
    """
    try:
        with open_regular(root / PROJECT_FILE, follow=True) as file:
            data = file.read(_CAP + 1)
    except FileNotFoundError:
        return b""
    except OSError:
        return None
    return data if len(data) <= _CAP else None


def _load(path: Path, problems: list[str]) -> object | None:
    try:
        with path.open("rb") as file:
            data = file.read(_CAP)
    except FileNotFoundError:
        return None
    except OSError as error:
        problems.append(_unusable(path, error))
        return None
    return _table(data, path, problems)


def _table(data: bytes, path: Path, problems: list[str]) -> object | None:
    try:
        return tomllib.loads(data.decode("utf-8"))
    except ValueError as error:
        problems.append(_unusable(path, error))
        return None


def _unusable(path: Path, error: Exception) -> str:
    return f"{path.name} cannot be read ({error}); the other settings hold. Mend or remove {path}"
