"""``python -m benchmarks.actions FOLDER…``: the deterministic actions beside rope and ruff, on real Python projects.

Cases are made from the projects themselves, the same every time: renames of what stands at a file's
top, moves of it to a sibling file, imports taken away and added again, unused imports. Each case is
counted as **same** (the same lines change), **more**, **fewer** or **other** beside the language's tool
(rope for renames and moves, ruff's F401 for unused imports, the author's own import for added ones),
as **asks** or **refused**; and as **WRONG** where our result is worse than what was there: a file that
no longer compiles, a new undefined name (ruff's F821), an imported name that its module does not have.
Wrong ones are printed. rope is wanted beside agent-ls: ``pip install rope``.
"""

from __future__ import annotations

import argparse
import ast
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from agent_ls.core.edits import ChangeSet, apply_text_edits
from agent_ls.core.paths import RelPath
from agent_ls.index.bindings import statements, taken_away
from agent_ls.index.extract import parse
from agent_ls.index.missing import add_import
from agent_ls.index.moving import move_symbol
from agent_ls.index.names import is_test
from agent_ls.index.occurrences import Role, occurrences
from agent_ls.index.pack import pack_file
from agent_ls.index.query import Index
from agent_ls.index.rename import rename
from agent_ls.index.store import Store
from agent_ls.index.unused import remove_unused_imports

Texts = dict[RelPath, bytes]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--cases", type=int, default=15, help="of each kind and folder")
    parser.add_argument("--only", nargs="*", default=["rename", "move", "add", "remove"])
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for folder in options.folders:
        for kind, verdict in Project(folder, options.cases, options.seed).compare(options.only):
            table[kind][verdict] += 1
    verdicts = ["same", "more", "fewer", "other", "asks", "refused", "theirs failed", "WRONG", "theirs wrong"]
    print(f"{'':8}{'cases':>7}", *(f"{v:>14}" for v in verdicts))
    for kind, counted in table.items():
        cases = sum(n for v, n in counted.items() if v not in ("WRONG", "theirs wrong"))
        print(f"{kind:8}{cases:>7}", *(f"{counted[v]:>14}" for v in verdicts))


class Project:
    """One folder's Python files, in memory and in an index."""

    def __init__(self, folder: Path, cases: int, seed: int) -> None:
        self.root = folder.resolve()
        self.cases = cases
        self.random = random.Random(seed)
        self.texts: Texts = {
            RelPath(p.relative_to(self.root).as_posix()): p.read_bytes()
            for p in sorted(self.root.rglob("*.py"))
            if p.is_file() and not p.is_symlink() and compiles(p.read_bytes())
        }
        self.index = indexed(self.texts)

    def compare(self, only: list[str]) -> Iterator[tuple[str, str]]:
        for kind in only:
            started, count = time.process_time(), 0
            for verdict in getattr(self, f"{kind}_cases")():
                count += verdict not in ("WRONG", "theirs wrong")
                yield kind, verdict
            print(
                f"{self.root.name} {kind}: {count} cases, {time.process_time() - started:.1f} s",
                file=sys.stderr,
            )

    # --- renames and moves, beside rope ----------------------------------------------------

    def definitions(self) -> list[tuple[RelPath, str, int]]:
        """Functions and classes at a file's top that another file may import; the widest used half first."""
        found: list[tuple[int, RelPath, str, int]] = []
        for path in self.texts:
            if is_test(path) or not path.rpartition("/")[0]:
                continue
            found += [
                (len(self.index.files_with(d.name)), path, d.name, d.name_span.start)
                for d in self.index.outline(path)
                if not d.container and d.kind in ("function", "class") and not d.name.startswith("__")
            ]
        found.sort(key=lambda one: -one[0])
        picked = found[: self.cases * 8]
        self.random.shuffle(picked)
        return [one[1:] for one in picked[: self.cases]]

    def rename_cases(self) -> Iterator[str]:
        for path, name, offset in self.definitions():
            new = f"{name}Renamed" if name[0].isupper() else f"{name}_renamed"
            plan = rename(self.index, self.texts.get, path, offset, new)
            if not plan.changes:
                yield "refused"
                continue
            theirs = self.rope_rename(path, offset, new)
            yield from self.judged(f"rename {path} {name}", plan.changes, theirs)

    def move_cases(self) -> Iterator[str]:
        for path, name, offset in self.definitions():
            folder = path.rpartition("/")[0]
            near = [p for p in self.texts if p.rpartition("/")[0] == folder and p != path and "__" not in p]
            if not near:
                continue
            target = self.random.choice(near)
            plan = move_symbol(self.index, self.texts.get, path, offset, target)
            theirs = self.rope_move(path, offset, target)
            if not plan.changes:
                yield "refused"
                if theirs and self.wrong(theirs):
                    yield "theirs wrong"
                continue
            yield from self.judged(f"move {path} {name} → {target}", plan.changes, theirs)

    def judged(self, what: str, changes: ChangeSet, theirs: Texts | None) -> Iterator[str]:
        ours = {c.path: c.after for c in changes if c.after is not None}
        if theirs is None:
            yield "theirs failed"
        else:
            yield compared(changed_lines(self.texts, ours), changed_lines(self.texts, theirs))
            if self.wrong(theirs):
                yield "theirs wrong"
        if why := self.wrong(ours):
            print(f"WRONG {self.root.name}: {what}: {why}")
            yield "WRONG"

    def rope_rename(self, path: RelPath, offset: int, new: str) -> Texts | None:
        from rope.refactor.rename import Rename  # noqa: PLC0415

        return self.by_rope(lambda p, r, at: Rename(p, r, at).get_changes(new), path, offset)

    def rope_move(self, path: RelPath, offset: int, target: RelPath) -> Texts | None:
        from rope.refactor.move import create_move  # noqa: PLC0415

        def made(project: Any, resource: Any, at: int) -> Any:
            return create_move(project, resource, at).get_changes(project.get_resource(target))

        return self.by_rope(made, path, offset)

    def by_rope(self, make: Any, path: RelPath, offset: int) -> Texts | None:
        from rope.base.project import Project as Rope  # noqa: PLC0415

        sources = [f for f in ("src", "lib") if (self.root / f).is_dir()]
        project = Rope(str(self.root), ropefolder=None, source_folders=sources)
        try:
            at = len(self.texts[path][:offset].decode())
            changes = make(project, project.get_resource(path), at)
            return {
                RelPath(c.resource.path): c.new_contents.encode()
                for c in changes.changes
                if getattr(c, "new_contents", None) is not None
            }
        except Exception as error:
            print(f"rope: {type(error).__name__}: {str(error)[:100]}", file=sys.stderr)
            return None
        finally:
            project.close()

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
            if plan.choices:
                yield "asks"
            elif not plan.changes:
                yield "refused"
            else:
                after = next(iter(plan.changes)).after or b""
                yield "same" if (module, name) in imported(after) else "other"
                if why := self.wrong({path: after}):
                    print(f"WRONG {self.root.name}: add {path} {name}: {why}")
                    yield "WRONG"
            if made == self.cases:
                return

    def without_one(self, path: RelPath) -> tuple[bytes, str, str, int] | None:
        """A file without one of its imports, and where the name is then missing."""
        data = self.texts[path]
        found = statements(data, parse(data, "python"), "python")
        items = [
            (s, b)
            for s in found
            for b in s.bindings
            if s.parent == "module"
            and b.name not in ("", "*")
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
            places = occurrences(text, parse(text, "python"), item.local)
            if not any(p.role is Role.BOUND for p in places):
                place = next((p for p in places if p.role is Role.PLAIN), None)
                if place is not None:
                    return text, item.local, item.module, place.span.start
        return None

    def remove_cases(self) -> Iterator[str]:
        made = 0
        for path, data in self.texts.items():
            reported = {line for rule, file, line in ruff(self.texts, "F401", [path]) if file == path}
            plan = remove_unused_imports(self.index, self.texts.get, path)
            if not reported and not plan.changes:
                continue
            made += 1
            after = next((c.after for c in plan.changes), data) or b""
            ours = len(imported(data) - imported(after))
            yield compared(set(range(ours)), set(range(len(reported)))) if ours else "refused"
            if why := self.wrong({path: after}):
                print(f"WRONG {self.root.name}: remove {path}: {why}")
                yield "WRONG"
            if made == self.cases:
                return

    # --- what is wrong -----------------------------------------------------------------------

    def wrong(self, after: Texts) -> str:
        """Why a result is worse than what was there; empty: it is not."""
        for path, text in after.items():
            if not compiles(text):
                return f"{path} does not compile"
        now = {**self.texts, **after}
        near = [p for p in now if p in after or self.names_one_of(p, after)]
        for rule in ("F821", "F811"):
            old = Counter(file for _, file, _ in ruff(self.texts, rule, [p for p in near if p in self.texts]))
            new = Counter(file for _, file, _ in ruff(now, rule, near))
            if worse := new - old:
                return f"{rule} in {', '.join(worse)}"
        before = set(dangling(self.texts, [p for p in near if p in self.texts]))
        if lost := [one for one in dangling(now, near) if one not in before]:
            return f"{lost[0][0]} imports {lost[0][2]} of {lost[0][1]}, which has it no more"
        return ""

    def names_one_of(self, path: RelPath, after: Texts) -> bool:
        return any(
            p.rpartition("/")[2].removesuffix(".py").encode() in self.texts.get(path, b"") for p in after
        )


def compiles(text: bytes) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def imported(text: bytes) -> set[tuple[str, str]]:
    """(module, name) of every import."""
    found: set[tuple[str, str]] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {("." * node.level + (node.module or ""), alias.name) for alias in node.names}
    return found


def dangling(texts: Mapping[RelPath, bytes], paths: list[RelPath]) -> Iterator[tuple[RelPath, RelPath, str]]:
    """Names that are imported from a file of the project which does not have them: (importer, file, name)."""
    tops: dict[RelPath, set[str]] = {}
    for path in paths:
        for module, name in imported(texts[path]):
            source = resolved(texts, path, module)
            if (
                source is None
                or not name
                or name == "*"
                or resolved(texts, path, f"{module}.{name}" if not module.endswith(".") else module + name)
            ):
                continue
            if source not in tops:
                tops[source] = bound_at_top(texts[source])
            if name not in tops[source] and "*" not in tops[source] and "__getattr__" not in tops[source]:
                yield path, source, name


def resolved(texts: Mapping[RelPath, bytes], path: RelPath, module: str) -> RelPath | None:
    level = len(module) - len(module.lstrip("."))
    base = path.split("/")[:-level] if level else []
    place = "/".join([*base, *(part for part in module[level:].split(".") if part)])
    for root in ("",) if level else ("", "src/"):
        for end in (".py", "/__init__.py"):
            if RelPath(root + place + end) in texts:
                return RelPath(root + place + end)
    return None


def bound_at_top(text: bytes) -> set[str]:
    """Every name that is bound anywhere outside of functions and classes."""
    names: set[str] = set()
    todo: list[ast.AST] = list(ast.parse(text).body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
            continue
        if isinstance(node, ast.alias):
            names.add(node.asname or node.name.partition(".")[0])
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        todo += ast.iter_child_nodes(node)
    return names


def ruff(texts: Mapping[RelPath, bytes], rule: str, paths: list[RelPath]) -> list[tuple[str, RelPath, int]]:
    """Findings of one rule: (rule, file, line)."""
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            place = Path(folder, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(texts[path])
        program = shutil.which("ruff", path=str(Path(sys.executable).parent)) or "ruff"
        done = subprocess.run(
            [program, "check", "--isolated", "--no-cache", "--select", rule, "--output-format", "concise", "."],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
    found: list[tuple[str, RelPath, int]] = []
    for line in done.stdout.splitlines():
        place, _, rest = line.partition(": ")
        parts = place.split(":")
        if rest.startswith(rule) and len(parts) == 3:
            found.append((rule, RelPath(parts[0]), int(parts[1])))
    return found


def changed_lines(before: Texts, after: Texts) -> set[tuple[RelPath, bytes]]:
    """Lines that a result has and the text before had not, and the other way round."""
    found: set[tuple[RelPath, bytes]] = set()
    for path, text in after.items():
        old, new = Counter(before.get(path, b"").splitlines()), Counter(text.splitlines())
        found |= {(path, b"+" + line.strip()) for line in new - old if line.strip()}
        found |= {(path, b"-" + line.strip()) for line in old - new if line.strip()}
    return found


def compared(ours: set[Any], theirs: set[Any]) -> str:
    if ours == theirs:
        return "same"
    return "more" if ours > theirs else "fewer" if ours < theirs else "other"


def indexed(texts: Texts) -> Index:
    db = Path(tempfile.mkdtemp(prefix="agent-ls-actions-"), "index.db")
    store = Store(db)
    store.put(pack_file(data, path, "python", (len(data), 1), 20.0) for path, data in texts.items())
    store.say(totals=store.totals(), progress=[])
    store.close()
    return Index(db)


if __name__ == "__main__":
    main()
