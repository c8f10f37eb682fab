"""What the tests of a text assert: their names, assertions and skips, by the grammar."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import final

from tree_sitter import Node

from agent_ls.index.extract import ParseTimeoutError, parse

_PY_SKIP = re.compile(
    r"(?:skip|skipif|skipIf|skipUnless|skipTest|xfail|expectedFailure|importorskip|SkipTest)\Z"
)
_PY_CHECK = re.compile(r"(?:.*\.)?(?:assert\w*|fail|raises|warns|deprecated_call)\Z", re.DOTALL)
_JS_TEST = re.compile(r"(?:x|f)?(?:it|test|specify|describe|suite)(?:\.\w+)*\Z")
_JS_SKIP = re.compile(r"x\w+\Z|.*\.(?:skip|todo|only|failing|fails|skipIf|runIf)(?:\.each)?\Z")
_GO_TEST = re.compile(r"(?:Test|Fuzz|Example)(?![a-z])")
_GO_CHECK = re.compile(
    r"(?:require|assert|is|qt|cmp)\.\w+\Z|\w+\.(?:Error|Errorf|Fatal|Fatalf|Fail|FailNow)\Z"
)
_RUST_CHECK = re.compile(r"(?:debug_)?assert\w*\Z|(?:\w+::)?assert_\w+\Z")
_JAVA_CHECK = re.compile(r"(?:assert\w*|verify\w*|fail|expect\w*)\Z")


@final
@dataclass(frozen=True, slots=True)
class TestCase:
    """One test. ``asserts``: each assertion or table case, token by token; ``skips``: how often it is skipped."""

    __test__ = False  # pytest would take it for one

    asserts: tuple[str, ...] = ()
    skips: int = 0


@final
@dataclass(frozen=True, slots=True)
class TestCases:
    """The tests of a text by name, and the skips that stand outside of any."""

    __test__ = False

    tests: Mapping[str, TestCase] = field(default_factory=dict[str, TestCase])
    skips: int = 0


def test_cases(data: bytes, language: str) -> TestCases | None:
    """The tests of a text; ``None`` for a language without rules here, or a text that takes too long."""
    rules = _RULES.get(language)
    if rules is None:
        return None
    try:
        root = parse(data, language).root_node
    except ParseTimeoutError:
        return None
    found = _Found(rules)
    found.walk(root)
    return TestCases({name: TestCase(tuple(a), s) for name, (a, s) in found.tests.items()}, found.skips)


test_cases.__test__ = False  # type: ignore[attr-defined]


@final
@dataclass(frozen=True, slots=True)
class _Rules:
    """By node: the test that begins here, whether it asserts, how often it skips."""

    test: Callable[[Node], str | None]
    asserts: Callable[[Node], bool]
    skips: Callable[[Node], int]


@final
class _Found:
    def __init__(self, rules: _Rules) -> None:
        self._rules = rules
        self.tests: dict[str, tuple[list[str], int]] = {}
        self.skips = 0

    def walk(self, root: Node) -> None:
        """Without recursion: a text may nest deeper than our stack."""
        pending: list[tuple[Node, str, bool]] = [(root, "", False)]
        while pending:
            node, inside, asserted = pending.pop()
            name = self._rules.test(node)
            if name is not None:
                inside = f"{inside} > {name}" if inside else name
                self.tests.setdefault(inside, ([], 0))
            self._count(node, inside)
            if not asserted and self._rules.asserts(node):
                asserted = True
                if inside in self.tests:
                    self.tests[inside][0].append(_tokens(node))
            pending += ((child, inside, asserted) for child in reversed(node.named_children))

    def _count(self, node: Node, inside: str) -> None:
        if skips := self._rules.skips(node):
            if inside in self.tests:
                asserts, before = self.tests[inside]
                self.tests[inside] = (asserts, before + skips)
            else:
                self.skips += skips


def _text(node: Node | None) -> str:
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def _tokens(node: Node) -> str:
    """A node's text token by token, so that no formatter changes it: blanks and last commas do not count."""
    words: list[str] = []
    pending = [node]
    while pending:
        at = pending.pop()
        if at.child_count:
            pending += reversed(at.children)
        elif at.type != "comment":
            if words and words[-1] == "," and at.type in (")", "]", "}"):
                words.pop()
            words.append(_text(at).strip())
    return " ".join(words)


def _name(node: Node) -> str:
    return _text(node.child_by_field_name("name"))


def _callee(node: Node) -> str:
    return _text(node.child_by_field_name("function"))


def _python_test(node: Node) -> str | None:
    """With its decorators, which may skip it or hold its cases."""
    if node.type == "decorated_definition":
        inner = node.child_by_field_name("definition")
        return None if inner is None else _python_name(inner)
    decorated = node.parent is not None and node.parent.type == "decorated_definition"
    return None if decorated else _python_name(node)


def _python_name(node: Node) -> str | None:
    if node.type == "function_definition":
        return _name(node) if _name(node).startswith("test") else None
    if node.type != "class_definition":
        return None
    by_base = "TestCase" in _text(node.child_by_field_name("superclasses"))
    return _name(node) if by_base or _name(node).lower().startswith("test") else None


def _python_asserts(node: Node) -> bool:
    if node.type == "call":
        return _PY_CHECK.match(_callee(node)) is not None
    return node.type == "assert_statement"


def _python_skips(node: Node) -> int:
    if node.type == "attribute":
        holder = _text(node.child_by_field_name("object")).rpartition(".")[2]
        name = _text(node.child_by_field_name("attribute"))
        return int(holder in ("pytest", "unittest", "self", "mark") and _PY_SKIP.match(name) is not None)
    if node.type == "identifier" and node.parent is not None:
        bare = node.parent.type in ("decorator", "call", "raise_statement")
        return int(bare and _PY_SKIP.match(_text(node)) is not None)
    return 0


def _script_test(node: Node) -> str | None:
    if node.type != "call_expression" or not _JS_TEST.match(_script_callee(node)):
        return None
    arguments = node.child_by_field_name("arguments")
    first = arguments.named_children[0] if arguments is not None and arguments.named_children else None
    return (
        _text(first).strip("'\"`")
        if first is not None and first.type in ("string", "template_string")
        else None
    )


def _script_callee(node: Node) -> str:
    """``test.each([…])('name')`` is called ``test.each``."""
    function = node.child_by_field_name("function")
    if function is not None and function.type == "call_expression":
        function = function.child_by_field_name("function")
    return _text(function)


def _script_asserts(node: Node) -> bool:
    if node.type != "call_expression":
        return False
    callee = _callee(node)
    return callee.startswith(("expect(", "assert.", "expect.")) or callee in ("assert", "expect")


def _script_skips(node: Node) -> int:
    if node.type != "call_expression":
        return 0
    callee = _script_callee(node)
    return int(bool(_JS_TEST.match(callee) and _JS_SKIP.match(callee)) or callee in ("this.skip", "t.skip"))


def _go_test(node: Node) -> str | None:
    if node.type == "function_declaration" and _GO_TEST.match(_name(node)):
        return _name(node)
    return None


def _go_asserts(node: Node) -> bool:
    if node.type == "call_expression":
        return _GO_CHECK.match(_callee(node)) is not None
    # A row of a table of cases: an element of a literal that is itself a literal.
    if node.type != "literal_element" or node.parent is None or node.parent.type != "literal_value":
        return False
    return any(child.type == "literal_value" for child in node.named_children)


def _go_skips(node: Node) -> int:
    if node.type == "call_expression":
        return int(_callee(node).endswith((".Skip", ".Skipf", ".SkipNow")))
    return int(node.type == "comment" and _text(node).startswith("//go:build ignore"))


def _rust_attributes(node: Node) -> list[str]:
    found: list[str] = []
    before = node.prev_named_sibling
    while before is not None and before.type in ("attribute_item", "line_comment", "block_comment"):
        if before.type == "attribute_item":
            found.append(_text(before))
        before = before.prev_named_sibling
    return found


def _rust_test(node: Node) -> str | None:
    if node.type != "function_item":
        return None
    is_test = any(
        re.match(r"#\[(?:\w+::)*(?:test|rstest|test_case)\b", text) for text in _rust_attributes(node)
    )
    return _name(node) if is_test else None


def _rust_asserts(node: Node) -> bool:
    return node.type == "macro_invocation" and bool(
        _RUST_CHECK.match(_text(node.child_by_field_name("macro")))
    )


def _rust_skips(node: Node) -> int:
    if node.type != "function_item":
        return 0
    return sum(text.startswith(("#[ignore", "#[should_panic", "#[cfg(")) for text in _rust_attributes(node))


def _java_annotations(node: Node) -> list[str]:
    modifiers = next((child for child in node.named_children if child.type == "modifiers"), None)
    children = modifiers.named_children if modifiers is not None else []
    return [_name(child) for child in children if child.type in ("annotation", "marker_annotation")]


def _java_test(node: Node) -> str | None:
    if node.type == "method_declaration" and any(
        name.endswith("Test") or name in ("TestFactory", "TestTemplate") for name in _java_annotations(node)
    ):
        return _name(node)
    return None


def _java_asserts(node: Node) -> bool:
    if node.type == "method_invocation":
        root = node
        while (inner := root.child_by_field_name("object")) is not None and inner.type == "method_invocation":
            root = inner  # assertThat(x).isEqualTo(y) is one assertion
        return _JAVA_CHECK.match(_name(root)) is not None
    return node.type == "assert_statement"


def _java_skips(node: Node) -> int:
    if node.type in ("method_declaration", "class_declaration"):
        return sum(name.startswith(("Disabled", "Ignore", "Enabled")) for name in _java_annotations(node))
    return int(node.type == "method_invocation" and _name(node).startswith("assume"))


def _python_asserts_or_cases(node: Node) -> bool:
    """Also a case of ``parametrize``: an element of the list that it is given."""
    if _python_asserts(node):
        return True
    holder = node.parent
    arguments = holder.parent if holder is not None and holder.type in ("list", "tuple") else None
    call = arguments.parent if arguments is not None and arguments.type == "argument_list" else None
    return call is not None and call.type == "call" and _callee(call).endswith(".parametrize")


_SCRIPT = _Rules(_script_test, _script_asserts, _script_skips)
_RULES: Mapping[str, _Rules] = {
    "python": _Rules(_python_test, _python_asserts_or_cases, _python_skips),
    "javascript": _SCRIPT,
    "typescript": _SCRIPT,
    "tsx": _SCRIPT,
    "go": _Rules(_go_test, _go_asserts, _go_skips),
    "rust": _Rules(_rust_test, _rust_asserts, _rust_skips),
    "java": _Rules(_java_test, _java_asserts, _java_skips),
}
