"""Facts as text, one line each, and the way to write the golden files anew.

    python tests/index/golden_text.py --update

Read the difference before committing it: the golden files are the expectation.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from agent_ls.core.paths import RelPath
from agent_ls.index.extract import anchors, extract
from agent_ls.index.names import language_of

GOLDEN = Path(__file__).with_name("golden")


def sources() -> list[Path]:
    return sorted(path for path in GOLDEN.iterdir() if language_of(RelPath(path.name)))


def facts_text(source: Path) -> str:
    data = source.read_bytes()
    language = language_of(RelPath(source.name))
    assert language is not None
    return "\n".join(_lines(data, language)) + "\n"


def _lines(data: bytes, language: str) -> Iterator[str]:
    facts = extract(data, language)
    yield f"{facts.language}, {facts.lines} lines"
    for d in facts.definitions:
        first, last = (data.count(b"\n", 0, at) + 1 for at in (d.span.start, max(0, d.span.end - 1)))
        assert data[d.name_span.start : d.name_span.end].decode() == d.name
        yield f"{d.kind} {d.path} [{first}-{last}] | {d.signature}" + (f" | {d.doc}" if d.doc else "")
    for i in facts.imports:
        yield f"import {i.module}" + (f" ({', '.join(i.names)})" if i.names else "")
    for anchor in anchors(facts):
        yield f"anchor line {data.count(bytes([10]), 0, anchor.span.start) + 1}: {anchor.text}"
    for problem in facts.problems:
        yield f"problem {problem.text}"
    by_line: dict[int, list[str]] = {}
    for r in facts.references:
        assert data[r.span.start : r.span.end].decode() == r.name
        by_line.setdefault(data.count(b"\n", 0, r.span.start) + 1, []).append(r.name)
    for line, names in by_line.items():
        yield f"uses {line}: {' '.join(names)}"


def expected(source: Path) -> Path:
    return source.with_name(source.name + ".facts")


if __name__ == "__main__":
    for path in sources():
        text = facts_text(path)
        if "--update" in sys.argv:
            expected(path).write_text(text, encoding="utf-8")
        else:
            sys.stdout.write(f"--- {path.name}\n{text}")
