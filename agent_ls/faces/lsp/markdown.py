"""Prose for people, from sources that are not trusted: a model, a repository's comments.

What a hover or a notice shows must not act: no command links, no images fetched from
elsewhere, no raw HTML, no control characters, nothing that reorders or hides text.
"""

from __future__ import annotations

import re

_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\U000e0000-\U000e007f]")
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_IMAGE = re.compile(r"!\[([^\]]*)\]\([^)]*\)|!\[([^\]]*)\]\[[^\]]*\]")
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(\s*<?([^)>\s]*)[^)]*\)")
_DEFINITION = re.compile(r"(?m)^[ \t]{0,3}\[[^\]]+\]:[^\n]*$")
_FENCE = re.compile(r"(```.*?```|~~~.*?~~~|`[^`\n]*`)", re.DOTALL)
_HTML = re.compile(r"<(?=[A-Za-z/!?])")
_AUTOLINK = re.compile(r"<([a-zA-Z][a-zA-Z0-9+.-]*:[^>\s]*)>")


def plain(text: str) -> str:
    """Text without anything that acts, hides or reorders; line ends and tabs stay."""
    return _HIDDEN.sub("", _CONTROL.sub("", _ANSI.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))))


def safe_markdown(text: str) -> str:
    """Markdown of which only formatting is left: images become their words, links plain text, tags inert.

    Code spans and fences keep their text as it is (it is inert there).
    """
    parts = _FENCE.split(plain(text))
    # Odd parts are code. An unclosed fence is in an even part and is treated as prose: the safe side.
    return "".join(part if i % 2 else _prose(part) for i, part in enumerate(parts))


def escape(text: str) -> str:
    """A literal text inside markdown."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|<>])", r"\\\1", plain(text))


def code(text: str) -> str:
    """A literal text as a code span; backticks inside cannot end it."""
    body = plain(text).replace("\n", " ")
    fence = "`" * (max((len(run) for run in re.findall(r"`+", body)), default=0) + 1)
    pad = " " if body.startswith("`") or body.endswith("`") else ""
    return f"{fence}{pad}{body}{pad}{fence}"


def _prose(text: str) -> str:
    text = _IMAGE.sub(lambda m: m[1] or m[2] or "", text)
    text = _LINK.sub(lambda m: f"{m[1]} ({_visible(m[2])})" if _visible(m[2]) else m[1], text)
    text = _AUTOLINK.sub(lambda m: _visible(m[1]) or m[1].replace(":", " "), text)
    text = _DEFINITION.sub("", text)
    return _HTML.sub("&lt;", text)


def _visible(target: str) -> str:
    """A link's target as code when it is an ordinary web address, else nothing."""
    return code(target) if re.match(r"https?://", target) else ""
