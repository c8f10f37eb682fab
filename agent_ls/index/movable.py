"""What can be moved by itself: one definition at a module's top, with all that belongs to it. Worker processes only."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Callable, Iterator, Sequence

from tree_sitter import Node

from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.index.actions import SCRIPTS
from agent_ls.index.bindings import statements
from agent_ls.index.extract import facts_of, parse
from agent_ls.index.facts import FileFacts
from agent_ls.index.moved import Moved, Refusal, block_of
from agent_ls.index.moved_helpers import with_helpers
from agent_ls.index.names import language_of
from agent_ls.index.occurrences import Role, occurrences
from agent_ls.index.script_exports import listings, shown_as

Read = Callable[[RelPath], bytes | None]

_OWN_NAMES = ("__file__", "__name__", "__package__", "__spec__", "__path__", "__dirname", "__filename")
_OWN_CALLS = ("globals", "locals", "eval", "exec")
_NAMED = 3
_BUILTINS = frozenset({*dir(builtins), *keyword.kwlist, *keyword.softkwlist})


def from_the_top(read: Read, path: RelPath, offset: int) -> Moved:
    """The definition whose name is at an offset.

    Raises:
        Refusal: there is none that can be moved by itself.
    """
    data, language = read(path), language_of(path) or ""
    if data is None:
        raise Refusal(f"{path} cannot be read")
    tree = parse(data, language)
    if tree.root_node.has_error:
        raise Refusal(f"{path} has syntax errors: what it uses cannot be told")
    facts = facts_of(data, language, tree, names=False)
    own = next((d for d in facts.definitions if d.name_span.start <= offset <= d.name_span.end), None)
    node = next((n for n in tree.root_node.named_children if n.start_byte <= offset < n.end_byte), None)
    if own is None or node is None:
        raise Refusal("There is no definition at this place: put the cursor on the name where it is defined")
    if own.container and language != "go":
        raise Refusal(
            f"`{own.name}` is part of `{own.container}`: only what stands at a file's top can be moved"
        )
    nodes = _together(data, facts, tree.root_node, node, own.name, language)
    _check_alone(data, facts, nodes[-1], own.name, language)
    block = Span(block_of(data, nodes[0]).start, block_of(data, nodes[-1]).end)
    moved = Moved(
        read, path, data, language, tree, facts, tuple(statements(data, tree, language)),
        own.name, own.kind, Span(nodes[0].start_byte, nodes[-1].end_byte), block,
    )  # fmt: skip
    _check_own_place(moved)
    _check_set_once(moved)
    if language == "python" and any(b.name == "*" for s in moved.statements for b in s.bindings):
        _check_known(moved)
    return with_helpers(moved)


def _together(
    data: bytes, facts: FileFacts, root: Node, node: Node, name: str, language: str
) -> Sequence[Node]:
    """The definition with its overloads, which stand right above it."""
    spans = [d.name_span for d in facts.definitions if d.name == name and not d.container]
    nodes = [n for n in root.named_children if any(n.start_byte <= s.start < n.end_byte for s in spans)]
    if len(nodes) < 2 or language == "go":
        if len(spans) > 1 and language != "go":
            raise Refusal(f"`{name}` is defined more than once")
        return [node]
    between = [n for n in root.named_children if nodes[0].start_byte < n.start_byte < nodes[-1].start_byte]
    apart = [n for n in between if n not in nodes and n.type != "comment"]
    if apart or not all(_is_overload(data, n, language) for n in nodes[:-1]):
        raise Refusal(f"`{name}` is defined more than once")
    return nodes


def _is_overload(data: bytes, node: Node, language: str) -> bool:
    if language == "python":
        marks = [n for n in node.named_children if n.type == "decorator"]
        return any(data[n.start_byte : n.end_byte].rstrip().endswith(b"overload") for n in marks)
    declared = node.child_by_field_name("declaration") or node
    return declared.type == "function_signature"


_STATEMENTS = frozenset(
    {
        "function_definition",
        "class_definition",
        "decorated_definition",
        "expression_statement",
        "type_alias_statement",
    }
)


def _check_alone(data: bytes, facts: FileFacts, node: Node, name: str, language: str) -> None:
    if language == "python" and node.type not in _STATEMENTS:
        raise Refusal(f"`{name}` is defined under a condition")
    tops = [d for d in facts.definitions if not d.container or language == "go"]
    inside = [d for d in tops if node.start_byte <= d.name_span.start < node.end_byte]
    others = list(dict.fromkeys(d.name for d in inside if d.name != name and not d.container))
    if others:
        more = f" and {len(others) - _NAMED} others" if len(others) > _NAMED else ""
        raise Refusal(f"`{name}` is defined together with {', '.join(others[:_NAMED])}{more}")
    text = data[node.start_byte : node.end_byte]
    if language == "python" and re.match(rb"\w+\s*(?:,|(?::[^=]*)?=[^=\n]*[^=!<>\n]=[^=])", text):
        together = any(n.type in ("assignment", "pattern_list") for n in _assigned(node))
        if together:
            raise Refusal(f"`{name}` is defined together with others")
    if language in SCRIPTS:
        _check_script(data, text, name, language)
    if language == "go" and name in ("init", "main", "_"):
        raise Refusal(f"`{name}` belongs to its file")


def _check_script(data: bytes, text: bytes, name: str, language: str) -> None:
    if re.match(rb"export\s+default\b", text) or re.search(
        rb"\bexport\s+default\s+" + re.escape(name.encode()) + rb"\b", data
    ):
        raise Refusal(f"`{name}` is what its file exports by default")
    if re.search(rb"\brequire\s*\(|\bmodule\.exports\b|\bexports\.", data):
        raise Refusal("Moving is known for `import` and `export`, not for `require`")
    other = next((shown for n in listings(data, language, name) if (shown := shown_as(data, n)) != name), "")
    if other:
        raise Refusal(f"`{name}` is exported as `{other}`; export it where it is defined")


def _check_own_place(moved: Moved) -> None:
    """Code that asks where it stands means another thing elsewhere."""
    called = [n for n in _OWN_CALLS if _calls(moved, n)]
    if called or any(moved.inside(name) for name in _OWN_NAMES) or b"import.meta" in moved.text:
        raise Refusal(f"`{moved.name}` speaks of the file that it stands in")


def _check_set_once(moved: Moved) -> None:
    """What is set again elsewhere in its file is another thing there once it is imported."""
    name, (start, end) = re.escape(moved.name.encode()), (moved.block.start, moved.block.end)
    if moved.language == "python":
        classes = [d.span for d in moved.facts.definitions if d.kind == "class"]
        again = re.search(rb"\bglobal\s[^\n#]*\b" + name + rb"\b", moved.data) is not None or any(
            p.role is Role.BOUND
            and not p.scopes
            and not start <= p.span.start < end
            and not any(c.start < p.span.start < c.end for c in classes)
            for p in occurrences(moved.data, moved.tree, moved.name)
        )
    elif moved.language in SCRIPTS and re.match(
        rb"(?:export\s+)?(?:let|var)\b", moved.data[moved.node.start : end]
    ):
        sets = rb"(?:\+\+|--)\s*%b\b|(?<![\w$.])%b\s*(?:\+\+|--|[-+*/%%&|^?<>]*=(?![=>]))" % (name, name)
        again = re.search(sets, moved.data[:start] + b"\n" + moved.data[end:]) is not None
    else:
        again = False
    if again:
        raise Refusal(f"`{moved.name}` is set again in {moved.path}: there it would be another one then")


def _calls(moved: Moved, name: str) -> bool:
    return any(
        moved.block.start <= place.span.start < moved.block.end
        and moved.data[place.span.end :].lstrip()[:1] == b"("
        and (name != "locals" or not place.scopes)
        for place in moved.places(name)
    )


def _check_known(moved: Moved) -> None:
    """Nothing of what the text uses may come from a module that the file takes as a whole."""
    words = {w.decode("utf-8", "replace") for w in re.findall(rb"[^\W\d]\w*", moved.text)}
    for name in sorted(words - _BUILTINS - {moved.name}):
        if moved.inside(name) and not moved.is_there(name):
            raise Refusal(
                f"{moved.path} imports everything of a module: where `{name}` comes from cannot be told"
            )


def _assigned(node: Node) -> Iterator[Node]:
    """Both sides of an assignment."""
    inner = node.named_children[0] if node.named_children else None
    for field in ("left", "right"):
        side = inner.child_by_field_name(field) if inner is not None else None
        if side is not None:
            yield side
