"""Real merge commits, merged again: by lines, by lines and syntax, and by git.

    python -m benchmarks.merge REPOSITORY... [--merges N] [--list]

A case is a file that both parents of a merge commit changed since their merge base (commits with
one base and two parents). Each is merged three times, and compared with what the people committed:
equal or not, and where not, whether they differ in a region that git and we treat differently, and
there by lines that a side has (then we may be wrong: listed) or by lines that the people wrote anew.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from agent_ls.core.diff import line_hunks, unified
from agent_ls.core.diff3 import merge_text
from agent_ls.core.edits import ChangeSet, FileChange
from agent_ls.core.paths import rel_path
from agent_ls.index.names import language_of
from agent_ls.index.syntax_merge import resolve

MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class Case:
    """One file of one merge commit."""

    merge: str
    path: str
    base: bytes
    ours: bytes
    theirs: bytes
    human: bytes


class Repository:
    """A git directory, read only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = (path.parent if path.name in ("repo", ".git") else path).name
        self._batch = subprocess.Popen(
            [*self._git, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    @property
    def _git(self) -> list[str]:
        return ["git", "-C", str(self.path)]

    def _run(self, *args: str, stdin: str = "") -> str:
        done = subprocess.run([*self._git, *args], input=stdin.encode(), capture_output=True, check=False)
        return done.stdout.decode("utf-8", "surrogateescape")

    def blob(self, name: str) -> bytes | None:
        """A blob's bytes, ``None`` where the copy does not hold it or it is no text."""
        assert self._batch.stdin is not None
        assert self._batch.stdout is not None
        self._batch.stdin.write(name.encode() + b"\n")
        self._batch.stdin.flush()
        head = self._batch.stdout.readline().split()
        if head[1:2] != [b"blob"]:
            return None
        data = self._batch.stdout.read(int(head[2]) + 1)[:-1]
        return data if len(data) <= MAX_BYTES and b"\0" not in data else None

    def cases(self, merges: int) -> Iterator[Case]:
        """Cases of up to ``merges`` merge commits that have any, the newest first."""
        lines = [line.split() for line in self._run("log", "--all", "--format=%H %T %P").splitlines()]
        trees = {line[0]: line[1] for line in lines}
        seen = 0
        for commit, tree, *parents in lines:
            if len(parents) != 2 or seen >= merges:
                continue
            bases = self._run("merge-base", "--all", *parents).split()
            if len(bases) != 1 or bases[0] in parents or any(c not in trees for c in (*bases, *parents)):
                continue
            found = list(self._files(commit, tree, *(trees[c] for c in (bases[0], *parents))))
            seen += bool(found)
            yield from found

    def _files(self, commit: str, tree: str, base: str, ours: str, theirs: str) -> Iterator[Case]:
        changed = [self._changed(base, side) for side in (ours, theirs)]
        both = {
            path for path in changed[0].keys() & changed[1].keys() if changed[0][path] != changed[1][path]
        }
        if not both:
            return
        result = self._changed(base, tree)
        for path in sorted(both):
            before, after = changed[0][path], changed[1][path]
            human = result.get(path, (before[0], before[0]))[1]
            texts = [self.blob(name) for name in (before[0], before[1], after[1], human)]
            if None not in texts:
                yield Case(commit, path, *texts)  # type: ignore[arg-type]

    def _changed(self, old: str, new: str) -> dict[str, tuple[str, str]]:
        """Path to (old blob, new blob) of the regular files that differ."""
        found: dict[str, tuple[str, str]] = {}
        fields = self._run("diff-tree", "-r", "-z", old, new).split("\0")
        for meta, path in zip(fields[::2], fields[1::2], strict=False):
            old_mode, mode, old_blob, blob, status = meta.lstrip(":").split()
            if status == "M" and old_mode.startswith("100") and mode.startswith("100"):
                found[path] = (old_blob, blob)
        return found

    def close(self) -> None:
        self._batch.terminate()


def git_merge(case: Case, folder: Path, *flags: str) -> tuple[bytes, bool]:
    """What ``git merge-file`` makes of a case, and whether it is clean."""
    for name, data in (("base", case.base), ("ours", case.ours), ("theirs", case.theirs)):
        (folder / name).write_bytes(data)
    done = subprocess.run(
        ["git", "merge-file", "-p", *flags, "ours", "base", "theirs"],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    return done.stdout, done.returncode == 0


def in_contested(merged: bytes, human: bytes, *others: bytes) -> bool:
    """Whether the human's text differs from ours in lines about which git's versions differ from ours."""
    contested = [(hunk.old_start, hunk.old_end) for other in others for hunk in line_hunks(merged, other)]
    return any(
        hunk.old_start <= end and start <= hunk.old_end
        for hunk in line_hunks(merged, human)
        for start, end in contested
    )


def wrote_anew(case: Case, merged: bytes) -> bool:
    """Whether the human's text differs from ours by lines that neither side has."""
    known = {line.strip() for side in (case.ours, case.theirs, case.base) for line in side.splitlines()}
    lines = case.human.splitlines()
    new = (lines[at] for hunk in line_hunks(merged, case.human) for at in range(hunk.new_start, hunk.new_end))
    return any(line.strip() not in known for line in new)


def same_but_order(a: bytes, b: bytes) -> bool:
    """Whether two texts have the same lines, blank ones and commas at their ends aside."""
    lines = [
        Counter(line.strip().rstrip(b",") for line in text.splitlines() if line.strip()) for text in (a, b)
    ]
    return lines[0] == lines[1]


@dataclass
class Tally:
    """Counts over the cases, and the cases to look at."""

    rows: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, Case, bytes]] = field(default_factory=list)
    rewritten: list[str] = field(default_factory=list)
    merges: set[str] = field(default_factory=set)
    slowest_s: float = 0.0

    def take(self, case: Case, folder: Path) -> None:
        rows = self.rows
        rows["files"] += 1
        self.merges.add(case.merge)
        started = time.process_time()
        lines = merge_text(case.base, case.ours, case.theirs)
        ours, how = (None, "") if lines.conflicts else (lines.data, "lines")
        language = language_of(rel_path(case.path))
        if ours is None and language is not None:
            resolved = resolve(case.base, case.ours, case.theirs, language)
            ours, how = (resolved.data, "syntax") if resolved is not None else (None, "")
        self.slowest_s = max(self.slowest_s, time.process_time() - started)
        git, clean = git_merge(case, folder)
        rows["git clean"] += clean
        rows["git conflict"] += not clean
        rows["git clean = human"] += clean and git == case.human
        rows["clean by lines"] += how == "lines"
        rows["clean by syntax"] += how == "syntax"
        if not clean and language is not None:
            rows["git conflict, indexed language"] += 1
        if clean and ours is None:
            rows["git clean, we conflict"] += 1
            rows["git clean, we conflict; git = human"] += git == case.human
        if ours is None:
            return
        rows["clean"] += 1
        if ours == case.human:
            rows["clean = human"] += 1
            rows[f"clean by {how} = human"] += 1
            rows["git conflict, resolved as the human did"] += not clean
            return
        if clean and git == ours:
            rows["clean, as git, human differs"] += 1
            return
        sides = (
            (git,) if clean else tuple(git_merge(case, folder, side)[0] for side in ("--ours", "--theirs"))
        )
        if not in_contested(ours, case.human, *sides):
            rows[f"clean by {how}, human differs elsewhere only"] += 1
            rows["git conflict, resolved as the human did (edits elsewhere)"] += not clean
        elif same_but_order(ours, case.human):
            rows[f"clean by {how}, human has another order"] += 1
            rows["git conflict, resolved but for the order"] += not clean
        elif wrote_anew(case, ours):
            rows[f"clean by {how}, human wrote there what neither side has"] += 1
            self.rewritten.append(f"{case.merge[:12]} {case.path}")
        else:
            rows[f"clean by {how}, human differs there: WRONG?"] += 1
            self.wrong.append((f"{how}, git {'clean' if clean else 'conflict'}", case, ours))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--merges", type=int, default=100, help="merge commits per repository")
    parser.add_argument("--list", action="store_true", help="show where a clean merge and the human differ")
    options = parser.parse_args()
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        for path in options.repositories:
            repository = Repository(path)
            before = tally.rows["files"]
            for case in repository.cases(options.merges):
                tally.take(case, Path(folder))
            repository.close()
            print(f"{repository.name}: {tally.rows['files'] - before} files", file=sys.stderr)
    print(f"{len(tally.merges)} merge commits with files changed on both sides")
    for name, count in sorted(tally.rows.items()):
        print(f"{count:7}  {name}")
    print(f"slowest file: {tally.slowest_s * 1000:.0f} ms CPU")
    for name in tally.rewritten:
        print(f"human wrote what neither side has: {name}")
    for how, case, ours in tally.wrong:
        print(f"human differs ({how}): {case.merge[:12]} {case.path}")
        if options.list:
            change = FileChange(rel_path("ours-to-human"), ours, case.human)
            print(unified(ChangeSet.of([change])).encode("utf-8", "replace").decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
