"""The sentences of apply and undo: what happened, what was kept, what to do next."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import final

from agent_ls.core.edits import ChangeSet
from agent_ls.core.job import JobState, Verdict
from agent_ls.core.paths import RelPath
from agent_ls.jobs.fold import Job
from agent_ls.jobs.landing import Step
from agent_ls.jobs.port import Landing
from agent_ls.jobs.present import conflict_views
from agent_ls.jobs.views import Applied

NOTHING_APPLIED = "Nothing of this job is in your files."
STALE = "Nothing was changed: the text kept changing while it was applied. Try again in a moment."
CUT_OFF = "agent-ls ended before the editor answered"

_READY = frozenset({JobState.READY, JobState.APPLIED, JobState.PARTLY_APPLIED, JobState.UNDONE})
_FORCED = frozenset({JobState.FAILED, JobState.CANCELLED, JobState.OUT_OF_BUDGET, JobState.INTERRUPTED})


@final
@dataclass(frozen=True, slots=True)
class Wish:
    """What of a plan is to land. Both ``None``: all that has not. ``reviewed``: see `port.Order`."""

    files: Collection[RelPath] | None = None
    hunks: Collection[str] | None = None
    force: bool = False
    reviewed: bool = False

    @property
    def chosen(self) -> bool:
        return self.files is not None or self.hunks is not None

    @property
    def partly(self) -> bool:
        """Whether files that clash are simply left out: the user has chosen, or insists."""
        return self.force or self.chosen


def refusal(job: Job, wish: Wish) -> str:
    """Why a plan may not be applied; ``""`` where it may."""
    if job.state.live:
        return "The job is still at work; its plan can be applied when it is ready."
    if job.state is JobState.DISCARDED:
        return "This plan was discarded. Retry the job for a new one."
    if not job.plan:
        return "This job has no plan to apply. " + (job.problem or "Resume or retry it.")
    if job.state in _FORCED and not wish.force:
        return (
            f"The job did not finish ({job.state.value.replace('_', ' ')}), its draft is not a whole plan. "
            "Resume it, or apply the draft as it is with force."
        )
    if job.verdict is Verdict.WORSE and not wish.force:
        return "Checks that passed before fail with this plan. Look at them, then apply with force or retry."
    return "" if job.state in _READY | _FORCED else f"A job that is {job.state.value} cannot be applied."


def nothing_to_apply(job: Job, wish: Wish) -> str:
    if not job.pending:
        return "Everything of this plan is in your files already."
    if wish.chosen:
        return "Nothing that has not landed yet was chosen."
    return "There is nothing to apply."


def clash(state: JobState, step: Step) -> Applied:
    places = ", ".join(f"{c.path} line {c.line + 1} ({c.reason})" for c in step.conflicts[:3])
    more = f" and {len(step.conflicts) - 3} more" if len(step.conflicts) > 3 else ""
    return Applied(
        state,
        conflicts=conflict_views(step.conflicts),
        moved=step.moved,
        message=f"Nothing was changed: it clashes with your text at {places}{more}. "
        "Choose the files or hunks to apply without them, or retry the job on your text.",
    )


def rebased(step: Step) -> str:
    """What became of the verdict: it was about a tree without the user's later edits."""
    if not step.moved:
        return ""
    edits = "edit" if step.edits == 1 else f"{step.edits} edits"
    return f"rebased over your {edits} in {_names(step.moved)}{settled(step)}: not re-checked"


def settled(step: Step) -> str:
    """That lines clashed and the syntax did not, in brackets."""
    if not step.settled:
        return ""
    return f" ({'1 clash' if step.settled == 1 else f'{step.settled} clashes'} resolved by syntax)"


def outcome(
    step: Step,
    there: ChangeSet,
    missing: Sequence[RelPath],
    answer: Landing,
    *,
    undo: bool,
    unsaved: int = 0,
    turned: Sequence[RelPath] = (),
) -> str:
    """What an apply or undo did.

    ``unsaved``: how many of the files wait in their editor to be saved. ``turned``: new files to which
    the editor gave its own line ends.
    """
    count = "1 file" if len(there) == 1 else f"{len(there)} files"
    parts = [f"{'Taken back in' if undo else 'Applied to'} {count}"] if there else ["It is so already"]
    if unsaved:
        parts.append("1 file unsaved" if unsaved == 1 else f"{unsaved} files unsaved")
    if turned:
        parts.append(f"{_names(turned)} got your editor's own line ends")
    if step.moved:
        parts.append(f"your later edits were kept{settled(step)}" if undo else rebased(step))
    if step.conflicts:
        parts.append(f"left out because they clash with your text: {_names(sorted(step.left_out))}")
    if missing:
        why = f" ({answer.reason.rstrip('.')})" if answer.reason else ""
        parts.append(f"the editor did not change {_names(missing)}{why}")
    return "; ".join(parts) + "."


def _names(paths: Sequence[RelPath]) -> str:
    shown = ", ".join(paths[:3])
    return shown if len(paths) <= 3 else f"{shown} and {len(paths) - 3} more"
