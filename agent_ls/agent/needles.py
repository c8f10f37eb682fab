"""What every match of a pattern must hold: literal texts by which whole files are passed over.

A file without any of them has no matching line, so it needs neither to be decoded nor to be cut
into lines. Only what is certain is said: where a pattern is hard to read, the answer is that
nothing is known, and every file is looked at.
"""

from __future__ import annotations

import re
from typing import Final

_LEAST: Final = 3
_MOST: Final = 8
_UNSURE: Final = re.compile(r"\(\?[aiLmsux#(-]|\\[xuUN0-9]")
"""Flags, comments and conditions change how the rest is read; an escape of several letters is no letter."""
_REPEATED: Final = re.compile(r"[*+?]|\{[0-9]*,?[0-9]*\}")
_GROUP: Final = re.compile(r"\((?!\?)|\(\?:|\(\?P<\w+>")
_FOLDS_WIDELY: Final = frozenset("isk")
"""Letters for which ignoring case also means letters beyond ASCII (the long s, the Kelvin sign …)."""


def needles(pattern: str, *, regex: bool, ignore_case: bool) -> tuple[str, ...]:
    """Texts of which each matching line holds at least one; none: nothing is known.

    With ``ignore_case`` they are ASCII, to be looked for in any case.
    """
    if not regex:
        return _shortest([[(piece,) for piece in _pieces(pattern, ignore_case=ignore_case)]])
    if _UNSURE.search(pattern):
        return ()
    return _needles(pattern, ignore_case=ignore_case)


def _needles(pattern: str, *, ignore_case: bool) -> tuple[str, ...]:
    branches: list[list[tuple[str, ...]]] = []
    for runs, groups in _branches(pattern):
        inner = [_needles(group, ignore_case=ignore_case) for group in groups]
        plain = [(piece,) for run in runs for piece in _pieces(run, ignore_case=ignore_case)]
        branches.append([*plain, *inner])
    return _shortest(branches)


def _shortest(branches: list[list[tuple[str, ...]]]) -> tuple[str, ...]:
    """Of every branch the texts that say most: long ones, and few."""
    found: list[str] = []
    for choices in branches:
        usable = [texts for texts in choices if texts and min(map(len, texts)) >= _LEAST]
        if not usable:
            return ()
        found += max(usable, key=lambda texts: (min(map(len, texts)), -len(texts)))
    return tuple(dict.fromkeys(found)) if len(found) <= _MOST else ()


def _pieces(run: str, *, ignore_case: bool) -> list[str]:
    """The parts of a run of letters that stand in a matching file's bytes exactly so."""
    kept: list[str] = [""]
    for letter in run:
        # What a damaged file's bytes are read as stands in no file; a lone surrogate in no UTF-8.
        sure = letter != "\ufffd" and not "\ud800" <= letter <= "\udfff"
        if ignore_case:
            sure = letter.isascii() and letter.lower() not in _FOLDS_WIDELY
        if sure:
            kept[-1] += letter
        else:
            kept.append("")
    return kept


def _branches(pattern: str) -> list[tuple[list[str], list[str]]]:
    """For each branch between ``|`` its runs of plain letters, and the inside of its groups.

    What need not be there (``?``, ``*``, counts) is left out. A pattern that does not end has one
    branch of which nothing is known.
    """
    branches: list[tuple[list[str], list[str]]] = [([""], [])]
    at = 0
    while at < len(pattern):
        if pattern[at] == "|":
            branches.append(([""], []))
            at += 1
            continue
        end = _end_of_piece(pattern, at)
        if end is None:
            return [([], [])]
        runs, groups = branches[-1]
        repeated = _REPEATED.match(pattern, end)
        needed = repeated is None or repeated[0] == "+"
        literal, group = _literal(pattern[at:end]), _GROUP.match(pattern, at)
        if literal and needed:
            runs[-1] += literal
        if not literal or repeated:
            runs.append("")
        if group and needed:
            groups.append(pattern[group.end() : end - 1])
        at = end
        while more := _REPEATED.match(pattern, at):
            at = more.end()
    return branches


def _literal(piece: str) -> str:
    """The letter that a piece of a pattern stands for; ``""`` where it is more than one letter."""
    if len(piece) == 1:
        return "" if piece in ".^$" else piece
    return piece[1] if piece[0] == "\\" and not (piece[1].isascii() and piece[1].isalnum()) else ""


def _end_of_piece(pattern: str, at: int) -> int | None:
    """Where the letter, escape, class or group at a place ends; ``None`` where it does not."""
    match pattern[at]:
        case "\\":
            return at + 2 if at + 1 < len(pattern) else None
        case "[":
            return _end_of_class(pattern, at)
        case "(":
            depth = 0
            while at < len(pattern):
                if pattern[at] == "(":
                    depth += 1
                elif pattern[at] == ")":
                    depth -= 1
                    if not depth:
                        return at + 1
                elif pattern[at] in "\\[":
                    end = _end_of_piece(pattern, at)
                    if end is None:
                        return None
                    at = end
                    continue
                at += 1
            return None
        case _:
            return at + 1


def _end_of_class(pattern: str, at: int) -> int | None:
    at += 2 if pattern[at + 1 : at + 2] == "^" else 1
    if pattern[at : at + 1] == "]":
        at += 1
    while at < len(pattern):
        if pattern[at] == "]":
            return at + 1
        at += 2 if pattern[at] == "\\" else 1
    return None
