"""``run`` end to end, as a process: an engine's changes as a plan, and everywhere the plan can go."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.faces.cli.conftest import Opener
from tests.faces.cli.kit import Shell, interrupt

ENGINE = ("sh", "-c", "sed -i s/two/TWO/ a.py; printf 'n\\n' > new.py")
AFTER = {"a.py": b"one\nTWO\nthree\n", "new.py": b"n\n"}


def test_without_a_place_the_plan_is_a_patch_on_stdout(shell: Shell) -> None:
    before = shell.tree()
    said = shell("run", "--", *ENGINE)
    assert said.code == 0, said.err
    assert shell.tree() == before
    patch = shell.folder / "out.patch"
    patch.write_text(said.out)
    shell.git("init", "-q")
    shell.git("apply", str(patch))
    assert shell.tree() == AFTER
    assert "agent-ls jobs apply" in said.err


def test_apply_undo_and_again(shell: Shell) -> None:
    before = shell.tree()
    (shell.root / "a.py").chmod(0o755)
    applied = shell("run", "--apply", "--", *ENGINE)
    assert (applied.code, applied.out) == (0, "")
    assert shell.tree() == AFTER
    assert os.access(shell.root / "a.py", os.X_OK)
    job = shell("jobs", "--json").json["jobs"][0]["jobId"]
    assert f"jobs undo {job}" in applied.err
    (shell.root / "a.py").write_text("zero\none\nTWO\nthree\n")
    assert shell("jobs", "undo", job[:10]).code == 0
    assert shell.tree() == {**before, "a.py": b"zero\none\ntwo\nthree\n"}, "later edits stay"
    assert shell("jobs", "apply", job).code == 0
    assert shell.tree() == {**AFTER, "a.py": b"zero\none\nTWO\nthree\n"}


def test_patch_applies_with_git_byte_for_byte(opener: Opener) -> None:
    odd = b"caf\xc3\xa9\r\nform\x0cfeed\r\n\xe2\x80\xa8 line\r\nend without a line end"
    shell = opener({"odd.txt": odd, "deep/gone": "g\n"})
    patch = shell.folder / "p.patch"
    said = shell(
        "run",
        "--patch",
        str(patch),
        "--",
        "sh",
        "-c",
        "sed -i '1s/caf/CAF/;4s/end/END/' odd.txt; rm deep/gone",
    )
    assert said.code == 0, said.err
    assert str(patch) in said.err
    shell.git("init", "-q")
    shell.git("apply", str(patch))
    assert shell.tree() == {"odd.txt": odd.replace(b"caf", b"CAF").replace(b"\nend", b"\nEND")}


def test_stdout_carries_such_a_patch_unharmed(opener: Opener) -> None:
    odd = b"\x1b[31m a\r\n\x0c b\n"
    shell = opener({"odd.txt": odd})
    done = subprocess.run(
        shell.argv("run", "--", "sed", "-i", "s/ b/ B/", "odd.txt"),
        cwd=shell.root,
        env=shell.env,
        capture_output=True,
        check=True,
    )
    assert b"-\x0c b\n+\x0c B\n" in done.stdout
    assert b" \x1b[31m a\r\n" in done.stdout


def test_branch_leaves_everything_but_the_branch(shell: Shell) -> None:
    shell.commit_all()
    before, index = shell.tree(), (shell.root / ".git" / "index").read_bytes()
    said = shell("run", "--branch", "plan", "--", *ENGINE)
    assert said.code == 0, said.err
    assert (shell.tree(), (shell.root / ".git" / "index").read_bytes()) == (before, index)
    assert shell.git("diff", "--name-status", "HEAD", "plan").split() == ["M", "a.py", "A", "new.py"]
    again = shell("run", "--branch", "plan", "--", "touch", "ran")
    assert again.code == 2
    assert "There is a branch 'plan' already" in again.err
    assert len(shell("jobs", "--json").json["jobs"]) == 1, "nothing was run for a name that is taken"


def test_json_is_one_object_of_the_documented_shape(shell: Shell) -> None:
    said = shell("run", "--json", "--", *ENGINE)
    made = said.json
    assert list(made) == [
        *("job", "state", "summary", "verdict", "files", "patch", "checks", "evidence"),
        *("warnings", "attempts", "turns", "usage", "cost_usd", "estimate_usd", "selection"),
    ]
    assert made["state"] == "ready"
    assert made["files"] == [
        {"path": "a.py", "op": "edit", "added": 1, "removed": 1},
        {"path": "new.py", "op": "create", "added": 1, "removed": 0},
    ]
    assert made["usage"] == {"input": 0, "output": 0, "cache_read": 0, "cache_write": 0}
    assert made["cost_usd"] is None
    assert said.out.count("\n") == 1


def test_json_stream_is_a_line_per_event_and_then_the_object(shell: Shell) -> None:
    said = shell("run", "--json-stream", "--apply", "--", *ENGINE)
    *events, result = [json.loads(line) for line in said.out.splitlines()]
    assert {"running", "ready", "applied"} <= {event["state"] for event in events}
    assert {event["jobId"] for event in events} == {result["job"]}
    assert result["state"] == "applied"


def test_a_check_that_fails_is_exit_code_3_and_stops_apply(shell: Shell) -> None:
    before = shell.tree()
    check = "sh -c 'case \"$(cat a.py)\" in *TWO*) echo bad; exit 1;; esac'"
    said = shell("run", "--apply", "--json", "--check", check, "--", *ENGINE)
    assert said.code == 3
    assert said.json["verdict"] == "worse"
    assert [c["status"] for c in said.json["checks"]] == ["failed"]
    assert shell.tree() == before
    job = said.json["job"]
    refused = shell("jobs", "apply", job)
    assert (refused.code, "apply with force" in refused.err) == (3, True)
    assert shell("jobs", "apply", job, "--force").code == 0
    assert shell.tree() == AFTER


def test_a_check_that_failed_before_as_well_is_no_pass(shell: Shell) -> None:
    said = shell("run", "--apply", "--check", "sh -c 'exit 1'", "--", *ENGINE)
    assert said.code == 3, said.err
    assert "failed (as before)" in said.err
    assert "new.py" not in shell.tree()


def test_checks_that_pass_let_the_plan_through(shell: Shell) -> None:
    check = "sh -c 'case \"$(cat a.py)\" in *TWO*) exit 0;; esac; exit 1'"
    said = shell("run", "--apply", "--check", check, "--", *ENGINE)
    assert said.code == 0, said.err
    assert shell.tree() == AFTER


@pytest.mark.parametrize(("option", "code"), [("--raise", 0), ("--lower", 3)])
def test_a_number_decides_by_its_direction(shell: Shell, option: str, code: int) -> None:
    """The engine makes the first line longer: good for what wants a high number, bad for the other."""
    engine = ("sh", "-c", "echo longer > a.py")
    length = "sh -c 'read line < a.py; echo length ${#line}'"
    said = shell("run", "--json", option, length, r"length (\d+)", "--", *engine)
    (check,) = said.json["checks"]
    assert (check["number"], check["number_before"]) == (6.0, 3.0)
    assert said.code == code, said.err
    assert shell("run", option, length, "(", "--", *engine).code == 2


@pytest.mark.parametrize(
    ("command", "why"), [("true", "changed nothing"), ("echo words; exit 7", "exit code 7")]
)
def test_no_change_is_no_plan(shell: Shell, command: str, why: str) -> None:
    said = shell("run", "--", "sh", "-c", command)
    assert said.code == 1
    assert why in said.err
    assert "resume" not in said.err


def test_ctrl_c_while_an_engine_sleeps(shell: Shell) -> None:
    marker = shell.folder / "asleep"
    child = shell.start("run", "--", "sh", "-c", f"printf x > a.py; touch {marker}; sleep 300")
    deadline = time.monotonic() + 60
    while not marker.exists():
        assert child.poll() is None, child.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    family = psutil.Process(child.pid).children(recursive=True)
    assert any("sleep" in p.name() or "sh" in p.name() for p in family)
    said = interrupt(child)
    assert said.code == 130, said.err
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not alive
    (job,) = shell("jobs", "--json").json["jobs"]
    assert job["state"] == "cancelled"
    assert "cancelled" in said.err
    assert shell.tree() == {"a.py": b"one\ntwo\nthree\n"}


def test_an_untrusted_folder_runs_nothing(opener: Opener) -> None:
    shell = opener(trusted=False)
    said = shell("run", "--", "touch", str(shell.folder / "ran"))
    assert said.code == 2
    assert "is not trusted" in said.err
    assert "agent-ls trust" in said.err
    assert not (shell.folder / "ran").exists()


def test_no_sandbox_and_no_leave_to_run_without_one(opener: Opener) -> None:
    shell = opener(config="")
    said = shell("run", "--", "touch", str(shell.folder / "ran"))
    assert said.code == 1
    assert "no sandbox" in said.err
    assert "allow_unsandboxed" in said.err
    assert not (shell.folder / "ran").exists()


def test_a_program_of_the_workspace_is_not_found(shell: Shell) -> None:
    tool = shell.root / "tool"
    tool.write_text("#!/bin/sh\ntouch ran\n")
    tool.chmod(0o755)
    said = shell("run", "--", "tool", env={"PATH": f"{shell.root}:{shell.env['PATH']}"})
    assert said.code == 1
    assert "not found outside the workspace" in said.err


def test_a_broken_pipe_is_no_traceback(shell: Shell) -> None:
    code = "import subprocess,sys; p=subprocess.Popen(sys.argv[1:],stdout=subprocess.PIPE,stderr=subprocess.PIPE); p.stdout.close(); e=p.stderr.read(); sys.stderr.buffer.write(e); sys.exit(p.wait())"
    done = subprocess.run(
        [sys.executable, "-c", code, *shell.argv("run", "--json", "--", *ENGINE)],
        cwd=shell.root,
        env=shell.env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert done.returncode == 1


def test_the_patch_file_is_checked_before_the_work(shell: Shell) -> None:
    said = shell("run", "--patch", "nowhere/p.patch", "--", "touch", str(shell.folder / "ran"))
    assert said.code == 2
    assert "cannot be written" in said.err
    assert not (shell.folder / "ran").exists()
    assert Path(shell.folder / "state").exists()


def test_a_long_account_of_an_engine_is_cut_at_whole_lines(shell: Shell) -> None:
    count = "i=0; while [ $i -lt 400 ]; do echo line-$i-of-the-account; i=$((i+1)); done; exit 5"
    said = shell("run", "--", "sh", "-c", f"{ENGINE[2]}; {count}")
    assert said.code == 0
    told = [line for line in said.err.splitlines() if "echo" not in line]
    assert "line-399-of-the-account" in told
    assert sum("-of-the-account" in line for line in told) < 20
    assert all(line.startswith("line-") for line in told if "-of-the-account" in line)
    assert "exit code 5" in said.err
    assert "more lines: `agent-ls jobs show" in said.err
