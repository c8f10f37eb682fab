"""Comments that ask for something: ``# agent: split this function``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from agent_ls.core.text import Span
from agent_ls.index.facts import Anchor, Comment, FileFacts

MARKERS: tuple[str, ...] = ("agent:", "TODO(agent):")
"""What a wish to the agent starts with, unless settings say otherwise."""

_FOLDED = tuple(map(str.lower, MARKERS))
_OPENING = re.compile(r"^(?:///?!?|//!|/\*+!?|\#+|--|<!--)[ \t]*")
_CLOSING = re.compile(r"[ \t]*(?:\*+/|-->)$")
_STAR = re.compile(r"^[ \t]*\*[ \t]?")
# A sentence about an agent is not a wish: wishes start with a verb.
_NO_VERB = frozenset(
    [
        "a",
        "an",
        "the",
        "this",
        "that",
        "these",
        "those",
        "it",
        "is",
        "are",
        "was",
        "were",
        "my",
        "our",
        "your",
        "their",
        "no",
        "not",
    ]
)


def anchors(facts: FileFacts, markers: Sequence[str] = MARKERS) -> list[Anchor]:
    """The wishes in a text's comments, in order.

    Consecutive line comments of the same column are one wish until the next marker. Linear in
    the number of comments.
    """
    found: list[Anchor] = []
    for block in _blocks(facts.comments):
        texts = [_bare(comment.text) for comment in block]
        marks = [at for at, text in enumerate(texts) if _wish(text, markers) is not None]
        for at, end in pairwise([*marks, len(block)]):
            first = _wish(texts[at], markers) or ""
            wish = " ".join(" ".join([first, *texts[at + 1 : end]]).split())
            if _is_imperative(wish):
                found.append(Anchor(Span(block[at].span.start, block[end - 1].span.end), wish))
    return found


def is_wish(text: str, markers: Sequence[str] = MARKERS) -> bool:
    """Whether a comment asks for something: then it documents nothing."""
    folded = text.lower()
    for marker in _FOLDED if markers is MARKERS else map(str.lower, markers):
        if marker in folded:
            break
    else:
        return False
    return _wish(_bare(text), markers) is not None


def _blocks(comments: Sequence[Comment]) -> Iterator[list[Comment]]:
    """Runs of line comments that stand alone on consecutive lines in one column; others by themselves."""
    block: list[Comment] = []
    for comment in comments:
        if block and _continues(block[-1], comment):
            block.append(comment)
            continue
        if block:
            yield block
        block = [comment]
    if block:
        yield block


def _continues(last: Comment, following: Comment) -> bool:
    if last.text.startswith("/*") or following.text.startswith("/*"):
        return False
    beneath = following.line == last.line + 1 and following.column == last.column
    return beneath and last.alone and following.alone


def _bare(text: str) -> str:
    """A comment's words without its markers."""
    inner = _CLOSING.sub("", _OPENING.sub("", text.strip()))
    return " ".join(_STAR.sub("", line).strip() for line in inner.splitlines())


def _wish(text: str, markers: Sequence[str]) -> str | None:
    folded = text.lstrip().lower()
    for marker in markers:
        if marker and folded.startswith(marker.lower()):
            return text.lstrip()[len(marker) :].strip()
    return None


def _is_imperative(wish: str) -> bool:
    words = wish.split()
    return len(words) >= 2 and words[0][:1].isalpha() and words[0].lower().strip(",.") not in _NO_VERB
