"""Grammars and their queries, loaded at first use, once per process. Worker processes only."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

from tree_sitter import Language, Parser, Query

from agent_ls.index.names import COMPONENTS, DATA, EXTRA, HOSTS, is_installed

_GRAMMARS: Mapping[str, tuple[str, str]] = {
    "python": ("tree_sitter_python", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "go": ("tree_sitter_go", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "java": ("tree_sitter_java", "language"),
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    **{language: (module, "language") for language, module in EXTRA.items()},
    "php": ("tree_sitter_php", "language_php"),
}
"""Module and function of the official wheel that holds each grammar."""

_QUERY_FILES: Mapping[str, tuple[str, ...]] = {
    "typescript": ("javascript", "typescript"),
    "tsx": ("javascript", "typescript", "jsx"),
    "javascript": ("javascript", "javascript-only", "jsx"),
    "cpp": ("c", "cpp"),
}
"""Query files of a language that shares patterns with another; the others have one of their own name."""

_TEXT = re.compile(r"\([\w ()]+\) @(?:comment|opaque)$")
"""Lines of a query file about what holds no code: each stands alone on its line."""


@cache
def grammar(language: str) -> Language:
    """A language's grammar.

    Raises:
        KeyError: the language is not indexed.
        ImportError: its wheel is not installed.
    """
    module, function = _GRAMMARS[language]
    pointer: object = getattr(importlib.import_module(module), function)()
    return Language(pointer)


def missing() -> dict[str, str]:
    """Languages whose grammar cannot be loaded here, with the reason: for ``doctor``."""
    problems: dict[str, str] = {}
    for language in filter(is_installed, _GRAMMARS):
        try:
            grammar(language)
        except (ImportError, AttributeError, ValueError, RuntimeError) as error:
            problems[language] = str(error)
    return problems


def lacking() -> dict[str, list[str]]:
    """What is not found in which languages (``all`` where none is installed): for ``doctor``."""
    found: dict[str, list[str]] = {}
    for language in _GRAMMARS:
        source = "\n".join(_source(language))
        wanted = {
            "all": is_installed(language),
            "definitions": "@def." in source or language in COMPONENTS,
            "references": language not in DATA - HOSTS,
            "imports": "@import" in source,
            "comments": "@comment" in source,
        }
        for name in [name for name, is_there in wanted.items() if not is_there][
            : 1 if not wanted["all"] else 9
        ]:
            found.setdefault(name, []).append(language)
    return found


@cache
def query(language: str) -> Query:
    """What `extract` asks of a tree about definitions and imports, as one compiled query."""
    return Query(grammar(language), "\n".join(line for line in _source(language) if not _TEXT.match(line)))


@cache
def text_query(language: str) -> Query:
    """What holds no code: comments, strings. Asked for as a whole, it costs a third of match by match."""
    return Query(grammar(language), "\n".join(line for line in _source(language) if _TEXT.match(line)))


def _source(language: str) -> list[str]:
    folder = resources.files("agent_ls.index") / "queries"
    names = _QUERY_FILES.get(language, (language,))
    return "\n".join((folder / f"{name}.scm").read_text(encoding="utf-8") for name in names).split("\n")


def parser(language: str) -> Parser:
    """A new parser; cheap."""
    return Parser(grammar(language))
