"""How bytes get to the relay and back."""

from typing import Protocol


class Transport(Protocol):
    """One request, one answer."""

    def exchange(self, request: bytes, timeout_s: float) -> bytes:
        """Raises TimeoutError when no answer comes in time."""
        ...


class RecordedTransport:
    """Plays recorded answers; an exception among them is raised."""

    def __init__(self, answers):
        self.answers = list(answers)
        self.requests = []

    def exchange(self, request: bytes, timeout_s: float) -> bytes:
        self.requests.append((request, timeout_s))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer
