"""The server on a big tree beside a bare pygls stub, in one run: ``python benchmarks/serving.py TREE``.

Hover and menu while a cold index is built, warm, and with three busy jobs; how soon a job's progress
is seen; what starting on a big tree costs over starting on an empty one; memory; CPU at rest. TREE
is only read; what the server keeps lies in a temporary folder. Exit code 1 if a figure is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import latency
from benchmarks.latency import OURS, command, cpu_s, ratio, rss_mb, seconds, settled_cpu_s, show, started
from tests.faces.lsp.raw_client import STUB, RawClient
from tests.scenarios.kit import World, look, script

Json = dict[str, Any]
CAPABILITIES: Json = {
    "general": {"positionEncodings": ["utf-16"]},
    "textDocument": {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}},
    "window": {"workDoneProgress": True},
}
PATIENCE_S = 600.0


class Bench:
    """A tree, a state directory that outlives a server, and what is asked."""

    def __init__(self, tree: Path, folder: Path) -> None:
        self.world = World(folder)
        self.tree = tree
        self.script = folder / "script.json"
        (folder / "config" / "config.toml").write_text("[budgets]\nattempt_turns = 100000\n")
        self.environ = {**self.world.environ, "AGENT_LS_SCRIPT": str(self.script)}
        self.path = biggest(tree)
        self.text = self.path.read_text("utf-8", "replace")
        self.places = names_in(self.text)
        self.place = self.places[0]

    @property
    def uri(self) -> str:
        return self.path.as_uri()

    def hover(self, number: int = 0) -> Json:
        place = self.places[number % len(self.places)]
        return {"textDocument": {"uri": self.uri}, "position": place}

    def menu(self, number: int = 0) -> Json:
        place = self.places[number % len(self.places)]
        span = {"start": place, "end": place}
        return {"textDocument": {"uri": self.uri}, "range": span, "context": {"diagnostics": []}}

    @contextmanager
    def ours(self) -> Iterator[RawClient]:
        with started(OURS, self.environ) as client:
            answer_requests(client)
            self.open_in(client)
            yield client

    def open_in(self, client: RawClient) -> None:
        folders = [{"uri": self.tree.as_uri(), "name": "w"}]
        client.initialize(rootUri=self.tree.as_uri(), workspaceFolders=folders, capabilities=CAPABILITIES)
        client.open(self.text, self.uri)

    def status(self, client: RawClient) -> Json:
        folders = command(client, "agentLs.status", {})["folders"]
        return folders[0]["index"] if folders else {"building": True, "files": 0}

    def ready(self, client: RawClient) -> None:
        """Wait until the index is built and the open file's facts have come."""
        wait_for(lambda: not (now := self.status(client))["building"] and now["files"] > 0)
        wait_for(lambda: bool(client.call("textDocument/codeAction", self.menu())["result"]))


def biggest(tree: Path) -> Path:
    """The largest Python or Java file of at most 6000 lines: the file that a user has open."""
    found = [path for end in ("*.py", "*.java") for path in tree.rglob(end)]
    sized = sorted(found, key=lambda path: path.stat().st_size, reverse=True)
    return next(path for path in sized if path.read_bytes().count(b"\n") <= 6000)


def names_in(text: str) -> list[Json]:
    """Places of names: every kind of name that a cursor comes to, seldom and common ones, always the same."""
    found = [
        {"line": number, "character": match.start() + 1}
        for number, line in enumerate(text.split("\n"))
        for match in re.finditer(r"\b[A-Za-z_]\w{2,}", line)
        if not line.strip().startswith(("*", "/", "#", "import"))
    ]
    return random.Random(1).sample(found, 500)


def answer_requests(client: RawClient) -> None:
    """Let a client answer what the server asks of it: progress may be shown."""
    waiting = client.next

    def following(
        wanted: Callable[[Json], Any], patience_s: float = latency.RawClient.next.__defaults__[0]
    ) -> Any:
        def seen(message: Json) -> Any:
            if "method" in message and "id" in message:
                body = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": None}).encode()
                client.send(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            return wanted(message)

        return waiting(seen, patience_s)

    client.next = following  # type: ignore[method-assign]


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > until:
            raise SystemExit("what should have come did not come in time")
        time.sleep(0.1)


def quantile(taken: list[float], part: float) -> float:
    return sorted(taken)[max(0, int(len(taken) * part) - 1)] * 1e3


def in_turns(
    bench: Bench, ours: RawClient, stub: RawClient, go_on: Callable[[int], bool]
) -> dict[str, list[float]]:
    """Hover and menu, and the stub's hover, in turns: the same noise hits all. A round is 30 requests."""
    taken: dict[str, list[float]] = {"menu": [], "hover": [], "stub": []}
    number = 0
    while go_on(number):
        for at in range(number * 10, number * 10 + 10):
            taken["stub"] += latency.timed(stub, "textDocument/hover", bench.hover(at), 1)
            taken["menu"] += latency.timed(ours, "textDocument/codeAction", bench.menu(at), 1)
            taken["hover"] += latency.timed(ours, "textDocument/hover", bench.hover(at), 1)
        number += 1
    return taken


def compared(taken: dict[str, list[float]], when: str, part: float, limit: float) -> None:
    bare = quantile(taken["stub"], part)
    for name in ("hover", "menu"):
        mine = quantile(taken[name], part)
        ratio(f"{name} p{part * 100:.0f} {when}, {len(taken[name])} times", mine, bare, limit, "ms")
    middle = {name: f"{statistics.median(times) * 1e3:.2f}" for name, times in taken.items()}
    print(f"  p50 in ms: {middle}")


def cold(bench: Bench, stub: RawClient) -> None:
    with bench.ours() as ours:
        wait_for(lambda: bool(ours.call("textDocument/codeAction", bench.menu())["result"]))

        def building(_number: int) -> bool:
            now = bench.status(ours)
            return now["building"] or not now["files"]

        taken = in_turns(bench, ours, stub, building)
        bench.ready(ours)
        ours.leave()
    compared(taken, "during a cold index", 0.99, 5)


def warm(bench: Bench, stub: RawClient, rounds: int) -> None:
    with bench.ours() as ours:
        bench.ready(ours)
        settled_cpu_s(ours.process.pid, children=True)
        show_memory(ours, stub)
        compared(in_turns(bench, ours, stub, lambda n: n < rounds), "warm", 0.99, 3)
        resting_s = 25  # the parse workers leave after ten seconds or twenty
        time.sleep(resting_s)
        began = cpu_s(ours.process.pid, children=True)
        time.sleep(10)
        spent = cpu_s(ours.process.pid, children=True) - began
        show("CPU of all processes in 10 s of rest", f"{spent:.3f} s", "0.02 s", spent <= 0.02, "ratio")
        jobs(bench, ours, stub, rounds)
        ours.leave()


def show_memory(ours: RawClient, stub: RawClient) -> None:
    mine, bare = rss_mb(ours.process.pid), rss_mb(stub.process.pid)
    show(
        f"server memory over the stub's ({bare:.0f} MB)",
        f"{mine - bare:.0f} MB",
        "40 MiB",
        mine - bare <= 42,
        "ratio",
    )
    print(f"  with all its workers: {rss_mb(ours.process.pid, children=True):.0f} MB")


def jobs(bench: Bench, ours: RawClient, stub: RawClient, rounds: int) -> None:
    """Three jobs that search and read, ten turns a second each."""
    search = {"type": "tool_use", "name": "search_text"}
    wanted = {"pattern": "class", "regex": False, "ignore_case": False, "glob": "*.py"}
    turns = [[{**search, "input": wanted}], [look(bench.path.relative_to(bench.tree).as_posix())]]
    pauses = dict.fromkeys(range(20000), 0.1)
    bench.script.write_text(script(*turns * 10000, pause_s=pauses))
    started_at: list[float] = []
    for _ in range(3):
        began = time.perf_counter()
        ours.ask(
            "workspace/executeCommand",
            {"command": "agentLs.delegate", "arguments": [{"task": "keep busy", "uri": bench.uri}]},
        )
        assert ours.next(
            lambda m: m.get("method") == "$/progress" and m["params"]["value"]["kind"] == "begin", 60
        )
        started_at.append(time.perf_counter() - began)
    for number, taken in enumerate(started_at, 1):
        seconds(f"progress of job {number} visible after the choice", taken, 0.5)
    wait_for(lambda: all(j["state"] == "running" for j in command(ours, "agentLs.jobs", {})["jobs"]))
    time.sleep(3)
    taken = in_turns(bench, ours, stub, lambda n: n < rounds)
    states = [(j["state"], j["done"]) for j in command(ours, "agentLs.jobs", {})["jobs"]]
    print(f"  the jobs at the end: {states}")
    compared(taken, "with three busy jobs", 0.95, 5)
    for job in command(ours, "agentLs.jobs", {})["jobs"]:
        command(ours, "agentLs.cancel", {"jobId": job["jobId"]})


def starting(bench: Bench, folder: Path, runs: int) -> None:
    """The server's own CPU until it rests, and to its first answer, on the tree and on an empty folder."""
    own: dict[str, list[float]] = {"big": [], "empty": []}
    first: dict[str, list[float]] = {"big": [], "empty": []}
    empty = Bench.__new__(Bench)
    empty.__dict__.update(bench.__dict__)
    empty.tree = folder / "empty"
    empty.tree.mkdir()
    empty.path = empty.tree / bench.path.name
    empty.path.write_text(bench.text)
    for number in range(runs + 1):
        for name, one in (("empty", empty), ("big", bench)):
            with one.ours() as client:
                pid = client.process.pid
                before = cpu_s(pid)
                assert "result" in client.call("textDocument/hover", one.hover())
                answered = cpu_s(pid) - before
                one.ready(client)
                if number:  # the first start of each indexes
                    first[name].append(answered)
                    own[name].append(settled_cpu_s(pid))
                client.leave()
    big, bare = statistics.median(own["big"]), statistics.median(own["empty"])
    show(
        f"server's CPU from start to rest, over an empty folder's ({big:.2f} / {bare:.2f} s)",
        f"{big / bare:.2f} x",
        "1.1 x",
        big <= 1.1 * bare,
        "ratio",
    )
    over = statistics.median(first["big"]) - statistics.median(first["empty"])
    seconds("CPU until the first hover, over an empty folder's", over, 0.1)
    print(f"  on an empty folder, features loaded: {statistics.median(first['empty']):.3f} s")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("tree", type=Path)
    arguments.add_argument("--rounds", type=int, default=30, help="of ten requests of each kind")
    arguments.add_argument("--runs", type=int, default=3, help="starts of each kind")
    arguments.add_argument("--only", choices=["start", "cold", "warm"])
    chosen = arguments.parse_args()
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(chosen.tree.resolve(), Path(name) / "w")
        with started(STUB, bench.world.environ) as stub:
            bench.open_in(stub)
            if chosen.only in (None, "cold"):
                cold(bench, stub)
            if chosen.only in (None, "warm"):
                warm(bench, stub, chosen.rounds)
        if chosen.only in (None, "start"):
            starting(bench, Path(name), chosen.runs)
    return 1 if any(latency.MISSED.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
