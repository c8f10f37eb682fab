"""The journal: what is acknowledged is there, whatever happened to the process or the file."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_ls.core.attempt import DraftFile, TurnDone
from agent_ls.core.errors import WorkspaceError
from agent_ls.core.job import Budget, JobState, Site, Spent, Usage
from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.jobs.fold import fold
from agent_ls.jobs.journal import Journal, read
from agent_ls.jobs.records import RECORD_TYPES, Ended, Record, Resumed, Told
from tests.support.children import ended, first_line

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def append(path: Path, *records: Record) -> None:
    journal, _ = Journal.open(path)
    for number, record in enumerate(records):
        journal.append(record, float(number))
    journal.close()


def test_what_is_written_is_read_and_nobody_else_may(path: Path) -> None:
    draft = (DraftFile(RelPath("a\udc80.py"), None, "0" * 64),)
    turn = TurnDone(1, [{"type": "text", "text": "é\r\n\u2028"}], [], "end_turn", Usage(1, 2), 0.5, {}, draft)
    append(path, Told("a"), turn)
    append(path, Ended(JobState.CANCELLED, "why"))
    assert [e.record for e in read(path).entries] == [Told("a"), turn, Ended(JobState.CANCELLED, "why")]
    assert [e.seq for e in read(path).entries] == [0, 1, 2]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_torn_last_line_is_passed_over_and_cut_at_the_next_append(path: Path) -> None:
    append(path, Told("a"), Told("b"))
    whole = path.read_bytes()
    end_of_first = whole.index(b"\n") + 1
    for cut in range(end_of_first, len(whole)):
        path.write_bytes(whole[:cut])
        reading = read(path)
        assert [e.record for e in reading.entries] == [Told("a")]
        assert (reading.torn, reading.damage) == (cut > end_of_first, "")
        append(path, Told("c"))
        assert [e.record for e in read(path).entries] == [Told("a"), Told("c")]
    assert not path.with_suffix(".damaged").exists()


@settings(max_examples=40, deadline=None)
@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_flipped_bit_is_never_read_as_something_else(
    tmp_path_factory: pytest.TempPathFactory, at: int, bit: int
) -> None:
    path = tmp_path_factory.mktemp("flip") / "journal.jsonl"
    records = [Told(f"text {n}") for n in range(5)]
    append(path, *records)
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1 << bit
    path.write_bytes(data)
    seen = [e.record for e in read(path).entries]
    assert seen == records[: len(seen)]
    assert len(seen) < len(records)


def test_what_follows_damage_is_kept_aside(path: Path) -> None:
    append(path, Told("a"), Told("b"), Told("c"))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1].replace(b"b", b"X") + lines[2])
    assert read(path).damage == "record 1 does not read"
    append(path, Told("d"))
    assert [e.record for e in read(path).entries] == [Told("a"), Told("d")]
    assert path.with_suffix(".damaged").read_bytes().endswith(lines[2])


def test_unknown_kinds_are_passed_over_and_later_formats_refused(path: Path) -> None:
    import zlib

    def line(body: bytes) -> bytes:
        return body + b',"crc":"%08x"}\n' % zlib.crc32(body)

    path.write_bytes(line(b'{"v":1,"seq":0,"at":1,"kind":"Later","value":{"x":1}'))
    append(path, Told("a"))
    assert [(e.kind, e.record) for e in read(path).entries] == [("Later", None), ("Told", Told("a"))]
    path.write_bytes(line(b'{"v":3,"seq":0,"at":1,"kind":"Told","value":{}'))
    with pytest.raises(WorkspaceError, match="later version"):
        read(path)


def test_a_journal_of_version_1_is_read_and_goes_on(path: Path) -> None:
    path.write_bytes((GOLDEN / "journal-1.jsonl").read_bytes())
    assert [e.kind for e in read(path).entries if e.record is None] == []
    append(path, Resumed(Budget()), Told("more"))
    reading = read(path)
    assert (reading.damage, reading.torn) == ("", False)
    job = fold(reading.entries)
    assert job is not None
    assert (job.state, job.told, job.summary) == (JobState.QUEUED, ("more",), "Fixed.")
    assert job.spent == Spent(2, Usage(100, 20, 50, 10), 0.02, 1)
    assert job.request.intent.site == Site(RelPath("src/calc.py"), Span(0, 10))


def test_a_journal_of_this_version_stays_readable() -> None:
    reading = read(GOLDEN / "journal-2.jsonl")
    assert (reading.damage, reading.torn) == ("", False)
    older = [entry.record for entry in read(GOLDEN / "journal-1.jsonl").entries]
    assert [entry.record for entry in reading.entries][: len(older)] == older
    assert {entry.kind for entry in reading.entries} == set(RECORD_TYPES), "it holds every kind"


@pytest.mark.parametrize("how", ["of another journal", "swapped", "left out"])
def test_a_whole_line_that_does_not_belong_there_is_damage(path: Path, tmp_path: Path, how: str) -> None:
    append(path, Told("a"), Told("b"), Told("c"), Told("d"))
    lines = path.read_bytes().splitlines(keepends=True)
    other = tmp_path / "other.jsonl"
    append(other, Told("x"), Told("y"), Told("z"))
    foreign = other.read_bytes().splitlines(keepends=True)
    changed = {
        "of another journal": [*lines[:2], foreign[2], lines[3]],
        "swapped": [lines[0], lines[2], lines[1], lines[3]],
        "left out": [lines[0], *lines[2:]],
    }[how]
    path.write_bytes(b"".join(changed))
    reading = read(path)
    assert reading.damage
    assert [e.record for e in reading.entries] == [Told("a"), Told("b")][: len(reading.entries)]


def test_reading_goes_on_where_it_stopped(path: Path) -> None:
    append(path, Told("a"))
    first = read(path)
    append(path, Told("b"))
    more = read(path, first.size, len(first.entries), first.link)
    assert [e.record for e in more.entries] == [Told("b")]


def test_a_full_disk_is_a_sentence_and_leaves_whole_lines(path: Path) -> None:
    import resource

    journal, _ = Journal.open(path)
    journal.append(Told("a"), 0.0)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 50, before[1]))
    try:
        with pytest.raises(WorkspaceError, match="could not be written") as full:
            journal.append(Told("b" * 1000), 1.0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert "kept" in full.value.kept
    journal.append(Told("c"), 2.0)
    assert [e.record for e in read(path).entries] == [Told("a"), Told("c")]
    assert not read(path).torn


def test_a_writer_killed_in_the_middle_leaves_a_journal_that_goes_on(path: Path) -> None:
    for _ in range(5):
        writer = subprocess.Popen(
            [sys.executable, "-m", "tests.support.journal_writer", str(path)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        first_line(writer, "the writer")
        size, deadline = path.stat().st_size, time.monotonic() + 20
        while path.stat().st_size < size + 20_000 and time.monotonic() < deadline:
            pass
        writer.kill()
        ended(writer, "the writer")
        reading = read(path)
        assert not reading.damage
        assert [entry.seq for entry in reading.entries] == list(range(len(reading.entries)))
    append(path, Told("the end"))
    assert read(path).entries[-1].record == Told("the end")
