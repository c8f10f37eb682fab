"""``delegate`` as a process, over scripted turns: the plan, questions, cancelling, going on in the background."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import time
from collections.abc import Callable

import pytest

from tests.faces.cli.conftest import Opener
from tests.faces.cli.kit import Shell, call, interrupt, says

EDIT = call("edit_file", path="a.py", edits=[{"old_str": "two", "new_str": "TWO", "replace_all": False}])
FINISH = call("finish", summary="Two is loud now.")
ASK = call("ask_user", question="Which number?", choices=["two", "three"], default="two")
AFTER = "one\nTWO\nthree\n"


def jobs(shell: Shell) -> list[dict[str, object]]:
    return shell("jobs", "--json").json["jobs"]


def until(true: Callable[[], bool], child: subprocess.Popen[bytes] | None = None) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert child is None or child.poll() is None, child.communicate()
        assert time.monotonic() < deadline, true()
        time.sleep(0.05)


def test_a_task_becomes_a_plan_and_lands_on_wish(shell: Shell) -> None:
    shell.script([EDIT, FINISH])
    said = shell("delegate", "make two loud", "--at", "a.py:2:1", "--file", "a.py", "--json")
    assert said.code == 0, said.err
    made = said.json
    assert (made["state"], made["turns"], made["summary"]) == ("ready", 2, "Two is loud now.")
    assert made["cost_usd"] is None, "nothing was paid for a script"
    assert shell.read("a.py") != AFTER
    assert shell("jobs", "apply", made["job"]).code == 0
    assert shell.read("a.py") == AFTER


def test_the_task_may_come_from_stdin_in_any_encoding(shell: Shell) -> None:
    shell.script([EDIT, FINISH])
    said = shell("delegate", "-", "--apply", stdin=b"make \xff two loud\n")
    assert said.code == 0, said.err
    assert shell.read("a.py") == AFTER
    (job,) = jobs(shell)
    assert job["title"] == "Delegate: make \N{REPLACEMENT CHARACTER} two loud"


def test_progress_on_stderr_and_the_plan_on_stdout(shell: Shell) -> None:
    shell.script([EDIT, FINISH])
    said = shell("delegate", "make two loud")
    assert said.out.startswith("diff --git a/a.py b/a.py\n")
    assert "\x1b" not in said.out + said.err, "no colours without a terminal"
    assert re.search(r"^turn 1: .*a\.py", said.err, re.MULTILINE)
    assert "Two is loud now." in said.err


def test_a_question_without_a_terminal_is_answered_from_another_one(shell: Shell) -> None:
    shell.script([ASK, EDIT, FINISH])
    child = shell.start("delegate", "make a number loud", "--apply")
    until(lambda: any(job["state"] == "waiting" for job in jobs(shell)), child)
    (job,) = jobs(shell)
    assert job["question"]["text"] == "Which number?"  # type: ignore[index]
    answered = shell("jobs", "answer", str(job["jobId"]), "two")
    assert answered.code == 0, answered.err
    _, err = child.communicate(timeout=60)
    assert child.returncode == 0, err
    assert b"Nobody is at a terminal: it goes on with 'two' after" in err
    assert b"jobs answer" in err
    assert shell.read("a.py") == AFTER
    log = shell("jobs", "log", str(job["jobId"])).out
    assert "answered: two" in log


def at_a_terminal(shell: Shell, *words: str, typed: str, after: str) -> tuple[int, str]:
    """Run a command on a terminal and type a text when ``after`` shows; exit code and all that was shown."""
    pid, screen = pty.fork()
    if pid == 0:
        os.chdir(shell.root)
        argv = shell.argv(*words)
        os.execve(argv[0], argv, {**shell.env, "TERM": "xterm", "COLUMNS": "200"})
    shown = b""
    sent = False
    while True:
        try:
            chunk = os.read(screen, 65536)
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
        if not sent and after.encode() in shown:
            sent = True
            os.write(screen, typed.encode())
    os.close(screen)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode("utf-8", "replace")


def test_a_person_at_a_terminal_is_asked_there(shell: Shell) -> None:
    shell.script([ASK, EDIT, FINISH])
    code, shown = at_a_terminal(
        shell, "delegate", "make a number loud", "--apply", typed="2\n", after="2. three"
    )
    assert code == 0, shown
    assert "Which number?" in shown
    assert "\x1b[1m" in shown, "colours on a terminal"
    assert "answered: three" in shell("jobs", "log", str(jobs(shell)[0]["jobId"])).out


def test_ctrl_c_at_a_question(shell: Shell) -> None:
    shell.script([EDIT, ASK, FINISH])
    code, shown = at_a_terminal(shell, "delegate", "make a number loud", typed="\x03", after="2. three")
    assert code == 130, shown
    (job,) = jobs(shell)
    assert job["state"] == "cancelled"
    assert [f["path"] for f in job["files"]] == ["a.py"]  # type: ignore[index,union-attr]


def test_no_colours_when_the_user_wants_none(shell: Shell) -> None:
    shell.script([EDIT, FINISH])
    shell.env["NO_COLOR"] = "1"
    code, shown = at_a_terminal(shell, "delegate", "make two loud", typed="", after="never")
    assert code == 0
    assert re.findall(r"\x1b\[[0-9;]*m", shown) == []


def test_ctrl_c_keeps_the_work_and_resume_goes_on(shell: Shell) -> None:
    shell.script([EDIT, {**FINISH, "pause_s": 60}])
    child = shell.start("delegate", "make two loud")
    until(lambda: any(job["turns"] == 1 for job in jobs(shell)), child)
    said = interrupt(child)
    assert said.code == 130, said.err
    (job,) = jobs(shell)
    assert job["state"] == "cancelled"
    assert f"jobs resume {job['jobId']}" in said.err
    shell.script([EDIT, FINISH])
    resumed = shell("jobs", "resume", str(job["jobId"]), "--json")
    assert resumed.code == 0, resumed.err
    assert (resumed.json["state"], resumed.json["turns"]) == ("ready", 2)
    assert shell.read("a.py") != AFTER


def test_detach_goes_on_behind_the_command(shell: Shell) -> None:
    shell.script([ASK, EDIT, FINISH])
    said = shell("delegate", "-", "--detach", "--apply", stdin=b"--make-two loud\n")
    assert said.code == 0, said.err
    job = said.out.strip()
    assert f"jobs show {job}" in said.err
    until(lambda: jobs(shell)[0]["state"] == "waiting")
    (view,) = jobs(shell)
    assert (view["jobId"], view["owner"], view["title"]) == (job, "elsewhere", "Delegate: --make-two loud")
    assert shell("jobs", "answer", job, "two").code == 0
    until(lambda: jobs(shell)[0]["state"] == "applied")
    assert shell.read("a.py") == AFTER
    until(lambda: jobs(shell)[0]["owner"] == "nobody")


def test_detach_says_at_once_why_it_cannot(shell: Shell) -> None:
    said = shell("delegate", "make two loud", "--detach")
    assert said.code == 2
    assert "No model is configured" in said.err
    assert said.out == ""


def test_attempts_are_compared_and_another_one_can_be_used(shell: Shell) -> None:
    shell.script([EDIT, FINISH])
    said = shell("delegate", "make two loud", "--attempts", "2", "--json")
    assert said.code == 0, said.err
    assert (said.json["attempts"], said.json["state"]) == (2, "ready")
    assert "nothing tells it from attempt 2" in said.json["selection"].lower()
    shown = shell("jobs", "show", said.json["job"]).out
    assert "* attempt 1: ready" in shown
    assert "  attempt 2: ready" in shown
    diff = shell("jobs", "diff", said.json["job"], "--attempt", "2")
    assert diff.out == said.json["patch"]
    assert shell("jobs", "use", said.json["job"], "2").code == 0
    assert "* attempt 2: ready" in shell("jobs", "show", said.json["job"]).out
    assert shell("jobs", "apply", said.json["job"]).code == 0
    assert shell.read("a.py") == AFTER


def test_more_attempts_than_there_may_be_start_nothing(shell: Shell) -> None:
    shell.script([EDIT, FINISH])
    said = shell("delegate", "x", "--attempts", "9")
    assert said.code == 2
    assert "1 to 8 attempts" in said.err
    assert jobs(shell) == []


def test_a_failing_check_is_exit_code_3(opener: Opener) -> None:
    shell = opener(config="[budgets]\nattempt_turns = 2\n[checks]\nallow_unsandboxed = true\n")
    shell.script([EDIT, FINISH])
    check = "sh -c 'case \"$(cat a.py)\" in *TWO*) exit 1;; esac'"
    said = shell("delegate", "make two loud", "--check", check, "--apply", "--json")
    assert said.code == 3, said.out + said.err
    assert said.json["verdict"] == "worse"
    assert shell.read("a.py") != AFTER


def test_a_ceiling_pauses_with_the_work_kept(opener: Opener) -> None:
    shell = opener(config="[budgets]\nattempt_turns = 1\n")
    shell.script([EDIT, says("more"), FINISH])
    said = shell("delegate", "make two loud", "--json")
    assert said.code == 1
    assert said.json["state"] == "out_of_budget"
    assert [f["path"] for f in said.json["files"]] == ["a.py"]


@pytest.mark.parametrize("budget", ["0", "-1", "nan", "x"])
def test_budgets_that_are_none(shell: Shell, budget: str) -> None:
    shell.script([FINISH])
    said = shell("delegate", "x", f"--budget-usd={budget}")
    assert said.code == 2
    assert "--budget-usd" in said.err
