"""By which imports a name can be had in a file: from the definitions of the index, and from how others do it.

Worker processes only.
"""

from __future__ import annotations

import posixpath
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

from agent_ls.core.paths import RelPath
from agent_ls.index.actions import SCRIPTS
from agent_ls.index.bindings import statements
from agent_ls.index.extract import ParseTimeoutError, extract, parse
from agent_ls.index.facts import Definition
from agent_ls.index.imports import means
from agent_ls.index.names import is_test, language_of
from agent_ls.index.placing import Wanted
from agent_ls.index.query import Index

Read = Callable[[RelPath], bytes | None]

_LOOKED_AT = 60
_ROOTS = ("src", "lib", "python")
_TYPES = frozenset({"interface", "type"})


def spellings(index: Index, read: Read, path: RelPath, name: str) -> list[Wanted]:
    """The different things that a name can mean here, each by one import; the most used first.

    Reads the files that define the name, and at most sixty that use it.
    """
    language = language_of(path) or ""
    counted: Counter[Wanted] = Counter()
    defined: dict[RelPath, list[Wanted]] = {}
    for file in index.definers(name):
        if file != path and (is_test(path) or not is_test(file)) and _kin(language_of(file), language):
            data = read(file)
            found = [] if data is None else list(_exported(path, file, data, name, read))
            if found:
                defined[file] = found
                counted[found[0]] += 0
    for wanted, source in _as_others(index, read, path, name, language):
        own = next((f for f in defined if source == f), None)
        if own is not None:
            counted[defined[own][0]] += 1
        else:
            counted[wanted] += 1
    if language == "python" and name in sys.stdlib_module_names:
        counted[Wanted(name, "", name)] += 1
    return [wanted for wanted, _ in counted.most_common()]


def _kin(one: str | None, other: str) -> bool:
    return one == other or (one in SCRIPTS and other in SCRIPTS)


def _exported(path: RelPath, file: RelPath, data: bytes, name: str, read: Read) -> Iterator[Wanted]:
    """How ``path`` would import what ``file`` defines under this name, if it gives it away."""
    language = language_of(file) or ""
    try:
        facts = extract(data, language)
    except ParseTimeoutError:
        return
    for definition in facts.definitions:
        if definition.name != name or definition.container:
            continue
        head = data[definition.span.start : definition.name_span.start]
        match language:
            case "python":
                if module := python_module(path, file, read):
                    yield Wanted(module, name, name)
            case "java":
                package = re.search(rb"^\s*package\s+([\w.]+)\s*;", data, re.MULTILINE)
                if package and b"public" in head:
                    yield Wanted(package[1].decode(), name, name)
            case "rust":
                if b"pub" in head and (module := rust_module(path, file)):
                    yield Wanted(module, name, name)
            case _ if language in SCRIPTS:
                yield from _script(path, file, data, definition, head)
            case _:
                pass
        return


def _script(
    path: RelPath, file: RelPath, data: bytes, definition: Definition, head: bytes
) -> Iterator[Wanted]:
    name, typed = definition.name, definition.kind in _TYPES
    module = script_module(path, file)
    line = data.rfind(b"\n", 0, definition.span.start) + 1
    head = data[line : definition.name_span.start] if b"export" not in head else head
    raw = re.escape(name.encode())
    if re.search(rb"\bexport\s+default\b", head) or re.search(
        rb"\bexport\s+default\s+" + raw + rb"\s*;?\s*$", data, re.MULTILINE
    ):
        yield Wanted(module, "default", name)
    elif re.search(rb"\bexport\b", head):
        yield Wanted(module, name, name, typed)
    else:
        for listed in re.finditer(rb"\bexport\s*(?:type\s*)?\{([^}]*)\}(?!\s*from)", data):
            for part in listed[1].split(b","):
                words = part.split()
                if words[:1] == [name.encode()]:
                    shown = words[-1].decode()
                    yield Wanted(module, shown, name, typed)
                    return


def python_module(path: RelPath, file: RelPath, read: Read) -> str:
    """A module's name as ``path`` would write it: relative where that file does so; empty: it has none."""
    parts = file.removesuffix(".py").removesuffix(".pyi").split("/")
    if parts[-1] == "__init__":
        parts.pop()
    root = _source_root(file, read)
    absolute = ".".join(parts[root:])
    here = path.split("/")[:-1]
    data = read(path) or b""
    relative = re.search(rb"^[ \t]*from\s+\.", data, re.MULTILINE)
    plain = re.search(
        rb"^[ \t]*(?:from|import)\s+" + re.escape(".".join(parts[root : root + 1]).encode()) + rb"\b",
        data,
        re.MULTILINE,
    )
    if relative and not plain and len(here) > root and here[: root + 1] == parts[: root + 1]:
        shared = 0
        while shared < min(len(here), len(parts) - 1) and here[shared] == parts[shared]:
            shared += 1
        return "." * (len(here) - shared + 1) + ".".join(parts[shared:])
    return absolute if all(part.isidentifier() for part in parts[root:]) else ""


def is_own(index: Index, *more: RelPath) -> Callable[[str], bool]:
    """Whether a module of Python lies in the workspace, by its first part."""
    tops: set[str] = set()
    for file in (*index.files(), *more):
        first, _, rest = file.partition("/")
        tops.add((rest.partition("/")[0] if first in _ROOTS and rest else first).removesuffix(".py"))
    return lambda module: module.partition(".")[0] in tops


def _source_root(file: RelPath, read: Read) -> int:
    """How many folders stand above the package that a file belongs to."""
    folders = file.split("/")[:-1]
    at = len(folders)
    while at and read(RelPath("/".join([*folders[:at], "__init__.py"]))) is not None:
        at -= 1
    if at == len(folders) and folders and folders[0] not in _ROOTS:
        return 0  # a folder without __init__.py is a namespace package of the root
    return at


def script_module(path: RelPath, file: RelPath) -> str:
    """A script's relative name, without an extension and without ``index``."""
    folder = posixpath.dirname(path)
    stem = re.sub(r"(\.d)?\.[cm]?[jt]sx?$", "", file)
    stem = re.sub(r"(^|/)index$", "", stem) or "."
    relative = posixpath.relpath(stem, folder or ".")
    return relative if relative.startswith(".") else f"./{relative}"


def rust_module(path: RelPath, file: RelPath) -> str:
    """The path of a module in the crate that both files belong to."""
    mine, _, _ = path.rpartition("src/")
    root, found, inner = file.rpartition("src/")
    if not found or root != mine:
        return ""
    stem = re.sub(r"(/mod)?\.rs$", "", inner)
    return "crate" if stem in ("lib", "main") else "crate::" + stem.replace("/", "::")


def _as_others(
    index: Index, read: Read, path: RelPath, name: str, language: str
) -> Iterator[tuple[Wanted, RelPath | None]]:
    """How other files get the name, and the file of the workspace that it then comes from."""
    using = [file for file in index.files_with(name, _LOOKED_AT * 4) if file != path]
    for file in [f for f in using if _kin(language_of(f), language)][:_LOOKED_AT]:
        data = read(file)
        if data is None or name.encode() not in data:
            continue
        own = language_of(file) or language
        try:
            tree = parse(data, own)
        except ParseTimeoutError:
            continue
        for statement in statements(data, tree, own):
            for binding in statement.bindings:
                if binding.local != name:
                    continue
                wanted = Wanted(binding.module, binding.name, name, statement.typed)
                names = (binding.name,) if binding.name else ()
                sources = [
                    source
                    for source in index.definers(name)
                    if means(own, file, binding.module, names, source)
                ]
                if sources or not _is_relative(own, binding.module):
                    yield wanted, sources[0] if sources else None
                elif (moved := _moved(own, file, path, wanted)) is not None:
                    yield moved, None


def _is_relative(language: str, module: str) -> bool:
    if language == "rust":
        return module.partition("::")[0] in ("self", "super", "crate")
    return module.startswith(".")


def _moved(language: str, file: RelPath, path: RelPath, wanted: Wanted) -> Wanted | None:
    """A relative import of another file, as it must be written here."""
    if language == "rust":
        return wanted if wanted.module.startswith("crate") else None
    if posixpath.dirname(file) == posixpath.dirname(path):
        return wanted
    if language not in SCRIPTS:
        return None
    target = posixpath.normpath(posixpath.join(posixpath.dirname(file), wanted.module))
    relative = posixpath.relpath(target, posixpath.dirname(path) or ".")
    return replace(wanted, module=relative if relative.startswith(".") else f"./{relative}")
