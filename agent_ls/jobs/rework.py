"""A hunk that the user does not want as it is becomes a job of its own, which begins with the plan.

What had landed of the plan is in the texts of now: the new job begins with what had not. When the new
plan is there it takes the place of just that. The old job keeps what is in the user's files, so that
it can be undone; where it has more pending than the new one began with, as after an undo, it keeps all.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from agent_ls.core.edits import ChangeSet
from agent_ls.core.errors import UsageError
from agent_ls.core.hunks import Hunk, hunks, select
from agent_ls.core.job import Intent, Site
from agent_ls.core.rework import Part
from agent_ls.core.text import LineIndex, content_hash
from agent_ls.jobs.landing import Texts
from agent_ls.jobs.preview import FilePreview, preview

_TASK = """{task}

The draft holds a plan for this already, and all of it stays but the part below. Do only that part anew, as the user says:
{words}

The part, as the plan has it:
{parts}

Changes anywhere else are left out."""


def rework(
    intent: Intent, pending: ChangeSet, now: Texts, hunks: Collection[str], words: str
) -> tuple[Intent, ChangeSet]:
    """The intent of the new job, and the plan that it begins with: what is pending, on the texts of now.

    Raises:
        UsageError: no such hunk, one that has no lines to do anew, or a plan that clashes with the texts.
    """
    files = preview(pending, now, None)
    if any(file.conflicts for file in files):
        raise UsageError(
            "The plan clashes with your text, so that no part of it can be done anew by itself",
            remedy="Retry the whole job with your words",
        )
    chosen = [(file, hunk) for file in files for hunk in file.hunks if hunk.id in hunks]
    if not chosen or len(chosen) != len(set(hunks)):
        raise UsageError("There is no such pending hunk in this plan", remedy="agentLs.job lists them")
    if not words.strip():
        raise UsageError("What is to be different is missing", remedy="Say it in a sentence")
    parts = tuple(_part(file, hunk) for file, hunk in chosen)
    begun = ChangeSet.of(replace(f.change, before=f.before, after=f.after) for f in files)
    first, text = parts[0], chosen[0][0].after or b""
    task = _TASK.format(
        task=intent.task, words=words.strip(), parts="\n".join(_shown(file, hunk) for file, hunk in chosen)
    )
    span = LineIndex(text).span_of_lines(first.first, max(first.first, first.end - 1))
    made = replace(
        intent,
        task=task,
        site=Site(first.path, span),
        site_hash=content_hash(text),
        anchor=None,
        diagnostics=(),
        plan_first=False,
        rework=parts,
    )
    return made, begun


def kept(plan: ChangeSet, pending: ChangeSet, replaced: ChangeSet) -> ChangeSet | None:
    """The part of a plan that a job keeps when another plan takes the place of what is pending.

    ``replaced``: what the other one began with; ``None`` where that is not all that is pending now.
    """
    open_ids = {hunk.id for hunk in hunks(pending)}
    if not open_ids <= {hunk.id for hunk in hunks(replaced)}:
        return None
    return select(plan, None, {hunk.id for hunk in hunks(plan)} - open_ids)[0]


def _part(file: FilePreview, hunk: Hunk) -> Part:
    if file.after is None or (not hunk.new_lines and not hunk.old_lines):
        raise UsageError(
            f"A deletion or a move ({hunk.path}) has no lines to do anew",
            remedy="Leave it out of the plan, or retry the whole job",
        )
    return Part(file.change.path, hunk.new_start_line, hunk.new_start_line + hunk.new_lines)


def _shown(file: FilePreview, hunk: Hunk) -> str:
    return f"{file.change.path}, line {hunk.new_start_line + 1}:\n{hunk.excerpt}"
