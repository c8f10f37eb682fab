"""What an attempt needs of its owner: a place for records, ears for progress, a person to ask."""

from __future__ import annotations

from typing import Protocol

from agent_ls.core.attempt import Event
from agent_ls.core.job import JobState, Question


class Link(Protocol):
    """One attempt's line to the owner of its job."""

    async def record(self, event: Event) -> None:
        """Hand over an event and wait until the owner has journalled it.

        Nothing that depends on the event may happen earlier: this is what makes an attempt
        resumable after ``kill -9``.
        """
        ...

    def progress(self, step: str, state: JobState = JobState.RUNNING) -> None:
        """Say where the attempt stands; never waits, never recorded."""
        ...

    def told(self) -> list[str]:
        """What the user has said since the last call; each text is handed out once."""
        ...

    def has_told(self) -> bool:
        """Whether the user has said something that was not handed out yet."""
        ...

    async def answer(self, question: Question) -> str | None:
        """Wait for a person's answer; ``None`` after the question's ``timeout_s``."""
        ...
