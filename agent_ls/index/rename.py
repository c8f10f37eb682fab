"""Rename everywhere, cautiously: what resolves is changed, everything else is listed.

A place is changed only if the name there can be nothing else, as far as scopes and imports tell:
the definition's own file, files that import the name from it (through re-exports too), members
behind a module's name or behind ``self``/``this`` inside the class. A member of an unknown value, a
shadowed name, a string: listed, never guessed. Worker processes only (parses the files involved).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import final

from agent_ls.core.edits import ChangeSet, FileChange, TextEdit, apply_text_edits
from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex, Span
from agent_ls.index.extract import ParseTimeoutError, dialect, facts_of, parse
from agent_ls.index.facts import Definition
from agent_ls.index.keywords import KEYWORDS
from agent_ls.index.mentions import RefHit
from agent_ls.index.names import EXTRA, language_of, stem_of
from agent_ls.index.occurrences import Occurrence, Role, occurrences
from agent_ls.index.query import Index, enclosing
from agent_ls.index.scopes import (
    SourceFile,
    binder,
    class_around,
    exports,
    is_parameter,
    means_module,
    module_names,
    sees,
)

Read = Callable[[RelPath], bytes | None]

_SELF = frozenset({"self", "this", "cls", "Self"})
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_WORD = re.compile(rb"[\w$\x80-\xff]+")
_MOST_FILES = 2000


@final
@dataclass(frozen=True, slots=True)
class RenamePlan:
    """``changes`` is empty when ``reason`` says why nothing can be renamed.

    ``unresolved``: places that have the name and were left alone, for a person to look at.
    """

    changes: ChangeSet
    unresolved: tuple[RefHit, ...] = ()
    reason: str = ""


@final
@dataclass(frozen=True, slots=True)
class _Target:
    """What is renamed: ``kind`` is top (of a module), member (of the class ``around``) or local."""

    kind: str
    path: RelPath
    around: Span | None = None
    parameter: bool = False


def rename(
    index: Index, read: Read, path: RelPath, offset: int, new_name: str, *, also: Iterable[RelPath] = ()
) -> RenamePlan:
    """Plan the renaming of the name at a byte offset.

    Args:
        index: Says which files may have the name.
        read: Text of now, unsaved text and drafts included; ``None`` for what is not there.
        path: The file the cursor is in.
        offset: Byte offset of the cursor, in or right behind the name.
        new_name: The name to give.
        also: Files whose text of now the index has not seen (unsaved or drafted): looked at as well.

    Parses every file that has the name: about 1 ms per 250 lines.
    """
    data = read(path)
    name = name_at(data, offset) if data is not None else ""
    language = language_of(path) or ""
    refusal = _refuse(name, new_name, language)
    if refusal:
        return RenamePlan(ChangeSet(), reason=refusal)
    files = _files((path, *index.files_with(name, _MOST_FILES), *also), read, name, new_name)
    here = files.get(path)
    if here is None:
        return RenamePlan(ChangeSet(), reason=f"{path} cannot be parsed")
    target = _target(files, here, offset)
    if isinstance(target, str):
        return RenamePlan(ChangeSet(), reason=target)
    resolved = _resolve(files, target, name)
    problem = _clash(files, resolved, target, new_name)
    if problem:
        return RenamePlan(ChangeSet(), reason=problem)
    return RenamePlan(_changes(files, resolved, new_name), tuple(_unresolved(files, resolved, target)), "")


def _refuse(name: str, new_name: str, language: str) -> str:
    if not name or not language:
        return "There is no name at this place"
    if language in EXTRA:
        return f"Renaming is not known for {language}"
    if name in KEYWORDS[language]:
        return f"`{name}` is a word of the language"
    if not _IDENTIFIER.fullmatch(new_name) or new_name in KEYWORDS[language]:
        return f"`{new_name}` is not a name in {language}"
    return f"It is called `{name}` already" if name == new_name else ""


def name_at(data: bytes, offset: int) -> str:
    for match in _WORD.finditer(data, max(0, data.rfind(b"\n", 0, offset))):
        if match.start() > offset:
            break
        if offset <= match.end() and not match[0][:1].isdigit():
            return match[0].decode("utf-8", "replace")
    return ""


def _files(paths: Iterable[RelPath], read: Read, name: str, new_name: str) -> dict[RelPath, SourceFile]:
    """Those of the files that have the name, parsed as they are now."""
    found: dict[RelPath, SourceFile] = {}
    for path in dict.fromkeys(paths):
        data, language = read(path), language_of(path)
        if data is None or language is None or name.encode() not in data:
            continue
        language = dialect(data, language)
        try:
            tree = parse(data, language)
        except ParseTimeoutError:
            continue
        places = tuple(occurrences(data, tree, name))
        clashes = tuple(occurrences(data, tree, new_name))
        if language in EXTRA:  # what a name means there is not known: people decide
            places, clashes = tuple(Occurrence(place.span, Role.TEXT) for place in places), ()
        facts = facts_of(data, language, tree, names=False)
        found[path] = SourceFile(path, data, language, facts, places, clashes)
    return found


def _target(files: dict[RelPath, SourceFile], here: SourceFile, offset: int) -> _Target | str:
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
    if scope is not None:
        return _Target("local", here.path, scope, parameter=is_parameter(here, scope))
    if any(d.name == name and not d.container for d in here.facts.definitions):
        return _Target("top", here.path)
    source = _imported_from(files, here, name)
    return _Target("top", source) if source else f"The definition of `{name}` was not found"


def _of_definition(here: SourceFile, own: Definition) -> _Target | str:
    if not own.container:
        if here.language == "java" and own.name == stem_of(here.path):
            return "A public class of Java has the name of its file; rename the file as well"
        return _Target("top", here.path)
    around = class_around(here, own.span.start, own.span.end)
    if around is not None:
        return _Target("member", here.path, around.span)
    inside = [p for p in here.places if p.span == own.name_span]
    if inside and inside[0].scopes:
        return _Target("local", here.path, inside[0].scopes[0])
    # A method that stands outside its type (Go, C++): other files may have more of the type.
    return _Target("member", here.path, own.span)


def _of_member(
    files: dict[RelPath, SourceFile], here: SourceFile, place: Occurrence, name: str
) -> _Target | str:
    if place.receiver in _SELF:
        around = class_around(here, place.span.start, place.span.end)
        if around and any(d.name == name and d.container == around.path for d in here.facts.definitions):
            return _Target("member", here.path, around.span)
    for item in here.facts.imports:
        if place.receiver in module_names(here, item):
            for path, file in files.items():
                if exports(file, name) and means_module(here, item, path):
                    return _Target("top", path)
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


def _resolve(files: dict[RelPath, SourceFile], target: _Target, name: str) -> dict[RelPath, list[Occurrence]]:
    home = files[target.path]
    around = target.around
    if target.kind == "local" and around is not None:
        own = [p for p in home.places if around in p.scopes and p.role in (Role.PLAIN, Role.BOUND)]
        return {home.path: [p for p in own if binder(home, p) in (around, None)]}
    if target.kind == "member" and around is not None:
        return {home.path: _members(home, around)}
    return _top(files, home, name)


def _members(home: SourceFile, around: Span) -> list[Occurrence]:
    """The definitions in a class and what is said of ``self`` there."""
    names = {d.name_span for d in home.facts.definitions}
    found: list[Occurrence] = []
    for place in home.places:
        if not (around.start <= place.span.start and place.span.end <= around.end):
            continue
        inner = class_around(home, place.span.start, place.span.end)
        if inner is not None and inner.span != around:
            continue
        if place.span in names or (place.role is Role.MEMBER and place.receiver in _SELF):
            found.append(place)
    return found


def _top(files: dict[RelPath, SourceFile], home: SourceFile, name: str) -> dict[RelPath, list[Occurrence]]:
    """Follow a module's name from its file to the files that see it, and on through re-exports."""
    sources = {home.path}
    if home.language in ("c", "cpp"):  # a function is declared in the header that its file includes
        sources |= {f.path for f in files.values() if exports(f, name) and sees(home, f.path, name)}
    while True:
        more = {file.path for file in files.values() if _passes_on(file, home, sources, name)}
        if more <= sources:
            break
        sources |= more
    resolved: dict[RelPath, list[Occurrence]] = {}
    for file in files.values():
        modules = {
            called
            for item in file.facts.imports
            if any(means_module(file, item, source) for source in sources)
            for called in module_names(file, item)
        }
        resolved[file.path] = _seen_places(
            file, _foreign(file, sources), visible=file.path in sources, modules=modules, home=file is home
        )
    return {path: places for path, places in resolved.items() if places}


def _passes_on(file: SourceFile, home: SourceFile, sources: set[RelPath], name: str) -> bool:
    """Whether a plain name in this file is the one that is renamed."""
    if file is home or file.path in sources:
        return True
    own = exports(file, name) and file.language not in ("c", "cpp")
    return not own and any(sees(file, source, name) for source in sources)


def _foreign(file: SourceFile, sources: set[RelPath]) -> set[Span]:
    """Places in imports of other modules, which have a thing of the same name."""
    if file.language not in ("python", "javascript", "typescript", "tsx"):
        return set()
    others = [i for i in file.facts.imports if not any(means_module(file, i, source) for source in sources)]
    spans = [item.span for item in others]
    imported = [p.span for p in file.places if p.role is Role.IMPORT]
    return {p for p in imported if any(s.start <= p.start and p.end <= s.end for s in spans)}


def _seen_places(
    file: SourceFile, foreign: set[Span], *, visible: bool, modules: set[str], home: bool
) -> list[Occurrence]:
    # An alias keeps the old name out of the file: only the import itself changes.
    own = [p for p in file.places if p.role is Role.IMPORT and p.span not in foreign]
    aliased = bool(own) and all(p.aliased for p in own)
    found: list[Occurrence] = []
    names = {d.name_span for d in file.facts.definitions if not d.container}
    nested = {d.name_span for d in file.facts.definitions if d.container}
    for place in file.places:
        if place.role is Role.MEMBER:
            if place.receiver in modules:
                found.append(place)
        elif not visible or place.span in nested or binder(file, place) is not None:
            continue
        elif place.role is Role.IMPORT:
            if not home and place.span not in foreign:
                found.append(place)
        elif place.span in names or (
            place.role in (Role.PLAIN, Role.BOUND) and not aliased and not _in_class_body(file, place)
        ):
            found.append(place)
    return found


def _in_class_body(file: SourceFile, place: Occurrence) -> bool:
    """A class attribute of the same name: another thing."""
    return place.role is Role.BOUND and class_around(file, place.span.start, place.span.end) is not None


def _clash(
    files: dict[RelPath, SourceFile],
    resolved: dict[RelPath, list[Occurrence]],
    target: _Target,
    new_name: str,
) -> str:
    """Whether the new name would be taken for something that is there already."""
    if not any(resolved.values()):
        return "No place could be resolved"
    for path, places in resolved.items():
        file = files[path]
        for other in file.clashes:
            if other.role is Role.TEXT:
                continue
            if target.kind == "local" and target.around not in other.scopes:
                continue
            if other.role in (Role.MEMBER, Role.LABEL) and target.kind != "member":
                continue
            line = LineIndex(file.data).line_of(other.span.start) + 1
            if places:
                return f"`{new_name}` is already used in {path}, line {line}"
    return ""


def _changes(
    files: dict[RelPath, SourceFile], resolved: dict[RelPath, list[Occurrence]], new_name: str
) -> ChangeSet:
    raw = new_name.encode()
    return ChangeSet.of(
        FileChange(
            path,
            files[path].data,
            apply_text_edits(
                files[path].data,
                [TextEdit(p.span, raw) for p in sorted(places, key=lambda p: p.span)],
            ),
        )
        for path, places in resolved.items()
        if places
    )


def _unresolved(
    files: dict[RelPath, SourceFile], resolved: dict[RelPath, list[Occurrence]], target: _Target
) -> Iterable[RefHit]:
    """Every other place of the name. For a local only what may call it by keyword."""
    for path in sorted(files):
        file = files[path]
        done = {p.span for p in resolved.get(path, ())}
        left: Sequence[Occurrence] = [p for p in file.places if p.span not in done]
        if target.kind == "local":
            left = [p for p in left if target.parameter and p.role is Role.LABEL]
        lines = LineIndex(file.data)
        for place in left:
            around = enclosing(file.facts.definitions, place.span.start)
            line = lines.line_of(place.span.start) + 1
            yield RefHit(path, line, around.path if around else "")
