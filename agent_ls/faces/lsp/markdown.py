"""Prose for people, from sources that are not trusted: a model, a repository's comments.

What a hover or a notice shows must not act: no command links, no images fetched from
elsewhere, no raw HTML, no control characters, nothing that reorders or hides text.

Renderers disagree about where code ends and prose begins, and text inside code is left alone.
So code is never recognised and passed on: it is read, and written anew in a form that every
renderer reads the same way. A fence begins at column 0 and is longer than any run inside it; a
code span stands on one line; a backtick that belongs to neither is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_HIDDEN = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_BREAKS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")

_FENCE = re.compile(r"^([ \t]*)(`{3,}|~{3,})[ \t]*([^`]*)$")
_LANGUAGE = re.compile(r"[\w+#.-]*")
_FENCE_LIKE = re.compile(r"^([ \t>*+\-\d.)]*)([~]{3,})")
_TICKS = re.compile(r"\\.|`+")
# No backslash in what is taken apart: left alone in front of a backtick, it would escape it.
_IMAGE = re.compile(r"!\[([^\[\]\\]*+)\](?:\([^()\\]*+\)|\[[^\[\]\\]*+\])")
_LINK = re.compile(r"(?<![!\\])\[([^\[\]\\]*+)\]\(\s*+<?([^()<>\s\\]*+)>?[^()\\]*+\)")
_AUTOLINK = re.compile(r"<([a-zA-Z][a-zA-Z0-9+.-]*+:[^<>\s\\]*+)>")
_STRUCTURAL = re.compile(r"(?<!\\)(\\*+)\](?=[(\[:])")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_RISKY_CELL = re.compile(r"\]\s*[(\[:]|<")


def plain(text: str) -> str:
    """Text without anything that acts, hides or reorders; line ends and tabs stay."""
    return _HIDDEN.sub("", _CONTROL.sub("", _BREAKS.sub("\n", _ANSI.sub("", text))))


def safe_markdown(text: str) -> str:
    """Markdown of which only formatting is left: images become their words, links plain text, tags inert.

    Code keeps its words. Linear in the text, but for lines of many unequal backtick runs.
    """
    lines = plain(text).split("\n")
    out: list[str] = []
    at = 0
    while at < len(lines):
        fence = _FENCE.match(lines[at])
        if fence is None:
            end = next((i for i in range(at, len(lines)) if _FENCE.match(lines[i])), len(lines))
            out.append(_prose("\n".join(lines[at:end])))
            at = end
            continue
        end = _fence_end(lines, at + 1, fence[2])
        out.append(_fenced(lines[at + 1 : end], len(fence[1]), fence[3]))
        at = end + 1
    return "\n".join(out)


def escape(text: str) -> str:
    """A literal text inside markdown."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|<>~&])", r"\\\1", plain(text))


def code(text: str) -> str:
    """A literal text as a code span; backticks inside cannot end it. Blanks alone make no span."""
    body = plain(text).replace("\n", " ").strip(" ")
    if not body:
        return ""
    ticks = "`" * (_longest_run(body) + 1)
    pad = " " if body.startswith("`") or body.endswith("`") else ""
    return f"{ticks}{pad}{body}{pad}{ticks}"


def _fence_end(lines: list[str], start: int, mark: str) -> int:
    """The line that closes a fence; past the end where none does, as renderers do."""
    closing = re.compile(rf"[ \t]*{mark[0]}{{{len(mark)},}}[ \t]*")
    return next((i for i in range(start, len(lines)) if closing.fullmatch(lines[i])), len(lines))


def _fenced(lines: list[str], indent: int, info: str) -> str:
    body = [line[_blank(line, indent) :] for line in lines]
    ticks = "`" * max(3, _longest_run("\n".join(body)) + 1)
    language = _LANGUAGE.match(info.strip())
    return "\n".join([f"{ticks}{language[0] if language else ''}", *body, ticks])


def _blank(line: str, most: int) -> int:
    return min(most, len(line) - len(line.lstrip(" \t")))


def _prose(text: str) -> str:
    """Lines outside fences: links are made words over line breaks too, code spans found line by line."""
    pieces = [piece for line in text.split("\n") for piece in (*_pieces(line), ("\n", False))][:-1]
    out: list[str] = []
    words: list[str] = []
    for piece, is_code in pieces:
        span = code(piece) if is_code and not _splits_in_a_table(piece) else ""
        if span:
            out += [_words("".join(words)), span]
            words = []
        else:
            words.append((escape(piece) or " ") if is_code else piece)
    return "".join([*out, _words("".join(words))])


def _splits_in_a_table(body: str) -> bool:
    """In a table a cell ends inside a code span too, and what follows would be prose again."""
    return "|" in body and _RISKY_CELL.search(body) is not None


def _pieces(line: str) -> Iterator[tuple[str, bool]]:
    """A line as prose and the insides of its code spans; stray backticks come out escaped."""
    at = 0
    for opening in _TICKS.finditer(line):
        if opening[0][0] != "`" or opening.start() < at:
            continue
        yield line[at : opening.start()], False
        closing = _closing(line, opening)
        if closing is None:
            yield "\\`" * len(opening[0]), False
            at = opening.end()
        else:
            yield line[opening.end() : closing], True
            at = closing + len(opening[0])
    yield line[at:], False


def _closing(line: str, opening: re.Match[str]) -> int | None:
    """Where the run that closes a code span begins; backslashes mean nothing inside one."""
    for run in re.finditer(r"`+", line[opening.end() :]):
        if len(run[0]) == len(opening[0]):
            return opening.end() + run.start()
    return None


def _words(text: str) -> str:
    """Prose without links, images, definitions and tags."""
    text = _IMAGE.sub(lambda m: m[1], text)
    text = _LINK.sub(lambda m: f"{m[1]} ({_visible(m[2])})" if _visible(m[2]) else m[1], text)
    text = _AUTOLINK.sub(lambda m: _visible(m[1]) or m[1].replace(":", " "), text)
    # Whatever bracket could still make a link, an image or a definition of one loses its meaning.
    text = _STRUCTURAL.sub(lambda m: m[0] if len(m[1]) % 2 else f"{m[1]}\\]", text)
    text = _TAG.sub("&lt;", text)
    return "\n".join(_FENCE_LIKE.sub(r"\1\\\2", line) for line in text.split("\n"))


def _visible(target: str) -> str:
    """A link's target as code when it is an ordinary web address, else nothing."""
    return code(target) if re.match(r"https?://", target) else ""


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)
