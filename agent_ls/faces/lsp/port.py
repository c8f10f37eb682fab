"""The editor as the one hand that changes the user's texts: WorkspaceEdits out, what landed back.

An answer of ``applied: true`` is not believed: some editors give it for stale, partial or
corrupted applications. What really happened is read from the open documents (didChange,
didOpen) and the disk, with a deadline.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast, final

from agent_ls.core.diff import text_edits
from agent_ls.core.edits import ChangeSet, FileChange, Op
from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath, rel_path
from agent_ls.faces.lsp.client import ClientError
from agent_ls.faces.lsp.documents import Document, Documents
from agent_ls.faces.lsp.editor import Editor
from agent_ls.faces.lsp.peer import Peer
from agent_ls.faces.lsp.policy import Ask, policy
from agent_ls.faces.lsp.uris import path_to_uri, uri_to_path
from agent_ls.faces.lsp.workspace_edit import EditRequest, Open, without_mark, workspace_edit
from agent_ls.jobs.landing import contained
from agent_ls.jobs.port import Buffer, Landing, Order
from agent_ls.jobs.views import JobView

# VS Code answers only when the user closes its preview; an hour is "the user went away".
_ANSWER_S: Final = 3600.0
_SETTLE_S: Final = 3.0
_HIDDEN_S: Final = 0.5
_REFUSED_S: Final = 0.3
_MACHINE_S: Final = 2.0
_SAVE_S: Final = 0.5
_LOOK_S: Final = 0.02
_READ_CAP: Final = 64 * 1024 * 1024


@final
class LspPort:
    """One workspace folder of the editor."""

    def __init__(
        self,
        root: Path,
        *,
        documents: Documents,
        editor: Editor,
        peer: Peer,
        on_job: Callable[[JobView], None],
        on_notice: Callable[[str, str], None],
    ) -> None:
        self._root = root
        self._real = Path(os.path.realpath(root))
        self._documents = documents
        self._editor = editor
        self._policy = policy(editor)
        self._peer = peer
        self._on_job = on_job
        self._on_notice = on_notice

    # --- names ------------------------------------------------------------------------

    def rel(self, path: Path | None) -> RelPath | None:
        """The path below this folder, however the editor spells the folder; ``None``: not below it."""
        for base in (self._root, self._real):
            if path is not None and path != base and path.is_relative_to(base):
                try:
                    return rel_path(path.relative_to(base).as_posix())
                except WorkspaceError:
                    return None
        return None

    def is_root(self, path: Path | None) -> bool:
        """Whether a path is this folder itself."""
        return path in (self._root, self._real)

    def holds(self, uri: str) -> bool:
        """Whether a URI is a file below this folder."""
        return self.rel(uri_to_path(uri)) is not None

    def uri(self, path: RelPath) -> str:
        """The URI of a path; the editor's own spelling where the document is open."""
        document = self.document(path)
        return document.uri if document else path_to_uri(self._root / path)

    def document(self, path: RelPath) -> Document | None:
        return self._documents.by_path(self._root / path) or self._documents.by_path(self._real / path)

    # --- the port ---------------------------------------------------------------------

    def buffers(self) -> Mapping[RelPath, Buffer]:
        found: dict[RelPath, Buffer] = {}
        for document in self._documents:
            path = self.rel(document.path)
            if path is not None:
                found[path] = Buffer(document.data, document.version, document.saved)
        return found

    def read(self, path: RelPath) -> bytes | None:
        document = self.document(path)
        return document.data if document else read_regular(self._real / path)

    async def land(self, changes: ChangeSet, order: Order) -> Landing:
        if not self._editor.apply_edit:
            return Landing(
                applied=False,
                reason="this editor does not take edits from a language server (workspace/applyEdit);"
                " `agent-ls jobs apply` on the command line can",
            )
        if changed := self._changed(changes):
            return _stale(changed)
        asks = self._policy.ask is Ask.PREVIEW and not order.reviewed
        opened = {p: d for c in changes for p in {c.path, c.source} if (d := self.document(p)) is not None}
        request = workspace_edit(
            changes,
            self._editor,
            encoding=self._documents.encoding,
            open_documents={path: Open(d.uri, d.version) for path, d in opened.items()},
            uri_of=self.uri,
            label=order.label,
            notes=order.notes,
            reasons=order.reasons,
            doubts=order.doubts,
            asks=asks,
        )
        if request.left_out or request.not_text:
            return self._refusal(changes, request)
        asked_at = asyncio.get_running_loop().time()
        answer = await self._ask(order.label, request.edit)
        landing = await self._look(changes, opened, answered=answer)
        quick = asyncio.get_running_loop().time() - asked_at < _MACHINE_S
        if not landing.applied and not landing.landed and (changed := self._changed(changes)):
            if asks:
                # Where the user was in a preview, opening another one unasked would be worse than a sentence.
                reason = f"the text of {changed} changed while its preview was open; apply it again"
                return Landing(applied=False, reason=reason)
            if quick:
                # No person says no that fast: the editor found the texts newer than our edit.
                return _stale(changed)
        if self._editor.previews:
            await self._saving(landing.landed)
        return landing

    async def _saving(self, landed: ChangeSet) -> None:
        """VS Code saves what a refactoring changed, a moment after it has answered."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _SAVE_S
        while loop.time() < deadline and any((d := self.document(c.path)) and not d.saved for c in landed):  # noqa: ASYNC110  (no event)
            await asyncio.sleep(_LOOK_S)

    def _changed(self, changes: ChangeSet) -> RelPath | None:
        """A path whose text is no longer what the change starts from."""
        return next((c.source for c in changes if self.read(c.source) != c.before), None)

    def _refusal(self, changes: ChangeSet, request: EditRequest) -> Landing:
        """Half a plan is no plan: what this editor cannot take whole is not sent at all."""
        remedy = "; `agent-ls jobs apply` on the command line can"
        ops = sorted({c.op.value for c in changes if c.path in request.left_out})
        if ops:
            cannot = (
                f"{self._editor.name or 'this editor'} cannot {'/'.join(ops)} files for a language server"
            )
            reason = f"{cannot} ({', '.join(request.left_out)}){remedy}"
        else:
            reason = (
                f"{', '.join(request.not_text)} is not UTF-8, and an editor may read it differently{remedy}"
            )
        return Landing(applied=False, missing=(*request.left_out, *request.not_text), reason=reason)

    def job_changed(self, view: JobView) -> None:
        self._on_job(view)

    def notice(self, text: str, severity: str = "info") -> None:
        self._on_notice(text, severity)

    # --- landing ----------------------------------------------------------------------

    async def _ask(self, label: str, edit: dict[str, Any]) -> tuple[bool, str]:
        """What the editor answers: applied, and its reason."""
        params: dict[str, Any] = {"label": label, "edit": edit}
        if self._editor.edit_metadata:
            params["metadata"] = {"isRefactoring": True}
        try:
            answer = await self._peer.request("workspace/applyEdit", params, timeout_s=_ANSWER_S)
        except ClientError as error:
            return False, f"the editor answered: {error}"
        except TimeoutError:
            return False, "the editor did not answer"
        if not isinstance(answer, dict):
            return False, "the editor's answer was not understood"
        said = cast("dict[str, Any]", answer)
        return said.get("applied") is True, str(said.get("failureReason") or "")

    async def _look(
        self, changes: ChangeSet, opened: Mapping[RelPath, Document], *, answered: tuple[bool, str]
    ) -> Landing:
        """Wait until every change is seen, or for a while; then tell what is there."""
        applied, reason = answered
        loop = asyncio.get_running_loop()
        began = loop.time()
        watch = _Watch(changes, self.read)
        while watch.unseen and loop.time() - began < self._patience_s(watch.unseen, opened, applied=applied):
            await asyncio.sleep(_LOOK_S)
            watch.look()
        missing = [c for c in watch.unseen if not (applied and self._hidden(c, opened))]
        landed = ChangeSet(tuple(c for c in changes if c not in missing))
        if not applied and not landed:
            return Landing(applied=False, reason=reason or "the editor did not apply the edit")
        strange, typed = watch.changed_otherwise(missing)
        if not landed and self._policy.ask is not Ask.PREVIEW and len(typed) == len(missing):
            return _stale(typed[0])  # as Neovim does: it leaves newer texts alone and says that all went well
        reason = _doubts(strange, typed) or reason
        return Landing(applied=applied, landed=landed, missing=tuple(c.path for c in missing), reason=reason)

    def _patience_s(
        self, unseen: Sequence[FileChange], opened: Mapping[RelPath, Document], *, applied: bool
    ) -> float:
        if not applied:
            return _REFUSED_S
        return _HIDDEN_S if all(self._hidden(c, opened) for c in unseen) else _SETTLE_S

    def _hidden(self, change: FileChange, opened: Mapping[RelPath, Document]) -> bool:
        """A file that was closed may now be an unsaved buffer of which the editor tells nothing.

        VS Code tells, and there the user may have unticked it; deletions and moves are on the disk at once.
        """
        if self._editor.previews or change.op not in (Op.EDIT, Op.CREATE):
            return False
        return change.source not in opened and self.document(change.path) is None


def _stale(path: RelPath) -> Landing:
    return Landing(applied=False, reason=f"the text of {path} changed in this moment", stale=True)


@final
class _Watch:
    """Looks for changes in the texts of now; a text that is still the same is not compared again."""

    def __init__(self, changes: ChangeSet, read: Callable[[RelPath], bytes | None]) -> None:
        self._read = read
        self._seen_last: dict[RelPath, bytes | None] = {}
        self.unseen: list[FileChange] = list(changes)
        self.look()

    def look(self) -> None:
        self.unseen = [change for change in self.unseen if not self._there(change)]

    def changed_otherwise(self, missing: Sequence[FileChange]) -> tuple[list[RelPath], list[RelPath]]:
        """The texts that are neither the one before nor the one after: nobody knows why, or only typed in."""
        strange: list[RelPath] = []
        typed: list[RelPath] = []
        for change in missing:
            now = self._read(change.path)
            if change.op is Op.EDIT and now is not None and now != change.before:
                (typed if _only_typed(change, now) else strange).append(change.path)
        return strange, typed

    def _there(self, change: FileChange) -> bool:
        now = self._read(change.path)
        if change.op is Op.CREATE and now:
            return True  # created and filled; what else is in it was put there since
        if change.path in self._seen_last and self._seen_last[change.path] == now and change.op is Op.EDIT:
            return False
        self._seen_last[change.path] = now
        return contained(change, self._read) or contained(without_mark(change), self._read)


def _doubts(strange: Sequence[RelPath], typed: Sequence[RelPath]) -> str:
    if strange:
        return (
            f"{', '.join(strange)} now holds neither the old text nor the new one: look at it;"
            " the editor's own undo takes the edit back"
        )
    return f"{', '.join(typed)} was typed in at that very moment; apply again" if typed else ""


def _only_typed(change: FileChange, now: bytes) -> bool:
    """Whether nothing of an edit is in a text that has changed: then somebody typed, and the editor left it.

    Strict: an edit in the wrong place must never be taken for typing. Where nothing tells, it is strange.
    """
    before = change.before or b""
    planned = [edit.new for edit in text_edits(before, change.after or b"")]
    found = [edit.new for edit in text_edits(before, now)]
    return all(planned) and not any(part in text for part in planned for text in found)


def read_regular(path: Path) -> bytes | None:
    """A regular file's bytes; ``None`` for what is absent, too large, or a device, a FIFO, a folder.

    Opened without blocking and looked at before a byte is read: a FIFO would block for ever.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(fd, "rb") as file:
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode) or info.st_size > _READ_CAP:
            return None
        return file.read()
