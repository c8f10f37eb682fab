"""Which of several attempts at one task is the plan: a pure choice over what was executed.

The criteria stand in one order, strongest first: what can only be wrong comes before what may be
right for other reasons. A candidate that is behind in an earlier criterion is never saved by a
later one. The evidence is gathered by running the candidates (`agent.selecting`); here it is
only weighed, so that the same evidence always gives the same plan, and a sentence that says why.

Sources: selection by executing generated tests across candidates (CodeT, Chen et al., 2022);
majority of equal answers (Wang et al., 2022); both after the project's own tests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, final

from agent_ls.core.job import Verdict
from agent_ls.core.paths import RelPath

ALL_TESTS: Final = "*"
"""Stands for every test of a run that could not even begin (it does not import, it does not build)."""


@final
@dataclass(frozen=True, slots=True)
class Tally:
    """How a run of tests went. ``failing``: names where the runner says them, else one name per run.

    ``total``: how many ran, 0 where nobody says; a run that could not begin has failing `ALL_TESTS`.
    """

    total: int = 0
    failing: frozenset[str] = frozenset()

    @property
    def begun(self) -> bool:
        return ALL_TESTS not in self.failing


@final
@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one candidate. ``attempt``: its number, 1 is the first.

    ``applies``: it goes onto the files of now without a clash. ``syntax``: how many new syntax
    errors it has. ``idle``: it changes nothing that a program would notice. ``findings``: linters
    and type checkers that were content before and are not now. ``broken``: tests of the project,
    *as they were before*, that passed without the candidate and fail with it; ``mended``: how
    many it is the other way round. ``revised``: those of ``broken`` that the candidate rewrote, and
    passes as rewritten. ``verdict``: of its own tree, its own tests included. ``peers``: the tests
    that another attempt wrote or changed, by its number, run on this candidate's code; its own under its own number. ``shown``: how many tests it wrote or changed that fail
    without its program and pass with it. ``number``: what a check printed; already turned so that
    more is better. ``weakened``: existing tests that it made less strict. ``likeness``: equal for
    candidates that say the same in other spacing. ``size``: changed lines of its program, its tests where
    it has no other.
    """

    attempt: int
    applies: bool = True
    syntax: int = 0
    idle: bool = False
    findings: int = 0
    broken: frozenset[str] = frozenset()
    mended: int = 0
    revised: frozenset[str] = frozenset()
    verdict: Verdict = Verdict.UNVERIFIED
    peers: Mapping[int, Tally] = field(default_factory=dict[int, Tally])
    shown: int = 0
    number: float | None = None
    weakened: int = 0
    likeness: str = ""
    paths: frozenset[RelPath] = frozenset()
    size: int = 0


@final
@dataclass(frozen=True, slots=True)
class Choice:
    """``order``: the candidates by merit, the chosen one first. ``reason``: a sentence for people."""

    order: tuple[int, ...]
    reason: str

    @property
    def attempt(self) -> int:
        return self.order[0]


_GLANCE = 32
_VERDICTS = (Verdict.WORSE, Verdict.UNVERIFIED, Verdict.VERIFIED)
_Score = Callable[["_Field", Evidence], float]


def choose(evidence: Sequence[Evidence]) -> Choice:
    """The best candidate. Raises `ValueError` for none at all.

    Among equals the first attempt wins: it is the one that was made without a hint.
    """
    if not evidence:
        raise ValueError("no candidates")
    field_of = _Field(evidence)
    scores = {e.attempt: tuple(score(field_of, e) for _, score in CRITERIA) for e in evidence}
    ranked = sorted(evidence, key=lambda e: (*(-s for s in scores[e.attempt]), e.attempt))
    order = tuple(e.attempt for e in ranked)
    return Choice(order, _reason([scores[number] for number in order], order))


@final
class _Field:
    """The candidates together: what only shows between them."""

    def __init__(self, evidence: Sequence[Evidence]) -> None:
        self.evidence = evidence
        self.contested = _contested(evidence)
        self.heard = {e.attempt: _heard(e, evidence) for e in evidence}
        self.alike = Counter(e.likeness for e in evidence if e.likeness)
        numbers = [e.number for e in evidence if e.number is not None]
        self.worst_number = min(numbers, default=0.0)


def _contested(evidence: Sequence[Evidence]) -> frozenset[str]:
    """Tests that the task itself seems to overrule: most candidates break them, and each of those rewrote them."""
    sound = [e for e in evidence if e.applies and not e.syntax and not e.idle]
    breaking = Counter(name for e in sound for name in e.broken)
    return frozenset(
        name
        for name, count in breaking.items()
        if count > 1 and 2 * count > len(sound) and all(name in e.revised for e in sound if name in e.broken)
    )


def _heard(author: Evidence, evidence: Sequence[Evidence]) -> tuple[frozenset[str], frozenset[str]] | None:
    """The failures that count of the tests that ``author`` wrote, shared and lone ones.

    ``None``: its tests count for nothing, since they fail on their author's own program. A test that
    fails on everybody else is lone: its author may have seen what the others missed, or misread
    the task, so that what several agree on comes first. With a single other every test counts as shared.
    Tests that begin on nobody else's program test names that their author happened to choose.
    """
    own = author.peers.get(author.attempt)
    if own is None or own.failing:
        return None
    others = [e.peers[author.attempt] for e in evidence if e is not author and author.attempt in e.peers]
    begun = [tally.failing for tally in others if tally.begun]
    if not begun:
        return None
    failing = frozenset[str]().union(*(tally.failing for tally in others))
    if len(others) < 2:
        return failing, frozenset()
    lone = frozenset[str].intersection(*begun)
    return failing - lone, lone


def _peers(field_of: _Field, e: Evidence, tier: int) -> float:
    """The mean share of passed tests, over the attempts whose tests count; 1 where there are none.

    Its own are among them, or whoever wrote tests would be measured by fewer than the others.
    ``tier``: 0 for the shared tests, 1 for the lone ones.
    """
    shares: list[float] = []
    for author, tally in e.peers.items():
        heard = field_of.heard.get(author)
        if heard is None:
            continue
        if not tally.begun:
            shares.append(0.0 if ALL_TESTS in heard[tier] else 1.0)
            continue
        failed = len(tally.failing & heard[tier])
        shares.append(1.0 - failed / max(tally.total, failed, 1))
    return sum(shares) / len(shares) if shares else 1.0


def _kinship(field_of: _Field, e: Evidence) -> float:
    """How far the others change the same files: the sum of the shares in common."""
    return sum(
        len(e.paths & other.paths) / len(e.paths | other.paths)
        for other in field_of.evidence
        if other is not e and e.paths | other.paths
    )


def _sprawl(e: Evidence) -> int:
    """How far a change goes beyond what a person sees at a glance, in doublings.

    A few lines more or less tell nothing, or the wrong thing: a program that handles more is longer.
    """
    return max(e.size, _GLANCE).bit_length()


CRITERIA: Final[tuple[tuple[str, _Score], ...]] = (
    ("it goes onto the files of now", lambda _, e: e.applies),
    ("it brings no new syntax errors", lambda _, e: -e.syntax),
    ("it changes what the program does", lambda _, e: not e.idle),
    ("it breaks fewer tests of the project", lambda f, e: -len(e.broken - f.contested)),
    ("it brings fewer new linter findings", lambda _, e: -e.findings),
    ("it mends more failing tests", lambda _, e: e.mended),
    ("its own checks went better", lambda _, e: _VERDICTS.index(e.verdict)),
    ("it passes more of the tests that other attempts wrote", lambda f, e: _peers(f, e, 0)),
    ("it does what only its own tests ask for", lambda f, e: _peers(f, e, 1)),
    (
        "a check measured the better number",
        lambda f, e: e.number if e.number is not None else f.worst_number,
    ),
    ("it leaves the existing tests as strict", lambda _, e: -e.weakened),
    ("its own tests show more of what it does", lambda _, e: e.shown),
    ("more attempts came to the same result", lambda f, e: f.alike[e.likeness]),
    ("it changes the files that the others change, too", _kinship),
    ("it is far smaller", lambda _, e: -_sprawl(e)),
)
"""What is compared, strongest first, each with the words that are said of the winner."""


def _reason(scores: Sequence[tuple[float, ...]], order: Sequence[int]) -> str:
    """What set the first apart: by the strongest criterion in which each of the others fell behind."""
    if len(order) == 1:
        return "It is the only attempt with a plan"
    behind: dict[int, list[int]] = {}
    for number, other in zip(order[1:], scores[1:], strict=True):
        at = next((i for i, pair in enumerate(zip(scores[0], other, strict=True)) if pair[0] != pair[1]), -1)
        behind.setdefault(at, []).append(number)
    said = [
        f"{CRITERIA[at][0]} (not so {_listed(numbers)})" for at, numbers in sorted(behind.items()) if at >= 0
    ]
    if equal := behind.get(-1):
        said.append(f"nothing tells it from {_listed(equal)}")
    text = "; ".join(said)
    return text[0].upper() + text[1:]


def _listed(numbers: Collection[int]) -> str:
    found = [str(number) for number in sorted(numbers)]
    return f"attempt {found[0]}" if len(found) == 1 else f"attempts {', '.join(found[:-1])} and {found[-1]}"
