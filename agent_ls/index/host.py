"""Process: owns the scan and the writing of one workspace's fact store.

``python -P -m agent_ls.index.host ROOT DB DEADLINE_S``. Asked ``{"type": "refresh", "id",
"paths" (null: all), "first" (what to begin with), "rebuild"}``; answers ``progress {id, done, total}`` and then ``report {id,
report}`` or ``failed {id, what, kept, remedy}``. Leaves when its stdin ends.
"""

from __future__ import annotations

import asyncio
import fcntl
import gc
import os
import sys
import time
from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast, final

from agent_ls.core.errors import AgentLsError
from agent_ls.core.paths import RelPath, rel_path
from agent_ls.index.aliases import read_aliases
from agent_ls.index.batches import ParseJob
from agent_ls.index.changes import Difference, compare, stat_some
from agent_ls.index.git_log import refresh_history
from agent_ls.index.names import language_of
from agent_ls.index.pool import Parsed, Pool
from agent_ls.index.reading import read_regular
from agent_ls.index.report import IndexReport, rss_mb
from agent_ls.index.sketch import sketch
from agent_ls.index.store import DamagedStoreError, Store
from agent_ls.workspace.ignore import Rules
from agent_ls.workspace.process import worker_pipes
from agent_ls.workspace.scan import FileStat, scan

_SKETCH_FROM, _SKETCH_CHUNK = 500, 64
_AHEAD = 300
"""Files that are parsed even before the tree is walked: those that are open, and their folders."""
_TOLD_EACH_S, _SAID_EACH_S = 0.1, 1.0
_IDLE_S = 10.0
_COMPACT_AFTER = 500


@final
class Host:
    """Refreshes one store. One refresh at a time; others wait for their turn."""

    def __init__(self, root: Path, db: Path, send: Any, deadline_s: float) -> None:
        self._root, self._db, self._send = root, db, send
        self._pool = Pool(root, cwd=db.parent, env=dict(os.environ), deadline_s=deadline_s)
        self._turn = asyncio.Lock()
        self._told_at = 0.0
        self._first: Sequence[str] = ()

    async def handle(self, ask: Mapping[str, Any]) -> None:
        """Answer one request; never raises but for cancellation."""
        try:
            async with self._turn:
                self._first = ask["first"]
                report = await self._refresh(int(ask["id"]), ask["paths"], rebuild=bool(ask["rebuild"]))
            await self._send({"type": "report", "id": ask["id"], "report": report.to_json()})
        except* AgentLsError as group:
            error = _first(group)
            await self._send(
                {
                    "type": "failed",
                    "id": ask["id"],
                    "what": error.what,
                    "kept": error.kept,
                    "remedy": error.remedy,
                }
            )

    async def idle(self) -> None:
        """End the parse workers when nothing is asked for a while."""
        while True:
            await asyncio.sleep(_IDLE_S)
            if not self._turn.locked():
                await self._pool.close()

    async def close(self) -> None:
        await self._pool.close()

    async def _refresh(self, ask_id: int, paths: list[str] | None, *, rebuild: bool) -> IndexReport:
        started, cpu = time.monotonic(), time.process_time() + self._pool.cpu_s
        with _lock(self._db) as mine:
            if not mine:
                return IndexReport(busy=True)
            store = Store(self._db)
            try:
                if rebuild:
                    store.rebuild()
                try:
                    if paths is None and self._first:
                        # Walking a huge tree takes its time, and the user is here.
                        await self._update(store, ask_id, self._near(store))
                    changed, skipped = self._look(store, paths)
                    await self._update(store, ask_id, changed)
                except* DamagedStoreError:
                    store.rebuild()
                    changed, skipped = self._look(store, None)
                    await self._update(store, ask_id, changed)
                if paths is None:
                    await refresh_history(self._root, self._db, os.environ)
                return self._report(store, changed, skipped, started, cpu)
            finally:
                store.close()

    def _look(self, store: Store, paths: list[str] | None) -> tuple[Difference, Mapping[str, int] | None]:
        """What differs from the store; the scan's skips when all was walked."""
        rules = Rules(self._root)
        some: list[FileStat] | None = None
        if paths is not None:
            wanted = [rel_path(path) for path in paths]
            some = stat_some(self._root, wanted, rules)
            if some is not None:
                return compare(some, store.known(wanted)), None
        found = scan(self._root, rules)
        store.say(aliases=read_aliases((file.path for file in found.files), self._read))
        return compare(found.files, store.known()), found.skipped

    def _near(self, store: Store) -> Difference:
        """What differs among the files that are asked for first, and what lies in their folders."""
        near = [rel_path(path) for path in self._first]
        for folder in {path.rpartition("/")[0] for path in near}:
            with suppress(OSError), os.scandir(self._root / folder) as listed:
                names = [entry.name for entry in listed if entry.is_file(follow_symlinks=False)]
                near += [RelPath(f"{folder}/{name}" if folder else name) for name in names]
        known = [path for path in dict.fromkeys(near) if language_of(path)][:_AHEAD]
        some = stat_some(self._root, known, Rules(self._root)) or []
        return compare(some, store.known(known))

    def _read(self, path: RelPath) -> bytes:
        return read_regular(f"{self._root}/{path}")[0]

    async def _update(self, store: Store, ask_id: int, changed: Difference) -> None:
        jobs = [replace(job, row=row) for row, job in enumerate(changed.jobs, store.next_row())]
        done = named = 0
        told: set[asyncio.Task[None]] = set()
        written_at = time.monotonic()

        def on_parsed(parsed: Parsed) -> None:
            store.put_part(parsed.part)
            store.touch(parsed.same)

        def on_done(more: int) -> None:
            nonlocal done, written_at
            done += more
            now = time.monotonic()
            if now - written_at > _SAID_EACH_S:
                written_at = now
                store.say(progress=[done, len(jobs), named])
            if now - self._told_at > _TOLD_EACH_S:
                self._told_at = now
                task = asyncio.ensure_future(self._progress(ask_id, done, len(jobs)))
                told.add(task)
                task.add_done_callback(told.discard)

        store.remove(changed.gone)
        store.say(progress=[0, len(jobs), 0])
        if len(jobs) >= _SKETCH_FROM:
            store.drop_sketches()  # of a run that was cut short
            for chunk in range(0, len(jobs), _SKETCH_CHUNK):
                self._sketch(store, jobs[chunk : chunk + _SKETCH_CHUNK])
                named = min(chunk + _SKETCH_CHUNK, len(jobs))
                on_done(0)
                await asyncio.sleep(0)
        await self._pool.run(jobs, on_parsed, on_done)
        store.drop_sketches()
        if len(jobs) + len(changed.gone) >= _COMPACT_AFTER:
            store.compact()
        await asyncio.gather(*told)

    def _sketch(self, store: Store, jobs: Iterable[ParseJob]) -> None:
        """Make names findable before their files are parsed."""
        records: list[bytes] = []
        for job in jobs:
            with suppress(OSError):
                records.append(sketch(self._read(job.path), job.path, job.language))
        store.sketch(records)

    async def _progress(self, ask_id: int, done: int, total: int) -> None:
        await self._send({"type": "progress", "id": ask_id, "done": done, "total": total})

    def _report(
        self, store: Store, changed: Difference, skipped: Mapping[str, int] | None, started: float, cpu: float
    ) -> IndexReport:
        if skipped is None:
            walked = cast("dict[str, int]", store.meta().get("walked", {}))
        else:
            walked = {**skipped, **({"no grammar": changed.foreign} if changed.foreign else {})}
        totals = store.totals()
        totals["skipped"] = dict(Counter[str](walked) + Counter[str](totals["skipped"]))
        store.say(walked=walked, totals=totals, progress=[])
        return IndexReport(
            **totals,
            parsed=len(changed.jobs),
            reused=changed.reused,
            wall_s=round(time.monotonic() - started, 3),
            cpu_s=round(time.process_time() + self._pool.cpu_s - cpu, 3),
            peak_rss_mb=round(rss_mb() + self._pool.rss_mb, 1),
            db_mb=round(store.size() / 2**20, 2),
        )


def _first(group: BaseExceptionGroup[AgentLsError]) -> AgentLsError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, AgentLsError)  # noqa: S101 - the group was split by this type
    return error


@contextmanager
def _lock(db: Path) -> Generator[bool]:
    """Whether this process is the workspace's only index writer, while the block runs."""
    db.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fd = os.open(f"{db}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        mine = True
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            mine = False
        yield mine
    finally:
        os.close(fd)


async def main(argv: Iterable[str]) -> None:
    # Lists and texts without cycles: the collector would only walk them, again and again.
    gc.disable()
    root, db, deadline_s = argv
    receive, send = await worker_pipes()
    host = Host(Path(root), Path(db), send, float(deadline_s))
    tasks = {asyncio.ensure_future(host.idle())}
    while (ask := await receive()) is not None:
        task = asyncio.ensure_future(host.handle(ask))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    for task in tasks:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks, return_exceptions=True)
    await host.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
