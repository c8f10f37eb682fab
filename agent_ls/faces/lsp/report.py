"""Jobs told to the editor: progress, notices, questions, `agentLs/jobChanged`.

Errors become words here (and on the command line), nowhere else. One notice when a job is
ready, waiting or failed; progress at most four times a second.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast, final

from agent_ls.core.attempt import NEEDS_MODEL
from agent_ls.core.errors import AgentLsError
from agent_ls.core.job import JobId, JobState
from agent_ls.faces.lsp import wire
from agent_ls.faces.lsp.client import ClientError
from agent_ls.faces.lsp.editor import Editor
from agent_ls.faces.lsp.markdown import plain
from agent_ls.faces.lsp.peer import Peer
from agent_ls.faces.lsp.policy import policy
from agent_ls.jobs.views import JobView, plan_size

_log = logging.getLogger(__name__)

_EVERY_S: Final = 0.25
_FRESH_S: Final = 7 * 86400.0
_LISTED: Final = 5
_CREATE_S: Final = 5.0
_CHOICE_S: Final = 3600.0
_TYPES: Final = {"error": 1, "warning": 2, "info": 3}

Run = Callable[[Coroutine[Any, Any, None]], object]
"""Starts a background task that is ended with the server."""
Act = Callable[[str, dict[str, Any]], None]
"""Runs one of our commands with its argument."""


@final
@dataclass(slots=True)
class _Shown:
    """What the editor has seen of one job."""

    state: JobState | None = None
    question: str = ""
    token: str = ""
    open: bool = False
    message: str = ""
    later: asyncio.TimerHandle | None = None
    view: JobView | None = field(default=None)


@final
class Report:
    """One editor's picture of all jobs. Everything here returns at once."""

    def __init__(self, peer: Peer, editor: Editor, *, run: Run, act: Act) -> None:
        self._peer = peer
        self._editor = editor
        self._run = run
        self._act = act
        self._shown: dict[JobId, _Shown] = {}

    def job_changed(self, view: JobView) -> None:
        shown = self._shown.setdefault(view.id, _Shown())
        before, shown.state, shown.view = shown.state, view.state, view
        if self._editor.events:
            self._peer.notify(wire.JOB_CHANGED, view.changed())
        self._progress(shown, view)
        if view.question is not None and view.question.id != shown.question:
            shown.question = view.question.id
            self._ask(view)
        if before is not None and before is not view.state:
            self._settled(view)

    def seen(self, view: JobView) -> None:
        """A job that was there before this editor: no notice, no progress for how it stands."""
        self._shown.setdefault(view.id, _Shown()).state = view.state

    def reopened(self, views: Sequence[JobView], attempt_usd: float, now: float) -> None:
        """A folder was opened that has jobs of before: one notice for all that wait for their user."""
        for view in views:
            self.seen(view)
        waiting = [v for v in views if v.owner != "elsewhere" and now - v.updated_at < _FRESH_S]
        lines = [line for view in waiting if (line := left_line(view, attempt_usd))]
        if lines:
            more = f"; and {len(lines) - _LISTED} more" if len(lines) > _LISTED else ""
            self.notice(
                f"From before: {'; '.join(lines[:_LISTED])}{more}."
                " Go on from the code-action menu of their files, or with the job list."
            )

    def notice(self, text: str, severity: str = "info") -> None:
        """One message for the user, without anything that acts or hides."""
        self._peer.notify("window/showMessage", {"type": _TYPES.get(severity, 3), "message": plain(text)})

    async def quietly(self, work: Awaitable[object]) -> None:
        """Wait for work that nobody waits for; an error of ours becomes a notice."""
        try:
            await work
        except AgentLsError as error:
            self.notice(error.sentence(), "warning")

    def job_of_token(self, token: object) -> JobId | None:
        """The job whose progress the editor names."""
        return next((job for job, shown in self._shown.items() if shown.token and shown.token == token), None)

    # --- progress ---------------------------------------------------------------------

    def _progress(self, shown: _Shown, view: JobView) -> None:
        if not self._editor.progress:
            return
        if view.state.live:
            if not shown.token:
                shown.token = f"agent-ls/{view.id}"
                self._run(self._begin(shown))
            elif shown.open and shown.later is None:
                loop = asyncio.get_running_loop()
                shown.later = loop.call_later(_EVERY_S, self._tell, shown)
        elif shown.open:
            self._end(shown, view)
        elif shown.token:
            shown.token = ""

    async def _begin(self, shown: _Shown) -> None:
        token = shown.token
        try:
            await self._peer.request("window/workDoneProgress/create", {"token": token}, timeout_s=_CREATE_S)
        except (ClientError, TimeoutError):
            return
        view = shown.view
        if view is None or not view.state.live or shown.token != token:
            return
        shown.open, shown.message = True, progress_line(view)
        value: dict[str, Any] = {
            "kind": "begin",
            "title": plain(view.title),
            "message": shown.message,
            "cancellable": True,
        }
        if view.progress.total:
            value["percentage"] = _percentage(view)
        self._peer.notify("$/progress", {"token": token, "value": value})

    def _tell(self, shown: _Shown) -> None:
        shown.later = None
        view = shown.view
        if view is None or not shown.open:
            return
        line = progress_line(view)
        if line == shown.message:
            return
        shown.message = line
        value: dict[str, Any] = {"kind": "report", "message": line, "cancellable": True}
        if view.progress.total:
            value["percentage"] = _percentage(view)
        self._peer.notify("$/progress", {"token": shown.token, "value": value})

    def _end(self, shown: _Shown, view: JobView) -> None:
        if shown.later is not None:
            shown.later.cancel()
            shown.later = None
        shown.open = False
        value = {"kind": "end", "message": plain(outcome_line(view))}
        self._peer.notify("$/progress", {"token": shown.token, "value": value})
        shown.token = ""

    # --- notices and questions --------------------------------------------------------

    def _settled(self, view: JobView) -> None:
        match view.state:
            case JobState.READY:
                self._offer(view, outcome_line(view), {"Review": wire.REVIEW, "Apply": wire.APPLY})
            case JobState.FAILED | JobState.OUT_OF_BUDGET:
                self.notice(outcome_line(view), "warning")
            case _:
                pass

    def _offer(self, view: JobView, line: str, choices: dict[str, str]) -> None:
        # A request that asks blocks the whole editor elsewhere (Neovim, eglot).
        if policy(self._editor).buttons:
            self._run(self._choose(view.id, line, choices))
        else:
            self.notice(line)

    async def _choose(self, job: JobId, line: str, choices: dict[str, str]) -> None:
        command = await self._picked(line, choices)
        if command is not None:
            self._act(command, {"jobId": job})

    async def _picked(self, line: str, choices: Mapping[str, str]) -> str | None:
        """What the button stands for that the user presses; ``None`` for none."""
        params = {"type": 3, "message": plain(line), "actions": [{"title": title} for title in choices]}
        try:
            answer = await self._peer.request("window/showMessageRequest", params, timeout_s=_CHOICE_S)
        except (ClientError, TimeoutError):
            return None
        return choices.get(chosen_title(answer))

    def _ask(self, view: JobView) -> None:
        question = view.question
        if question is None or (self._editor.asks and self._editor.events):
            return
        line = f"{view.title}: {question.text}"
        if policy(self._editor).buttons and question.choices:
            self._run(self._answer(view, line))
        else:
            choices = f" ({' / '.join(question.choices)})" if question.choices else ""
            self.notice(
                f"{line}{choices} Answer from the code-action menu at the marked line, or it goes on with: {question.default}"
            )

    async def _answer(self, view: JobView, line: str) -> None:
        question = view.question
        if question is None:
            return
        # What is shown is harmless text; the job compares with the choice as it was asked.
        choices: dict[str, str] = {}
        for choice in question.choices:
            choices.setdefault(plain(choice), choice)
        choice = await self._picked(line, choices)
        if choice is not None:
            self._act(wire.ANSWER, {"jobId": view.id, "questionId": question.id, "answer": choice})


def chosen_title(answer: object) -> str:
    """The title that was chosen in a showMessageRequest, ``""`` for none."""
    title = cast("dict[str, object]", answer).get("title") if isinstance(answer, dict) else None
    return title if isinstance(title, str) else ""


def progress_line(view: JobView) -> str:
    """``3/8 editing editor.py · $0.04``."""
    where = f"{view.progress.done}/{view.progress.total} " if view.progress.total else ""
    step = view.progress.step or view.state.value.replace("_", " ")
    cost = f" · ${view.spent.cost_usd:.2f}" if view.spent.cost_usd else ""
    return plain(f"{where}{step}{cost}")


def left_line(view: JobView, attempt_usd: float) -> str:
    """How a job of before stands and what going on costs; ``""`` where it waits for nobody."""
    match view.state:
        case JobState.READY | JobState.PARTLY_APPLIED:
            left = "is ready" if view.state is JobState.READY else "is applied in part"
            return f"“{view.title}” {left} ({plan_size(view)}, {view.verdict.value})"
        case JobState.INTERRUPTED | JobState.OUT_OF_BUDGET:
            turns = "1 turn" if view.spent.turns == 1 else f"{view.spent.turns} turns"
            spent = f", ${view.spent.cost_usd:.2f} spent" if view.spent.cost_usd else ""
            cost = f", resuming costs ${attempt_usd:.2f} at most" if view.kind in NEEDS_MODEL else ""
            how = "was interrupted" if view.state is JobState.INTERRUPTED else "reached its ceiling"
            return f"“{view.title}” {how} after {turns}{spent}{cost}"
        case _:
            return ""


def outcome_line(view: JobView) -> str:
    """How a job ended, what was kept and what to do next, in one line."""
    size = plan_size(view)
    match view.state:
        case JobState.READY:
            doubt = f" ({view.verdict_note})" if view.verdict_note else ""
            marks = (
                f" It {'; it '.join(view.warnings[:2])}{' …' if len(view.warnings) > 2 else ''}."
                if view.warnings
                else ""
            )
            return f"{view.title}: the plan is ready, {size}, {view.verdict.value}{doubt}.{marks} Review or apply it from the code-action menu."
        case JobState.FAILED:
            kept = f" {size} of the draft were kept." if view.files else " No file was changed."
            return f"{view.title} failed: {view.problem or 'no plan was made'}.{kept}"
        case JobState.OUT_OF_BUDGET:
            return f"{view.title} reached its ceiling ({view.problem or 'budget'}). The work is kept; resume the job to go on."
        case JobState.CANCELLED:
            return f"{view.title} was cancelled. No file was changed; the work so far is kept and can be resumed."
        case JobState.APPLIED | JobState.PARTLY_APPLIED | JobState.UNDONE | JobState.DISCARDED:
            return f"{view.title}: {view.state.value.replace('_', ' ')}, {size}."
        case JobState.INTERRUPTED:
            return f"{view.title} was interrupted; its work is kept. Resume it from the code-action menu."
        case _:
            return f"{view.title}: {progress_line(view)}"


def _percentage(view: JobView) -> int:
    return max(0, min(100, view.progress.done * 100 // view.progress.total))
