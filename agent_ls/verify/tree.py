"""A warm copy of the live tree: brought up to date by stat, repaired after whatever ran in it.

Every file is remembered with the stamp of its source and its own stamp after it was laid. What
a program wrote, replaced or linked shows in the own stamp (it cannot set ctime) and is laid
again; what it added is removed. Nothing here follows a link that lies in the tree: inside the
sandbox an absolute link means the scratch tree, but outside it leads to the user's own files.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, final

from agent_ls.core.paths import RelPath
from agent_ls.core.text import content_hash
from agent_ls.verify.listing import Listing, Stamp, stamp
from agent_ls.workspace.gate import open_beneath

_FICLONE = 0x40049409  # from linux/fs.h: share the blocks, copy on write
_RACY_NS = 50_000_000  # a source changed this recently may change again within its clock's grain
_VERSION = 2
_MOST_CHANGES = 50  # lines behind a whole record, before it is written anew
_LONGEST_PATH = 3800  # bytes stay below PATH_MAX with a name of 255 added


@final
class Laid(NamedTuple):
    """One file of the tree: where it came from, and how it looked when it was laid.

    ``source``: the live file's stamp; ``None`` for a given text or a source too fresh to trust.
    A tuple, since there is one per file at every start of a check.
    """

    source: Stamp | None
    own: Stamp
    digest: str
    executable: bool


@final
@dataclass(frozen=True, slots=True)
class Drift:
    """What a program did to the laid tree. ``odd``: links, pipes and the like in place of or beside files."""

    changed: tuple[RelPath, ...]
    added: tuple[RelPath, ...]
    deleted: tuple[RelPath, ...]
    odd: tuple[str, ...]


@final
class WarmTree:
    """One copy in ``folder``; the caller holds its lock. All methods block; errors are `OSError`."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.tree = folder / "tree"
        self._root = root
        self._record = folder / "laid.json"
        self._changes = 0
        self._laid = self._load()
        self._links: Mapping[RelPath, str] = {}
        self._mounts: frozenset[str] = frozenset()
        self.written = 0

    def lay(self, listing: Listing, texts: Mapping[RelPath, bytes | None]) -> str:
        """Make the tree hold exactly the listed files with ``texts`` in place of theirs; returns its hash.

        Cost: one stat per file, and a copy (reflink where the file system can) per file that differs.
        """
        self._links = {path: target for path, target in listing.links.items() if path not in texts}
        self._mounts = frozenset(listing.dependencies)
        wanted = {path: known for path, known in listing.files.items() if path not in texts}
        given = {path: data for path, data in texts.items() if data is not None}
        intact = self._clear(wanted, given)
        for folder in sorted(self._mounts):
            (self.tree / folder).mkdir(parents=True, exist_ok=True)
        laid = {path: self._laid[path] for path in intact}
        self.written = len(wanted) + len(given) - len(laid)
        for path, (_source, executable) in wanted.items():
            if path not in laid and (entry := self._copy(path, executable=executable)):
                laid[path] = entry
        for path, data in given.items():
            if path not in laid:
                executable = path in listing.files and listing.files[path][1]
                laid[path] = self._write(path, data, executable=executable)
        for path, target in self._links.items():
            self._place(path).symlink_to(target)
        if laid != self._laid:
            before, self._laid = self._laid, laid
            self._save(before)
        return self._hash()

    def digest(self, path: RelPath) -> str | None:
        """Content hash of a file as it was laid."""
        laid = self._laid.get(path)
        return laid.digest if laid else None

    def drift(self) -> Drift:
        """What differs from what was laid, by stat; mount points of dependencies are passed over."""
        changed: list[RelPath] = []
        added: list[RelPath] = []
        odd: list[str] = []
        seen: set[RelPath] = set()
        for path, status in self._walk():
            kind = status.st_mode
            if stat.S_ISDIR(kind):
                continue
            rel = RelPath(path)
            seen.add(rel)
            known = self._laid.get(rel)
            if stat.S_ISREG(kind):
                if known is None:
                    added.append(rel)
                elif stamp(status) != known.own:
                    changed.append(rel)
            elif rel not in self._links:
                odd.append(path)
        deleted = [path for path in self._laid if path not in seen]
        return Drift(tuple(sorted(changed)), tuple(sorted(added)), tuple(sorted(deleted)), tuple(sorted(odd)))

    def link_dependencies(self, dependencies: Mapping[RelPath, Path]) -> None:
        """Without a sandbox nothing can be mounted: links stand at the mount points instead."""
        for path, real in dependencies.items():
            place = self.tree / path
            if not place.is_symlink():
                place.rmdir()
                place.symlink_to(real)

    def _clear(
        self, wanted: Mapping[RelPath, tuple[Stamp, bool]], given: Mapping[RelPath, bytes]
    ) -> set[RelPath]:
        """Remove all that is not as it should be; returns the files that may stay."""
        self.tree.mkdir(mode=0o700, parents=True, exist_ok=True)
        folders = {
            parent for path in (*wanted, *given, *self._links, *self._mounts) for parent in _parents(path)
        }
        intact: set[RelPath] = set()
        for path, status in self._walk(keep=folders):
            if stat.S_ISDIR(status.st_mode):
                if path not in folders:
                    remove_folder(self.tree / path)
                    if path in self._mounts:
                        (self.tree / path).mkdir()
                elif status.st_mode & 0o700 != 0o700:
                    (self.tree / path).chmod(0o700)
            elif self._intact(RelPath(path), status, wanted, given):
                intact.add(RelPath(path))
            else:
                (self.tree / path).unlink()
        return intact

    def _intact(
        self,
        path: RelPath,
        status: os.stat_result,
        wanted: Mapping[RelPath, tuple[Stamp, bool]],
        given: Mapping[RelPath, bytes],
    ) -> bool:
        known = self._laid.get(path)
        if known is None or stamp(status) != known.own or not stat.S_ISREG(status.st_mode):
            return False
        live = wanted.get(path)
        if live is not None:
            return known.source == live[0] and known.executable == live[1]
        return path in given and known.source is None and known.digest == content_hash(given[path])

    def _walk(self, keep: set[str] | None = None) -> Iterator[tuple[str, os.stat_result]]:
        """Entries with lstat, a folder before what is in it; with ``keep`` only those folders are entered.

        Without recursion: a program may nest folders deeper than our stack is.
        """
        pending = [""]
        while pending:
            prefix = pending.pop()
            for entry in _entries(f"{self.tree}/{prefix}"):
                path = prefix + entry.name
                status = entry.stat(follow_symlinks=False)
                yield path, status
                entered = path in keep if keep is not None else path not in self._mounts
                if entered and stat.S_ISDIR(status.st_mode):
                    pending.append(path + "/")

    def _copy(self, path: RelPath, *, executable: bool) -> Laid | None:
        """Lay a live file; ``None`` where it has gone or become something else meanwhile."""
        try:
            handle = open_beneath(self._root, path)
        except OSError:
            return None
        with os.fdopen(handle, "rb") as live:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                return None
            place = self._place(path)
            with place.open("xb") as copy:
                try:
                    fcntl.ioctl(copy.fileno(), _FICLONE, handle)
                except OSError:
                    shutil.copyfileobj(live, copy)
                live.seek(0)
                digest = hashlib.file_digest(live, "sha256").hexdigest()
            quiet = time.time_ns() - status.st_ctime_ns > _RACY_NS
            settled = quiet and stamp(os.fstat(handle)) == stamp(status)
        place.chmod(0o700 if executable else 0o600)
        os.utime(place, ns=(status.st_mtime_ns, status.st_mtime_ns))
        return Laid(stamp(status) if settled else None, stamp(place.lstat()), digest, executable)

    def _write(self, path: RelPath, data: bytes, *, executable: bool) -> Laid:
        place = self._place(path)
        with place.open("xb") as file:
            file.write(data)
        place.chmod(0o700 if executable else 0o600)
        return Laid(None, stamp(place.lstat()), content_hash(data), executable)

    def _place(self, path: RelPath) -> Path:
        place = self.tree / path
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return place

    def _hash(self) -> str:
        lines = {path: f"{path}\0{e.digest} {e.executable:d}\n" for path, e in self._laid.items()}
        lines |= {path: f"{path}\0-> {target}\n" for path, target in self._links.items() if path not in lines}
        text = "".join([lines[path] for path in sorted(lines)])
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()

    def _load(self) -> dict[RelPath, Laid]:
        """The record of the last `lay`; empty where there is none or it is not ours (all is laid again).

        A whole record and, behind it, what changed since, a line each: one changed file among
        thousands costs one line.
        """
        try:
            whole, *changes = self._record.read_bytes().splitlines()
            record: Any = json.loads(whole)
            if record["version"] != _VERSION or record["root"] != str(self._root):
                return {}
            files: dict[str, Any] = record["files"]
            for line in changes:
                files.update(json.loads(line))
            self._changes = len(changes)
            return {RelPath(path): _laid(entry) for path, entry in files.items() if entry is not None}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def _save(self, before: Mapping[RelPath, Laid]) -> None:
        changed: dict[str, Laid | None] = {p: e for p, e in self._laid.items() if before.get(p) != e}
        changed |= {path: None for path in before if path not in self._laid}
        if before and self._changes < _MOST_CHANGES and len(changed) < len(self._laid) // 4:
            with self._record.open("ab") as record:
                record.write(_line(changed))
            self._changes += 1
            return
        fresh = self._record.with_suffix(".new")
        fresh.write_bytes(_line({"version": _VERSION, "root": str(self._root), "files": self._laid}))
        fresh.replace(self._record)
        self._changes = 0


def _laid(entry: Any) -> Laid:
    source, own, digest, executable = entry
    return Laid(tuple(source) if source else None, tuple(own), digest, executable)


def _line(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _parents(path: str) -> Iterator[str]:
    at = path.rfind("/")
    while at > 0:
        yield path[:at]
        at = path.rfind("/", 0, at)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What is in a folder, also where a program took our permission away; too deep to name: nothing."""
    if len(folder) > _LONGEST_PATH:
        return []
    try:
        return list(os.scandir(folder))
    except PermissionError:
        Path(folder).chmod(0o700)
        return list(os.scandir(folder))


def remove_folder(place: Path) -> None:
    """Remove a folder that a program made: any depth, any permissions, no link followed.

    Folders are moved up to the top before they are emptied, so that neither the stack nor the
    longest path is a limit; each is moved once.
    """
    number = 0
    place.chmod(0o700)
    while entries := _entries(str(place)):
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.path)  # noqa: PTH108 - a hot path
                continue
            os.chmod(entry.path, 0o700)  # noqa: PTH101 - as above; it is a folder, no link
            for below in _entries(entry.path):
                if below.is_dir(follow_symlinks=False):
                    number += 1
                    os.chmod(below.path, 0o700)  # noqa: PTH101 - moving a folder needs to write it
                    os.rename(below.path, f"{place}/.up-{number}-{os.getpid()}-{time.time_ns()}")  # noqa: PTH104
                else:
                    os.unlink(below.path)  # noqa: PTH108
            os.rmdir(entry.path)  # noqa: PTH106
    place.rmdir()
