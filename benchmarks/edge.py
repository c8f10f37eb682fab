"""Figures of the edge beside a bare pygls server, in one run: ``python benchmarks/edge.py [--runs N] [--gaps]``.

CPU seconds are user + system of the server process (children included), so that a busy
machine changes them little; where a limit is a ratio, the ratio is what counts. Exit code
1 if a limit is missed.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import psutil

from agent_ls.faces.lsp.documents import Documents
from agent_ls.faces.lsp.shapes import problem_with
from tests.faces.lsp.raw_client import OURS, STUB, RawClient, running, span
from tests.faces.lsp.test_gaps import PROBES, right_on_the_stub

MISSED: list[str] = []


def show(what: str, value: str, limit: str, fine: bool) -> None:
    if not fine:
        MISSED.append(what)
    print(f"{what:<54} {value:>16}   limit {limit:<10} {'ok' if fine else 'MISSED'}")


def cpu(client: RawClient) -> float:
    times = psutil.Process(client.process.pid).cpu_times()
    return times.user + times.system


def settled_cpu(client: RawClient) -> float:
    """CPU once the process is idle again: work that goes on behind an answer counts too."""
    before = cpu(client)
    while True:
        time.sleep(0.1)
        now = cpu(client)
        if now == before:
            return now
        before = now


def start_figures(argv: tuple[str, ...]) -> tuple[float, float, float]:
    """CPU until the initialize answer, CPU until the first hover (idle again), idle RSS in MB."""
    with running(argv) as client:
        capabilities = {"general": {"positionEncodings": ["utf-16"]}}
        client.call("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities})
        initialized = cpu(client)
        client.notify("initialized", {})
        uri = client.open("def f():\n    return 1\n", "untitled:x")
        hover = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 4}}
        assert client.call("textDocument/hover", hover)
        first_hover = settled_cpu(client)
        rss = psutil.Process(client.process.pid).memory_info().rss / 1e6
        return initialized, first_hover, rss


def start(runs: int) -> None:
    ours, stub = [], []
    for _ in range(runs):  # interleaved: whatever else the machine does hits both
        ours.append(start_figures(OURS))
        stub.append(start_figures(STUB))
    names = ("CPU until the initialize answer", "CPU until the first hover", "memory at idle (RSS)")
    for i, (name, limit) in enumerate(zip(names, (0.6, 1.25, 1.3), strict=True)):
        mine, bare = (statistics.median(one[i] for one in side) for side in (ours, stub))
        unit = "MB" if i == 2 else "s"
        show(
            f"{name} ({mine:.2f} / {bare:.2f} {unit})",
            f"{mine / bare:.2f} x stub",
            f"{limit} x",
            mine / bare <= limit,
        )


def round_trips(client: RawClient, count: int) -> list[float]:
    uri = client.open("word\n" * 5000, "untitled:y")
    hover = {"textDocument": {"uri": uri}, "position": {"line": 2500, "character": 2}}
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        client.call("textDocument/hover", hover)
        taken.append(time.perf_counter() - began)
    return sorted(taken)


def latency() -> None:
    with running(OURS) as ours, running(STUB) as stub:
        ours.initialize(), stub.initialize()
        mine, bare = round_trips(ours, 500), round_trips(stub, 500)
    for name, at in (("p50", 250), ("p99", 494)):
        ratio = mine[at] / bare[at]
        show(
            f"hover {name} ({mine[at] * 1e3:.2f} / {bare[at] * 1e3:.2f} ms)",
            f"{ratio:.2f} x stub",
            "5 x",
            ratio <= 5,
        )


def custom_params() -> None:
    """2,000 custom messages of small objects."""
    params = {"items": [{"name": f"n{i}", "at": {"line": i, "character": 0}} for i in range(20)]}
    spent = []
    for argv in (OURS, STUB):
        with running(argv) as client:
            client.initialize()
            client.call("test/echo", {"warm": 1})
            before = cpu(client)
            for _ in range(100):
                client.call("test/echo", params)
            spent.append(cpu(client) - before)
    show(
        f"2,000 small custom objects ({spent[0]:.2f} / {spent[1]:.2f} s CPU)",
        f"{spent[0] * 1e3:.0f} ms CPU",
        "100 ms",
        spent[0] <= 0.1,
    )


def cpu_ms(work: Callable[[], object], times: int) -> float:
    gc.collect()
    before = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - before) / times * 1e3


class Typist:
    """Types into one document, a change notification per call, params checked as on the wire."""

    def __init__(self, text: str, changes: int, lines: int, columns: int) -> None:
        self.documents = Documents()
        self.uri = "untitled:z"
        item = {"uri": self.uri, "languageId": "x", "version": 0, "text": text}
        self.open_ms = cpu_ms(lambda: self.documents.did_open({"textDocument": item}), 1)
        self.changes, self.lines, self.columns = changes, lines, columns
        self.version = 0
        self.random = random.Random(7)

    def type(self) -> None:
        self.version += 1
        edits = []
        for _ in range(self.changes):
            at = self.random.randrange(self.columns)
            edits.append({"range": span(self.random.randrange(self.lines), at, at), "text": "x"})
        params = {"textDocument": {"uri": self.uri, "version": self.version}, "contentChanges": edits}
        assert problem_with("textDocument/didChange", params) is None
        self.documents.did_change(params)


def sync() -> None:
    line = "    some_name = other_name(argument)  # words\n"
    one = Typist(line * 100_000, 1, 100_000, 40)
    show("didOpen, 100k lines", f"{one.open_ms:.1f} ms CPU", "100 ms", one.open_ms <= 100)
    taken = cpu_ms(one.type, 300)
    show("one edit, 100k lines", f"{taken:.3f} ms CPU", "0.5 ms", taken <= 0.5)
    many = Typist(line * 10_000, 100, 10_000, 40)
    taken = cpu_ms(many.type, 20)
    show("100 edits in one didChange, 10k lines", f"{taken:.2f} ms CPU", "10 ms", taken <= 10)
    for name, text in (("ASCII", "x = 1; " * 750_000), ("emoji", "x😀= 1; " * 500_000)):
        long = Typist(text, 1, 1, 4_000_000)
        taken = cpu_ms(long.type, 20)
        show(f"keystroke in one 5 MB line, {name}", f"{taken:.2f} ms CPU", "100 ms", taken <= 100)
    typed = Typist(line * 100_000, 1, 100_000, 40)

    def read() -> None:
        typed.type()
        assert typed.documents.text(typed.uri).data

    show(
        "the same, and the whole text read after each",
        f"{cpu_ms(read, 50):.2f} ms CPU",
        "10 ms",
        cpu_ms(read, 20) <= 10,
    )


def leaving() -> None:
    """From the end of input until the process is gone."""
    for name, hang in (
        ("idle", None),
        ("the loop blocked", "test/hang"),
        ("a thread busy", "test/hangThread"),
    ):
        with running(OURS) as client:
            client.initialize()
            if hang is not None:
                client.ask(hang, {"seconds": 600})
                client.next(lambda m: m.get("method") == "test/hanging")
            began = time.perf_counter()
            client.process.stdin.close()
            client.process.wait()
            taken = time.perf_counter() - began
        show(f"gone after the end of input, {name}", f"{taken:.2f} s", "2 s", taken <= 2)
    with running(OURS) as client:
        client.initialize()
        msg_id = client.ask("agentLs/debug/sleep", {"seconds": 600})
        client.call("test/echo", {})
        began = time.perf_counter()
        client.notify("$/cancelRequest", {"id": msg_id})
        client.answer(msg_id)
        taken = time.perf_counter() - began
    show("cancel acknowledged", f"{taken * 1e3:.1f} ms", "200 ms", taken <= 0.2)


def gaps() -> None:
    """Every probe of the test suite's eleven gaps, also on the bare stub."""
    right = right_on_the_stub(PROBES)
    show(f"what pygls gets wrong ({len(PROBES)} probes)", f"stub right in {len(right)}", "0", not right)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--gaps", action="store_true", help="also run every gap's probe on the stub")
    chosen = arguments.parse_args()
    print(
        f"{os.uname().sysname}, {os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}"
    )
    start(chosen.runs)
    latency()
    custom_params()
    sync()
    leaving()
    if chosen.gaps:
        gaps()
    return 1 if MISSED else 0


if __name__ == "__main__":
    sys.exit(main())
