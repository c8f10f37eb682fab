"""``jobs``: every action on one workspace's jobs, as a person would do them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.faces.cli.conftest import Opener
from tests.faces.cli.kit import Shell

ENGINE = ("sh", "-c", "sed -i s/two/TWO/ a.py; sed -i s/beta/BETA/ b.py")
FILES: dict[str, str | bytes] = {"a.py": "one\ntwo\nthree\n", "b.py": "alpha\nbeta\n"}


@pytest.fixture
def ready(opener: Opener) -> tuple[Shell, str]:
    """A workspace with one plan that is ready."""
    shell = opener(FILES)
    return shell, shell("run", "--json", "--", *ENGINE).json["job"]


def test_looking_at_a_plan(ready: tuple[Shell, str]) -> None:
    shell, job = ready
    (listed,) = shell("jobs", "list", "--json").json["jobs"]
    assert (listed["jobId"], listed["state"], listed["owner"]) == (job, "ready", "nobody")
    assert job in shell("jobs").out
    shown = shell("jobs", "show", job[:8])
    assert "edit    a.py  +1 -1" in shown.out
    assert "a.py:2" in shown.out, "hunks with 1-based lines"
    assert [h["path"] for h in shell("jobs", "show", job, "--json").json["hunks"]] == ["a.py", "b.py"]
    diff = shell("jobs", "diff", job)
    assert diff.code == 0
    patch = shell.folder / "p.patch"
    patch.write_text(diff.out)
    shell.git("init", "-q")
    shell.git("apply", "--check", str(patch))
    plain = re.sub(r"(?m)^(@@ .* @@).*$", r"\1", diff.out)
    assert shell("jobs", "diff", job, "--json").json["patch"] == plain
    assert plain != diff.out, "each hunk says what it is for"
    assert shown.out.count("Run: sh") == 3, "the title, and what each hunk is for"
    log = shell("jobs", "log", job)
    assert "an attempt began" in log.out
    kinds = [event["kind"] for event in shell("jobs", "log", job, "--json").json["events"]]
    assert kinds[0] == "Created"
    assert shell("jobs", "log", job, "--wire").out == "", "no model was asked"


def test_applying_one_file_and_then_the_rest(ready: tuple[Shell, str]) -> None:
    shell, job = ready
    part = shell("jobs", "apply", job, "--file", "b.py", "--json")
    assert part.code == 0, part.err
    assert part.json["state"] == "partly_applied"
    assert (shell.read("a.py"), shell.read("b.py")) == ("one\ntwo\nthree\n", "alpha\nBETA\n")
    rest = shell("jobs", "apply", job)
    assert rest.code == 0
    assert shell.read("a.py") == "one\nTWO\nthree\n"
    again = shell("jobs", "apply", job)
    assert (again.code, "already" in again.err) == (0, True)
    assert "Undo it first" in shell("jobs", "discard", job).err
    assert shell("jobs", "undo", job).code == 0
    assert shell.tree() == {name: str(text).encode() for name, text in FILES.items()}
    assert shell("jobs", "undo", job).code == 1


def test_applying_one_hunk(ready: tuple[Shell, str]) -> None:
    shell, job = ready
    hunk = shell("jobs", "show", job, "--json").json["hunks"][0]["id"]
    assert shell("jobs", "apply", job, "--hunk", hunk).code == 0
    assert (shell.read("a.py"), shell.read("b.py")) == ("one\nTWO\nthree\n", "alpha\nbeta\n")


def test_a_clash_is_told_and_nothing_lands(ready: tuple[Shell, str]) -> None:
    shell, job = ready
    (shell.root / "a.py").write_text("one\ntyped\nthree\n")
    before = shell.tree()
    clash = shell("jobs", "apply", job)
    assert clash.code == 1
    assert "a.py:2" in clash.err
    assert shell.tree() == before
    forced = shell("jobs", "apply", job, "--force")
    assert forced.code == 0, forced.err
    assert shell.read("a.py") == "one\ntyped\nthree\n", "the user's text stays"
    assert shell.read("b.py") == "alpha\nBETA\n"


def test_discard_retry_cancel_purge(ready: tuple[Shell, str]) -> None:
    shell, job = ready
    assert shell("jobs", "cancel", job).code == 0, "too late is no error"
    assert shell("jobs", "discard", job).code == 0
    refused = shell("jobs", "apply", job)
    assert (refused.code, "discarded" in refused.err) == (1, True)
    resumed = shell("jobs", "resume", job)
    assert (resumed.code, "Retry it" in resumed.err) == (2, True)
    retried = shell("jobs", "retry", job, "--json")
    assert retried.code == 0, retried.err
    assert retried.json["state"] == "ready"
    assert retried.json["job"] != job
    assert shell("jobs", "purge", job).code == 0
    assert [view["jobId"] for view in shell("jobs", "--json").json["jobs"]] == [retried.json["job"]]
    folders = [p.name for p in Path(shell.env["AGENT_LS_STATE_DIR"]).glob("workspaces/*/jobs/*")]
    assert job not in folders, "its texts are gone as well"


def test_answering_and_telling_what_nobody_asks(ready: tuple[Shell, str]) -> None:
    shell, job = ready
    for words, why in (("answer", "asks nothing"), ("tell", "not at work")):
        said = shell("jobs", words, job, "text")
        assert (said.code, why in said.err) == (2, True), said.err


@pytest.mark.parametrize("action", ["show", "apply", "purge"])
def test_an_unknown_job_is_a_sentence(shell: Shell, action: str) -> None:
    said = shell("jobs", action, "nothere")
    assert said.code == 2
    assert "There is no job 'nothere' in this folder" in said.err
    assert "`agent-ls jobs` lists them" in said.err
    assert shell("jobs").out == "No jobs in this folder yet.\n" if action == "show" else True


def test_a_beginning_that_fits_several_jobs(shell: Shell) -> None:
    ids = [shell("run", "--json", "--", "sh", "-c", f"echo {n} > n").json["job"] for n in range(2)]
    common = json.loads(json.dumps(ids[0]))[:1]
    said = shell("jobs", "show", common)
    assert said.code == 2
    assert "is the beginning of 2 jobs" in said.err
