"""What a repository's own files say about its imports: Go modules, ``tsconfig`` paths, packages of a workspace.

The host reads those files when it walks the tree and leaves what they say in the store; readers
turn an import that goes by such a name into the path that it means. No grammar needed.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast, final

from agent_ls.core.paths import RelPath
from agent_ls.index.names import COMPONENTS

_SCRIPTS = frozenset({"javascript", "typescript", "tsx", *COMPONENTS})
_FILES = ("go.mod", "tsconfig.json", "jsconfig.json", "package.json")
_MODULE = re.compile(rb"^module\s+\"?([^\s\"]+)", re.MULTILINE)
_MOST_FILES, _MOST_BYTES = 2000, 200_000
_STRING_OR_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_LAST_COMMA = re.compile(r",(\s*[}\]])")


@final
@dataclass(frozen=True, slots=True)
class Aliases:
    """Folders are relative to the workspace, ``""`` for its root.

    ``go``: folder to module path. ``paths``: folder of a config to its patterns (``@app/*``), each with
    the places (relative to the workspace, ``*`` in them) it can mean. ``packages``: name to folder.
    """

    go: Mapping[str, str] = field(default_factory=dict[str, str])
    paths: Mapping[str, Mapping[str, list[str]]] = field(default_factory=dict[str, Mapping[str, list[str]]])
    packages: Mapping[str, str] = field(default_factory=dict[str, str])

    def meant(self, language: str, importer: RelPath, module: str) -> list[str]:
        """Modules as they would be written relative to the importer, for one that goes by another name."""
        if language not in _SCRIPTS or module.startswith("."):
            return []
        here = f"/{importer.rpartition('/')[0]}"
        return [f"./{posixpath.relpath(f'/{place}', here)}" for place in self._places(importer, module)]

    def excludes(self, language: str, module: str, target: RelPath) -> bool:
        """Whether an import cannot mean a file though its path looks alike: it is of another Go module."""
        if language != "go" or not self.go:
            return False
        folder = target.rpartition("/")[0]
        return not any(_joined(name, _inside(folder, root)) == module for root, name in self.go.items())

    def stems(self, target: RelPath) -> set[str]:
        """Last parts of the package names by which imports reach a file."""
        return {
            name.rpartition("/")[2]
            for name, folder in self.packages.items()
            if target.startswith(f"{folder}/")
        }

    def _places(self, importer: RelPath, module: str) -> Iterator[str]:
        for folder, patterns in self.paths.items():
            if not folder or importer.startswith(f"{folder}/"):
                for pattern, targets in patterns.items():
                    head, star, tail = pattern.partition("*")
                    if module == pattern or (star and module.startswith(head) and module.endswith(tail)):
                        inner = module[len(head) : len(module) - len(tail)] if star else ""
                        yield from (target.replace("*", inner) for target in targets)
        for name, folder in self.packages.items():
            if module == name:
                yield from (folder, f"{folder}/src", f"{folder}/lib")
            elif module.startswith(f"{name}/"):
                inner = module[len(name) + 1 :]
                yield from (f"{folder}/{inner}", f"{folder}/src/{inner}")


def read_aliases(files: Iterable[RelPath], read: Callable[[RelPath], bytes]) -> dict[str, Any]:
    """What the configuration among these files says, as JSON. Files that cannot be read say nothing."""
    go: dict[str, str] = {}
    paths: dict[str, dict[str, list[str]]] = {}
    packages: dict[str, str] = {}
    named = [path for path in files if path.endswith(_FILES) and path.rpartition("/")[2] in _FILES]
    for path in named[:_MOST_FILES]:
        folder, _, last = path.rpartition("/")
        try:
            data = read(path)[:_MOST_BYTES]
        except OSError:
            continue
        if last == "go.mod":
            if match := _MODULE.search(data):
                go[folder] = match[1].decode("utf-8", "replace")
            continue
        said = _json(data)
        if last == "package.json":
            if folder and isinstance(said.get("name"), str):
                packages[said["name"]] = folder
        elif found := _patterns(folder, said):
            paths[folder] = found
    return {"go": go, "paths": paths, "packages": packages}


@lru_cache(2)
def aliases_from(stored: str) -> Aliases:
    """What `read_aliases` found, from the store's text."""
    return Aliases(**json.loads(stored)) if stored else Aliases()


def _patterns(folder: str, config: dict[str, Any]) -> dict[str, list[str]]:
    options: object = config.get("compilerOptions")
    if not isinstance(options, dict):
        return {}
    said = cast("dict[str, Any]", options)
    base = said.get("baseUrl")
    listed: object = said.get("paths")
    root = _normal(folder, base if isinstance(base, str) else ".")
    found: dict[str, list[str]] = {}
    if isinstance(listed, dict):
        for pattern, targets in cast("dict[str, Any]", listed).items():
            if isinstance(targets, list):
                places = [_normal(root, t) for t in cast("list[Any]", targets) if isinstance(t, str)]
                found[pattern] = [place for place in places if not place.startswith("..")]
    if isinstance(base, str):
        found["*"] = [*found.get("*", ()), _normal(root, "*")]
    return found


def _json(data: bytes) -> dict[str, Any]:
    """An object of a file that may have comments and last commas, as these files do."""
    text = _STRING_OR_COMMENT.sub(lambda match: match[1] or "", data.decode("utf-8", "replace"))
    try:
        value: object = json.loads(_LAST_COMMA.sub(r"\1", text))
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _normal(folder: str, place: str) -> str:
    return posixpath.normpath(f"{folder}/{place}" if folder else place).removeprefix("./")


def _inside(folder: str, root: str) -> str | None:
    if not root:
        return folder
    return folder[len(root) :].lstrip("/") if f"{folder}/".startswith(f"{root}/") else None


def _joined(module: str, inner: str | None) -> str | None:
    return None if inner is None else f"{module}/{inner}" if inner else module
