"""Every place where a text has a name, with the part it plays there. Worker processes only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import final

from tree_sitter import Node, Tree

from agent_ls.core.text import Span


class Role(Enum):
    """What a name is at a place."""

    PLAIN = auto()  # looked up in the scopes around it
    BOUND = auto()  # a parameter or local variable is made here
    MEMBER = auto()  # looked up in the value or namespace before it
    IMPORT = auto()  # taken out of a module by an import
    LABEL = auto()  # a keyword argument, an object's key, a field in a literal
    SHORTHAND = auto()  # label and value in one: `{name}`
    TEXT = auto()  # in a comment or string


@final
@dataclass(frozen=True, slots=True)
class Occurrence:
    """``receiver``: for a member, the text before it (``self``, ``os.path``). ``aliased``: an import
    that gives it another name here. ``scopes``: spans of the functions around, innermost first."""  # noqa: D205, D209

    span: Span
    role: Role
    receiver: str = ""
    aliased: bool = False
    scopes: tuple[Span, ...] = ()


_MEMBERS: Mapping[tuple[str, str], str] = {
    ("attribute", "attribute"): "object",
    ("member_expression", "property"): "object",
    ("nested_type_identifier", "name"): "module",
    ("selector_expression", "field"): "operand",
    ("qualified_type", "name"): "package",
    ("field_expression", "field"): "value",
    ("scoped_identifier", "name"): "path",
    ("scoped_type_identifier", "name"): "path",
    ("field_access", "field"): "object",
    ("method_invocation", "name"): "object",
    ("method_reference", "name"): "object",
    ("qualified_identifier", "name"): "scope",
}
"""(node type, field) at which a name is a member, and the field that holds its receiver."""

_LABELS = frozenset(
    {
        ("keyword_argument", "name"), ("pair", "key"), ("keyed_element", "key"), ("field_initializer", "field"),
        ("field_designator", ""), ("property_signature", "name"), ("jsx_attribute", ""), ("labeled_statement", "label"),
        ("pair_pattern", "key"), ("field_pattern", "name"), ("element_value_pair", "key"),
    }
)  # fmt: skip

_BOUND = frozenset(
    {
        ("parameters", ""), ("lambda_parameters", ""), ("default_parameter", "name"), ("typed_parameter", ""),
        ("typed_default_parameter", "name"), ("list_splat_pattern", ""), ("dictionary_splat_pattern", ""),
        ("assignment", "left"), ("augmented_assignment", "left"), ("for_statement", "left"), ("pattern_list", ""),
        ("tuple_pattern", ""), ("as_pattern_target", ""), ("named_expression", "name"), ("for_in_clause", "left"),
        ("global_statement", ""), ("nonlocal_statement", ""), ("case_pattern", ""), ("except_clause", "alias"),
        ("formal_parameters", ""), ("required_parameter", "pattern"), ("optional_parameter", "pattern"),
        ("rest_pattern", ""), ("assignment_pattern", "left"), ("arrow_function", "parameter"),
        ("variable_declarator", "name"), ("array_pattern", ""), ("catch_clause", "parameter"),
        ("for_in_statement", "left"), ("shorthand_property_identifier_pattern", ""),
        ("parameter_declaration", "name"), ("variadic_parameter_declaration", "name"), ("var_spec", "name"),
        ("const_spec", "name"), ("range_clause", "left"), ("short_var_declaration", "left"),
        ("parameter", "pattern"), ("let_declaration", "pattern"), ("closure_parameters", ""),
        ("tuple_struct_pattern", ""), ("mut_pattern", ""), ("ref_pattern", ""), ("captured_pattern", ""),
        ("for_expression", "pattern"), ("match_pattern", ""), ("slice_pattern", ""),
        ("formal_parameter", "name"), ("catch_formal_parameter", "name"), ("lambda_expression", "parameters"),
        ("inferred_parameters", ""), ("resource", "name"), ("enhanced_for_statement", "name"),
        ("parameter_declaration", "declarator"), ("init_declarator", "declarator"), ("declaration", "declarator"),
        ("pointer_declarator", "declarator"), ("array_declarator", "declarator"), ("reference_declarator", ""),
        ("optional_parameter_declaration", "declarator"), ("type_parameter", "name"), ("type_parameters", ""),
        ("structured_binding_declarator", ""), ("for_range_loop", "declarator"),
    }
)  # fmt: skip

_IMPORTS = frozenset(
    [
        "import_statement",
        "import_from_statement",
        "future_import_statement",
        "import_declaration",
        "import_spec",
        "use_declaration",
        "extern_crate_declaration",
        "preproc_include",
        "package_clause",
        "package_declaration",
    ]
)
_ALIASES = frozenset({"aliased_import", "import_specifier", "use_as_clause", "export_specifier"})
_TEXTS = re.compile(r"comment|string|char|regex|rune|jsx_text")
_FUNCTIONS = re.compile(
    r"^(function|method|lambda|arrow_function|closure|func_literal|constructor|generator|async)\w*$"
)
_NOT_SCOPES = re.compile(
    r"declarator$|_type$|parameters$|^method_invocation|^method_reference|_call$|^function_modifiers"
)


def occurrences(data: bytes, tree: Tree, name: str) -> list[Occurrence]:
    """All whole-word places of a name, in order; those in comments and strings as `Role.TEXT`."""
    raw = re.escape(name.encode())
    found = re.finditer(rb"(?<![\w$\x80-\xff])" + raw + rb"(?![\w$\x80-\xff])", data)
    return [_occurrence(tree.root_node, data, Span(*match.span())) for match in found]


def _occurrence(root: Node, data: bytes, span: Span) -> Occurrence:
    node = root.descendant_for_byte_range(span.start, span.end)
    if (
        node is not None
        and node.type == "string_content"
        and (
            _quotes_a_type(node, data, span)
            or (node.byte_range == (span.start, span.end) and _is_given_away(node, data))
        )
    ):
        return Occurrence(
            span,
            Role.PLAIN,
            scopes=tuple(Span(*n.byte_range) for n in _ancestors(node) if _is_scope(n, span)),
        )
    if node is None or node.byte_range != (span.start, span.end) or not node.is_named:
        role = Role.TEXT if node is None or _is_text(node) else Role.MEMBER
        return Occurrence(span, role, receiver="?")
    if _TEXTS.search(node.type):
        return Occurrence(span, Role.TEXT)
    scopes = tuple(Span(*n.byte_range) for n in _ancestors(node) if _is_scope(n, span))
    imported = next((n for n in _ancestors(node) if n.type in _IMPORTS or _exports_from(n)), None)
    if imported is not None:
        if _names_a_module(node, imported):
            return Occurrence(span, Role.MEMBER, receiver="?", scopes=scopes)
        if _is_alias(node):
            return Occurrence(span, Role.BOUND, scopes=scopes)
        return Occurrence(span, Role.IMPORT, aliased=_is_aliased(node), scopes=scopes)
    parent = node.parent
    if parent is None:
        return Occurrence(span, Role.PLAIN)
    field = _field(parent, node)
    if "shorthand" in node.type or "shorthand" in parent.type:
        return Occurrence(span, Role.SHORTHAND, scopes=scopes)
    holder = _MEMBERS.get((parent.type, field))
    if holder is not None:
        before = parent.child_by_field_name(holder) or parent.child_by_field_name("argument")
        # A Java call without an object is looked up in the class around it.
        if before is not None:
            text = data[before.start_byte : before.end_byte].decode("utf-8", "replace")
            return Occurrence(span, Role.MEMBER, receiver=text, scopes=scopes)
        return Occurrence(span, Role.PLAIN, scopes=scopes)
    if (parent.type, field, node.type) == ("pair", "key", "identifier"):
        return Occurrence(span, Role.PLAIN, scopes=scopes)  # the key of a Python dictionary is looked up
    if (parent.type, field) in _LABELS or (parent.type, "") in _LABELS or _is_field_of_go(parent):
        return Occurrence(span, Role.LABEL, scopes=scopes)
    return Occurrence(span, Role.BOUND if _binds(parent, field) else Role.PLAIN, scopes=scopes)


def _is_given_away(node: Node, data: bytes) -> bool:
    """Whether a string of Python is an entry of ``__all__``: the name that a module gives away."""
    while node.parent is not None and node.type in (
        "string",
        "string_content",
        "list",
        "tuple",
        "binary_operator",
    ):
        node = node.parent
    if node.type not in ("assignment", "augmented_assignment"):
        return False
    left = node.child_by_field_name("left")
    return left is not None and data[left.start_byte : left.end_byte] == b"__all__"


_KEYED = re.compile(r"(?:map|slice|array|implicit_length_array)_type$")
_TYPE = re.compile(rb"[\w.\[\], |\"']+")
_GENERIC = frozenset(
    {
        *("Union", "Optional", "List", "Dict", "Set", "FrozenSet", "Tuple", "Callable", "Type", "Iterable"),
        *("Iterator", "Sequence", "Mapping", "Generator", "Awaitable", "Coroutine", "ClassVar", "Final"),
        *("AsyncIterator", "AsyncIterable", "AsyncGenerator", "list", "dict", "set", "tuple", "type"),
    }
)


def _quotes_a_type(node: Node, data: bytes, span: Span) -> bool:
    """Whether a name in a string of Python stands for the type itself: a checker looks it up there."""
    text = data[node.start_byte : node.end_byte]
    if not _TYPE.fullmatch(text) or data[span.start - 1 : span.start] == b".":
        return False
    for around in _ancestors(node):
        if around.type in ("subscript", "generic_type"):
            held = around.child_by_field_name("value") or around.named_children[0]
            name = data[held.start_byte : held.end_byte].decode("utf-8", "replace").rpartition(".")[2]
            if name in ("Literal", "Annotated"):
                return False
            if name in _GENERIC:
                return True
        if around.type == "type":
            return True
        if around.type == "keyword_argument":
            label = around.child_by_field_name("name")
            return label is not None and data[label.start_byte : label.end_byte] == b"bound"
        if around.type.endswith(("_statement", "_definition", "block")):
            return False
    return False


def _is_field_of_go(element: Node) -> bool:
    """Whether the key of an element is a field: only the keys of maps and lists are sure to be looked up."""
    pair = element.parent
    if element.type != "literal_element" or pair is None or pair.type != "keyed_element":
        return False
    literal = pair.parent.parent if pair.parent is not None else None
    made = literal.child_by_field_name("type") if literal is not None else None
    return _field(pair, element) == "key" and (made is None or not _KEYED.match(made.type))


def _binds(parent: Node, field: str) -> bool:
    if parent.type == "expression_list" and parent.parent is not None:
        return _binds(parent.parent, _field(parent.parent, parent))
    return (parent.type, field) in _BOUND or (parent.type, "") in _BOUND


def _is_scope(node: Node, span: Span) -> bool:
    """A function around the place; its own name stands outside of it."""
    if not _FUNCTIONS.match(node.type) or _NOT_SCOPES.search(node.type):
        return False
    named = node.child_by_field_name("name")
    return named is None or named.byte_range != (span.start, span.end)


def _is_text(node: Node) -> bool:
    return any(_TEXTS.search(n.type) for n in (node, *_ancestors(node)) if n.type != "template_substitution")


def _exports_from(node: Node) -> bool:
    return node.type == "export_statement" and node.child_by_field_name("source") is not None


def _names_a_module(node: Node, statement: Node) -> bool:
    """Python names modules by plain words: those are files, not what is defined in them."""
    if statement.type == "import_statement":
        return statement.child_by_field_name("source") is None and node.type == "identifier"
    module = statement.child_by_field_name("module_name")
    return module is not None and module.start_byte <= node.start_byte < module.end_byte


def _is_aliased(node: Node) -> bool:
    parent = node.parent
    if parent is not None and parent.type == "dotted_name":
        parent = parent.parent
    return parent is not None and parent.type in _ALIASES and parent.child_by_field_name("alias") is not None


def _is_alias(node: Node) -> bool:
    """Whether an import gives this name to something that it takes by another one."""
    parent = node.parent
    alias = parent.child_by_field_name("alias") if parent is not None and parent.type in _ALIASES else None
    return (
        alias is not None and alias.id == node.id and parent is not None and parent.type != "export_specifier"
    )


def _field(parent: Node, node: Node) -> str:
    for at in range(parent.child_count):
        if parent.child(at).id == node.id:
            return parent.field_name_for_child(at) or ""
    return ""


def _ancestors(node: Node) -> Iterator[Node]:
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent
