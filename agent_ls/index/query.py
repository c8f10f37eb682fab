"""Questions to the fact store, each quick and bounded: safe on the server's loop.

A store that is missing, damaged or of another version answers as an empty one; the indexer
makes it anew.
"""

from __future__ import annotations

import sqlite3
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, final

from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.index.aliases import Aliases, aliases_from
from agent_ls.index.corpus import Corpus
from agent_ls.index.facts import Definition, Import
from agent_ls.index.history import History
from agent_ls.index.history_file import history_path, read_history
from agent_ls.index.imports import means, tails
from agent_ls.index.lists import ListReader, fuzzy_pattern
from agent_ls.index.mentions import Mentions, RefHit, UsesInFile
from agent_ls.index.names import is_test, kin_stem, stem_of
from agent_ls.index.packed import FactsOfFile, unpack_facts
from agent_ls.index.postings import Kind
from agent_ls.index.sketch import SketchReader
from agent_ls.index.store import SCHEMA_VERSION, read_meta
from agent_ls.index.uses import find_packed

_MOST_NAMES = 1000
_MOST_DEFINING = 2000


@final
@dataclass(frozen=True, slots=True)
class Hit:
    """A definition and where it is; ``line`` is 1-based."""

    path: RelPath
    line: int
    definition: Definition


@final
@dataclass(frozen=True, slots=True)
class IndexStatus:
    """What the store holds, as of the last finished run.

    ``building``: an indexer is at work; ``done`` of ``total`` new or changed files are in, of the
    first ``named`` the names of definitions can be found, of the rest nothing is known yet.
    """

    files: int = 0
    lines: int = 0
    symbols: int = 0
    references: int = 0
    languages: Mapping[str, int] = field(default_factory=dict[str, int])
    skipped: Mapping[str, int] = field(default_factory=dict[str, int])
    building: bool = False
    done: int = 0
    total: int = 0
    named: int = 0


@final
class Index:
    """A reader of one workspace's facts. Use from one thread; holds no transaction between calls."""

    def __init__(self, db: Path) -> None:
        self._path = db
        self._db: sqlite3.Connection | None = None
        self._inode = 0
        self._lists = ListReader(self._rows)
        self._sketches = SketchReader(self._rows)
        self._corpus: tuple[object, Corpus] | None = None

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def definitions(
        self, name: str, *, prefix: bool = False, fuzzy: bool = False, limit: int = 50
    ) -> list[Hit]:
        """Where a name is defined; ``A.b`` asks for ``b`` inside ``A``.

        ``prefix`` and ``fuzzy`` (letters in order, any case) take the shortest names first.
        ~0.1 ms per file with a hit.
        """
        container, _, last = name.rpartition(".")
        names = self._names_like(last, limit, fuzzy=fuzzy) if prefix or fuzzy else [last]
        hits: list[Hit] = []
        for candidate in names:
            defining = self._reader().of(Kind.DEFINED, candidate, _MOST_DEFINING)
            for path, file in self._paths((file for file, _ in defining), limit):
                hits += [
                    Hit(path, definition.line + 1, definition)
                    for definition in self._facts_of(file).named(candidate)
                    if _inside(definition, container)
                ]
                if len(hits) >= limit:
                    break
            if len(hits) >= limit:
                break
        if len(hits) < limit and not container:
            hits += self._sketched(names, limit - len(hits))
        return hits[:limit]

    def references(self, name: str, limit: int = 200) -> list[RefHit]:
        """As `mentions`, at most so many of them."""
        return self.mentions(name, most=limit).page(limit)

    def mentions(self, name: str, most: int | None = None) -> Mentions:
        """All uses of a name, to be counted or looked at page by page; never its definitions.

        ``most``: read no more files than this, those that were indexed first. ~10 µs for each.
        """
        every = self._reader().of(Kind.USES, name, None if most is None else most + 1)
        using = dict(every[:most])
        defining = {file for file, _ in self._reader().of(Kind.DEFINED, name)}
        paths = self._paths(using)
        uses = dict(
            self._rows(f"SELECT file, uses FROM facts WHERE file IN ({_listed(file for _, file in paths)})")  # noqa: S608 - integers
        )
        found: list[tuple[UsesInFile, int]] = []
        for path, file in paths:
            own = Counter(self._facts_of(file).lines_defining(name)) if file in defining else None
            try:
                one = UsesInFile(path, file, find_packed(uses.get(file, b""), using[file]), own)
            except zlib.error:  # a damaged page
                continue
            if times := one.times():
                found.append((one, times))
        return Mentions(found, self._facts_of, whole=len(using) == len(every))

    def files_with(self, name: str, limit: int = 10_000) -> list[RelPath]:
        """Files that use or define a name, sorted."""
        found = {file for kind in (Kind.USES, Kind.DEFINED) for file, _ in self._reader().of(kind, name)}
        return [path for path, _ in self._paths(found, limit)]

    def definers(self, name: str, limit: int = 50) -> list[RelPath]:
        """Files that define a name, sorted."""
        found = self._reader().of(Kind.DEFINED, name)
        return [path for path, _ in self._paths((file for file, _ in found), limit)]

    def history(self) -> History:
        """What git tells about the files, as of the last refresh; kept until the indexer writes it anew."""
        return read_history(history_path(self._path))

    def outline(self, path: RelPath) -> list[Definition]:
        """All definitions of a file as it was indexed, in order."""
        return list(self._file(path).definitions)

    def symbol_at(self, path: RelPath, offset: int) -> Definition | None:
        """The innermost definition around a byte offset."""
        return enclosing(self._file(path).definitions, offset)

    def imports_of(self, path: RelPath) -> list[tuple[Import, list[RelPath]]]:
        """A file's imports, each with the files of the workspace that it can mean."""
        row = self._rows("SELECT language FROM files WHERE path = ?", (path,))
        if not row:
            return []
        language, aliases = row[0][0], self._aliases()
        result: list[tuple[Import, list[RelPath]]] = []
        for item in self._file(path).imports:
            meant = [item.module, *aliases.meant(language, path, item.module)]
            stems = sorted({stem for module in meant for stem in tails(language, module, item.names)})
            near = self._rows(
                f"SELECT path FROM files WHERE stem IN ({','.join('?' * len(stems))}) ORDER BY 1 LIMIT 5000",  # noqa: S608
                tuple(stems),
            )
            found = [RelPath(p) for (p,) in near if _means(aliases, language, path, item, RelPath(p))]
            result.append((item, found))
        return result

    def spelled(self, path: RelPath, language: str, imports: Iterable[Import]) -> tuple[Import, ...]:
        """Imports as they would be written without the names that the project's configuration gives to places."""
        aliases = self._aliases()
        return tuple(
            replace(item, module=module)
            for item in imports
            for module in (aliases.meant(language, path, item.module) or [item.module])
        )

    def importers(self, path: RelPath, limit: int = 500, among: int = 5000) -> list[RelPath]:
        """Files that import this one, as far as paths tell.

        Looks at no more than ``among`` files that import something of its name, ~0.2 ms each.
        """
        aliases = self._aliases()
        stems = ({stem_of(path), path.rpartition("/")[0].rpartition("/")[2]} - {""}) | aliases.stems(path)
        near = {file for stem in stems for file, _ in self._reader().of(Kind.TAILS, stem)[:among]}
        rows = self._rows(
            "SELECT f.path, f.language, x.facts FROM files f JOIN facts x ON x.file = f.id"  # noqa: S608
            f" WHERE f.id IN ({_listed(near)})"
        )
        found = [
            RelPath(importer)
            for importer, language, facts in rows
            if importer != path
            and any(_means(aliases, language, RelPath(importer), i, path) for i in _facts(facts).imports)
        ]
        return sorted(found)[:limit]

    def tests_of(self, name_or_path: str, limit: int = 50) -> list[RelPath]:
        """Test files that use a name, or that import a file or are called after it."""
        if self._rows("SELECT 1 FROM files WHERE path = ?", (name_or_path,)):
            path = RelPath(name_or_path)
            found = {*self.importers(path), *self.namesakes(path)} - {path}
        else:
            found = set(self.files_with(name_or_path))
        return sorted(p for p in found if is_test(p))[:limit]

    def namesakes(self, path: RelPath, limit: int = 20) -> list[RelPath]:
        """Files that share a name with this one: its tests, its header, what it tests."""
        kin = kin_stem(path)
        rows = self._rows(
            "SELECT path FROM files WHERE stem IN (?, ?, ?, ?, ?, ?) ORDER BY 1 LIMIT ?",
            (kin, f"test_{kin}", f"{kin}_test", f"{kin}_tests", f"{kin}Test", f"{kin}Tests", limit),
        )
        return [RelPath(found) for (found,) in rows if found != path]

    def files(self) -> list[RelPath]:
        """Every indexed file, sorted."""
        return [
            RelPath(path) for (path,) in self._rows("SELECT path FROM files WHERE reason = '' ORDER BY 1")
        ]

    def hash_of(self, path: RelPath) -> str:
        """The content hash a file had when it was indexed, ``""`` for an unknown one."""
        rows = self._rows("SELECT hash FROM files WHERE path = ?", (path,))
        return rows[0][0] if rows else ""

    def status(self) -> IndexStatus:
        """Totals as of the last finished run, and how far a running one is."""
        connection = self._connection()
        if connection is None:
            return IndexStatus()
        try:
            meta = read_meta(connection)
        except (sqlite3.DatabaseError, ValueError):
            return IndexStatus()
        totals, progress = meta.get("totals", {}), meta.get("progress", [])
        return IndexStatus(
            files=totals.get("files", 0),
            lines=totals.get("lines", 0),
            symbols=totals.get("symbols", 0),
            references=totals.get("references", 0),
            languages=totals.get("languages", {}),
            skipped=totals.get("skipped", {}),
            building=bool(progress),
            **dict(zip(("done", "total", "named"), progress, strict=False)),
        )

    def lists(self, kind: Kind, names: Iterable[str]) -> dict[str, tuple[array[int], array[int]]]:
        """File ids of names, and what stands beside each; a file may come several times."""
        return self._reader().many(kind, names)

    def corpus(self) -> Corpus:
        """All files by their ids; kept until another process writes. ~1 µs per file."""
        version = self._rows("PRAGMA data_version")
        if self._corpus is None or (self._inode, version) != self._corpus[0]:
            rows = self._rows("SELECT id, path, terms FROM files WHERE reason = ''")
            self._corpus = (self._inode, version), Corpus.of(rows)
        return self._corpus[1]

    def _names_like(self, text: str, limit: int, *, fuzzy: bool) -> list[str]:
        if fuzzy:
            names = self._reader().fuzzy(text) | self._sketches.like(fuzzy_pattern(text), _MOST_NAMES)
        else:
            names = self._reader().prefixed(text) | self._sketches.starting(text, _MOST_NAMES)
        return sorted(names, key=lambda name: (len(name), name))[:limit]

    def _sketched(self, names: Sequence[str], limit: int) -> list[Hit]:
        """Lines that look like definitions, in files that a first index run has not come to yet."""
        hits: list[Hit] = []
        for found in chain.from_iterable(self._sketches.find(name, limit) for name in names):
            if not self._rows("SELECT 1 FROM files WHERE path = ?", (found.path,)):
                span = Span(found.start, found.start + len(found.name.encode()))
                definition = Definition(found.name, "", span, span, found.text, line=found.line)
                hits.append(Hit(found.path, found.line + 1, definition))
            if len(hits) >= limit:
                break
        return hits

    def _reader(self) -> ListReader:
        """The lists of the store as it is now."""
        self._connection()
        return self._lists

    def _paths(self, files: Iterable[int], most: int = -1) -> list[tuple[RelPath, int]]:
        """Path and number of the first files of these, in order of path."""
        rows = self._rows(
            f"SELECT path, id FROM files WHERE id IN ({_listed(files)}) ORDER BY path LIMIT ?",  # noqa: S608 - integers
            (most,),
        )
        return [(RelPath(path), file) for path, file in rows]

    def _facts_of(self, file: int) -> FactsOfFile:
        rows = self._rows("SELECT facts FROM facts WHERE file = ?", (file,))
        return _facts(rows[0][0]) if rows else FactsOfFile()

    def _file(self, path: RelPath) -> FactsOfFile:
        rows = self._rows(
            "SELECT x.facts FROM files f JOIN facts x ON x.file = f.id WHERE f.path = ?", (path,)
        )
        return _facts(rows[0][0]) if rows else FactsOfFile()

    def _aliases(self) -> Aliases:
        rows = self._rows("SELECT value FROM meta WHERE key = 'aliases'")
        return aliases_from(rows[0][0] if rows else "")

    def _rows(self, statement: str, values: tuple[object, ...] = ()) -> list[Any]:
        connection = self._connection()
        if connection is None:
            return []
        try:
            return connection.execute(statement, values).fetchall()
        except sqlite3.DatabaseError:
            self.close()
            return []

    def _connection(self) -> sqlite3.Connection | None:
        """The open store; opened again when the indexer has made a new one."""
        try:
            inode = self._path.stat().st_ino
        except OSError:
            self.close()
            return None
        if self._db is None or inode != self._inode:
            self.close()
            self._db = _open(self._path)
            self._inode = inode
            self._lists = ListReader(self._rows)
            self._sketches = SketchReader(self._rows)
        return self._db


def _means(aliases: Aliases, language: str, importer: RelPath, item: Import, target: RelPath) -> bool:
    """Whether an import means a file, also by the names that the repository itself gives."""
    if means(language, importer, item.module, item.names, target):
        return not aliases.excludes(language, item.module, target)
    modules = aliases.meant(language, importer, item.module)
    return any(means(language, importer, module, item.names, target) for module in modules)


def _listed(ids: Iterable[int]) -> str:
    return ",".join(map(str, ids))


def _open(path: Path) -> sqlite3.Connection | None:
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=0.2
        )
        connection.execute("PRAGMA cache_size = -4096")
        if connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION:
            return connection
        connection.close()
    except sqlite3.DatabaseError:
        pass
    return None


@lru_cache(maxsize=64)
def _facts(packed: bytes) -> FactsOfFile:
    try:
        return unpack_facts(packed)
    except (zlib.error, ValueError):  # a damaged page
        return FactsOfFile()


def enclosing(definitions: Iterable[Definition], offset: int) -> Definition | None:
    """The innermost of a text's definitions around an offset."""
    best: Definition | None = None
    for definition in definitions:
        if definition.span.start > offset:
            break
        if offset < definition.span.end or offset == definition.name_span.end:
            best = definition
    return best


def _inside(definition: Definition, container: str) -> bool:
    return not container or f".{definition.container}".endswith(f".{container}")
