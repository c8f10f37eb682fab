"""A ``*** Begin Patch`` text that touches several files: add, update, delete, move; all or none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from agent_ls.core.errors import AgentLsError
from agent_ls.core.matching.apply import apply_hunks
from agent_ls.core.matching.formats import FormatProblem, Section, parse_patch
from agent_ls.core.matching.requests import Refused
from agent_ls.core.paths import RelPath, rel_path

Lookup = Callable[[RelPath], tuple[str | None, str | None]]
"""The text of a file as the model was shown it, and now; ``None``: no such file."""


@final
@dataclass(frozen=True, slots=True)
class PatchedFile:
    """One file after a patch. ``text is None``: deleted. ``moved_from``: where it lay before."""

    path: RelPath
    text: str | None
    moved_from: RelPath | None = None


def apply_patch(lookup: Lookup, patch: str) -> tuple[PatchedFile, ...] | Refused:
    """Apply a patch of several files. Never raises for what the patch says, never applies in part.

    Args:
        lookup: Asked once per file that the patch names.
        patch: The patch text; line numbers are not believed.

    Returns:
        Every file that the patch changes, or the first reason why it cannot be applied.
    """
    sections = parse_patch(patch)
    if isinstance(sections, FormatProblem):
        return Refused(sections.error)
    files: list[PatchedFile] = []
    for section in sections:
        try:
            result = _section(lookup, section)
        except AgentLsError as error:
            return Refused(f"{section.path}: {error.sentence()} Nothing was changed.")
        if isinstance(result, Refused):
            return Refused(f"{section.path}: {result.error}")
        files.append(result)
    touched = [path for file in files for path in {file.path, file.moved_from or file.path}]
    twice = sorted({path for path in touched if touched.count(path) > 1})
    if twice:
        return Refused(f"{twice[0]} is named twice in the patch. Nothing was changed. Join its hunks.")
    return tuple(files)


def _section(lookup: Lookup, section: Section) -> PatchedFile | Refused:
    path = rel_path(section.path)
    shown, now = lookup(path)
    if section.action == "add":
        if now is not None:
            return Refused("the file exists already. Nothing was changed. Update it, or choose another name.")
        return PatchedFile(path, section.content or "")
    if now is None:
        return Refused("there is no such file. Nothing was changed.")
    if section.action == "delete":
        if shown is not None and shown != now:
            return Refused(
                "the user changed the file after it was shown. Nothing was changed. Read it again."
            )
        return PatchedFile(path, None)
    outcome = apply_hunks(shown, now, section.hunks) if section.hunks else now
    if isinstance(outcome, Refused):
        return outcome
    if section.move_to is None:
        return PatchedFile(path, outcome)
    target = rel_path(section.move_to)
    if lookup(target)[1] is not None:
        return Refused(f"a file already stands at {target}. Nothing was changed.")
    return PatchedFile(target, outcome, moved_from=path)
