"""Each hunk's reason and check: followed back through the drafts to the turn that wrote it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent_ls.core.attempt import Checked, DraftFile, Outcome, TurnDone
from agent_ls.core.edits import ChangeSet, FileChange
from agent_ls.core.errors import WorkspaceError
from agent_ls.core.hunks import hunks
from agent_ls.core.job import CheckReport, Intent, IntentKind, JobState, Site, Usage, Verdict
from agent_ls.core.paths import RelPath
from agent_ls.core.steps import Planned, PlanStep
from agent_ls.core.text import Span
from agent_ls.jobs.backing import Backing, backings, noted_patch, one_line, reasoned
from agent_ls.jobs.journal import Entry
from agent_ls.jobs.records import Record
from tests.jobs.conftest import Opener, task

A = RelPath("src/client.py")
LINES = [f"line {n}\n" for n in range(30)]
BASE = "".join(LINES).encode()
DELEGATE = Intent(IntentKind.DELEGATE, "Delegate: retry", task="retry")
GAP = "\n" * 12


def with_lines(base: bytes = BASE, **changed: str) -> bytes:
    lines = base.decode().splitlines(keepends=True)
    for name, text in changed.items():
        lines[int(name[1:])] = text
    return "".join(lines).encode()


class Story:
    """A journal in the making: turns with words, calls and texts."""

    def __init__(self, before: Mapping[str, bytes | None]) -> None:
        self.before = dict(before)
        self.blobs: dict[str, bytes] = {}
        self.records: list[Record] = []
        self.draft: tuple[DraftFile, ...] = ()

    def put(self, text: bytes | None) -> str | None:
        if text is None:
            return None
        key = f"#{hash(text)}"
        self.blobs[key] = text
        return key

    def turn(self, *content: Any, moved: Mapping[str, str] | None = None, **texts: bytes | None) -> Story:
        """``content``: words, or a call's input. ``texts`` by file name, ``__`` for ``/``."""
        now = {file.path: file for file in self.draft}
        for name, after in texts.items():
            path = RelPath(name.replace("__", "/") + ".py")
            source = RelPath((moved or {}).get(path, path))
            now.pop(source, None)
            known = self.before.get(source)
            now[path] = DraftFile(path, self.put(known), self.put(after), source if source != path else None)
        self.draft = tuple(now.values())
        blocks = [
            {"type": "text", "text": part} if isinstance(part, str) else {"type": "tool_use", "input": part}
            for part in content
        ]
        self.records.append(TurnDone(1, blocks, [], "tool_use", Usage(), None, {}, self.draft))
        return self

    def checked(self, *reports: CheckReport) -> Story:
        self.records.append(Checked(reports, Verdict.VERIFIED, "tree"))
        return self

    def ready(self, *reports: CheckReport) -> Story:
        self.records.append(Outcome(JobState.READY, files=self.draft, checks=reports))
        return self

    @property
    def plan(self) -> ChangeSet:
        get = self.blobs.__getitem__
        return ChangeSet.of(
            FileChange(
                f.path,
                None if f.before is None else get(f.before),
                None if f.after is None else get(f.after),
                f.moved_from,
            )
            for f in self.draft
        )

    def backed(self, intent: Intent = DELEGATE) -> list[Backing]:
        entries = [Entry(n, 0.0, type(r).__name__, {}, r) for n, r in enumerate(self.records)]
        plan = self.plan
        behind = backings(intent, plan, entries, self.blobs.__getitem__)
        return [behind[hunk.id] for hunk in hunks(plan)]

    def reasons(self, intent: Intent = DELEGATE) -> list[str]:
        return [backing.reason for backing in self.backed(intent)]


def edit(path: str = A, *new: str) -> dict[str, Any]:
    return {"path": path, "edits": [{"old_str": "x", "new_str": text} for text in new]}


def test_each_hunk_has_the_words_of_its_own_turn() -> None:
    one = with_lines(n2="TWO\n")
    both = with_lines(one, n20="TWENTY\n")
    story = Story({A: BASE})
    story.turn("Let me look.", {"path": "other.py"}).turn("Two is wrong.", edit(), src__client=one)
    story.turn("So is twenty.", edit(), src__client=both).turn("All done.")
    assert story.reasons() == ["Two is wrong.", "So is twenty."]


def test_lines_that_moved_since_are_still_their_turns() -> None:
    story = Story({A: BASE})
    one = with_lines(n20="TWENTY\n")
    story.turn("Twenty first.", edit(), src__client=one)
    story.turn("Then a head.", edit(), src__client=b"head\n" * 5 + one)
    assert story.reasons() == ["Then a head.", "Twenty first."]


def test_taken_lines_are_the_turns_that_took_them() -> None:
    story = Story({A: BASE})
    without = BASE.replace(b"line 5\nline 6\n", b"")
    story.turn("Five and six are dead.", edit(), src__client=without)
    story.turn("A tail.", edit(), src__client=without + b"tail\n")
    assert story.reasons() == ["Five and six are dead.", "A tail."]


def test_of_several_calls_in_a_turn_the_one_that_holds_the_lines() -> None:
    text = with_lines(n2="alpha_changed\n", n20="beta_changed\n")
    story = Story({A: BASE}).turn(
        *("First alpha.", edit(A, "alpha_changed"), "Then beta.", edit(A, "beta_changed")),
        *("Last the tests.", edit("tests/test_client.py", "alpha_changed beta_changed")),
        src__client=text,
    )
    assert story.reasons() == ["First alpha.", "Then beta."]


def test_a_turn_without_words_has_those_of_its_step_or_the_last_ones() -> None:
    story = Story({A: BASE, "b.py": b"b\n"})
    story.turn("I see: the loop never ends.", {"path": A})
    story.turn({"path": A}).turn(edit(), src__client=with_lines(n2="2\n"))
    assert story.reasons() == ["I see: the loop never ends."]
    story.records.insert(0, Planned((PlanStep("End the loop", (A,)), PlanStep("Other", (RelPath("b.py"),)))))
    assert story.reasons() == ["End the loop"]
    story.turn(edit("b.py"), b=b"B\n")
    assert story.reasons() == ["Other", "End the loop"]


def test_words_before_an_earlier_edit_are_not_those_of_a_later_one() -> None:
    story = Story({A: BASE}).turn("About two.", edit(), src__client=with_lines(n2="2\n"))
    story.turn(edit(), src__client=with_lines(n2="2\n", n20="20\n"))
    assert story.reasons() == ["About two.", ""]


def test_created_deleted_and_moved_files() -> None:
    old, gone = RelPath("old.py"), RelPath("gone.py")
    story = Story({old: BASE, gone: b"x\n"})
    story.turn("A new home.", {"path": "fresh.py"}, fresh=b"f\n")
    story.turn("Gone.", {"path": "gone.py"}, gone=None)
    story.turn("Call it new.", {"old_path": "old.py"}, new=BASE, moved={"new.py": "old.py"})
    story.turn("And mend it.", edit("new.py"), new=with_lines(n3="3\n"), moved={"new.py": "old.py"})
    assert story.reasons() == ["A new home.", "Gone.", "Call it new.", "And mend it."]


def test_what_no_turn_did_is_the_engines_or_the_comment_that_asked() -> None:
    story = Story({A: BASE})
    story.turn("Mend.", edit(), src__client=with_lines(n20="20\n"))
    whole = with_lines(n2="", n20="20\n")
    story.draft = (DraftFile(A, story.put(BASE), story.put(whole)),)
    assert story.reasons() == ["", "Mend."]
    asked = Intent(IntentKind.DELEGATE, "t", site=Site(A, Span(14, 20)), anchor=Span(14, 20))
    assert story.reasons(asked) == ["Removes the comment that asked for this.", "Mend."]
    engine = Story({A: BASE})
    engine.draft = (DraftFile(A, engine.put(BASE), engine.put(whole)),)
    run = Intent(IntentKind.RUN, "Fix what ruff can fix", argv=("ruff",))
    assert set(engine.reasons(run)) == {"Fix what ruff can fix"}


def test_a_text_that_is_lost_costs_only_its_own_reasons() -> None:
    story = Story({A: BASE, "b.py": b"b\n"})
    story.turn("First try.", edit(), src__client=with_lines(n2="lost\n"))
    story.turn("Second.", edit(), src__client=with_lines(n2="2\n")).turn("B.", edit("b.py"), b=b"B\n")
    del story.blobs[f"#{hash(with_lines(n2='lost' + chr(10)))}"]
    entries = [Entry(n, 0.0, "", {}, r) for n, r in enumerate(story.records)]

    def get(key: str) -> bytes:
        if key not in story.blobs:
            raise WorkspaceError("lost")
        return story.blobs[key]

    assert [b.reason for b in backings(DELEGATE, story.plan, entries, get).values()] == ["B."]


def test_a_models_words_are_one_short_line_that_neither_acts_nor_hides() -> None:
    assert one_line("a\u202eb\x1b[31m\u200b c\nd") == "ab[31m c d"
    assert one_line("Long talk.\n\nNow  the\tfix.") == "Now the fix."
    assert one_line("x" * 200) == "x" * 159 + "…"
    long = "It was found. " + "y" * 100 + ". " + "z" * 90 + "."
    assert one_line(long) == "z" * 90 + "."
    assert one_line("") == ""


PYTEST = CheckReport("pytest", "passed", "tests/test_client.py ..\ntests/test_other.py .\n")


def test_the_check_names_the_test_of_the_file() -> None:
    story = Story({A: BASE, "b.py": b"b\n"})
    story.turn("x", edit(), src__client=with_lines(n2="2\n"), b=b"B\n")
    story.ready(CheckReport("ruff", "passed"), PYTEST)
    b, client = story.backed()
    assert client == Backing("x", "pytest", "passed", "tests/test_client.py")
    assert (client.proof, client.words) == (
        "pytest passed (tests/test_client.py)",
        "x · pytest passed (tests/test_client.py)",
    )
    assert (b.check, b.status, b.test) == ("ruff", "passed", "")


def test_a_check_that_failed_over_the_file_comes_first() -> None:
    story = Story({A: BASE}).turn("x", edit(), src__client=with_lines(n2="2\n"))
    story.ready(PYTEST, CheckReport("mypy", "failed", "src/client.py:3: error"))
    assert [b.proof for b in story.backed()] == ["mypy failed"]


def test_a_proof_counts_only_for_the_trees_that_hold_the_hunk() -> None:
    one = with_lines(n2="2\n")
    story = Story({A: BASE}).turn("one", edit(), src__client=one).checked(PYTEST)
    story.turn("two", edit(), src__client=with_lines(one, n20="20\n"))
    assert [b.status for b in story.backed()] == ["passed", ""]
    story.records.append(Outcome(JobState.OUT_OF_BUDGET))
    assert [b.status for b in story.backed()] == ["passed", ""]
    story.ready(CheckReport("pytest", "skipped", "not trusted: tests/test_client.py"))
    assert [b.proof for b in story.backed()] == ["pytest skipped", "pytest skipped"]


def git_applies(folder: Path, patch: str) -> bytes:
    done = subprocess.run(
        ["git", "apply", "-"], cwd=folder, input=patch.encode(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return (folder / A).read_bytes()


def test_the_noted_patch_says_why_and_still_applies(tmp_path: Path) -> None:
    first, second = with_lines(n2="2\n"), with_lines(n2="2\n", n4="", n20="zwanzig\n")
    story = Story({A: BASE}).turn("Zwei \u2713", edit(), src__client=first)
    story.turn("Rest", edit(), src__client=second).ready(PYTEST)
    behind = {h.id: b for h, b in zip(hunks(story.plan), story.backed(), strict=True)}
    patch = noted_patch(story.plan, behind)
    proof = "pytest passed (tests/test_client.py)"
    headings = [line.rpartition("@@ ")[2] for line in patch.splitlines() if line.startswith("@@")]
    assert headings == [f"Zwei \u2713 · {proof}; Rest · {proof}", f"Rest · {proof}"]
    (tmp_path / "src").mkdir()
    (tmp_path / A).write_bytes(BASE)
    assert git_applies(tmp_path, patch) == second


def test_reasons_follow_their_lines_into_a_text_that_was_typed_on() -> None:
    story = Story({A: BASE}).turn("Two.", edit(), src__client=with_lines(n2="2\n"))
    story.turn("Twenty.", edit(), src__client=with_lines(n2="2\n", n20="20\n"))
    behind = {h.id: b for h, b in zip(hunks(story.plan), story.backed(), strict=True)}
    typed = BASE.replace(b"line 10\n", b"line 10\nmine\nmine\n")
    now = ChangeSet.of([FileChange(A, typed, with_lines(typed, n2="2\n", n22="20\n"))])
    found = reasoned(story.plan, behind, now)
    assert [(r.start, r.lines, r.reason) for r in found[A]] == [(2, 1, "Two."), (22, 1, "Twenty.")]


async def test_a_jobs_hunks_on_the_wire_carry_both(opener: Opener) -> None:
    service = await opener()
    texts: Sequence[str] = ("ONE\ntwo\nthree\nfour\nfive\n", "ONE\ntwo\nthree\nfour\nFIVE\n")
    turns = [{"turn": n, "files": {"a.py": text}} for n, text in enumerate(texts, 1)]
    job = service.delegate(task(*turns, {"check": "verified"}, {"outcome": "failed"}))
    await service.wait(job)
    told = service.job(job).wire()["hunks"]
    assert [(h["reason"], h["check"]) for h in told] == [
        ("turn 1", {"name": "tests", "status": "passed", "test": ""}),
        ("turn 2", {"name": "tests", "status": "passed", "test": ""}),
    ]
