"""Change annotations: what an editor's preview says of each edit, grouped by why it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, final

from agent_ls.core.edits import FileChange
from agent_ls.core.paths import RelPath
from agent_ls.faces.lsp.markdown import plain
from agent_ls.jobs.backing import Reasoned

Json = dict[str, Any]

ASK: Final = "agent-ls.review"
_PLAIN: Final = "agent-ls"
_DOUBT: Final = "agent-ls.doubt:"


@final
class Annotations:
    """Those of one WorkspaceEdit. An editor shows edits of the same annotation together."""

    def __init__(
        self,
        label: str,
        notes: Mapping[RelPath, str],
        reasons: Mapping[RelPath, Sequence[Reasoned]],
        doubts: Mapping[RelPath, str],
    ) -> None:
        """``label``: what the whole is about. ``doubts``: files that need a yes of their own, and why."""
        self._label = label
        self._notes = notes
        self._reasons = reasons
        self._doubts = doubts
        self._ids: dict[tuple[str, str], str] = {}

    def of_file(self, change: FileChange) -> Json:
        """The annotation of a file's creation, deletion or move: why its first lines are as they are."""
        return self.of_edit(change, 0)

    def of_edit(self, change: FileChange, line: int) -> Json:
        """The annotation of an edit that begins at a line of the text before."""
        if change.path in self._doubts:
            return {"annotationId": f"{_DOUBT}{change.path}"}
        why = _nearest(self._reasons.get(change.path, ()), line)
        group = (why.reason, why.proof) if why is not None else ("", "")
        return {"annotationId": self._ids.setdefault(group, _id(len(self._ids), group))}

    def wire(self, *, asks: bool) -> Json:
        """The ``changeAnnotations`` of what was annotated so far."""
        about = "; ".join(f"{path}: {note}" for path, note in sorted(self._notes.items()))
        entries: Json = {}
        for (reason, proof), name in self._ids.items():
            entry = {"label": plain(reason) or self._label, "needsConfirmation": False}
            described = "; ".join(part for part in (plain(proof), about) if part)
            entries[name] = {**entry, "description": described} if described else entry
        for path, why in self._doubts.items():
            entries[f"{_DOUBT}{path}"] = {"label": f"Look twice: {why}", "needsConfirmation": True}
        if asks:
            entries[ASK] = {"label": "Review before applying", "needsConfirmation": True}
        return entries


def _id(number: int, group: tuple[str, str]) -> str:
    return f"{_PLAIN}.{number}" if any(group) else _PLAIN


def _nearest(reasons: Sequence[Reasoned], line: int) -> Reasoned | None:
    """The one whose lines hold a line, else the one that is nearest to it."""

    def away(why: Reasoned) -> int:
        return max(why.start - line, line - (why.start + max(0, why.lines - 1)), 0)

    return min(reasons, key=away, default=None)
