"""Parse workers: a few, of low priority, killed when a file hangs or crashes them."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath
from agent_ls.workspace.process import Worker

QUARANTINED = "quarantined"
_WINDOW = 8
_STRIKES = 2
_MARGIN_S = 5.0  # the worker's own deadline comes first; this one is for grammars that never look at a clock


@final
@dataclass(frozen=True, slots=True)
class ParseJob:
    """A file to parse. ``hash``: that of its known bytes, ``""`` for a new one."""

    path: RelPath
    language: str
    hash: str = ""


@final
class Pool:
    """Up to ``workers`` processes; started when there is work, one for a few files."""

    def __init__(
        self,
        root: Path,
        *,
        cwd: Path,
        env: Mapping[str, str],
        workers: int = 2,
        deadline_s: float = 5.0,
        module: str = "agent_ls.index.parse_worker",
    ) -> None:
        self._root, self._cwd, self._env = root, cwd, env
        self._lanes: list[Worker | None] = [None] * workers
        self._deadline_s = deadline_s
        self._margin_s = min(_MARGIN_S, deadline_s)
        self._module = module
        self._strikes: Counter[RelPath] = Counter()
        self.usage: dict[int, tuple[float, float]] = {}

    async def run(self, jobs: Sequence[ParseJob], on_answer: Callable[[dict[str, Any]], None]) -> None:
        """Parse files; ``on_answer`` hears one answer (see `parse_worker`) per job, in any order.

        A file that ends or stalls a worker twice is answered with the reason `QUARANTINED`.

        Raises:
            WorkspaceError: workers cannot be started.
        """
        queue = deque(jobs)
        lanes = range(min(len(self._lanes), 1 + len(jobs) // 8)) if jobs else range(0)
        async with asyncio.TaskGroup() as group:
            for lane in lanes:
                group.create_task(self._drain(lane, queue, on_answer))

    async def close(self) -> None:
        """End all workers."""
        workers = [worker for worker in self._lanes if worker is not None]
        self._lanes = [None] * len(self._lanes)
        await asyncio.gather(*(worker.stop() for worker in workers))

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all workers so far, dead ones as of their last answer."""
        return sum(cpu for cpu, _ in self.usage.values())

    @property
    def rss_mb(self) -> float:
        """The sum of the two largest peaks: an upper bound of what stood at one time."""
        return sum(sorted((rss for _, rss in self.usage.values()), reverse=True)[: len(self._lanes)])

    async def _drain(
        self, lane: int, queue: deque[ParseJob], on_answer: Callable[[dict[str, Any]], None]
    ) -> None:
        asked: deque[ParseJob] = deque()
        while queue or asked:
            worker = self._lanes[lane] or await self._start(lane)
            reply = await self._exchange(worker, queue, asked)
            if reply is None:
                self._lanes[lane] = None
                await worker.stop()
                self._blame(queue, asked, on_answer)
                continue
            asked.popleft()
            self.usage[worker.pid] = (reply["cpu_s"], reply["rss_mb"])
            on_answer(reply)

    async def _exchange(
        self, worker: Worker, queue: deque[ParseJob], asked: deque[ParseJob]
    ) -> dict[str, Any] | None:
        """Keep the worker supplied and take its next answer; ``None``: it is dead or stuck."""
        try:
            async with asyncio.timeout(self._deadline_s + self._margin_s):
                # A file that took a worker down before goes alone: its neighbours are not blamed.
                while queue and len(asked) < _WINDOW and not (asked and self._strikes[queue[0].path]):
                    job = queue.popleft()
                    asked.append(job)
                    await worker.send(
                        {
                            "root": str(self._root),
                            "path": job.path,
                            "language": job.language,
                            "hash": job.hash,
                            "deadline_s": self._deadline_s,
                        }
                    )
                    if self._strikes[job.path]:
                        break
                return await worker.receive()
        except (TimeoutError, ConnectionError, WorkspaceError):
            return None

    def _blame(
        self, queue: deque[ParseJob], asked: deque[ParseJob], on_answer: Callable[[dict[str, Any]], None]
    ) -> None:
        """The oldest unanswered file is the culprit; it gets one more try, at the end."""
        if not asked:
            return
        culprit = asked.popleft()
        queue.extendleft(reversed(asked))
        asked.clear()
        self._strikes[culprit.path] += 1
        if self._strikes[culprit.path] >= _STRIKES:
            on_answer({"path": culprit.path, "reason": QUARANTINED})
        else:
            queue.append(culprit)

    async def _start(self, lane: int) -> Worker:
        worker = await Worker.start(self._module, env=self._env, cwd=self._cwd, nice=10)
        self._lanes[lane] = worker
        return worker
