"""What the model is told at first: instructions, an overview of the repository, the task.

Repository text is data, wrapped in named blocks and stripped of secrets. Nothing here depends
on the clock or on the order of a dictionary, so the same workspace gives the same bytes, and
the first parts are the same for every job in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from agent_ls.agent.caching import marked
from agent_ls.agent.prompts import prompt
from agent_ls.core.attempt import Variation
from agent_ls.core.errors import WorkspaceError
from agent_ls.core.job import Diagnostic, Intent
from agent_ls.core.paths import RelPath, parent
from agent_ls.core.text import LineIndex, Span, decode
from agent_ls.index.context import Context
from agent_ls.workspace.overlay import Overlay
from agent_ls.workspace.secrets import redact, redact_keys

Json = dict[str, Any]

_RULES = ("AGENTS.md", "CLAUDE.md", ".github/copilot-instructions.md", ".cursorrules")
_RULES_LIMIT = 16_000
_LISTED_FILES = 80
_LISTED_FOLDERS = 40
_AROUND = 20
_SELECTION_LINES = 200
_ATTACHED_LIMIT = 20_000
_LIKELY_FILES = 12
_LIKELY_SPANS = 6
_ALONE = Variation()
_SEVERITY = {1: "error", 2: "warning", 3: "information", 4: "hint"}


def system(name: str = "system") -> list[Json]:
    """The instructions of that name, the same bytes for every job."""
    return [marked({"type": "text", "text": prompt(name)})]


def opening(
    draft: Overlay,
    intent: Intent,
    *,
    unsaved: Sequence[RelPath],
    checks: Sequence[str],
    trusted: bool,
    found: Context | None,
    variation: Variation = _ALONE,
) -> Json:
    """The first user message: the overview of the repository, then the task and where it points."""
    blocks = [
        _overview(draft, find_rules(draft, intent)),
        _task(draft, intent, unsaved, _checks(checks, trusted=trusted), found) + _way(variation),
    ]
    texts = [redact(text)[0] for text in blocks]
    return {
        "role": "user",
        "content": [
            marked({"type": "text", "text": texts[0]}),
            {"type": "text", "text": texts[1]},
        ],
    }


def question(draft: Overlay, text: str) -> Json:
    """The first user message of an exploration: the same overview, then the question."""
    parts = [data_block("files", _file_list(draft.files())), data_block("question", text)]
    texts = [redact(part)[0] for part in parts]
    return {
        "role": "user",
        "content": [marked({"type": "text", "text": texts[0]}), {"type": "text", "text": texts[1]}],
    }


def find_rules(draft: Overlay, intent: Intent) -> RelPath | None:
    """The project's notes for agents that are nearest to where the task points."""
    files = frozenset(draft.files())
    folder = parent(intent.site.path) if intent.site else ""
    for name in _RULES:
        here = folder
        while True:
            path = RelPath(f"{here}/{name}" if here else name)
            if path in files:
                return path
            if not here:
                break
            here = parent(RelPath(here))
    return None


def data_block(tag: str, text: str, **attributes: str) -> str:
    """Text of the repository as a named block that its own content cannot close."""
    words = "".join(f' {name}="{value}"' for name, value in attributes.items())
    safe = text.replace(f"</{tag}", f"<\\/{tag}")
    if tag != "task":
        safe = safe.replace("<task", "<\\task")  # only the user's own words stand in a block of that name
    return f"<{tag}{words}>\n{safe.rstrip()}\n</{tag}>"


def _overview(draft: Overlay, rules: RelPath | None) -> str:
    parts = [data_block("files", _file_list(draft.files()))]
    text = _text(draft, rules) if rules else None
    if rules and text:
        parts.append(data_block("rules", text[:_RULES_LIMIT], path=rules))
    return "About this workspace:\n" + "\n".join(parts)


def _file_list(files: tuple[RelPath, ...]) -> str:
    if len(files) <= _LISTED_FILES:
        return "\n".join(files)
    folders = Counter(parent(path) or "." for path in files)
    largest = sorted(folders.items(), key=lambda item: (-item[1], item[0]))[:_LISTED_FOLDERS]
    lines = [f"{folder}/ ({count} files)" for folder, count in sorted(largest)]
    left = len(folders) - len(largest)
    return "\n".join([f"{len(files)} files", *lines, *([f"and {left} more folders"] if left > 0 else [])])


def _task(
    draft: Overlay, intent: Intent, unsaved: Sequence[RelPath], checks: str, found: Context | None
) -> str:
    parts = [data_block("task", intent.task)]
    if intent.site is not None:
        parts += _site(draft, intent.site.path, intent.site.span, intent.diagnostics)
    if intent.anchor is not None:
        parts.append("The task stands in a comment there, which is removed with your draft.")
    for path in intent.files:
        text = _text(draft, path)
        if text is not None:
            parts.append(data_block("attached", numbered(text, 1)[:_ATTACHED_LIMIT], path=path))
    if found is not None and found.files:
        parts.append(data_block("probably_relevant", _likely(found)))
    if unsaved:
        parts.append("Open in the editor with unsaved edits: " + ", ".join(sorted(unsaved)))
    parts.append(checks)
    if intent.plan_first:
        parts.append(
            "The user wants to see your plan first: read what you need, then call propose_plan. Until it is "
            "approved nothing can be edited."
        )
    return "\n\n".join(parts)


def _way(variation: Variation) -> str:
    """What a further attempt at the same task is told beside it."""
    parts = [variation.hint] if variation.hint else []
    if variation.earlier:
        parts += [
            "An earlier attempt, from which nothing is left in the files, did not get through. What is known of it:",
            data_block("earlier_attempt", variation.earlier),
        ]
    return "".join(f"\n\n{part}" for part in parts)


def _likely(found: Context) -> str:
    """The best files with the definitions in them that fit: where to look, not what is there."""
    lines: list[str] = []
    for file in found.files[:_LIKELY_FILES]:
        spans = [s for s in found.spans if s.path == file.path][:_LIKELY_SPANS]
        places = ", ".join(f"{s.symbol or 'lines'} {s.start_line}-{s.end_line}" for s in spans)
        lines.append(f"{file.path}: {places}" if places else file.path)
    return "\n".join(lines)


def _checks(names: Sequence[str], *, trusted: bool) -> str:
    if not names:
        return "No checks were found in this workspace."
    note = "" if trusted else " (the user does not trust this workspace yet, so none of them will run)"
    return f"Checks: {', '.join(names)}{note}"


def _site(draft: Overlay, path: RelPath, span: Span, diagnostics: Sequence[Diagnostic]) -> list[str]:
    data = draft.base.read(path)
    text = None if data is None else decode(data)
    if data is None or text is None:
        return [f"The user is at {path}, which cannot be shown."]
    parts = [excerpt(path, data, span)]
    index = LineIndex(data)
    lines = [
        f"line {index.line_of(min(d.span.start, len(data))) + 1}, {_SEVERITY.get(d.severity, 'error')}: "
        f"{d.message[:500]}{f' [{d.source} {d.code}]'.replace(' ]', ']') if d.source else ''}"
        for d in diagnostics[:20]
    ]
    return [*parts, data_block("diagnostics", "\n".join(lines), path=path)] if lines else parts


def excerpt(path: RelPath, data: bytes, span: Span) -> str:
    """A place with the lines around it, numbered."""
    index = LineIndex(data)
    first = index.line_of(min(span.start, len(data)))
    last = index.line_of(min(max(span.start, span.end - 1), len(data)))
    where = f"line {first + 1}" if span.empty else f"lines {first + 1} to {last + 1} (selected)"
    start = max(0, first - _AROUND)
    end = min(len(index) - 1, min(last, first + _SELECTION_LINES) + _AROUND)
    # As a whole: the excerpt may begin inside a key.
    shown = redact_keys(data.decode("utf-8", "replace")).encode()
    part = LineIndex(shown).span_of_lines(start, end)
    text = shown[part.start : part.end].decode().removeprefix("\ufeff")
    return f"The user is at {path}, {where}:\n" + data_block("excerpt", numbered(text, start + 1), path=path)


def numbered(text: str, first: int) -> str:
    """The lines of a text with their numbers, as `read_file` shows them."""
    lines = [line.decode() for line in text.encode().splitlines()]
    return "\n".join(f"{number:>6}\t{line}" for number, line in enumerate(lines, first))


def _text(draft: Overlay, path: RelPath) -> str | None:
    try:
        data = draft.read(path)
    except WorkspaceError:
        return None  # hidden by the rules: told of it, the model would only ask for it
    return None if data is None else decode(data)
