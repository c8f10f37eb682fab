"""The last step before a program starts: tie its life to its parent's and set its limits.

Run as a file, ``python -I -S launcher.py PARENT LIMITS PROGRAM ARG…``: the parent's process id
(``0`` where it cannot be seen from inside), and limits as ``name=value`` pairs joined by commas
(``-`` for none). A file of its own because `preexec_fn` is unsafe beside threads and
``setpriv``/``prlimit`` are not everywhere. Imports nothing of agent-ls: inside a sandbox only
this one file is there.
"""

from __future__ import annotations

import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


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


def main(arguments: list[str]) -> int:
    """Never returns when all goes well; 126/127 as a shell has them when the program cannot start."""
    die_with_parent(int(arguments[0]) or None)
    set_limits(arguments[1])
    argv = arguments[2:]
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - an argv list of the user's or the project's own checks
    except OSError as error:
        sys.stderr.write(f"{argv[0]}: {error.strerror}\n")
        return 127 if isinstance(error, FileNotFoundError) else 126


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
