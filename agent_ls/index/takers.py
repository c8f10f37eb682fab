"""The files that import what is moved, rewritten: each takes it from its new place. Worker processes only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from agent_ls.core.edits import TextEdit, apply_text_edits
from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex, Span
from agent_ls.index.actions import SCRIPTS, Left
from agent_ls.index.bindings import Binding, Statement, statements, taken_away
from agent_ls.index.extract import parse
from agent_ls.index.imports import means
from agent_ls.index.moved import Moved, Refusal
from agent_ls.index.names import language_of
from agent_ls.index.occurrences import Role, occurrences
from agent_ls.index.placing import Wanted, placed
from agent_ls.index.query import Index
from agent_ls.index.spelling import python_module, script_module

Read = Callable[[RelPath], bytes | None]
_MOST_FILES = 2000


def followers(
    index: Index, read: Read, moved: Moved, target: RelPath, also: Iterable[RelPath]
) -> tuple[dict[RelPath, bytes], tuple[Left, ...]]:
    """New texts of the files that import the moved name, and places that only mention it.

    Raises:
        Refusal: a file takes it in a way that cannot be followed.
    """
    if moved.language == "go":
        return {}, ()
    texts: dict[RelPath, bytes] = {}
    left: list[Left] = []
    importers = index.importers(moved.path)
    for path in dict.fromkeys([*index.files_with(moved.name, _MOST_FILES), *importers, *also, target]):
        data, language = read(path), language_of(path) or ""
        if path == moved.path or data is None or not _kin(language, moved.language):
            continue
        new = _rewritten(index, read, moved, path, data, target, left)
        if new != data:
            texts[path] = new
    return texts, tuple(left)


def _kin(one: str, other: str) -> bool:
    return one == other or (one in SCRIPTS and other in SCRIPTS)


def _rewritten(
    index: Index, read: Read, moved: Moved, path: RelPath, data: bytes, target: RelPath, left: list[Left]
) -> bytes:
    language = language_of(path) or ""
    tree = parse(data, language)
    meant = {item.module for item, files in index.imports_of(path) if moved.path in files}
    found = statements(data, tree, language)

    def is_source(module: str, name: str = "") -> bool:
        whole = f"{module}{'' if module.endswith('.') else '.'}{name}" if name else module
        return (not name and module in meant) or means(language, path, whole, (), moved.path)

    _check_whole(moved, path, data, language, is_source)
    edits: list[TextEdit] = []
    wanted: list[Wanted] = []
    for statement in found:
        gone = [b for b in statement.bindings if b.name == moved.name and is_source(b.module)]
        if any(b.name == "*" and is_source(b.module) for b in statement.bindings) and language == "python":
            raise Refusal(f"{path} imports everything from {moved.path}")
        if not gone:
            continue
        edits += _taken(data, statement, gone, path)
        wanted += [_as_before(read, path, b, target, moved, typed=statement.typed) for b in gone]
        if path == target and any(b.local != moved.name for b in gone):
            raise Refusal(f"{target} calls it `{gone[0].local}`")
    edits += _through_module(moved, path, data, language, found, is_source, wanted, read, target)
    _mentioned(moved, path, data, language, left)
    if not edits:
        return data
    text = apply_text_edits(data, sorted(edits, key=lambda edit: edit.span))
    local = {file.partition("/")[0].removesuffix(".py") for file in index.files()}
    for want in wanted if path != target else ():
        if want.local not in Moved.imports(text, language):
            new = placed(text, parse(text, language), language, want, lambda m: m.partition(".")[0] in local)
            text = apply_text_edits(text, [new])
    return text


def _taken(data: bytes, statement: Statement, gone: list[Binding], path: RelPath) -> list[TextEdit]:
    if statement.parent not in ("module", "program"):
        raise Refusal(f"{path} imports it inside a block: that import cannot be moved")
    made = taken_away(data, statement, gone)
    if made is None:
        raise Refusal(f"In {path} a comment stands among the imported names")
    return made


def _as_before(
    read: Read, path: RelPath, item: Binding, target: RelPath, moved: Moved, *, typed: bool
) -> Wanted:
    """The new import, absolute or relative as the old one was."""
    if moved.language != "python":
        module = script_module(path, target)
        ending = re.search(r"\.[cm]?[jt]sx?$", item.module)
        module += ending[0] if ending and item.module.startswith(".") else ""
        return Wanted(module, item.name, item.local, typed)
    module = _absolute(item.module, moved.path, target) or python_module(path, target, read)
    if not module:
        raise Refusal(f"{target} has no name by which {path} could import it")
    return Wanted(module, item.name, item.local, typed)


def _absolute(module: str, source: RelPath, target: RelPath) -> str:
    """The target's name with the same root as the source's; empty: it was relative."""
    if module.startswith("."):
        return ""
    parts = _parts(source)
    root = parts[: len(parts) - len(module.split("."))]
    goal = _parts(target)
    return ".".join(goal[len(root) :]) if goal[: len(root)] == root else ""


def _parts(path: RelPath) -> list[str]:
    parts = path.removesuffix(".pyi").removesuffix(".py").split("/")
    return parts[:-1] if parts[-1] == "__init__" else parts


def _check_whole(
    moved: Moved, path: RelPath, data: bytes, language: str, is_source: Callable[[str], bool]
) -> None:
    """Ways to take a name that are not followed."""
    if language not in SCRIPTS:
        return
    name = re.escape(moved.name.encode())
    for match in re.finditer(rb"\bexport\b[^;'\"]*?\bfrom\s*['\"]([^'\"]+)['\"]", data):
        everything = b"*" in match[0]
        if (everything or re.search(rb"\b" + name + rb"\b", match[0])) and is_source(
            match[1].decode("utf-8", "replace")
        ):
            raise Refusal(f"{path} passes it on from {moved.path}")
    for match in re.finditer(rb"\b(?:require|import|mock)\s*\(\s*['\"]([^'\"]+)['\"]", data):
        if is_source(match[1].decode("utf-8", "replace")):
            raise Refusal(f"{path} loads {moved.path} while it runs")


def _through_module(
    moved: Moved,
    path: RelPath,
    data: bytes,
    language: str,
    found: list[Statement],
    is_source: Callable[..., bool],
    wanted: list[Wanted],
    read: Read,
    target: RelPath,
) -> list[TextEdit]:
    """``module.name`` becomes the name alone, which is imported."""
    modules: dict[str, Binding] = {}
    for item in (b for s in found for b in s.bindings):
        whole = item.name in ("", "*") and is_source(item.module)
        if whole or (language == "python" and item.name and is_source(item.module, item.name)):
            dotted = item.name == "" and item.local == item.module.partition(".")[0]
            modules[item.module if dotted else item.local] = item
    edits: list[TextEdit] = []
    tree = parse(data, language)
    for place in occurrences(data, tree, moved.name):
        if place.role is not Role.MEMBER or place.receiver not in modules:
            continue
        start = place.span.start - len(place.receiver.encode()) - 1
        if data[start : place.span.end] != f"{place.receiver}.{moved.name}".encode():
            raise Refusal(f"{path} names it in a way that cannot be rewritten")
        edits.append(TextEdit(Span(start, place.span.end), moved.name.encode()))
    if edits:
        roles = (Role.PLAIN, Role.BOUND, Role.SHORTHAND, Role.IMPORT)
        if path != target and any(p.role in roles for p in occurrences(data, tree, moved.name)):
            raise Refusal(f"`{moved.name}` means something else in {path}, which takes it through its module")
        module = python_module(path, target, read) if language == "python" else script_module(path, target)
        wanted.append(Wanted(module, moved.name, moved.name, moved.is_type and language in SCRIPTS))
    return edits


def _mentioned(moved: Moved, path: RelPath, data: bytes, language: str, left: list[Left]) -> None:
    """Strings that name the old place, such as what a test replaces: for a person to look at."""
    if language != "python":
        return
    stem = _parts(moved.path)[-1]
    lines = LineIndex(data)
    pattern = rf"\b{re.escape(stem)}\.{re.escape(moved.name)}\b".encode()
    for match in re.finditer(pattern, data):
        line = data[data.rfind(b"\n", 0, match.start()) + 1 : match.start()]
        if line.count(b'"') % 2 or line.count(b"'") % 2 or b"#" in line:
            left.append(Left(path, lines.line_of(match.start()) + 1, "a text names its old place"))
