"""Names before parsing: lines that look like definitions, found by regular expressions.

A first index run of a large tree takes its time; this reads and searches all of it for about a
tenth of that, so that names can be looked up meanwhile. A sketched file is replaced by its real
facts file by file; the sketch is dropped when the run is over. Imports no grammar.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import final

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
    """What looks like a definition in one text, as records for `Sketches`; at most a few per line."""
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


def pack_sketches(records: Iterable[bytes]) -> bytes:
    """Records of many files, as one row of the store."""
    return zlib.compress(b"\n" + b"".join(records), 1)


def find_sketched(packed: bytes, name: str) -> Iterator[Sketched]:
    """Records of exactly this name."""
    yield from _find(packed, re.escape(name.encode("utf-8", "replace")))


def names_like(packed: bytes, pattern: re.Pattern[bytes]) -> set[str]:
    """Names in a row of records that start with a match."""
    raw = {record.partition(b"\x1f")[0] for record in zlib.decompress(packed).split(b"\n") if record}
    return {name.decode("utf-8", "replace") for name in raw if pattern.match(name)}


def _find(packed: bytes, name: bytes) -> Iterator[Sketched]:
    record = re.compile(rb"\n(" + name + rb")\x1f([^\x1f\n]*)\x1f(\d+)\x1f(\d+)\x1f([^\n]*)")
    for match in record.finditer(zlib.decompress(packed)):
        written, path, line, start, text = (part.decode("utf-8", "replace") for part in match.groups())
        yield Sketched(written, RelPath(path), int(line), int(start), text)
