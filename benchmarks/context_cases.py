"""Development cases of the context benchmark: stores and trees of the past, and how a ranking is scored.

A case is a real commit: the ranker sees its parent, its message and one edited place. The trees
are read from bare git directories ``MIRROR/<owner>+<name>/repo``; the history of the parent
is all that a ranker may know.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, final

from agent_ls.core.paths import RelPath
from agent_ls.index.context import Context
from agent_ls.index.history import LOG, Commit, parse_log
from agent_ls.index.history_file import history_path, write_history
from agent_ls.index.names import language_of
from agent_ls.index.pack import pack_file
from agent_ls.index.store import Store

Case = dict[str, Any]
BUDGETS = (2000, 8000, 32000)

_SOURCE = re.compile(r"\.(py|tsx?|[mc]?js|jsx|go|rs|java|kt|[ch]|cs)$")
_VENDOR = re.compile(
    r"(^|/)(vendor|third_party|node_modules|dist|deps|_vendor|vendored|generated|\.yarn|docs?_src|docs?|"
    r"examples?|benchmarks?)/|\.pb\.go$|_generated\.|\.gen\.|\.min\.js$|zz_generated|(^|/)_*version_*\.\w+$|\.d\.ts$"
)


def load(cases: Path) -> dict[str, list[Case]]:
    """Cases by repository, in order of time."""
    found: dict[str, list[Case]] = defaultdict(list)
    for line in cases.read_text("utf-8").splitlines():
        case = json.loads(line)
        found[case["repo"]].append(case)
    return {repo: sorted(some, key=lambda c: c["time"]) for repo, some in found.items()}


def counts(path: str) -> bool:
    """Whether a path is one of the source files that the cases are about."""
    return _SOURCE.search(path) is not None and not _VENDOR.search(path)


@final
class Tree:
    """The files of one commit, read from a bare git directory."""

    def __init__(self, git_dir: Path, revision: str) -> None:
        self._git_dir = git_dir
        self.blobs: dict[RelPath, str] = {}
        for row in (
            _git(git_dir, "ls-tree", "-r", "-z", "-l", revision).decode("utf-8", "replace").split("\0")
        ):
            if not row:
                continue
            meta, path = row.split("\t", 1)
            mode, kind, blob, size = meta.split()
            if kind == "blob" and mode != "120000" and size.isdigit():
                self.blobs[RelPath(path)] = blob
        self._cat: subprocess.Popen[bytes] | None = None
        self._texts: dict[RelPath, bytes | None] = {}

    def read(self, path: RelPath) -> bytes | None:
        """A file's bytes, ``None`` when the commit has no such file."""
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def close(self) -> None:
        if self._cat is not None and self._cat.stdin is not None:
            self._cat.stdin.close()
            self._cat.wait()
            self._cat = None

    def _read(self, path: RelPath) -> bytes | None:
        if path not in self.blobs:
            return None
        if self._cat is None:
            argv = ["git", "--git-dir", str(self._git_dir), "cat-file", "--batch"]
            self._cat = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._cat.stdin is not None
        assert self._cat.stdout is not None
        self._cat.stdin.write(self.blobs[path].encode() + b"\n")
        self._cat.stdin.flush()
        head = self._cat.stdout.readline().split()
        if len(head) < 3:
            return None
        data = self._cat.stdout.read(int(head[2]))
        self._cat.stdout.read(1)
        return data


def git_dir_of(mirror: Path, repo: str) -> Path:
    return mirror / repo.replace("/", "+") / "repo"


def history_of(mirror: Path, case: Case) -> list[Commit]:
    """The commits that the case's parent knows, newest first."""
    return parse_log(_git(git_dir_of(mirror, case["repo"]), *LOG, case["parent"]))


def store_of(lab: Path, case: Case) -> Path:
    """Where `prepare` leaves the fact store of a case's parent."""
    return lab / (re.sub(r"\W", "_", case["id"]) + ".db")


def prepare(cases: Mapping[str, Sequence[Case]], mirror: Path, lab: Path) -> None:
    """Make the fact store of every case's parent, where it is missing. ~1 s per case."""
    lab.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(2) as workers:
        for repo in workers.map(partial(_prepare, mirror, lab), cases.values()):
            print("prepared", repo, flush=True)


def _prepare(mirror: Path, lab: Path, cases: Sequence[Case]) -> str:
    repo = cases[0]["repo"]
    if all(store_of(lab, case).exists() for case in cases):
        return repo
    db = lab / (repo.replace("/", "+") + ".building.db")
    for end in ("", "-wal", "-shm"):
        Path(f"{db}{end}").unlink(missing_ok=True)
    known: dict[RelPath, str] = {}
    for case in cases:
        tree = Tree(git_dir_of(mirror, repo), case["parent"])
        now = {path: blob for path, blob in tree.blobs.items() if language_of(path)}
        store = Store(db)
        store.remove([path for path in known if path not in now])
        fresh = [path for path, blob in now.items() if known.get(path) != blob]
        store.put(
            pack_file(data, path, language_of(path) or "", (len(data), 1), 5.0)
            for path in fresh
            if (data := tree.read(path)) is not None
        )
        store.say(totals=store.totals(), progress=[])
        store.close()
        tree.close()
        known = now
        with sqlite3.connect(db) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(db, store_of(lab, case))
        write_history(history_path(store_of(lab, case)), case["parent"], history_of(mirror, case))
    return repo


def score(case: Case, files: Sequence[str], contexts: Mapping[int, Context], tree: Tree) -> dict[str, float]:
    """The figures of one case: recall of files, and share of edits delivered per budget."""
    cursor = case["cursor"]["file"]
    ranked = [path for path in dict.fromkeys(files) if path != cursor and counts(path)]
    gold = {file["file"] for file in case["gold_files"]}
    figures = {f"r@{k}": len(gold & set(ranked[:k])) / len(gold) for k in (5, 10, 20, 40)}
    for budget, found in contexts.items():
        spans = [(s.path, s.start_line, s.end_line) for s in found.spans]
        shown = _delivered(tree, spans, budget, cursor)
        edited = named = 0
        for symbol in case["gold_symbols"]:
            lines = [line for first, last in symbol["lines"] for line in range(first, last + 1)]
            there = shown.get(symbol["file"], set[int]())
            edit = sum(line in there for line in lines) >= 0.5 * len(lines)
            edited += edit
            named += edit or (symbol["name_line"] or 0) in there
        figures[f"edit@{budget}"] = edited / len(case["gold_symbols"])
        figures[f"name@{budget}"] = named / len(case["gold_symbols"])
    return figures


def _delivered(
    tree: Tree, spans: Iterable[tuple[RelPath, int, int]], budget: int, cursor: str
) -> dict[str, set[int]]:
    shown: defaultdict[str, set[int]] = defaultdict(set)
    used = 0.0
    for path, first, last in spans:
        data = tree.read(path)
        if path == cursor or data is None:
            continue
        sizes = [len(line) + 1 for line in data.decode("utf-8", "replace").split("\n")]
        if path not in shown:
            used += (len(path) + 3) // 4 + 2
        taken = 0
        for line in range(max(1, first), min(last, len(sizes)) + 1):
            if line in shown[path]:
                continue
            if used + (taken + sizes[line - 1]) / 4 > budget:
                return shown
            taken += sizes[line - 1]
            shown[path].add(line)
        used += taken / 4
    return shown


def _git(git_dir: Path, *arguments: str) -> bytes:
    return subprocess.run(
        ["git", "--git-dir", str(git_dir), *arguments], check=True, stdout=subprocess.PIPE
    ).stdout
