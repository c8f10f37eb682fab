"""Plans into the user's texts and back: merged, verified, never guessed, whatever the editor answers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent_ls.core.errors import UsageError
from agent_ls.core.job import JobId, JobState, Verdict
from agent_ls.core.paths import RelPath
from agent_ls.jobs.service import Service
from tests.jobs.conftest import Opener, close, task
from tests.support.paper_editor import PaperEditor

A0, B0 = b"one\ntwo\nthree\nfour\nfive\n", b"alpha\nbeta\n"
A1, B1, NEW = b"ONE\ntwo\nthree\nfour\nFIVE\n", b"alpha\nBETA\n", b"made\n"
FILES = {"a.py": A1.decode(), "b.py": B1.decode(), "c/new.py": NEW.decode()}
PATHS = ("a.py", "b.py", "c/new.py")


async def plan(service: Service, verdict: str = "verified", **files: str | None) -> JobId:
    done = {"outcome": "ready", "verdict": verdict}
    job = service.delegate(task({"turn": 1, "files": files or FILES}, done, title="shout"))
    assert (await service.wait(job)).state is JobState.READY
    return job


def texts(editor: PaperEditor) -> dict[str, bytes | None]:
    return {path: editor.read(RelPath(path)) for path in PATHS}


async def test_apply_then_undo_is_the_identity_and_undo_can_be_undone(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    job = await plan(service)
    before = texts(editor)
    done = await service.apply(job)
    assert (done.state, done.message) == (JobState.APPLIED, "Applied to 3 files.")
    assert texts(editor) == {"a.py": A1, "b.py": B1, "c/new.py": NEW}
    assert all(file.landed for file in service.job(job).view.files)
    assert (await service.apply(job)).message == "Everything of this plan is in your files already."
    undone = await service.undo(job)
    assert undone.state is JobState.UNDONE
    assert texts(editor) == before
    assert (await service.undo(job)).message == "Nothing of this job is in your files."
    assert (await service.apply(job)).state is JobState.APPLIED
    assert texts(editor) == {"a.py": A1, "b.py": B1, "c/new.py": NEW}


async def test_what_was_typed_meanwhile_stays_and_the_verdict_says_so(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    job = await plan(service)
    editor.type("a.py", b"one\ntwo\nthree and more\nfour\nfive\n")
    done = await service.apply(job)
    assert editor.read(RelPath("a.py")) == b"ONE\ntwo\nthree and more\nfour\nFIVE\n"
    assert done.moved == ("a.py",)
    assert "rebased over your edit in a.py: not re-checked" in done.message
    view = service.job(job).view
    assert (view.verdict, view.verdict_note) == (
        Verdict.UNVERIFIED,
        "rebased over your edit in a.py: not re-checked",
    )


async def test_typing_between_the_merge_and_the_landing_is_merged_again(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    job = await plan(service)
    editor.typed_meanwhile = lambda: editor.type("a.py", b"one\ntwo\nTYPED\nfour\nfive\n")
    assert (await service.apply(job)).state is JobState.APPLIED
    assert editor.read(RelPath("a.py")) == b"ONE\ntwo\nTYPED\nfour\nFIVE\n"
    assert editor.asked == 2


async def test_a_clash_leaves_everything_as_it_is(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    job = await plan(service)
    editor.type("a.py", b"uno\ntwo\nthree\nfour\nfive\n")
    before = texts(editor)
    done = await service.apply(job)
    assert done.state is JobState.READY
    assert [(c.path, c.line, c.ours, c.theirs) for c in done.conflicts] == [("a.py", 1, "ONE\n", "uno\n")]
    assert "a.py line 1" in done.message
    assert texts(editor) == before
    assert editor.asked == 0


async def test_a_clash_of_lines_that_is_none_in_the_syntax_lands(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    editor.type("b.py", b"import a\nimport z\n")
    job = await plan(service, **{"b.py": "import a\nimport b\nimport z\n"})
    editor.type("b.py", b"import a\nimport c\nimport z\n")
    done = await service.apply(job)
    assert (done.state, done.conflicts) == (JobState.APPLIED, ())
    assert editor.read(RelPath("b.py")) == b"import a\nimport b\nimport c\nimport z\n"
    assert "rebased over your edit in b.py (1 clash resolved by syntax): not re-checked" in done.message
    editor.type("b.py", b"import a\nimport b\nimport c\nimport d\nimport z\n")
    undone = await service.undo(job)
    assert (undone.state, undone.conflicts) == (JobState.UNDONE, ())
    assert editor.read(RelPath("b.py")) == b"import a\nimport c\nimport d\nimport z\n"


async def test_with_force_the_files_without_a_clash_land(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    job = await plan(service)
    editor.type("a.py", b"uno\ntwo\nthree\nfour\nfive\n")
    done = await service.apply(job, force=True)
    assert done.state is JobState.PARTLY_APPLIED
    assert "left out because they clash with your text: a.py" in done.message
    assert texts(editor) == {"a.py": b"uno\ntwo\nthree\nfour\nfive\n", "b.py": B1, "c/new.py": NEW}
    editor.type("a.py", A0)  # the clash is gone
    assert (await service.apply(job)).state is JobState.APPLIED
    assert editor.read(RelPath("a.py")) == A1
    assert (await service.undo(job)).state is JobState.UNDONE
    assert texts(editor) == {"a.py": A0, "b.py": B0, "c/new.py": None}


async def test_some_files_then_some_hunks_then_the_rest(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    job = await plan(service)
    assert (await service.apply(job, files=[RelPath("b.py")])).state is JobState.PARTLY_APPLIED
    assert texts(editor) == {"a.py": A0, "b.py": B1, "c/new.py": None}
    first = next(hunk for hunk in service.job(job).hunks if hunk.path == "a.py")
    assert (await service.apply(job, hunks=[first.id])).state is JobState.PARTLY_APPLIED
    assert editor.read(RelPath("a.py")) == b"ONE\ntwo\nthree\nfour\nfive\n"
    wire = {hunk["id"]: hunk["landed"] for hunk in service.job(job).wire()["hunks"]}
    assert wire[first.id]
    assert sum(wire.values()) == 2
    assert "Nothing that has not landed" in (await service.apply(job, hunks=["nonsense"])).message
    assert (await service.apply(job)).state is JobState.APPLIED
    assert texts(editor) == {"a.py": A1, "b.py": B1, "c/new.py": NEW}
    assert (await service.undo(job)).state is JobState.UNDONE
    assert texts(editor) == {"a.py": A0, "b.py": B0, "c/new.py": None}


async def test_undo_keeps_later_edits_and_leaves_a_file_that_clashes(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    job = await plan(service)
    await service.apply(job)
    editor.type("a.py", b"ONE\ntwo\nlater\nfour\nFIVE\n")
    editor.type("b.py", b"alpha\nBETA, again\n")
    done = await service.undo(job)
    assert done.state is JobState.PARTLY_APPLIED
    assert [c.path for c in done.conflicts] == ["b.py"]
    assert texts(editor) == {
        "a.py": b"one\ntwo\nlater\nfour\nfive\n",
        "b.py": b"alpha\nBETA, again\n",
        "c/new.py": None,
    }
    assert {f.path: f.landed for f in service.job(job).view.files} == {
        "a.py": False,
        "b.py": True,
        "c/new.py": False,
    }
    editor.type("b.py", B1)
    assert (await service.undo(job)).state is JobState.UNDONE
    assert editor.read(RelPath("b.py")) == B0


async def test_an_editor_that_refuses_changes_nothing(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    editor.mode = "refuse"
    service = await opener(editor)
    job = await plan(service)
    done = await service.apply(job)
    assert (done.state, done.message) == (JobState.READY, "Nothing was changed: the user said no.")
    assert editor.asked == 1  # a person's no is not asked again
    editor.mode = "land"
    assert (await service.apply(job)).state is JobState.APPLIED


async def test_an_editor_that_lands_half_is_found_out(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    editor.mode = "half"
    service = await opener(editor)
    job = await plan(service)
    done = await service.apply(job)
    assert done.state is JobState.PARTLY_APPLIED
    assert "the editor did not change b.py, c/new.py" in done.message
    editor.mode = "land"
    assert (await service.apply(job)).state is JobState.APPLIED
    assert texts(editor) == {"a.py": A1, "b.py": B1, "c/new.py": NEW}


async def test_an_editor_that_says_no_but_did_it_is_found_out(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    editor.mode = "lie"
    service = await opener(editor)
    job = await plan(service)
    assert (await service.apply(job)).state is JobState.APPLIED


@pytest.mark.parametrize("landed", [True, False])
async def test_the_end_of_the_process_during_a_landing_is_settled(
    opener: Opener, root: Path, landed: bool
) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    job = await plan(service)
    editor.mode = "hang"
    applying = asyncio.ensure_future(service.apply(job, files=[RelPath("a.py"), RelPath("b.py")]))
    await editor.hanging.wait()
    with pytest.raises(UsageError, match="being applied"):
        await service.apply(job)
    await close(service)
    await asyncio.gather(applying, return_exceptions=True)
    if landed:
        editor.write("a.py", A1.replace(b"three", b"three, and typed"))
        editor.write("b.py", B1)
    editor.mode = "land"
    again = await opener(editor)
    view = again.job(job).view
    assert view.landing == ""
    assert view.state is (JobState.PARTLY_APPLIED if landed else JobState.READY)
    if landed:
        await again.undo(job)
        assert texts(editor)["a.py"] == A0.replace(b"three", b"three, and typed")
    await again.apply(job)
    assert texts(editor)["c/new.py"] == NEW


async def test_a_landing_of_a_process_that_died_is_settled_by_one_that_was_there_before(
    opener: Opener, root: Path
) -> None:
    editor = PaperEditor(root)
    dying, staying = await opener(editor), await opener(PaperEditor(root))
    job = await plan(dying)
    assert staying.job(job).view.owner == "elsewhere"
    editor.mode = "hang"
    applying = asyncio.ensure_future(dying.apply(job))
    await editor.hanging.wait()
    await close(dying)
    await asyncio.gather(applying, return_exceptions=True)
    done = await staying.apply(job)
    assert (done.state, done.message) == (JobState.APPLIED, "Applied to 3 files.")


async def test_a_request_that_is_cancelled_does_not_lose_the_landing(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    job = await plan(service)
    applying = asyncio.ensure_future(service.apply(job))
    await asyncio.sleep(0)
    applying.cancel()
    await asyncio.gather(applying, return_exceptions=True)
    async with asyncio.timeout(5):
        while service.job(job).view.state is not JobState.APPLIED:
            await asyncio.sleep(0.01)
    await service.undo(job)
    assert texts(editor) == {"a.py": A0, "b.py": B0, "c/new.py": None}


async def test_while_an_editor_is_asked_nothing_else_happens_to_the_plan(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    job = service.delegate(task({"turn": 1, "files": FILES}, {"outcome": "failed"}))
    await service.wait(job)
    editor.mode = "hang"
    landing = asyncio.create_task(service.apply(job, force=True))
    await editor.hanging.wait()
    for wish in (service.resume, service.discard, service.purge, service.undo, service.apply):
        with pytest.raises(UsageError, match="this moment"):
            await wish(job)
    landing.cancel()


async def test_a_plan_that_made_checks_worse_needs_force(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    job = await plan(service, verdict="worse")
    assert "fail with this plan" in (await service.apply(job)).message
    assert texts(editor)["a.py"] == A0
    assert (await service.apply(job, force=True)).state is JobState.APPLIED


async def test_a_draft_without_an_end_needs_force(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    job = service.delegate(task({"turn": 1, "files": FILES}, {"outcome": "failed", "problem": "gave up"}))
    await service.wait(job)
    assert "not a whole plan" in (await service.apply(job)).message
    assert (await service.apply(job, force=True)).state is JobState.APPLIED


async def test_a_deletion_of_a_file_that_changed_is_a_clash(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    done = {"outcome": "ready"}
    job = service.delegate(task({"turn": 1, "files": {"b.py": None}}, done))
    await service.wait(job)
    editor.write("b.py", b"kept\n")
    assert [c.path for c in (await service.apply(job)).conflicts] == ["b.py"]
    editor.write("b.py", B0)
    assert (await service.apply(job)).state is JobState.APPLIED
    assert editor.read(RelPath("b.py")) is None
    await service.undo(job)
    assert editor.read(RelPath("b.py")) == B0


async def test_the_preview_is_what_apply_would_do(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    job = await plan(service)
    editor.type("a.py", b"one\ntwo\nmine\nfour\nfive\n")
    shown = service.preview(job, files=[RelPath("a.py")])
    assert [(c.path, c.after) for c in shown.changes] == [("a.py", b"ONE\ntwo\nmine\nfour\nFIVE\n")]
    assert editor.asked == 0


async def test_undo_of_two_landings_leaves_a_file_alone_where_one_of_them_clashes(
    opener: Opener, root: Path
) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    job = await plan(service)
    first = next(hunk for hunk in service.job(job).hunks if hunk.path == "a.py")
    await service.apply(job, hunks=[first.id])
    await service.apply(job)
    mine = b"ONE, mine\ntwo\nthree\nfour\nFIVE\n"
    editor.type("a.py", mine)
    done = await service.undo(job)
    assert [c.path for c in done.conflicts] == ["a.py"]
    assert texts(editor) == {"a.py": mine, "b.py": B0, "c/new.py": None}
    editor.type("a.py", A1)  # the clash is gone
    assert (await service.undo(job)).state is JobState.UNDONE
    assert texts(editor) == {"a.py": A0, "b.py": B0, "c/new.py": None}


async def test_the_part_that_has_landed_is_not_taken_for_the_users_edits(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    job = await plan(service)
    first, *_, last = [hunk for hunk in service.job(job).hunks if hunk.path == "a.py"]
    await service.apply(job, hunks=[first.id])
    done = await service.apply(job, hunks=[last.id])
    assert editor.read(RelPath("a.py")) == A1
    assert (done.moved, done.message) == ((), "Applied to 1 file.")


async def test_what_was_reviewed_and_what_deserves_a_yes_reach_the_editor(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    editor.write("gone.py", b"old\n")
    service = await opener(editor)
    job = await plan(service, **{"a.py": A1.decode(), "gone.py": None})
    await service.apply(job, ["a.py"], reviewed=True)
    await service.apply(job)
    await service.undo(job)
    assert [(sorted(order.doubts), order.reviewed) for order in editor.orders] == [
        ([], True),
        (["gone.py"], False),
        ([], False),
    ]


async def test_a_notice_counts_what_waits_to_be_saved(opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    editor.type("a.py", A0, saved=True)
    service = await opener(editor)
    job = await plan(service)
    assert (await service.apply(job)).message == "Applied to 3 files; 1 file unsaved."


async def test_a_new_file_with_the_editors_own_line_ends_is_told_and_taken_back(
    opener: Opener, root: Path
) -> None:
    editor = PaperEditor(root)
    service = await opener(editor)
    job = service.delegate(task({"turn": 1, "files": {"new.py": "1\r\n2\r\n"}}, {"outcome": "ready"}))
    await service.wait(job)
    editor.turn_line_ends = True
    done = await service.apply(job)
    assert editor.read(RelPath("new.py")) == b"1\n2\n"
    assert "new.py got your editor's own line ends" in done.message
    assert (await service.undo(job)).state is JobState.UNDONE
    assert editor.read(RelPath("new.py")) is None
