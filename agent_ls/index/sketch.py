"""Names before parsing: lines that look like definitions, found by regular expressions.

A first index run of a large tree takes its time; this reads and searches all of it for about a
tenth of that, so that names can be looked up meanwhile. A sketched file is replaced by its real
facts file by file; the sketch is dropped when the run is over. Imports no grammar.
"""

from __future__ import annotations

import re
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, final

from agent_ls.core.paths import RelPath

_LINE = rb"[^\n]*"
_JS = rb"\n[ \t]*(?:export +)?(?:default +)?(?:declare +|abstract +|async +)*(?:function\*?|class|interface|enum|type|namespace|const|let|var) +([\w$]+)"
_C = (
    rb"\n(?:[A-Za-z_][\w \t*&:<>,]*[ \t*&:])?([A-Za-z_]\w*)[ \t]*\([^;\n]*(?=\n)"
    rb"|\n[ \t]*(?:typedef +)?(?:struct|union|enum|class|namespace) +([A-Za-z_]\w*)(?=[^;\n]*\{)"
    rb"|\n[ \t]*#[ \t]*define[ \t]+([A-Za-z_]\w*)"
)
_PATTERNS: Mapping[str, bytes] = {
    "python": rb"\n[ \t]*(?:async +)?(?:def|class) +(\w+)",
    "javascript": _JS,
    "typescript": _JS,
    "tsx": _JS,
    "vue": _JS,
    "svelte": _JS,
    "go": rb"\n(?:func +(?:\([^)\n]*\) *)?|type +|var +|const +)(\w+)",
    "rust": rb"\n[ \t]*(?:pub(?:\([^)\n]*\))? +)?(?:(?:async|unsafe|const|default) +)*"
    rb"(?:fn|struct|enum|trait|type|mod|union|static|const|macro_rules!) +(\w+)",
    "java": rb"\n[ \t]*(?:(?:public|protected|private|static|final|abstract|default|sealed|synchronized) +)+"
    rb"(?:(?:class|interface|enum|record|@interface) +|[\w<>\[\],.?]+ +)?(\w+)(?=[ \t]*[({<=;]| extends| implements)",
    "c": _C,
    "cpp": _C,
    "csharp": rb"\n[ \t]*(?:(?:public|protected|private|internal|static|sealed|abstract|partial|readonly|virtual|override|async|const) +)+"
    rb"(?:(?:class|interface|enum|record|struct|delegate) +|[\w<>\[\],.?]+ +)?(\w+)(?=[ \t]*[({<=;:\r\n])",
    "ruby": rb"\n[ \t]*(?:def +(?:self\.)?|class +(?:\w+::)*|module +(?:\w+::)*)(\w+)",
    "php": rb"\n[ \t]*(?:(?:public|protected|private|static|final|abstract|readonly) +)*"
    rb"(?:function +&?|class +|interface +|trait +|enum +|const +)(\w+)",
    "bash": rb"\n[ \t]*(?:function +)?([\w-]+)[ \t]*\(\)|\n[ \t]*function +([\w-]+)",
    "kotlin": rb"\n[ \t]*(?:[a-z]+ +)*(?:fun +(?:<[^>\n]*> *)?(?:\w+\.)?|class +|interface +|object +|val +|var +|typealias +)(\w+)",
    "scala": rb"\n[ \t]*(?:[a-z]+ +)*(?:def|class|object|trait|enum|type|val|var) +(\w+)",
    "swift": rb"\n[ \t]*(?:[a-z]+ +)*(?:func|class|struct|enum|protocol|actor|typealias|let|var) +(\w+)",
    "lua": rb"\n[ \t]*(?:local +)?function +(?:[\w.]+[.:])?(\w+)",
    "elixir": rb"\n[ \t]*def(?:p|macrop?|module|protocol|guardp?|delegate)? +(?:\w+\.)*(\w+)",
}
# Every pattern starts with a line end: the engine then runs from line to line.
_COMPILED = {language: re.compile(pattern + _LINE) for language, pattern in _PATTERNS.items()}
_STARTS, _PARTS, _MOST_ROWS = (3, 6), 16, 200
_LONGEST_TEXT, _LONGEST_LINE, _SIGNATURE = 2_000_000, 400, 200


@final
@dataclass(frozen=True, slots=True)
class Sketched:
    """A line that looks like the definition of a name; ``line`` is 0-based, ``start`` that of the name."""

    name: str
    path: RelPath
    line: int
    start: int
    text: str


def sketch(data: bytes, path: RelPath, language: str) -> bytes:
    """What looks like a definition in one text, as records for `pack_sketches`; at most a few per line."""
    pattern = _COMPILED.get(language)
    if pattern is None or len(data) > _LONGEST_TEXT or b"\0" in data:
        return b""
    records: list[bytes] = []
    line, counted = 0, 0
    for match in pattern.finditer(b"\n" + data):
        found = match.lastindex
        if found is None or match.end() - match.start() > _LONGEST_LINE:
            continue
        start = match.start(found) - 1
        line += data.count(b"\n", counted, start)
        counted = start
        text = match[0].strip().replace(b"\x1f", b" ")[:_SIGNATURE]
        records.append(b"%b\x1f%b\x1f%d\x1f%d\x1f%b\n" % (match[found], path.encode(), line, start, text))
    return b"".join(records)


@final
@dataclass(frozen=True, slots=True)
class SketchRow:
    """Records of some files, as a row of the store.

    ``hashes``: of all their names and of how these start, sorted, 4 bytes each: a reader has those
    of all rows at hand and unpacks only rows that hold what it looks for. ``names``: each once,
    sorted, on lines. ``records``: in parts by the hashes of their names, with the parts' lengths in
    front, so that little is unpacked for one name.
    """

    hashes: bytes
    names: bytes
    records: bytes


def pack_sketches(records: Iterable[bytes]) -> SketchRow:
    """What `sketch` found in some files, as one row."""
    parts: list[list[bytes]] = [[] for _ in range(_PARTS)]
    hashes: dict[bytes, int] = {}
    for record in filter(None, b"".join(records).split(b"\n")):
        name = record.partition(b"\x1f")[0]
        if name not in hashes:
            hashes[name] = zlib.crc32(name)
        parts[hashes[name] % _PARTS].append(record + b"\n")
    every = array("I", sorted({*hashes.values(), *chain.from_iterable(map(_hashes_of_starts, hashes))}))
    packed = [zlib.compress(b"\n" + b"".join(part), 1) for part in parts]
    lengths = array("I", map(len, packed)).tobytes()
    names = zlib.compress(b"\n".join(sorted(hashes)), 1)
    return SketchRow(every.tobytes(), names, b"".join((lengths, *packed)))


def find_sketched(packed: bytes, name: str) -> Iterator[Sketched]:
    """Records of exactly this name in a row's ``records``; ~0.1 ms."""
    raw = name.encode("utf-8", "replace")
    part = zlib.crc32(raw) % _PARTS
    lengths = array("I", packed[: 4 * _PARTS])
    start = 4 * _PARTS + sum(lengths[:part])
    text = zlib.decompress(packed[start : start + lengths[part]])
    record = re.compile(rb"\n(" + re.escape(raw) + rb")\x1f([^\x1f\n]*)\x1f(\d+)\x1f(\d+)\x1f([^\n]*)")
    for match in record.finditer(text):
        found, path, line, begin, shown = (part.decode("utf-8", "replace") for part in match.groups())
        yield Sketched(found, RelPath(path), int(line), int(begin), shown)


def names_like(packed: bytes, pattern: re.Pattern[bytes], text: bytes = b"") -> set[str]:
    """Names of a row that start with a match, which holds a text."""
    names = zlib.decompress(packed)
    if text not in names:  # most rows end here
        return set()
    return {name.decode("utf-8", "replace") for name in names.split(b"\n") if pattern.match(name)}


def _hashes_of_starts(name: bytes) -> list[int]:
    """Of its first letters, as many as are asked for: the last one says most."""
    return [zlib.crc32(name[:length], length) for length in _STARTS if length <= len(name)]


@final
class SketchReader:
    """The sketches of one open store. They are never changed, only added and dropped all at once."""

    def __init__(self, rows: Callable[..., list[Any]]) -> None:
        self._rows = rows
        self._hashes: dict[int, array[int]] = {}

    def find(self, name: str, limit: int) -> Iterator[Sketched]:
        """Records of a name from as few rows as hold ``limit`` of them; ~1 µs per row, ~0.1 ms per hit."""
        digest = zlib.crc32(name.encode("utf-8", "replace"))
        found = 0
        for row in self._holding(digest):
            for (records,) in self._rows("SELECT records FROM sketches WHERE id = ?", (row,)):
                for one in find_sketched(records, name):
                    yield one
                    found += 1
            if found >= limit:
                return

    def starting(self, text: str, most: int) -> set[str]:
        """Names that start with a text, not many more than ``most``; ~0.1 ms per row that has some."""
        raw = text.encode("utf-8", "replace")
        starts = _hashes_of_starts(raw)
        rows = self._holding(starts[-1]) if starts else self._fresh()
        return self._like(rows, re.compile(re.escape(raw)), most, raw)

    def like(self, pattern: re.Pattern[bytes], most: int) -> set[str]:
        """Names that start with a match, of a few hundred rows at most."""
        return self._like(list(self._fresh())[:_MOST_ROWS], pattern, most)

    def _like(
        self, rows: Iterable[int], pattern: re.Pattern[bytes], most: int, text: bytes = b""
    ) -> set[str]:
        found: set[str] = set()
        for row in rows:
            for (names,) in self._rows("SELECT names FROM sketches WHERE id = ?", (row,)):
                found |= names_like(names, pattern, text)
            if len(found) > most:
                break
        return found

    def _holding(self, digest: int) -> Iterator[int]:
        """Rows that have a hash."""
        for row, hashes in self._fresh().items():
            at = bisect_left(hashes, digest)
            if at < len(hashes) and hashes[at] == digest:
                yield row

    def _fresh(self) -> dict[int, array[int]]:
        """The hashes of every row there is; rows never get the number of another."""
        ends = self._rows("SELECT (SELECT min(id) FROM sketches), (SELECT max(id) FROM sketches)")
        first, last = [end or 0 for end in ends[0]] if ends else (0, 0)
        if next(iter(self._hashes), 0) < first or not last:
            self._hashes.clear()
        known = next(reversed(self._hashes), 0)
        if last > known:
            for row, packed in self._rows(
                "SELECT id, hashes FROM sketches WHERE id > ? ORDER BY 1", (known,)
            ):
                self._hashes[row] = array("I", packed)
        return self._hashes
