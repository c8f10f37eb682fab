"""The whole way: host and parse workers as processes, on real folders."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import psutil
import pytest

from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath
from agent_ls.index.indexer import Indexer
from agent_ls.index.query import Index
from agent_ls.index.report import IndexReport

Start = Callable[[], AbstractAsyncContextManager[Indexer]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "pkg").mkdir(parents=True)
    (root / "pkg" / "a.py").write_text("def alpha(): pass\n")
    (root / "pkg" / "b.py").write_text("from pkg.a import alpha\nalpha()\n")
    (root / "c.go").write_text("package c\n\nfunc Gamma() {}\n")
    (root / "notes.txt").write_text("nothing\n")
    return root


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "state" / "index.db"


@pytest.fixture
def start(root: Path, db: Path) -> Start:
    @asynccontextmanager
    async def started() -> AsyncIterator[Indexer]:
        indexer = Indexer(root, db, db.parent, os.environ)
        try:
            yield indexer
        finally:
            await indexer.close()

    return started


def names(db: Path, *wanted: str) -> list[int]:
    index = Index(db)
    found = [len(index.definitions(name)) for name in wanted]
    index.close()
    return found


async def test_cold_then_warm(start: Start, db: Path) -> None:
    async with start() as indexer:
        cold = await indexer.refresh()
        warm = await indexer.refresh()
    assert (cold.files, cold.parsed, cold.reused, cold.symbols) == (3, 3, 0, 2)
    assert cold.languages == {"python": 2, "go": 1}
    assert cold.skipped == {"no grammar": 1}
    assert (warm.files, warm.parsed, warm.reused) == (3, 0, 3)
    assert names(db, "alpha", "Gamma") == [1, 1]
    keys = (
        "files lines bytes symbols references languages skipped parsed reused wall_s cpu_s peak_rss_mb db_mb"
    )
    assert list(cold.to_json()) == keys.split()


async def test_changes_on_disk(start: Start, root: Path, db: Path) -> None:
    async with start() as indexer:
        await indexer.refresh()
        (root / "pkg" / "a.py").write_text("def other(): pass\ndef more(): pass\n")
        (root / "c.go").unlink()
        (root / "d.ts").write_text("export class Delta {}\n")
        report = await indexer.refresh()
        assert (report.parsed, report.reused, report.files) == (2, 1, 3)
        assert names(db, "alpha", "other", "Gamma", "Delta") == [0, 1, 0, 1]
        os.utime(root / "d.ts", (1, 1))
        touched = await indexer.refresh()
        assert (touched.parsed, names(db, "Delta")) == (1, [1])


async def test_named_paths_only(start: Start, root: Path, db: Path) -> None:
    async with start() as indexer:
        await indexer.refresh()
        (root / "pkg" / "a.py").write_text("def other(): pass\n")
        (root / "e.py").write_text("def unseen(): pass\n")
        (root / "c.go").unlink()
        report = await indexer.refresh([RelPath("pkg/a.py"), RelPath("c.go")])
        assert report.skipped == {"no grammar": 1}
        assert names(db, "other", "unseen", "Gamma") == [1, 0, 0]
        await indexer.refresh([RelPath("pkg")])  # a folder: everything is walked
        assert names(db, "unseen") == [1]


async def test_ignore_rules_hold_for_named_paths(start: Start, root: Path, db: Path) -> None:
    (root / ".git").mkdir()
    async with start() as indexer:
        await indexer.refresh()
        (root / ".gitignore").write_text("c.go\n")
        await indexer.refresh([RelPath("c.go")])
    assert names(db, "Gamma", "alpha") == [0, 1]


async def test_rebuild_parses_again(start: Start, db: Path) -> None:
    async with start() as indexer:
        await indexer.refresh()
        report = await indexer.refresh(rebuild=True)
    assert (report.parsed, names(db, "alpha")) == (3, [1])


@pytest.mark.parametrize("damage", [b"not a database at all " * 400, b"", None])
async def test_a_damaged_store_is_made_anew(start: Start, db: Path, damage: bytes | None) -> None:
    async with start() as indexer:
        await indexer.refresh()
    for end in ("-wal", "-shm"):
        Path(f"{db}{end}").unlink(missing_ok=True)
    if damage is None:  # a page in the middle
        data = bytearray(db.read_bytes())
        data[4096:12288] = b"\x5a" * 8192
        damage = bytes(data)
    db.write_bytes(damage)
    assert Index(db).definitions("alpha") == []
    async with start() as indexer:
        report = await indexer.refresh()
    assert (report.files, names(db, "alpha")) == (3, [1])


async def test_another_version_is_made_anew(start: Start, db: Path) -> None:

    async with start() as indexer:
        await indexer.refresh()
    connection = sqlite3.connect(db)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert Index(db).files() == []
    async with start() as indexer:
        assert (await indexer.refresh()).parsed == 3


async def test_odd_files_are_counted(start: Start, root: Path, db: Path) -> None:
    (root / "min.js").write_text("x;" * 30_000)
    (root / "nul.py").write_bytes(b"x = 1\0\n")
    (root / "broken.py").write_bytes(b"def ok(): pass\ndef (\xff:\n")
    (root / "empty.py").write_bytes(b"")
    os.mkfifo(root / "pipe.py")
    async with start() as indexer:
        report = await indexer.refresh()
        again = await indexer.refresh()
    assert {reason: report.skipped[reason] for reason in ("binary", "minified", "special")} == {
        "binary": 1,
        "minified": 1,
        "special": 1,
    }
    assert again.parsed == 0
    assert names(db, "ok") == [1]


async def test_one_writer_at_a_time(start: Start, db: Path) -> None:
    async with start() as indexer:
        first = await indexer.refresh()
        with Path(f"{db}.lock").open("r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            second = await indexer.refresh()
    assert not first.busy
    assert second == IndexReport(busy=True)
    assert "busy" in second.to_json()
    assert "busy" not in first.to_json()


async def test_a_killed_host_is_replaced(start: Start, root: Path, db: Path) -> None:
    async with start() as indexer:
        await indexer.refresh()
        [host] = psutil.Process().children()
        host.send_signal(signal.SIGKILL)
        host.wait(10)
        (root / "new.py").write_text("def fresh(): pass\n")
        report = await indexer.refresh()
    assert (report.parsed, names(db, "fresh")) == (1, [1])


async def test_a_host_killed_in_the_middle_loses_nothing(start: Start, root: Path, db: Path) -> None:
    for i in range(300):
        (root / f"m{i}.py").write_text(f"def function_{i}(): pass\n" * 50)
    started = asyncio.Event()
    async with start() as indexer:
        indexer._on_progress = lambda done, total: started.set()
        running = asyncio.create_task(indexer.refresh())
        await asyncio.wait_for(started.wait(), 30)
        for process in psutil.Process().children():
            process.kill()
        report = await running
    assert report.files == 303
    assert names(db, "function_0", "function_299") == [50, 50]


async def test_closing_ends_every_process(start: Start) -> None:
    async with start() as indexer:
        await indexer.refresh()
        processes = psutil.Process().children(recursive=True)
        assert len(processes) >= 2
    # The host's own children leave with their stdin: a moment after it.
    _, alive = psutil.wait_procs(processes, timeout=2)
    assert alive == []


async def test_a_missing_folder_is_a_clear_error(tmp_path: Path) -> None:
    indexer = Indexer(tmp_path / "nowhere", tmp_path / "s" / "index.db", tmp_path / "s", os.environ)
    try:
        with pytest.raises(WorkspaceError, match="cannot be read as a folder"):
            await indexer.refresh()
    finally:
        await indexer.close()


async def test_a_full_disk_is_said(tmp_path: Path, root: Path, db: Path) -> None:

    from agent_ls.index.store import Store, _said

    store = Store(db)
    store._db.execute("PRAGMA max_page_count = 20")
    with pytest.raises(WorkspaceError) as caught:
        store.say(**{f"key{i}": "x" * 5000 for i in range(100)})
    assert caught.value.what == "The disk that holds the index is full"
    assert "full" in _said(sqlite3.OperationalError("database or disk is full")).what
    store.say(small=1)
    assert store.meta()["small"] == 1
    store.close()


async def test_open_files_and_their_folders_come_first(root: Path, db: Path) -> None:
    for i in range(40):
        for folder in ("a", "m", "z"):
            (root / folder).mkdir(exist_ok=True)
            (root / folder / f"f{i}.py").write_text(f"def f{i}(): pass\n")
    indexer = Indexer(root, db, db.parent, os.environ)
    try:
        await indexer.refresh(first=[RelPath("m/f7.py")])
    finally:
        await indexer.close()
    with contextlib.closing(sqlite3.connect(db)) as store:
        paths = [path for (path,) in store.execute("SELECT path FROM files ORDER BY id LIMIT 41")]
    assert paths[0] == "m/f7.py"
    assert {path.partition("/")[0] for path in paths[:40]} == {"m"}
    assert paths[40] == "a/f0.py"


async def test_what_lies_behind_a_link_stays_outside(start: Start, root: Path, db: Path) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "x.py").write_text("def beyond(): pass\n")
    (root / "link").symlink_to(outside)
    async with start() as indexer:
        await indexer.refresh([RelPath("link/x.py")])
        assert names(db, "beyond") == [0]
        await indexer.refresh(first=[RelPath("link/x.py")])
    assert names(db, "beyond", "alpha") == [0, 1]
