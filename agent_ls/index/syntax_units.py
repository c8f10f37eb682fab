"""A syntax node as a sequence of units: what a three-way merge of trees moves about.

A unit is a child of the node together with what belongs to it: comments and attributes above it,
the ``;`` and the comment behind it. Commas of a list belong to nobody; they are set again when
the list is written. Between units there is nothing but blanks.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import final

from tree_sitter import Node

from agent_ls.index.tokens import leaves

_COMMENTS = frozenset(["comment", "line_comment", "block_comment"])
_ABOVE = _COMMENTS | {"attribute_item"}

IMPORTS = frozenset(
    [
        *("import_statement", "import_from_statement", "future_import_statement", "import_declaration"),
        *("use_declaration", "preproc_include", "import_spec"),
    ]
)
_DEFINITIONS = frozenset(
    [
        *(
            "function_definition",
            "class_definition",
            "function_declaration",
            "generator_function_declaration",
        ),
        *("class_declaration", "abstract_class_declaration", "method_definition", "interface_declaration"),
        *("type_alias_declaration", "enum_declaration", "method_declaration", "constructor_declaration"),
        *("record_declaration", "annotation_type_declaration", "function_item", "struct_item", "enum_item"),
        *("trait_item", "mod_item", "type_item", "macro_definition", "function_signature_item"),
        *("abstract_method_signature", "method_signature", "property_signature", "public_field_definition"),
    ]
)
_VALUES = frozenset(["const_item", "static_item", "lexical_declaration", "variable_declaration"])
_WRAPPERS = frozenset(["decorated_definition", "export_statement"])
_OVERLOADED = frozenset(["method_declaration", "constructor_declaration", "method_signature"])
_PAIRS = frozenset(["pair", "keyword_argument", "keyed_element", "field_initializer"])
_NOT_LAST = frozenset([".", "::", "as", "import"])
"""What follows a name in an import that is not the name it binds."""
_TESTS = frozenset([b"it", b"test", b"describe"])

_ROOTS = frozenset(["module", "program", "source_file", "translation_unit"])
_BODIES = frozenset(["class_body", "interface_body", "declaration_list", "object_type", "import_spec_list"])
_BLOCKS = frozenset(["block", "statement_block", "compound_statement", "statement_list"])
_LISTS = frozenset(
    [
        *("named_imports", "export_clause", "use_list", "dictionary", "object", "set", "list", "array"),
        *("argument_list", "arguments", "parameters", "formal_parameters", "parameter_list"),
        *("array_initializer", "initializer_list", "literal_value", "field_initializer_list"),
        *("import_from_statement",),
    ]
)
_NAME_LISTS = frozenset(["named_imports", "export_clause", "use_list", "import_from_statement", "set"])
_PARTED = frozenset(
    [
        *(_DEFINITIONS - {"property_signature", "public_field_definition"}),
        *("decorated_definition", "export_statement", "impl_item", "import_declaration"),
    ]
)
"""Nodes whose parts (name, parameters, body…) are changed independently of each other."""

_ROLES = ("name", "type_parameters", "parameters", "return_type", "type", "result", "body", "definition")

SEQUENCES = _ROOTS | _BODIES | _BLOCKS | _LISTS | _PARTED

Name = tuple[str, ...]


@final
@dataclass(frozen=True, slots=True)
class Unit:
    """A child with what belongs to it. Its text: ``head``, the node, (a comma), ``tail``.

    ``lead``: the blanks before it. ``name``: what makes it the same one wherever it stands, ``()``
    for what has no name. ``long_name``: with parameters, where names repeat. ``free``: its order
    among others that were added at the same place says nothing. ``item``: commas part it. ``part``:
    it has a role of its own (a name, a body), whatever happens to its neighbours.
    """

    lead: bytes
    head: bytes
    node: Node
    text: bytes
    tail: bytes
    name: Name = ()
    long_name: Name = ()
    free: bool = False
    item: bool = False
    part: bool = False

    @property
    def whole(self) -> bytes:
        return self.head + self.text + self.tail


@final
@dataclass(frozen=True, slots=True)
class Units:
    """A node's units; ``last_comma``: the last item has one behind it; ``end``: blanks after them."""

    units: tuple[Unit, ...]
    last_comma: bool
    end: bytes


def units_of(node: Node, data: bytes, start: int, end: int) -> Units | None:
    """The units of ``data[start:end]``, the text of ``node``; ``None`` for what has no such form."""
    commas = node.type in _LISTS
    found: list[Unit] = []
    above: list[Node] = []
    last_comma = False
    at = start
    children = [child for child in node.children if data[child.start_byte : child.end_byte].strip()]
    for index, child in enumerate(children):
        gap = data[(above[-1].end_byte if above else at) : child.start_byte]
        if gap.strip():
            return None
        if commas and child.type == ",":
            if above or gap or not found or not found[-1].item or found[-1].tail or last_comma:
                return None
            last_comma = True
            at = child.end_byte
            continue
        follows = found and not above and b"\n" not in gap and not data[at - 1 : at].endswith(b"\n")
        if follows and (child.type == ";" or child.type in _COMMENTS) and found[-1].node.is_named:
            if commas and not (last_comma or _is_close(children[index + 1 :])):
                return None
            last = found.pop()
            tail = data[last_end(last) + (1 if last_comma else 0) : child.end_byte]
            found.append(_with_tail(last, tail))
            at = child.end_byte
            continue
        if child.type in _ABOVE and _belongs_to_next(data, child, children[index + 1 :]):
            above.append(child)
            continue
        found.append(_unit(node, child, data, at, above[0].start_byte if above else child.start_byte))
        if found[-1].item:
            last_comma = False
        above = []
        at = child.end_byte
    if above or data[at:end].strip():
        return None
    return Units(tuple(found), last_comma, data[at:end])


def last_end(unit: Unit) -> int:
    """Where a unit ends, without the comma that may follow its node."""
    return unit.node.end_byte + len(unit.tail)


def _with_tail(unit: Unit, tail: bytes) -> Unit:
    return Unit(
        *(unit.lead, unit.head, unit.node, unit.text, unit.tail + tail),
        *(unit.name, unit.long_name, unit.free, unit.item, unit.part),
    )


def _is_close(rest: list[Node]) -> bool:
    return bool(rest) and not rest[0].is_named and rest[0].type != ","


def _belongs_to_next(data: bytes, child: Node, rest: list[Node]) -> bool:
    if not rest or not rest[0].is_named:
        return False
    gap = data[child.end_byte : rest[0].start_byte]
    newlines = gap.count(b"\n") + data[child.end_byte - 1 : child.end_byte].count(b"\n")
    return not gap.strip() and newlines <= 1


def _unit(parent: Node, child: Node, data: bytes, at: int, start: int) -> Unit:
    name, long_name, free = _named(parent, child)
    item = parent.type in _LISTS and child.is_named and child.type not in _COMMENTS
    if parent.type == "import_from_statement":
        item = item and child in parent.children_by_field_name("name")
    return Unit(
        data[at:start],
        data[start : child.start_byte],
        child,
        data[child.start_byte : child.end_byte],
        b"",
        name,
        long_name,
        free,
        item,
        part=parent.type in _PARTED and any(child == parent.child_by_field_name(role) for role in _ROLES),
    )


def _text(node: Node | None) -> bytes:
    return (node.text or b"") if node is not None else b""


def _named(parent: Node, child: Node) -> tuple[Name, Name, bool]:
    """A child's name, its longer one, and whether its order among new neighbours says nothing."""
    kind = child.type
    if not child.is_named or kind in _COMMENTS:
        return (), (), False
    if kind in IMPORTS:
        sources = (child.child_by_field_name("module_name"), child.child_by_field_name("source"))
        source = next((node for node in sources if node is not None), None)
        long_name = ("import", _spaced(child))
        return (("import", _spaced(source)) if source is not None else long_name), long_name, True
    if parent.type in _LISTS:
        return _item_name(parent, child)
    inner = _inner(child)
    if inner.type in _DEFINITIONS:
        own = _declared(inner)
        name = (inner.type, own) if own else ()
        parameters = _text(inner.child_by_field_name("parameters")).decode("utf-8", "replace")
        return name, (*name, parameters) if name else (), bool(own)
    outer = parent.type in _ROOTS or parent.type in _BODIES or _is_class_block(parent)
    value = _value_name(inner) if outer else ""
    if value:
        return ("value", value), ("value", value), True
    test = _test_name(child)
    return (("test", test), ("test", test), True) if test else ((), (), False)


def _item_name(parent: Node, child: Node) -> tuple[Name, Name, bool]:
    if child.type in _PAIRS:
        keys = (child.child_by_field_name("key"), child.child_by_field_name("name"), _first(child))
        key = next((node for node in keys if node is not None), None)
        if key is not None and not key.type.startswith("computed"):
            name = ("key", _spaced(key))
            return name, name, True
    if child.type == "shorthand_property_identifier":
        name = ("key", _spaced(child))
        return name, name, True
    if child.type == "method_definition" and parent.type == "object":
        name = ("key", _declared(child))
        return name, name, True
    if parent.type in _NAME_LISTS and child not in parent.children_by_field_name("module_name"):
        name = ("item", _spaced(child))
        return name, name, True
    return (), (), False


def _spaced(node: Node) -> str:
    return " ".join(_text(node).decode("utf-8", "replace").split())


def _inner(node: Node) -> Node:
    while node.type in _WRAPPERS:
        inner = node.child_by_field_name("definition")
        inner = node.child_by_field_name("declaration") if inner is None else inner
        if inner is None:
            break
        node = inner
    return node


def _declared(node: Node) -> str:
    """The name that a definition gives; with its receiver in Go."""
    name = node.child_by_field_name("name")
    if name is None:
        declarator = node.child_by_field_name("declarator")
        while declarator is not None:
            name, declarator = declarator, declarator.child_by_field_name("declarator")
    if name is None:
        return ""
    receiver = _text(node.child_by_field_name("receiver")).decode("utf-8", "replace")
    accessor = next((c.type for c in node.children if c.type in ("get", "set", "static")), "")
    return " ".join(filter(None, (receiver, accessor, _spaced(name))))


def _first(node: Node) -> Node | None:
    return next(iter(node.named_children), None)


def _is_class_block(node: Node) -> bool:
    return node.type == "block" and node.parent is not None and node.parent.type == "class_definition"


def _value_name(node: Node) -> str:
    """The one plain name that a statement gives a value to, ``""`` for every other statement."""
    if node.type in _VALUES:
        name = node.child_by_field_name("name")
        declarators = [c for c in node.named_children if c.type == "variable_declarator"]
        if name is None and len(declarators) == 1:
            name = declarators[0].child_by_field_name("name")
        return _spaced(name) if name is not None and name.type == "identifier" else ""
    inner = _first(node) if node.type == "expression_statement" else None
    if inner is not None and inner.type == "assignment" and node.named_child_count == 1:
        left = inner.child_by_field_name("left")
        return _spaced(left) if left is not None and left.type == "identifier" else ""
    if node.type == "field_declaration":
        declarators = node.children_by_field_name("declarator")
        if len(declarators) == 1:
            field = declarators[0].child_by_field_name("name")
            return _spaced(declarators[0] if field is None else field)
    return ""


def _test_name(node: Node) -> str:
    """``it("…", …)`` and its kin: a statement that only registers a test under its words."""
    call = _first(node) if node.type == "expression_statement" else None
    if call is None or call.type != "call_expression":
        return ""
    function = call.child_by_field_name("function")
    arguments = call.child_by_field_name("arguments")
    first = _first(arguments) if arguments is not None else None
    if function is None or first is None or first.type != "string":
        return ""
    if _text(function).split(b".")[0] not in _TESTS:
        return ""
    return _spaced(function) + " " + _spaced(first)


def bound(unit: Unit) -> frozenset[str]:
    """The names that a unit gives to the scope around it, as far as its text tells."""
    if unit.node.type not in IMPORTS:
        return frozenset(unit.name[1:2])
    tokens = [_spaced(leaf) for leaf in leaves(unit.node)]
    followed = zip(tokens, [*tokens[1:], ""], strict=True)
    return frozenset(
        token for token, after in followed if token.isidentifier() and after not in _NOT_LAST
    ) - {"import", "from", "use", "static", "type"}


def names_in(root: Node) -> Counter[Name]:
    """How often each name stands in its scope: imports, definitions and values, down to class bodies."""
    found: Counter[Name] = Counter()
    stack: list[tuple[Node, Name]] = [(root, ())]
    while stack:
        node, scope = stack.pop()
        scoped = node.type in _ROOTS or node.type in _BODIES or _is_class_block(node)
        for child in node.named_children:
            _, name, _ = _named(node, child) if scoped else ((), (), False)
            if name:
                found[(*scope, *name)] += 1
            if not scoped or name:
                inner = child.type in _BODIES or child.type in _PARTED or _is_class_block(child)
                if inner:
                    stack.append((child, (*scope, *name)))
    return found
