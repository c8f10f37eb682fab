"""What the tools of one turn work with, and who proves a draft for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from agent_ls.agent.link import Link
from agent_ls.core.attempt import Checked
from agent_ls.core.job import Intent
from agent_ls.core.paths import RelPath
from agent_ls.core.steps import PlanStep
from agent_ls.core.text import decode
from agent_ls.index.query import Index
from agent_ls.verify.engine import EngineResult
from agent_ls.workspace.overlay import Overlay


class Prover(Protocol):
    """Runs checks on a draft; `agent.proof` is the real one.

    ``required``: the checks were named by the user or the project, so that all of them must pass.
    """

    required: bool

    @property
    def last(self) -> Checked | None:
        """The last proof there was, whatever draft it was of."""
        ...

    async def prove(self, draft: Overlay, only: frozenset[str] | None = None) -> Checked:
        """The proof of exactly this draft; a draft that was proven already is not proven again."""
        ...

    def names(self, draft: Overlay) -> tuple[str, ...]:
        """The names of the checks there are."""
        ...


class Scripts(Protocol):
    """Runs a file of a draft; `agent.scripts` is the real one."""

    async def run(self, draft: Overlay, interpreter: str, path: RelPath) -> EngineResult:
        """Run it with the draft as its files; what it writes within the rules is in ``draft`` afterwards.

        Raises:
            CheckError: nothing may run here (trust, sandbox), or the interpreter is missing.
        """
        ...


class Explorer(Protocol):
    """Answers a question about the draft; `agent.exploring` is the real one."""

    async def explore(self, bench: Bench, question: str) -> str:
        """The findings in words, with how the exploration ended where it did not end by itself.

        Raises:
            ModelError: the service failed.
        """
        ...


class Planner(Protocol):
    """Holds the plan of the attempt; `agent.planning` is the real one."""

    async def propose(self, turn: int, steps: tuple[PlanStep, ...]) -> str:
        """Show the steps to the user, wait for a decision where one was asked for, and tell it in words."""
        ...

    def require_leave(self) -> None:
        """Refuse edits as long as the user wants to see a plan first.

        Raises:
            UsageError: no plan is approved yet.
        """
        ...


class Searcher(Protocol):
    """Finds text in the files of a draft; `agent.search` is the real one."""

    async def search(self, draft: Overlay, query: SearchQuery) -> SearchAnswer:
        """Matching lines by file.

        Raises:
            ToolRefusedError: the pattern does not compile, or did not end in time.
        """
        ...


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """``paths``: where to look, in the order of the answer."""

    pattern: str
    regex: bool
    ignore_case: bool
    paths: tuple[RelPath, ...]


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """``lines``: (path, 1-based line, text of the line). ``more``: others match, too."""

    lines: tuple[tuple[RelPath, int, str], ...]
    more: bool = False


@dataclass(slots=True)
class Bench:
    """One turn's work.

    ``shown`` is the draft as the last recorded turn left it: every text that the model has seen
    is a text of it, because nobody but the agent changes a draft. So an edit is bound to
    ``shown`` and carried to ``draft``, the draft of this turn, which earlier calls of the same
    turn may have changed. ``seen`` are the files that the model has looked at.
    """

    intent: Intent
    shown: Overlay
    draft: Overlay
    index: Index
    prover: Prover
    searcher: Searcher
    asker: Asker
    scripts: Scripts
    explorer: Explorer
    planner: Planner
    link: Link
    turn: int
    seen: set[RelPath] = field(default_factory=set[RelPath])
    last_turn: bool = False
    failed_calls: int = 0

    def text_shown(self, path: RelPath) -> str | None:
        """The text of a file that the model has looked at, as it was then; else ``None``."""
        if path not in self.seen or not self.shown.exists(path):
            return None
        data = self.shown.read(path)
        return None if data is None else decode(data)


class Asker(Protocol):
    """Puts a question to a person; `agent.asking` is the real one."""

    async def ask(self, turn: int, text: str, choices: tuple[str, ...], default: str) -> str:
        """The answer in words, and whether it was the default."""
        ...
