"""Where checks run: a constructed root that holds the programs, the scratch tree, and nothing else.

`Bubblewrap` is the backend on Linux, `Seatbelt` on macOS: the same `argv`, the same probe. A backend
counts only after it has proved itself here, on this machine, by failing to do what it must prevent
(see `sandbox.probe`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, final

from agent_ls.core.paths import RelPath
from agent_ls.verify.surroundings import LIMITS, OFFLINE, common
from agent_ls.verify.toolchain import SYSTEM, find_toolchain
from agent_ls.workspace.process import launcher

_LAUNCHER = "/run/agent-ls/launcher.py"
_ETC = (
    "passwd", "group", "hosts", "nsswitch.conf", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "ssl",
    "ca-certificates", "pki", "alternatives", "localtime", "timezone", "mime.types", "protocols", "services",
    "os-release", "debian_version", "python3", "python3.11", "python3.12", "python3.13", "nodejs", "java-17-openjdk",
    "java-21-openjdk", "crypto-policies",
)  # fmt: skip
_SPARE_HOME = Path("/tmp/home")  # noqa: S108 - inside the sandbox, where /tmp is private
_TMP_BYTES = 2_000_000_000


@final
@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """Linux namespaces by ``bwrap``, an unprivileged program of the system's.

    New user, mount, pid, ipc, uts, cgroup and network namespaces; all capabilities dropped; no
    further user namespaces. The scratch tree is mounted at the workspace's own path, so that
    editable installs, environments and absolute paths mean the draft.
    """

    program: Path
    environ: Mapping[str, str] = field(repr=False)
    memory_bytes: int = 0
    name: str = "bwrap"
    in_place: ClassVar[bool] = True

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
        """The command line that runs ``command`` inside.

        Args:
            command: Program and arguments, resolved on the sandbox's own PATH.
            scratch: The folder that stands for the workspace.
            root: The workspace's real path.
            cwd_rel: Working folder below the root.
            writable: Whether the scratch tree may be written.
            network: Leave the host's network reachable (an engine that asked for it).
            dependencies: Installed packages: place below the root → where they really lie.
        """
        toolchain = find_toolchain(root, self.environ, command[:1])
        mounts = [(path, path, "--ro-bind") for path in toolchain.mounts]
        mounts.append((scratch, root, "--bind" if writable else "--ro-bind"))
        mounts += [(real, root / place, "--ro-bind") for place, real in (dependencies or {}).items()]
        mounts += [
            (real, real, "--ro-bind")
            for real in (dependencies or {}).values()
            if not real.is_relative_to(root)
        ]
        mounts.append((Path(launcher.__file__), Path(_LAUNCHER), "--ro-bind"))
        if network:
            mounts.append((Path("/etc/resolv.conf"), Path("/etc/resolv.conf"), "--ro-bind-try"))
        words = [*_namespaces(network=network), *_skeleton(self._home(root))]
        # A mount hides what was mounted below it before: shallow ones come first.
        for source, place, how in sorted(mounts, key=lambda mount: len(mount[1].parts)):
            words += [how, str(source), str(place)]
        words += ["--chdir", str(root / cwd_rel), "--clearenv"]
        env = {**self.env(root, toolchain.path), **({} if network else OFFLINE)}
        for name, value in env.items():
            words += ["--setenv", name, value]
        return [str(self.program), *words, "--", *self._launch(), *command]

    def env(self, root: Path, path: Sequence[str] = ()) -> dict[str, str]:
        """The environment inside. Nothing of the host's passes but language, time zone and tool homes."""
        own = [str(root / ".venv" / "bin"), str(root / "venv" / "bin"), str(root / "node_modules" / ".bin")]
        return {
            **common(self.environ),
            "HOME": str(self._home(root)),
            "PATH": os.pathsep.join([*own, *path]),
        }

    def _home(self, root: Path) -> Path:
        """An empty folder at the home's own path, so that tool caches lie where they are looked for."""
        home = Path(os.path.realpath(self.environ.get("HOME") or _SPARE_HOME))
        return _SPARE_HOME if home in (root, Path("/")) else home

    def _launch(self) -> list[str]:
        limits = {**LIMITS, **({"data": self.memory_bytes} if self.memory_bytes else {})}
        spec = ",".join(f"{name}={value}" for name, value in limits.items())
        # The kernel counts no processes of root's: there the launcher stays and counts them itself.
        watch = f"+watch={LIMITS['nproc']}" if os.geteuid() == 0 else ""
        return [sys.executable, "-I", "-S", _LAUNCHER, "0", spec + watch]


def _namespaces(*, network: bool) -> list[str]:
    words = ["--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try"]
    words += [] if network else ["--unshare-net"]
    return [
        *words,
        "--disable-userns",
        "--cap-drop",
        "ALL",
        "--die-with-parent",
        "--new-session",
        "--hostname",
        "sandbox",
    ]


def _skeleton(home: Path) -> list[str]:
    words: list[str] = []
    for folder in SYSTEM:
        if os.path.islink(folder):  # noqa: PTH114 - merged /usr
            words += ["--symlink", os.readlink(folder), folder]  # noqa: PTH115
        elif Path(folder).is_dir():
            words += ["--ro-bind", folder, folder]
    for name in _ETC:
        words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    words += ["--proc", "/proc", "--dev", "/dev", "--dir", "/var/tmp", "--dir", "/run"]  # noqa: S108
    words += ["--size", str(_TMP_BYTES), "--tmpfs", "/tmp"]  # noqa: S108
    if home == _SPARE_HOME:
        return [*words, "--dir", str(home)]
    return [*words, "--size", str(_TMP_BYTES), "--tmpfs", str(home)]
