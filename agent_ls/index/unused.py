"""Remove the imports that a file does not use, cautiously: what may be there for another reason stays and is listed.

A name is unused only if nothing in the file can be it: no code, no annotation in a string, no
``__all__``, no documentation that the language's tools read; and no other file takes it from here.
Worker processes only.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import final

from tree_sitter import Node, Tree

from agent_ls.core.edits import ChangeSet, FileChange, TextEdit, apply_text_edits
from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex, Span
from agent_ls.index.actions import IMPORTING, SCRIPTS, ActionPlan, Left, refused
from agent_ls.index.bindings import Binding, Statement, statements, taken_away
from agent_ls.index.extract import ParseTimeoutError, parse
from agent_ls.index.imports import means
from agent_ls.index.names import is_test, language_of, stem_of
from agent_ls.index.occurrences import Role, occurrences
from agent_ls.index.query import Index

Read = Callable[[RelPath], bytes | None]

_DYNAMIC = re.compile(rb"\b(?:globals|locals|vars|eval|exec)\s*\(|sys\.modules\[__name__\]")
_EFFECTS = frozenset({"readline", "rlcompleter", "antigravity", "this", "site", "sitecustomize"})
_NOTED = re.compile(
    rb"noqa|type:\s*ignore|pylint|pyright|nosort|isort|eslint-disable|@ts-|NOLINT|nolint|noinspection"
)
_CHILDREN = 500
_RUST_TYPES = re.compile(r"std::(?:collections|path|sync|rc|cell|time|cmp|ffi|num|ops::Range)(?:::|$)")


@final
@dataclass(frozen=True, slots=True)
class _File:
    path: RelPath
    data: bytes
    language: str
    tree: Tree
    imports: Sequence[Statement]


def remove_unused_imports(
    index: Index,
    read: Read,
    path: RelPath,
    *,
    also: Iterable[RelPath] = (),
    only: Collection[str] | None = None,
) -> ActionPlan:
    """Plan the removal of every import of a file that is used nowhere.

    Args:
        index: Says which files import this one.
        read: Text of now, unsaved text and drafts included; ``None`` for what is not there.
        path: The file to tidy.
        also: Files whose text of now the index has not seen: they may take a name from here.
        only: No other names than these.

    About 1 ms per 250 lines of the file and of those that import it.
    """
    data, language = read(path), language_of(path)
    if data is None or language not in IMPORTING:
        return refused(f"Imports are not known for {language or path}")
    try:
        tree = parse(data, language)
    except ParseTimeoutError:
        return refused(f"{path} cannot be parsed")
    file = _File(path, data, language, tree, statements(data, tree, language))
    if tree.root_node.has_error:
        return refused(f"{path} has syntax errors: what it uses cannot be told")
    reason = _hands_off(file)
    if reason:
        return refused(reason)
    wanted = [(s, b) for s in file.imports for b in s.bindings if only is None or b.local in only]
    unused = [(s, b) for s, b in wanted if not _used(file, b)]
    takers = _Takers(index, read, file, also)
    doubts = {b: why for s, b in unused if (why := _doubt(file, s, b, index) or takers.doubt(b))}
    doubts |= _emptied(file, {b for _, b in unused} - doubts.keys())
    return _plan(file, unused, doubts)


def _plan(file: _File, unused: Sequence[tuple[Statement, Binding]], doubts: dict[Binding, str]) -> ActionPlan:
    lines = LineIndex(file.data)
    edits: list[TextEdit] = []
    for statement in file.imports:
        gone = [b for s, b in unused if s is statement and b not in doubts]
        if not gone:
            continue
        made = taken_away(file.data, statement, gone)
        if made is None:
            doubts |= dict.fromkeys(gone, "a comment stands among the names")
        else:
            edits += made
    left = tuple(
        Left(file.path, lines.line_of(b.item.start) + 1, f"`{b.local}` is not used, but {why}")
        for b, why in doubts.items()
    )
    if not edits:
        return refused(f"{file.path} has no import that is surely unused", left)
    removed = [b.local for _, b in unused if b not in doubts]
    after = apply_text_edits(file.data, _closed_up(file.data, sorted(edits, key=lambda edit: edit.span)))
    change = FileChange(file.path, file.data, after)
    return ActionPlan(
        ChangeSet.of([change]), f"Removed unused imports from {file.path}: {', '.join(removed)}.", left
    )


def _closed_up(data: bytes, edits: Sequence[TextEdit]) -> list[TextEdit]:
    """Blank lines on both sides of what goes become those of one side."""
    joined: list[TextEdit] = []
    for edit in edits:
        if joined and joined[-1].span.end == edit.span.start and not joined[-1].new:
            joined[-1] = TextEdit(Span(joined[-1].span.start, edit.span.end), edit.new)
        else:
            joined.append(edit)
    return [_without_gap(data, edit) for edit in joined]


def _without_gap(data: bytes, edit: TextEdit) -> TextEdit:
    start, end = edit.span.start, edit.span.end
    if edit.new or not data[start:end].endswith((b"\n", b"\r")):
        return edit
    following = re.compile(rb"(?:[ \t]*(?:\r\n|\n|\r))+").match(data, end)
    if start == 0:
        return TextEdit(Span(0, following.end() if following else end), b"")
    before = re.search(rb"(?:\r\n|\n)((?:[ \t]*(?:\r\n|\n))+)\Z", data[max(0, start - 200) : start])
    if before is None or (following is None and end < len(data)):
        return edit
    return TextEdit(Span(start - len(before[1]), end), b"")


def _emptied(file: _File, gone: Collection[Binding]) -> dict[Binding, str]:
    """What must stay because without it a block of Python would be empty."""
    if file.language != "python":
        return {}
    whole = {
        s.node.id: s for s in file.imports if s.parent != "module" and gone and set(s.bindings) <= set(gone)
    }
    found: dict[Binding, str] = {}
    for statement in whole.values():
        block = statement.node.parent
        beside = [] if block is None else [n for n in block.named_children if n.type != "comment"]
        if all(node.id in whole for node in beside):
            found |= dict.fromkeys(statement.bindings, "nothing else stands in its block")
    return found


def _hands_off(file: _File) -> str:
    name = file.path.rpartition("/")[2]
    if name in ("__init__.py", "__init__.pyi", "conftest.py"):
        return f"What {name} imports is there for other files to find"
    if name.endswith((".pyi", ".d.ts")):
        return f"What {name} imports, others may take from it"
    if file.language == "python" and _DYNAMIC.search(file.data):
        return f"{file.path} looks names up while it runs (globals, eval): what it uses cannot be told"
    return ""


def _used(file: _File, binding: Binding) -> bool:
    """Whether any place in the file can be this name. In doubt: yes."""
    if binding.local in ("", "*", "_", ".") or binding.module == "__future__":
        return True
    if file.language in SCRIPTS and binding.local in ("React", "h") and re.search(rb"</|/>", file.data):
        return True  # elements become calls of it
    for place in occurrences(file.data, file.tree, binding.local):
        if any(s.span.start <= place.span.start < s.span.end for s in file.imports):
            continue
        match place.role:
            case Role.MEMBER:
                if place.receiver == "?":
                    return True
            case Role.LABEL | Role.IMPORT:
                continue
            case Role.TEXT:
                node = file.tree.root_node.descendant_for_byte_range(place.span.start, place.span.end)
                if node is not None and _text_means(file, node):
                    return True
            case _:
                return True
    return False


def _text_means(file: _File, node: Node) -> bool:
    """Whether a name in a comment or string can be read by a tool as the name it is."""
    around: Node | None = node
    while around is not None and around.type not in ("string", "comment", "block_comment", "line_comment"):
        around = around.parent
    if around is None:
        return True
    text = file.data[around.start_byte : around.end_byte]
    if around.type != "string":
        if file.language == "python":
            return b"type:" in text
        return text.startswith((b"/**", b"///", b"//!")) or b"@jsx" in text
    if file.language != "python":
        return False
    parent = around.parent
    documents = parent is not None and parent.type == "expression_statement"
    return not documents or b">>>" in text


def _doubt(file: _File, statement: Statement, binding: Binding, index: Index) -> str:
    """Why an unused import may be wanted all the same; empty: it may go."""
    end = file.data.find(b"\n", statement.span.end)
    lines = file.data[statement.span.start : end if end >= 0 else len(file.data)]
    if _NOTED.search(lines):
        return "a note for a tool stands there"
    match file.language:
        case "python":
            return _doubt_python(file, statement, binding) or _loads(file, binding, index)
        case "go":
            return _doubt_go(binding)
        case "rust":
            return _doubt_rust(statement, binding, index)
        case "java":
            return ""
        case _:
            return _doubt_script(file, statement, binding)


def _doubt_python(file: _File, statement: Statement, binding: Binding) -> str:
    item = file.data[binding.item.start : binding.item.end]
    if binding.module in _EFFECTS:
        return "importing it has an effect"
    if b" as " in item and binding.local == (binding.name or binding.module):
        return "its alias says that it is there for others"
    parents = list(_ancestors(statement.node))
    if any(
        n.type in ("try_statement", "except_clause", "with_statement", "class_definition") for n in parents
    ):
        return "it stands where it may be a trial"
    if statement.parent != "module" and statement.alone:
        return "nothing else stands in its block"
    if not binding.name and "." in binding.module and binding.local == binding.module.partition(".")[0]:
        return "loading a submodule has an effect"
    if not binding.name and binding.module not in sys.stdlib_module_names and statement.parent != "module":
        return "loading a module here may be meant"
    if is_test(file.path) and _is_parameter(file, binding.local):
        return "a test may take it as a fixture"
    return ""


def _loads(file: _File, binding: Binding, index: Index) -> str:
    """Whether a module of the project is loaded, which may register something."""
    names = (binding.name,) if binding.name else ()
    last = (binding.name or binding.module).rpartition(".")[2]
    ends = (f"/{last}.py", f"/{last}/__init__.py")
    if any(
        f"/{p}".endswith(ends) and means("python", file.path, binding.module, names, p) for p in index.files()
    ):
        return "loading a module of the project may be meant: it has an effect"
    return ""


def _is_parameter(file: _File, name: str) -> bool:
    return any(p.role is Role.BOUND for p in occurrences(file.data, file.tree, name))


_ASSET = re.compile(r"\.(?!(?:[cm]?[jt]sx?|json)$)[a-z]+\d?(?:\?\w*)?$")
"""What a bundler loads beside code: styles, pictures. A name like ``./user.model`` is taken for one, too."""


def _doubt_script(file: _File, statement: Statement, binding: Binding) -> str:
    declared = rb"declare\s+module\s+[\"']" + re.escape(binding.module.encode()) + rb"[\"']"
    if re.search(declared, file.data):
        return "the file adds to that module"
    if _ASSET.search(binding.module):
        return "loading it may be meant: it is no code"
    others = [s for s in file.imports if s is not statement]
    if not others and not re.search(rb"^\s*export\b", file.data, re.MULTILINE):
        return "without it the file is a script and no module"
    return ""


_GO_STANDARD = re.compile(
    r"(?:archive|bufio|bytes|cmp|compress|container|context|crypto|database|debug|embed|encoding|errors|expvar|flag"
    r"|fmt|go|hash|html|image|index|io|iter|log|maps|math|mime|net|os|path|plugin|reflect|regexp|runtime|slices|sort"
    r"|strconv|strings|structs|sync|syscall|testing|text|time|unicode|unique|unsafe|weak)(?:/[a-z0-9]+)*$"
)


def _doubt_go(binding: Binding) -> str:
    if binding.module == "C":
        return "it is no package"
    if not _GO_STANDARD.match(binding.module) or re.search(r"/v\d+$", binding.module):
        return "its package may go by another name"
    return ""


def _doubt_rust(statement: Statement, binding: Binding, index: Index) -> str:
    if any(child.type == "visibility_modifier" for child in statement.node.children):
        return "it is passed on to other files"
    before = statement.node.prev_named_sibling
    if before is not None and before.type == "attribute_item":
        return "an attribute stands before it"
    if _RUST_TYPES.match(f"{binding.module}::{binding.name}"):
        return ""
    kinds = {hit.definition.kind for hit in index.definitions(binding.name or binding.local, limit=20)}
    if kinds and kinds <= {"struct", "function", "enum", "type", "constant"}:
        return ""
    return "its methods may be used (it may be a trait)"


def _ancestors(node: Node) -> Iterator[Node]:
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


@final
class _Takers:
    """Files that import this one and may take a name out of it that it only imports itself."""

    def __init__(self, index: Index, read: Read, file: _File, also: Iterable[RelPath]) -> None:
        self._file = file
        self._texts: list[tuple[RelPath, bytes, list[Statement]]] | None = None
        self._index = index
        self._read = read
        self._also = also

    def doubt(self, binding: Binding) -> str:
        """Who may take the name from here; scripts, Go and Java say so in the file itself."""
        if self._file.language not in ("python", "rust"):
            return ""
        name = binding.local.encode()
        if self._file.language == "rust" and (child := self._child(binding.local)):
            return f"{child} may take it from here"
        for path, data, imports in self._importers():
            if name in data and self._takes(path, data, imports, binding.local):
                return f"{path} may take it from here"
        return ""

    def _child(self, local: str) -> str:
        """A module below this one that takes the name: what a module imports, its children see."""
        folder, _, last = self._file.path.rpartition("/")
        whole = last in ("lib.rs", "main.rs", "mod.rs")
        below = (f"{folder}/" if folder else "") if whole else f"{self._file.path.removesuffix('.rs')}/"
        word = re.escape(local.encode())
        taken = re.compile(
            rb"\b(?:super|crate)\s*::\s*(?:\w+\s*::\s*)*(?:\{[^;]*?)?(?:\*|\b" + word + rb"\b)"
        )
        for path in dict.fromkeys([*self._index.files_with(local, _CHILDREN), *self._also]):
            data = self._read(path) if path.startswith(below) and path.endswith(".rs") else None
            if data is not None and path != self._file.path and local.encode() in data and taken.search(data):
                return path
        return ""

    def _takes(self, path: RelPath, data: bytes, imports: Sequence[Statement], local: str) -> bool:
        here = self._file
        separator = rb"::" if here.language == "rust" else rb"\."
        for item in (b for s in imports for b in s.bindings):
            names = (item.name,) if item.name not in ("", "*") else ()
            near = stem_of(here.path) in re.split(r"\.|::", item.module) or item.module.endswith("super")
            if not near and not means(here.language, path, item.module, names, here.path):
                continue
            if item.name in (local, "*"):
                return True
            if re.search(separator + re.escape(local.encode()) + rb"\b", data):
                return True
        return False

    def _importers(self) -> list[tuple[RelPath, bytes, list[Statement]]]:
        if self._texts is None:
            self._texts = []
            here = self._file
            for path in dict.fromkeys([*self._index.importers(here.path), *self._also]):
                data = self._read(path)
                if path == here.path or data is None or language_of(path) != here.language:
                    continue
                try:
                    tree = parse(data, here.language)
                except ParseTimeoutError:
                    continue
                self._texts.append((path, data, statements(data, tree, here.language)))
        return self._texts
