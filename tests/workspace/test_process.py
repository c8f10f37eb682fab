from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_ls.core.errors import WorkspaceError
from agent_ls.workspace.process import Worker, find_program, run
from agent_ls.workspace.process.bounded import Bounded

GENEROUS_S = 20.0
TREE = """
import os, subprocess, sys, time, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import signal,time;signal.signal(signal.SIGTERM, signal.SIG_IGN);time.sleep(600)"])
print(os.getpid(), child.pid, flush=True)
time.sleep(600)
"""


def python(code: str, *args: str) -> list[str]:
    return [sys.executable, "-c", code, *args]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(GENEROUS_S):
        while not true():
            await asyncio.sleep(0.01)


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_output_exit_code_folder_and_environment_are_as_said(tmp_path: Path) -> None:
    code = "import os,sys;print(os.getcwd(),sorted(os.environ),repr(sys.stdin.read()));print('e',file=sys.stderr);sys.exit(3)"
    done = await run(python(code), cwd=tmp_path, env={"ONLY": "1"}, timeout_s=GENEROUS_S)
    assert done.exit_code == 3
    assert str(tmp_path).encode() in done.output
    assert b"'ONLY'" in done.output
    assert b"PATH" not in done.output
    assert b"''" in done.output, "stdin is empty"
    assert b"e\n" in done.output
    assert not done.timed_out
    assert not done.truncated


async def test_a_timeout_ends_the_whole_group_that_ignores_term(tmp_path: Path) -> None:
    done = await run(python(TREE), cwd=tmp_path, env={}, timeout_s=1.0)
    assert done.timed_out
    assert done.exit_code is None
    pids = [int(word) for word in done.output.split()]
    assert len(pids) == 2
    await until(lambda: all(gone(pid) for pid in pids))


async def test_a_cancel_ends_the_whole_group_and_goes_on(tmp_path: Path) -> None:
    said = asyncio.Event()
    chunks: list[bytes] = []

    def hear(chunk: bytes) -> None:
        chunks.append(chunk)
        said.set()

    task = asyncio.create_task(run(python(TREE), cwd=tmp_path, env={}, timeout_s=600, on_output=hear))
    async with asyncio.timeout(GENEROUS_S):
        await said.wait()
    started = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - started < 5
    await until(lambda: all(gone(int(word)) for word in b"".join(chunks).split()))


async def test_what_a_program_leaves_behind_is_ended_and_not_waited_for(tmp_path: Path) -> None:
    code = "import subprocess,sys;print(subprocess.Popen([sys.executable,'-c','import time;time.sleep(600)']).pid)"
    done = await run(python(code), cwd=tmp_path, env={}, timeout_s=GENEROUS_S)
    assert done.exit_code == 0
    assert not done.timed_out
    await until(lambda: gone(int(done.output)))


async def test_endless_output_stays_small(tmp_path: Path) -> None:
    code = "import sys\nfor i in range(300000): sys.stdout.write(f'line {i}\\n')"
    done = await run(python(code), cwd=tmp_path, env={}, timeout_s=GENEROUS_S, output_limit=2000)
    assert done.truncated
    assert len(done.output) < 2200
    assert done.output.startswith(b"line 0\n")
    assert done.output.endswith(b"line 299999\n")
    assert b"left out" in done.output


async def test_limits_hold(tmp_path: Path) -> None:
    code = "open('big','wb').write(b'x'*100000)"
    done = await run(python(code), cwd=tmp_path, env={}, timeout_s=GENEROUS_S, limits={"fsize": 1000})
    assert done.exit_code != 0
    assert (tmp_path / "big").stat().st_size <= 1000


async def test_a_program_that_cannot_start_is_told(tmp_path: Path) -> None:
    done = await run(["/no/such/program"], cwd=tmp_path, env={}, timeout_s=GENEROUS_S)
    assert (done.exit_code, done.output) == (127, b"/no/such/program: No such file or directory\n")
    with pytest.raises(WorkspaceError, match="could not be started"):
        await run(["/bin/true"], cwd=tmp_path / "missing", env={}, timeout_s=GENEROUS_S)
    for nothing in ([], ["a\0b"]):
        with pytest.raises(WorkspaceError, match="Not a command"):
            await run(nothing, cwd=tmp_path, env={}, timeout_s=GENEROUS_S)


async def test_no_shell_sees_the_arguments(tmp_path: Path) -> None:
    words = ["$(touch x)", "; touch x", "`touch x`", "*", "-e", "a b"]
    done = await run(
        python("import sys,json;print(json.dumps(sys.argv[1:]))", *words),
        cwd=tmp_path,
        env={},
        timeout_s=GENEROUS_S,
    )
    assert json.loads(done.output) == words
    assert not list(tmp_path.iterdir())


async def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    owner = f"""
import asyncio, sys
from pathlib import Path
from agent_ls.workspace.process import run
asyncio.run(run([sys.executable, "-c", "import os,time;print(os.getpid(),flush=True);time.sleep(600)"],
    cwd=Path({str(tmp_path)!r}), env={{}}, timeout_s=600, on_output=lambda b: (sys.stdout.buffer.write(b), sys.stdout.flush())))
"""
    parent = await asyncio.create_subprocess_exec(
        *python(owner), stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(Path.cwd())}
    )
    assert parent.stdout is not None
    async with asyncio.timeout(GENEROUS_S):
        child = int(await parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    await until(lambda: gone(child))


def test_programs_of_the_workspace_are_never_found(tmp_path: Path) -> None:
    outside, inside = tmp_path / "bin", tmp_path / "w" / "bin"
    for folder in (outside, inside):
        folder.mkdir(parents=True)
        (folder / "tool").write_text("#!/bin/sh\n")
        (folder / "tool").chmod(0o755)
    (tmp_path / "linked").symlink_to(inside)
    (outside / "sly").symlink_to(inside / "tool")
    (outside / "plain").write_text("not executable")
    workspace = tmp_path / "w"

    def look(name: str, *path: Path | str) -> Path | None:
        return find_program(name, outside=workspace, path=os.pathsep.join(map(str, path)))

    assert look("tool", inside, tmp_path / "linked", outside) == outside / "tool"
    assert look("tool", inside) is None
    assert look("sly", outside) is None
    assert look("plain", outside) is None
    assert look(str(inside / "tool")) is None
    assert look("./tool", outside) is None
    assert look(str(outside / "tool")) == outside / "tool"


def test_empty_and_relative_path_entries_are_not_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tool").write_text("#!/bin/sh\n")
    (tmp_path / "tool").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    assert find_program("tool", outside=tmp_path / "w", path=":.::") is None


@given(st.lists(st.binary(max_size=30), max_size=20), st.integers(2, 60))
def test_bounded_output_is_whole_or_its_two_ends(chunks: list[bytes], limit: int) -> None:
    kept, whole = Bounded(limit), b"".join(chunks)
    for chunk in chunks:
        kept.add(chunk)
    half = limit // 2
    if len(whole) <= 2 * half:
        assert kept.value() == whole
    else:
        assert kept.value().startswith(whole[:half])
        assert kept.value().endswith(whole[-half:])
        assert kept.dropped == len(whole) - 2 * half


async def start(tmp_path: Path, **env: str) -> tuple[Worker, dict]:
    worker = await Worker.start(
        "tests.workspace.echo_worker", env={"PATH": os.environ["PATH"], **env}, cwd=tmp_path, nice=5
    )
    async with asyncio.timeout(GENEROUS_S):
        first = await worker.receive()
    assert first is not None, worker.last_words
    return worker, first


async def test_a_worker_answers_and_its_prints_are_not_the_wire(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('a planted module was loaded')")
    worker, first = await start(tmp_path, PYTHONPATH=str(tmp_path), PYTHONSTARTUP="x")
    assert first["ready"] == worker.pid
    assert first["stdin"] == ""
    assert "PYTHONSTARTUP" not in first["keys"]
    big = {"text": "ä\u2028\ud800" + "x" * 1_000_000}
    await worker.send(big)
    assert await worker.receive() == {"echo": big}
    await worker.stop()
    assert await worker.receive() is None
    assert "a stray print" in worker.last_words
    assert not worker.alive


async def test_a_worker_that_hangs_is_stopped_all_the_same(tmp_path: Path) -> None:
    worker, _ = await start(tmp_path)
    await worker.send({"do": "hang"})
    assert await worker.receive() == {"hanging": True}
    await worker.stop()
    assert gone(worker.pid)
    with pytest.raises(ConnectionError):
        await worker.send({})


async def test_a_killed_worker_reads_as_the_end(tmp_path: Path) -> None:
    worker, _ = await start(tmp_path)
    os.kill(worker.pid, signal.SIGKILL)
    async with asyncio.timeout(GENEROUS_S):
        assert await worker.receive() is None
    await worker.stop()
    await worker.stop()


async def test_what_is_not_an_object_is_an_error(tmp_path: Path) -> None:
    worker, _ = await start(tmp_path)
    fds = [
        fd
        for fd in os.listdir(f"/proc/{worker.pid}/fd")
        if "pipe" in os.readlink(f"/proc/{worker.pid}/fd/{fd}")
    ]
    wire_out = max(int(fd) for fd in fds)
    await worker.send({"do": "garble", "fd": wire_out})
    with pytest.raises(WorkspaceError, match="not a JSON object"):
        await worker.receive()
    await worker.stop()


async def test_what_a_killed_worker_has_started_goes_with_it(tmp_path: Path) -> None:
    """Grandchildren too, in sessions of their own: the kernel would end its direct children only."""
    worker, _ = await start(tmp_path)
    await worker.send({"do": "family"})
    pids = (await worker.receive() or {})["pids"]
    family = [psutil.Process(pid) for pid in pids]
    await worker.stop(0.2)
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []


DAEMON = (
    "import os, sys, time\nif os.fork() == 0:\n  os.setsid()\n  if os.fork(): os._exit(0)\n"
    "  os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(60)', sys.argv[1]])\n"
    "time.sleep(0.3)\n"
)


def alive(mark: str) -> list[psutil.Process]:
    return [
        p
        for p in psutil.process_iter(["cmdline"])
        if (p.info["cmdline"] or [""])[-1] == mark and "time.sleep(60)" in str(p.info["cmdline"])
    ]


@pytest.mark.parametrize(
    ("then", "code"),
    [("", 0), ("sys.exit(7)", 7), ("os.kill(os.getpid(), 9)", -9), ("time.sleep(600)", None)],
)
async def test_a_daemon_goes_with_its_run_where_that_is_asked_for(
    tmp_path: Path, then: str, code: int | None
) -> None:
    mark = f"agent-ls-daemon-{os.getpid()}-{code}"
    argv = [sys.executable, "-c", DAEMON + then, mark]
    plain = await run([sys.executable, "-c", DAEMON, mark], cwd=tmp_path, env={}, timeout_s=30)
    assert plain.exit_code == 0
    survivors = alive(mark)
    assert survivors, "without it the daemon gets away"
    for process in survivors:
        process.kill()
    psutil.wait_procs(survivors, timeout=30)
    done = await run(argv, cwd=tmp_path, env={}, timeout_s=3 if code is None else 30, reap=True)
    assert done.exit_code == code
    assert not alive(mark)
