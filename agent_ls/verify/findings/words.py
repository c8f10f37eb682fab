"""What the readers share: text without colours, paths as the workspace has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import final

from agent_ls.core.job import Failure

_ANSI = re.compile(r"\x1b\[[0-9;:]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_ADDRESS = re.compile(r"0x[0-9a-f]+")
_DIGITS = re.compile(r"\d+")
_FOREIGN = ("node_modules/", "site-packages/", "dist-packages/", "node:", "/rustc/", "<")
_MESSAGE_LINES = 6
_MESSAGE_CHARS = 600
_LONGEST_LINE = 2000


@final
@dataclass(frozen=True, slots=True)
class Findings:
    """What could be read off an output: tests that failed, and places that a compiler or linter names.

    ``failed`` and ``ran``: how many tests, where the tool says it.
    """

    failures: tuple[Failure, ...] = ()
    failed: int | None = None
    ran: int | None = None
    problems: tuple[Failure, ...] = ()

    @property
    def tests(self) -> frozenset[str]:
        """Names of the tests that failed, the same in another run."""
        return frozenset(map(_test, self.failures))

    @property
    def identities(self) -> frozenset[str]:
        """Names under which the same finding is known again in another run, whatever moved its line."""
        return frozenset((*(f"test {name}" for name in self.tests), *map(_rule, self.problems)))

    def marked(self, new: frozenset[str] | None) -> tuple[Failure, ...]:
        """All of it, what is not ``new`` marked as known before and put last; ``None``: nobody knows."""
        named = [*((f"test {_test(f)}", f) for f in self.failures), *((_rule(p), p) for p in self.problems)]
        known = [replace(item, before=new is not None and name not in new) for name, item in named]
        return tuple(sorted(known, key=lambda item: item.before))


def _test(failure: Failure) -> str:
    return _ADDRESS.sub("0x", failure.test)


def _rule(problem: Failure) -> str:
    # "already defined on line 3": a line that moved is no other finding.
    return f"rule {problem.test} {problem.path} {_DIGITS.sub('0', problem.message)}"


@final
class Source:
    """An output line by line, and where its paths begin."""

    def __init__(self, output: str, roots: Sequence[str]) -> None:
        plain = _ANSI.sub("", output)
        # A line without end would make patterns slow, and no tool names a failure in one.
        self.lines = [line[:_LONGEST_LINE].rstrip() for line in plain.splitlines()]
        self._roots = [root.rstrip("/") + "/" for root in roots]

    def path(self, text: str) -> str:
        """A path relative to the workspace; ``""`` for one that lies elsewhere (a library's)."""
        text = text.removeprefix("file://").removeprefix("webpack:///")
        for root in self._roots:
            text = text.removeprefix(root)
        while text.startswith("./"):
            text = text[2:]
        foreign = text.startswith(("/", "../")) or any(word in text for word in _FOREIGN)
        return "" if foreign else text


def message(lines: Iterable[str]) -> str:
    """The first lines of a message that say something, bounded."""
    said = [line.strip() for line in lines if line.strip()]
    return "\n".join(said[:_MESSAGE_LINES])[:_MESSAGE_CHARS]


def counts(text: str) -> dict[str, int]:
    """``4 failed, 1 passed`` as numbers by word."""
    return {word: int(number) for number, word in re.findall(r"(\d+) ([a-z]+)", text)}
