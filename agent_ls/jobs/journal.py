r"""A job's journal: append-only JSON lines, each with its number and its checksum.

A line is ``{"v":2,"seq":3,"at":1790000000.5,"kind":"TurnDone","value":{…},"crc":"0a1b2c3d"}``;
``crc`` is the CRC-32 of the line's bytes before ``,"crc"``, begun with the ``crc`` of the line before: a
whole line of another journal, or of another time, does not fit in. Version 1, whose lines stand alone,
is read as well, and goes on in version 2. On return from `append` the line
survives this process, and with ``sync`` the machine. A crash can only tear the last line: it is passed over by readers and cut off before the
next append. Anything else that does not read is damage: what stands before it counts, what
follows is kept aside in ``journal.damaged`` and never deleted.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast, final

from agent_ls.core.codec import CodecError, from_json, to_json
from agent_ls.core.errors import WorkspaceError
from agent_ls.jobs.records import RECORD_TYPES, Record

VERSION = 2
_CRC = b',"crc":"'
_TAIL = len(_CRC) + len(b'00000000"}')


@final
@dataclass(frozen=True, slots=True)
class Entry:
    """One line. ``record`` is ``None`` for a kind that this version does not know."""

    seq: int
    at: float
    kind: str
    value: Mapping[str, Any]
    record: Record | None


@final
@dataclass(frozen=True, slots=True)
class Reading:
    """What a journal says, from some byte on. ``size``: where the good lines end; ``link``: the last one's checksum."""

    entries: tuple[Entry, ...]
    size: int
    link: int = 0
    torn: bool = False
    damage: str = ""


def read(path: Path, start: int = 0, seq: int = 0, link: int = 0) -> Reading:
    """Read the good lines of a journal from byte ``start``, whose first has number ``seq`` and follows ``link``.

    A missing file is an empty journal. Cost: linear in what is read.

    Raises:
        WorkspaceError: the file cannot be read at all.
    """
    try:
        with path.open("rb") as file:
            file.seek(start)
            data = file.read()
    except FileNotFoundError:
        return Reading((), start, link)
    except OSError as error:
        raise WorkspaceError(f"A job's journal cannot be read: {error.strerror}") from error
    *lines, rest = data.split(b"\n")
    entries: list[Entry] = []
    size = start
    for line in lines:
        entry = _decode(line, link)
        if entry is None or entry.seq != seq + len(entries):
            ends_here = size + len(line) + 1 == start + len(data)
            damage = "" if ends_here else f"record {seq + len(entries)} does not read"
            return Reading(tuple(entries), size, link, torn=True, damage=damage)
        entries.append(entry)
        size += len(line) + 1
        link = int(line[-10:-2], 16)
    return Reading(tuple(entries), size, link, torn=bool(rest))


@final
class Journal:
    """A journal open for appending. Its owner holds the job's lease: there is one writer."""

    def __init__(self, path: Path, handle: int, reading: Reading) -> None:
        self._path = path
        self._handle = handle
        self._size = reading.size
        self._seq = len(reading.entries)
        self._link = reading.link

    @classmethod
    def open(cls, path: Path) -> tuple[Self, Reading]:
        """Open or make a journal, mode 0600, cut off after its last good line.

        Raises:
            WorkspaceError: it cannot be opened or repaired.
        """
        reading = read(path)
        try:
            if reading.damage:
                _keep_aside(path, reading.size)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            if reading.torn:
                os.ftruncate(handle, reading.size)
        except OSError as error:
            raise WorkspaceError(
                f"A job's journal cannot be opened: {error.strerror}",
                remedy="Check the rights and the free space of the state directory",
            ) from error
        return cls(path, handle, reading), reading

    def append(self, record: Record, at: float, *, sync: bool = True) -> Entry:
        """Write one record. ``at``: seconds since the epoch.

        On return it survives this process; with ``sync`` it has reached the disk (typically 2 ms, but 150 ms
        were seen).

        Raises:
            WorkspaceError: it could not be written (a full disk); the journal is as it was before.
        """
        kind = type(record).__name__
        value = cast("dict[str, Any]", to_json(record))
        line, link = _encode(self._seq, at, kind, value, self._link)
        try:
            written = os.write(self._handle, line)
            if sync and written == len(line):
                os.fsync(self._handle)
        except OSError as error:
            self._cut()
            raise _unwritten(error.strerror or "write failed") from error
        if written != len(line):
            self._cut()
            raise _unwritten("no space left")
        entry = Entry(self._seq, at, kind, value, record)
        self._seq += 1
        self._link = link
        self._size += len(line)
        return entry

    def syncing(self) -> Callable[[], None]:
        """What brings all that is written so far to the disk; to be called in a thread, once.

        It has a handle of its own: the journal may be closed meanwhile. Raises `WorkspaceError` when called.
        """
        handle = os.dup(self._handle)

        def sync() -> None:
            try:
                os.fsync(handle)
            except OSError as error:
                raise _unwritten(error.strerror or "write failed") from error
            finally:
                os.close(handle)

        return sync

    def close(self) -> None:
        os.close(self._handle)

    def _cut(self) -> None:
        os.ftruncate(self._handle, self._size)


def _encode(seq: int, at: float, kind: str, value: Mapping[str, Any], link: int) -> tuple[bytes, int]:
    """The line and its checksum."""
    body = json.dumps(
        {"v": VERSION, "seq": seq, "at": at, "kind": kind, "value": value},
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode("utf-8", "surrogatepass")[:-1]
    crc = zlib.crc32(body, link)
    return body + _CRC + b"%08x" % crc + b'"}\n', crc


def _decode(line: bytes, link: int) -> Entry | None:
    """One line without its end, or ``None`` where it is torn or damaged.

    Raises:
        WorkspaceError: a later version of agent-ls wrote it.
    """
    body, tail = line[:-_TAIL], line[-_TAIL:]
    alone, linked = (_CRC + b'%08x"}' % zlib.crc32(body, begin) for begin in (0, link))
    if tail not in (alone, linked):
        return None
    try:
        fields = json.loads((body + b"}").decode("utf-8", "surrogatepass"))
        if fields["v"] > VERSION:
            raise WorkspaceError(
                "This job was written by a later version of agent-ls",
                kept="It is left as it is",
                remedy="Use that version for it",
            )
        if tail != (alone if fields["v"] == 1 else linked):
            return None
        kind, value = str(fields["kind"]), fields["value"]
        known = RECORD_TYPES.get(kind)
        record = from_json(known, value) if known is not None else None
        return Entry(int(fields["seq"]), float(fields["at"]), kind, value, record)
    except (CodecError, ValueError, KeyError, TypeError):
        return None


def _keep_aside(path: Path, size: int) -> None:
    rest = path.read_bytes()[size:]
    aside = path.with_suffix(".damaged")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(rest)


def _unwritten(reason: str) -> WorkspaceError:
    return WorkspaceError(
        f"The job's journal could not be written: {reason}",
        kept="Everything recorded so far is kept, your files are untouched",
        remedy="Make room in the state directory, then resume the job",
    )
