"""The file that something is moved to: what its names mean, and where in it the newcomer stands.

Worker processes only.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Iterator, Mapping

from tree_sitter import Node, Tree

from agent_ls.core.paths import RelPath
from agent_ls.index.actions import SCRIPTS
from agent_ls.index.bindings import statements
from agent_ls.index.extract import facts_of, parse
from agent_ls.index.moved import Moved, Refusal, block_of, is_later
from agent_ls.index.names import language_of
from agent_ls.index.occurrences import Role, occurrences
from agent_ls.index.placing import Wanted
from agent_ls.index.scopes import SourceFile, binder
from agent_ls.index.standing import Standing, standing

_EVALUATED = re.compile(r"[^\W\d][\w.]*\Z")
_USED = (Role.PLAIN, Role.SHORTHAND)
_BUILTINS = frozenset(dir(builtins))


def bound_in(moved: Moved, target: RelPath, into: bytes) -> dict[str, Wanted | None]:
    """What the target's top binds: its imports, and ``None`` for its own definitions."""
    language = language_of(target) or moved.language
    tree = parse(into, language)
    facts = facts_of(into, language, tree, names=False)
    bound: dict[str, Wanted | None] = {d.name: None for d in facts.definitions if not d.container}
    for statement in statements(into, tree, language):
        where = standing(into, statement)
        for item in statement.bindings if where is not Standing.INNER else ():
            typed = where is Standing.TYPES
            bound.setdefault(item.local, Wanted(item.module, item.name, item.local, typed))
    imported = bound.get(moved.name)
    if imported is not None and not moved.means_target(imported, target):
        raise Refusal(f"{target} imports another `{moved.name}`")
    return bound


def check_names(moved: Moved, into: bytes, needs: list[Wanted], target: RelPath, there: set[str]) -> None:
    """No name may mean one thing in the moved text and another in the target.

    Raises:
        Refusal: one does.
    """
    bound = bound_in(moved, target, into)
    if moved.name in bound and bound[moved.name] is None:
        raise Refusal(f"{target} has a `{moved.name}` already")
    for wanted in needs:
        other = bound.get(wanted.local, wanted)
        same = other is not None and other.name == wanted.name
        if other is None or not (
            same and (other.module == wanted.module or moved.means_target(other, target))
        ):
            raise Refusal(f"`{wanted.local}` means something else in {target}")
        if other.typed and not wanted.typed and moved.language == "python":
            raise Refusal(f"{target} imports `{wanted.local}` for its types only, and here it runs")
    needed = {moved.name, *there, *(wanted.local for wanted in needs)}
    for name in bound:
        if name not in needed and moved.inside(name):
            raise Refusal(f"`{name}` of {target} would be taken for another `{name}`")


def check_annotations(moved: Moved, into: bytes, needs: Iterable[Wanted]) -> None:
    """What the source leaves to checkers of types, the target evaluates: only plain names bear that.

    Raises:
        Refusal: an annotation may fail when it is evaluated.
    """
    if not moved.postponed() or not into.strip() or postponed(into):
        return
    typed = {wanted.local for wanted in needs if wanted.typed}
    for text in _annotated(moved.data, moved.tree, moved.node.start, moved.node.end):
        first = text.partition(".")[0]
        known = first in _BUILTINS or (first not in typed and moved.is_there(first))
        if text[:1] not in "\"'" and not (_EVALUATED.match(text) and known):
            raise Refusal(
                f"The file that it goes to evaluates annotations at once, {moved.path} does not: `{text}` may fail there"
            )


def _annotated(data: bytes, tree: Tree, start: int, end: int) -> Iterator[str]:
    """Texts of the annotations of Python between two places."""
    for node in _annotation_nodes(tree, start, end):
        yield data[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _annotation_nodes(tree: Tree, start: int, end: int) -> Iterator[Node]:
    """The outermost annotations of Python between two places."""
    todo = [n for n in tree.root_node.named_children if start <= n.start_byte < end]
    while todo:
        node = todo.pop()
        if node.type == "type":
            yield node
        else:
            todo += node.named_children


def postponed(data: bytes) -> bool:
    """Whether a file of Python does not evaluate its annotations."""
    return re.search(rb"^from\s+__future__\s+import\b[^#\n]*\bannotations\b", data, re.MULTILINE) is not None


def first_use(moved: Moved, data: bytes, target: RelPath) -> int | None:
    """Where the first statement of the target begins that uses the name while the file is loaded.

    That is also one that uses a definition which uses it, as ``main()`` at the end does. The newcomer must stand before it; ``None``: it can stand at the end.
    """
    language = language_of(target) or moved.language
    if language == "go":
        return None
    tree = parse(data, language)
    facts = facts_of(data, language, tree, names=False)
    lazy = language == "python" and postponed(data)
    named = {d.name_span for d in facts.definitions}
    early: list[int] = []
    todo, seen = [moved.name], {moved.name}
    while todo:
        places = tuple(occurrences(data, tree, todo.pop()))
        file = SourceFile(target, data, language, facts, places, ())
        uses = [p for p in places if p.span not in named and p.role in _USED and binder(file, p) is None]
        early += [p.span.start for p in uses if not is_later(tree, p, lazy=lazy)]
        for outer in facts.definitions:
            inside = any(outer.span.start <= p.span.start < outer.span.end for p in uses)
            if inside and not outer.container and outer.name not in seen:
                seen.add(outer.name)
                todo.append(outer.name)
    if not early or moved.is_type or _is_hoisted(moved):
        return None
    root = tree.root_node.named_children
    node = next(n for n in root if n.start_byte <= min(early) < n.end_byte)
    start = block_of(data, node).start
    _check_there(moved, data, target, start)
    return start


def _is_hoisted(moved: Moved) -> bool:
    """Whether a script has it from its first line on; a constant that holds a function is none of these."""
    text = moved.data[moved.node.start : moved.node.end]
    return moved.language in SCRIPTS and re.match(rb"(?:export\s+)?(?:async\s+)?function\b", text) is not None


def _check_there(moved: Moved, data: bytes, target: RelPath, start: int) -> None:
    language = language_of(target) or moved.language
    tree = parse(data, language)
    for definition in facts_of(data, language, tree, names=False).definitions:
        if not definition.container and definition.span.end > start and moved.inside(definition.name):
            raise Refusal(
                f"`{moved.name}` is used before the end of {target}, and uses `{definition.name}` further down"
            )
    for statement in statements(data, tree, language):
        if statement.span.start > start and standing(data, statement) is not Standing.INNER:
            raise Refusal(f"`{moved.name}` is used before the last import of {target}")


def imported(data: bytes, language: str) -> Mapping[str, Standing]:
    """What a file's top imports, and how; the strongest way counts."""
    found: dict[str, Standing] = {}
    for statement in statements(data, parse(data, language), language):
        where = standing(data, statement)
        for item in statement.bindings if where is not Standing.INNER else ():
            if found.get(item.local) is not Standing.TOP:
                found[item.local] = where
    return found
