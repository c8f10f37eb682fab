"""Imports read from their source text, and whether an import means a given file. No grammar needed.

Resolution is by shape, without the language's own tool: it answers "this import can only mean
that file, as far as paths tell". `means` never reads the disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from agent_ls.core.paths import RelPath
from agent_ls.index import imports_extra
from agent_ls.index.names import COMPONENTS, DATA, EXTRA, language_of, stem_of

Parts = tuple[str, tuple[str, ...]]
"""A module as it is written, and the names taken out of it."""

_AS = re.compile(r"\s+as\s+\S+")
_COMMENT = re.compile(r"#[^\n]*|//[^\n]*|/\*.*?\*/", re.DOTALL)
_DEEPEST = 50
"""Braces within braces of one ``use`` that are followed."""
_COMPILED = frozenset({"typescript", "tsx"})
"""Languages whose files a page names by what they become."""
_STRING = re.compile(r"""(["'`])(.*?)\1""", re.DOTALL)


@lru_cache(20_000)
def read_import(language: str, text: str) -> tuple[Parts, ...]:
    """What one import statement brings in; ``()`` for text that is no whole import.

    Remembered: the files of a project import the same things.
    """
    return tuple(_read(language, text))


def _read(language: str, text: str) -> list[Parts]:
    if language == "python":
        return list(_python(_COMMENT.sub("", text).replace("\\\n", " ")))
    if language in ("javascript", "typescript", "tsx"):
        return list(_javascript(_COMMENT.sub(" ", text) if "from" in text else text))
    if language == "rust":
        return list(_rust(_COMMENT.sub("", text)))
    if language == "java":
        return list(_java(text))
    if language == "go":
        return [(match[2], ()) for match in _STRING.finditer(text)]
    if language in COMPONENTS:  # its scripts speak for themselves: this is a tag that names one
        return imports_extra.read("html", text)
    if language in EXTRA:
        return imports_extra.read(language, text)
    match = re.search(r"[\"<]([^\">]+)[\">]", text)
    return [(match[1], ())] if match else []


def _names(listed: str) -> tuple[str, ...]:
    """The original names of ``a as b, c``."""
    return tuple(name for part in listed.split(",") if (name := _AS.sub("", part).strip(" \t\r\n(){};*")))


def _python(text: str) -> Iterator[Parts]:
    match = re.match(r"\s*from\s+([\w.]+(?:\s*\.\s*\w+)*)\s+import\s+(.*)", text, re.DOTALL)
    if match:
        yield re.sub(r"\s", "", match[1]), _names(match[2])
        return
    match = re.match(r"\s*import\s+(.*)", text, re.DOTALL)
    for name in _names(match[1]) if match else ():
        yield name, ()


def _javascript(text: str) -> Iterator[Parts]:
    found = list(_STRING.finditer(text))
    if not found:
        return
    head = text[: found[-1].start()]
    braces = re.search(r"\{(.*?)\}", head, re.DOTALL)
    names = _names(re.sub(r"\btype\s+", "", braces[1])) if braces else ()
    default = re.match(r"\s*import\s+(?:type\s+)?([A-Za-z_$][\w$]*)\s*(?:,|from)", head)
    yield found[-1][2], ((*names, "default") if default else names)


def _rust(text: str) -> Iterator[Parts]:
    match = re.match(r"\s*(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)\s*;", text)
    if match:
        yield f"self::{match[1]}", ()
        return
    match = re.match(r"\s*(?:pub(?:\([^)]*\))?\s+)?(?:use|extern\s+crate)\s+(.*?);?\s*$", text, re.DOTALL)
    if match:
        yield from _use_tree("", match[1])


def _use_tree(prefix: str, tree: str, depth: int = 0) -> Iterator[Parts]:
    tree = tree.strip()
    head, brace, rest = tree.partition("{")
    if brace:
        inside = f"{prefix}{head.strip()}"
        for part in _split_top(rest.rpartition("}")[0]) if depth < _DEEPEST else ():
            yield from _use_tree(inside, part, depth + 1)
        return
    whole = prefix + _AS.sub("", tree)
    module, _, last = whole.rpartition("::")
    if last == "self":
        module, _, last = module.rpartition("::")
    if whole.strip():
        yield (module, () if last == "*" else (last,)) if module else (last, ())


def _split_top(text: str) -> Iterator[str]:
    """Parts between the commas that are in no inner braces."""
    depth, start = 0, 0
    for at, char in enumerate(text):
        depth += (char == "{") - (char == "}")
        if char == "," and depth == 0:
            yield text[start:at]
            start = at + 1
    if text[start:].strip():
        yield text[start:]


def _java(text: str) -> Iterator[Parts]:
    match = re.match(r"\s*import\s+(static\s+)?([\w.]+?)(\.\*)?\s*;", text)
    if not match:
        return
    if match[1] and not match[3]:
        module, _, name = match[2].rpartition(".")
        yield module, (name,)
    else:
        yield match[2], ()


@lru_cache(20_000)
def tails(language: str, module: str, names: tuple[str, ...]) -> frozenset[str]:
    """Stems (`names.stem_of`) of the files that an import can mean: the key under which it is stored."""
    if language == "markdown":  # a fence may be in any language
        ends = {re.split(r"::|[./\\]", text)[-1] for text in (module, re.sub(r"\.\w+$", "", module))}
        return frozenset({*ends, *names} - {""})
    if language in EXTRA and language not in COMPONENTS:
        return frozenset({imports_extra.tail(language, module), *names} - {""})
    last = re.split(r"::|[./]", _strip_extension(language, module).rstrip("./"))[-1]
    found = {last} if last and last not in ("crate", "super", "self") else set[str]()
    # `from package import module` and `use crate::{module}` name files by what they take.
    if language in ("python", "rust"):
        found.update(names)
    return frozenset(found)


def means(language: str, importer: RelPath, module: str, names: tuple[str, ...], target: RelPath) -> bool:
    """Whether an import written in ``importer`` can mean ``target``, by their paths."""
    if language == "python":
        return any(_python_means(importer, name, target) for name in _submodules(module, names))
    if language in ("javascript", "typescript", "tsx", *COMPONENTS):
        return module.startswith(".") and _without_extension(target) in _script_paths(importer, module)
    if language == "go":
        folder = target.rpartition("/")[0]
        return bool(folder) and f"/{module}".endswith(f"/{folder}") and target.endswith(".go")
    if language == "java":
        inside = module.replace(".", "/")
        return f"/{_without_extension(target)}".endswith(f"/{inside}")
    if language == "html" and module.endswith((".js", ".mjs")) and language_of(target) in _COMPILED:
        return means("typescript", importer, f"./{module.lstrip('/')}", names, target)
    if language == "markdown":
        meant = language_of(target)
        return meant is not None and meant not in DATA and means(meant, importer, module, names, target)
    if language == "rust":
        return _rust_means(importer, module, names, target)
    if language in EXTRA:
        return imports_extra.means(language, importer, module, names, target)
    return f"/{target}".endswith("/" + imports_extra.normal(module)) or target == imports_extra.normal(
        f"{importer.rpartition('/')[0]}/{module}"
    )


def _submodules(module: str, names: tuple[str, ...]) -> list[str]:
    joint = "" if module.endswith(".") else "."
    return [module, *(f"{module}{joint}{name}" for name in names)]


def _python_means(importer: RelPath, module: str, target: RelPath) -> bool:
    place = _without_extension(target).removesuffix("/__init__")
    level = len(module) - len(module.lstrip("."))
    inner = module[level:].replace(".", "/")
    if level:
        base = importer.split("/")[:-level]
        return len(importer.split("/")) > level - 1 and place == "/".join(
            [*base, *([inner] if inner else [])]
        )
    return bool(inner) and f"/{place}".endswith(f"/{inner}") and _root_of(place, inner, importer)


def _root_of(place: str, inner: str, importer: RelPath) -> bool:
    """An absolute import starts at the root, at a source folder, or beside the importer."""
    base = place.removesuffix(inner).rstrip("/")
    return base in ("", "src", "lib", "python") or f"{importer}/".startswith(f"{base}/")


def _script_paths(importer: RelPath, module: str) -> set[str]:
    joined = imports_extra.normal(f"{importer.rpartition('/')[0]}/{module}")
    return {joined, _without_extension(joined), f"{joined}/index".lstrip("/")}


def _rust_means(importer: RelPath, module: str, names: tuple[str, ...], target: RelPath) -> bool:
    place = _without_extension(target).removesuffix("/mod")
    for path in (module, *(f"{module}::{name}" for name in names)):
        first, *rest = path.split("::")
        here = _without_extension(importer)
        folder = importer.rpartition("/")[0]
        base = folder if here.endswith(("/mod", "/lib", "/main")) else here
        if first == "self" and place in {"/".join(filter(None, [base, *rest])), "/".join([folder, *rest])}:
            return True
        if first == "super" and place == "/".join([*base.split("/")[:-1], *rest]):
            return True
        if first == "crate" and rest and f"/{place}".endswith("/src/" + "/".join(rest)):
            return True
    return False


def _strip_extension(language: str, module: str) -> str:
    scripts = language in ("javascript", "typescript", "tsx", "c", "cpp", *COMPONENTS)
    return re.sub(r"\.\w+$", "", module) if scripts and not module.endswith("..") else module


def _without_extension(path: str) -> str:
    folder, slash, last = path.rpartition("/")
    return folder + slash + (last.rpartition(".")[0] or last)


def is_stem(path: RelPath, tail: str) -> bool:
    """Whether an import stored under ``tail`` is worth asking about ``path``."""
    return stem_of(path) == tail or path.rpartition("/")[0].rpartition("/")[2] == tail
