"""Without an editor: the example workflow's own lines, against the loopback model."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from agent_ls.core.job import CheckReport, IntentKind, JobId, JobState
from agent_ls.faces.cli.handoff import commit_message, pull_request
from agent_ls.faces.cli.parser import build_parser
from agent_ls.jobs.views import JobDetail, JobView
from tests.faces.cli.conftest import Opener
from tests.faces.cli.kit import REPOSITORY, call
from tests.faces.cli.service import model_service

EXAMPLE = REPOSITORY / "docs" / "examples" / "agent-ls.yml"


def commands(page: Path) -> list[list[str]]:
    """The words behind each ``agent-ls`` of a page's shell lines."""
    found: list[list[str]] = []
    for line in page.read_text().splitlines():
        _, here, rest = line.partition("agent-ls ")
        if here and line.strip().startswith(("printf", "agent-ls ", "run: agent-ls ")):
            words = shlex.split(rest.split(" > ")[0])
            found.append(words)
    return found


@pytest.mark.parametrize("page", [EXAMPLE, REPOSITORY / "docs" / "ci.md"], ids=lambda page: page.name)
def test_the_lines_of_the_example_are_commands_of_ours(page: Path) -> None:
    parser, _ = build_parser()
    names = [parser.parse_args(words).command for words in commands(page)]
    assert {"delegate", "jobs"} <= set(names)


@pytest.mark.parametrize("trusted", [True, False])
def test_the_example_makes_a_branch_and_a_text(opener: Opener, *, trusted: bool) -> None:
    shell = opener(trusted=trusted)
    shell.commit_all()
    edit = {"old_str": "two", "new_str": "TWO", "replace_all": False}
    turns = [
        call("edit_file", path="a.py", edits=[edit]),
        call("finish", summary="Two is loud, says @someone."),
    ]
    delegate, show = (words for words in commands(EXAMPLE) if words[0] in ("delegate", "jobs"))
    with model_service(shell.folder, turns) as url:
        env = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "k", "AGENT_LS_MODEL": "m"}
        words = [word.replace("$BRANCH", "agent-ls/1") for word in delegate]
        done = shell(*words, "--check", "touch ran", stdin=b"make two loud", env=env)
    said = done.json
    if trusted:
        assert [check["status"] for check in said["checks"]] == ["passed"], said
    else:
        assert said["verdict"] == "unverified"
        assert all(check["status"] != "passed" for check in said["checks"]), "a stranger's word runs nothing"
    text = shell(*(word.replace("$(jq -r .job result.json)", said["job"]) for word in show)).out
    assert f"**Verdict: {said['verdict']}**" in text
    assert "| a.py | edit | +1 −1 |" in text
    assert "@someone" not in text, "nobody is mentioned"
    message = shell.git("log", "-1", "--format=%B", "agent-ls/1")
    assert f"Verdict: {said['verdict']}" in message
    assert shell.git("show", "agent-ls/1:a.py") == "one\nTWO\nthree\n"


def test_a_text_of_strangers_stays_text() -> None:
    evil = "fixes #1 <img src=x> ![p](http://e/x) @you | `x`\x1b[2J"
    view = JobView(JobId("j"), IntentKind.DELEGATE, JobState.READY, f"{evil}\nSigned-off-by: x", 0.0, 0.0)
    detail = JobDetail(view, summary=evil, checks=(CheckReport(evil, "passed"),), evidence=(evil,))
    text = pull_request(detail)
    for bad in ("#1", "<img", "![", "@you", "http://", "\x1b"):
        assert not re.search(r"(?<!\\)" + re.escape(bad), text), bad
    assert commit_message(detail).splitlines()[0].startswith("fixes #1")
    assert "\x1b" not in commit_message(detail)
