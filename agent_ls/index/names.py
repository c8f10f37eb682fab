"""Names of languages, their files and their words. Imports no grammar, so that every process may ask."""

from __future__ import annotations

import re
from collections.abc import Mapping

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
}  # fmt: skip

LANGUAGES: tuple[str, ...] = tuple(dict.fromkeys(_BY_SUFFIX.values()))


def language_of(path: RelPath) -> str | None:
    """The language of a file by its name, ``None`` for one that is not indexed.

    A ``.h`` is said to be C; `extract` looks at its text and may read it as C++.
    """
    return _BY_SUFFIX.get(suffix(path))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_JS = _words(
    "async await break case catch class const continue debugger default delete do else export extends false "
    "finally for function if import in instanceof let new null of return static super switch this throw true "
    "try typeof undefined var void while with yield"
)
_TS = _JS | _words(
    "abstract any as asserts boolean declare enum implements infer interface is keyof namespace never number "
    "object private protected public readonly satisfies string symbol type unknown"
)
_C = _words(
    "auto break case char const continue default do double else enum extern float for goto if inline int long "
    "register restrict return short signed sizeof static struct switch typedef union unsigned void volatile "
    "while define include ifdef ifndef endif undef pragma elif defined"
)

KEYWORDS: Mapping[str, frozenset[str]] = {
    "python": _words(
        "False None True and as assert async await break class continue def del elif else except finally for "
        "from global if import in is lambda nonlocal not or pass raise return try while with yield"
    ),
    "javascript": _JS,
    "typescript": _TS,
    "tsx": _TS,
    "go": _words(
        "break case chan const continue default defer else fallthrough for func go goto if import interface map "
        "package range return select struct switch type var nil true false"
    ),
    "rust": _words(
        "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match "
        "mod move mut pub ref return self Self static struct super trait true type unsafe use where while"
    ),
    "java": _words(
        "abstract assert boolean break byte case catch char class const continue default do double else enum "
        "extends final finally float for goto if implements import instanceof int interface long native new "
        "package private protected public return short static strictfp super switch synchronized this throw "
        "throws transient try void volatile while true false null"
    ),
    "c": _C,
    "cpp": _C
    | _words(
        "bool catch class constexpr const_cast decltype delete dynamic_cast explicit export false final friend "
        "mutable namespace new noexcept nullptr operator override private protected public reinterpret_cast "
        "static_assert static_cast template this throw true try typeid typename using virtual"
    ),
}
"""Words of a language that are never names: left out of references, refused as a new name."""

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
