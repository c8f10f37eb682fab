"""Which parts of the host a sandbox shows: the programs that checks need, and nothing else of the home.

Everything here is read-only in the sandbox. What a repository controls (its ``.venv``) may name
an interpreter elsewhere; only a folder that is laid out as one is shown for it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

from agent_ls.workspace.process import find_program

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_PROGRAMS = (
    "python3",
    "python",
    "node",
    "npm",
    "npx",
    "pnpm",
    "yarn",
    "go",
    "cargo",
    "rustc",
    "java",
    "ruby",
    "uv",
    "ruff",
    "make",
    "bun",
    "deno",
)
MANAGERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "CARGO_HOME": (".cargo", ("bin", "registry", "git")),
    "RUSTUP_HOME": (".rustup", ("toolchains", "settings.toml")),
    "PYENV_ROOT": (".pyenv", ("bin", "libexec", "plugins", "pyenv.d", "shims", "versions", "version")),
    "RBENV_ROOT": (".rbenv", ("bin", "libexec", "plugins", "shims", "versions", "version")),
    "ASDF_DATA_DIR": (".asdf", ("bin", "lib", "libexec", "installs", "plugins", "shims", "asdf.sh")),
    "MISE_DATA_DIR": (".local/share/mise", ("installs", "shims")),
    "VOLTA_HOME": (".volta", ("bin", "tools")),
}
"""Version managers and their caches: variable → folder in the home, and the parts that hold no tokens."""
_SHIM_PARTS = ("bin", "libexec", "plugins", "pyenv.d", "shims", "versions", "version")
_GO_MODULES = "go/pkg/mod"


@final
@dataclass(frozen=True, slots=True)
class Toolchain:
    """``mounts``: absolute paths to show read-only. ``path``: folders for PATH, the user's order kept."""

    mounts: tuple[Path, ...]
    path: tuple[str, ...]


def find_toolchain(root: Path, environ: Mapping[str, str], extra: Iterable[str] = ()) -> Toolchain:
    """Look up the user's programs, the running interpreter, and what they need beside them.

    ``extra``: further programs, by name or absolute path (an engine's own). Never shows the home
    folder itself, a folder above it, or anything of the workspace.
    """
    home = Path(environ.get("HOME", "/nonexistent"))
    mounts: dict[Path, None] = {}
    folders: dict[str, None] = {}
    for name in (*extra, *_PROGRAMS):
        program = find_program(name, outside=root, path=environ.get("PATH", os.defpath))
        if program is not None:
            folders[str(program.parent)] = None
            mounts |= dict.fromkeys(program_mounts(program, home))
    for interpreter in (Path(sys.executable), *environment_interpreters(root)):
        mounts |= dict.fromkeys(program_mounts(interpreter, home))
    folders[str(Path(sys.executable).parent)] = None
    mounts |= dict.fromkeys(_caches(home, environ))
    fence = os.path.realpath(root)
    allowed = {m for m in mounts if not _below(m, fence) and not fence.startswith(f"{m}/")}
    # What lies inside something that is shown anyway cannot be mounted again over a link there.
    shown = (m for m in allowed if allowed.isdisjoint(m.parents))
    ordered = [*folders, "/usr/local/bin", "/usr/bin", "/bin"]
    return Toolchain(
        tuple(sorted(shown)), tuple(dict.fromkeys(p for p in ordered if not _below(Path(p), fence)))
    )


def program_mounts(program: Path, home: Path) -> Iterator[Path]:
    """What must be shown for one program: itself, its installation if it has one, a venv's base."""
    seen = {program, Path(os.path.realpath(program))}
    for place in sorted(seen):
        if not _in_system(place) and place.exists():
            yield place
            if (prefix := _prefix(place, home)) is not None:
                yield from _installation(prefix)
                yield from _base_of(prefix, home)


def environment_interpreters(root: Path) -> Iterator[Path]:
    """The interpreters that the workspace's own environments point to, outside the workspace."""
    for name in (".venv", "venv", "env"):
        python = root / name / "bin" / "python"
        if python.exists():
            yield Path(os.path.realpath(python))


def _prefix(program: Path, home: Path) -> Path | None:
    """The installation that a program belongs to: ``prefix/bin/program``, never something as wide as the home."""
    prefix = program.parent.parent
    if program.parent.name not in ("bin", "sbin") or _in_system(prefix) or prefix == Path("/"):
        return None
    real_home = Path(os.path.realpath(home))
    too_wide = any(h.is_relative_to(prefix) for h in (home, real_home)) or prefix == real_home / ".local"
    return None if too_wide else prefix


def _installation(prefix: Path) -> Iterator[Path]:
    """The parts of an installation that hold programs; its other folders may hold anything."""
    for part in ("bin", "lib", "lib64", "libexec", "include", "pyvenv.cfg"):
        if (prefix / part).exists():
            yield prefix / part
    if (prefix / "VERSION").is_file() and (prefix / "pkg").is_dir():
        yield prefix  # GOROOT: compiler, sources and tools belong together


def _base_of(prefix: Path, home: Path) -> Iterator[Path]:
    """The Python that a virtual environment was made from, if that is laid out as one."""
    config = prefix / "pyvenv.cfg"
    if not config.is_file():
        return
    for line in config.read_text("utf-8", "replace")[:10_000].splitlines():
        key, _, value = line.partition("=")
        base = Path(value.strip())
        if key.strip() == "home" and base.is_absolute() and base.name == "bin":
            python = base / "python3"
            wider = _prefix(python, home)
            if wider is not None and python.exists() and any((wider / "lib").glob("python3*")):
                yield from _installation(wider)


def _caches(home: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    """Caches of downloaded sources that offline builds need; never the files beside them, which hold tokens."""
    for variable, (default, parts) in MANAGERS.items():
        base = Path(environ.get(variable) or home / default)
        yield from (base / part for part in parts if (base / part).exists())
    for base in _shim_roots(environ):
        yield from (base / part for part in _SHIM_PARTS if (base / part).exists())
    modules = Path(environ["GOMODCACHE"]) if environ.get("GOMODCACHE") else home / _GO_MODULES
    if modules.is_dir():
        yield modules


def _shim_roots(environ: Mapping[str, str]) -> Iterator[Path]:
    """Version managers whose shims stand on PATH though they lie in no usual place (another user's home)."""
    for entry in environ.get("PATH", os.defpath).split(os.pathsep):
        folder = Path(entry)
        if folder.is_absolute() and folder.name == "shims" and (folder.parent / "versions").is_dir():
            yield folder.parent


def _in_system(path: Path) -> bool:
    return any(_below(path, folder) for folder in SYSTEM)


def _below(path: Path, folder: str) -> bool:
    return str(path) == folder or str(path).startswith(folder.rstrip("/") + "/")
