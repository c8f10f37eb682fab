"""What a check is, as a value: what is run, what its success means, how it is narrowed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import final

from agent_ls.core.job import Measure
from agent_ls.workspace.process import find_program


class Kind(StrEnum):
    """What a check's success means."""

    TESTS = "tests"
    LINT = "lint"
    NAMED = "named"  # by the user: worth as much as tests
    MEASURE = "measure"  # its number counts; a success proves nothing


class Narrowing(StrEnum):
    """How a runner is told to run the tests of some files only."""

    NONE = ""
    PATHS = "paths"  # the files as further arguments
    DASHED = "dashed"  # the same behind ``--``, through a package script
    PATTERN = "pattern"  # unittest's discovery: one file's name
    FOLDERS = "folders"  # go: the packages they are in
    CLASSES = "classes"  # maven: the classes they hold


@final
@dataclass(frozen=True, slots=True)
class Check:
    """One check. ``needs``: the program without which it cannot run. ``measure``: whose number it prints.

    ``stops``: where it fails there may be tests that it did not run (`stopping`).
    """

    name: str
    argv: tuple[str, ...]
    needs: str = ""
    kind: Kind = Kind.TESTS
    narrowing: Narrowing = Narrowing.NONE
    measure: Measure | None = None
    stops: bool = False


def named_checks(commands: Sequence[Sequence[str]]) -> list[Check]:
    """The user's own commands as checks."""
    return [Check(" ".join(argv), tuple(argv), argv[0], Kind.NAMED) for argv in commands if argv]


def measured_checks(measures: Sequence[Measure]) -> list[Check]:
    """The user's measures as checks."""
    return [
        Check(m.name or " ".join(m.argv), m.argv, m.argv[0], Kind.MEASURE, measure=m)
        for m in measures
        if m.argv
    ]


def missing_program(check: Check, root: Path, environ: Mapping[str, str]) -> str:
    """The program that a check needs and that is nowhere it would be looked for; ``""`` when it is there.

    Looks at files only and runs nothing, so it may be asked of a folder that is not trusted.
    ``python3 -m pytest`` is taken to work where the program ``pytest`` lies beside a Python.
    """
    needs = check.needs
    if not needs or any(_runs(folder / needs) for folder in _own_folders(root)):
        return ""
    if "/" in needs and not needs.startswith("/"):
        return "" if (root / needs).exists() else needs
    found = find_program(needs, outside=root, path=environ.get("PATH", os.defpath))
    return "" if found else needs


def _own_folders(root: Path) -> Iterator[Path]:
    yield from (root / place for place in (".venv/bin", "venv/bin", "node_modules/.bin"))


def _runs(place: Path) -> bool:
    return place.is_file() and os.access(place, os.X_OK)
