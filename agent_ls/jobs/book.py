"""Every job of one workspace: those that this process owns, and those of others, read from disk.

A job's folder holds its journal, its lease and its blobs. Whoever holds the lease may append
to the journal; anyone may read it. What is read of others is followed incrementally.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import final

from agent_ls.core.attempt import AttemptRequest
from agent_ls.core.errors import AgentLsError, BusyError, UnknownJobError, WorkspaceError
from agent_ls.core.job import JobId
from agent_ls.jobs.fold import Draft, Job, fold, step
from agent_ls.jobs.journal import Entry, Journal, read
from agent_ls.jobs.lease import Holder, Lease, holder_of, take
from agent_ls.jobs.records import Created, Record
from agent_ls.workspace.blobs import BlobStore
from agent_ls.workspace.state import private_dir

_JOURNAL, _LEASE, _BLOBS = "journal.jsonl", "lease", "blobs"
_GONE = ".gone-"
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


@final
@dataclass(slots=True)
class Owned:
    """A job whose lease this process holds."""

    folder: Path
    lease: Lease
    journal: Journal
    job: Job

    @property
    def blobs(self) -> BlobStore:
        return BlobStore(self.folder / _BLOBS)

    def show(self, record: Record) -> None:
        """Let people see what the disk did not take; the journal, and so the next process, does not know it."""
        self.job = step(self.job, record)


@final
@dataclass(slots=True)
class _Followed:
    """What has been read of a journal that someone else may write."""

    size: int = 0
    seq: int = 0
    link: int = 0
    job: Job | None = None


@final
class Book:
    """The jobs below one folder of the state directory."""

    def __init__(self, folder: Path, holder: Holder, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._holder = holder
        self._clock = clock
        self._last_id = 0
        self._owned: dict[JobId, Owned] = {}
        self._followed: dict[JobId, _Followed] = {}

    def new_id(self) -> JobId:
        """Time in milliseconds, then 35 random bits; both in a base-32 without look-alikes."""
        millis = self._last_id = max(int(self._clock() * 1000), self._last_id + 1)
        stamp = "".join(_ALPHABET[(millis >> shift) & 31] for shift in range(40, -1, -5))
        return JobId(stamp + "".join(secrets.choice(_ALPHABET) for _ in range(7)))

    def folder(self, job: JobId) -> Path:
        """Where a job's things lie. Raises `UnknownJobError` for what cannot be a job's id."""
        if not job or any(c not in _ALPHABET for c in job):
            raise unknown(job)
        return self._folder / job

    def create(self, request: AttemptRequest, retry_of: str = "", replaces: Draft = ()) -> Owned:
        """Begin the journal of a new job, whose folder may hold its first blobs already; see `Created`."""
        folder = private_dir(self.folder(request.job))
        lease = take(folder / _LEASE, self._holder)
        if lease is None:
            raise busy(request.job)
        journal, reading = Journal.open(folder / _JOURNAL)
        entries = [*reading.entries, journal.append(Created(request, retry_of, replaces), self._clock())]
        job = fold(entries)
        assert job is not None  # noqa: S101 - it has just been created
        owned = self._owned[request.job] = Owned(folder, lease, journal, job)
        return owned

    def record(self, job: JobId, record: Record, *, sync: bool = True) -> Job:
        """Append to the journal of an owned job; returns the job after it.

        Without ``sync`` it survives this process but not yet the machine: `keep` waits for the disk.

        Raises:
            WorkspaceError: it could not be written; the job is as it was.
        """
        owned = self._owned[job]
        entry = owned.journal.append(record, self._clock(), sync=sync)
        owned.job = fold((entry,), owned.job) or owned.job
        return owned.job

    async def keep(self, job: JobId) -> None:
        """Wait, off the loop, until the journal of an owned job is on the disk. Raises `WorkspaceError`."""
        owned = self._owned.get(job)
        if owned is not None:
            await asyncio.to_thread(owned.journal.syncing())

    def own(self, job: JobId) -> Owned:
        """The job, with its lease taken.

        Raises:
            UnknownJobError: there is no such job here.
            BusyError: another live process owns it.
        """
        if job in self._owned:
            return self._owned[job]
        folder = self.folder(job)
        if not (folder / _JOURNAL).exists():
            raise unknown(job)
        lease = take(folder / _LEASE, self._holder)
        if lease is None:
            raise busy(job)
        journal: Journal | None = None
        try:
            journal, reading = Journal.open(folder / _JOURNAL)
            state = fold(reading.entries)
            if state is None:
                raise unknown(job)
        except AgentLsError:
            if journal is not None:
                journal.close()
            lease.release()
            raise
        self._followed.pop(job, None)
        owned = self._owned[job] = Owned(folder, lease, journal, state)
        return owned

    def owned(self, job: JobId) -> Owned | None:
        return self._owned.get(job)

    def holder(self, job: JobId) -> Holder | None:
        """The other live process that owns a job; ``None``: this one does, or nobody."""
        return None if job in self._owned else holder_of(self.folder(job) / _LEASE)

    def get(self, job: JobId) -> Job:
        """The job as its journal tells it now. Raises `UnknownJobError`."""
        owned = self._owned.get(job)
        state = owned.job if owned else self._follow(job)
        if state is None:
            raise unknown(job)
        return state

    def entries(self, job: JobId) -> Sequence[Entry]:
        """The whole journal of a job, read anew: turns are large, and rarely asked for."""
        return read(self.folder(job) / _JOURNAL).entries

    def blobs(self, job: JobId) -> BlobStore:
        return BlobStore(self.folder(job) / _BLOBS)

    def ids(self) -> list[JobId]:
        """Every job's id, newest first. Cost: one directory listing."""
        try:
            names = [path.name for path in self._folder.iterdir()]
        except OSError:
            return []
        return sorted((JobId(n) for n in names if n and all(c in _ALPHABET for c in n)), reverse=True)

    def all(self) -> Iterator[Job]:
        """Every job, newest first; one whose journal cannot be read is passed over."""
        for job in self.ids():
            try:
                yield self.get(job)
            except AgentLsError:
                continue

    def stamp(self) -> frozenset[tuple[str, int]]:
        """A value that changes when a journal of any job does. Cost: one look at each file."""
        found: set[tuple[str, int]] = set()
        for job in self.ids():
            with suppress(OSError):
                found.add((job, (self.folder(job) / _JOURNAL).stat().st_size))
        return frozenset(found)

    def purge(self, job: JobId, still: Callable[[Job], bool] = lambda _: True) -> bool:
        """Delete a job's folder. Raises as `own`, and `WorkspaceError` where the disk refuses.

        It gets a name first that is no job's: a crash in the middle leaves no half of a job.
        ``still``: asked of the job as it is when it is ours, since another process may have gone on
        with it a moment before; where it says no the job is left as it was. Returns whether it is gone.
        """
        held = job in self._owned
        owned = self.own(job)
        if not still(owned.job):
            if not held:
                self._release(job)
            return False
        gone = owned.folder.with_name(f"{_GONE}{job}")
        try:
            owned.folder.rename(gone)
            shutil.rmtree(gone)
        except OSError as error:
            raise WorkspaceError(
                f"The job's folder could not be deleted: {error.strerror}",
                remedy=f"Check the rights of {owned.folder}",
            ) from error
        self._release(job)
        return True

    def sweep(self) -> None:
        """Delete what a crash in the middle of `purge` has left."""
        for rest in self._folder.glob(f"{_GONE}*"):
            shutil.rmtree(rest, ignore_errors=True)

    def size(self, job: JobId) -> int:
        """Bytes of a job's folder, about. Cost: one look at every file of it."""
        size = 0
        for file in self.folder(job).rglob("*"):
            with suppress(OSError):  # gone in this moment
                size += file.lstat().st_size
        return size

    def close(self) -> None:
        """Give every lease back."""
        for job in list(self._owned):
            self._release(job)

    def _release(self, job: JobId) -> None:
        owned = self._owned.pop(job)
        owned.journal.close()
        owned.lease.release()

    def _follow(self, job: JobId) -> Job | None:
        path = self.folder(job) / _JOURNAL
        known = self._followed.setdefault(job, _Followed())
        try:
            size = path.stat().st_size
        except OSError:
            self._followed.pop(job, None)
            return None
        if size < known.size:  # a new owner cut a torn line off
            known = self._followed[job] = _Followed()
        if size > known.size:
            reading = read(path, known.size, known.seq, known.link)
            known.size, known.link = reading.size, reading.link
            known.seq += len(reading.entries)
            known.job = fold(reading.entries, known.job)
        return known.job


def unknown(job: str) -> UnknownJobError:
    return UnknownJobError(
        f"There is no job {job[:40]!r} in this workspace", remedy="See the list with agent-ls jobs"
    )


def busy(job: JobId) -> BusyError:
    return BusyError(
        f"Job {job} belongs to another running agent-ls, which does not answer",
        kept="Nothing was changed",
        remedy="Use the editor or terminal it runs in, or end that process and try again",
    )
