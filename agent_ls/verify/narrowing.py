"""A check on some test files only: the quick answer before the whole one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from agent_ls.core.paths import RelPath, parent
from agent_ls.verify.check import Check, Narrowing

_SUFFIXES: dict[Narrowing, tuple[str, ...]] = {
    Narrowing.PATHS: (".py",),
    Narrowing.PATTERN: (".py",),
    Narrowing.FOLDERS: ("_test.go",),
    Narrowing.CLASSES: (".java", ".kt"),
    Narrowing.DASHED: (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts", ".vue"),
}
_HELPERS = ("conftest.py", "__init__.py")


def narrowed(check: Check, tests: Sequence[RelPath]) -> Check | None:
    """The same check on these test files (best first), or ``None`` where that cannot be said to it."""
    suffixes = _SUFFIXES.get(check.narrowing, ())
    own = (
        [path for path in tests if path.endswith(suffixes) and not path.endswith(_HELPERS)]
        if suffixes
        else []
    )
    # A file whose name begins like an option is never an argument.
    own = [path for path in own if not path.startswith("-")]
    if not own:
        return None
    argv = check.argv
    match check.narrowing:
        case Narrowing.PATHS:
            argv = (*argv, *own)
        case Narrowing.DASHED:
            argv = (*argv, *(("--",) if argv[0] in ("npm", "pnpm") else ()), *own)
        case Narrowing.PATTERN:
            argv = (*argv, "-p", own[0].rpartition("/")[2])
        case Narrowing.FOLDERS:
            argv = (*argv[:-1], *_unique(f"./{parent(path)}" if parent(path) else "." for path in own))
        case Narrowing.CLASSES:
            classes = ",".join(_unique(path.rpartition("/")[2].partition(".")[0] for path in own))
            argv = (*argv, f"-Dtest={classes}", "-Dsurefire.failIfNoSpecifiedTests=false")
        case Narrowing.NONE:
            return None
    return replace(check, argv=argv)


def _unique(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
