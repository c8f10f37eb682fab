"""What the name at a place is: a module's, a class's, or a function's own. Worker processes only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.index.facts import Definition
from agent_ls.index.occurrences import Occurrence, Role
from agent_ls.index.scopes import (
    SourceFile,
    binder,
    class_around,
    exports,
    is_field_too,
    is_parameter,
    means_module,
    module_names,
    sees,
)

SELF = frozenset({"self", "this", "cls", "Self"})
CALLED = frozenset({"method", "function", "constructor"})
TWO_NAMESPACES = frozenset({"java", "rust"})
"""Where a field and a method may have one name."""


@final
@dataclass(frozen=True, slots=True)
class Target:
    """What is renamed: ``kind`` is top (of a module), member (of the class ``around``) or local.

    ``called``: in languages where a field and a method may share a name, whether it is the method.
    """

    kind: str
    path: RelPath
    around: Span | None = None
    parameter: bool = False
    called: bool | None = None


def target_of(files: dict[RelPath, SourceFile], here: SourceFile, offset: int) -> Target | str:
    """What the name at the cursor is, or why that cannot be told."""
    place = next((p for p in here.places if p.span.start <= offset <= p.span.end), None)
    if place is None or place.role is Role.TEXT:
        return "The cursor is in a comment or string, not on a name"
    own = next((d for d in here.facts.definitions if d.name_span == place.span), None)
    if own is not None:
        return _of_definition(here, own)
    name = here.data[place.span.start : place.span.end].decode("utf-8", "replace")
    if place.role is Role.MEMBER:
        return _of_member(files, here, place, name)
    if place.role in (Role.LABEL, Role.SHORTHAND):
        return f"`{name}` is a label here; put the cursor on its definition"
    scope = binder(here, place)
    if scope is not None and is_field_too(here, scope):
        return f"`{name}` is a parameter and a field in one; rename it where both are written out"
    if scope is not None:
        return Target("local", here.path, scope, parameter=is_parameter(here, scope))
    if any(d.name == name and not d.container for d in here.facts.definitions):
        return Target("top", here.path)
    source = _imported_from(files, here, name)
    return Target("top", source) if source else f"The definition of `{name}` was not found"


def _of_definition(here: SourceFile, own: Definition) -> Target | str:
    if not own.container:
        return Target("top", here.path)
    around = class_around(here, own.span.start, own.span.end)
    scopes = next((p.scopes for p in here.places if p.span == own.name_span), tuple[Span, ...]())
    if here.language == "java" and own.container == own.name:  # a constructor goes by its class
        return Target("top", here.path)
    # A function in a method is the method's own; a method in one belongs to a class without a name.
    inner = scopes[:1] if here.language == "python" or own.kind == "function" else ()
    if around is not None and not any(around.span.start <= scope.start for scope in inner):
        called = own.kind in CALLED if here.language in TWO_NAMESPACES else None
        return Target("member", here.path, around.span, called=called)
    if scopes:  # a function in a function, of a method too
        return Target("local", here.path, scopes[0])
    # A method that stands outside its type (Go, C++): other files may have more of the type.
    called = own.kind in CALLED if here.language in TWO_NAMESPACES else None
    return Target("member", here.path, own.span, called=called)


def _of_member(
    files: dict[RelPath, SourceFile], here: SourceFile, place: Occurrence, name: str
) -> Target | str:
    if place.receiver in SELF:
        around = class_around(here, place.span.start, place.span.end)
        if around and any(d.name == name and d.container == around.path for d in here.facts.definitions):
            return Target("member", here.path, around.span)
    for item in here.facts.imports:
        if place.receiver in module_names(here, item):
            for path, file in files.items():
                if exports(file, name) and means_module(here, item, path):
                    return Target("top", path)
    return f"What `{place.receiver}.{name}` means cannot be told from the text; rename it at its definition"


def _imported_from(files: dict[RelPath, SourceFile], here: SourceFile, name: str) -> RelPath | None:
    """The file that an imported or package-wide name comes from, through re-exports."""
    seen: set[RelPath] = set()
    todo = [here]
    while todo:
        file = todo.pop()
        seen.add(file.path)
        for other in files.values():
            if other.path in seen or not sees(file, other.path, name):
                continue
            if exports(other, name):
                return other.path
            todo.append(other)
    return None
