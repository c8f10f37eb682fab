"""The fact store: one SQLite file per workspace, written by one process, read by any.

WAL: readers never wait for the writer. The file holds nothing that cannot be found again, so a
damaged or older one is thrown away and made anew. Per file there is one short row and one of
packed facts; from names to files lead the sorted blocks of `postings`.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import zlib
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath
from agent_ls.index import postings
from agent_ls.index.packed import PackedFile
from agent_ls.index.parts import Part, PartMaker
from agent_ls.index.postings import Kind, Lists
from agent_ls.index.sketch import pack_sketches

SCHEMA_VERSION = 6

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files (
    id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, stem TEXT NOT NULL, language TEXT NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, hash TEXT NOT NULL, lines INTEGER NOT NULL,
    terms INTEGER NOT NULL, symbols INTEGER NOT NULL, refs INTEGER NOT NULL, reason TEXT NOT NULL
);
CREATE INDEX files_by_stem ON files (stem);
CREATE TABLE facts (file INTEGER PRIMARY KEY, facts BLOB NOT NULL, uses BLOB NOT NULL);
CREATE TABLE segments (id INTEGER PRIMARY KEY AUTOINCREMENT, files INTEGER NOT NULL);
CREATE TABLE blocks (segment INTEGER NOT NULL, kind INTEGER NOT NULL, first BLOB NOT NULL, block BLOB NOT NULL);
CREATE UNIQUE INDEX blocks_by_name ON blocks (kind, segment, first);
CREATE TABLE gone (file INTEGER PRIMARY KEY);
CREATE TABLE sketches (
    id INTEGER PRIMARY KEY AUTOINCREMENT, hashes BLOB NOT NULL, names BLOB NOT NULL, records BLOB NOT NULL
);
"""

_MOST_OF_A_LEVEL = 16
_PATIENCE_MS = 5000


@final
@dataclass(frozen=True, slots=True)
class Known:
    """What the store remembers of a file's state on disk."""

    size: int
    mtime_ns: int
    hash: str
    reason: str


@final
class DamagedStoreError(WorkspaceError):
    """The file is no store of this version; `Store.rebuild` makes it anew."""


@final
class Store:
    """The writer's side. Use from one thread of one process that holds the workspace's index lock.

    Raises from every method:
        WorkspaceError: the disk is full or the state directory cannot be written.
    """

    def __init__(self, db: Path) -> None:
        self.db = db
        self._db = self._open()

    def close(self) -> None:
        self._db.close()

    def rebuild(self) -> None:
        """Start again from nothing."""
        self._db.close()
        _remove(self.db)
        self._db = self._open()

    def known(self, paths: Iterable[RelPath] | None = None) -> dict[RelPath, Known]:
        """Every file in the store, or those of some paths; one quick statement."""
        statement = "SELECT path, size, mtime_ns, hash, reason FROM files"
        if paths is None:
            rows = self._ask(statement)
        else:
            rows = self._ask(
                f"{statement} WHERE path IN (SELECT value FROM json_each(?))",  # noqa: S608 - no value in it
                json.dumps(list(paths)),
            )
        return {
            RelPath(path): Known(size, mtime, digest, reason) for path, size, mtime, digest, reason in rows
        }

    def put(self, files: Iterable[PackedFile]) -> None:
        """Replace the facts of files, in one transaction. Cheapest for a thousand at once."""
        maker = PartMaker()
        for row, file in enumerate(files, self.next_row()):
            maker.add(row, file)
        self.put_part(maker.part())

    def next_row(self) -> int:
        """The number that the next file gets; numbers are never used again."""
        rows = self._ask("SELECT seq FROM sqlite_sequence WHERE name = 'files'")
        return rows[0][0] + 1 if rows else 1

    def put_part(self, part: Part) -> None:
        """Replace the facts of files by those of a part, in one transaction."""
        with self._transaction() as db:
            for _, path, *_ in part.files:
                self._remove(db, RelPath(path))
            db.executemany("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", part.files)
            db.executemany("INSERT INTO facts VALUES (?, ?, ?)", part.facts)
            if part.size:
                _write_segment(db, part.size, part.blocks)
                self._merge_full_levels(db)

    def sketch(self, records: Iterable[bytes]) -> None:
        """Add lines that look like definitions of files that are not parsed yet (see `sketch`)."""
        with self._transaction() as db:
            row = pack_sketches(records)
            db.execute("INSERT INTO sketches VALUES (NULL, ?, ?, ?)", (row.hashes, row.names, row.records))

    def drop_sketches(self) -> None:
        """All files are parsed."""
        with self._transaction() as db:
            db.execute("DELETE FROM sketches")

    def touch(self, files: Iterable[tuple[str, int, int]]) -> None:
        """Files whose bytes are as before have a new (path, size, mtime_ns)."""
        with self._transaction() as db:
            db.executemany(
                "UPDATE files SET size = ?, mtime_ns = ? WHERE path = ?",
                [(size, mtime_ns, path) for path, size, mtime_ns in files],
            )

    def remove(self, paths: Iterable[RelPath]) -> None:
        """Forget files."""
        with self._transaction() as db:
            for path in paths:
                self._remove(db, path)

    def totals(self) -> dict[str, Any]:
        """Sums over all files with facts, and the languages' line counts."""
        files, lines, size, symbols, refs = self._ask(
            "SELECT count(*), total(lines), total(size), total(symbols), total(refs) FROM files WHERE reason = ''"
        )[0]
        languages = dict(
            self._ask("SELECT language, count(*) FROM files WHERE reason = '' GROUP BY 1 ORDER BY 2 DESC, 1")
        )
        skipped = dict(self._ask("SELECT reason, count(*) FROM files WHERE reason != '' GROUP BY 1"))
        return {
            "files": files,
            "lines": int(lines),
            "bytes": int(size),
            "symbols": int(symbols),
            "references": int(refs),
            "languages": languages,
            "skipped": skipped,
        }

    def say(self, **values: object) -> None:
        """Record facts about the index itself, as JSON per key (see `query.Index.status`)."""
        with self._transaction() as db:
            db.executemany(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                [(key, json.dumps(value)) for key, value in values.items()],
            )

    def compact(self) -> None:
        """Drop what is left of files that are gone, if it is much, and fold the log into the file."""
        with self._transaction() as db:
            [(gone, all_files)] = db.execute(
                "SELECT (SELECT count(*) FROM gone), (SELECT total(files) FROM segments)"
            )
            if gone * 4 > all_files:
                self._merge(db, [segment for (segment,) in db.execute("SELECT id FROM segments")])
        # The log shrinks where no reader is in it just now; nobody waits for one.
        self._db.execute("PRAGMA busy_timeout = 0")
        with contextlib.suppress(sqlite3.OperationalError):
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self._db.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")

    def meta(self) -> Mapping[str, Any]:
        """What `say` recorded."""
        return read_meta(self._db)

    def size(self) -> int:
        """Bytes on disk, log included."""
        names = (self.db, Path(f"{self.db}-wal"))
        return sum(path.stat().st_size for path in names if path.exists())

    def _open(self) -> sqlite3.Connection:
        self.db.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            return _connect(self.db)
        except DamagedStoreError:
            _remove(self.db)
            return _connect(self.db)

    def _ask(self, statement: str, *values: str) -> list[Any]:
        try:
            return self._db.execute(statement, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise _said(error) from None

    @contextlib.contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        try:
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
        except sqlite3.DatabaseError as error:
            raise _said(error) from None

    def _remove(self, db: sqlite3.Connection, path: RelPath) -> None:
        found = db.execute("SELECT id, reason FROM files WHERE path = ?", (path,)).fetchone()
        if found is None:
            return
        row, reason = found
        if not reason:
            db.execute("INSERT INTO gone VALUES (?)", (row,))
            db.execute("DELETE FROM facts WHERE file = ?", (row,))
        db.execute("DELETE FROM files WHERE id = ?", (row,))

    def _merge_full_levels(self, db: sqlite3.Connection) -> None:
        while full := postings.full_levels(db.execute("SELECT id, files FROM segments"), _MOST_OF_A_LEVEL):
            self._merge(db, full[0])

    def _merge(self, db: sqlite3.Connection, segments: Sequence[int]) -> None:
        """Make one segment of several; an empty one is none."""
        gone = {file for (file,) in db.execute("SELECT file FROM gone")}
        lists: dict[Kind, Lists] = {}
        dropped: set[int] = set()
        for kind in Kind:
            lists[kind], lost = postings.merged(_read_segments(db, segments, kind), gone)
            dropped |= lost
        marks = ",".join(map(str, segments))
        [(size,)] = db.execute(f"SELECT total(files) FROM segments WHERE id IN ({marks})")  # noqa: S608 - integers
        db.execute(f"DELETE FROM blocks WHERE segment IN ({marks})")  # noqa: S608
        db.execute(f"DELETE FROM segments WHERE id IN ({marks})")  # noqa: S608
        db.executemany("DELETE FROM gone WHERE file = ?", [(file,) for file in dropped])
        if any(lists.values()):
            packed = [(kind, *block) for kind, found in lists.items() for block in postings.blocks(found)]
            _write_segment(db, max(1, int(size) - len(dropped)), packed)


def _write_segment(db: sqlite3.Connection, size: int, blocks: Iterable[tuple[int, bytes, bytes]]) -> None:
    segment = db.execute("INSERT INTO segments VALUES (NULL, ?)", (size,)).lastrowid
    db.executemany("INSERT INTO blocks VALUES (?, ?, ?, ?)", ((segment, *block) for block in blocks))


def _read_segments(db: sqlite3.Connection, segments: Sequence[int], kind: Kind) -> Iterator[postings.Block]:
    for segment in segments:
        rows = db.execute("SELECT block FROM blocks WHERE kind = ? AND segment = ?", (kind, segment))
        for (block,) in rows:
            try:
                yield postings.read_block(block)
            except (zlib.error, ValueError, IndexError) as error:
                raise DamagedStoreError(f"The index is damaged: {error}", remedy="It is made anew") from None


def _connect(db: Path) -> sqlite3.Connection:
    """Open the store, with its tables.

    Raises:
        DamagedStoreError: it is of another version, or no store.
    """
    connection = sqlite3.connect(db, isolation_level=None, timeout=_PATIENCE_MS / 1000)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -32768")
        if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
        _check(connection)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise _said(error) from None
    except DamagedStoreError:
        connection.close()
        raise
    db.chmod(0o600)
    return connection


def _check(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA user_version").fetchone()[0] != SCHEMA_VERSION:
        raise DamagedStoreError("The index was written by another version")
    connection.execute("SELECT count(*) FROM files").fetchone()


def _remove(db: Path) -> None:
    for end in ("", "-wal", "-shm"):
        Path(f"{db}{end}").unlink(missing_ok=True)


def _said(error: sqlite3.DatabaseError) -> WorkspaceError:
    words = str(error)
    if "full" in words:
        return WorkspaceError(
            "The disk that holds the index is full",
            kept="What was indexed before stays readable",
            remedy="Free some space and run agent-ls index",
        )
    if isinstance(error, sqlite3.OperationalError) and "malformed" not in words and "no such" not in words:
        return WorkspaceError(
            f"The index cannot be written: {error}",
            kept="What was indexed before stays readable",
            remedy="Check that the state directory is writable (agent-ls doctor shows it)",
        )
    return DamagedStoreError(f"The index is damaged: {error}", remedy="It is made anew")


def read_meta(connection: sqlite3.Connection) -> Mapping[str, Any]:
    """What `Store.say` recorded."""
    return {key: json.loads(value) for key, value in connection.execute("SELECT key, value FROM meta")}
