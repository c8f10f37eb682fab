"""What a model may ask for, and what it gets back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True)
class Replacement:
    """Replace ``old``, which must stand exactly once in the text (or anywhere, with ``replace_all``)."""

    old: str
    new: str
    replace_all: bool = False


@final
@dataclass(frozen=True, slots=True)
class StrReplace:
    """Replacements of one text, all or none; each is bound to the text as it was shown."""

    edits: tuple[Replacement, ...]


@final
@dataclass(frozen=True, slots=True)
class Insert:
    """Insert ``text`` after the 1-based line ``line`` of the shown text; 0: at its beginning."""

    line: int
    text: str


@final
@dataclass(frozen=True, slots=True)
class UnifiedDiff:
    """A unified diff of one file; its line numbers are not believed."""

    text: str


@final
@dataclass(frozen=True, slots=True)
class Patch:
    """One file's part of a ``*** Begin Patch`` text, or a whole one that names one file."""

    text: str


@final
@dataclass(frozen=True, slots=True)
class WholeFile:
    """The complete new text of the file."""

    text: str


EditRequest = StrReplace | Insert | UnifiedDiff | Patch | WholeFile


@final
@dataclass(frozen=True, slots=True)
class Applied:
    """The text of now with the whole request done."""

    text: str


@final
@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was changed. ``error`` is written for the model: what is wrong, where, what to send."""

    error: str
