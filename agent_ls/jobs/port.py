"""What a face gives the service: the texts of now, and the one hand that may change them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, final

from agent_ls.core.edits import ChangeSet
from agent_ls.core.paths import RelPath
from agent_ls.jobs.backing import Reasoned
from agent_ls.jobs.views import JobView


@final
@dataclass(frozen=True, slots=True)
class Buffer:
    """An open document: its text, its version in the editor, and whether the disk agrees."""

    data: bytes
    version: int | None = None
    saved: bool = False


@final
@dataclass(frozen=True, slots=True)
class Landing:
    """What became of a change set that an editor was asked to apply.

    ``applied``: what the editor answered. ``landed``: what is really there, as far as the face
    could see. ``missing``: paths that did not change although they should have. ``reason``: why
    not, in the editor's words where it gave any. ``stale``: nothing was done because a text was no
    longer what its ``before`` says; the service merges anew and asks again.
    """

    applied: bool
    landed: ChangeSet = field(default_factory=ChangeSet)
    missing: tuple[RelPath, ...] = ()
    reason: str = ""
    stale: bool = False


@final
@dataclass(frozen=True, slots=True)
class Order:
    """How a change set is to be put before the user.

    ``label``: what it is about. ``notes``: remarks per file. ``reasons``: why, by lines of the
    texts before. ``doubts``: files that need a yes of
    their own, and why. ``reviewed``: the user has just looked at exactly this and said yes.
    """

    label: str
    notes: Mapping[RelPath, str] = field(default_factory=dict[RelPath, str])
    reasons: Mapping[RelPath, Sequence[Reasoned]] = field(default_factory=dict[RelPath, "Sequence[Reasoned]"])
    doubts: Mapping[RelPath, str] = field(default_factory=dict[RelPath, str])
    reviewed: bool = False


class EditorPort(Protocol):
    """An editor, or the command line being one."""

    def buffers(self) -> Mapping[RelPath, Buffer]:
        """The open documents below the root."""
        ...

    async def land(self, changes: ChangeSet, order: Order) -> Landing:
        """Put a change set into the user's texts; every ``before`` is the text of now.

        Refuses (``stale``) where a text is no longer what ``before`` says. Never raises for what
        an editor may do.
        """
        ...

    def read(self, path: RelPath) -> bytes | None:
        """The text of now: the open document, else the disk; ``None``: no such file."""
        ...

    def job_changed(self, view: JobView) -> None:
        """Called after every change of a job that this process owns; must return at once."""
        ...

    def notice(self, text: str, severity: str = "info") -> None:
        """A sentence for the user. ``severity``: info, warning or error."""
        ...
