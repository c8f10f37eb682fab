"""Rename a symbol everywhere the index resolves it: instant, the same every time, no model."""

from __future__ import annotations

from agent_ls.agent.bench import Prover
from agent_ls.agent.ground import Ground
from agent_ls.agent.link import Link
from agent_ls.core.attempt import Outcome
from agent_ls.core.errors import UsageError
from agent_ls.core.job import JobState
from agent_ls.index.rename import rename

_LISTED = 20


async def rename_symbol(ground: Ground, link: Link, prover: Prover) -> Outcome:
    """The plan of a rename, with the uses that were left alone named in ``problem``.

    Raises:
        UsageError: the intent names no place or no new name.
        WorkspaceError: a file of the rename may not be changed.
    """
    intent = ground.request.intent
    if intent.site is None or not intent.new_name:
        raise UsageError("A rename needs a place and a new name", remedy="Put the cursor on a symbol")
    link.progress(f"renaming to {intent.new_name}")
    plan = rename(
        ground.index,
        ground.draft.read,
        intent.site.path,
        intent.site.span.start,
        intent.new_name,
        also=sorted(ground.snapshot.unsaved),
    )
    for change in plan.changes:
        if change.after is not None:
            ground.draft.write(change.path, change.after)
    pins = dict(ground.snapshot.pins)
    if not plan.changes:
        reason = plan.reason or "The index resolves no symbol here"
        return Outcome(JobState.FAILED, problem=reason, pins=pins)
    checked = await prover.prove(ground.draft)
    files, _ = ground.keep(ground.draft)
    left = [f"{hit.path}:{hit.line}" for hit in plan.unresolved]
    more = f" and {len(left) - _LISTED} more" if len(left) > _LISTED else ""
    problem = f"Left alone, because the index cannot tell whether they mean the same: {', '.join(left[:_LISTED])}{more}"
    return Outcome(
        JobState.READY,
        summary=f"Renamed to {intent.new_name} in {len(plan.changes)} files.",
        files=files,
        checks=checked.reports,
        verdict=checked.verdict,
        tree_hash=checked.tree_hash,
        warnings=checked.warnings,
        problem=problem if left else "",
        pins=pins,
    )
