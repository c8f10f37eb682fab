"""macOS: checks confined by ``sandbox-exec``. Nobody has run this on a Mac yet.

It counts only after the same probe as `Bubblewrap`, on the machine itself. Nothing can be mounted
there, so the tree keeps its own path and the workspace's own folder cannot be read at all: a link or
an editable install that leads to the user's text fails instead of proving it in place of the draft's.
Other processes can be seen, and their number is not limited.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, final

from agent_ls.core.paths import RelPath
from agent_ls.verify.surroundings import LIMITS, OFFLINE, common
from agent_ls.verify.toolchain import find_toolchain
from agent_ls.workspace.process import launcher

_SYSTEM = (
    "/usr", "/bin", "/sbin", "/System", "/Library/Frameworks", "/Library/Developer", "/Library/Java",
    "/Applications/Xcode.app", "/opt/homebrew", "/opt/local", "/private/etc", "/private/var/db/timezone", "/dev",
)  # fmt: skip
_RULES = """(version 1)
(deny default)
(allow process-fork)
(allow process-exec)
(allow signal (target same-sandbox))
(allow sysctl-read)
(allow ipc-posix-sem)
(allow ipc-posix-shm)
(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo") (global-name "com.apple.system.logger"))
(allow file-read-metadata)
(allow file-read* (literal "/"))
(allow file-write* (literal "/dev/null") (literal "/dev/zero") (literal "/dev/tty"))
"""
_NETWORK = """(allow network*)
(allow mach-lookup (global-name "com.apple.mDNSResponder") (global-name "com.apple.SystemConfiguration.configd"))
"""
_BEGIN = 'mkdir -p "$HOME" "$TMPDIR" && cd "$0" && exec "$@"'


@final
@dataclass(frozen=True, slots=True)
class Seatbelt:
    """The system's ``sandbox-exec`` with a profile that denies everything it does not name.

    The same `argv` as `Bubblewrap`'s, run from anywhere.
    """

    program: Path
    environ: Mapping[str, str] = field(repr=False)
    name: str = "sandbox-exec"
    in_place: ClassVar[bool] = False

    def argv(
        self,
        command: Sequence[str],
        *,
        scratch: Path,
        root: Path,
        cwd_rel: str = "",
        writable: bool = True,
        network: bool = False,
        dependencies: Mapping[RelPath, Path] | None = None,
    ) -> list[str]:
        """The command line that runs ``command`` inside; see `Bubblewrap.argv`.

        ``dependencies`` are read where they lie: the tree has links to them. The home and the folder
        for temporary files are made beside the tree.
        """
        tree, own = Path(os.path.realpath(scratch)), Path(os.path.realpath(root))
        toolchain = find_toolchain(own, self.environ, command[:1])
        shown = [*toolchain.mounts, *(dependencies or {}).values(), Path(launcher.__file__)]
        home, temporary = tree.parent / "home", tree.parent / "temporary"
        written = [home, temporary, *([tree] if writable else [])]
        rules = _RULES + (_NETWORK if network else "")
        words: list[str] = []
        for rule, path in _paths([*map(Path, _SYSTEM), *shown, tree], written):
            name = f"P{len(words) // 2}"
            words += ["-D", f"{name}={os.path.realpath(path)}"]
            rules += f'(allow {rule} (subpath (param "{name}")))\n'
        env = {
            **common(self.environ),
            **({} if network else OFFLINE),
            "HOME": str(home),
            "TMPDIR": str(temporary),
            "PATH": os.pathsep.join([*(str(tree / place) for place in _OWN), *toolchain.path]),
        }
        limits = ",".join(f"{name}={LIMITS[name]}" for name in ("fsize", "core"))
        return [
            *(str(self.program), "-p", rules, *words),
            *("/usr/bin/env", "-i", *(f"{name}={value}" for name, value in env.items())),
            *("/bin/sh", "-c", _BEGIN, str(tree / cwd_rel)),
            *(sys.executable, "-I", "-S", launcher.__file__, "0", limits),
            *command,
        ]


_OWN = (".venv/bin", "venv/bin", "node_modules/.bin")


def _paths(read: Sequence[Path], written: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    yield from (("file-read*", path) for path in read)
    yield from (("file-read* file-write*", path) for path in written)
