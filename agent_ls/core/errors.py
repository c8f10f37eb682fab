"""The exceptions of agent-ls, and the one shape that every message for a person has.

Tree::

    AgentLsError            what happened · what was kept · what to do next
    ├── UsageError          the call itself is wrong (exit code 2, LSP InvalidParams)
    ├── ConfigError         settings, key, model or base URL (exit code 2)
    ├── WorkspaceError      a path, a file, a folder
    │   └── OutsideWorkspaceError
    ├── NotTrustedError          the workspace may not run anything yet
    ├── UnknownJobError          no such job here
    ├── BusyError                another process owns this job or workspace
    ├── ModelError          the model's service failed; `retryable` says whether a later try can help
    └── CheckError          a check could not be run at all (a failed check is a value, not an error)

Expected outcomes (a merge conflict, failed checks, no plan) are values, never exceptions.
"""

from __future__ import annotations

from typing import final


class AgentLsError(Exception):
    """What happened, what was kept, and what to do next; faces turn it into words."""

    code = "error"

    def __init__(self, what: str, *, kept: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.kept = kept
        self.remedy = remedy

    def sentence(self) -> str:
        """One line for a person: the three parts that are there, each a sentence."""
        parts = (
            part.strip().rstrip(".") + "." for part in (self.what, self.kept, self.remedy) if part.strip()
        )
        return " ".join(parts)


class UsageError(AgentLsError):
    """The call is wrong: bad arguments, an unknown choice, a contradiction."""

    code = "usage"


class ConfigError(AgentLsError):
    """Settings, key, model or base URL are missing or wrong."""

    code = "config"


class WorkspaceError(AgentLsError):
    """A path, file or folder cannot be used as asked."""

    code = "workspace"


@final
class OutsideWorkspaceError(WorkspaceError):
    """A path leaves the workspace, by its words or through a link."""

    code = "outside_workspace"


class NotTrustedError(AgentLsError):
    """The workspace may not run anything until the user says so."""

    code = "not_trusted"


class UnknownJobError(AgentLsError):
    """No job of that id is known for this workspace."""

    code = "unknown_job"


class BusyError(AgentLsError):
    """Another live process owns the job or the workspace's index."""

    code = "busy"


class ModelError(AgentLsError):
    """The model's service failed or answered what cannot be used.

    ``retryable`` says whether the same turn may succeed later; ``retry_after_s`` is the
    service's own wish in seconds, if it named one. ``billed``: an answer had begun and broke off,
    so the service probably charges for it although nobody has it.
    """

    code = "model"

    def __init__(
        self,
        what: str,
        *,
        kept: str = "",
        remedy: str = "",
        retryable: bool = False,
        retry_after_s: float | None = None,
        billed: bool = False,
    ) -> None:
        super().__init__(what, kept=kept, remedy=remedy)
        self.retryable = retryable
        self.billed = billed
        self.retry_after_s = retry_after_s


class CheckError(AgentLsError):
    """A check could not be run at all."""

    code = "check"
