"""Whether a run that fails ends before everything had its turn: what it did not run is not known.

Where the tool says so its output is believed (`said`). Others are silent about it, so that a command
is looked at for the flags that ask for it (`told`), and a project's script for commands of which each
runs only where the one before passed (`script_stops`, `make_stops`, `tox_stops`, `nox_stops`). In
doubt it stops: a verdict that is too good is worse than one that is too careful.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

_FLAGS = re.compile(
    r"(?<!\S)(?:--?fail-?fast|--exitfirst|--maxfail|--max-failures|--(?:test-)?bail|--stop-on-[a-z-]+)(?![\w-])"
    r"(?![= ](?:0|false)\b)"
    r"|\bunittest\b[^;&|]*\s-[a-z]*f\b|\b(?:mocha|tap)\b[^;&|]*\s-[a-z]*b\b"
)
_SAID = re.compile(
    r"^!{3,} (?:stopping after|Interrupted: |xdist\.|_pytest\.outcomes\.Exit|KeyboardInterrupt)"  # pytest
    r"|^Test Suites: .*\b\d+ of \d+ total"  # jest
    r"|^Bail out!"  # TAP
    r"|^Testing stopped early after"  # playwright
    r"|`--fail-fast` is on"  # ava
    r"|^\s*Cancell?ing due to test failure"  # cargo nextest
    r"|^\[INFO\] \S.* \.{3,} SKIPPED",  # maven, of a module
    re.MULTILINE,
)
_CARGO_ENDED = re.compile(r"^error: test failed, to rerun pass", re.MULTILINE)
_CARGO_WENT_ON = re.compile(r"^error: \d+ targets? failed:", re.MULTILINE)

_WORD = r"(?:[A-Z_][A-Z0-9_]*=\S*\s+|cross-env\s+|npx\s+|@|exec\s+)*"
_HARMLESS = re.compile(
    rf"{_WORD}(?:\S*/)?(?:eslint|tsc|vue-tsc|prettier|biome|rimraf|rm|mkdir|cp|echo|printf|cd|export|standard|xo"
    r"|tslint|stylelint|ruff|mypy|(?:based)?pyright|black|isort|flake8|pip|go (?:vet|build|fmt|mod)"
    r"|cargo (?:build|fmt|clippy|check)|(?:npm|pnpm|yarn|bun) (?:run )?(?:ci|install|lint|build|types?|typecheck"
    r"|type-check|format|clean|compile)(?:[:-][\w:-]+)?)(?!\S)"
)
_ONE_BY_ONE = re.compile(rf"{_WORD}(?:run-s|run-p|npm-run-all|concurrently)\b")
_SCRIPT = re.compile(r"(?:npm|pnpm|yarn|bun) (?:run )?([\w:.-]+)\Z")
_BAIL = re.compile(rb"""\bbail["']?\s*[:=]\s*(?:true|[1-9])""")
_RULE = r"^{name}[ \t]*:(?!=)([^\n#]*)[^\n]*\n((?:\t[^\n]*\n?|[ \t]*\n)*)"
_TOX_COMMANDS = re.compile(r"^commands[ \t]*=(.*(?:\n[ \t]+.*)*)", re.MULTILINE)
_NOX_TESTS = re.compile(r"session\.run\([^)]*(?:pytest|unittest)")
_DEPTH = 4
_MOST = 500
"""Commands looked at: scripts that name each other over and over have more than can be counted."""


def said(output: str, argv: Sequence[str]) -> bool:
    """Whether a failed run says that it left something out."""
    if _SAID.search(output):
        return True
    ended = "--no-fail-fast" not in argv and _CARGO_ENDED.search(output) is not None
    return ended and _CARGO_WENT_ON.search(output) is None


def told(command: str) -> bool:
    """Whether a command line asks a test runner to stop at its first failures."""
    return _FLAGS.search(command) is not None


def configured(data: bytes) -> bool:
    """Whether the configuration of a runner that is silent about it (vitest, mocha) asks for the same."""
    return _BAIL.search(data) is not None


def script_stops(name: str, scripts: Mapping[str, str]) -> bool:
    """Whether a failure in a script of ``package.json`` keeps other tests from running."""
    return _leave_out(
        [*islice(_commands(name, scripts), _MOST), *islice(_commands(f"post{name}", scripts), _MOST)]
    )


def make_stops(makefile: str, target: str) -> bool:
    """The same of a make target and what it needs."""
    return _leave_out(list(islice(_recipe(makefile, target, {target}), _MOST)))


def tox_stops(text: str) -> bool:
    """The same of the commands of any environment."""
    joined = (re.sub(r"\\\n\s*", " ", block) for block in _TOX_COMMANDS.findall(text))
    return any(_leave_out([line.strip() for line in block.splitlines() if line.strip()]) for block in joined)


def nox_stops(text: str) -> bool:
    """Whether test runners are started more than once; a session ends at the first that fails."""
    return len(_NOX_TESTS.findall(text)) > 1 or told(text)


def _leave_out(commands: Sequence[str]) -> bool:
    """Whether one of these, each run only where the one before passed, may keep tests of another from running."""
    if any(told(command) or _ONE_BY_ONE.match(command) for command in commands):
        return True
    return sum(not _HARMLESS.match(command) for command in commands) > 1


def _commands(name: str, scripts: Mapping[str, str], depth: int = _DEPTH) -> Iterator[str]:
    for command in scripts.get(name, "").split("&&"):
        known = _SCRIPT.match(command.strip())
        if known and known.group(1) in scripts and depth and not _HARMLESS.match(command.strip()):
            yield from _commands(known.group(1), scripts, depth - 1)
        elif command.strip():
            yield command.strip()


def _recipe(makefile: str, target: str, seen: set[str]) -> Iterator[str]:
    """The commands of a target and of what it needs, each made once, as make does."""
    rule = re.search(_RULE.format(name=re.escape(target)), makefile, re.MULTILINE)
    if rule is None:
        return
    for needed in rule.group(1).split():
        if needed not in seen and len(seen) < _MOST:
            seen.add(needed)
            yield from _recipe(makefile, needed, seen)
    for line in re.sub(r"\\\n\s*", " ", rule.group(2)).splitlines():
        for command in line.strip().lstrip("@-+ ").split("&&"):
            if command.strip():
                yield command.strip()
