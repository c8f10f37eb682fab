"""Names of languages and their files. Imports no grammar, so that every process may ask."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from functools import cache

from agent_ls.core.paths import RelPath, suffix

_BY_SUFFIX: Mapping[str, str] = {
    ".py": "python", ".pyi": "python",
    ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".jsx": "javascript",
    ".ts": "typescript", ".mts": "typescript", ".cts": "typescript", ".tsx": "tsx",
    ".go": "go",
    ".rs": "rust",
    ".java": "java",
    ".c": "c", ".h": "c",
    ".cc": "cpp", ".cpp": "cpp", ".cxx": "cpp", ".hh": "cpp", ".hpp": "cpp", ".hxx": "cpp",
    ".cs": "csharp",
    ".rb": "ruby", ".rake": "ruby", ".gemspec": "ruby",
    ".php": "php",
    ".sh": "bash", ".bash": "bash",
    ".kt": "kotlin", ".kts": "kotlin",
    ".scala": "scala", ".sc": "scala",
    ".swift": "swift",
    ".lua": "lua",
    ".ex": "elixir", ".exs": "elixir",
    ".json": "json",
    ".yaml": "yaml", ".yml": "yaml",
    ".toml": "toml",
    ".html": "html", ".htm": "html",
    ".vue": "vue",
    ".svelte": "svelte",
    ".css": "css",
    ".md": "markdown", ".markdown": "markdown",
    ".mk": "make",
}  # fmt: skip
_BY_NAME: Mapping[str, str] = {
    "Makefile": "make", "makefile": "make", "GNUmakefile": "make", "Rakefile": "ruby", "Gemfile": "ruby",
}  # fmt: skip

LANGUAGES: tuple[str, ...] = tuple(dict.fromkeys(_BY_SUFFIX.values()))

EXTRA: Mapping[str, str] = {
    "csharp": "tree_sitter_c_sharp",
    **{
        language: f"tree_sitter_{language}"
        for language in (
            *("ruby", "php", "bash", "kotlin", "scala", "swift", "lua", "elixir", "make"),
            *("json", "yaml", "toml", "html", "css", "markdown"),
        )
    },
    "vue": "tree_sitter_html",
    "svelte": "tree_sitter_html",
}
"""Languages with less than the whole range of facts, and the module that must be installed for each."""

DATA = frozenset({"json", "yaml", "toml", "html", "css", "markdown"})
"""Languages whose words are no code: names are defined there, but not used, and no search is ranked by them."""

HOSTS = frozenset({"html", "markdown", "vue", "svelte"})
"""Languages whose texts hold code of others (`embedded`): its facts are those of the text, too."""

MARKUP = frozenset({"element", "section"})
"""Kinds of definitions of hosts whose names stand in no code."""

COMPONENTS = frozenset({"vue", "svelte"})
"""Hosts whose files are modules: what their scripts import and define is the file's."""


@cache
def is_installed(language: str) -> bool:
    """Whether a language's grammar is there; looks for its module once, loads nothing."""
    module = EXTRA.get(language)
    return module is None or importlib.util.find_spec(module) is not None


def language_of(path: RelPath) -> str | None:
    """The language of a file by its name, ``None`` for one that is not indexed here.

    A ``.h`` is said to be C; `extract` looks at its text and may read it as C++.
    """
    language = _BY_SUFFIX.get(suffix(path)) or _BY_NAME.get(path.rpartition("/")[2])
    return language if language is not None and is_installed(language) else None


_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\x00-\x7f]+")


def words_of(name: str) -> list[str]:
    """A name's words in lower case: ``HTTPServer_v2`` gives http, server, 2; single letters are dropped."""
    return [word.lower() for word in _HUMP.findall(name) if len(word) > 1]


_TEST_PATH = re.compile(
    r"(^|/)(tests?|testing|__tests__|spec)/|(^|/)(test_[^/]*|[^/]*_test|[^/]*[._](?:test|spec)|[^/]+Tests?|conftest)\.\w+$"
)


def is_test(path: RelPath) -> bool:
    """Whether a path looks like a test, by the habits of the indexed languages."""
    return _TEST_PATH.search(path) is not None


def stem_of(path: RelPath) -> str:
    """The name by which other files import this one: its last part without extension.

    A package's own file (``__init__.py``, ``index.ts``, ``mod.rs``) goes by its folder's name.
    """
    folder, _, last = path.rpartition("/")
    stem = last.partition(".")[0]
    if stem in ("__init__", "index", "mod") and folder:
        return folder.rpartition("/")[2]
    return stem


def kin_stem(path: RelPath) -> str:
    """The name that a file, its test and its header share: ``test_parser.py`` gives ``parser``."""
    stem = stem_of(path)
    return re.sub(r"^tests?_|_tests?$|Tests?$|[._-](test|spec)$", "", stem) or stem
