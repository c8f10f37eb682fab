"""Imports of the languages of `names.EXTRA`: see `imports`, whose rules hold here, too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from agent_ls.core.paths import RelPath

Parts = tuple[str, tuple[str, ...]]

_PATTERNS: Mapping[str, re.Pattern[str]] = {
    "csharp": re.compile(r"using\s+(?:static\s+)?(?:\w+\s*=\s*)?([\w.]+)\s*;"),
    "ruby": re.compile(r"(?:require|require_relative|load)\b[\s(]*[\"']([^\"'#]+)[\"']"),
    "bash": re.compile(r"(?:source|\.)\s+[\"']?([^\s\"']+)"),
    "kotlin": re.compile(r"import\s+([\w.`]+)"),
    "swift": re.compile(r"import\s+(?:(?:class|struct|enum|protocol|func|var|let|typealias)\s+)?([\w.]+)"),
    "lua": re.compile(r"require\s*\(?\s*[\"']([^\"']+)[\"']"),
    "css": re.compile(r"@import\s+(?:url\(\s*)?[\"']?([^\"')\s;]+)"),
    "html": re.compile(r"(?:src|href)\s*=\s*[\"']?([^\"'\s>]+)"),
}
"""What stands where in an import; the first group is the module."""

_ENDINGS: Mapping[str, tuple[str, ...]] = {
    "ruby": (".rb",),
    "lua": (".lua", "/init.lua"),
    "php": (".php",),
    "css": (".css",),
}
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def read(language: str, text: str) -> list[Parts]:
    """What one import brings in; ``[]`` where nothing can be told, as for a path that is computed."""
    if language == "scala":
        return list(_scala(text))
    if language == "php":
        return list(_php(text))
    if language == "elixir":
        return list(_elixir(text))
    if language == "make":
        return [(name, ()) for name in text.split()[1:] if "$" not in name]
    pattern = _PATTERNS.get(language)
    match = pattern.search(text) if pattern else None
    return [] if match is None or "$" in match[1] else [(match[1].strip("`"), ())]


def _scala(text: str) -> Iterator[Parts]:
    match = re.match(r"\s*import\s+([\w.]+?)\.?(?:\{([^}]*)\}|[_*])?\s*$", text)
    if not match:
        return
    if match[2] is None:
        yield match[1], ()
        return
    names = (re.split(r"=>|\bas\b", part)[0].strip() for part in match[2].split(","))
    yield match[1], tuple(name for name in names if name and name not in ("_", "*"))


def _php(text: str) -> Iterator[Parts]:
    required = re.search(r"(?:require|include)(?:_once)?\b[^\"']*[\"']([^\"']+)[\"']", text)
    if required:
        yield required[1].lstrip("/"), ()
        return
    match = re.match(r"\s*use\s+(?:function\s+|const\s+)?(.*?);?\s*$", text, re.DOTALL)
    if match:
        head, brace, group = match[1].partition("{")
        for part in (group if brace else head).rstrip("}").split(","):
            name = (head if brace else "") + re.split(r"\s+as\s+", part.strip())[0]
            if name.strip("\\ "):
                yield name.strip("\\ "), ()


def _elixir(text: str) -> Iterator[Parts]:
    match = re.match(
        r"\s*(?:alias|import|use|require)\b[\s(]+([A-Z][\w.]*?)(?:\.\{([^}]*)\})?(?:[\s,)]|$)", text
    )
    if match:
        inner = [f"{match[1]}.{name.strip()}" for name in match[2].split(",")] if match[2] else [match[1]]
        yield from ((name, ()) for name in inner)


def tail(language: str, module: str) -> str:
    """Stem of the file that a module can be."""
    last = re.split(r"[./\\]", _without_ending(language, module))[-1]
    return _snake(last) if language == "elixir" else last


def means(language: str, importer: RelPath, module: str, names: tuple[str, ...], target: RelPath) -> bool:
    """Whether an import can mean a file, by their paths."""
    place = target[: -len(suffix)] if (suffix := _suffix(target)) else target
    if language in ("kotlin", "scala"):
        wanted = (module, *(f"{module}.{name}" for name in names))
        return any(f"/{place}".endswith("/" + name.replace(".", "/")) for name in wanted)
    if language == "csharp":
        # A namespace is a folder, mostly: its last parts.
        return f"/{place.rpartition('/')[0]}".endswith("/" + module.replace(".", "/"))
    if language == "php" and "\\" in module:
        # The first part stands for a source folder whose name only the package file knows.
        return f"/{place}".endswith("/" + "/".join(module.split("\\")[1:]))
    if language == "elixir":
        return f"/{place}".endswith("/" + "/".join(map(_snake, module.split("."))))
    if language == "swift":
        return f"/Sources/{module}/" in f"/{target}"
    written = module.replace(".", "/") if language == "lua" else module
    near = f"{importer.rpartition('/')[0]}/{written}"
    ends = ("", *_ENDINGS.get(language, ()))
    if written.startswith("."):
        return any(target == normal(near) + end for end in ends)
    return any(
        target == normal(near) + end or f"/{target}".endswith(f"/{written.lstrip('/')}{end}") for end in ends
    )


def _suffix(path: str) -> str:
    last = path.rpartition("/")[2]
    return last[last.rindex(".") :] if "." in last[1:] else ""


def _without_ending(language: str, module: str) -> str:
    if language in ("kotlin", "scala", "csharp", "swift", "elixir", "lua") or "\\" in module:
        return module
    return module.removesuffix(_suffix(module))


def _snake(name: str) -> str:
    return _CAMEL.sub("_", name).lower()


def normal(path: str) -> str:
    """A path without ``.``, ``..`` and double slashes; what would lead above the top stays there."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", ".", ".."):
            parts.append(part)
    return "/".join(parts)
