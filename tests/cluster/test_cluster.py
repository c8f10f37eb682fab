"""Attempts on a real Dask cluster of this machine: the journal here decides, whatever dies there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from agent_ls.core.job import Intent, IntentKind, JobState
from agent_ls.core.paths import RelPath
from agent_ls.core.settings import Cluster
from agent_ls.jobs.cluster.parcel import Packer
from tests.cluster.conftest import Nodes, Opener
from tests.jobs.conftest import task
from tests.support.messages_server import MessagesServer
from tests.support.paper_editor import PaperEditor

READY = {"outcome": "ready", "verdict": "verified"}
A = RelPath("a.py")


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.02)


async def test_an_attempt_runs_on_a_node_and_its_plan_is_here(
    nodes: Nodes, opener: Opener, root: Path
) -> None:
    service = await opener(nodes.settings)
    job = service.delegate(task({"turn": 1, "files": {"a.py": "ONE\n", "new.py": "n\n"}}, READY))
    view = await service.wait(job)
    assert (view.state, view.problem) == (JobState.READY, "")
    plan = {change.path: (change.before, change.after) for change in service.plan(job)}
    assert plan == {"a.py": (b"one\ntwo\n", b"ONE\n"), "new.py": (None, b"n\n")}
    assert service.status()["workerPid"] is None  # nothing ran here
    assert (root / "a.py").read_bytes() == b"one\ntwo\n"
    await until(lambda: not nodes.agents())


async def test_a_killed_node_costs_no_recorded_turn(nodes: Nodes, opener: Opener) -> None:
    service = await opener(nodes.settings)
    steps = (
        {"turn": 1, "files": {"a.py": "ONE\n"}},
        {"ask": "q"},
        {"turn": 2, "files": {"b.py": "B\n"}},
        READY,
    )
    job = service.delegate(task(*steps))
    await service.wait(job, for_question=True)
    [agent] = nodes.agents()
    node = agent.parent()
    assert node is not None
    node.kill()
    asked = service.job(job).view.question
    assert asked is not None
    await until(lambda: [a for a in nodes.agents() if a.pid != agent.pid])
    await until(lambda: service.job(job).view.state is JobState.WAITING)
    await asyncio.sleep(0.5)  # a second question may be under way: it has the same name
    await service.answer(job, asked.id, "yes")
    view = await service.wait(job)
    assert (view.state, view.problem) == (JobState.READY, "")
    kinds = [event.kind for event in service.job(job).events]
    assert (kinds.count("TurnDone"), kinds.count("WorkerLost")) == (2, 1)
    assert {change.path: change.after for change in service.plan(job)} == {"a.py": b"ONE\n", "b.py": b"B\n"}
    await until(lambda: not psutil.pid_exists(agent.pid))


async def test_checkouts_stay_warm_and_only_what_changed_travels(
    nodes: Nodes, opener: Opener, root: Path
) -> None:
    service = await opener(nodes.settings)
    (root / "big.txt").write_text("x" * 100_000)

    async def attempt() -> None:
        job = service.delegate(task({"turn": 1, "files": {"a.py": "1\n"}}, READY))
        assert (await service.wait(job)).state is JobState.READY

    def made() -> dict[str, int]:
        return {p.name: (p / "tree").stat().st_ino for p in (nodes.checkouts / "trees").iterdir()}

    before = set(made())
    await attempt()
    first = made()
    kept = len(list((nodes.checkouts / "bytes").glob("??/*")))
    await attempt()
    assert made() == first
    (root / "b.py").write_text("changed\n")
    await attempt()
    assert len(set(made()) - before) == 2
    assert len(list((nodes.checkouts / "bytes").glob("??/*"))) == kept + 1
    tree = nodes.checkouts / "trees" / Packer(root).pack().snapshot / "tree"
    assert {p.name: p.read_bytes() for p in tree.iterdir()} == {
        p.name: p.read_bytes() for p in root.iterdir()
    }


async def test_unsaved_texts_travel(nodes: Nodes, opener: Opener, root: Path) -> None:
    editor = PaperEditor(root)
    editor.type(A, b"typed\n")
    service = await opener(nodes.settings, editor=editor)
    job = service.delegate(task({"turn": 1, "files": {"a.py": "ONE\n"}}, READY))
    assert (await service.wait(job)).state is JobState.READY
    [change] = service.plan(job)
    assert (change.before, change.after) == (b"typed\n", b"ONE\n")


async def test_words_and_cancelling_reach_the_node(nodes: Nodes, opener: Opener) -> None:
    service = await opener(nodes.settings)
    job = service.delegate(task({"ask": "q"}, {"turn": 1, "files": {}}, {"hang": True}))
    view = await service.wait(job, for_question=True)
    await service.tell(job, "hurry")
    assert view.question is not None
    await service.answer(job, view.question.id, "yes")
    await until(lambda: service.job(job).view.spent.turns == 1)
    assert any("told hurry" in str(event.wire()) for event in service.job(job).events)
    await service.cancel(job)
    assert service.job(job).view.state is JobState.CANCELLED
    await until(lambda: not nodes.agents())


async def test_closing_pauses_and_the_node_is_free_again(nodes: Nodes, opener: Opener) -> None:
    service = await opener(nodes.settings)
    job = service.delegate(task({"turn": 1, "files": {"a.py": "ONE\n"}}, {"deaf": True}, READY))
    await until(lambda: service.job(job).view.spent.turns == 1)
    await service.close()
    await until(lambda: not nodes.agents())
    again = await opener(nodes.settings)
    view = again.job(job).view
    assert (view.state, view.spent.turns) == (JobState.INTERRUPTED, 1)


async def test_more_attempts_than_places_wait_for_one(nodes: Nodes, opener: Opener) -> None:
    service = await opener(nodes.settings)
    jobs = [
        service.delegate(task({"turn": 1, "files": {"a.py": f"{n}\n"}}, {"ask": "q"}, READY))
        for n in range(3)
    ]
    await until(lambda: sum(service.job(j).view.state is JobState.WAITING for j in jobs) == 2)
    assert len(nodes.agents()) == 2
    # Which of the three waits is for the cluster to say.
    [last] = [j for j in jobs if service.job(j).view.state is not JobState.WAITING]
    assert "waiting for a place" in service.job(last).view.progress.step
    for job in (*(j for j in jobs if j != last), last):
        view = await service.wait(job, for_question=True)
        assert view.question is not None
        await service.answer(job, view.question.id, "yes")
    assert [(await service.wait(job)).state for job in jobs] == [JobState.READY] * 3


async def test_the_real_agent_proves_two_drafts_on_the_nodes_and_chooses_there(
    nodes: Nodes, opener: Opener, root: Path
) -> None:
    (root / "test_a.py").write_text(
        "import unittest\nimport b\n\nclass B(unittest.TestCase):\n    def test(self):\n        assert b.x == 2\n"
    )
    (root / "b.py").write_text("x = 1\n")

    def turns(value: str) -> list[dict[str, Any]]:
        edit = {"path": "b.py", "edits": [{"old_str": "1", "new_str": value}]}
        calls = [("read_file", {"path": "b.py"}), ("edit_file", edit), ("finish", {"summary": "Two."})]
        return [
            {
                "expect": [] if n == 0 else [{"contains": []}],
                "content": [{"type": "tool_use", "name": name, "input": arguments}],
            }
            for n, (name, arguments) in enumerate(calls)
        ]

    # What the second attempt is told; its plan is another one, so that the two are run beside each other.
    scripts = [{"match": "the way with the fewest", "turns": turns("1 +\\\n 1")}, {"turns": turns("2")}]
    async with MessagesServer(scripts) as server:
        service = await opener(
            nodes.settings,
            worker_module="agent_ls.agent.worker",
            environ={"ANTHROPIC_BASE_URL": server.url, "AGENT_LS_MODEL": "claude-test"},
        )
        service.update_settings(
            replace(service.settings, checks=replace(service.settings.checks, allow_unsandboxed=True))
        )
        job = service.delegate(
            Intent(
                IntentKind.DELEGATE,
                "t",
                task="make it two",
                checks=(("python3", "-m", "unittest", "-q", "test_a"),),
                attempts=2,
            )
        )
        view = await service.wait(job)
    detail = service.job(job)
    assert (view.state, view.verdict.value) == (JobState.READY, "verified"), detail
    assert [(a.state, a.verdict.value, a.spent.turns) for a in detail.attempts] == [
        (JobState.READY, "verified", 3)
    ] * 2
    assert detail.attempts[0].chosen
    assert "not compared" not in detail.selection
    assert detail.selection == "Nothing tells it from attempt 2"
    assert {change.path: change.after for change in service.plan(job)} == {"b.py": b"x = 2\n"}
    assert server.violations == []
    assert service.status()["workerPid"] is None
    assert sum(line["direction"] == "sent" for line in service.wire_log(job)) == 6


async def test_where_no_cluster_answers_the_job_says_so_and_can_be_resumed(opener: Opener) -> None:
    for scheduler, words in (
        ("tcp://127.0.0.1:1", "does not answer"),
        ("tcp://192.0.2.1:8786", "in the clear"),
        ("tls://127.0.0.1:1", "tls_ca and tls_cert and tls_key must name a file"),
    ):
        service = await opener(Cluster(scheduler))
        job = service.delegate(task({"turn": 1, "files": {}}, READY))
        view = await service.wait(job)
        assert view.state is JobState.FAILED
        assert words in view.problem
        assert view.state.resumable


def test_what_a_check_may_not_see_does_not_travel(root: Path) -> None:
    (root / ".env").write_text("KEY=1")
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("x")
    (root / ".gitignore").write_text("*.log\n")
    (root / "run.log").write_text("x")
    (root / "run.sh").write_text("x")
    (root / "run.sh").chmod(0o755)
    (root / "out").symlink_to("/etc")
    parcel = Packer(root).pack()
    assert sorted(parcel.files) == [".gitignore", "a.py", "b.py", "run.sh"]
    assert (parcel.executable, dict(parcel.links)) == (("run.sh",), {})
