"""Code inside of other texts: where it stands and in which language. No grammar needed.

A script ends where HTML says it does, whatever its markup looks like, and a fence where Markdown
does. So both are found lexically: a template that its host's grammar cannot read costs no script.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import final

from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.index.names import DATA, HOSTS, LANGUAGES, is_installed, language_of
from agent_ls.index.templates import expressions

Places = list[tuple[int, int]]
_ATTRIBUTES = rb"(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+"
_OPENING = re.compile(rb"<!--|<(script|style)(?=[\s/>])(" + _ATTRIBUTES + rb")>", re.IGNORECASE)
_CLOSING: Mapping[bytes, re.Pattern[bytes]] = {
    tag: re.compile(rb"</" + tag + rb"(?=[\s/>])", re.IGNORECASE) for tag in (b"script", b"style")
}
_LANG = re.compile(rb"(?:^|\s)(lang|type)\s*=\s*[\"']?([\w/+.-]+)", re.IGNORECASE)
_SCRIPTS: Mapping[str, str] = {
    **dict.fromkeys(("ts", "typescript", "text/typescript", "application/typescript"), "typescript"),
    "tsx": "tsx",
    **dict.fromkeys(("js", "jsx", "javascript", "module", "text/babel", "text/jsx"), "javascript"),
    **dict.fromkeys(("text/javascript", "application/javascript", "text/ecmascript"), "javascript"),
}
"""What a script says it is; templates, data and import maps are none."""
_FENCE = re.compile(
    rb"^[ \t]*(`{3,}+|~{3,}+)[ \t]*\{?\.?([\w+#-]*)[^\n`]*\n(.*?)(?:^[ \t]*\1[`~]*[ \t]*\r?$|\Z)",
    re.DOTALL | re.MULTILINE,
)
_FENCED: Mapping[str, str] = {
    "golang": "go", "c++": "cpp", "c#": "csharp", "shell": "bash", "zsh": "bash", "node": "javascript",
}  # fmt: skip
_SESSION = (b">>> ", b"$ ", b"... ")
_BLANKS = bytes(at if at in b"\r\n" else 0x20 for at in range(256))


@final
@dataclass(frozen=True, slots=True)
class Part:
    """Code of one language inside of a text."""

    language: str
    span: Span


@final
@dataclass(slots=True)
class Embedded:
    """What a text holds beside its own language.

    ``comments`` are those of the markup, ``expressions`` the code in its attributes and braces
    without its strings. All ascending.
    """

    parts: list[Part] = field(default_factory=list[Part])
    comments: Places = field(default_factory=list[tuple[int, int]])
    expressions: Places = field(default_factory=list[tuple[int, int]])

    def outside(self, size: int) -> Places:
        """All that is no code in a text of so many bytes."""
        code = sorted([*((part.span.start, part.span.end) for part in self.parts), *self.expressions])
        edges = [(0, 0), *code, (size, size)]
        return [(end, start) for (_, end), (start, _) in pairwise(edges) if end < start]


def embedded(data: bytes, language: str) -> Embedded:
    """The code inside of a text of one of `names.HOSTS`; linear in the text."""
    if language == "markdown":
        return Embedded(list(_fences(data)))
    found = Embedded()
    markup = bytearray(data)
    at = 0
    while opening := _OPENING.search(data, at):
        tag = (opening[1] or b"").lower()
        if not tag:
            at = _end_of(data, b"-->", opening.end())
            found.comments.append((opening.start(), at))
        elif language != "html" and opening[2].endswith(b"/"):
            at = opening.end()  # a component's empty tag closes itself, which HTML's does not
            continue
        else:
            closing = _CLOSING[tag].search(data, opening.end())
            at = closing.start() if closing else len(data)
            wanted = _script_language(opening[2]) if tag == b"script" else None
            if wanted and opening.end() < at:
                found.parts.append(Part(wanted, Span(opening.end(), at)))
        markup[opening.start() : at] = data[opening.start() : at].translate(_BLANKS)
    found.expressions = expressions(bytes(markup), language)
    return found


def _end_of(data: bytes, mark: bytes, start: int) -> int:
    at = data.find(mark, start)
    return len(data) if at < 0 else at + len(mark)


def _script_language(attributes: bytes) -> str | None:
    said = {match[1].lower(): match[2].decode("ascii").lower() for match in _LANG.finditer(attributes)}
    word = said.get(b"lang") or said.get(b"type")
    return _SCRIPTS.get(word) if word else "javascript"


def _fences(data: bytes) -> Iterator[Part]:
    for match in _FENCE.finditer(data):
        language = _fenced_language(match[2].decode("utf-8", "replace").lower())
        if language and match[3].strip() and not match[3].lstrip().startswith(_SESSION):
            yield Part(language, Span(*match.span(3)))


def _fenced_language(word: str) -> str | None:
    name = _FENCED.get(word, word)
    known = name if name in LANGUAGES and is_installed(name) else language_of(RelPath(f"fence.{name}"))
    return None if known in DATA or known in HOSTS else known
