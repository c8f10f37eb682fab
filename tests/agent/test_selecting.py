"""Plans of one task, run against each other's tests in a scratch tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from agent_ls.agent.contenders import gist
from agent_ls.agent.resources import Resources
from agent_ls.agent.selecting import narrowed, select
from agent_ls.core.attempt import Candidate, DraftFile, Outcome, Selected, SelectRequest
from agent_ls.core.edits import ChangeSet, FileChange
from agent_ls.core.job import CheckReport, JobId, JobState, Verdict
from agent_ls.core.paths import RelPath
from agent_ls.verify.checks import Check
from tests.agent.attempts import Stage, stage
from tests.agent.kit import OwnersEnd

HEAD = "import unittest\n\nfrom clamp import clamp\n\n\nclass T(unittest.TestCase):\n"
FILES = {
    "clamp.py": "def clamp(x, low, high):\n    return x\n",
    "test_clamp.py": HEAD + "    def test_inside(self):\n        self.assertEqual(clamp(5, 0, 9), 5)\n",
}
RIGHT = "def clamp(x, low, high):\n    return max(low, min(x, high))\n"
HALF = "def clamp(x, low, high):\n    return min(x, high)\n"
ZERO = "def clamp(x, low, high):\n    return 0\n"
NOT_MORE = "    def test_high(self):\n        self.assertEqual(clamp(11, 0, 9), 9)\n"
NOT_LESS = "    def test_low(self):\n        self.assertEqual(clamp(-1, 0, 9), 0)\n"


def candidate(set_up: Stage, number: int, texts: Mapping[str, str | None], **outcome: object) -> Candidate:
    put = set_up.blobs.put
    files = tuple(
        DraftFile(
            RelPath(path),
            put(FILES[path].encode()) if path in FILES else None,
            None if text is None else put(text.encode()),
        )
        for path, text in texts.items()
    )
    return Candidate(number, Outcome(JobState.READY, files=files, **outcome))  # type: ignore[arg-type]


async def chosen(
    tmp_path: Path,
    *texts: Mapping[str, str | None],
    trusted: bool = True,
    now: Mapping[str, str] | None = None,
) -> Selected:
    set_up = stage(tmp_path, files=FILES, trusted=trusted, allow_unsandboxed=True)
    candidates = tuple(candidate(set_up, n, t) for n, t in enumerate(texts, 1))
    for path, text in (now or {}).items():
        (set_up.root / path).write_text(text)
    before = {p: p.read_bytes() for p in set_up.root.rglob("*") if p.is_file()}
    resources = Resources(set_up.environ, dirs=set_up.dirs)
    request = SelectRequest(JobId("j10"), set_up.request, candidates)
    try:
        selected = await select(request, OwnersEnd(), resources)
    finally:
        await resources.close()
    assert before == {p: p.read_bytes() for p in set_up.root.rglob("*") if p.is_file()}
    return selected


async def test_the_projects_tests_are_run_as_they_were(tmp_path: Path) -> None:
    weakened = HEAD + "    def test_inside(self):\n        self.assertEqual(clamp(5, 0, 9), 0)\n"
    selected = await chosen(tmp_path, {"clamp.py": ZERO, "test_clamp.py": weakened}, {"clamp.py": RIGHT})
    assert selected.attempt == 2
    assert "breaks fewer tests" in selected.reason
    assert selected.evidence[1].broken


async def test_the_tests_of_one_attempt_tell_the_others_apart(tmp_path: Path) -> None:
    tests = FILES["test_clamp.py"]
    selected = await chosen(
        tmp_path,
        {"clamp.py": HALF, "test_clamp.py": tests + NOT_MORE},
        {"clamp.py": RIGHT, "test_clamp.py": tests + NOT_MORE + NOT_LESS},
        {"clamp.py": HALF.replace("min(x, high)", "high if x > high else x")},
    )
    assert selected.attempt == 2
    peers = {e.attempt: e.peers for e in selected.evidence}
    assert not peers[2][1].failing
    assert len(peers[1][2].failing) == len(peers[3][2].failing) == 1


async def test_what_does_nothing_and_what_does_not_parse_is_behind(tmp_path: Path) -> None:
    selected = await chosen(
        tmp_path,
        {"clamp.py": "# clamp\n" + FILES["clamp.py"]},
        {"clamp.py": "def clamp(x, low, high):\n    return max(\n"},
        {"clamp.py": RIGHT},
    )
    assert selected.order == (3, 1, 2)


async def test_all_are_compared_on_the_files_of_now(tmp_path: Path) -> None:
    now = "def clamp(x, low, high):\n    return x + 0  # typed meanwhile\n"
    clear = "import math\n\n\n" + FILES["clamp.py"].replace("return x\n", "return x\n\n\nE = math.e\n")
    selected = await chosen(
        tmp_path,
        {"clamp.py": RIGHT},
        {"clamp.py": None, "clip.py": RIGHT},
        {"new.py": clear},
        now={"clamp.py": now},
    )
    assert selected.attempt == 3
    assert {e.attempt: e.applies for e in selected.evidence} == {1: False, 2: False, 3: True}


async def test_an_untrusted_workspace_is_chosen_in_by_sight_and_says_so(tmp_path: Path) -> None:
    selected = await chosen(tmp_path, {"clamp.py": ZERO}, {"clamp.py": RIGHT}, trusted=False)
    assert "Nothing was run to compare them" in selected.reason
    assert selected.evidence[0].peers == {}


async def test_a_number_that_a_check_printed_decides_between_equals(tmp_path: Path) -> None:
    set_up = stage(tmp_path, files=FILES)
    made = [
        candidate(
            set_up,
            n,
            {"clamp.py": text},
            checks=(CheckReport("size", "passed", number=number, direction="lower"),),
        )
        for n, text, number in ((1, RIGHT, 9.0), (2, HALF, 4.0))
    ]
    resources = Resources(set_up.environ, dirs=set_up.dirs)
    selected = await select(SelectRequest(JobId("j10"), set_up.request, tuple(made)), OwnersEnd(), resources)
    await resources.close()
    assert selected.attempt == 2
    worse = [
        replace(c, outcome=replace(c.outcome, verdict=v))
        for c, v in zip(made, (Verdict.VERIFIED, Verdict.WORSE), strict=True)
    ]
    selected = await select(SelectRequest(JobId("j10"), set_up.request, tuple(worse)), OwnersEnd(), resources)
    assert selected.attempt == 1


@pytest.mark.parametrize(
    ("argv", "files", "commands"),
    [
        (
            ("python3", "-m", "pytest", "-q"),
            ["tests/test_a.py", "tests/conftest.py"],
            [("python3", "-m", "pytest", "-q", "tests/test_a.py")],
        ),
        (("python3", "-m", "pytest"), ["a_test.go"], []),
        (
            ("python3", "-m", "unittest", "discover", "-s", "tests"),
            ["tests/test_a.py"],
            [("python3", "-m", "unittest", "discover", "-s", "tests", "-p", "test_a.py")],
        ),
        (("go", "test", "./..."), ["x/a_test.go", "b_test.go"], [("go", "test", ".", "./x")]),
        (("npm", "test"), ["a.test.js"], [("npm", "test")]),
    ],
)
def test_only_the_tests_in_question_are_run(
    argv: tuple[str, ...], files: list[str], commands: list[tuple[str, ...]]
) -> None:
    assert narrowed(Check("x", argv), [RelPath(f) for f in files]) == commands


def test_the_gist_of_a_change_is_what_a_program_would_notice() -> None:
    def gist_of(after: bytes, path: str = "a.py") -> str:
        return gist(ChangeSet.of([FileChange(RelPath(path), b"def f(x):\n    return x\n", after)]))

    one = gist_of(b"def f(x):\n    return x + 1\n")
    assert one == gist_of(b"# so\ndef f( x ):\n\n    return (x + 1) # there\n".replace(b"(x + 1)", b"x+1"))
    assert one != gist_of(b"def f(x):\n    return x - 1\n")
    inside, outside = (
        b"def f(x):\n    if x:\n        a()\n        b()\n",
        b"def f(x):\n    if x:\n        a()\n    b()\n",
    )
    assert gist_of(inside) != gist_of(outside)
