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
from agent_ls.index.batches import Batch, Batches, ParseJob
from agent_ls.index.packed import PackedFile
from agent_ls.index.parts import Part, PartMaker
from agent_ls.workspace.process import Worker

QUARANTINED = "quarantined"
_MARGIN_S = 5.0  # the worker's own deadline comes first; this one is for grammars that never look at a clock
_AHEAD = 2
_FILES_PER_LANE = 8


@final
@dataclass(frozen=True, slots=True)
class Parsed:
    """Some files' facts. ``same``: (path, size, mtime_ns) of files whose bytes are as known."""

    part: Part
    same: Sequence[tuple[str, int, int]]


@final
class _Asked:
    """A batch that a worker has; it is past ``seen`` files of it."""

    __slots__ = ("batch", "seen")

    def __init__(self, batch: Batch) -> None:
        self.batch, self.seen = batch, 0


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

    async def run(
        self,
        jobs: Sequence[ParseJob],
        on_parsed: Callable[[Parsed], None],
        on_done: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Parse files; each is in one of the answers that ``on_parsed`` hears, in any order.

        A file that ends or stalls a worker twice has the reason `QUARANTINED`. ``on_done`` hears how
        many more files are parsed, a few times a second.

        Raises:
            WorkspaceError: workers cannot be started.
        """
        lanes = min(len(self._lanes), 1 + len(jobs) // _FILES_PER_LANE) if jobs else 0
        left = Batches(jobs, max(1, lanes), self._strikes)
        async with asyncio.TaskGroup() as group:
            for lane in range(lanes):
                group.create_task(self._drain(lane, left, on_parsed, on_done))

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
        self, lane: int, left: Batches, on_parsed: Callable[[Parsed], None], on_done: Callable[[int], None]
    ) -> None:
        asked: deque[_Asked] = deque()
        while True:
            worker = self._lanes[lane] or await self._start(lane)
            reply = await self._exchange(worker, left, asked, on_done)
            if reply is not None:
                now = asked.popleft()
                left.done(now.batch)
                on_done(len(now.batch) - now.seen)
                self.usage[worker.pid] = (reply["cpu_s"], reply["rss_mb"])
                on_parsed(Parsed(Part.from_json(reply["part"]), reply["same"]))
            elif asked:
                self._lanes[lane] = None
                await worker.stop()
                given_up = self._recall(left, asked, on_done)
                if given_up is not None:
                    on_done(1)
                    on_parsed(Parsed(_without_facts(given_up), ()))
            else:
                return

    async def _exchange(
        self, worker: Worker, left: Batches, asked: deque[_Asked], on_done: Callable[[int], None]
    ) -> dict[str, Any] | None:
        """Keep the worker supplied and take its next answer; ``None``: it is dead, stuck or without work."""
        try:
            while True:
                async with asyncio.timeout(self._deadline_s + self._margin_s):
                    while len(asked) < _AHEAD and (batch := left.take()):
                        asked.append(_Asked(batch))
                        await worker.send(self._asking(batch))
                    if not asked:
                        return None
                    reply = await worker.receive()
                if reply is None or "done" not in reply:
                    return reply
                on_done(reply["done"] - asked[0].seen)
                asked[0].seen = reply["done"]
        except (TimeoutError, ConnectionError, WorkspaceError):
            return None

    def _asking(self, batch: Batch) -> dict[str, Any]:
        files = [(job.path, job.language, job.hash, job.size, job.mtime_ns, job.row) for job in batch]
        return {"root": str(self._root), "deadline_s": self._deadline_s, "files": files}

    def _recall(self, left: Batches, asked: deque[_Asked], on_done: Callable[[int], None]) -> ParseJob | None:
        """Take back what a worker that is gone did not answer; returns a file that is given up."""
        first = asked.popleft()
        while asked:
            left.give_back(asked.pop().batch)
        on_done(-first.seen)
        return left.blame(first.batch, first.seen)

    async def _start(self, lane: int) -> Worker:
        worker = await Worker.start(self._module, env=self._env, cwd=self._cwd, nice=10)
        self._lanes[lane] = worker
        return worker


def _without_facts(job: ParseJob) -> Part:
    maker = PartMaker()
    maker.add(job.row, PackedFile(job.path, "", job.size, job.mtime_ns, job.language, reason=QUARANTINED))
    return maker.part()
