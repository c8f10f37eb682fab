"""Context cases from any repository's own commits, in the form that ``context.py`` reads.

    python benchmarks/context_make.py MIRROR OWNER/NAME... [--cases N] [--seed S] > CASES

MIRROR: bare git directories ``<owner>+<name>/repo``. A case is a commit that edits 2–12 source
files: the request is its message without the files' names, the cursor one edited line, and what
is to be found are the other files and the definitions edited in them, as they were before.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex
from agent_ls.index.extract import ParseTimeoutError, extract
from agent_ls.index.facts import Definition
from agent_ls.index.names import is_test, language_of
from benchmarks.context_cases import counts, git_dir_of

_FEWEST, _MOST, _LATE = 2, 12, 3000
_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_DULL = re.compile(
    r"^(merge|revert|bump|release|prepare|update changelog|version|format|\[pre-commit|fix typos?\b|chore\(deps)",
    re.IGNORECASE,
)


def git(git_dir: Path, *arguments: str) -> bytes:
    return subprocess.run(
        ["git", "--git-dir", str(git_dir), *arguments], check=True, stdout=subprocess.PIPE
    ).stdout


def commits(git_dir: Path) -> Iterator[tuple[str, str, int, str]]:
    """Commit, its only parent, its time and its message; the latest ones."""
    log = git(git_dir, "log", "--no-merges", f"--max-count={_LATE}", "--format=%H%x00%P%x00%ct%x00%B%x01")
    for block in log.decode("utf-8", "replace").split("\x01"):
        parts = block.strip("\n").split("\0")
        if len(parts) == 4 and len(parts[1].split()) == 1:
            yield parts[0], parts[1], int(parts[2]), parts[3].strip()


def hunks(git_dir: Path, parent: str, commit: str, path: str) -> list[tuple[int, int]]:
    """The lines of a file before the commit that it changes, 1-based; for an insertion its neighbours."""
    found: list[tuple[int, int]] = []
    for match in _HUNK.finditer(git(git_dir, "diff", "-U0", "--no-renames", parent, commit, "--", path)):
        first, count = int(match[1]), int(match[2] or b"1")
        found.append((first, first + count - 1) if count else (max(1, first), first + 1))
    return found


def outline(data: bytes, path: str) -> list[Definition]:
    language = language_of(RelPath(path))
    if language is None:
        return []
    try:
        return list(extract(data, language).definitions)
    except ParseTimeoutError:
        return []


def edited(data: bytes, path: str, lines: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
    """The definitions that hold the changed lines, each with its lines."""
    index = LineIndex(data)
    definitions = [
        (d, index.line_of(d.span.start) + 1, index.line_of(max(d.span.start, d.span.end - 1)) + 1)
        for d in outline(data, path)
    ]
    parts: dict[tuple[str, int], dict[str, Any]] = {}
    for first, last in lines:
        for line in range(first, last + 1):
            around = [(e - s, d, s, e) for d, s, e in definitions if s <= line <= e]
            best = min(around, key=lambda item: item[0], default=None)
            key = (best[1].name, best[2]) if best else ("<module>", 0)
            part = parts.setdefault(
                key,
                {
                    "file": path,
                    "symbol": key[0],
                    "start": best[2] if best else None,
                    "end": best[3] if best else None,
                    "name_line": index.line_of(best[1].name_span.start) + 1 if best else None,
                    "lines": [],
                    "test": is_test(RelPath(path)),
                },
            )
            if part["lines"] and part["lines"][-1][1] == line - 1:
                part["lines"][-1][1] = line
            else:
                part["lines"].append([line, line])
    return list(parts.values())


def without_names(message: str, paths: Sequence[str]) -> str:
    """A message without trailers and without the names of files."""
    kept = [
        line
        for line in message.splitlines()
        if not re.match(
            r"(?i)(signed-off-by|co-authored-by|reviewed-by|closes|change-id|reviewers?)\b.*:?", line
        )
    ]
    text = "\n".join(kept).strip()
    for path in paths:
        text = text.replace(path, "").replace(path.rsplit("/", 1)[-1], "")
    return text[:1500]


def case_of(git_dir: Path, repo: str, entry: tuple[str, str, int, str], chance: random.Random) -> Any:
    """A commit as a case, ``None`` when it makes none."""
    commit, parent, when, message = entry
    if _DULL.match(message) or len(message.split()) < 3:
        return None
    rows = git(git_dir, "diff", "--name-status", "--no-renames", "-z", parent, commit).decode(
        "utf-8", "replace"
    )
    parts = rows.split("\0")
    changed = [(parts[i], parts[i + 1]) for i in range(0, len(parts) - 1, 2)]
    if len(changed) > 40:
        return None
    paths = [path for status, path in changed if status == "M" and counts(path)]
    if not _FEWEST <= len(paths) <= _MOST:
        return None
    texts = {path: git(git_dir, "show", f"{parent}:{path}") for path in paths}
    if any(len(data) > 400_000 for data in texts.values()):
        return None
    places = {path: hunks(git_dir, parent, commit, path) for path in paths}
    paths = [path for path in paths if places[path]]
    if len(paths) < _FEWEST:
        return None
    sources = [path for path in paths if not is_test(RelPath(path))] or paths
    cursor = chance.choice(sources)
    gold = [path for path in paths if path != cursor]
    symbols = [symbol for path in gold for symbol in edited(texts[path], path, places[path])]
    if not symbols or len(symbols) > 60:
        return None
    return {
        "id": f"{repo}@{commit[:10]}", "repo": repo, "commit": commit, "parent": parent, "time": when,
        "subject": message.splitlines()[0], "query": without_names(message, paths),
        "cursor": {"file": cursor, "line": chance.choice(places[cursor])[0]},
        "gold_files": [{"file": path, "test": is_test(RelPath(path))} for path in gold],
        "gold_symbols": symbols,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("mirror", type=Path)
    parser.add_argument("repos", nargs="+")
    parser.add_argument("--cases", type=int, default=25, help="per repository")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    for repo in chosen.repos:
        chance = random.Random(f"{chosen.seed} {repo}")
        git_dir = git_dir_of(chosen.mirror, repo)
        entries = list(commits(git_dir))
        chance.shuffle(entries)
        made = 0
        for entry in entries:
            if made == chosen.cases:
                break
            if case := case_of(git_dir, repo, entry, chance):
                print(json.dumps(case))
                made += 1
        print(f"{repo}: {made} cases", file=sys.stderr)


if __name__ == "__main__":
    main()
