"""Chooses between several plans of one task by running them against each other's tests.

Every candidate's program is laid on the files of now with the project's tests *as they were*, then
with the tests that each of the others wrote. What comes of it is weighed in `core.selection`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import final

from agent_ls.agent.contenders import Contender, contender, draft, static_evidence, texts_of_tests
from agent_ls.agent.ground import Ground, open_ground
from agent_ls.agent.link import Link
from agent_ls.agent.resources import Resources
from agent_ls.core.attempt import Selected, SelectRequest
from agent_ls.core.errors import AgentLsError
from agent_ls.core.job import JobState
from agent_ls.core.paths import RelPath, parent
from agent_ls.core.selection import ALL_TESTS, Evidence, Tally, choose
from agent_ls.verify.checks import Check, Kind, detect_checks, named_checks
from agent_ls.verify.running import refusal, run_in
from agent_ls.verify.sandbox import NoSandbox, Sandbox, detect
from agent_ls.verify.scratch import Scratch
from agent_ls.verify.tally import tally
from agent_ls.workspace.overlay import Overlay

_Key = tuple[tuple[tuple[RelPath, bytes | None], ...], tuple[str, ...]]


async def select(request: SelectRequest, link: Link, resources: Resources) -> Selected:
    """Choose the plan. What cannot be run is weighed without; the reason says so.

    Raises:
        AgentLsError: the workspace cannot be opened.
    """
    ground = await open_ground(replace(request.base, resume=(), plan=()))
    try:
        link.progress("comparing the attempts")
        contenders = [contender(ground, candidate) for candidate in request.candidates]
        checks = _checks(ground)
        linters = {check.name for check in checks if check.kind is Kind.LINT}
        evidence = {one.attempt: static_evidence(one, linters) for one in contenders}
        sound = [one for one in contenders if _sound(evidence[one.attempt])]
        tests = [check for check in checks if check.kind is not Kind.LINT]
        note = ""
        if len({evidence[one.attempt].likeness for one in sound}) > 1 and tests:
            note = await _run(request, ground, link, resources, sound, tests, evidence)
    finally:
        ground.index.close()
    choice = choose(list(evidence.values()))
    outcomes = {candidate.attempt: candidate.outcome for candidate in request.candidates}
    return Selected(
        attempt=choice.attempt,
        reason=choice.reason + (f". {note}" if note else ""),
        outcome=outcomes[choice.attempt],
        order=choice.order,
        evidence=tuple(evidence[number] for number in choice.order),
    )


def _checks(ground: Ground) -> list[Check]:
    named = named_checks(ground.request.intent.checks or ground.request.checks)
    return named or detect_checks(ground.snapshot.files(), ground.peek)


def _sound(evidence: Evidence) -> bool:
    return evidence.applies and not evidence.syntax


async def _run(
    request: SelectRequest,
    ground: Ground,
    link: Link,
    resources: Resources,
    sound: Sequence[Contender],
    checks: Sequence[Check],
    evidence: dict[int, Evidence],
) -> str:
    """Add to ``evidence`` what runs show; a sentence where they could not be made, or not all of them."""
    base = request.base
    sandbox: Sandbox | NoSandbox = NoSandbox("not looked for", "")
    if base.trusted:
        sandbox = await detect(ground.root, resources.dirs.base, resources.environ)
    if no := refusal(sandbox, trusted=base.trusted, allow_unsandboxed=base.allow_unsandboxed):
        return f"Nothing was run to compare them: {no.what}"
    try:
        scratch = await Scratch.prepare(
            ground.root, Overlay(ground.snapshot), resources.dirs.scratch(ground.root)
        )
    except AgentLsError as error:
        return f"Nothing was run to compare them: {error.what}"
    trials = Trials(
        ground,
        scratch,
        sandbox,
        link,
        deadline=time.monotonic() + request.wall_s,
        timeout_s=base.check_timeout_s,
    )
    try:
        evidence.update(await trials.existing(sound, checks, evidence))
        evidence.update(await trials.peers(sound, checks, evidence))
    except TimeoutError:
        return f"There was not enough time for every comparison ({request.wall_s:g} s)"
    finally:
        await scratch.close()
    return ""


@final
class Trials:
    """Runs parts of candidates together, each combination once."""

    def __init__(
        self,
        ground: Ground,
        scratch: Scratch,
        sandbox: Sandbox | NoSandbox,
        link: Link,
        *,
        deadline: float,
        timeout_s: float,
    ) -> None:
        self._ground = ground
        self._scratch = scratch
        self._sandbox = sandbox
        self._link = link
        self._deadline = deadline
        self._timeout_s = timeout_s
        self._known: dict[_Key, Tally] = {}
        self._red: frozenset[str] = frozenset()  # the project's tests that fail without any candidate

    async def existing(
        self, sound: Sequence[Contender], checks: Sequence[Check], evidence: Mapping[int, Evidence]
    ) -> dict[int, Evidence]:
        """The project's own tests, as they were, on each candidate's program.

        Raises:
            TimeoutError: the deadline passed; a part of a comparison compares nothing.
        """
        nothing = Overlay(self._ground.snapshot)
        found: dict[int, Evidence] = {}
        for one in sound:
            broken, mended = set[str](), 0
            for check in checks:
                before = await self._tally(nothing, check.argv)
                self._red |= before.failing
                self._say(f"the project's tests on attempt {one.attempt}")
                after = await self._tally(draft(self._ground, one.code), check.argv)
                broken |= {f"{check.name}: {name}" for name in _broken(before, after)}
                mended += len(before.failing - after.failing) if after.begun else 0
            as_written = all(r.status == "passed" for r in one.candidate.outcome.checks)
            rewrote = any(change.before is not None for change in one.tests)
            found[one.attempt] = replace(
                evidence[one.attempt],
                broken=frozenset(broken),
                mended=mended,
                revised=frozenset(broken) if as_written and rewrote else frozenset(),
            )
        return found

    async def peers(
        self, sound: Sequence[Contender], checks: Sequence[Check], evidence: Mapping[int, Evidence]
    ) -> dict[int, Evidence]:
        """The tests that each candidate wrote or changed, on the program of every one.

        Raises:
            TimeoutError: as `existing`.
        """
        found: dict[int, dict[int, Tally]] = {one.attempt: {} for one in sound}
        without: dict[int, Tally] = {}
        for author in sound:
            written = sorted(texts_of_tests(author))
            commands = [argv for check in checks for argv in narrowed(check, written)] if written else []
            if commands:
                bare = draft(self._ground, author.tests)
                without[author.attempt] = _sum([await self._tally(bare, argv) for argv in commands])
            for one in sound if commands else ():
                self._say(f"the tests of attempt {author.attempt} on attempt {one.attempt}")
                tree = draft(self._ground, one.code, author.tests)
                tallies = [await self._tally(tree, argv) for argv in commands]
                found[one.attempt][author.attempt] = _sum(tallies)
        return {
            number: replace(
                evidence[number], peers=peers, shown=self._shown(without.get(number), peers.get(number))
            )
            for number, peers in found.items()
        }

    def _shown(self, without: Tally | None, own: Tally | None) -> int:
        """How many tests of an author's own, which the project does not have, its program makes pass."""
        if without is None or own is None or own.failing:
            return 0
        return len(without.failing - self._red) if without.begun else own.total

    async def _tally(self, tree: Overlay, argv: tuple[str, ...]) -> Tally:
        state = tuple(sorted((c.path, c.after) for c in tree.changes()))
        key = (state, argv)
        if key not in self._known:
            left = self._deadline - time.monotonic()
            async with asyncio.timeout(left):
                self._known[key] = await self._execute(tree, argv, min(left, self._timeout_s))
        return self._known[key]

    async def _execute(self, tree: Overlay, argv: tuple[str, ...], timeout_s: float) -> Tally:
        try:
            await self._scratch.lay(tree)
            done = await run_in(self._scratch, argv, self._sandbox, timeout_s=timeout_s)
        except AgentLsError:
            return Tally(0, frozenset({ALL_TESTS}))
        if done.timed_out:
            return Tally(0, frozenset({ALL_TESTS}))
        roots = [str(self._scratch.root), str(self._scratch.tree)]
        return tally(done.output.decode("utf-8", "replace"), roots, passed=done.exit_code == 0)

    def _say(self, what: str) -> None:
        self._link.progress(f"comparing: {what}", JobState.CHECKING)


def narrowed(check: Check, tests: Sequence[RelPath]) -> list[tuple[str, ...]]:
    """The commands that run some test files by a check, or the whole check where it cannot be told to."""
    argv = check.argv
    if "pytest" in argv:
        files = [path for path in tests if path.endswith(".py") and not path.endswith("conftest.py")]
        return [(*argv, *files)] if files else []
    if "unittest" in argv and "discover" in argv:
        names = [path for path in tests if path.endswith(".py")]
        return [_discovered(argv, path) for path in names]
    if argv[:2] == ("go", "test"):
        folders = sorted({parent(path) for path in tests if path.endswith("_test.go")})
        return [("go", "test", *(f"./{folder}" if folder else "." for folder in folders))] if folders else []
    return [argv]


def _discovered(argv: tuple[str, ...], path: RelPath) -> tuple[str, ...]:
    """``unittest discover`` of one file, with the same start folder, so that imports mean the same."""
    return (*argv, "-p", path.rpartition("/")[2])


def _broken(before: Tally, after: Tally) -> frozenset[str]:
    """The tests that fail after and did not before; all of them where it no longer begins."""
    if not before.begun:
        return frozenset()
    if after.begun:
        return after.failing - before.failing
    return frozenset(f"#{number}" for number in range(max(1, before.total)))


def _sum(tallies: Sequence[Tally]) -> Tally:
    failing = frozenset[str]().union(*(one.failing for one in tallies))
    return Tally(sum(one.total for one in tallies), failing)
