"""Figures of the whole server beside a bare pygls server, in one run: ``python benchmarks/latency.py``.

Menu, hover and lenses while a big tree is indexed and a model call hangs; start and memory; how fast a
cancel is acknowledged and everything it started is gone; how fast every process is gone when the
editor is. Limits stand beside the figures. Exit code 1 if a ratio is missed (or, with ``--strict``,
any limit: seconds depend on how busy the machine is).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import psutil

from tests.faces.lsp.raw_client import STUB, RawClient
from tests.scenarios.kit import World, call, finish, look
from tests.support.messages_server import MessagesServer

Json = dict[str, Any]
OURS = (sys.executable, "-P", "-m", "agent_ls", "serve")
MISSED: dict[str, list[str]] = {"ratio": [], "seconds": []}
LINES = 5000
SOURCE = "".join(
    f"def name_{n}(value):\n    return value + {n}\n\n\nprint(name_{n}({n}))\n" for n in range(LINES // 5)
)


def show(what: str, value: str, limit: str, fine: bool, kind: str) -> None:
    if not fine:
        MISSED[kind].append(what)
    print(f"{what:<66} {value:>14}   limit {limit:<8} {'ok' if fine else 'MISSED'}", flush=True)


def ratio(what: str, mine: float, bare: float, limit: float, unit: str) -> None:
    show(
        f"{what} ({mine:.2f} / {bare:.2f} {unit})",
        f"{mine / bare:.2f} x stub",
        f"{limit} x",
        mine / bare <= limit,
        "ratio",
    )


def seconds(what: str, taken: float, limit: float) -> None:
    show(what, f"{taken:.3f} s", f"{limit} s", taken <= limit, "seconds")


# --- a world to measure in ---------------------------------------------------------------


def big_tree(root: Path, files: int) -> None:
    body = "".join(
        f"class Thing{n}:\n    def method_{n}(self, other):\n        return other.method_{n}(name_{n})\n\n\n"
        for n in range(40)
    )
    for number in range(files):
        folder = root / f"package{number % 50}"
        folder.mkdir(exist_ok=True)
        (folder / f"module{number}.py").write_text(f"import os  # {number}\n{body}")


def hanging() -> Json:
    """A conversation that never answers."""
    return {"turns": [{"content": [call("list_nothing")], "faults": ["hang"] * 1000}]}


@contextmanager
def started(argv: tuple[str, ...], environ: dict[str, str]) -> Iterator[RawClient]:
    """A client whose server has exactly this environment."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environ)
    try:
        client = RawClient(argv)
    finally:
        os.environ.clear()
        os.environ.update(before)
    try:
        yield client
    finally:
        client.close()


def cpu_s(pid: int, *, children: bool = False) -> float:
    total = 0.0
    for process in (psutil.Process(pid), *(psutil.Process(pid).children(recursive=True) if children else ())):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def settled_cpu_s(pid: int, *, children: bool = False) -> float:
    """CPU once the process is idle again: work that goes on behind an answer counts too."""
    before = cpu_s(pid, children=children)
    while True:
        time.sleep(0.3)
        now = cpu_s(pid, children=children)
        if now - before < 0.02:
            return now
        before = now


def rss_mb(pid: int, *, children: bool = False) -> float:
    processes = [psutil.Process(pid), *(psutil.Process(pid).children(recursive=True) if children else ())]
    return sum(process.memory_info().rss for process in processes) / 1e6


# --- start and memory --------------------------------------------------------------------


def start_figures(argv: tuple[str, ...], folder: Path) -> dict[str, float]:
    world = World(folder)
    world.file("a.py", "def f():\n    return 1\n\n\nf()\n")
    with started(argv, world.environ) as client:
        pid = client.process.pid
        client.call(
            "initialize",
            {
                "processId": None,
                "rootUri": world.root.as_uri(),
                "workspaceFolders": [{"uri": world.root.as_uri(), "name": "w"}],
                "capabilities": {"general": {"positionEncodings": ["utf-16"]}},
            },
        )
        figures = {"initialize": cpu_s(pid)}
        client.notify("initialized", {})
        uri = client.open("def f():\n    return 1\n\n\nf()\n", (world.root / "a.py").as_uri())
        hover = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 4}}
        assert "result" in (client.call("textDocument/hover", hover) or {})
        figures["hover"] = settled_cpu_s(pid)
        figures["hover, whole tree"] = cpu_s(pid, children=True)
        figures["memory"] = rss_mb(pid)
        figures["memory, whole tree"] = rss_mb(pid, children=True)
        client.leave()
    return figures


def start(runs: int) -> None:
    ours, stub = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(runs):  # interleaved: whatever else the machine does hits both
            ours.append(start_figures(OURS, Path(folder) / f"o{number}"))
            stub.append(start_figures(STUB, Path(folder) / f"s{number}"))

    def middle(side: list[dict[str, float]], name: str) -> float:
        return statistics.median(one[name] for one in side)

    for name, what, limit, unit in (
        ("initialize", "CPU until the initialize answer", 0.6, "s"),
        ("hover", "CPU until the first hover, idle again", 1.25, "s"),
        ("memory", "memory at idle (RSS)", 1.3, "MB"),
    ):
        ratio(what, middle(ours, name), middle(stub, name), limit, unit)
    for name, unit in (("hover, whole tree", "s CPU"), ("memory, whole tree", "MB RSS")):
        print(f"{f'  with its live worker and index host: {name}':<66} {middle(ours, name):>10.2f} {unit}")


# --- menu and hover under load -----------------------------------------------------------


def timed(client: RawClient, method: str, params: Json, count: int) -> list[float]:
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        assert "result" in (client.call(method, params) or {}), client.seen[-1:]
        taken.append(time.perf_counter() - began)
    return taken


def p99(taken: list[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.99) - 1]


def loaded_round_trips(files: int, rounds: int) -> None:
    """Menu, hover and the stub's hover in turns, so that the same noise hits all three."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        world = World(folder)
        big_tree(world.root, files)
        world.file("big.py", SOURCE)
        script = folder / "hang.json"
        script.write_text(json.dumps(hanging()))
        service = subprocess.Popen(
            [sys.executable, "-m", "tests.support.messages_server", "--script", str(script)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[1],
        )
        assert service.stdout is not None
        port = json.loads(service.stdout.readline())["port"]
        environ = {
            **world.environ,
            "ANTHROPIC_API_KEY": "k",
            "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}",
        }
        try:
            with started(OURS, environ) as ours, started(STUB, world.environ) as stub:
                measure(world, ours, stub, rounds)
        finally:
            service.kill()
            service.wait()
            service.stdout.close()


def measure(world: World, ours: RawClient, stub: RawClient, rounds: int) -> None:
    literal = {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}
    said = {"textDocument": {"codeAction": literal}}
    uri = (world.root / "big.py").as_uri()
    place = {"line": LINES // 2, "character": 6}
    hover = {"textDocument": {"uri": uri}, "position": place}
    menu = {
        "textDocument": {"uri": uri},
        "range": {"start": place, "end": place},
        "context": {"diagnostics": []},
    }
    for client in (ours, stub):
        client.initialize(rootUri=world.root.as_uri(), capabilities=said)
        client.open(SOURCE, uri)
    argument = {"task": "hang", "uri": uri}
    command(ours, "agentLs.delegate", argument)
    while not any(
        "name_" in entry["title"] for entry in ours.call("textDocument/codeAction", menu)["result"]
    ):
        time.sleep(0.05)
    lens = {"textDocument": {"uri": uri}}
    names = ("menu", "hover", "lens", "menu while typing", "lens while typing")
    taken: dict[str, list[float]] = {name: [] for name in (*names, "stub")}
    building, version = 0, 1
    for _ in range(rounds):
        taken["stub"] += timed(stub, "textDocument/hover", hover, 10)
        taken["menu"] += timed(ours, "textDocument/codeAction", menu, 10)
        taken["hover"] += timed(ours, "textDocument/hover", hover, 10)
        taken["lens"] += timed(ours, "textDocument/codeLens", lens, 10)
        for _ in range(5):
            version += 1
            zero = {"line": 0, "character": 0}
            ours.change(uri, version, {"range": {"start": zero, "end": zero}, "text": "#"})
            taken["menu while typing"] += timed(ours, "textDocument/codeAction", menu, 2)
            taken["lens while typing"] += timed(ours, "textDocument/codeLens", lens, 2)
        building += command(ours, "agentLs.status", {})["folders"][0]["index"]["building"]
    status = command(ours, "agentLs.status", {})["folders"][0]
    print(
        f"  {rounds} rounds, {building} of them while {status['index']['total']} files were indexed;"
        f" jobs {status['jobs']}"
    )
    bare = p99(taken["stub"]) * 1e3
    assert ours.call("textDocument/codeLens", lens)["result"], "a job is at work here"
    for name in names:
        ratio(f"{name} p99, {LINES} lines, indexing, model call hangs", p99(taken[name]) * 1e3, bare, 5, "ms")
        print(f"{'  p50':<66} {statistics.median(taken[name]) * 1e3:>10.2f} ms")
    print(f"{'  p50 of the stub':<66} {statistics.median(taken['stub']) * 1e3:>10.2f} ms")


def command(client: RawClient, name: str, argument: Json) -> Any:
    answer = client.call("workspace/executeCommand", {"command": name, "arguments": [argument]})
    assert answer is not None
    assert "result" in answer, answer
    return answer["result"]


# --- cancelling and leaving --------------------------------------------------------------

TURNS = [
    {"content": [look("calc.py")]},
    {
        "expect": [{"contains": ""}],
        "content": [call("write_file", path="new.py", content="x = 1\n")],
    },
    {"expect": [{"contains": ""}], "content": [finish()]},
]
SLEEP = "import time; time.sleep(600)"


@asynccontextmanager
async def at_work(folder: Path, load: str) -> AsyncIterator[tuple[World, str, MessagesServer]]:
    """A server with an open folder and a job that hangs in a model call, in a check, or no job."""
    world = World(folder)
    world.file("calc.py", "a = 1\n")
    config = f'[checks]\nallow_unsandboxed = true\ncommands = [["{sys.executable}", "-c", "{SLEEP}"]]\n'
    (folder / "config" / "config.toml").write_text(config)
    conversation = hanging() if load == "a hung model call" else {"turns": TURNS}
    async with MessagesServer([conversation]) as service:
        environ = {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": service.url}
        editor = await world.start(model=False, environ=environ)
        await editor.command("agentLs.trust", {"uri": world.root.as_uri(), "trusted": True})
        job = ""
        if load != "nothing to do":
            buffer = editor.open("calc.py")
            job = await world.delegate(buffer)
        if load == "a hung model call":
            await service.wait_for_requests(1, 60)
        if load == "a running check":
            await until(lambda: bool(checks_of(editor.process.pid)), 120)
        try:
            yield world, job, service
        finally:
            await editor.close()


def checks_of(pid: int) -> list[psutil.Process]:
    found = []
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                if SLEEP in process.cmdline():
                    found.append(process)
    return found


async def until(condition: Callable[[], bool], patience_s: float) -> float:
    """Seconds until something holds; the patience where it never does."""
    began = time.perf_counter()
    while not condition() and time.perf_counter() - began < patience_s:
        await asyncio.sleep(0.005)
    return time.perf_counter() - began


def gone(processes: list[psutil.Process]) -> bool:
    return not any(alive(process) for process in processes)


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def cancelling(folder: Path) -> None:
    async with at_work(folder / "model", "a hung model call") as (world, job, service):
        exchange = service.turns[-1]
        began = time.perf_counter()
        await world.editor.command("agentLs.cancel", {"jobId": job})
        seconds("cancel acknowledged, a hung model call", time.perf_counter() - began, 0.2)
        await asyncio.wait_for(exchange.client_left.wait(), 30)
        seconds("  connection closed", time.perf_counter() - began, 0.5)
    async with at_work(folder / "check", "a running check") as (world, job, _):
        children = checks_of(world.editor.process.pid)
        began = time.perf_counter()
        await world.editor.command("agentLs.cancel", {"jobId": job})
        seconds("cancel acknowledged, a running check", time.perf_counter() - began, 0.2)
        await until(lambda: gone(children), 30)
        seconds(f"  its {len(children)} processes gone", time.perf_counter() - began, 0.5)


async def leaving(folder: Path) -> None:
    for load in ("nothing to do", "a hung model call", "a running check"):
        for way in ("end of input", "SIGKILL of the server"):
            name = f"{load} {way}".replace(" ", "_")
            async with at_work(folder / name, load) as (world, _job, _service):
                editor = world.editor
                server = psutil.Process(editor.process.pid)
                processes = [server, *server.children(recursive=True)]
                began = time.perf_counter()
                if way == "end of input":
                    assert editor.process.stdin is not None
                    editor.process.stdin.close()
                else:
                    server.kill()
                await until(lambda watched=processes: gone(watched), 30)
                seconds(f"all {len(processes)} processes gone: {way}, {load}", time.perf_counter() - began, 2)
        await parent_killed(folder / f"{load} parent".replace(" ", "_"), load)


async def parent_killed(folder: Path, load: str) -> None:
    """The process that `initialize` names is killed while the pipes stay open (somebody else holds them)."""
    parent = subprocess.Popen([sys.executable, "-c", SLEEP])
    true_pid = os.getpid
    os.getpid = lambda: parent.pid  # what the editor says of itself
    try:
        async with at_work(folder, load) as (world, _job, _service):
            os.getpid = true_pid
            server = psutil.Process(world.editor.process.pid)
            processes = [server, *server.children(recursive=True)]
            began = time.perf_counter()
            parent.kill()
            parent.wait()
            await until(lambda: gone(processes), 30)
            seconds(
                f"all {len(processes)} processes gone: editor killed, {load}", time.perf_counter() - began, 2
            )
    finally:
        os.getpid = true_pid
        parent.kill()
        parent.wait()


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=5, help="starts of each server")
    arguments.add_argument("--files", type=int, default=4000, help="files of the tree that is indexed")
    arguments.add_argument("--rounds", type=int, default=40)
    arguments.add_argument("--only", choices=["start", "load", "cancel", "leave"])
    arguments.add_argument("--strict", action="store_true", help="seconds that are missed fail too")
    chosen = arguments.parse_args()
    load = os.getloadavg()[0]
    print(f"{os.uname().sysname}, {os.cpu_count()} cores, Python {sys.version.split()[0]}, load {load:.1f}")
    if chosen.only in (None, "start"):
        start(chosen.runs)
    if chosen.only in (None, "load"):
        loaded_round_trips(chosen.files, chosen.rounds)
    with tempfile.TemporaryDirectory() as folder:
        if chosen.only in (None, "cancel"):
            asyncio.run(cancelling(Path(folder) / "cancel"))
        if chosen.only in (None, "leave"):
            asyncio.run(leaving(Path(folder) / "leave"))
    return 1 if MISSED["ratio"] or (chosen.strict and MISSED["seconds"]) else 0


if __name__ == "__main__":
    sys.exit(main())
