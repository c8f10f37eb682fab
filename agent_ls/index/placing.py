"""Where a new import goes, and how it is written, so that it looks as if it had always stood there.

Worker processes only.
"""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

from tree_sitter import Node, Tree

from agent_ls.core.edits import TextEdit
from agent_ls.core.text import Span
from agent_ls.index.actions import SCRIPTS
from agent_ls.index.bindings import Statement, statements, whole_lines
from agent_ls.index.occurrences import Role, occurrences


@final
@dataclass(frozen=True, slots=True)
class Wanted:
    """An import that is to be there.

    ``name``: what is taken out of ``module``; empty: the module itself; ``default`` and ``*`` as in
    `bindings.Binding`. ``local``: what it is to be called. ``typed``: a type, nothing that runs.
    """

    module: str
    name: str
    local: str
    typed: bool = False

    def text(self, language: str) -> str:
        """The statement, as a person would write it."""
        renamed = f"{self.name} as {self.local}" if self.name not in ("", self.local) else self.name
        match language:
            case "python" if self.name:
                return f"from {self.module} import {renamed}"
            case "python":
                own = self.module.partition(".")[0] == self.local
                return f"import {self.module}" if own else f"import {self.module} as {self.local}"
            case "go":
                own = self.module.rpartition("/")[2] == self.local
                return f'import "{self.module}"' if own else f'import {self.local} "{self.module}"'
            case "java":
                return f"import {self.module}.{self.name};"
            case "rust":
                return f"use {self.module}::{renamed};" if self.module else f"use {renamed};"
            case _:
                what = {"default": self.local, "*": f"* as {self.local}"}.get(self.name, f"{{ {renamed} }}")
                return f'import {"type " if self.typed else ""}{what} from "{self.module}";'


def placed(
    data: bytes, tree: Tree, language: str, wanted: Wanted, is_local: Callable[[str], bool] = lambda _: False
) -> TextEdit:
    """The edit that adds an import.

    A statement of the same module takes the name, in its order where it has one; else a new one is
    put into its group (standard library, others, the project, relative), in order where that has one.
    """
    uses = (p.span.start for p in occurrences(data, tree, wanted.local) if p.role is Role.PLAIN)
    first = next(uses, len(data))  # an import further down would come too late
    found = statements(data, tree, language)
    top = [s for s in found if s.node.parent == tree.root_node and s.span.start < first]
    for statement in top:
        edit = joined(data, statement, language, wanted)
        if edit is not None:
            return edit
    if language == "go" and (edit := _go_line(data, top, wanted)) is not None:
        return edit
    return _new_statement(data, tree, language, wanted, top, is_local)


def joined(data: bytes, statement: Statement, language: str, wanted: Wanted) -> TextEdit | None:
    """The name put into a statement that takes others out of the same module."""
    if statement.module != wanted.module or wanted.name in ("", "*"):
        return None
    item = wanted.name if wanted.name == wanted.local else f"{wanted.name} as {wanted.local}"
    if language == "python":
        members = list(statement.node.children_by_field_name("name"))
        return _among(data, members, item) if members else None
    if language not in SCRIPTS or (statement.typed and not wanted.typed):
        return None
    clause = next((c for c in statement.node.named_children if c.type == "import_clause"), None)
    if clause is None or wanted.name == "default" or statement.typed != wanted.typed:
        return None
    parts = {part.type: part for part in clause.named_children}
    if (named := parts.get("named_imports")) is not None:
        if not named.named_children:
            return TextEdit(Span(*named.byte_range), f"{{ {item} }}".encode())
        return _among(data, [n for n in named.named_children if n.type == "import_specifier"], item)
    if "identifier" in parts and "namespace_import" not in parts and not statement.typed:
        end = parts["identifier"].end_byte
        return TextEdit(Span(end, end), f", {{ {item} }}".encode())
    return None


def _among(data: bytes, members: Sequence[Node], item: str) -> TextEdit:
    texts = [data[n.start_byte : n.end_byte].decode("utf-8", "replace") for n in members]
    key = next((key for key in (_as_written, _folded, _by_case) if texts == sorted(texts, key=key)), None)
    at = len(texts) if key is None else sum(key(text) <= key(item) for text in texts)
    raw = item.encode()
    if b"\\" in data[members[0].start_byte : members[-1].end_byte] or _goes_on(data, members[0].start_byte):
        glued = (
            (members[at].start_byte, raw + b", ")
            if at < len(members)
            else (members[-1].end_byte, b", " + raw)
        )
        return TextEdit(Span(glued[0], glued[0]), glued[1])
    lines = len(members) > 1 and b"\n" in data[members[0].end_byte : members[1].start_byte]
    if not lines and len(members) == 1:
        start = data.rfind(b"\n", 0, members[0].start_byte) + 1
        lines = start > 0 and not data[start : members[0].start_byte].strip()
    if at < len(members):
        between = data[data.rfind(b"\n", 0, members[at].start_byte) : members[at].start_byte]
        glue = b"," + (between if lines and not between.strip() else b" ")
        return TextEdit(Span(members[at].start_byte, members[at].start_byte), raw + glue)
    end = members[-1].end_byte
    between = data[data.rfind(b"\n", 0, members[-1].start_byte) : members[-1].start_byte]
    return TextEdit(Span(end, end), b"," + (between if lines and not between.strip() else b" ") + raw)


def _goes_on(data: bytes, at: int) -> bool:
    """Whether the line of a place goes on one that ends with a backslash."""
    start = data.rfind(b"\n", 0, at) + 1
    return data[:start].rstrip(b"\r\n").endswith(b"\\")


def _as_written(text: str) -> tuple[int, str]:
    return 0, text


def _folded(text: str) -> tuple[int, str]:
    return 0, text.lower()


def _by_case(text: str) -> tuple[int, str]:
    """Constants, classes, functions: the usual order of a sorter of Python imports."""
    return (0 if text.isupper() and len(text) > 1 else 1 if text[:1].isupper() else 2), text


def _go_line(data: bytes, top: Sequence[Statement], wanted: Wanted) -> TextEdit | None:
    for statement in top:
        specs = next((c for c in statement.node.named_children if c.type == "import_spec_list"), None)
        if specs is None or not statement.bindings:
            continue
        line = wanted.text("go").removeprefix("import ")
        standard = "." not in wanted.module.partition("/")[0]
        kin = [b for b in statement.bindings if ("." not in b.module.partition("/")[0]) == standard]
        before = [b for b in kin if b.module < wanted.module]
        indent = b"\t"
        if kin and not before:
            at = kin[0].item.start
            return TextEdit(Span(at, at), line.encode() + b"\n" + indent)
        last = (before or list(statement.bindings))[-1].item
        end = data.find(b"\n", last.end)
        gap = b"" if kin else b"\n"
        return TextEdit(Span(end, end), gap + b"\n" + indent + line.encode())
    return None


def _new_statement(
    data: bytes,
    tree: Tree,
    language: str,
    wanted: Wanted,
    top: Sequence[Statement],
    is_local: Callable[[str], bool],
) -> TextEdit:
    newline = b"\r\n" if b"\r\n" in data else b"\n"
    line = _styled(data, wanted.text(language), top, language).encode() + newline
    if not top:
        return _first(data, tree, line, newline)
    groups = [_group(language, s.module, is_local) for s in top]
    own = _group(language, wanted.module, is_local)
    kin = [s for s, group in zip(top, groups, strict=True) if group == own]
    if kin:
        return _in_group(data, kin, line, wanted, language)
    spaced = len(set(groups)) == 1 or any(_gap(data, a, b) for a, b in itertools.pairwise(top))
    blank = newline if spaced and language == "python" else b""
    before = [s for s, group in zip(top, groups, strict=True) if group < own]
    if before:
        end = _behind(data, before[-1].span)
        ended = data[:end].endswith((b"\n", b"\r"))
        return TextEdit(Span(end, end), (b"" if ended else newline) + blank + line)
    start = whole_lines(data, top[0].span).start
    return TextEdit(Span(start, start), line + blank)


def _gap(data: bytes, first: Statement, second: Statement) -> bool:
    between = data[first.span.end : second.span.start]
    return not between.strip() and between.count(b"\n") > 1


def _in_group(data: bytes, kin: Sequence[Statement], line: bytes, wanted: Wanted, language: str) -> TextEdit:
    keys = [_key(language, s.module, plain=_is_plain(s, language)) for s in kin]
    own = _key(language, wanted.module, plain=language == "python" and not wanted.name)
    for skipped in (0, 1):  # with the plain imports first, or in one order
        if [k[skipped:] for k in keys] == sorted(k[skipped:] for k in keys):
            later = next((s for s, k in zip(kin, keys, strict=True) if k[skipped:] > own[skipped:]), None)
            if later is not None:
                start = whole_lines(data, later.span).start
                return TextEdit(Span(start, start), line)
            break
    end = _behind(data, kin[-1].span)
    ended = data[:end].endswith((b"\n", b"\r"))
    return TextEdit(Span(end, end), line if ended else b"\n" + line)


def _behind(data: bytes, span: Span) -> int:
    """Where the line after a statement begins, whatever stands behind it on its own."""
    end = whole_lines(data, span).end
    if data[:end].endswith((b"\n", b"\r")):
        return end
    following = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)").match(data, end)
    return end if following is None else following.end()


def _is_plain(statement: Statement, language: str) -> bool:
    return language == "python" and statement.node.type == "import_statement"


def _key(language: str, module: str, *, plain: bool) -> tuple[bool, str, str]:
    """Python: ``import a`` before ``from a import``; then by the module's name."""
    return (language == "python" and not plain, module.lower(), module)


def _group(language: str, module: str, is_local: Callable[[str], bool]) -> int:
    if language == "python":
        top = module.partition(".")[0]
        if module == "__future__":
            return 0
        if module.startswith("."):
            return 4
        return 1 if top in sys.stdlib_module_names else 3 if is_local(module) else 2
    if language in SCRIPTS:
        return 1 if module.startswith(".") else 0
    return 0


def _styled(data: bytes, text: str, top: Sequence[Statement], language: str) -> str:
    """A script's quotes and semicolons as the file has them."""
    if language not in SCRIPTS:
        return text
    near = b"".join(data[s.span.start : s.span.end] for s in top) or data
    if near.count(b"'") > near.count(b'"'):
        text = text.replace('"', "'")
    written = [data[s.span.start : s.span.end] for s in top]
    bare = not any(t.endswith(b";") for t in written) if written else b";" not in data and data.strip()
    if bare:
        text = text.removesuffix(";")
    if written and not any(re.search(rb"\{ ", t) for t in written) and any(b"{" in t for t in written):
        text = text.replace("{ ", "{").replace(" }", "}")
    return text


def _first(data: bytes, tree: Tree, line: bytes, newline: bytes) -> TextEdit:
    """The file's first import: behind its head comment, its documentation and its package."""
    at, seen = 0, False
    for node in tree.root_node.named_children:
        text = data[node.start_byte : node.end_byte]
        head = node.type.endswith("comment") or node.type in ("hash_bang_line", "inner_attribute_item")
        if node.type in ("package_clause", "package_declaration"):
            at, seen = node.end_byte, True
            break
        documents = node.type == "expression_statement" and text[:1] in b"'\"rR"
        if not head and not documents:
            break
        # A comment right above code speaks of that code; a shebang or a licence stands apart.
        after = data[node.end_byte :]
        if documents or text.startswith(b"#!") or re.match(rb"[ \t]*\r?\n[ \t]*\r?\n", after):
            at, seen = node.end_byte, True
    if not seen:
        bom = 3 if data.startswith(b"\xef\xbb\xbf") else 0
        rest = data[bom:]
        apart = rest.strip() and rest[:1] not in (b"\n", b"\r")
        return TextEdit(Span(bom, bom), line + (newline if apart else b""))
    end = data.find(b"\n", at)
    if end < 0:
        return TextEdit(Span(len(data), len(data)), newline * 2 + line)
    blank = re.compile(rb"[ \t]*\r?\n").match(data, end + 1) is not None
    return TextEdit(Span(end + 1, end + 1), newline + line + (b"" if blank else newline))
