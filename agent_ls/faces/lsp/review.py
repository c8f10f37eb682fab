"""A plan before the user's eyes: shown, previewed hunk by hunk, asked about once."""

from __future__ import annotations

import logging
from codecs import BOM_UTF8
from collections.abc import Callable, Collection, Coroutine, Mapping
from typing import Any, Final, final

from agent_ls.core.errors import UsageError
from agent_ls.core.job import JobId
from agent_ls.faces.lsp import wire
from agent_ls.faces.lsp.client import ClientError
from agent_ls.faces.lsp.editor import Editor
from agent_ls.faces.lsp.folders import Folder
from agent_ls.faces.lsp.markdown import plain
from agent_ls.faces.lsp.peer import Peer
from agent_ls.faces.lsp.policy import Ask, Show, policy, question
from agent_ls.faces.lsp.report import chosen_title
from agent_ls.faces.lsp.shown import Shown
from agent_ls.faces.lsp.uris import path_to_uri
from agent_ls.jobs.backing import Backing, hunk_wire, noted_patch
from agent_ls.jobs.check_views import check_wire
from agent_ls.jobs.preview import FilePreview
from agent_ls.jobs.views import plan_size

Json = dict[str, Any]
Run = Callable[[Coroutine[Any, Any, None]], object]

_log = logging.getLogger(__name__)
_CHOICE_S: Final = 3600.0


@final
class Reviews:
    """The plans of one editor's session."""

    def __init__(self, editor: Editor, peer: Peer, shown: Shown, *, run: Run) -> None:
        """``shown``: where plans stand as ``.diff`` files."""
        self._policy = policy(editor)
        self._peer = peer
        self._shown = shown
        self._run = run
        self._seen: dict[JobId, str] = {}

    def show(self, folder: Folder, job: JobId) -> Json:
        """Show a plan the way this editor can; editors open a real file, not a virtual one.

        Raises:
            UsageError: the job has no plan.
        """
        detail = folder.service.job(job)
        if not detail.patch:
            raise UsageError("This job has no plan to show", remedy="agentLs.job tells how it stands")
        noted = noted_patch(folder.service.plan(job), detail.backing)
        path = self._shown.write(f"{job}.diff", noted.encode("utf-8", "surrogateescape"))
        if self._policy.show is Show.PLUGIN:
            self._peer.notify(wire.SHOW_PLAN, {"jobId": job})
        else:
            self._seen[job] = detail.patch
            self._run(self._shown.show(path, "The plan"))
        return {"uri": path_to_uri(path), "patch": detail.wire()["patch"]}

    def preview(self, folder: Folder, job: JobId, hunks: Collection[str] | None) -> Json:
        """What has not landed, on the texts of now, with the chosen hunks done (all, unless named)."""
        detail = folder.service.job(job)
        files = folder.service.review(job, hunks)
        self._seen[job] = detail.patch
        return {
            "jobId": job,
            "title": detail.view.title,
            "state": detail.view.state.value,
            "plan": detail.summary,
            "verdict": detail.view.verdict.value,
            "verdictNote": detail.view.verdict_note,
            "checks": [check_wire(report) for report in detail.checks],
            "files": [_file_wire(folder, file, detail.backing) for file in files],
        }

    async def agreed(self, folder: Folder, job: JobId, *, reviewed: bool) -> bool:
        """Whether a plan may go to the editor: seen already, asked about by the editor itself, or agreed to now."""
        detail = folder.service.job(job)
        view = detail.view
        if reviewed:
            self._seen[job] = detail.patch
        unasked = self._policy.ask is not Ask.QUESTION or view.state.live or not view.has_plan
        if unasked or self._seen.get(job) == detail.patch:
            return True
        text = question(view.title, plan_size(view), view.verdict.value, folder.service.doubts(job))
        titles = ("Apply", "Review")
        params = {"type": 3, "message": plain(text), "actions": [{"title": title} for title in titles]}
        try:
            answer = await self._peer.request("window/showMessageRequest", params, timeout_s=_CHOICE_S)
        except ClientError as error:
            _log.info("the editor did not ask: %s", error)
            return True  # it cannot ask after all; the plan was chosen by name
        except TimeoutError:
            return False  # nobody answered, which is no yes
        title = chosen_title(answer)
        if title == "Apply" and folder.service.job(job).patch != detail.patch:
            return await self.agreed(folder, job, reviewed=False)  # the yes was to another plan
        if title == "Review":
            self.show(folder, job)
        return title == "Apply"


def _file_wire(folder: Folder, file: FilePreview, backing: Mapping[str, Backing]) -> Json:
    change = file.change
    made: Json = {
        "path": change.path,
        "uri": folder.port.uri(change.path),
        "op": change.op.value,
        "before": _text(file.before),
        "after": _text(file.after),
        "conflicts": [f"line {c.line + 1}: {c.reason}" for c in file.conflicts],
        "hunks": [
            hunk_wire(h, backing.get(h.id), landed=False) | {"chosen": h.id in file.chosen}
            for h in file.hunks
        ],
    }
    if change.moved_from is not None:
        made |= {"movedFrom": change.moved_from, "movedFromUri": folder.port.uri(change.moved_from)}
    return made


def _text(data: bytes | None) -> str | None:
    """A text as editors show it: without a byte-order mark."""
    return None if data is None else data.removeprefix(BOM_UTF8).decode("utf-8", "replace")
