"""Questions to the user: recorded, waited for with a deadline, answered from the record after a crash."""

from __future__ import annotations

from collections.abc import Mapping

from agent_ls.agent.link import Link
from agent_ls.agent.meter import Meter
from agent_ls.core.attempt import Answered, Asked
from agent_ls.core.job import JobState, Question


class UserAsker:
    """`bench.Asker` over the owner's line. The attempt's clock stands still while a person thinks."""

    def __init__(
        self,
        link: Link,
        meter: Meter,
        answers: Mapping[tuple[str, str], str],
        *,
        wait_s: float,
    ) -> None:
        self._link = link
        self._meter = meter
        self._answers = answers
        self._wait_s = wait_s
        self._asked: dict[int, int] = {}

    async def ask(self, turn: int, text: str, choices: tuple[str, ...], default: str) -> str:
        """See `bench.Asker`."""
        answer = await self.put(turn, text, choices, default, self._wait_s)
        return _words(default if answer is None else answer, by_default=answer is None)

    async def put(
        self, turn: int, text: str, choices: tuple[str, ...], default: str, wait_s: float
    ) -> str | None:
        """A person's own answer; ``None`` after ``wait_s``, when the default is recorded."""
        # The id follows from the place, so that a turn repeated after a crash finds its old answer.
        number = self._asked[turn] = self._asked.get(turn, 0) + 1
        question = Question(f"q{turn}.{number}", text, choices, default, wait_s)
        known = self._answers.get((question.id, text))
        if known is not None:
            return known
        await self._link.record(Asked(question))
        self._link.progress("waiting for your answer", JobState.WAITING)
        with self._meter.paused():
            answer = await self._link.answer(question)
        await self._link.record(
            Answered(question.id, default if answer is None else answer, by_default=answer is None)
        )
        self._link.progress("going on")
        return answer


def _words(answer: str, *, by_default: bool) -> str:
    return (
        f"No answer in time. Go on with your default: {answer}" if by_default else f"The user says: {answer}"
    )
