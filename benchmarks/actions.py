"""``python -m benchmarks.actions FOLDER…``: the deterministic actions beside the languages' own tools, on real projects.

Cases are made from the projects themselves, the same every time: renames of what stands at a file's
top and of methods, moves of it to a file beside it, imports taken away and added again, unused
imports. A folder's language is that of most of its files. Compared is with rope and ruff (Python),
TypeScript's language service, gopls; Rust and Java have a compiler only. Each case is

- **same** (the same text), **more** (we change more), **fewer, listed** (what we leave is in the plan's
  list), **fewer, silent** (it is not: a bug), **other**; **no tool**, or **theirs failed**;
- **asks** or **refused**;
- and **WRONG** where our result is worse than what was there: it no longer compiles (Python also:
  a new undefined name, an imported name that its module does not have), or in **theirs wrong** theirs.

Wrong and silent ones are printed. Wants beside agent-ls: ``pip install rope``; Node with ``typescript``,
its folder in ``TYPESCRIPT``; ``gopls`` and ``go``; ``cargo``; ``javac``.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent_ls.core.edits import ChangeSet, apply_text_edits
from agent_ls.core.paths import RelPath
from agent_ls.index.actions import SCRIPTS, ActionPlan
from agent_ls.index.aliases import read_aliases
from agent_ls.index.bindings import statements, taken_away
from agent_ls.index.extract import parse
from agent_ls.index.missing import add_import
from agent_ls.index.moving import move_symbol
from agent_ls.index.names import is_test, language_of
from agent_ls.index.occurrences import Role, occurrences
from agent_ls.index.pack import pack_file
from agent_ls.index.placing import Wanted, placed
from agent_ls.index.query import Index
from agent_ls.index.rename import rename
from agent_ls.index.store import Store
from agent_ls.index.unused import remove_unused_imports
from benchmarks.actions_python import compiles, imported, ruff
from benchmarks.actions_tools import TOOLS, After, Texts

VERDICTS = (
    "same", "more", "fewer, listed", "fewer, silent", "other", "no tool", "theirs failed", "asks", "refused",
    "WRONG", "theirs wrong",
)  # fmt: skip
_MARKS = ("WRONG", "theirs wrong")
_KINDS = ("function", "class", "interface", "struct", "enum", "type")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--cases", type=int, default=10, help="of each kind and folder")
    parser.add_argument("--only", nargs="*", default=["rename", "method", "move", "add", "remove"])
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    table: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for folder in options.folders:
        project = Project(folder, options.cases, options.seed)
        for kind, verdict in project.compare(options.only):
            table[project.language, kind][verdict] += 1
        project.tool.close()
    print(f"{'':20}{'cases':>6}", *(f"{v:>13}" for v in VERDICTS))
    total: Counter[str] = Counter()
    for (language, kind), counted in sorted(table.items()):
        _row(f"{language} {kind}", counted)
        total += counted
    _row("all", total)


def _row(title: str, counted: Counter[str]) -> None:
    cases = sum(n for v, n in counted.items() if v not in _MARKS)
    print(f"{title:20}{cases:>6}", *(f"{counted[v]:>13}" for v in VERDICTS))


class Project:
    """One folder's files of its main language, in memory and in an index."""

    def __init__(self, folder: Path, cases: int, seed: int) -> None:
        self.root = folder.resolve()
        self.cases = cases
        self.random = random.Random(seed)
        found = [
            RelPath(p.relative_to(self.root).as_posix())
            for p in sorted(self.root.rglob("*"))
            if p.is_file()
            and not p.is_symlink()
            and not {"node_modules", ".git", "target", "dist"} & {*p.parts}
        ]
        counted = Counter(_family(path) for path in found if _family(path) in TOOLS)
        self.language = counted.most_common(1)[0][0]
        self.texts: Texts = {p: (self.root / p).read_bytes() for p in found if _family(p) == self.language}
        self.texts = {
            p: text for p, text in self.texts.items() if self.language != "python" or compiles(text)
        }
        self.index = indexed(self.texts, self.root, found)
        self.tool = TOOLS[self.language](self.root, self.texts)

    def compare(self, only: list[str]) -> Iterator[tuple[str, str]]:
        for kind in only:
            started, count = time.process_time(), 0
            for verdict in getattr(self, f"{kind}_cases")():
                count += verdict not in _MARKS
                yield kind, verdict
            spent = time.process_time() - started
            print(f"{self.root.name} {kind}: {count} cases, {spent:.1f} s", file=sys.stderr, flush=True)

    # --- renames and moves, beside the language's own tool ----------------------------------

    def definitions(self, *, members: bool = False) -> list[tuple[RelPath, str, int]]:
        """What stands at a file's top (or methods), of names that other files have; the widest used first."""
        found: list[tuple[int, RelPath, str, int]] = []
        for path in self.texts:
            if is_test(path) or (self.language == "python" and "/" not in path) or path.endswith(".d.ts"):
                continue
            found += [
                (len(self.index.files_with(d.name)), path, d.name, d.name_span.start)
                for d in self.index.outline(path)
                if bool(d.container) == members
                and d.kind in (("method", "function") if members else _KINDS)
                and not d.name.startswith("__")
                and d.name not in ("init", "main", "constructor")
            ]
        found.sort(key=lambda one: -one[0])
        picked = found[: self.cases * 8]
        self.random.shuffle(picked)
        return [one[1:] for one in picked[: self.cases]]

    def rename_cases(self, *, members: bool = False) -> Iterator[str]:
        for path, name, offset in self.definitions(members=members):
            upper = name[0].isupper() or self.language in ("go", "java", *SCRIPTS)
            new = f"{name}Renamed" if upper else f"{name}_renamed"
            plan = rename(self.index, self.texts.get, path, offset, new)
            if not plan.changes:
                print(f"refused {self.root.name}: rename {path} {name}: {plan.reason}", file=sys.stderr)
                yield "refused"
                continue
            listed = {(hit.path, hit.line) for hit in plan.unresolved}
            theirs = self.tool.rename(path, offset, new)
            yield from self.judged(f"rename {path} {name}", plan.changes, theirs, listed, (name, new))

    def method_cases(self) -> Iterator[str]:
        yield from self.rename_cases(members=True)

    def move_cases(self) -> Iterator[str]:
        for path, name, offset in self.definitions():
            folder = path.rpartition("/")[0]
            near = [
                p
                for p in self.texts
                if p.rpartition("/")[0] == folder and p != path and "__" not in p and not is_test(p)
                and not p.endswith(".d.ts")
            ]  # fmt: skip
            if not near:
                continue
            target = self.random.choice(near)
            plan = move_symbol(self.index, self.texts.get, path, offset, target)
            what = f"move {path} {name} → {target}"
            theirs = self.tool.move(path, offset, target)
            if not plan.changes:
                print(f"refused {self.root.name}: {what}: {plan.reason}", file=sys.stderr)
                yield "refused"
                if theirs and self.tool.wrong(theirs):
                    yield "theirs wrong"
                continue
            yield from self.judged(what, plan.changes, theirs, None, ("", ""))

    def judged(
        self,
        what: str,
        changes: ChangeSet,
        theirs: Texts | None,
        listed: set[tuple[RelPath, int]] | None,
        renamed: tuple[str, str],
    ) -> Iterator[str]:
        gone: After = {c.moved_from: None for c in changes if c.moved_from is not None}
        ours: After = {**gone, **{c.path: c.after for c in changes}}
        if theirs is None:
            yield "no tool" if self.language in ("rust", "java") else "theirs failed"
        else:
            verdict = self.compared(ours, theirs, listed)
            yield verdict
            if verdict == "fewer, silent":
                print(f"silent {self.root.name}: {what}")
            if self.tool.wrong(theirs, renamed):
                yield "theirs wrong"
        if why := self.tool.wrong(ours, renamed, asked=bool(listed)):
            print(f"WRONG {self.root.name}: {what}: {why}", flush=True)
            yield "WRONG"

    def compared(self, ours: After, theirs: Texts, listed: set[tuple[RelPath, int]] | None) -> str:
        mine, other = changed_lines(self.texts, ours), changed_lines(self.texts, theirs)
        if mine == other:
            return "same"
        if listed is None:  # a move: the places of lines say little
            return "more" if mine > other else "other"
        our_places, their_places = changed_places(self.texts, ours), changed_places(self.texts, theirs)
        fewer = their_places - our_places
        if fewer:
            return "fewer, listed" if fewer <= listed else "fewer, silent"
        return "more" if our_places > their_places else "other"

    # --- imports ---------------------------------------------------------------------------

    def add_cases(self) -> Iterator[str]:
        made = 0
        paths = list(self.texts)
        self.random.shuffle(paths)
        for path in paths:
            case = self.without_one(path)
            if case is None:
                continue
            data, name, module, at = case
            plan = add_import(
                self.index, lambda p, path=path, data=data: data if p == path else self.texts.get(p), path, at
            )
            made += 1
            yield from self.added(path, name, module, plan)
            if made == self.cases:
                return

    def added(self, path: RelPath, name: str, module: str, plan: ActionPlan) -> Iterator[str]:
        if plan.choices:
            yield "asks"
        elif not plan.changes:
            print(f"refused {self.root.name}: add {path} {name}: {plan.reason}", file=sys.stderr)
            yield "refused"
        else:
            after = next(iter(plan.changes)).after or b""
            yield "same" if (module, name) in taken(after, language_of(path) or "") else "other"
            if why := self.tool.wrong({path: after}):
                print(f"WRONG {self.root.name}: add {path} {name}: {why}")
                yield "WRONG"

    def without_one(self, path: RelPath) -> tuple[bytes, str, str, int] | None:
        """A file without one of its imports, and where the name is then missing."""
        data, language = self.texts[path], language_of(path) or ""
        found = statements(data, parse(data, language), language)
        items = [
            (s, b)
            for s in found
            for b in s.bindings
            if s.node.parent is not None
            and s.node.parent.parent is None
            and b.name not in ("", "*", "default")
            and b.local == b.name
            and b.module != "__future__"
            and sum(o.local == b.local for t in found for o in t.bindings) == 1
        ]
        self.random.shuffle(items)
        for statement, item in items:
            edits = taken_away(data, statement, [item])
            if edits is None:
                continue
            text = apply_text_edits(data, edits)
            places = occurrences(text, parse(text, language), item.local)
            if not any(p.role is Role.BOUND for p in places):
                place = next((p for p in places if p.role is Role.PLAIN), None)
                if place is not None:
                    return text, item.local, item.module, place.span.start
        return None

    def remove_cases(self) -> Iterator[str]:
        yield from self.unused_by_ruff() if self.language == "python" else self.unused_by_us()

    def unused_by_ruff(self) -> Iterator[str]:
        made = 0
        for path, data in self.texts.items():
            reported = {line for rule, file, line in ruff(self.texts, "F401", [path]) if file == path}
            plan = remove_unused_imports(self.index, self.texts.get, path)
            if not reported and not plan.changes:
                continue
            made += 1
            after = next((c.after for c in plan.changes), data) or b""
            ours = len(imported(data) - imported(after))
            listed = len(plan.left) + ours >= len(reported) or plan.reason
            fewer = "fewer, listed" if listed else "fewer, silent"
            same = "same" if ours == len(reported) else "more"
            yield "refused" if not ours else fewer if ours < len(reported) else same
            if why := self.tool.wrong({path: after}):
                print(f"WRONG {self.root.name}: remove {path}: {why}")
                yield "WRONG"
            if made == self.cases:
                return

    def unused_by_us(self) -> Iterator[str]:
        """An import of a file beside it is added to a file; to be removed is that one, and no other."""
        made = 0
        paths = list(self.texts)
        self.random.shuffle(paths)
        for path in paths:
            spoilt = self.with_one_more(path)
            if spoilt is None:
                continue
            data, local = spoilt
            plan = remove_unused_imports(
                self.index, lambda p, path=path, data=data: data if p == path else self.texts.get(p), path
            )
            made += 1
            after = next((c.after for c in plan.changes), data) or b""
            gone = taken(data, language_of(path) or "") - taken(after, language_of(path) or "")
            if any(name == local for _, name in gone):
                yield "same" if len(gone) == 1 else "more"
            else:
                yield "fewer, listed" if plan.left or plan.reason else "fewer, silent"
            if why := self.tool.wrong({path: after}):
                print(f"WRONG {self.root.name}: remove {path}: {why}")
                yield "WRONG"
            if made == self.cases:
                return

    def with_one_more(self, path: RelPath) -> tuple[bytes, str] | None:
        data, language = self.texts[path], language_of(path) or ""
        mine = statements(data, parse(data, language), language)
        beside = [p for p in self.texts if p.rpartition("/")[0] == path.rpartition("/")[0] and p != path]
        for other in beside if mine else ():
            text = self.texts[other]
            for statement in statements(text, parse(text, language), language):
                for item in statement.bindings:
                    if (
                        item.name in ("*", "default")
                        or item.local in ("", "_", ".")
                        or item.local.encode() in data
                    ):
                        continue
                    wanted = Wanted(item.module, item.name, item.local, statement.typed)
                    edit = placed(data, parse(data, language), language, wanted)
                    return apply_text_edits(data, [edit]), item.name or item.local
        return None


def _family(path: RelPath) -> str:
    language = language_of(path) or ""
    return "typescript" if language in SCRIPTS else language


def taken(text: bytes, language: str) -> set[tuple[str, str]]:
    """(module, name) of every import."""
    if language == "python":
        return imported(text)
    return {
        (b.module, b.name or b.local)
        for s in statements(text, parse(text, language), language)
        for b in s.bindings
    }


def changed_lines(before: Texts, after: After) -> set[tuple[RelPath, bytes]]:
    """Lines that a result has and the text before had not, and the other way round."""
    found: set[tuple[RelPath, bytes]] = set()
    for path, text in after.items():
        old, new = Counter(before.get(path, b"").splitlines()), Counter((text or b"").splitlines())
        found |= {(path, b"+" + line.strip()) for line in new - old if line.strip()}
        found |= {(path, b"-" + line.strip()) for line in old - new if line.strip()}
    return found


def changed_places(before: Texts, after: After) -> set[tuple[RelPath, int]]:
    """Lines, from 1, that a renaming changed: it neither adds nor takes lines away."""
    return {
        (path, at)
        for path, text in after.items()
        for at, (old, new) in enumerate(
            zip(before.get(path, b"").splitlines(), (text or b"").splitlines(), strict=False), 1
        )
        if old != new
    }


def indexed(texts: Texts, root: Path, files: list[RelPath]) -> Index:
    db = Path(tempfile.mkdtemp(prefix="agent-ls-actions-"), "index.db")
    store = Store(db)
    store.put(
        pack_file(data, path, language_of(path) or "", (len(data), 1), 20.0) for path, data in texts.items()
    )
    said: Any = read_aliases(files, lambda path: (root / path).read_bytes())
    store.say(totals=store.totals(), progress=[], aliases=said)
    store.close()
    return Index(db)


if __name__ == "__main__":
    main()
