"""rope and ruff for ``benchmarks.actions``: what they would change in a project of Python, and what is worse after a change."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from agent_ls.core.paths import RelPath
from benchmarks.actions_tools import TOOLS, After, Texts, Tool


class Python(Tool):
    """rope for renames and moves (``pip install rope``); the compiler and ruff for the result."""

    def rename(self, path: RelPath, offset: int, new: str) -> Texts | None:
        from rope.refactor.rename import Rename  # noqa: PLC0415

        return self.by_rope(lambda p, r, at: Rename(p, r, at).get_changes(new), path, offset)

    def move(self, path: RelPath, offset: int, target: RelPath) -> Texts | None:
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

    def wrong(self, after: After, renamed: tuple[str, str] = ("", ""), *, asked: bool = False) -> str:  # noqa: ARG002
        for path, text in after.items():
            if text is not None and not compiles(text):
                return f"{path} does not compile"
        now: Texts = {p: text for p, text in {**self.texts, **after}.items() if text is not None}
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

    def names_one_of(self, path: RelPath, after: After) -> bool:
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


TOOLS["python"] = Python
