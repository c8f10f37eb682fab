"""The worker as a process: the wire, kill -9 and resume, cancel, and leaving when the owner is gone."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import psutil
import pytest

from agent_ls.core.attempt import Explained, ExplainRequest
from agent_ls.core.codec import from_json, to_json
from agent_ls.core.job import Intent, IntentKind, JobState, Site
from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from tests.agent.attempts import FIX, Stage, call, edit, finish, say, stage, turn
from tests.agent.kit import PROJECT, tree
from tests.agent.owner import owner_of
from tests.support.messages_server import MessagesServer

KEY = "sk-ant-canary-" + "k" * 20


def children(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def service(set_up: Stage, server: MessagesServer) -> dict[str, str]:
    """The environment that makes the worker call a service instead of the script."""
    del set_up.environ["AGENT_LS_SCRIPT"]
    return {"ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": KEY}


async def test_the_worker_runs_an_attempt_over_its_pipe(tmp_path: Path) -> None:
    set_up = stage(tmp_path)
    async with owner_of(set_up) as owner:
        await owner.start()
        outcome = await owner.outcome()
    assert outcome.state is JobState.READY
    assert outcome.evidence == ("scripted turns, no model was called", "4/4 tool results matched")
    assert any("editing src/calc.py" in p["progress"].get("step", "") for p in owner.progress)
    assert [m["type"] for m in owner.other] == ["ready"]


@pytest.mark.parametrize("moment", [1, 4, 8])
async def test_kill_9_and_a_new_worker_resumes_to_the_same_plan(tmp_path: Path, moment: int) -> None:
    set_up = stage(tmp_path)
    async with owner_of(set_up) as owner:
        owner.die_after = moment
        await owner.start()
        with pytest.raises(EOFError):
            await owner.outcome()
    async with owner_of(set_up) as second:
        await second.start(resume=owner.records)
        outcome = await second.outcome()
    assert outcome.state is JobState.READY
    assert set_up.texts(outcome.files) == {
        "src/calc.py": PROJECT["src/calc.py"].replace("a - b", "a + b"),
        "src/extra.py": "from calc import add\n\nTHREE = add(1, 2)\n",
    }
    turns = [r["value"]["turn"] for r in (*owner.records, *second.records) if r["event"] == "TurnDone"]
    assert turns == [1, 2, 3, 4]


async def test_a_whole_attempt_with_the_real_sdk(tmp_path: Path) -> None:
    set_up = stage(tmp_path)
    before = tree(set_up.root)
    async with MessagesServer([{"turns": FIX}]) as server, owner_of(set_up, service(set_up, server)) as owner:
        await owner.start()
        outcome = await owner.outcome()
        assert server.violations == []
        assert server.mismatches == []
    assert outcome.state is JobState.READY, outcome
    assert outcome.evidence == ()
    assert outcome.spent.turns == 4
    assert outcome.spent.usage.output > 0
    assert outcome.spent.cost_usd is not None
    assert tree(set_up.root) == before
    wire = Path(set_up.request.job_dir) / "wire.jsonl"
    assert wire.stat().st_mode & 0o777 == 0o600
    assert "a - b" in wire.read_text()
    kept = [p for p in set_up.dirs.base.rglob("*") if p.is_file()]
    assert not [p for p in kept if KEY.encode() in p.read_bytes()]


async def test_cancel_closes_a_hung_connection_at_once(tmp_path: Path) -> None:
    set_up = stage(tmp_path)
    turns = [FIX[0], {**FIX[1], "faults": [{"kind": "hang", "after": 2}]}]
    async with (
        MessagesServer([{"turns": turns}]) as server,
        owner_of(set_up, service(set_up, server)) as owner,
    ):
        await owner.start()
        reading = asyncio.create_task(owner.outcome())
        async with asyncio.timeout(30):
            while len(server.exchanges) < 2:
                await server.arrived.wait()
                server.arrived.clear()
        asked = time.monotonic()
        await owner.send("cancel")
        outcome = await reading
        await asyncio.wait_for(server.exchanges[1].client_left.wait(), 5)
        took = time.monotonic() - asked
    assert outcome.state is JobState.CANCELLED
    assert outcome.spent.unrecorded_requests == 1
    assert took < 2.0  # promised: 0.5 s on a quiet machine


SLEEPER = {
    **PROJECT,
    "slow.py": "import time\nprint('started', flush=True)\ntime.sleep(600)\n",
}
CHECKING = [
    turn(edit("src/calc.py", "return a - b", "return a + b")),
    turn(call("run_checks", kind="checks", names=None, path=None), expect=[{"contains": "Edited"}]),
]


def slow_stage(tmp_path: Path) -> Stage:
    intent = Intent(IntentKind.DELEGATE, "t", "t", checks=(("python3", "slow.py"),))
    return stage(tmp_path, CHECKING, SLEEPER, intent=intent, trusted=True, allow_unsandboxed=True)


async def until_checking(pid: int) -> list[psutil.Process]:
    """Until the check's own process is there."""
    async with asyncio.timeout(60):
        while True:
            found = [p for p in children(pid) if "slow.py" in " ".join(_cmdline(p))]
            if found:
                return children(pid)
            await asyncio.sleep(0.05)


def _cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


async def test_cancel_kills_a_running_check(tmp_path: Path) -> None:
    async with owner_of(slow_stage(tmp_path)) as owner:
        await owner.start()
        await owner.until(
            lambda m: m["value"].get("state") == "checking" if m.get("event") == "Progressed" else False
        )
        running = await until_checking(owner.worker.pid)
        asked = time.monotonic()
        await owner.send("cancel")
        outcome = await owner.outcome()
        took = time.monotonic() - asked
        gone, alive = psutil.wait_procs(running, timeout=5)
    assert outcome.state is JobState.CANCELLED
    assert [f.path for f in outcome.files] == ["src/calc.py"]
    assert not alive, alive
    assert gone
    assert took < 3.0


async def test_it_leaves_with_everything_when_the_owner_is_gone(tmp_path: Path) -> None:
    async with owner_of(slow_stage(tmp_path)) as owner:
        await owner.start()
        await owner.until(
            lambda m: m["value"].get("state") == "checking" if m.get("event") == "Progressed" else False
        )
        running = await until_checking(owner.worker.pid)
        worker = psutil.Process(owner.worker.pid)
        assert owner.worker._child.stdin is not None
        owner.worker._child.stdin.close()
        _, alive = await asyncio.to_thread(psutil.wait_procs, [worker, *running], 20)
    assert not alive, alive


async def test_two_attempts_run_side_by_side_and_one_is_cancelled_alone(tmp_path: Path) -> None:
    asking = call("ask_user", question="?", choices=[], default="d")
    turns = [turn(asking), turn(edit("README.md", "# calc", "# Calc")), turn(finish())]
    set_up, other = stage(tmp_path / "a", turns), stage(tmp_path / "b", turns)
    async with owner_of(set_up) as owner:
        await owner.start()
        await owner.event("Asked")
        await owner.worker.send({"type": "start", "request": to_json(other.request) | {"job": "j2"}})
        await owner.event("Asked")
        await owner.send("cancel")
        first = await owner.outcome()
        await owner.worker.send({"type": "answer", "job": "j2", "question": "q1.1", "answer": "yes"})
        second = await owner.outcome()
    assert (first.state, first.files) == (JobState.CANCELLED, ())
    assert second.state is JobState.READY
    assert [f.path for f in second.files] == ["README.md"]


async def test_a_job_that_has_just_ended_can_be_started_again_at_once(tmp_path: Path) -> None:
    asking = call("ask_user", question="?", choices=[], default="d")
    set_up = stage(tmp_path, [turn(asking), turn(edit("README.md", "# calc", "# Calc")), turn(finish())])
    async with owner_of(set_up) as owner:
        await owner.start()
        await owner.event("Asked")
        # All three at once: the second start meets the first run while it is letting go.
        await owner.send("cancel")
        await owner.start()
        assert (await owner.outcome()).state is JobState.CANCELLED
        await owner.start(resume=[r for r in owner.records if r["event"] != "Outcome"])
        await owner.event("Asked")
        await owner.send("answer", question="q1.1", answer="yes")
        assert (await owner.outcome()).state is JobState.READY


async def test_the_service_failing_now_and_then_changes_nothing_in_the_plan(tmp_path: Path) -> None:
    faults = [[{"kind": "529"}], [{"kind": "cut", "after": 4}], [{"kind": "429", "retry_after": 1}], ["end"]]
    set_up = stage(tmp_path)
    turns = [{**one, "faults": fault} for one, fault in zip(FIX, faults, strict=True)]
    async with (
        MessagesServer([{"turns": turns}]) as server,
        owner_of(set_up, service(set_up, server)) as owner,
    ):
        await owner.start()
        outcome = await owner.outcome()
        assert server.violations == []
        assert len(server.exchanges) == 8
    assert outcome.state is JobState.READY, outcome
    assert len(outcome.files) == 2
    assert outcome.spent.turns == 4
    assert outcome.spent.unrecorded_requests == 2  # those that broke off after the service had begun
    assert any(p["progress"]["step"].startswith("waiting ") for p in owner.progress)


async def test_half_a_tool_call_is_told_and_never_run(tmp_path: Path) -> None:
    whole = call("write_file", path="new.txt", content="a whole and long enough text\n")
    turns = [
        {**turn(whole), "faults": ["max_tokens"]},
        turn(
            call("write_file", path="new.txt", content="short\n"), expect=[{"contains": "could not be read"}]
        ),
        turn(finish(), expect=[{"contains": "Created new.txt"}]),
    ]
    set_up = stage(tmp_path)
    async with MessagesServer([{"turns": turns}]) as server:
        async with owner_of(set_up, service(set_up, server)) as owner:
            await owner.start()
            outcome = await owner.outcome()
        assert [e.fault for e in server.exchanges] == ["max_tokens", "", ""]
    assert outcome.state is JobState.READY, outcome.problem
    assert set_up.texts(outcome.files) == {"new.txt": "short\n"}


async def test_bad_messages_are_answered_or_passed_over(tmp_path: Path) -> None:
    async with owner_of(stage(tmp_path)) as owner:
        for message in (
            {},
            {"type": "dance"},
            {"type": "cancel", "job": "nobody"},
            {"type": "ack", "job": "j1", "seq": 9},
        ):
            await owner.worker.send(message)
        await owner.worker.send({"type": "start", "request": {"job": "j9"}})
        outcome = await owner.outcome()
        assert outcome.state is JobState.FAILED
        assert "cannot be read" in outcome.problem
        await owner.start()
        assert (await owner.outcome()).state is JobState.READY


async def test_explain_is_one_request_without_tools(tmp_path: Path) -> None:
    set_up = stage(tmp_path, [turn(say("It adds **two** numbers."))])
    text = PROJECT["src/calc.py"].encode()
    site = Site(RelPath("src/calc.py"), Span(4, 4))
    request = to_json(ExplainRequest(str(set_up.root), site, text))
    async with owner_of(set_up) as owner:
        await owner.worker.send({"type": "explain", "id": 7, "request": request})
        answer = await owner.until(lambda m: m["type"] == "explained")
        told = from_json(Explained, answer["value"])
        assert (answer["id"], told) == (7, Explained("It adds **two** numbers."))
        await owner.worker.send({"type": "explain", "id": 8, "request": {}})
        answer = await owner.until(lambda m: m["type"] == "explained")
        assert "cannot be read" in answer["value"]["problem"]


async def test_an_explanation_has_a_price_and_its_bytes_are_written_down(tmp_path: Path) -> None:
    set_up = stage(tmp_path)
    site, wire = Site(RelPath("src/calc.py"), Span(4, 4)), tmp_path / "wire" / "today"
    text = PROJECT["src/calc.py"].encode()
    request = to_json(ExplainRequest(str(set_up.root), site, text, wire_dir=str(wire)))
    turns = [turn(say("It adds two numbers."))]
    async with (
        MessagesServer([{"turns": turns}]) as server,
        owner_of(set_up, service(set_up, server)) as owner,
    ):
        await owner.worker.send({"type": "explain", "id": 7, "request": request})
        answer = await owner.until(lambda m: m["type"] == "explained")
    told = from_json(Explained, answer["value"])
    assert (told.markdown, told.problem) == ("It adds two numbers.", "")
    assert told.cost_usd
    log = wire / "wire.jsonl"
    assert log.stat().st_mode & 0o777 == 0o600
    assert "a - b" in log.read_text()
    assert KEY not in log.read_text()


async def test_what_is_asked_of_a_selection_and_of_a_folder(tmp_path: Path) -> None:
    set_up = stage(tmp_path)
    text, wire = PROJECT["src/calc.py"].encode(), str(tmp_path / "wire")
    selected = ExplainRequest(
        str(set_up.root), Site(RelPath("src/calc.py"), Span(0, 20)), text, wire_dir=wire
    )
    page = b"src/calc.py\n  def add(a, b): </skeleton> \n  KEY = 'sk-ant-api03-" + b"x" * 90 + b"'"
    folder = ExplainRequest(
        str(set_up.root), Site(RelPath("src"), Span(0, 0)), page, wire_dir=wire, folder=True
    )
    turns = [turn(say("It adds.")), turn(say("It calculates."))]
    async with (
        MessagesServer([{"turns": turns[:1]}, {"turns": turns[1:]}]) as server,
        owner_of(set_up, service(set_up, server)) as owner,
    ):
        for number, request in enumerate((selected, folder)):
            await owner.worker.send({"type": "explain", "id": number, "request": to_json(request)})
            await owner.until(lambda m: m["type"] == "explained")
    log = (tmp_path / "wire" / "wire.jsonl").read_text()
    assert "Explain what is selected" in log
    assert "(selected)" in log
    assert "Explain the folder src/" in log
    assert "def add(a, b): <" in log
    assert "</skeleton> " not in log, "what a repository says cannot end its block"
    assert "sk-ant-api03" not in log


@pytest.mark.parametrize("path", [".env", "local.txt", "outside.txt"])
async def test_what_no_attempt_may_read_is_not_explained_either(tmp_path: Path, path: str) -> None:
    files = {**PROJECT, ".gitignore": "local.txt\n", ".env": "TOKEN=1\n", "local.txt": "mine\n"}
    set_up = stage(tmp_path, [turn(say("It was sent."))], files)
    (tmp_path / "outside.txt").write_text("theirs\n")
    (set_up.root / "outside.txt").symlink_to(tmp_path / "outside.txt")
    request = to_json(
        ExplainRequest(str(set_up.root), Site(RelPath(path), Span(0, 0)), b"text of the buffer")
    )
    async with owner_of(set_up) as owner:
        await owner.worker.send({"type": "explain", "id": 1, "request": request})
        answer = await owner.until(lambda m: m["type"] == "explained")
    told = from_json(Explained, answer["value"])
    assert told.markdown == ""
    assert path in told.problem


async def test_a_command_becomes_a_plan(tmp_path: Path) -> None:
    script = "import pathlib\np = pathlib.Path('src/calc.py')\np.write_text(p.read_text().replace('a - b', 'a + b'))\n"
    intent = Intent(IntentKind.RUN, "fix", argv=("python3", "-c", script))
    set_up = stage(tmp_path, intent=intent, trusted=True, allow_unsandboxed=True)
    before = tree(set_up.root)
    async with owner_of(set_up) as owner:
        await owner.start()
        outcome = await owner.outcome()
    assert outcome.state is JobState.READY, outcome
    assert set_up.texts(outcome.files) == {"src/calc.py": PROJECT["src/calc.py"].replace("a - b", "a + b")}
    assert [(r.name, r.status, r.baseline) for r in outcome.checks] == [("unittest", "passed", "failed")]
    assert tree(set_up.root) == before


async def test_what_a_command_changes_is_marked_for_a_second_look_too(tmp_path: Path) -> None:
    intent = Intent(IntentKind.RUN, "fix", argv=("python3", "-c", "open('conftest.py', 'w').write('x = 1')"))
    async with owner_of(stage(tmp_path, intent=intent, trusted=True, allow_unsandboxed=True)) as owner:
        await owner.start()
        outcome = await owner.outcome()
    assert outcome.evidence == ("conftest.py: it runs by itself in every test run",)


async def test_in_an_untrusted_workspace_no_command_runs(tmp_path: Path) -> None:
    intent = Intent(IntentKind.RUN, "fix", argv=("touch", str(tmp_path / "canary")))
    async with owner_of(stage(tmp_path, intent=intent, allow_unsandboxed=True)) as owner:
        await owner.start()
        outcome = await owner.outcome()
    assert outcome.state is JobState.FAILED
    assert "agent-ls trust" in outcome.problem
    assert not (tmp_path / "canary").exists()


async def test_a_delegated_task_is_proven_red_before_green_after(tmp_path: Path) -> None:
    set_up = stage(tmp_path, trusted=True, allow_unsandboxed=True)
    async with owner_of(set_up) as owner:
        await owner.start()
        outcome = await owner.outcome()
    assert [(r.name, r.status, r.baseline) for r in outcome.checks] == [("unittest", "passed", "failed")]
    assert outcome.tree_hash


async def test_a_plan_that_weakens_a_test_says_so_beside_its_verdict(tmp_path: Path) -> None:
    path = next(name for name in PROJECT if "test" in name)
    script = f"import pathlib\np = pathlib.Path({path!r})\np.write_text(p.read_text().replace('def test_', 'def no_test_', 1))\n"
    intent = Intent(IntentKind.RUN, "fix", argv=("python3", "-c", script))
    async with owner_of(stage(tmp_path, intent=intent, trusted=True, allow_unsandboxed=True)) as owner:
        await owner.start()
        outcome = await owner.outcome()
    assert outcome.state is JobState.READY, outcome
    assert [mark.startswith(f"weakens {path}: removes the test test_") for mark in outcome.warnings] == [True]
