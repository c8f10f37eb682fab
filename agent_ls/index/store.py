"""The fact store: one SQLite file per workspace, written by one process, read by any.

WAL: readers never wait for the writer. The file holds nothing that cannot be found again, so a
damaged or older one is thrown away and made anew. Name rows are shared by uses, definitions and
search terms; offsets are packed per (name, file).
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from operator import itemgetter
from pathlib import Path
from typing import Any, final

from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath
from agent_ls.index.names import stem_of
from agent_ls.index.packed import PackedFile, pack_offsets, unpack_offsets

SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, stem TEXT NOT NULL, language TEXT NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, hash TEXT NOT NULL, lines INTEGER NOT NULL,
    terms INTEGER NOT NULL, symbols INTEGER NOT NULL, refs INTEGER NOT NULL, reason TEXT NOT NULL,
    facts BLOB NOT NULL, line_table BLOB NOT NULL, names BLOB NOT NULL
);
CREATE INDEX files_by_stem ON files (stem);
CREATE TABLE names (name TEXT PRIMARY KEY, id INTEGER NOT NULL) WITHOUT ROWID;
CREATE UNIQUE INDEX names_by_id ON names (id);
CREATE TABLE postings (
    name INTEGER NOT NULL, file INTEGER NOT NULL, weight INTEGER NOT NULL, uses BLOB,
    PRIMARY KEY (name, file)
) WITHOUT ROWID;
CREATE TABLE definitions (name INTEGER NOT NULL, file INTEGER NOT NULL, PRIMARY KEY (name, file)) WITHOUT ROWID;
CREATE TABLE imports (
    tail TEXT NOT NULL, file INTEGER NOT NULL, module TEXT NOT NULL, PRIMARY KEY (tail, file, module)
) WITHOUT ROWID;
CREATE INDEX imports_by_file ON imports (file);
"""


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
        self._names: dict[str, int] = {}

    def close(self) -> None:
        self._db.close()

    def rebuild(self) -> None:
        """Start again from nothing."""
        self._db.close()
        _remove(self.db)
        self._db = self._open()
        self._names.clear()

    def known(self) -> dict[RelPath, Known]:
        """Every file in the store; one quick statement."""
        rows = self._ask("SELECT path, size, mtime_ns, hash, reason FROM files")
        return {
            RelPath(path): Known(size, mtime, digest, reason) for path, size, mtime, digest, reason in rows
        }

    def put(self, files: Iterable[PackedFile]) -> None:
        """Replace the facts of files, in one transaction. Quickest for many at once."""
        with self._transaction() as db:
            postings: list[tuple[int, int, int, bytes | None]] = []
            definitions: list[tuple[int, int]] = []
            for file in files:
                self._put(db, file, postings, definitions)
            # In key order, neighbours go to the same page.
            db.executemany("INSERT INTO postings VALUES (?, ?, ?, ?)", sorted(postings, key=itemgetter(0, 1)))
            db.executemany("INSERT INTO definitions VALUES (?, ?)", sorted(definitions))

    def touch(self, files: Iterable[tuple[RelPath, int, int]]) -> None:
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
        """Drop names that nothing uses any more and fold the log into the file."""
        with self._transaction() as db:
            db.execute(
                "DELETE FROM names WHERE id NOT IN (SELECT name FROM postings)"
                " AND id NOT IN (SELECT name FROM definitions)"
            )
        self._names.clear()
        self._db.execute("PRAGMA wal_checkpoint(PASSIVE)")

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

    def _ask(self, statement: str) -> list[Any]:
        try:
            return self._db.execute(statement).fetchall()
        except sqlite3.DatabaseError as error:
            raise _said(error) from None

    @contextlib.contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        try:
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
        except sqlite3.DatabaseError as error:
            self._names.clear()  # some were rolled back
            raise _said(error) from None

    def _put(
        self,
        db: sqlite3.Connection,
        file: PackedFile,
        postings: list[tuple[int, int, int, bytes | None]],
        definitions: list[tuple[int, int]],
    ) -> None:
        self._remove(db, RelPath(file.path))
        names = self._ids(db, [name for name, _, _ in file.postings])
        defined = self._ids(db, file.defined)
        row = db.execute(
            "INSERT INTO files VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                file.path, stem_of(RelPath(file.path)), file.language, file.size, file.mtime_ns, file.hash,
                file.lines, file.terms, file.symbols, file.references, file.reason, file.facts, file.line_table,
                pack_offsets(sorted({*names, *defined})),
            ),
        ).lastrowid  # fmt: skip
        assert row is not None  # noqa: S101 - an insert has a row
        postings += [
            (name, row, weight, uses or None)
            for name, (_, weight, uses) in zip(names, file.postings, strict=True)
        ]
        definitions += [(name, row) for name in defined]
        db.executemany(
            "INSERT OR IGNORE INTO imports VALUES (?, ?, ?)",
            [(tail, row, module) for tail, module in file.imports],
        )

    def _remove(self, db: sqlite3.Connection, path: RelPath) -> None:
        found = db.execute("SELECT id, names FROM files WHERE path = ?", (path,)).fetchone()
        if found is None:
            return
        row, names = found
        pairs = [(name, row) for name in unpack_offsets(names)]
        db.executemany("DELETE FROM postings WHERE name = ? AND file = ?", pairs)
        db.executemany("DELETE FROM definitions WHERE name = ? AND file = ?", pairs)
        db.execute("DELETE FROM imports WHERE file = ?", (row,))
        db.execute("DELETE FROM files WHERE id = ?", (row,))

    def _ids(self, db: sqlite3.Connection, names: Sequence[str]) -> list[int]:
        """Ids of names; new ones are given to those that have none. Ids stay in memory while open."""
        known = self._names
        for name in names:
            if name not in known:
                found = db.execute("SELECT id FROM names WHERE name = ?", (name,)).fetchone()
                if found is not None:
                    known[name] = found[0]
        fresh = [name for name in names if name not in known]
        if fresh:
            first = 1 + db.execute("SELECT coalesce(max(id), 0) FROM names").fetchone()[0]
            known.update(zip(fresh, count(first), strict=False))
            db.executemany("INSERT INTO names VALUES (?, ?)", [(name, known[name]) for name in fresh])
        return [known[name] for name in names]


def _connect(db: Path) -> sqlite3.Connection:
    """Open the store, with its tables.

    Raises:
        DamagedStoreError: it is of another version, or no store.
    """
    connection = sqlite3.connect(db, isolation_level=None, timeout=5.0)
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
