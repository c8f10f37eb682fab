"""The last step before a program starts: tie its life to its parent's and set its limits.

Run as a file, ``python -I -S launcher.py PARENT LIMITS PROGRAM ARG…``: the parent's process id
(``0`` where it cannot be seen from inside), and limits as ``name=value`` pairs joined by commas
(``-`` for none); ``+reap`` behind them: stay, and end whatever the program leaves behind; ``+watch=N``: stay, and end it all where more
than N processes are there. A file of its own because `preexec_fn` is unsafe beside threads and
``setpriv``/``prlimit`` are not everywhere. Imports nothing of agent-ls: inside a sandbox only
this one file is there.
"""

from __future__ import annotations

import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_REAP = "+reap"
_WATCH = "+watch="
_EVERY_S = 0.1


def die_with_parent(parent: int | None = None) -> None:
    """Ask the kernel to kill this process when its parent dies (Linux; elsewhere nothing happens).

    ``parent``: the parent's id as known before; where it is already gone, this process leaves
    at once, because the kernel's signal would never come.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes  # noqa: PLC0415 - 5 ms, and only the child needs it

    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def set_limits(spec: str) -> None:
    """Lower the limits named in ``nproc=512,fsize=1000000``; a hard limit below is kept as it is."""
    import resource  # noqa: PLC0415 - absent on Windows

    for pair in spec.split(",") if spec != "-" else ():
        name, _, value = pair.partition("=")
        which = getattr(resource, f"RLIMIT_{name.upper()}")
        hard = resource.getrlimit(which)[1]
        wanted = int(value) if hard == resource.RLIM_INFINITY else min(int(value), hard)
        resource.setrlimit(which, (wanted, wanted))


def children_of(pid: int) -> list[int]:
    """The living children of a process, by ``/proc``."""
    found: list[int] = []
    for name in os.listdir("/proc"):  # noqa: PTH208 - only the standard library's smallest modules here
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as file:  # noqa: PTH123
                    # pid (name) state parent …; the name may hold blanks and parentheses
                    state, parent = file.read().rpartition(")")[2].split()[:2]
            except (OSError, ValueError):
                continue
            if int(parent) == pid and state not in "ZX":
                found.append(int(name))
    return found


def end_orphans() -> None:
    """Kill what is below this process until nothing is: each round brings up the children of the last."""
    for _ in range(200):
        below = children_of(os.getpid())
        if not below:
            return
        for pid in below:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass


def run_and_reap(argv: list[str]) -> int:
    """Run a program as a child; when it ends, or we are told to, all that it left behind ends, too.

    A daemon that has left its session and its parent becomes our child (Linux).
    """
    import ctypes  # noqa: PLC0415 - as above

    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def told_to_end(number: int, frame: object) -> None:
        _ = frame
        end_orphans()
        os._exit(128 + number)

    signal.signal(signal.SIGTERM, told_to_end)
    main_child = os.fork()
    if main_child == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        die_with_parent(os.getppid())
        os._exit(_become(argv))
    status = 0
    while True:
        pid, ended = os.wait()
        if pid == main_child:
            status = ended
            break
    end_orphans()
    code = os.waitstatus_to_exitcode(status)
    if code < 0:  # end as it ended
        if -code not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code


def run_and_watch(argv: list[str], most: int) -> int:
    """Run a program as a child in a process namespace of its own; too many processes end it all.

    The kernel's own limit does not bind root. ``kill(-1)`` reaches everything in the namespace but
    its init and us, and at once: a fork with a signal pending does not happen.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        os._exit(_become(argv))
    while True:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return 128 - code if code < 0 else code
        if sum(name.isdigit() for name in os.listdir("/proc")) > most:  # noqa: PTH208 - as above
            os.kill(-1, signal.SIGKILL)
            sys.stderr.write(f"Ended: it started more than {most} processes.\n")
            return 1
        signal.sigtimedwait({signal.SIGCHLD}, _EVERY_S)


def main(arguments: list[str]) -> int:
    """Never returns when all goes well; 126/127 as a shell has them when the program cannot start."""
    die_with_parent(int(arguments[0]) or None)
    spec, _, most = arguments[1].partition(_WATCH)
    spec = spec.removesuffix(_REAP)
    set_limits(spec)
    if most:
        return run_and_watch(arguments[2:], int(most))
    if arguments[1].endswith(_REAP) and sys.platform.startswith("linux"):
        return run_and_reap(arguments[2:])
    return _become(arguments[2:])


def _become(argv: list[str]) -> int:
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - an argv list of the user's or the project's own checks
    except OSError as error:
        sys.stderr.write(f"{argv[0]}: {error.strerror}\n")
        return 127 if isinstance(error, FileNotFoundError) else 126


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
