"""Apply and undo: the only place from which an editor is asked to change the user's texts.

The order is always the same: merge onto the texts of now, write down what is about to happen,
ask the editor, look at what is really there, write that down. A crash in between is settled by
looking again (`Desk.settle`).
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import final

from agent_ls.core.attempt import DraftFile
from agent_ls.core.edits import ChangeSet
from agent_ls.core.errors import UsageError
from agent_ls.core.job import JobId, JobState
from agent_ls.core.paths import RelPath
from agent_ls.index.merging import Clashing, Resolved
from agent_ls.jobs import landing, wording
from agent_ls.jobs.backing import Reasoned, backings, reasoned
from agent_ls.jobs.book import Book, Owned
from agent_ls.jobs.doubts import doubts
from agent_ls.jobs.fold import Job
from agent_ls.jobs.journal import Entry
from agent_ls.jobs.landing import Step
from agent_ls.jobs.port import EditorPort, Landing, Order
from agent_ls.jobs.present import changed_files, conflict_views
from agent_ls.jobs.records import Landed, LandingFailed, LandingStarted
from agent_ls.jobs.views import Applied
from agent_ls.jobs.wording import Wish

Resolve = Callable[[Mapping[RelPath, Clashing]], Awaitable[Mapping[RelPath, Resolved]]]

_TRIES = 3


@final
class Desk:
    """Lands plans of owned jobs through one editor."""

    def __init__(
        self,
        book: Book,
        port: EditorPort,
        changed: Callable[[JobId], None],
        resolve: Resolve,
        story: Callable[[Job], Sequence[Entry]],
    ) -> None:
        """``resolve`` is asked about files whose lines clash; what it does not know stays a clash.

        ``story``: see `Runs.story`.
        """
        self._story = story
        self._book = book
        self._port = port
        self._changed = changed
        self._resolve = resolve
        self._landing: set[JobId] = set()

    async def apply(self, job: JobId, wish: Wish) -> Applied:
        """See `Service.apply`."""
        for _ in range(_TRIES):
            owned = self.free(job)
            refusal = wording.refusal(owned.job, wish)
            if refusal:
                return Applied(owned.job.state, message=refusal)
            pending = self._changes(owned, owned.job.pending)
            now = landing.texts_of(pending.paths, self._port.read)
            landed = [self._changes(owned, draft) for draft in owned.job.applied]
            step = landing.plan_apply(pending, now, wish.files, wish.hunks, landed=landed)
            if not step.chosen:
                return Applied(owned.job.state, message=wording.nothing_to_apply(owned.job, wish))
            if step.conflicts:
                seen = owned.job
                known = await self._resolve(landing.clashing(step.chosen, step.conflicts, now))
                step = landing.plan_apply(pending, now, wish.files, wish.hunks, known, landed)
                if self.free(job).job is not seen:
                    continue  # discarded or landed meanwhile
            if step.conflicts and not (wish.partly and _lands(step)):
                return wording.clash(owned.job.state, step)
            order = Order(
                owned.job.request.intent.title,
                notes=dict.fromkeys(step.moved, "merged with your edits"),
                reasons=self._reasons(owned, step),
                doubts=doubts(step.changes, owned.job.request.intent),
                reviewed=wish.reviewed,
            )
            done = await self._land(owned, step, order, undo=False)
            if done is not None:
                return done
        return Applied(self._book.own(job).job.state, message=wording.STALE)

    async def undo(self, job: JobId) -> Applied:
        """See `Service.undo`."""
        for _ in range(_TRIES):
            owned = self.free(job)
            if not owned.job.applied:
                return Applied(owned.job.state, message=wording.NOTHING_APPLIED)
            applied = [self._changes(owned, draft) for draft in owned.job.applied]
            paths = {path for landed in applied for path in landed.paths}
            now = landing.texts_of(paths, self._port.read)
            step = landing.plan_undo(applied, now)
            if step.conflicts and len(applied) == 1:
                seen = owned.job
                known = await self._resolve(landing.clashing(applied[0].inverted(), step.conflicts, now))
                step = landing.plan_undo(applied, now, known)
                if self.free(job).job is not seen:
                    continue
            if step.conflicts and not step.changes:
                return wording.clash(owned.job.state, step)
            order = Order(f"Undo: {owned.job.request.intent.title}")
            done = await self._land(owned, step, order, undo=True)
            if done is not None:
                return done
        return Applied(self._book.own(job).job.state, message=wording.STALE)

    def settle(self, job: JobId) -> None:
        """Decide a landing that was cut off, by looking at the texts of now."""
        owned = self._book.own(job)
        started = owned.job.landing
        if started is None:
            return
        step = Step(
            self._changes(owned, started.changes),
            self._changes(owned, started.chosen),
            self._changes(owned, started.rest),
            frozenset(started.left_out),
            moved=started.moved,
        )
        there, missing = landing.settle(step, Landing(applied=False), self._port.read)
        if there:
            self._record(owned, started, step, there, missing)
        else:
            self._book.record(job, LandingFailed(started.operation, wording.CUT_OFF))
        self._changed(job)

    def free(self, job: JobId) -> Owned:
        """The job, owned, with no landing under way; one that its process left behind is settled.

        Raises:
            UsageError: an editor is being asked at this moment.
        """
        owned = self._book.own(job)
        if job in self._landing:
            raise UsageError(
                "This job is being applied or undone at this moment",
                remedy="Answer the editor's preview first",
            )
        self.settle(job)
        return owned

    async def _land(self, owned: Owned, step: Step, order: Order, *, undo: bool) -> Applied | None:
        """Ask the editor; ``None`` where the texts changed under us and it is worth another try."""
        job, put = owned.job, owned.blobs.put
        started = LandingStarted(
            secrets.token_hex(4),
            landing.to_draft(step.changes, put),
            chosen=landing.to_draft(step.chosen, put),
            rest=landing.to_draft(step.rest, put),
            left_out=tuple(sorted(step.left_out)),
            moved=step.moved,
            note="" if undo else wording.rebased(step),
            undo=undo,
        )
        self._book.record(job.id, started)
        self._changed(job.id)
        answer = Landing(applied=True)
        if step.changes:
            self._landing.add(job.id)
            try:
                answer = await self._port.land(step.changes, order)
            finally:
                self._landing.discard(job.id)
        there, missing = landing.settle(step, answer, self._port.read)
        if step.changes and not there:
            return self._failed(owned, started, answer)
        self._record(owned, started, step, there, missing)
        self._changed(job.id)
        return Applied(
            owned.job.state,
            changed_files(there),
            conflict_views(step.conflicts),
            step.moved,
            wording.outcome(
                *(step, there, missing, answer),
                undo=undo,
                unsaved=self._unsaved(there),
                turned=[c.path for c in there if c not in step.changes.changes],
            ),
        )

    def _reasons(self, owned: Owned, step: Step) -> dict[RelPath, tuple[Reasoned, ...]]:
        job, plan = owned.job, self._changes(owned, owned.job.plan)
        behind = backings(job.request.intent, plan, self._story(job), owned.blobs.get)
        return reasoned(plan, behind, step.changes)

    def _unsaved(self, there: ChangeSet) -> int:
        """How many changed files stand in open documents only. What a closed file became is not known."""
        buffers = self._port.buffers()
        return sum(1 for c in there if c.path in buffers and not buffers[c.path].saved)

    def _failed(self, owned: Owned, started: LandingStarted, answer: Landing) -> Applied | None:
        reason = answer.reason.rstrip(".") or "the editor did not apply it"
        self._book.record(owned.job.id, LandingFailed(started.operation, reason))
        self._changed(owned.job.id)
        if answer.stale:
            return None
        return Applied(owned.job.state, message=f"Nothing was changed: {reason}.")

    def _record(
        self,
        owned: Owned,
        started: LandingStarted,
        step: Step,
        there: ChangeSet,
        missing: Collection[RelPath],
    ) -> None:
        """Write down what is in the user's texts now."""
        job, put = owned.job, owned.blobs.put
        applied = tuple(self._changes(owned, draft) for draft in job.applied)
        if started.undo:
            applied = landing.still_applied(applied, step, missing)
            kept = {path for landed in applied for path in landed.paths}
            plan = self._changes(owned, job.plan)
            pending = ChangeSet.of(c for c in plan if not {c.path, c.source} & kept)
            state = JobState.PARTLY_APPLIED if applied else JobState.UNDONE
        else:
            applied = (*applied, there) if there else applied
            pending = landing.remaining(self._changes(owned, job.pending), step, missing)
            state = JobState.PARTLY_APPLIED if pending else JobState.APPLIED
        landed = Landed(
            started.operation,
            state,
            pending=landing.to_draft(pending, put),
            applied=tuple(landing.to_draft(changes, put) for changes in applied),
            moved=() if started.undo else started.moved,
            note=started.note,
        )
        self._book.record(job.id, landed)

    def _changes(self, owned: Owned, draft: Sequence[DraftFile]) -> ChangeSet:
        return landing.from_draft(draft, owned.blobs.get)


def _lands(step: Step) -> bool:
    """Whether anything is left to land beside the clashes."""
    return any(change.path not in step.left_out for change in step.chosen)
