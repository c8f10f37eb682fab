"""Tools that know what the code says: ``outline``, ``find_symbol``, ``references``.

The index knows the files as they lie on disk; a file that the draft holds otherwise (edited by
the agent, or unsaved in the editor) is read anew, so that an answer never speaks of a text that
the agent has already changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agent_ls.agent.bench import Bench
from agent_ls.agent.tools.files import existing, text_of
from agent_ls.agent.tools.spec import RESULT_LIMIT, Tool, ToolRefusedError, optional_string, string
from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex
from agent_ls.index.extract import extract
from agent_ls.index.facts import Definition, FileFacts
from agent_ls.index.names import language_of

Json = dict[str, Any]

_HITS = 60


async def outline(bench: Bench, args: Json) -> str:
    path, data = existing(bench, args["path"])
    text_of(path, data)
    facts = _facts(path, data)
    if facts is None:
        raise ToolRefusedError(f"{path} is of no indexed language", remedy="Use read_file")
    if not facts.definitions:
        return f"{path} ({len(data.splitlines())} lines) defines nothing."
    index = LineIndex(data)
    lines = [f"{path}, {len(data.splitlines())} lines:"]
    for definition in facts.definitions:
        depth = definition.container.count(".") + 1 if definition.container else 0
        first, last = _lines(index, definition)
        lines.append(f"{'  ' * depth}{first}-{last} {definition.kind} {_head(definition)}")
    return _fit_lines(lines)


async def find_symbol(bench: Bench, args: Json) -> str:
    name = args["name"].rpartition(".")[2].strip()
    changed = _changed(bench)
    hits = [
        f"{hit.path}:{hit.line} {hit.definition.kind} {_head(hit.definition)}"
        for hit in bench.index.definitions(name, limit=_HITS)
        if hit.path not in changed
    ]
    for path, data, facts in _fresh(bench, changed):
        index = LineIndex(data)
        hits += [
            f"{path}:{_lines(index, d)[0]} {d.kind} {_head(d)}" for d in facts.definitions if d.name == name
        ]
    if hits:
        return _fit_lines(sorted(set(hits)))
    near = {hit.definition.name for hit in bench.index.definitions(name, fuzzy=True, limit=8)}
    also = f" Similar names: {', '.join(sorted(near))}." if near else " search_text finds it as text."
    return f"Nothing named {name!r} is defined in the indexed languages.{also}"


async def references(bench: Bench, args: Json) -> str:
    name = args["name"].rpartition(".")[2].strip()
    changed = _changed(bench)
    wanted = args["path"]

    def asked_for(path: RelPath) -> bool:
        return wanted is None or path == wanted or path.startswith(wanted.rstrip("/") + "/")

    stored = bench.index.mentions(name).within(lambda path: path not in changed and asked_for(path))
    hits: list[tuple[RelPath, int, str]] = [
        (hit.path, hit.line, f"in {hit.enclosing}" if hit.enclosing else "") for hit in stored.page(_HITS * 4)
    ]
    left = len(stored) - len(hits)
    for path, data, facts in _fresh(bench, changed):
        index = LineIndex(data)
        hits += [
            (path, index.line_of(r.span.start) + 1, _enclosing(facts, r.span.start))
            for r in facts.references
            if r.name == name and asked_for(path)
        ]
    if not hits:
        return f"No use of {name!r} in the indexed languages. search_text also finds strings and comments."
    lines = [f"{path}:{line} {where}".rstrip() for path, line, where in sorted(set(hits))]
    more = f", the first {len(hits)} of {len(hits) + left}" if left else ""
    return _fit_lines(
        [f"{len(lines)} places that use {name}{more}, by name (another thing may share it):", *lines]
    )


def _facts(path: RelPath, data: bytes) -> FileFacts | None:
    language = language_of(path)
    return None if language is None else extract(data, language)


def _changed(bench: Bench) -> frozenset[RelPath]:
    """Files whose text in the draft is not the one on disk."""
    return bench.draft.changes().paths | bench.draft.base.unsaved


def _fresh(bench: Bench, changed: frozenset[RelPath]) -> Iterator[tuple[RelPath, bytes, FileFacts]]:
    for path in sorted(changed):
        data = bench.draft.read(path) if bench.draft.exists(path) else None
        facts = None if data is None else _facts(path, data)
        if data is not None and facts is not None:
            yield path, data, facts


def _lines(index: LineIndex, definition: Definition) -> tuple[int, int]:
    """1-based first and last line."""
    last = max(definition.span.start, definition.span.end - 1)
    return index.line_of(definition.span.start) + 1, index.line_of(last) + 1


def _head(definition: Definition) -> str:
    inside = f"  [{definition.container}]" if definition.container else ""
    return (definition.signature or definition.name) + inside


def _enclosing(facts: FileFacts, offset: int) -> str:
    around = [d for d in facts.definitions if d.span.start <= offset < d.span.end]
    if not around:
        return ""
    inner = max(around, key=lambda d: d.span.start)
    return f"in {inner.container}.{inner.name}" if inner.container else f"in {inner.name}"


def _fit_lines(lines: list[str]) -> str:
    out: list[str] = []
    used = 0
    for line in lines:
        used += len(line) + 1
        if used > RESULT_LIMIT - 60:
            out.append(f"[… {len(lines) - len(out)} more lines …]")
            break
        out.append(line)
    return "\n".join(out)


TOOLS = (
    Tool(
        "outline",
        "What a file defines: kinds, signatures and line ranges, nested as in the file. Cheaper than reading it.",
        {"path": string("relative to the workspace")},
        outline,
    ),
    Tool(
        "find_symbol",
        "Where a function, class, method, type or constant of this exact name is defined.",
        {"name": string("the name alone, without its class or module")},
        find_symbol,
    ),
    Tool(
        "references",
        "Where a name is used in code (calls, types, imports), from the index: not in strings or comments.",
        {
            "name": string("the name alone"),
            "path": optional_string("only in this file or folder; null: everywhere"),
        },
        references,
    ),
)
